"""The memory of a training step and the time of an import, each measured in a separate process.

python -m suite.resources ENGINE CASE     prints two numbers of bytes; `memory` runs this
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from typing import Any

from suite.engine import load
from suite.program import find

STATUS = Path("/proc/self/status")
MEMORY_CASES = ("scalar", "mnist", "wide", "gpt", "cnn")  # smaller cases would show the buffers of the libraries
IMPORTS = {
    "NumPy alone": "numpy",
    "autograd_lite": "autograd_lite",
    "PyTorch": "torch",
    "JAX": "jax",
    "HIPS autograd": "autograd",
    "MyGrad": "mygrad",
    "micrograd": "micrograd.nn",
}


def python(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run Python in the folder from which the suite can be imported, with further environment variables."""
    return subprocess.run(
        [sys.executable, *arguments], cwd=Path(__file__).parents[1], env=os.environ | variables,
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def caches(folder: str) -> dict[str, str]:
    """The environment in which engines keep compiled code in a folder."""
    return {
        "AUTOGRAD_LITE_CACHE": folder,
        "JAX_COMPILATION_CACHE_DIR": folder,
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
    }


def status(key: str) -> int:
    """The resident bytes of this process from Linux: VmRSS now, VmHWM at the peak."""
    return 1024 * int(re.search(rf"{key}:\s*(\d+) kB", STATUS.read_text())[1])  # type: ignore[index]


def measure_here(engine_name: str, case_name: str) -> tuple[int, int]:
    """Resident bytes after importing the engine, and at the peak of 10 steps (of 3 for scalars)."""
    (engine,), _ = load([engine_name])
    case = find(case_name)
    Path("/proc/self/clear_refs").write_text("5")  # resets the peak, so the import does not count
    imported = status("VmRSS")
    step = engine.step(case)
    assert step is not None
    for batch in islice(cycle(engine.batches(case)), 3 if case.kind == "scalar" else 10):
        step(*batch)
    return imported, status("VmHWM")


def memory(
    names: Iterable[str], cases: Iterable[str], after_each: Callable[[], Any] = lambda: None
) -> dict[str, dict[str, dict[str, int]]]:
    """For each case and engine: resident bytes after importing, and the peak of the steps above that.

    The result is empty on systems other than Linux.
    """
    if not STATUS.exists():
        return {}
    jobs = [
        (case, name, engine.name)
        for name in names
        for engine in load([name])[0]
        for case in cases
        if engine.builder(find(case)) and not engine.is_limit
    ]

    def run(job: tuple[str, str, str]) -> tuple[int, int] | None:
        with tempfile.TemporaryDirectory() as folder:
            result = python("-m", "suite.resources", job[1], job[0], **caches(folder))
        after_each()
        if result.returncode:
            return None
        imported, peak = map(int, result.stdout.split())
        return imported, peak

    found: dict[str, dict[str, dict[str, int]]] = {case: {} for case in cases}
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for (case, _, engine_name), numbers in zip(jobs, pool.map(run, jobs), strict=True):
            if numbers:
                found[case][engine_name] = {"imported": numbers[0], "steps": numbers[1] - numbers[0]}
    return found


def import_times(rounds: int, after_each: Callable[[], Any] = lambda: None) -> dict[str, float]:
    """Median seconds to import each installed library, NumPy included, in fresh processes that take turns."""
    times: dict[str, list[float]] = {name: [] for name in IMPORTS}
    for number in range(rounds + 1):
        for name, module in IMPORTS.items():
            program = f"from time import perf_counter as t; s = t(); import {module}; print(t() - s)"
            result = python("-c", program)
            if number and not result.returncode:  # the first round fills the file cache
                times[name].append(float(result.stdout))
            after_each()
    return {name: median(seconds) for name, seconds in times.items() if seconds}


if __name__ == "__main__":
    print(*measure_here(*sys.argv[1:]))
