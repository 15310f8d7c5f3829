"""Activations: sigmoid, relu and related functions, softmax and its logarithm.

Finite for finite input, however large; at ±∞ values and derivatives are their limits.
"""

from __future__ import annotations

import math

import numpy as np

from autograd_lite.core.primitive import primitive
from autograd_lite.core.tensor import Array
from autograd_lite.ops.elementwise.elementary import erf, sigmoid
from autograd_lite.ops.slices import Axis
from autograd_lite.support.conversion import to_floats
from autograd_lite.support.half_precision import rounded_once, single
from autograd_lite.support.messages import show
from autograd_lite.support.short import SHORT, exponentials_of_rows
from autograd_lite.support.sums import sum_over

__all__ = [
    "elu",
    "gelu",
    "hardtanh",
    "leaky_relu",
    "log_softmax",
    "relu",
    "sigmoid",
    "silu",
    "softmax",
    "softplus",
]


@primitive(x=lambda g, out: g * (out > 0))
def relu(x: Array) -> Array:
    """max(x, 0), elementwise. ∂/∂x = 1 for x > 0, else 0, at the kink too.

    Examples
    --------
    >>> relu(Tensor([-1.0, 0.0, 2.0]))
    Tensor([0., 0., 2.])
    """
    return np.maximum(x, 0)


@primitive(x=lambda g, x: g * sigmoid(x))
def softplus(x: Array) -> Array:
    """ln(1 + eˣ), elementwise. ∂/∂x = σ(x).

    Examples
    --------
    >>> softplus(Tensor([-1000.0, 0.0, 1000.0]))
    Tensor([0.00000000e+00, 6.93147181e-01, 1.00000000e+03])
    """
    with np.errstate(invalid="ignore"):  # NumPy warns about NaN in the input
        return np.logaddexp(x, 0)


@primitive(x=lambda g, x, negative_slope: np.where(x > 0, g, g * negative_slope))
def leaky_relu(x: Array, negative_slope: float = 0.01) -> Array:
    """x for x > 0, else negative_slope · x, elementwise. ∂/∂x = 1 for x > 0, else negative_slope, at the kink too.

    Source: Maas, Hannun and Ng, "Rectifier nonlinearities improve neural network acoustic models" (2013).

    Examples
    --------
    >>> leaky_relu(Tensor([-1.0, 0.0, 2.0]), 0.1)
    Tensor([-0.1,  0. ,  2. ])
    """
    return np.where(x > 0, x, x * negative_slope)


@primitive(x=lambda g, x, alpha: np.where(x > 0, g, g * (alpha * np.exp(np.where(x > 0, 0, x)))))
def elu(x: Array, alpha: float = 1.0) -> Array:
    """x for x > 0, else α(eˣ − 1), elementwise. ∂/∂x = 1 for x > 0, else α eˣ.

    Source: Clevert, Unterthiner and Hochreiter, "Fast and accurate deep network learning by exponential linear units
    (ELUs)" (2016).

    Examples
    --------
    >>> elu(Tensor([-1000.0, 0.0, 2.0]))
    Tensor([-1.,  0.,  2.])
    """
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))


def _silu_rule(g: Array, x: Array, s: Array) -> Array:
    x, s = single(np.clip(x, -1000, 1000)), single(s)  # s is 0 or 1 beyond these limits, and ∞ times 0 would be NaN
    return g * (s * (1 + x * (1 - s)))


@primitive(residuals={"s": lambda x: sigmoid(x)}, x=_silu_rule)
@rounded_once
def silu(x: Array) -> Array:
    """x σ(x), elementwise. ∂/∂x = σ(x)(1 + x(1 − σ(x))).

    Source: Elfwing, Uchibe and Doya, "Sigmoid-weighted linear units for neural network function approximation in
    reinforcement learning" (2018).

    Examples
    --------
    >>> silu(Tensor([0.0, 1000.0]))
    Tensor([   0., 1000.])
    """
    s = sigmoid(x)
    return np.maximum(x, -1000) * s, s


_SLOPE, _CUBE = math.sqrt(2 / math.pi), 0.044715  # constants of the approximation by Hendrycks and Gimpel


def _near_zero(x: Array) -> Array:
    """x limited to [−40, 40]: beyond, the result does not change, but powers would overflow, and ∞ times 0 is NaN."""
    return np.clip(x, -40, 40)


def _normal_cdf(x: Array, approximate: str) -> Array:
    """Φ(x), or its approximation."""
    if approximate == "none":
        return 0.5 + 0.5 * erf(x * math.sqrt(0.5))
    near = _near_zero(x)
    return 0.5 + 0.5 * np.tanh(near * (_SLOPE + (_SLOPE * _CUBE) * near * near))


def _gelu_rule(g: Array, x: Array, cdf: Array, approximate: str) -> Array:
    near, cdf = _near_zero(single(x)), single(cdf)
    if approximate == "none":
        return g * (cdf + near * np.exp(-0.5 * near * near) * (1 / math.sqrt(2 * math.pi)))
    return g * (cdf + near * (cdf * (1 - cdf)) * (2 * _SLOPE + (6 * _SLOPE * _CUBE) * near * near))


@primitive(residuals={"cdf": lambda x, approximate: _normal_cdf(x, approximate)}, x=_gelu_rule)
@rounded_once
def gelu(x: Array, approximate: str = "none") -> Array:
    """x Φ(x) with the normal distribution function Φ, elementwise. ∂/∂x = Φ(x) + x e^(−x²/2)/√(2π).

    ``approximate="tanh"`` puts tanh(√(2/π)(x + 0.044715 x³)) in place of the error function, with its own derivative.
    Source: Hendrycks and Gimpel, "Gaussian error linear units (GELUs)" (2016).

    Examples
    --------
    >>> gelu(Tensor([-1000.0, 0.0, 1000.0]))
    Tensor([  -0.,    0., 1000.])
    """
    if approximate not in ("none", "tanh"):
        raise ValueError(f'approximate must be "none" or "tanh", not {show(approximate)}')
    x = to_floats(x)
    cdf = _normal_cdf(x, approximate)
    return np.maximum(x, -40) * cdf, cdf


@primitive(x=lambda g, x, min_val, max_val: np.where((x > min_val) & (x < max_val), g, 0))
def hardtanh(x: Array, min_val: float = -1.0, max_val: float = 1.0) -> Array:
    """x limited to [min_val, max_val], elementwise. ∂/∂x = 1 between them, else 0, also on the limits.

    Examples
    --------
    >>> hardtanh(Tensor([-3.0, 0.5, 3.0]))
    Tensor([-1. ,  0.5,  1. ])
    """
    if not min_val < max_val:
        raise ValueError(f"min_val must be below max_val, not {show(min_val)} and {show(max_val)}")
    return np.clip(x, min_val, max_val)


def exponentials(x: Array, axis: Axis) -> tuple[Array, Array, Array]:
    """x − max x along `axis`, its exponential, and the sum of the exponential: the parts of a stable softmax."""
    if x.ndim and axis in (-1, x.ndim - 1) and 0 < x.shape[-1] <= SHORT:
        rows = x if x.ndim == 2 else x.reshape(math.prod(x.shape[:-1]), x.shape[-1])
        shifted, exponential, total = exponentials_of_rows(rows)
        return shifted.reshape(x.shape), exponential.reshape(x.shape), total.reshape((*x.shape[:-1], 1))
    shifted = x - np.maximum.reduce(x, axis=axis, keepdims=True, initial=-np.inf)
    exponential = np.exp(shifted)
    return shifted, exponential, sum_over(exponential, axis, keepdims=True)


@primitive(x=lambda g, out, axis: out * (g - sum_over(g * out, axis, keepdims=True)))
@rounded_once
def softmax(x: Array, axis: Axis = -1) -> Array:
    """p_i = e^(x_i) / Σ_j e^(x_j) along `axis`. ∂p_i/∂x_j = p_i (1[i=j] − p_j).

    Examples
    --------
    >>> softmax(Tensor([[0.0, 0.0], [1000.0, 0.0]]))
    Tensor([[0.5, 0.5],
            [1. , 0. ]])
    """
    _, exponential, total = exponentials(to_floats(x), axis)
    exponential /= total
    return exponential


@primitive(x=lambda g, out, axis: g - np.exp(out) * sum_over(g, axis, keepdims=True))
@rounded_once
def log_softmax(x: Array, axis: Axis = -1) -> Array:
    """ln p_i = x_i − ln Σ_j e^(x_j) along `axis`. ∂(ln p_i)/∂x_j = 1[i=j] − p_j.

    Examples
    --------
    >>> log_softmax(Tensor([0.0, -1000.0]))
    Tensor([    0., -1000.])
    """
    shifted, _, total = exponentials(to_floats(x), axis)
    return shifted - np.log(total) if shifted.size else shifted
