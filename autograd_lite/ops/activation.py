"""Activations: sigmoid, softplus, relu, and softmax with its logarithm. Finite for finite input, however large."""

from __future__ import annotations

import numpy as np

from autograd_lite.conversion import to_floats
from autograd_lite.ops.reduction import Axis
from autograd_lite.primitive import primitive
from autograd_lite.tensor import Array

__all__ = ["log_softmax", "relu", "sigmoid", "softmax", "softplus"]

# e to this power is still finite.
_LARGEST_EXPONENT = {np.dtype(np.float16): 11.0, np.dtype(np.float32): 88.0, np.dtype(np.float64): 709.0}


@primitive(x=lambda g, out: g * (out * (1 - out)))
def sigmoid(x: Array) -> Array:
    """The logistic sigmoid σ(x) = 1/(1 + e^(−x)), elementwise. ∂/∂x = σ(x)(1 − σ(x)).

    It never overflows; far on the left it stops at the smallest positive number instead of 0.

    Examples
    --------
    >>> sigmoid(Tensor([0.0, 1000.0]))
    Tensor([0.5, 1. ])
    """
    exponent = np.negative(to_floats(x))
    # A limit instead of np.errstate against the overflow: that would take 2 µs a call.
    denominator = np.exp(np.minimum(exponent, _LARGEST_EXPONENT.get(exponent.dtype, 709.0)))
    denominator += 1
    return np.reciprocal(denominator)


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
    return np.logaddexp(x, 0)


def exponentials(x: Array, axis: Axis) -> tuple[Array, Array, Array]:
    """x − max x along `axis`, its exponential, and the sum of that: what every stable softmax is made from."""
    x = to_floats(x)
    shifted = x - np.maximum.reduce(x, axis=axis, keepdims=True, initial=-np.inf)
    exponential = np.exp(shifted)
    return shifted, exponential, np.add.reduce(exponential, axis=axis, keepdims=True)


@primitive(x=lambda g, out, axis: out * (g - np.add.reduce(g * out, axis=axis, keepdims=True)))
def softmax(x: Array, axis: Axis = -1) -> Array:
    """p_i = e^(x_i) / Σ_j e^(x_j) along `axis`. ∂p_i/∂x_j = p_i (1[i=j] − p_j).

    Examples
    --------
    >>> softmax(Tensor([[0.0, 0.0], [1000.0, 0.0]]))
    Tensor([[0.5, 0.5],
            [1. , 0. ]])
    """
    _, exponential, total = exponentials(x, axis)
    return exponential / total


@primitive(x=lambda g, out, axis: g - np.exp(out) * np.add.reduce(g, axis=axis, keepdims=True))
def log_softmax(x: Array, axis: Axis = -1) -> Array:
    """ln p_i = x_i − ln Σ_j e^(x_j) along `axis`. ∂(ln p_i)/∂x_j = 1[i=j] − p_j.

    Examples
    --------
    >>> log_softmax(Tensor([0.0, -1000.0]))
    Tensor([    0., -1000.])
    """
    shifted, _, total = exponentials(x, axis)
    return shifted - np.log(total) if shifted.size else shifted
