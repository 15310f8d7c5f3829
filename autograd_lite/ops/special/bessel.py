"""Bessel functions (DLMF 10.6 and 10.29). Orders have no rule: a tensor that requires gradients is refused there.

The functions that are scaled by e^−|x| have a kink at 0, where their slope is that of the mean of both sides.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.special as sc

from autograd_lite.core.primitive import primitive
from autograd_lite.core.tensor import Array
from autograd_lite.ops.conventions import by_convention
from autograd_lite.support.conversion import strip

__all__ = [
    "i0", "i0e", "i1", "i1e", "iv", "ive", "j0", "j1", "jv", "k0", "k1", "kv", "y0", "y1", "yv",
]  # fmt: skip


def _of_order(ufunc: Any, slope: Any, doc: str) -> Any:
    """A Bessel function of any order v."""
    return primitive(
        lambda v, x: ufunc(v, x),
        name=ufunc.__name__,
        numpy=ufunc,
        doc=doc,
        x=lambda g, v, x: g * slope(np.asarray(v), x),
    )


jv = _of_order(
    sc.jv,
    lambda v, x: (sc.jv(v - 1, x) - sc.jv(v + 1, x)) / 2,
    """Jᵥ(x). ∂/∂x = (Jᵥ₋₁ − Jᵥ₊₁)/2.

    Examples
    --------
    >>> jv(2.0, Tensor(0.5))
    Tensor(0.03060402)
    """,
)
yv = _of_order(
    sc.yv,
    lambda v, x: (sc.yv(v - 1, x) - sc.yv(v + 1, x)) / 2,
    """Yᵥ(x). ∂/∂x = (Yᵥ₋₁ − Yᵥ₊₁)/2.

    Examples
    --------
    >>> yv(2.0, Tensor(0.5))
    Tensor(-5.44137084)
    """,
)
iv = _of_order(
    sc.iv,
    lambda v, x: (sc.iv(v - 1, x) + sc.iv(v + 1, x)) / 2,
    """Iᵥ(x). ∂/∂x = (Iᵥ₋₁ + Iᵥ₊₁)/2.

    Examples
    --------
    >>> iv(2.0, Tensor(0.5))
    Tensor(0.03190615)
    """,
)
kv = _of_order(
    sc.kv,
    lambda v, x: -(sc.kv(v - 1, x) + sc.kv(v + 1, x)) / 2,
    """Kᵥ(x). ∂/∂x = −(Kᵥ₋₁ + Kᵥ₊₁)/2.

    Examples
    --------
    >>> kv(2.0, Tensor(0.5))
    Tensor(7.55018355)
    """,
)

j0 = primitive(
    sc.j0,
    x=lambda g, x: -g * sc.j1(x),
    doc="""J₀(x). ∂/∂x = −J₁.

    Examples
    --------
    >>> j0(Tensor(0.5))
    Tensor(0.93846981)
    """,
)
j1 = primitive(
    sc.j1,
    x=lambda g, x: g * (sc.j0(x) - sc.jv(2, x)) / 2,
    doc="""J₁(x). ∂/∂x = (J₀ − J₂)/2.

    Examples
    --------
    >>> j1(Tensor(0.5))
    Tensor(0.24226846)
    """,
)
y0 = primitive(
    sc.y0,
    x=lambda g, x: -g * sc.y1(x),
    doc="""Y₀(x). ∂/∂x = −Y₁.

    Examples
    --------
    >>> y0(Tensor(0.5))
    Tensor(-0.44451873)
    """,
)
y1 = primitive(
    sc.y1,
    x=lambda g, x: g * (sc.y0(x) - sc.yv(2, x)) / 2,
    doc="""Y₁(x). ∂/∂x = (Y₀ − Y₂)/2.

    Examples
    --------
    >>> y1(Tensor(0.5))
    Tensor(-1.47147239)
    """,
)
i0 = primitive(
    sc.i0,
    x=lambda g, x: g * sc.i1(x),
    doc="""I₀(x). ∂/∂x = I₁.

    Examples
    --------
    >>> i0(Tensor(0.5))
    Tensor(1.06348337)
    """,
)
i1 = primitive(
    sc.i1,
    x=lambda g, x: g * (sc.i0(x) + sc.iv(2, x)) / 2,
    doc="""I₁(x). ∂/∂x = (I₀ + I₂)/2.

    Examples
    --------
    >>> i1(Tensor(0.5))
    Tensor(0.25789431)
    """,
)
k0 = primitive(
    sc.k0,
    x=lambda g, x: -g * sc.k1(x),
    doc="""K₀(x). ∂/∂x = −K₁.

    Examples
    --------
    >>> k0(Tensor(0.5))
    Tensor(0.92441907)
    """,
)
k1 = primitive(
    sc.k1,
    x=lambda g, x: -g * (sc.k0(x) + sc.kv(2, x)) / 2,
    doc="""K₁(x). ∂/∂x = −(K₀ + K₂)/2.

    Examples
    --------
    >>> k1(Tensor(0.5))
    Tensor(1.65644112)
    """,
)


def _scaled(g: Array, slope: Array, x: Array, out: Array) -> Array:
    """The derivative of e^−|x| f(x), given e^−|x| f′(x)."""
    return g * slope - by_convention(g * out, np.sign(x), lambda: strip(x) == 0, x)


i0e = primitive(
    sc.i0e,
    x=lambda g, x, out: _scaled(g, sc.i1e(x), x, out),
    doc="""e^−\\|x\\| I₀(x). ∂/∂x = e^−\\|x\\| I₁ − sign(x)·out.

    Examples
    --------
    >>> i0e(Tensor(0.5))
    Tensor(0.64503527)
    """,
)
i1e = primitive(
    sc.i1e,
    x=lambda g, x, out: _scaled(g, (sc.i0e(x) + sc.ive(2, x)) / 2, x, out),
    doc="""e^−\\|x\\| I₁(x). ∂/∂x = e^−\\|x\\| (I₀ + I₂)/2 − sign(x)·out.

    Examples
    --------
    >>> i1e(Tensor(0.5))
    Tensor(0.1564208)
    """,
)
ive = primitive(
    lambda v, x: sc.ive(v, x),
    name="ive",
    numpy=sc.ive,
    x=lambda g, v, x, out: _scaled(g, (sc.ive(np.asarray(v) - 1, x) + sc.ive(np.asarray(v) + 1, x)) / 2, x, out),
    doc="""e^−\\|x\\| Iᵥ(x). ∂/∂x = e^−\\|x\\| (Iᵥ₋₁ + Iᵥ₊₁)/2 − sign(x)·out.

    Examples
    --------
    >>> ive(2.0, Tensor(0.5))
    Tensor(0.01935206)
    """,
)
