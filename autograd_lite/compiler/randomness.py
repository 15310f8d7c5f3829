"""The states of random generators, which show whether a function has drawn from one."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

GENERATORS = (np.random.Generator, np.random.RandomState, np.random.BitGenerator)


def state_of(generator: Any) -> Any:
    """The state of a NumPy generator."""
    if isinstance(generator, np.random.Generator):
        return generator.bit_generator.state
    return generator.get_state(legacy=False) if isinstance(generator, np.random.RandomState) else generator.state


def common_states() -> Any:
    """The states of the generators behind `np.random.rand` and `random.random`, if the modules are loaded."""
    states = []
    if "numpy.random" in sys.modules:
        states.append(np.random.get_state(legacy=False))
    if "random" in sys.modules:
        states.append(sys.modules["random"].getstate())
    return states


def same_state(one: Any, other: Any) -> bool:
    """Whether two states are equal; they may hold arrays."""
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same_state(one[name], other[name]) for name in one)
    if isinstance(one, list):
        return all(map(same_state, one, other))
    return bool(np.array_equal(one, other)) if isinstance(one, np.ndarray) else bool(one == other)
