"""Trigonometric functions and their inverses, hypot, arctan2 and sinc."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd_lite.core.primitive import primitive
from autograd_lite.core.tensor import Array
from autograd_lite.ops.conventions import by_convention
from autograd_lite.ops.lengths import nonzero, power_of_two, printed_as
from autograd_lite.support.conversion import strip, to_array

__all__ = [
    "arccos",
    "arcsin",
    "arctan",
    "arctan2",
    "cos",
    "deg2rad",
    "degrees",
    "hypot",
    "rad2deg",
    "radians",
    "sin",
    "sinc",
    "tan",
]

sin = primitive(
    np.sin,
    x=lambda g, x: g * np.cos(x),
    doc="""The sine of x in radians. ∂/∂x = cos x.

    Examples
    --------
    >>> sin(Tensor(0.0))
    Tensor(0.)
    """,
)

cos = primitive(
    np.cos,
    x=lambda g, x: g * -np.sin(x),
    doc="""The cosine of x in radians. ∂/∂x = −sin x.

    Examples
    --------
    >>> cos(Tensor(0.0))
    Tensor(1.)
    """,
)

tan = primitive(
    np.tan,
    x=lambda g, out: g * (1 + out * out),
    doc="""The tangent of x in radians. ∂/∂x = 1 + tan² x.

    Examples
    --------
    >>> tan(Tensor(0.0))
    Tensor(0.)
    """,
)

arcsin = primitive(
    np.arcsin,
    x=lambda g, x: g / np.sqrt((1 - x) * (1 + x)),
    doc="""The angle in [−π/2, π/2] whose sine is x. ∂/∂x = 1/√(1 − x²).

    Examples
    --------
    >>> arcsin(Tensor([0.0, 1.0]))
    Tensor([0.        , 1.57079633])
    """,
)

arccos = primitive(
    np.arccos,
    x=lambda g, x: -g / np.sqrt((1 - x) * (1 + x)),
    doc="""The angle in [0, π] whose cosine is x. ∂/∂x = −1/√(1 − x²).

    Examples
    --------
    >>> arccos(Tensor([0.0, 1.0]))
    Tensor([1.57079633, 0.        ])
    """,
)

arctan = primitive(
    np.arctan,
    x=lambda g, x: g / (1 + x * x),
    doc="""The angle in [−π/2, π/2] whose tangent is x. ∂/∂x = 1/(1 + x²).

    Examples
    --------
    >>> arctan(Tensor([0.0, 1.0]))
    Tensor([0.        , 0.78539816])
    """,
)

deg2rad = primitive(
    np.deg2rad,
    x=lambda g: g * (math.pi / 180),
    doc="""An angle in degrees, in radians. ∂/∂x = π/180.

    Examples
    --------
    >>> deg2rad(Tensor(180.0))
    Tensor(3.14159265)
    """,
)

radians = primitive(
    np.radians,
    x=lambda g: g * (math.pi / 180),
    doc="""An angle in degrees, in radians. ∂/∂x = π/180.

    Examples
    --------
    >>> radians(Tensor(180.0))
    Tensor(3.14159265)
    """,
)

rad2deg = primitive(
    np.rad2deg,
    x=lambda g: g * (180 / math.pi),
    doc="""An angle in radians, in degrees. ∂/∂x = 180/π.

    Examples
    --------
    >>> rad2deg(Tensor(np.pi))
    Tensor(180.)
    """,
)

degrees = primitive(
    np.degrees,
    x=lambda g: g * (180 / math.pi),
    doc="""An angle in radians, in degrees. ∂/∂x = 180/π.

    Examples
    --------
    >>> degrees(Tensor(np.pi))
    Tensor(180.)
    """,
)


def _scaled(x: Array, y: Array) -> tuple[Array, Array, Array]:
    """The point (x, y) times a power of two that keeps its squares within range, and this factor."""
    scale = power_of_two(np.maximum(np.abs(strip(x)), np.abs(strip(y))))
    return x * scale, y * scale, scale


def _at_origin(x: Array, y: Array) -> Array:
    return (strip(x) == 0) & (strip(y) == 0)


def _cosine_rule(g: Array, x: Array, y: Array, out: Array) -> Array:
    near_x, near_y, _ = _scaled(x, y)
    length = printed_as(np.hypot(near_x, near_y), strip(out))
    return by_convention(g, near_x / nonzero(length), lambda: _at_origin(x, y), x, y)


hypot = primitive(
    np.hypot,
    x=lambda g, x, y, out: _cosine_rule(g, x, y, out),
    y=lambda g, x, y, out: _cosine_rule(g, y, x, out),
    doc="""√(x² + y²), elementwise with broadcasting, without overflow. ∂/∂x = x/out, ∂/∂y = y/out; 0 at the origin.

    Examples
    --------
    >>> hypot(Tensor([3.0, 0.0]), Tensor([4.0, 0.0]))
    Tensor([5., 0.])
    """,
)


def _over_square_rule(g: Array, x: Array, y: Array) -> Array:
    """g · x/(x² + y²)."""
    near_x, near_y, scale = _scaled(x, y)
    slope = near_x / nonzero(near_x * near_x + near_y * near_y) * scale
    return by_convention(g, slope, lambda: _at_origin(x, y), x, y)


arctan2 = primitive(
    np.arctan2,
    y=lambda g, y, x: _over_square_rule(g, x, y),
    x=lambda g, y, x: _over_square_rule(-g, y, x),
    doc="""The angle of the point (x, y). ∂/∂y = x/(x² + y²), ∂/∂x = −y/(x² + y²); 0 at the origin.

    Examples
    --------
    >>> arctan2(Tensor([0.0, 1.0]), Tensor([1.0, 1.0]))
    Tensor([0.        , 0.78539816])
    """,
)


def _next_derivative(g: Array, x: Array, n: int) -> Any:
    return g * _sinc_derivative(x, n + 1)


# The n-th derivative of S(y) = sin(y)/y = ∫₀¹ cos(ty) dt is Sₙ(y) = ∫₀¹ tⁿ cos(ty + nπ/2) dt. By parts it follows
# the recursion y Sₙ = sin(y + nπ/2) − n Sₙ₋₁. It loses digits where the product of its factors, n!/yⁿ, exceeds 1. There
# the series Sₙ = Σₘ cos((n + m)π/2) yᵐ/(m! (n + m + 1)), in which every second term vanishes, converges quickly.
@primitive(x=_next_derivative)
def _sinc_derivative(x: Array, n: int) -> Array:
    """The derivative of order n ≥ 1 of sinc."""
    y = math.pi * to_array(x)
    border = max(1.0, math.factorial(n) ** (1 / n))
    far = np.where(np.abs(y) <= border, border, y)
    waves = (np.sin(far), np.cos(far))
    recursion = waves[0] / far
    for k in range(1, n + 1):
        recursion = ((-1) ** (k // 2) * waves[k % 2] - k * recursion) / far
    near = np.where(np.abs(y) <= border, y, 0)
    square, series = near * near, np.zeros_like(near)
    for m in range(n % 2 + 2 * math.ceil(2 * border + 10), -1, -2):
        series = series * square + (-1) ** ((n + m) // 2) / (math.factorial(m) * (n + m + 1))
    if n % 2:
        series = series * near
    return math.pi**n * np.where(np.abs(y) <= border, series, recursion)


def _sinc_rule(g: Array, x: Array) -> Any:
    return g * _sinc_derivative(x, 1)


@primitive(numpy=np.sinc, x=_sinc_rule)
def sinc(x: Array) -> Array:
    """sin(πx)/(πx), and 1 at 0. ∂/∂x = (cos(πx) − sinc(x))/x, and 0 at 0; exact near 0 to any order.

    Examples
    --------
    >>> sinc(Tensor([0.0, 0.5, 1.0])).data.round(6)
    array([1.      , 0.63662, 0.      ])
    """
    return np.sinc(x)
