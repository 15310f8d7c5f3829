"""The larger and the smaller of two numbers, elementwise."""

from __future__ import annotations

import numpy as np

from autograd_lite.primitive import primitive
from autograd_lite.tensor import Array

__all__ = ["fmax", "fmin", "maximum", "minimum"]


def _winner(g: Array, wins: Array, ties: Array) -> Array:
    """The gradient goes to the operand that was chosen; ties share it."""
    return np.where(ties, g / 2, np.where(wins, g, 0))


maximum = primitive(
    np.maximum,
    x=lambda g, x, y: _winner(g, x > y, x == y),
    y=lambda g, x, y: _winner(g, y > x, x == y),
    doc="""The larger of x and y, elementwise with broadcasting; NaN if either is. Ties share the gradient equally.

    Examples
    --------
    >>> maximum(Tensor([1.0, 5.0]), 3)
    Tensor([3., 5.])
    """,
)

minimum = primitive(
    np.minimum,
    x=lambda g, x, y: _winner(g, x < y, x == y),
    y=lambda g, x, y: _winner(g, y < x, x == y),
    doc="""The smaller of x and y, elementwise with broadcasting; NaN if either is. Ties share the gradient equally.

    Examples
    --------
    >>> minimum(Tensor([1.0, 5.0]), 3)
    Tensor([1., 3.])
    """,
)


def _beats_nan(x: Array, y: Array) -> Array:
    return np.isnan(y) & ~np.isnan(x)


fmax = primitive(
    np.fmax,
    x=lambda g, x, y: _winner(g, (x > y) | _beats_nan(x, y), x == y),
    y=lambda g, x, y: _winner(g, (y > x) | _beats_nan(y, x), x == y),
    doc="""The larger of x and y, elementwise with broadcasting; the other one if one is NaN. Ties share the gradient.

    Examples
    --------
    >>> fmax(Tensor([1.0, np.nan]), 3)
    Tensor([3., 3.])
    """,
)

fmin = primitive(
    np.fmin,
    x=lambda g, x, y: _winner(g, (x < y) | _beats_nan(x, y), x == y),
    y=lambda g, x, y: _winner(g, (y < x) | _beats_nan(y, x), x == y),
    doc="""The smaller of x and y, elementwise with broadcasting; the other one if one is NaN. Ties share the gradient.

    Examples
    --------
    >>> fmin(Tensor([1.0, np.nan]), 3)
    Tensor([1., 3.])
    """,
)
