"""The common source of randomness: a `numpy.random.Generator` that users can seed, or replace in each call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from autograd_lite.batching.axes import active
from autograd_lite.batching.randomness import for_active_axes
from autograd_lite.core.hooks import current_recorder, refuse_in_program
from autograd_lite.support.messages import show

# Made at its first use: importing numpy.random takes a tenth of the time of importing NumPy.
_generator: np.random.Generator | None = None


def manual_seed(seed: int | None) -> np.random.Generator:
    """Restart the common generator, which is used wherever no `rng` is passed, from `seed`, and return it.

    Examples
    --------
    >>> first = manual_seed(0).random()
    >>> first == manual_seed(0).random()
    True
    """
    refuse_in_program("manual_seed()")
    return _restarted(seed)


def _restarted(seed: int | None) -> np.random.Generator:
    global _generator
    _generator = _started("manual_seed: seed must be", seed)
    return _generator


def generator(rng: np.random.Generator | int | None = None) -> np.random.Generator:
    """`rng` itself, a new generator if it is an integer seed, or the common generator if it is None."""
    what = "rng must be a numpy.random.Generator,"
    found = _started(what, rng) if rng is not None else _generator or _restarted(None)
    recorder = current_recorder()
    if recorder is not None:
        found = recorder.generator(found, is_common=rng is None)
    return for_active_axes(found) if active.get() else found


def _started(what: str, seed: Any) -> np.random.Generator:
    """The generator that NumPy makes from `seed`; or an error that begins with `what`."""
    try:
        if isinstance(seed, bool | np.bool_):  # meant for another argument; NumPy takes them for 0 and 1
            raise TypeError("True and False are not seeds")
        if isinstance(seed, list | tuple | np.ndarray) and not all(isinstance(part, int | np.integer) for part in seed):
            raise TypeError("NumPy recurses through nested lists, in self-referential ones until the process crashes")
        return np.random.default_rng(seed)
    except Exception as error:  # NumPy's message contains the `repr` of the seed, which may raise anything
        kind = ValueError if isinstance(error, ValueError) else TypeError
        raise kind(f"{what} an integer, at least 0, or None, not {show(seed)}") from error


def get_state(rng: Any) -> Any:
    """The state of a generator, or of a `RandomState`, as nested dicts of numbers and arrays."""
    _check("get_state", rng)
    return rng.get_state(legacy=False) if isinstance(rng, np.random.RandomState) else rng.bit_generator.state


def set_state(rng: Any, state: Mapping[str, Any]) -> None:
    """Set the state of `rng` to `state`, an earlier ``rng.bit_generator.state`` (see `get_state`); all or nothing.

    Raises
    ------
    TypeError
        If `rng` is not a generator.
    ValueError
        If `state` is not a state, or that of another kind of generator. The generator is unchanged then.
    """
    _check("set_state", rng)
    before = get_state(rng)
    try:
        _put_state(rng, state)
        if not _same(get_state(rng), state):
            raise ValueError("NumPy ignored or converted a part of the state")
    except Exception as error:
        _put_state(rng, before)
        kind = type(rng if isinstance(rng, np.random.RandomState) else rng.bit_generator).__name__
        raise ValueError(f"this is not a state of a {kind} generator: {show(state)}") from error


def _check(where: str, rng: Any) -> None:
    if not isinstance(rng, np.random.Generator | np.random.RandomState):
        raise TypeError(f"{where}: rng must be a numpy.random.Generator, not {type(rng).__name__}")


def _put_state(rng: Any, state: Any) -> None:
    if isinstance(rng, np.random.RandomState):
        rng.set_state(state)
    else:
        rng.bit_generator.state = state


def _same(one: Any, other: Any) -> bool:
    if not isinstance(one, dict):
        return np.array_equal(one, other)
    return isinstance(other, Mapping) and set(one) == set(other) and all(_same(one[key], other[key]) for key in one)
