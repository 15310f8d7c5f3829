"""The time of a data-parallel step on any number of ranks: computation, all-reduce by ring or by tree, and headers.

The model of messages has a latency α and a time 1/β for each byte (Thakur, Rabenseifner and Gropp, Optimization of
Collective Communication Operations in MPICH, 2005). Nothing of the all-reduce overlaps with computation.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, log2
from typing import Any


@dataclass(frozen=True)
class Link:
    """What connects two ranks: seconds of latency of a message, and bytes per second."""

    name: str
    latency: float
    bandwidth: float

    def seconds(self, size: float) -> float:
        """The time of a message of some bytes: α + S/β."""
        return self.latency + size / self.bandwidth


LINKS = (
    Link("10 Gb/s", 30e-6, 1.25e9),  # Ethernet with TCP
    Link("100 Gb/s", 3e-6, 12.5e9),  # with remote access to memory
)


def ring(link: Link, size: float, ranks: int) -> float:
    """2(n − 1) rounds, in each of which every rank sends one of n parts to its neighbour."""
    return 2 * (ranks - 1) * link.seconds(size / ranks)


def tree(link: Link, size: float, ranks: int) -> float:
    """⌈log₂ n⌉ rounds to the root, in which whole arrays are added, and as many back."""
    return 2 * ceil(log2(ranks)) * link.seconds(size)


ALGORITHMS = {"ring": ring, "tree": tree}


def headers(link: Link, ranks: int, per_message: float) -> float:
    """Each rank sends a header to each other one: one latency, and the work of n − 1 messages."""
    return link.latency + (ranks - 1) * per_message if ranks > 1 else 0.0


def computation(network: dict[str, Any], samples: float) -> float:
    """The time of a step without averaging: a line through the two measured numbers of samples around `samples`.

    Below the smallest one measured, the line through the two smallest: what is left at 0 samples is the update and the
    cost of each operation.
    """
    points = sorted(
        (network["samples"] / float(share), seconds[1]) for share, seconds in network["computation"].items()
    )
    i = next((i for i in range(1, len(points)) if samples <= points[i][0]), len(points) - 1)
    (x0, y0), (x1, y1) = points[i - 1], points[i]
    return y0 + (y1 - y0) * (samples - x0) / (x1 - x0)


def step(network: dict[str, Any], per_rank: float, ranks: int, link: Link, algorithm: str, per_message: float) -> float:
    """Seconds of a step with `per_rank` samples on each rank."""
    if ranks == 1:
        return computation(network, per_rank)
    size = 4 * network["parameters"]
    transfer = ALGORITHMS[algorithm](link, size, ranks) + headers(link, ranks, per_message)
    return computation(network, per_rank) + network["weighting"] + transfer


def speed_up(
    network: dict[str, Any], ranks: int, link: Link, algorithm: str, per_message: float, *, same_batch: bool
) -> float:
    """Samples per second, as a multiple of one rank: a batch divided among the ranks, or one batch on each."""
    batch = network["samples"]
    per_rank = batch / ranks if same_batch else batch
    alone = computation(network, batch) / batch
    return alone * per_rank * ranks / step(network, per_rank, ranks, link, algorithm, per_message)
