"""Activations made of pieces: lines, a parabola or an exponential, joined at kinks.

At a kink the derivative is that of one side, the side that PyTorch chooses. Finite for finite input; at ±∞ values and
derivatives are their limits.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_lite.core.primitive import primitive
from autograd_lite.core.tensor import Array, Tensor
from autograd_lite.ops.arrays.shape import reshape
from autograd_lite.ops.composition import composed
from autograd_lite.ops.layers.activation import hardtanh
from autograd_lite.support.checks import check, check_at_least_0, is_number
from autograd_lite.support.conversion import to_array, to_floats

__all__: list[str] = []  # for `nn.functional`


@composed
def relu6(x: Array) -> Tensor:
    """min(max(x, 0), 6), elementwise. ∂/∂x = 1 between 0 and 6, else 0.

    Source: Krizhevsky, "Convolutional deep belief networks on CIFAR-10" (2010).

    Examples
    --------
    >>> relu6(Tensor([-1.0, 2.0, 9.0]))
    Tensor([0., 2., 6.])
    """
    return hardtanh(to_array(x), 0, 6)


@primitive(x=lambda g, x: np.where((x > -3) & (x < 3), g / 6, 0))
def hardsigmoid(x: Array) -> Array:
    """x/6 + 1/2 limited to [0, 1], elementwise. ∂/∂x = 1/6 between −3 and 3, else 0.

    Examples
    --------
    >>> hardsigmoid(Tensor([-4.0, 0.0, 4.0]))
    Tensor([0. , 0.5, 1. ])
    """
    return np.clip(to_floats(x) / 6 + 0.5, 0, 1)


def _hardswish_rule(g: Array, x: Array) -> Array:
    return g * np.where(x <= -3, 0, np.where(x >= 3, 1, x / 3 + 0.5))


@primitive(x=_hardswish_rule)
def hardswish(x: Array) -> Array:
    """x · hardsigmoid(x), elementwise. ∂/∂x = x/3 + 1/2 between −3 and 3, 0 below, 1 above.

    Source: Howard et al., "Searching for MobileNetV3" (2019).

    Examples
    --------
    >>> hardswish(Tensor([-4.0, 1.5, 4.0]))
    Tensor([0.   , 1.125, 4.   ])
    """
    x = to_floats(x)
    near = np.clip(x, -3, 3)
    return np.where(x > 3, x, near * (near + 3) / 6 + 0)  # + 0: no −0


@primitive(x=lambda g, x, lambd: np.where(np.abs(x) <= lambd, 0, g))
def hardshrink(x: Array, lambd: float = 0.5) -> Array:
    """x where |x| > λ, else 0, elementwise. ∂/∂x = 1 or 0 alike.

    Examples
    --------
    >>> hardshrink(Tensor([-1.0, 0.5, 2.0]))
    Tensor([-1.,  0.,  2.])
    """
    check("hardshrink", "a number", is_number, lambd=lambd)
    return np.where(np.abs(x) <= lambd, 0, x)


@primitive(x=lambda g, x, lambd: np.where(np.abs(x) <= lambd, 0, g))
def softshrink(x: Array, lambd: float = 0.5) -> Array:
    """x moved by λ towards 0, and 0 where |x| ≤ λ, elementwise. ∂/∂x = 1 where |x| > λ, else 0.

    Raises
    ------
    ValueError
        If λ is negative.

    Examples
    --------
    >>> softshrink(Tensor([-1.0, 0.2, 2.0]))
    Tensor([-0.5,  0. ,  1.5])
    """
    check_at_least_0("softshrink", lambd=lambd)
    return x - np.clip(x, -lambd, lambd)


@primitive(x=lambda g, x, threshold: np.where(x <= threshold, 0, g))
def threshold(x: Array, threshold: float, value: float) -> Array:
    """x where it is above the threshold, else `value`, elementwise. ∂/∂x = 1 above the threshold, else 0.

    Examples
    --------
    >>> threshold(Tensor([-1.0, 0.5, 2.0]), 0.5, -3.0)
    Tensor([-3., -3.,  2.])
    """
    check("threshold", "a number", is_number, threshold=threshold, value=value)
    return np.where(x <= threshold, value, x)


# -- exponentials ----------------------------------------------------------------------------------------------------


def _exponential_linear_rule(g: Array, x: Array, scale: float, alpha: float, rate: float) -> Array:
    return np.where(x > 0, g * scale, g * (scale * alpha * rate * np.exp(rate * np.where(x > 0, 0, x))))


@primitive(name="exponential_linear", x=_exponential_linear_rule)
def _exponential_linear(x: Array, scale: float, alpha: float, rate: float) -> Array:
    """s x for x > 0, else s α(e^(rx) − 1)."""
    return np.where(x > 0, scale * x, scale * alpha * np.expm1(rate * np.minimum(x, 0)))


@composed
def celu(x: Array, alpha: float = 1.0) -> Tensor:
    """x for x > 0, else α(e^(x/α) − 1), elementwise. ∂/∂x = 1 for x > 0, else e^(x/α).

    Source: Barron, "Continuously differentiable exponential linear units" (2017).

    Raises
    ------
    ValueError
        If α is 0.

    Examples
    --------
    >>> celu(Tensor([-1000.0, 0.0, 2.0]), alpha=3.0)
    Tensor([-3.,  0.,  2.])
    """
    check("celu", "a number other than 0", lambda value: is_number(value) and value != 0, alpha=alpha)
    return _exponential_linear(x, 1, alpha, 1 / alpha)


_SELU_SCALE, _SELU_ALPHA = 1.0507009873554804934193349852946, 1.6732632423543772848170429916717


@composed
def selu(x: Array) -> Tensor:
    """s x for x > 0, else s α(eˣ − 1), elementwise, with s ≈ 1.0507 and α ≈ 1.6733. ∂/∂x = s for x > 0, else s α eˣ.

    With these constants layers keep the mean 0 and the variance 1. Source: Klambauer, Unterthiner, Mayr and Hochreiter,
    "Self-normalizing neural networks" (2017).

    Examples
    --------
    >>> selu(Tensor([-1000.0, 0.0, 1.0]))
    Tensor([-1.75809934,  0.        ,  1.05070099])
    """
    return _exponential_linear(x, _SELU_SCALE, _SELU_ALPHA, 1)


# -- a slope that is learned -----------------------------------------------------------------------------------------


@primitive(
    name="prelu",
    x=lambda g, x, weight: np.where(x > 0, g, g * weight),
    weight=lambda g, x: g * np.where(x > 0, 0, x),
)
def _prelu(x: Array, weight: Array) -> Array:
    return np.where(x > 0, x, x * weight)


@composed
def prelu(x: Array, weight: Array) -> Tensor:
    """x for x > 0, else w x, elementwise, with one w for all or one for each channel.

    ∂/∂x = 1 for x > 0, else w; ∂/∂w = 0 for x > 0, else x. Source: He, Zhang, Ren and Sun, "Delving deep into
    rectifiers" (2015).

    Parameters
    ----------
    x : array, with weights for channels (N, C, ...)
    weight : array (1,), () or (C,)

    Raises
    ------
    ValueError
        If there are several weights, but another number of channels.

    Examples
    --------
    >>> prelu(Tensor([[-1.0, -1.0, 3.0]]), np.array([0.1, 0.2, 0.3]))
    Tensor([[-0.1, -0.2,  3. ]])
    """
    x, weight = to_array(x), to_array(weight)
    channels = x.shape[1] if x.ndim > 1 else 1
    if weight.ndim > 1 or weight.size not in (1, channels):
        raise ValueError(f"weight of shape {weight.shape}, expected (1,) or ({channels},) for x of shape {x.shape}")
    shape: Any = () if weight.size == 1 else (channels, *(1,) * (x.ndim - 2))
    return _prelu(x, reshape(weight, shape))
