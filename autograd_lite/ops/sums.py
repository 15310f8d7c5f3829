"""Short sums as products with ones: BLAS answers in 0.5 to 0.8 µs where `np.add.reduce` takes 1.2 to 3.

That is what a small training step gains most from. Numbers are added in any order by both, and a factor of one changes
none of them, infinite and NaN ones included. Up to `SHORT` terms NumPy adds one after the other too, so neither is more
exact; longer sums it adds in pairs, with smaller errors, so those are left to it.
"""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import DTypeLike

from autograd_lite.tensor import Array

__all__: list[str] = []  # for the operations, not for users

SHORT = 128


@functools.lru_cache(maxsize=64)
def ones(length: int, dtype: DTypeLike) -> Array:
    """A vector of ones, always the same one, so it cannot be written to."""
    array = np.ones(length, dtype)
    array.flags.writeable = False
    return array


def sum_all(x: Array) -> Array:
    """Σ x over all axes."""
    if x.ndim == 1 and len(x) <= SHORT:
        return x.dot(ones(len(x), x.dtype))
    return np.add.reduce(x, axis=None)


def sum_of_rows(matrix: Array) -> Array:
    """Σ_n x[n, :]. Along this axis NumPy adds one after the other whatever the length."""
    rows = len(matrix)
    if rows <= 8 * SHORT:
        return matrix.T.dot(ones(rows, matrix.dtype))
    return np.add.reduce(matrix, axis=0)
