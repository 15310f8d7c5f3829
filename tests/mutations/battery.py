"""The tests as a jury: which of them run a function at all, and which of those fail once it is a mutant.

A pytest plugin that collects the tests in the usual way and then, instead of running each once, first notes which
targets each test reaches, and then runs for each mutant the tests that reach its target until one fails.
"""

from __future__ import annotations

import os
import signal
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, Phase, settings
from mutations.living import in_place, spied_on
from mutations.mutants import Mutant

ROOT = Path(__file__).resolve().parents[2]
TIME_LIMIT = 10  # seconds for one test; most take milliseconds

# What CI draws, but a test that has failed is not asked for a smaller example.
settings.register_profile(
    "mutations", derandomize=True, database=None, deadline=None, max_examples=20, report_multiple_bugs=False,
    phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck),
)  # fmt: skip


class TooSlow(BaseException):
    """Not an Exception, so that no test can expect it."""


class Reach(NamedTuple):
    """What one test does without mutants."""

    targets: set[int]  # positions of those that it runs
    seconds: float
    failed: bool


class Battery:
    """Runs mutants against tests. Afterwards `killers` names for each mutant the test that failed, or None."""

    def __init__(self, mutants: Sequence[Mutant], workers: int | None = None) -> None:
        self.mutants = mutants
        self.workers = workers or os.cpu_count()
        self.killers: list[str | None] = []

    def run(self, tests: Sequence[str]) -> None:
        """Run every mutant against the tests at these paths."""
        os.environ["HYPOTHESIS_PROFILE"] = "mutations"  # tests/conftest.py loads it
        os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
        options = ["-o", "addopts=", "--import-mode=importlib", f"--rootdir={ROOT}", "-c", str(ROOT / "pyproject.toml")]
        without = ["-p", "no:cacheprovider", "-p", "no:terminal", "--capture=sys"]
        status = pytest.main([*options, *without, *tests], plugins=[self])
        if status != pytest.ExitCode.OK:
            raise RuntimeError(f"the tests themselves could not be run: {status!r}")

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        if session.testsfailed:
            raise session.Interrupted("errors during collection")
        self.items = session.items
        targets = {id(mutant.target): mutant.target for mutant in self.mutants}
        self.targets = list(targets.values())
        with spied_on(self.targets) as self.reached:
            reaches = self._share_out(_reach, len(self.items))
        self.broken = [item.nodeid for item, reach in zip(self.items, reaches, strict=True) if reach.failed]
        self.relevant = {
            id(target): _most_telling_first(reaches, position) for position, target in enumerate(self.targets)
        }
        self.killers = self._share_out(_kill, len(self.mutants))
        return True

    def _share_out(self, function: Callable[[int], Any], count: int) -> list[Any]:
        """function(0), …, function(count − 1), by processes that inherit all that is here."""
        global _battery
        _battery = self
        pool = ProcessPoolExecutor(self.workers, get_context("fork"))
        try:
            return list(pool.map(function, range(count), chunksize=4))
        finally:
            pool.shutdown(cancel_futures=True)


_battery: Battery


def fails(item: Any) -> bool:
    """Whether a test fails now. Its function is called as it is: the protocol of pytest takes as long as most tests."""
    parameters = item.callspec.params if hasattr(item, "callspec") else {}
    with _time_limit(TIME_LIMIT), warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            item.obj(**parameters)
        except KeyboardInterrupt:
            raise
        except BaseException:
            return True
    return False


def _most_telling_first(reaches: Sequence[Reach], position: int) -> list[int]:
    """The tests that run a target: first those that run little else, and of those the quickest."""
    found = [i for i, reach in enumerate(reaches) if position in reach.targets and not reach.failed]
    return sorted(found, key=lambda i: (len(reaches[i].targets), reaches[i].seconds))


def _reach(i: int) -> Reach:
    start = time.perf_counter()
    _battery.reached.clear()
    failed = fails(_battery.items[i])
    return Reach(set(_battery.reached), time.perf_counter() - start, failed)


def _kill(i: int) -> str | None:
    mutant = _battery.mutants[i]
    with in_place(mutant):
        for item in _battery.relevant[id(mutant.target)]:
            if fails(_battery.items[item]):
                return _battery.items[item].nodeid
    return None


@contextmanager
def _time_limit(seconds: float) -> Iterator[None]:
    def stop(*_: object) -> None:
        raise TooSlow

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
