"""Activations as modules: a class names its operation, documented in `ops.layers`, and its options with defaults."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from autograd_lite.core.tensor import Array, Tensor
from autograd_lite.nn import functional
from autograd_lite.nn.configured import Configured
from autograd_lite.nn.module import Module
from autograd_lite.nn.parameter import Parameter
from autograd_lite.ops.elementwise import hyperbolic
from autograd_lite.ops.layers import activation, rectifiers, smooth_activations
from autograd_lite.support.checks import check, check_at_least_0, check_positive, check_positive_integer, is_number
from autograd_lite.support.messages import show


class Identity(Module):
    """The input, unchanged. Arguments are ignored, as in PyTorch."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        pass

    def forward(self, input: Array) -> Tensor:
        return input


# -- without options -------------------------------------------------------------------------------------------------


class Sigmoid(Configured):
    """σ(x) = 1/(1 + e^(−x)), elementwise.

    Examples
    --------
    >>> Sigmoid()(Tensor([0.0]))
    Tensor([0.5])
    """

    _operation = staticmethod(activation.sigmoid)


class Tanh(Configured):
    """tanh x, elementwise."""

    _operation = staticmethod(hyperbolic.tanh)


class LogSigmoid(Configured):
    """ln σ(x), elementwise."""

    _operation = staticmethod(smooth_activations.logsigmoid)


class Softsign(Configured):
    """x/(1 + |x|), elementwise."""

    _operation = staticmethod(smooth_activations.softsign)


class Tanhshrink(Configured):
    """x − tanh x, elementwise."""

    _operation = staticmethod(smooth_activations.tanhshrink)


# -- with `inplace`: whether to write the result into the input ------------------------------------------------------


class ReLU(Configured):
    """max(x, 0), elementwise.

    Examples
    --------
    >>> x = Tensor([-1.0, 2.0])
    >>> ReLU(inplace=True)(x) is x, x
    (True, Tensor([0., 2.]))
    """

    inplace: bool = False
    _operation = staticmethod(activation.relu)


class ReLU6(Configured):
    """min(max(x, 0), 6), elementwise."""

    inplace: bool = False
    _operation = staticmethod(rectifiers.relu6)


class SELU(Configured):
    """s x for x > 0, else s α(eˣ − 1), elementwise, with s ≈ 1.0507 and α ≈ 1.6733."""

    inplace: bool = False
    _operation = staticmethod(rectifiers.selu)


class SiLU(Configured):
    """x σ(x), elementwise."""

    inplace: bool = False
    _operation = staticmethod(activation.silu)


class Mish(Configured):
    """x tanh(ln(1 + eˣ)), elementwise."""

    inplace: bool = False
    _operation = staticmethod(smooth_activations.mish)


class Hardsigmoid(Configured):
    """x/6 + 1/2 limited to [0, 1], elementwise."""

    inplace: bool = False
    _operation = staticmethod(rectifiers.hardsigmoid)


class Hardswish(Configured):
    """x · hardsigmoid(x), elementwise."""

    inplace: bool = False
    _operation = staticmethod(rectifiers.hardswish)


# -- with numbers ----------------------------------------------------------------------------------------------------


class LeakyReLU(Configured):
    """x for x > 0, else negative_slope · x, elementwise."""

    negative_slope: float = 0.01
    inplace: bool = False
    _operation = staticmethod(activation.leaky_relu)


class ELU(Configured):
    """x for x > 0, else α(eˣ − 1), elementwise."""

    alpha: float = 1.0
    inplace: bool = False
    _operation = staticmethod(activation.elu)


class CELU(Configured):
    """x for x > 0, else α(e^(x/α) − 1), elementwise; a ValueError if α is 0."""

    alpha: float = 1.0
    inplace: bool = False
    _operation = staticmethod(rectifiers.celu)

    def check(self) -> None:
        check("CELU", "a number other than 0", lambda value: value != 0, alpha=self.alpha)


class GELU(Configured):
    """x Φ(x) with the normal distribution function Φ, elementwise; "tanh" selects its approximation by tanh.

    Raises
    ------
    ValueError
        If `approximate` is neither "none" nor "tanh".

    Examples
    --------
    >>> GELU()(Tensor([0.0, 1.0]))
    Tensor([0.        , 0.84134475])
    """

    approximate: str = "none"
    _operation = staticmethod(activation.gelu)

    def check(self) -> None:
        if self.approximate not in ("none", "tanh"):
            raise ValueError(f'GELU: approximate must be "none" or "tanh", not {show(self.approximate)}')


class Softplus(Configured):
    """ln(1 + e^(βx))/β, elementwise; the larger β, the closer to ReLU. Where βx is above the threshold it is x.

    Examples
    --------
    >>> Softplus(beta=100)(Tensor([1.0]))
    Tensor([1.])
    """

    beta: float = 1.0
    threshold: float = 20.0
    _operation = staticmethod(functional.softplus)

    def check(self) -> None:
        check_positive("Softplus", beta=self.beta)


class Softshrink(Configured):
    """x moved by λ towards 0, and 0 where |x| ≤ λ, elementwise; a ValueError if λ is negative."""

    lambd: float = 0.5
    _operation = staticmethod(rectifiers.softshrink)

    def check(self) -> None:
        check_at_least_0("Softshrink", lambd=self.lambd)


class Hardshrink(Configured):
    """x where |x| > λ, else 0, elementwise."""

    lambd: float = 0.5
    _operation = staticmethod(rectifiers.hardshrink)


class Hardtanh(Configured):
    """x limited to [min_val, max_val], elementwise; a ValueError if min_val is not below max_val."""

    min_val: float = -1.0
    max_val: float = 1.0
    inplace: bool = False
    _operation = staticmethod(activation.hardtanh)

    def check(self) -> None:
        if not self.min_val < self.max_val:
            low, high = show(self.min_val), show(self.max_val)
            raise ValueError(f"Hardtanh: min_val must be below max_val, not {low} and {high}")


# -- along an axis ---------------------------------------------------------------------------------------------------


class Softmax(Configured):
    """Probabilities e^(x_i) / Σ_j e^(x_j) along the axis `dim`; without it the one that `functional.softmax` takes.

    For training use `CrossEntropyLoss` on logits, which contains the softmax.

    Examples
    --------
    >>> Softmax(dim=1)(Tensor([[0.0, 0.0]]))
    Tensor([[0.5, 0.5]])
    """

    dim: int | None = None
    _operation = staticmethod(functional.softmax)


class LogSoftmax(Configured):
    """ln softmax(x) along the axis `dim`."""

    dim: int | None = None
    _operation = staticmethod(functional.log_softmax)


class Softmin(Configured):
    """softmax(−x) along the axis `dim`."""

    dim: int | None = None
    _operation = staticmethod(functional.softmin)


class GLU(Configured):
    """a σ(b), where a and b are the first and the second half of x along the axis `dim`."""

    dim: int = -1
    _operation = staticmethod(smooth_activations.glu)


class PReLU(Module):
    """x for x > 0, else w x, elementwise, with a slope w that is learned: one, or one for each channel.

    Parameters
    ----------
    num_parameters : int, default 1
        1, or the number of channels.
    init : float, default 0.25
        The first value of the slopes.
    dtype : dtype, default float32

    Attributes
    ----------
    weight : Parameter (num_parameters,)

    Examples
    --------
    >>> PReLU()(np.array([-1.0, 2.0]))
    Tensor([-0.25,  2.  ], operation=prelu)
    """

    _shown = ("num_parameters",)

    def __init__(self, num_parameters: int = 1, init: float = 0.25, *, dtype: DTypeLike = np.float32) -> None:
        check_positive_integer("PReLU", num_parameters=num_parameters)
        check("PReLU", "a number", is_number, init=init)
        self.num_parameters, self.init = num_parameters, init
        self.weight = Parameter(np.full(num_parameters, init), dtype=dtype)

    def forward(self, input: Array) -> Tensor:
        return rectifiers.prelu(input, self.weight)
