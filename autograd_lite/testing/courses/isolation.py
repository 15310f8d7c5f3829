"""Calls in processes of their own: bounded in time and memory, and without effect on anything here.

Where the operating system cannot fork, each call gets a thread. A thread cannot be stopped and shares everything.
"""

from __future__ import annotations

import faulthandler
import json
import os
import select
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, NamedTuple, NoReturn

_LARGEST_ANSWER = 1 << 20  # bytes
KEYS = {"verdict", "mistake", "line", "report"}  # of an answer
_LOOK = 0.1  # seconds between looks at processes that have not answered


class Outcome(NamedTuple):
    """What became of a call: the `answer` if it returned, else the way in which its process ended.

    Attributes
    ----------
    answer : dict with the `KEYS`, or None
    ended : str
        "timeout", or how the process ended without an answer; empty if there is one.
    """

    answer: dict[str, Any] | None
    ended: str = ""


def run_isolated(
    calls: Sequence[Callable[[], dict[str, Any]]], timeout: float, memory: int | None, workers: int
) -> list[Outcome]:
    """The outcomes of the calls, each in a process of its own, in their order.

    Parameters
    ----------
    calls : sequence of callables
        Each returns a dict of plain data. They must not raise, but anything may happen in what they call.
    timeout : float
        The most seconds for one call.
    memory : int or None
        The most bytes that one call may add to what this process has, where the system can limit it.
    workers : int
        The most processes at a time.
    """
    if not hasattr(os, "fork"):
        warnings.warn("this system cannot fork processes, so submissions are run in threads: one that hangs goes on "
                      "in the background, and what one changes globally stays changed", stacklevel=3)  # fmt: skip
        return [_in_thread(call, timeout) for call in calls]
    outcomes: dict[int, Outcome] = {}
    running: dict[int, _Process] = {}
    waiting = iter(enumerate(calls))
    try:
        while len(outcomes) < len(calls):
            while len(running) < workers and (following := next(waiting, None)) is not None:
                number, call = following
                running[number] = _Process.start(call, timeout, memory)
            for number, outcome in _finished(running):
                outcomes[number] = outcome
                running.pop(number).end()
    finally:
        for process in running.values():
            process.end()
    return [outcomes[number] for number in range(len(calls))]


def _finished(running: dict[int, _Process]) -> Iterator[tuple[int, Outcome]]:
    """The processes that have answered, ended, or run out of time, after waiting for a short time at most."""
    select.select([process.pipe for process in running.values() if not process.is_closed], [], [], _LOOK)
    for number, process in list(running.items()):
        outcome = process.look()
        if outcome is not None:
            yield number, outcome


@dataclass
class _Process:
    """A forked process that writes one line to a pipe, its answer."""

    pid: int
    pipe: int
    deadline: float
    received: bytearray = field(default_factory=bytearray)
    is_closed: bool = False
    status: int | None = None

    @classmethod
    def start(cls, call: Callable[[], dict[str, Any]], timeout: float, memory: int | None) -> _Process:
        """Fork a process that makes the call."""
        reading, writing = os.pipe()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of Python 3.12, about threads beside a fork
            pid = os.fork()
        if pid == 0:
            os.close(reading)
            _run_and_exit(call, writing, memory)
        os.close(writing)
        return cls(pid, reading, time.monotonic() + timeout)

    def look(self) -> Outcome | None:
        """The outcome, if it is known."""
        while not self.is_closed and select.select([self.pipe], [], [], 0)[0]:
            received = os.read(self.pipe, _LARGEST_ANSWER)
            self.received += received
            self.is_closed = not received or len(self.received) > _LARGEST_ANSWER
        answer, end, _ = bytes(self.received).partition(b"\n")  # what follows is from processes that it has forked
        if end or len(answer) > _LARGEST_ANSWER:
            return _read(answer)
        if self.status is not None:
            return Outcome(None, _how_it_ended(self.status))
        pid, status = os.waitpid(self.pid, os.WNOHANG)
        if pid:
            self.status = status  # there may be something left to read: look again
        return Outcome(None, "timeout") if time.monotonic() > self.deadline else None

    def end(self) -> None:
        """Kill the process with all that it has started."""
        for kill in (os.killpg, os.kill):
            with suppress(OSError):
                kill(self.pid, signal.SIGKILL)
        if self.status is None:
            with suppress(ChildProcessError):
                os.waitpid(self.pid, 0)
        os.close(self.pipe)


def _read(line: bytes) -> Outcome:
    try:
        answer = json.loads(line)
    except ValueError:
        answer = None
    if not isinstance(answer, dict) or answer.keys() != KEYS:
        return Outcome(None, "it wrote into the answer of its process")
    return Outcome(answer)


def _how_it_ended(status: int) -> str:
    code = os.waitstatus_to_exitcode(status)
    if code < 0:
        return f"its process was ended by {signal.Signals(-code).name}"
    return f"it ended its process with exit code {code}"


# -- in the new process --------------------------------------------------------------------------------------------


def _run_and_exit(call: Callable[[], dict[str, Any]], pipe: int, memory: int | None) -> NoReturn:
    code = 1
    try:
        os.setsid()  # so that `end` reaches the processes that it starts
        faulthandler.disable()
        pipe = _disconnect(pipe)
        _limit(memory)
        answer = json.dumps(call()).encode() + b"\n"
        while answer:
            answer = answer[os.write(pipe, answer) :]
        code = 0
    finally:
        os._exit(code)


def _disconnect(pipe: int) -> int:
    """Close all files but the pipe, whose new number is returned: nothing that is printed or written appears."""
    os.dup2(pipe, 3)
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    os.closerange(4, min(os.sysconf("SC_OPEN_MAX"), 1 << 16))
    sys.stdin, sys.stdout, sys.stderr = open(0), open(1, "w"), open(2, "w")  # noqa: SIM115 - until the process ends
    return 3


def _limit(memory: int | None) -> None:
    if memory is None:
        return
    with suppress(ImportError, OSError, ValueError):
        import resource

        with open("/proc/self/statm") as file:
            now = int(file.read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (now + memory, now + memory))


def _in_thread(call: Callable[[], dict[str, Any]], timeout: float) -> Outcome:
    answers: list[dict[str, Any]] = []
    thread = threading.Thread(target=lambda: answers.append(call()), daemon=True)
    thread.start()
    thread.join(timeout)
    if answers:
        return _read(json.dumps(answers[0]).encode())
    return Outcome(None, "timeout" if thread.is_alive() else "its thread ended without an answer")
