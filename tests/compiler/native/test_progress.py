"""The line on stderr while kernels are compiled: absent, updated in place, or two lines."""

import io
import sys

import pytest

from autograd_lite.compiler.native import progress
from autograd_lite.compiler.native.progress import Progress


class Stream(io.StringIO):
    def __init__(self, terminal):
        super().__init__()
        self.terminal = terminal

    def isatty(self):
        return self.terminal


@pytest.fixture
def compile_slowly(monkeypatch):
    """A function that compiles kernels which take these seconds, by a clock of its own, and returns stderr."""
    monkeypatch.delenv("AUTOGRAD_LITE_PROGRESS", raising=False)

    def run(*seconds, terminal, title="step", fail=False):
        now = [50.0]
        monkeypatch.setattr(progress.time, "perf_counter", lambda: now[0])
        monkeypatch.setattr(sys, "stderr", Stream(terminal))
        with Progress(title, len(seconds) + fail) as shown:
            for duration in seconds:
                now[0] += duration
                shown.advance()
            if fail:
                raise ZeroDivisionError
        return sys.stderr.getvalue()

    return run


@pytest.mark.parametrize("terminal", [True, False])
def test_nothing_is_printed_for_a_second_of_work(compile_slowly, terminal):
    assert compile_slowly(0.5, 0.5, terminal=terminal) == ""
    assert compile_slowly(terminal=terminal) == ""


def test_a_terminal_shows_one_line_that_is_updated(compile_slowly):
    assert compile_slowly(0.9, 0.2, 0.4, 1.0, terminal=True) == (
        "compiling step: 2 of 4 kernels\rcompiling step: 3 of 4 kernels\rcompiling step: 4 of 4 kernels, 2.5 s\n"
    )


def test_a_file_gets_two_lines(compile_slowly):
    assert compile_slowly(0.9, 0.2, 0.4, 1.0, terminal=False) == (
        "compiling step: 2 of 4 kernels\ncompiling step: 4 of 4 kernels, 2.5 s\n"
    )


@pytest.mark.parametrize("terminal", [True, False])
def test_a_single_slow_kernel_is_reported_at_its_end(compile_slowly, terminal):
    assert compile_slowly(3.0, terminal=terminal, title="") == "compiling: 1 of 1 kernels, 3.0 s\n"


def test_the_line_of_a_compilation_that_fails_is_ended(compile_slowly):
    with pytest.raises(ZeroDivisionError):
        compile_slowly(1.5, 1.0, terminal=True, fail=True)
    assert sys.stderr.getvalue() == (
        "compiling step: 1 of 3 kernels\rcompiling step: 2 of 3 kernels\rcompiling step: 2 of 3 kernels, 2.5 s\n"
    )


def test_the_environment_silences_it(compile_slowly, monkeypatch):
    monkeypatch.setenv("AUTOGRAD_LITE_PROGRESS", "0")
    assert compile_slowly(2.0, 2.0, terminal=True) == ""


@pytest.mark.parametrize("closed", [True, False])
def test_a_process_without_stderr_compiles_as_well(monkeypatch, closed):
    stream = io.StringIO() if closed else None
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr(progress, "_SILENT_SECONDS", -1.0)
    with Progress("step", 2) as shown:
        if closed:
            stream.close()
        shown.advance()
        shown.advance()
