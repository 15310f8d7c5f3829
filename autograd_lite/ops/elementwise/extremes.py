"""The larger and the smaller of two numbers, elementwise."""

from __future__ import annotations

import numpy as np

from autograd_lite.core.primitive import primitive
from autograd_lite.core.tensor import Array
from autograd_lite.ops.conventions import by_convention
from autograd_lite.support.conversion import strip

__all__ = ["fmax", "fmin", "maximum", "minimum"]


def _share(g: Array, x: Array, other: Array, out: Array) -> Array:
    """The gradient goes to the larger (smaller) operand; ties share it."""
    half = by_convention(g / 2, 1, lambda: strip(x) == strip(other), x, other, piecewise_linear=True)
    return np.where(x == out, np.where(other == out, half, g), 0)


def _share_or_nan(g: Array, x: Array, other: Array, out: Array) -> Array:
    """`_share`, but NaN where the result is NaN, as for the extremes of an array."""
    return np.where(np.isnan(out), out, _share(g, x, other, out))


maximum = primitive(
    np.maximum,
    x=lambda g, x, y, out: _share_or_nan(g, x, y, out),
    y=lambda g, x, y, out: _share_or_nan(g, y, x, out),
    doc="""The larger of x and y, elementwise with broadcasting; NaN if either is, and so are the gradients
    then. Ties share the gradient equally.

    Examples
    --------
    >>> maximum(Tensor([1.0, 5.0]), 3)
    Tensor([3., 5.])
    """,
)

minimum = primitive(
    np.minimum,
    x=lambda g, x, y, out: _share_or_nan(g, x, y, out),
    y=lambda g, x, y, out: _share_or_nan(g, y, x, out),
    doc="""The smaller of x and y, elementwise with broadcasting; NaN if either is, and so are the gradients
    then. Ties share the gradient equally.

    Examples
    --------
    >>> minimum(Tensor([1.0, 5.0]), 3)
    Tensor([1., 3.])
    """,
)

fmax = primitive(
    np.fmax,
    x=lambda g, x, y, out: _share(g, x, y, out),
    y=lambda g, x, y, out: _share(g, y, x, out),
    doc="""The larger of x and y, elementwise with broadcasting; the other one if one is NaN. Ties share the gradient.

    Examples
    --------
    >>> fmax(Tensor([1.0, np.nan]), 3)
    Tensor([3., 3.])
    """,
)

fmin = primitive(
    np.fmin,
    x=lambda g, x, y, out: _share(g, x, y, out),
    y=lambda g, x, y, out: _share(g, y, x, out),
    doc="""The smaller of x and y, elementwise with broadcasting; the other one if one is NaN. Ties share the gradient.

    Examples
    --------
    >>> fmin(Tensor([1.0, np.nan]), 3)
    Tensor([1., 3.])
    """,
)
