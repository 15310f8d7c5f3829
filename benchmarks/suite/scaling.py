"""The time of a step by depth, width, batch size and number of parameters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from suite.cases import Network
from suite.engine import Engine
from suite.timing import Start, contestants, interleaved, start_here


def with_parameters(number: int) -> Network:
    """An MLP with two equal hidden layers that has about so many parameters: 2 u² for u units."""
    units = round((number / 2) ** 0.5)
    return Network("parameters", (units, units, units, 10), 32, "sgd", check_steps=8)


AXES: dict[str, tuple[str, tuple[int, ...], Callable[[int], Network]]] = {
    "depth": (
        "hidden layers of 32 units, batch 32",
        (1, 3, 10, 30, 100, 300, 1000),
        lambda depth: Network("depth", (32,) * (depth + 1) + (10,), 32, "sgd", critical=True),
    ),
    "width": (
        "units in each of 2 hidden layers, batch 32",
        (8, 32, 128, 512, 2048),
        lambda width: Network("width", (64, width, width, 10), 32, "sgd"),
    ),
    "batch": (
        "samples in a batch, MLP 64→64→10",
        (1, 8, 64, 512, 4096),
        lambda batch: Network("batch", (64, 64, 10), batch, "sgd"),
    ),
    "parameters": (
        "weights and biases, 2 hidden layers, batch 32",
        (10**3, 10**4, 10**5, 10**6, 10**7, 10**8),
        with_parameters,
    ),
}
"""For each axis: its description, its values, and a function from a value to the network."""

ENGINES = ("hand", "autograd_lite", "compiled", "native", "pytorch", "jax", "products", "traffic")

LONGEST = {("JAX", "depth"): 300}
"""The largest value for a library. JAX unrolls the layers, and compiling 1,000 of them takes minutes."""

SLOWEST = 3.0
"""Seconds of a step after which an engine is not measured at larger values of the axis."""


def measure(
    axis: str,
    engines: list[Engine],
    rounds: int,
    seconds: float,
    after_round: Callable[[], Any] = lambda: None,
    start: Start = start_here,
) -> dict[str, Any]:
    """Median seconds of a step for every engine and value of the axis; None where it was not measured."""
    title, values, network = AXES[axis]
    medians: dict[str, list[float | None]] = {engine.name: [] for engine in engines if engine.network}
    refused = {}
    slow: set[str] = set()
    for value in values:
        tried = [
            engine for engine in engines if engine.name not in slow and value <= LONGEST.get((engine.name, axis), value)
        ]
        field, reasons = contestants(network(value), tried, start=start)
        refused.update({f"{name}, {axis} {value}": reason for name, reason in reasons.items()})
        times = interleaved(field, rounds, seconds, after_round)
        for name, row in medians.items():
            row.append(sorted(times[name])[rounds // 2] if name in times else None)
            if (row[-1] or 0) > SLOWEST:
                slow.add(name)
    return {"title": title, "values": list(values), "seconds": medians, "refused": refused}
