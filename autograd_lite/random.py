"""The one source of randomness: a `numpy.random.Generator` that the user can seed, or replace call by call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

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
    _generator = np.random.default_rng(seed)
    return _generator


def generator(rng: np.random.Generator | int | None = None) -> np.random.Generator:
    """`rng` itself, a new generator from an integer seed, or the common one if nothing is passed."""
    if isinstance(rng, str | float):
        raise TypeError(f"rng is a numpy.random.Generator, an integer or None, not {rng!r}")
    found = np.random.default_rng(rng) if rng is not None else _generator or manual_seed(None)
    recorder = current_recorder()
    return found if recorder is None else recorder.generator(found, is_common=rng is None)


def set_state(rng: np.random.Generator, state: Mapping[str, Any]) -> None:
    """Let `rng` go on from ``state``, a former ``rng.bit_generator.state``; all or nothing.

    Raises
    ------
    ValueError
        If it is none, or that of another kind of generator. The generator is as it was then.
    """
    before = rng.bit_generator.state
    try:
        rng.bit_generator.state = state
    except Exception as error:
        rng.bit_generator.state = before
        kind = type(rng.bit_generator).__name__
        raise ValueError(f"this is no state of a generator of the kind {kind}: {str(state)[:80]}") from error
