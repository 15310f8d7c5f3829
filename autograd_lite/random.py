"""The one source of randomness: a `numpy.random.Generator` that the user can seed, or replace call by call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from autograd_lite.messages import show
from autograd_lite.tracing import current_recorder

# Made when it is first needed: importing numpy.random would take as long as a tenth of NumPy.
_generator: np.random.Generator | None = None


def manual_seed(seed: int | None) -> np.random.Generator:
    """Start the generator that is used wherever no `rng` is passed anew from `seed`, and return it.

    Examples
    --------
    >>> first = manual_seed(0).random()
    >>> first == manual_seed(0).random()
    True
    """
    global _generator
    _generator = _started("manual_seed: seed is", seed)
    return _generator


def generator(rng: np.random.Generator | int | None = None) -> np.random.Generator:
    """`rng` itself, a new generator from an integer seed, or the common one if nothing is passed."""
    found = _started("rng is a numpy.random.Generator,", rng) if rng is not None else _generator or manual_seed(None)
    recorder = current_recorder()
    return found if recorder is None else recorder.generator(found, is_common=rng is None)


def _started(what: str, seed: Any) -> np.random.Generator:
    """The generator that NumPy makes of `seed`, or what it can be instead."""
    try:
        if isinstance(seed, list | tuple | np.ndarray) and not all(isinstance(part, int | np.integer) for part in seed):
            raise TypeError("a nested list, through which NumPy recurses until the process ends")
        return np.random.default_rng(seed)
    except Exception as error:  # NumPy shows the seed, whose `repr` may raise anything
        kind = ValueError if isinstance(error, ValueError) else TypeError
        raise kind(f"{what} an integer from 0 on or None, not {show(seed)}") from error


def set_state(rng: np.random.Generator, state: Mapping[str, Any]) -> None:
    """Let `rng` go on from ``state``, a former ``rng.bit_generator.state``; all or nothing.

    Raises
    ------
    TypeError
        If `rng` is no generator.
    ValueError
        If it is none, or that of another kind of generator. The generator is as it was then.
    """
    if not isinstance(rng, np.random.Generator):
        raise TypeError(f"set_state: rng is a numpy.random.Generator, not {type(rng).__name__}")
    before = rng.bit_generator.state
    try:
        rng.bit_generator.state = state
        if not _same(rng.bit_generator.state, state):
            raise ValueError("NumPy has ignored or converted a part of it")
    except Exception as error:
        rng.bit_generator.state = before
        kind = type(rng.bit_generator).__name__
        raise ValueError(f"this is no state of a generator of the kind {kind}: {show(state)}") from error


def _same(one: Any, other: Any) -> bool:
    if not isinstance(one, dict):
        return np.array_equal(one, other)
    return isinstance(other, Mapping) and set(one) == set(other) and all(_same(one[key], other[key]) for key in one)
