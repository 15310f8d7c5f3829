"""A limit: the memory traffic of the update, as the time in which NumPy copies as many bytes."""

from __future__ import annotations

from typing import Any

import numpy as np

from suite.cases import Network
from suite.engine import Engine, Step

PASSES = {"sgd": 3, "momentum": 5, "adam": 7}
"""How often an update reads or writes a number of the size of the weights: value and gradient are read, the value is
written; each array of the state is read and written."""


def network(case: Network) -> Step:
    """A copy reads and writes each number, so it moves as many bytes if it has half as many numbers as the passes."""
    source = np.ones(case.parameters * PASSES[case.update] // 2, np.float32)
    target = np.empty_like(source)

    def step(*batch: Any) -> float:
        np.copyto(target, source)
        return 0.0

    return step


ENGINE = Engine("memory traffic of the update", network, is_limit=True)
