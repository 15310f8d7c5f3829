"""Rounding, division with remainder, and other step functions: their derivative is 0 between the steps."""

from __future__ import annotations

import numpy as np

from autograd_lite.core.numpy_protocols import numpy_operations
from autograd_lite.core.primitive import primitive
from autograd_lite.core.tensor import Array, Tensor
from autograd_lite.ops.composition import composed
from autograd_lite.support.conversion import strip

__all__ = [
    "around",
    "ceil",
    "divmod",
    "fix",
    "floor",
    "floor_divide",
    "fmod",
    "frexp",
    "heaviside",
    "ldexp",
    "mod",
    "modf",
    "nan_to_num",
    "remainder",
    "rint",
    "round",
    "sign",
    "trunc",
]


def _flat(g: Array) -> Array:
    return g * 0


sign = primitive(
    np.sign,
    x=_flat,
    doc="""The sign of x: −1, 0 or 1. Constant between its steps, so the derivative is 0.

    Examples
    --------
    >>> sign(Tensor([-2.0, 0.0, 5.0]))
    Tensor([-1.,  0.,  1.])
    """,
)

floor = primitive(
    np.floor,
    x=_flat,
    doc="""The largest integer ≤ x, as a floating-point number. ∂/∂x = 0.

    Examples
    --------
    >>> floor(Tensor([-1.5, 1.5]))
    Tensor([-2.,  1.])
    """,
)

ceil = primitive(
    np.ceil,
    x=_flat,
    doc="""The smallest integer ≥ x, as a floating-point number. ∂/∂x = 0.

    Examples
    --------
    >>> ceil(Tensor([-1.5, 1.5]))
    Tensor([-1.,  2.])
    """,
)

trunc = primitive(
    np.trunc,
    x=_flat,
    doc="""x without its fraction. ∂/∂x = 0.

    Examples
    --------
    >>> trunc(Tensor([-1.5, 1.5]))
    Tensor([-1.,  1.])
    """,
)

rint = primitive(
    np.rint,
    x=_flat,
    doc="""The nearest integer, the even one of two. ∂/∂x = 0.

    Examples
    --------
    >>> rint(Tensor([0.5, 1.5]))
    Tensor([0., 2.])
    """,
)


@primitive(numpy=np.fix, x=_flat)
def fix(x: Array) -> Array:
    """x without its fraction, as `trunc`. ∂/∂x = 0.

    Examples
    --------
    >>> fix(Tensor([-1.5, 1.5]))
    Tensor([-1.,  1.])
    """
    return np.trunc(x)


@primitive(numpy=(np.round, np.around), a=_flat)
def round(a: Array, decimals: int = 0) -> Array:
    """a rounded to `decimals` digits after the point, the even one of two. ∂/∂a = 0.

    Examples
    --------
    >>> round(Tensor([0.125, 2.5]), 2)
    Tensor([0.12, 2.5 ])
    """
    return np.round(a, decimals)


around = round

floor_divide = primitive(
    np.floor_divide,
    x=_flat,
    y=_flat,
    doc="""x // y, the largest integer ≤ x/y, elementwise with broadcasting. ∂/∂x = 0, ∂/∂y = 0.

    Examples
    --------
    >>> floor_divide(Tensor([7.0, -7.0]), 2)
    Tensor([ 3., -4.])
    """,
)

remainder = primitive(
    np.remainder,
    x=lambda g: g,
    y=lambda g, x, y: g * -np.floor_divide(x, y),
    doc="""x % y = x − y·⌊x/y⌋, which has the sign of y, elementwise with broadcasting. ∂/∂x = 1, ∂/∂y = −⌊x/y⌋.

    Examples
    --------
    >>> remainder(Tensor([7.0, -7.0]), 3)
    Tensor([1., 2.])
    """,
)

mod = remainder

fmod = primitive(
    np.fmod,
    x=lambda g: g,
    y=lambda g, x, y, out: g * -np.rint((x - out) / y),
    doc="""x − y·trunc(x/y), which has the sign of x, elementwise with broadcasting. ∂/∂x = 1, ∂/∂y = −trunc(x/y).

    Examples
    --------
    >>> fmod(Tensor([7.0, -7.0]), 3)
    Tensor([ 1., -1.])
    """,
)


@composed(numpy=np.divmod)
def divmod(x: Array, y: Array) -> tuple[Tensor, Tensor]:
    """The quotient x // y and the remainder x % y.

    Examples
    --------
    >>> divmod(Tensor([7.0, -7.0]), 3)
    (Tensor([ 2., -3.]), Tensor([1., 2.]))
    """
    return floor_divide(x, y), remainder(x, y)


@primitive(name="modf", x=lambda g: g)
def _fraction(x: Array) -> Array:
    return np.modf(x)[0]


@primitive(name="modf", x=_flat)
def _whole(x: Array) -> Array:
    return np.modf(x)[1]


def modf(x: Array) -> tuple[Tensor, Tensor]:
    """The fraction and the integer part of x, both with the sign of x. ∂/∂x = 1 and 0.

    Examples
    --------
    >>> modf(Tensor([1.5, -2.25]))
    (Tensor([ 0.5 , -0.25]), Tensor([ 1., -2.]))
    """
    return _fraction(x), _whole(x)


heaviside = primitive(
    np.heaviside,
    x=_flat,
    y=lambda g, x: np.where(x == 0, g, 0),
    doc="""The step: 0 for x < 0, 1 for x > 0, and y at 0. ∂/∂x = 0, ∂/∂y = 1 at 0, else 0.

    Examples
    --------
    >>> heaviside(Tensor([-2.0, 0.0, 2.0]), 0.5)
    Tensor([0. , 0.5, 1. ])
    """,
)

ldexp = primitive(
    np.ldexp,
    x=lambda g, y: np.ldexp(g, y),
    y=None,
    doc="""x·2ʸ for integers y, elementwise with broadcasting. ∂/∂x = 2ʸ.

    Examples
    --------
    >>> ldexp(Tensor([1.0, 0.75]), [3, 2])
    Tensor([8., 3.])
    """,
)


@primitive(name="frexp", x=lambda g, x: np.ldexp(g, -np.frexp(x)[1]))
def _mantissa(x: Array) -> Array:
    return np.frexp(x)[0]


def frexp(x: Array) -> tuple[Array, Array]:
    """The mantissa m in ±[½, 1) and the integer exponent e of x = m·2ᵉ. ∂m/∂x = 2⁻ᵉ; the exponents are an array.

    Examples
    --------
    >>> frexp(Tensor([8.0, -3.0]))
    (Tensor([ 0.5 , -0.75]), array([4, 2], dtype=int32))
    """
    return _mantissa(x), np.frexp(strip(x))[1]


@primitive(name="nan_to_num", x=lambda g, x: np.where(np.isfinite(x), g, 0))
def _finite(x: Array, nan: Array, posinf: Array, neginf: Array) -> Array:
    return np.nan_to_num(x, nan=nan, posinf=posinf, neginf=neginf)


@composed(numpy=np.nan_to_num)
def nan_to_num(x: Array, copy: bool = True, nan: Array = 0.0, posinf: Array = None, neginf: Array = None) -> Tensor:
    """x with numbers in the place of NaN and ±∞, by default 0 and the largest. ∂/∂x = 1 where x is finite, else 0.

    Examples
    --------
    >>> nan_to_num(Tensor([1.0, np.nan, np.inf]), posinf=9.0)
    Tensor([1., 0., 9.])
    """
    if not copy:
        raise TypeError("nan_to_num: copy=False would write into the tensor; use the returned one")
    return _finite(x, nan, posinf, neginf)


numpy_operations.update({np.modf: modf, np.frexp: frexp})
