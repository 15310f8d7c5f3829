"""Arithmetic, powers and roots, elementwise."""

from __future__ import annotations

import numpy as np

from autograd_lite.core.primitive import primitive
from autograd_lite.core.tensor import Array
from autograd_lite.ops.conventions import by_convention
from autograd_lite.support.conversion import strip

__all__ = [
    "absolute",
    "add",
    "cbrt",
    "conjugate",
    "copysign",
    "divide",
    "fabs",
    "float_power",
    "multiply",
    "negative",
    "positive",
    "power",
    "real",
    "real_if_close",
    "reciprocal",
    "sqrt",
    "square",
    "subtract",
    "true_divide",
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

true_divide = divide

reciprocal = primitive(
    np.reciprocal,
    x=lambda g, out: g * -(out * out),
    doc="""1/x, elementwise; of integers the integer part. ∂/∂x = −1/x².

    Examples
    --------
    >>> reciprocal(Tensor([1.0, -4.0]))
    Tensor([ 1.  , -0.25])
    """,
)

positive = primitive(
    np.positive,
    x=lambda g: g,
    doc="""+x, elementwise: a copy. ∂/∂x = 1.

    Examples
    --------
    >>> positive(Tensor([1.0, -2.0]))
    Tensor([ 1., -2.])
    """,
)

conjugate = primitive(
    np.conjugate,
    x=lambda g: g,
    doc="""The complex conjugate, which for real numbers is a copy. ∂/∂x = 1.

    Examples
    --------
    >>> conjugate(Tensor([1.0, -2.0]))
    Tensor([ 1., -2.])
    """,
)


@primitive(numpy=np.real, val=lambda g: g)
def real(val: Array) -> Array:
    """The real part, which of real numbers is the same memory. ∂/∂x = 1.

    Examples
    --------
    >>> real(Tensor([1.0, -2.0]))
    Tensor([ 1., -2.])
    """
    return np.real(val)


@primitive(numpy=np.real_if_close, a=lambda g: g)
def real_if_close(a: Array, tol: float = 100) -> Array:
    """The real part, which of real numbers is the same memory. ∂/∂x = 1.

    Examples
    --------
    >>> real_if_close(Tensor([1.0, -2.0]))
    Tensor([ 1., -2.])
    """
    return np.real_if_close(a, tol)


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
    # x⁰ is the constant 1: at 0 the formula would be 0 · 0⁻¹ = NaN.
    slope = y * x ** np.where((x == 0) & (y == 0), 1, y - 1)
    return by_convention(g, slope, lambda: _at_zero(x, y), y)


def _power_of_exponent(g: Array, x: Array, y: Array, out: Array) -> Array:
    slope = out * np.log(np.where(x == 0, 1, x))  # 0ʸ is constant where it is defined
    return by_convention(g, slope, lambda: _at_zero(x, y), x, y)


def _at_zero(x: Array, y: Array) -> Array:
    """Where the slope of 0ʸ with respect to y is finite, but not differentiable with respect to x or y."""
    return (strip(x) == 0) & (strip(y) <= 1)


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

float_power = primitive(
    np.float_power,
    x=_power_of_base,
    y=_power_of_exponent,
    doc="""xʸ in double precision, whatever the operands are. The derivatives are those of `power`.

    Examples
    --------
    >>> float_power(Tensor([1, 2, 3]), -1)
    Tensor([1.        , 0.5       , 0.33333333])
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

cbrt = primitive(
    np.cbrt,
    x=lambda g, out: g / (3 * (out * out)),
    doc="""The cube root, of negative numbers too. ∂/∂x = 1/(3·∛x²), infinite at 0.

    Examples
    --------
    >>> cbrt(Tensor([8.0, -27.0]))
    Tensor([ 2., -3.])
    """,
)


def _magnitude_rule(g: Array, x: Array) -> Array:
    return by_convention(g, np.sign(x), lambda: strip(x) == 0, x, piecewise_linear=True)


absolute = primitive(
    np.absolute,
    x=_magnitude_rule,
    doc="""\\|x\\|, elementwise. ∂/∂x = sign(x), which is 0 at the kink.

    Examples
    --------
    >>> absolute(Tensor([-2.0, 5.0]))
    Tensor([2., 5.])
    """,
)


fabs = primitive(
    np.fabs,
    x=_magnitude_rule,
    doc="""\\|x\\| as a floating-point number. ∂/∂x = sign(x), which is 0 at the kink.

    Examples
    --------
    >>> fabs(Tensor([-2, 5]))
    Tensor([2., 5.])
    """,
)

copysign = primitive(
    np.copysign,
    x=lambda g, x, y: _magnitude_rule(g * np.copysign(1, y), x),
    y=lambda g: g * 0,
    doc="""\\|x\\| with the sign of y, elementwise with broadcasting. ∂/∂x = sign(x)·sign(y), 0 at the kink; ∂/∂y = 0.

    Examples
    --------
    >>> copysign(Tensor([1.0, -2.0]), Tensor([-3.0, -0.0]))
    Tensor([-1., -2.])
    """,
)
