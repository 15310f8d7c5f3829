"""How long the first steps take: recording and compilation, with an empty and with a filled cache of compiled code.

python -m suite.first_steps ENGINE CASE     prints seconds; `first_steps` runs this in fresh processes
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from itertools import cycle
from statistics import median
from typing import Any

from suite.engine import load
from suite.program import find
from suite.resources import caches, python

ENGINES = ("compiled", "native", "jax")
CASES = ("scalar", "mnist", "gpt", "cnn")
STEPS = 10  # `compile` records the first two calls, and audits the third, the fourth and the eighth


def measure_here(engine_name: str, case_name: str) -> float:
    """Seconds by which the first 10 steps, with building the model, take longer than 10 steps of the usual length.

    The usual length is the median of the next 10.
    """
    (engine,), _ = load([engine_name])
    case = find(case_name)
    batches = cycle(engine.batches(case))
    start = time.perf_counter()
    step = engine.step(case)
    assert step is not None
    ends = [start]
    for _ in range(2 * STEPS):
        step(*next(batches))
        ends.append(time.perf_counter())
    later = [end - begin for begin, end in zip(ends[STEPS:], ends[STEPS + 1 :], strict=False)]
    return ends[STEPS] - start - STEPS * median(later)


def first_steps(
    names: Iterable[str], cases: Iterable[str], rounds: int, after_each: Callable[[], Any] = lambda: None
) -> dict[str, dict[str, dict[str, float]]]:
    """For each case and engine, the median of `measure_here` with an empty cache (cold) and a filled one (warm).

    The processes run one after the other. An engine that fails is left out.
    """
    found: dict[str, dict[str, dict[str, float]]] = {case: {} for case in cases}
    engines = [(name, engine) for name in names for engine in load([name])[0]]
    for case in found:
        for name, engine in engines:
            if engine.builder(find(case)) is None:
                continue
            times: dict[str, list[float]] = {"cold": [], "warm": []}
            for _ in range(rounds):
                with tempfile.TemporaryDirectory() as folder:
                    for seconds in times.values():
                        result = python("-m", "suite.first_steps", name, case, **caches(folder))
                        after_each()
                        if not result.returncode:
                            seconds.append(float(result.stdout))
            if all(times.values()):
                found[case][engine.name] = {state: median(seconds) for state, seconds in times.items()}
    return {case: engines for case, engines in found.items() if engines}


if __name__ == "__main__":
    print(measure_here(*sys.argv[1:]))
