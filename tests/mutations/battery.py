"""The tests as a jury: which of them run a function at all, and which of those fail once it is a mutant.

A pytest plugin that collects the tests in the usual way. Instead of running each once, it first notes which targets
each test reaches and keeps the examples that Hypothesis draws for it; then it runs for each mutant the tests that reach
its target, on these examples, until one fails.
"""

from __future__ import annotations

import importlib
import os
import signal
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pytest
from _pytest.config import parse_warning_filter
from hypothesis import HealthCheck, Phase, settings
from mutations.living import in_place, spied_on
from mutations.mutants import Mutant
from mutations.replay import Example, record, replay

from autograd_lite import manual_seed

ROOT = Path(__file__).resolve().parents[2]
# As many as CI draws, but a test that has failed is not asked for a smaller example.
settings.register_profile(
    "mutations", derandomize=True, database=None, deadline=None, max_examples=8, report_multiple_bugs=False,
    phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck),
)  # fmt: skip


class TooSlow(BaseException):
    """Not an Exception, so that no test can expect it."""


@dataclass
class Trial:
    """What one test does without mutants."""

    targets: set[int]  # positions of those that it runs
    examples: list[Example] | None
    seconds: float  # of the processor, on these examples
    passed: bool


class Battery:
    """Runs mutants against tests.

    `report(mutant, killer)` is called for each mutant, in order, with the test that failed or None.
    """

    def __init__(
        self, mutants: Sequence[Mutant], report: Callable[[Mutant, str | None], object], workers: int | None = None
    ) -> None:
        self.mutants = mutants
        self.report = report
        self.workers = workers or os.cpu_count()

    def run(self, tests: Sequence[str]) -> None:
        """Run every mutant against the tests at these paths."""
        os.environ["HYPOTHESIS_PROFILE"] = "mutations"  # tests/conftest.py loads it
        os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
        options = ["-o", "addopts=", "--import-mode=importlib", f"--rootdir={ROOT}", "-c", str(ROOT / "pyproject.toml")]
        without = ["-p", "no:cacheprovider", "-p", "no:terminal", "--capture=sys"]
        with mock.patch.object(pytest, "importorskip", _import_or_skip):
            status = pytest.main([*options, *without, *tests], plugins=[self])
        if status != pytest.ExitCode.OK:
            raise RuntimeError(f"the tests themselves could not be run: {status!r}")

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        if session.testsfailed:
            raise session.Interrupted("errors during collection")
        self.items = [item for item in session.items if _needs_no_fixture(item)]
        self.targets = list({id(mutant.target): mutant.target for mutant in self.mutants}.values())
        with spied_on(self.targets) as self.reached:
            self.trials = list(self._share_out(_try, len(self.items), 4))
        self.broken = [item.nodeid for item, trial in zip(self.items, self.trials, strict=True) if not trial.passed]
        self.juries = {id(target): self._jury(position) for position, target in enumerate(self.targets)}
        for mutant, killer in zip(self.mutants, self._share_out(_kill, len(self.mutants), 16), strict=True):
            self.report(mutant, killer)
        return True

    def _jury(self, position: int) -> list[int]:
        """The tests that run a target: first those of its own operation, then those that run little else."""
        own = {operation.__name__ for operation in self.targets[position].operations}
        found = [i for i, trial in enumerate(self.trials) if trial.passed and position in trial.targets]

        def remoteness(i: int) -> tuple[bool, int, float]:
            return _operation(self.items[i]) not in own, len(self.trials[i].targets), self.trials[i].seconds

        return sorted(found, key=remoteness)

    def _share_out(self, function: Callable[[int], Any], count: int, together: int) -> Iterator[Any]:
        """function(0), …, function(count − 1), by processes that inherit all that is here."""
        global _battery
        _battery = self
        pool = ProcessPoolExecutor(self.workers, get_context("fork"))
        try:
            yield from pool.map(function, range(count), chunksize=together)
        finally:
            pool.shutdown(cancel_futures=True)


_battery: Battery


def _import_or_skip(name: str, reason: str | None = None) -> Any:
    """The verdict is the same with and without PyTorch and JAX, and nobody waits until they are imported."""
    if name.split(".")[0] in ("torch", "jax"):
        pytest.skip(reason or name)
    return importlib.import_module(name)


_first_states: dict[int, Any] = {}  # of generators of random numbers, before a test has drawn from them


def _rewind(module: str) -> None:
    """Put the generators that the tests of a module share back to where they start: no test depends on others."""
    for value in vars(sys.modules[module]).values():
        if isinstance(value, np.random.Generator):
            value.bit_generator.state = _first_states.setdefault(id(value), value.bit_generator.state)
    manual_seed(0)


@contextmanager
def _as_in_pytest(item: Any) -> Iterator[None]:
    """Warnings are errors, but for those that the test is marked to ignore. It draws the same numbers each time."""
    _rewind(item.obj.__module__)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for mark in item.iter_markers("filterwarnings"):
            for ignored in mark.args:
                warnings.filterwarnings(*parse_warning_filter(ignored, escape=False))
        yield


def _needs_no_fixture(item: Any) -> bool:
    return set(item.fixturenames) <= {*_parameters(item), "request"}


def _operation(item: Any) -> str:
    """What a case of the catalogue is called up to the colon: the name of its operation."""
    return str(item.callspec.id).partition(":")[0] if hasattr(item, "callspec") else ""


def _parameters(item: Any) -> dict[str, Any]:
    return item.callspec.params if hasattr(item, "callspec") else {}


def _try(i: int) -> Trial:
    item, examples = _battery.items[i], None
    _battery.reached.clear()
    for target in _battery.targets:
        target.forget()  # or the test of before would decide whether this one reaches it
    try:
        if hasattr(item.obj, "hypothesis"):
            with _as_in_pytest(item):
                examples = record(item.obj, _parameters(item))
    except pytest.skip.Exception:
        return Trial(set(), None, 0.0, passed=True)
    except Exception:
        return Trial(set(), None, 0.0, passed=False)
    targets = set(_battery.reached)
    start = time.process_time()
    passed = not fails(item, examples, seconds=60)
    return Trial(targets | _battery.reached, examples, time.process_time() - start, passed)


def _kill(i: int) -> str | None:
    mutant = _battery.mutants[i]
    jury = _battery.juries[id(mutant.target)]
    with in_place(mutant):
        for place, juror in enumerate(jury):
            trial, item = _battery.trials[juror], _battery.items[juror]
            if fails(item, trial.examples, seconds=1 + 10 * trial.seconds):
                jury.insert(0, jury.pop(place))  # it may well notice the next one too
                return item.nodeid
    return None


def fails(item: Any, examples: list[Example] | None, seconds: float) -> bool:
    """Whether a test fails now. Its function is called as it is: the protocol of pytest takes as long as most tests."""
    with _time_limit(seconds), _as_in_pytest(item):
        try:
            if examples is None:
                item.obj(**_parameters(item))
            else:
                replay(item.obj, _parameters(item), examples)
        except KeyboardInterrupt:
            raise
        except pytest.skip.Exception:
            return False
        except BaseException:
            return True
    return False


@contextmanager
def _time_limit(seconds: float) -> Iterator[None]:
    """Of the processor: a busy machine does not make a mutant slow. One that only waits is stopped much later."""

    def stop(*_: object) -> None:
        raise TooSlow

    limits = [(signal.SIGPROF, signal.ITIMER_PROF, seconds), (signal.SIGALRM, signal.ITIMER_REAL, 30 + 10 * seconds)]
    before = [signal.signal(name, stop) for name, _, _ in limits]
    for _, timer, limit in limits:
        signal.setitimer(timer, limit)
    try:
        yield
    finally:
        for (name, timer, _), handler in zip(limits, before, strict=True):
            signal.setitimer(timer, 0)
            signal.signal(name, handler)
