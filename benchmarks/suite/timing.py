"""Training steps of several engines: their losses are compared first, then they are timed in turns."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Iterable
from itertools import cycle, islice
from typing import Any

import numpy as np

from suite.engine import Engine, Step

QUIET = 0.002  # seconds of sleep in which the process must be idle before a block begins


class Contestant:
    """An engine that runs a case: its step, and its batches in an endless cycle."""

    engine: Engine

    def __init__(self, engine: Engine, case: Any, step: Step) -> None:
        self.engine, self._step, self._batches = engine, step, cycle(engine.batches(case))

    def losses(self, steps: int) -> list[float]:
        """The losses of the next `steps` steps."""
        return [self.engine.read(self._step(*batch)) for batch in islice(self._batches, steps)]

    def block(self, steps: int) -> float:
        """Seconds per step over `steps` steps. It returns when all threads of this process are idle."""
        step = self._step
        start = time.perf_counter()
        for batch in islice(self._batches, steps):
            step(*batch)
        seconds = (time.perf_counter() - start) / steps
        wait_until_quiet()
        return seconds


def start_here(engine: Engine, case: Any) -> Contestant | None:
    """A contestant in this process, or None if the engine has no step for this kind of case."""
    step = engine.step(case)
    return None if step is None else Contestant(engine, case, step)


Start = Callable[[Engine, Any], Contestant | None]


def contestants(
    case: Any, engines: Iterable[Engine], tolerance: float = 1e-4, start: Start = start_here
) -> tuple[list[Contestant], dict[str, str]]:
    """The engines whose losses agree with those of the first engine, and for the others the reason why not.

    The losses of the first `check_steps` steps are compared. Each loss depends on all gradients and updates before it.

    Parameters
    ----------
    case : Network or Scalars
    engines : iterable of Engine
        The first is the baseline. Engines without a step for this kind of case are left out. Limits have no losses.
    tolerance : float, default 1e-4
        The largest relative difference of a loss from that of the baseline.
    start : callable, default start_here
        From an engine and the case to a contestant.
    """
    agreeing: list[Contestant] = []
    refused: dict[str, str] = {}
    expected: list[float] = []
    for engine in engines:
        try:
            contestant = start(engine, case)
            if contestant is None:
                continue
            losses = expected if engine.is_limit else contestant.losses(case.check_steps)
        except Exception as error:  # an engine that fails does not stop the others
            if not expected:
                raise  # there is no run without the baseline
            refused[engine.name] = f"{type(error).__name__}: {error}"
            continue
        expected = expected or losses
        wrong = [i for i, pair in enumerate(zip(losses, expected, strict=True)) if not close(*pair, tolerance)]
        if wrong:
            i = wrong[0]
            refused[engine.name] = f"its loss in step {i + 1} is {losses[i]:.8g}, not {expected[i]:.8g}"
        else:
            agreeing.append(contestant)
    return agreeing, refused


def close(a: float, b: float, tolerance: float) -> bool:
    """Whether a loss is finite and within the relative tolerance of `b`."""
    return math.isfinite(a) and abs(a - b) <= tolerance * abs(b)


def wait_until_quiet(at_most: float = 1.0) -> None:
    """Sleep until all other threads of this process are idle.

    The thread pools of BLAS and OpenMP spin while they wait for work, OpenBLAS for a tenth of a second. They would take
    cores from the next engine, which was then measured two to four times too slow on two cores.
    """
    end = time.perf_counter() + at_most
    while time.perf_counter() < end:
        busy, start = time.process_time(), time.perf_counter()
        time.sleep(QUIET)
        if time.process_time() - busy < 0.1 * (time.perf_counter() - start):
            return


def interleaved(
    field: list[Contestant], rounds: int, seconds: float, after_round: Callable[[], Any] = lambda: None
) -> dict[str, list[float]]:
    """Seconds per step of every engine in every round.

    In each round each engine, in random order, runs a few steps to warm up and then one block of about `seconds`
    seconds, at least one step. A temporary slowdown of the machine thus affects all engines.
    """
    times: dict[str, list[float]] = {contestant.engine.name: [] for contestant in field}
    steps = {}
    for contestant in field:
        contestant.block(2)
        steps[contestant.engine.name] = max(1, round(seconds / contestant.block(1)))
    order = random.Random(0)
    for _ in range(rounds):
        for contestant in order.sample(field, len(field)):
            name = contestant.engine.name
            contestant.block(max(1, steps[name] // 4))
            times[name].append(contestant.block(steps[name]))
            steps[name] = max(1, round(seconds / min(times[name])))
        after_round()
    for contestant in field:
        (loss,) = contestant.losses(1)
        if not math.isfinite(loss):
            raise ArithmeticError(f"{contestant.engine.name}: the loss became {loss} during the measurement")
    return times


def summary(times: dict[str, list[float]]) -> dict[str, dict[str, Any]]:
    """For each engine the median seconds of a step, and the quartiles of its ratios to the baseline in each round."""
    baseline = np.array(next(iter(times.values())))
    result = {}
    for name, seconds in times.items():
        low, middle, high = np.quantile(np.array(seconds) / baseline, [0.25, 0.5, 0.75])
        result[name] = {
            "seconds": float(np.median(seconds)),
            "ratio": float(middle),
            "ratio_quartiles": [float(low), float(high)],
        }
    return result
