"""Smooth activations beside those of `activation`: mish, softsign, tanhshrink, the logarithm of the sigmoid, gates.

Finite for finite input; at ±∞ values and derivatives are their limits.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_lite.core.primitive import primitive
from autograd_lite.core.tensor import Array, Tensor
from autograd_lite.ops.composition import composed
from autograd_lite.ops.layers.activation import sigmoid, softmax, softplus
from autograd_lite.support.checks import is_integer
from autograd_lite.support.conversion import to_array, to_floats
from autograd_lite.support.half_precision import rounded_once, single
from autograd_lite.support.messages import show

__all__: list[str] = []  # for `nn.functional`


def _mish_rule(g: Array, x: Array) -> Array:
    x = single(np.clip(x, -1000, 1000))  # beyond, ∞ times 0 would be NaN
    t = np.tanh(softplus(x))
    return g * (t + x * sigmoid(x) * (1 - t * t))


@primitive(x=_mish_rule)
@rounded_once
def mish(x: Array) -> Array:
    """x tanh(ln(1 + eˣ)), elementwise. ∂/∂x = t + x σ(x)(1 − t²) with t = tanh(ln(1 + eˣ)).

    Source: Misra, "Mish: a self regularized non-monotonic activation function" (2019).

    Examples
    --------
    >>> mish(Tensor([-1000.0, 1.0, 1000.0]))
    Tensor([-0.00000000e+00,  8.65098388e-01,  1.00000000e+03])
    """
    x = to_floats(x)
    e = np.exp(np.clip(x, -1000, 25))  # with n = e(e + 2) the tanh is n/(n + 2)
    n = e * (e + 2)
    return np.maximum(x, -1000) * (n / (n + 2))


@primitive(x=lambda g, x: g * np.square(1 / (1 + np.abs(x))))
def softsign(x: Array) -> Array:
    """x/(1 + |x|), elementwise. ∂/∂x = 1/(1 + |x|)².

    Examples
    --------
    >>> softsign(Tensor([-1.0, 0.0, 3.0]))
    Tensor([-0.5 ,  0.  ,  0.75])
    """
    x = to_floats(x)
    with np.errstate(invalid="ignore"):  # ∞/∞
        return np.where(np.isinf(x), np.sign(x), x / (1 + np.abs(x)))


@primitive(x=lambda g, x: g * np.square(np.tanh(x)))
def tanhshrink(x: Array) -> Array:
    """x − tanh x, elementwise. ∂/∂x = tanh² x.

    Examples
    --------
    >>> tanhshrink(Tensor([0.0, 1000.0]))
    Tensor([  0., 999.])
    """
    return x - np.tanh(x)


@primitive(x=lambda g, x: g * sigmoid(-x))
def logsigmoid(x: Array) -> Array:
    """ln σ(x) = −ln(1 + e^(−x)), elementwise. ∂/∂x = σ(−x).

    Examples
    --------
    >>> logsigmoid(Tensor([-1000.0, 0.0]))
    Tensor([-1.00000000e+03, -6.93147181e-01])
    """
    with np.errstate(invalid="ignore"):  # NumPy warns about NaN in the input
        return -np.logaddexp(0, -to_floats(x))


@composed
def glu(x: Array, dim: int = -1) -> Tensor:
    """a σ(b), where a and b are the first and the second half of x along the axis `dim`.

    Source: Dauphin, Fan, Auli and Grangier, "Language modeling with gated convolutional networks" (2017).

    Raises
    ------
    ValueError
        If the length of the axis is odd.

    Examples
    --------
    >>> glu(Tensor([3.0, 0.0]))
    Tensor([1.5])
    """
    x = to_array(x)
    if not is_integer(dim):
        raise TypeError(f"dim must be an integer, not {show(dim)}")
    rows: Any = np.moveaxis(x, dim, 0)
    if len(rows) % 2:
        raise ValueError(f"x of shape {x.shape} has an odd length along the axis {dim}; it is cut into two halves")
    half = len(rows) // 2
    return np.moveaxis(rows[:half] * sigmoid(rows[half:]), 0, dim)


@composed
def softmin(x: Array, dim: int = -1) -> Tensor:
    """e^(−x_i) / Σ_j e^(−x_j) along the axis `dim`: the softmax of −x.

    Examples
    --------
    >>> softmin(Tensor([0.0, 1000.0]))
    Tensor([1., 0.])
    """
    return softmax(-to_floats(x) if not isinstance(x, Tensor) else -x, dim)
