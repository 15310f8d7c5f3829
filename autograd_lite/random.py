"""The one source of randomness: a `numpy.random.Generator` that the user can seed, or replace call by call."""

from __future__ import annotations

import numpy as np

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
    if rng is None:
        return _generator or manual_seed(None)
    return np.random.default_rng(rng)
