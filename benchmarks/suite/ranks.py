"""What one rank measures: all-reduce, and training steps alone, at the same time as the others, and together.

`mpiexec -n 2 python -m suite.ranks FILE`, from the folder `benchmarks`; rank 0 writes the figures to the file.
"""

# ruff: noqa: E402 - the threads are set before NumPy is imported

from __future__ import annotations

import os

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"

import json
import sys
import time
from collections.abc import Callable
from itertools import cycle
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from autograd_lite import distributed, nn, optim
from suite.cases import CASES, Array
from suite.engine import Step
from suite.engines.autograd_lite import attention, sum_of_rows
from suite.modules import network_step
from suite.program import PROGRAMS, Library

NETWORKS = ("wide", "cnn", "gpt")
SHARES = (1, 2, 4, 8)
"""A rank computes a batch, or this part of one; the times at small parts tell the time of very many ranks."""
FLOATS = (10, 10**3, 10**4, 10**5, 10**6, 10**7)

Batch = tuple[Array, ...]
Averaging = Callable[[optim.Optimizer], Any]


class Averaged:
    """A distributed optimizer that is told the samples of this rank."""

    def __init__(self, optimizer: optim.Optimizer, comm: distributed.Communicator) -> None:
        self.optimizer = distributed.Optimizer(optimizer, comm)
        self.samples = 1

    def zero_grad(self) -> None:
        self.optimizer.zero_grad()

    def step(self) -> None:
        self.optimizer.step(samples=self.samples)


def training(name: str, averaging: Averaging | None = None) -> tuple[Step, list[Any], int]:
    """The step of a network, its optimizer in a list, and the number of its parameters."""
    made: list[Any] = []
    counts: list[int] = []

    def maker(kind: str) -> Callable[..., Any]:
        def make(parameters: Any, *arguments: Any, **options: Any) -> Any:
            inner = getattr(optim, kind)(parameters, *arguments, **options)
            counts.append(sum(p.size for group in inner.param_groups for p in group["params"]))
            made.append(inner if averaging is None else averaging(inner))
            return made[-1]

        return make

    kinds = SimpleNamespace(**{kind: maker(kind) for kind in ("SGD", "Adam", "AdamW")})
    if name in PROGRAMS:
        step = PROGRAMS[name].step(Library(nn, kinds, np.asarray, np.exp, attention, sum_of_rows))
    else:
        step = network_step(CASES[name], nn, kinds, np.asarray)
    return step, made, counts[0]


def parts(batches: list[Batch], share: int, number: int) -> list[Batch]:
    """The part with this number of each batch, of `share` equal ones."""
    size = len(batches[0][0]) // share
    return [tuple(array[number * size : (number + 1) * size] for array in batch) for batch in batches]


def seconds_of(step: Step, batches: list[Batch], steps: int) -> float:
    """Seconds of one step, the mean of `steps`."""
    source = cycle(batches)
    start = time.perf_counter()
    for _ in range(steps):
        step(*next(source))
    return (time.perf_counter() - start) / steps


def measured(comm: distributed.Communicator, runs: dict[Any, Callable[[], float]], rounds: int) -> dict[Any, Any]:
    """The median and the quartiles of each run, in rounds that take turns; all ranks begin each run together."""
    found: dict[Any, list[float]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            comm.barrier()
            found[name].append(run())
    return {name: [float(q) for q in np.percentile(values, [25, 50, 75])] for name, values in found.items()}


def network(name: str, comm: distributed.Communicator, rounds: int, seconds: float) -> dict[str, Any]:
    """Seconds of a step: of rank 0 alone, of all ranks with their part of a batch, and of all with averages."""
    batches = (PROGRAMS if name in PROGRAMS else CASES)[name].batches()  # type: ignore[index]
    plain, _, parameters = training(name)
    averaged, (optimizer,), _ = training(name, lambda inner: Averaged(inner, comm))
    own = parts(batches, comm.size, comm.rank)
    optimizer.samples = len(own[0][0])
    check_losses(name, comm, training(name)[0], averaged, batches, own)

    seconds_of(plain, batches, 2)
    steps = max(2, round(seconds / comm.broadcast(seconds_of(plain, batches, 2))))
    runs: dict[Any, Callable[[], float]] = {
        share: lambda share=share: alone(comm, plain, parts(batches, share, 0), steps) for share in SHARES
    }
    runs["at once"] = lambda: seconds_of(plain, own, steps)
    runs["together"] = lambda: seconds_of(averaged, own, steps)
    found = measured(comm, runs, rounds)
    return {
        "samples": len(batches[0][0]), "parameters": parameters,
        "computation": {share: found[share] for share in SHARES},
        "at once": found["at once"], "together": found["together"],
    }  # fmt: skip


def alone(comm: distributed.Communicator, step: Step, batches: list[Batch], steps: int) -> float:
    """The seconds of rank 0, while the others wait."""
    return seconds_of(step, batches, steps) if comm.rank == 0 else 0.0


def check_losses(
    name: str, comm: distributed.Communicator, plain: Step, averaged: Step, batches: list[Batch], own: list[Batch]
) -> None:
    """The losses of all ranks together are those of one process, to rounding; batch norm depends on the part."""
    for batch, part in zip(batches[:4], own, strict=False):
        expected = float(plain(*batch))
        found = distributed.mean(averaged(*part), comm, samples=len(part[0]))
        if name != "cnn" and not abs(found - expected) <= 1e-4 * abs(expected):
            raise RuntimeError(f"{name}: the loss of {comm.size} ranks is {found}, that of one process {expected}")


def all_reduce(comm: distributed.Communicator, floats: int, repeats: int) -> list[float]:
    """The quartiles of the seconds of one all-reduce of float32."""
    array, found = np.ones(floats, np.float32), []
    for _ in range(repeats):
        array.fill(1)
        comm.barrier()
        start = time.perf_counter()
        comm.add_in_place("all_reduce", array)
        found.append(time.perf_counter() - start)
    assert (array == comm.size).all()
    return [float(q) for q in np.percentile(found, [25, 50, 75])]


def header(comm: distributed.Communicator, repeats: int) -> list[float]:
    """The quartiles of the seconds in which all ranks tell each other what they call."""
    found = []
    for _ in range(repeats):
        start = time.perf_counter()
        comm.barrier()
        found.append(time.perf_counter() - start)
    return [float(q) for q in np.percentile(found, [25, 50, 75])]


def main(path: Path, names: list[str], rounds: int, seconds: float) -> None:
    comm = distributed.communicator(timeout=120)
    figures: dict[str, Any] = {"ranks": comm.size, "networks": {}}
    if comm.size > 1:
        header(comm, 100)
        figures["header"] = header(comm, 500)
        figures["all_reduce"] = {floats: all_reduce(comm, floats, 20 if floats > 10**5 else 200) for floats in FLOATS}
    for name in names:
        figures["networks"][name] = network(name, comm, rounds, seconds)
    if comm.rank == 0:
        path.write_text(json.dumps(figures))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[4:], int(sys.argv[2]), float(sys.argv[3]))
