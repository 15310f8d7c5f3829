"""Arithmetic, powers and comparison: what NumPy does elementwise with two numbers, or with one by algebra alone."""

from __future__ import annotations

import numpy as np

from autograd_lite.primitive import primitive
from autograd_lite.tensor import Array

__all__ = [
    "absolute",
    "add",
    "divide",
    "maximum",
    "minimum",
    "multiply",
    "negative",
    "power",
    "sign",
    "sqrt",
    "square",
    "subtract",
]

add = primitive(
    np.add,
    x=lambda g: g,
    y=lambda g: g,
    doc="""x + y, elementwise with broadcasting. ∂/∂x = 1, ∂/∂y = 1.

    Examples
    --------
    >>> add(Tensor([1.0, 2.0]), 10)
    Tensor([11., 12.])
    """,
)

subtract = primitive(
    np.subtract,
    x=lambda g: g,
    y=lambda g: -g,
    doc="""x − y, elementwise with broadcasting. ∂/∂x = 1, ∂/∂y = −1.

    Examples
    --------
    >>> subtract(Tensor([1.0, 2.0]), 10)
    Tensor([-9., -8.])
    """,
)

multiply = primitive(
    np.multiply,
    x=lambda g, y: g * y,
    y=lambda g, x: g * x,
    doc="""x · y, elementwise with broadcasting. ∂/∂x = y, ∂/∂y = x.

    Examples
    --------
    >>> multiply(Tensor([1.0, 2.0]), 10)
    Tensor([10., 20.])
    """,
)

divide = primitive(
    np.divide,
    x=lambda g, y: g / y,
    y=lambda g, y, out: -g * out / y,
    doc="""x / y, elementwise with broadcasting. ∂/∂x = 1/y, ∂/∂y = −x/y².

    Examples
    --------
    >>> divide(Tensor([1.0, 2.0]), 10)
    Tensor([0.1, 0.2])
    """,
)

negative = primitive(
    np.negative,
    x=lambda g: -g,
    doc="""−x, elementwise. ∂/∂x = −1.

    Examples
    --------
    >>> negative(Tensor([1.0, -2.0]))
    Tensor([-1.,  2.])
    """,
)


def _power_of_base(g: Array, x: Array, y: Array) -> Array:
    if isinstance(y, int | float):
        return g * (y * x ** (y - 1)) if y else g * 0
    # 0⁰ is the constant 1 here: without the exception the factor 0 would meet 0⁻¹ = ∞.
    return g * y * x ** np.where((x == 0) & (y == 0), 1, y - 1)


def _power_of_exponent(g: Array, x: Array, out: Array) -> Array:
    return g * out * np.log(np.where(x == 0, 1, x))  # 0ʸ is constant where it is defined


power = primitive(
    np.power,
    x=_power_of_base,
    y=_power_of_exponent,
    doc="""xʸ, elementwise with broadcasting. ∂/∂x = y·xʸ⁻¹, ∂/∂y = xʸ·ln x.

    At x = 0 the derivative with respect to y is 0, and that with respect to x for y = 0 too. For negative x the
    derivative with respect to y does not exist: it is NaN.

    Examples
    --------
    >>> power(Tensor([1.0, 2.0, 3.0]), 2)
    Tensor([1., 4., 9.])
    """,
)

square = primitive(
    np.square,
    x=lambda g, x: g * (2 * x),
    doc="""x², elementwise. ∂/∂x = 2x.

    Examples
    --------
    >>> square(Tensor([1.0, -3.0]))
    Tensor([1., 9.])
    """,
)

sqrt = primitive(
    np.sqrt,
    x=lambda g, out: g / (2 * out),
    doc="""√x, elementwise. ∂/∂x = 1/(2√x), infinite at 0.

    Examples
    --------
    >>> sqrt(Tensor([1.0, 9.0]))
    Tensor([1., 3.])
    """,
)

sign = primitive(
    np.sign,
    x=lambda g: g * 0,
    doc="""The sign of x: −1, 0 or 1. Constant between its steps, so the derivative is 0.

    Examples
    --------
    >>> sign(Tensor([-2.0, 0.0, 5.0]))
    Tensor([-1.,  0.,  1.])
    """,
)

absolute = primitive(
    np.absolute,
    x=lambda g, x: g * np.sign(x),
    doc="""\\|x\\|, elementwise. ∂/∂x = sign(x), which is 0 at the kink.

    Examples
    --------
    >>> absolute(Tensor([-2.0, 5.0]))
    Tensor([2., 5.])
    """,
)


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
