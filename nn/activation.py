"""Activations as modules. The formulas are documented in `autograd_lite.ops.layers.activation`."""

from __future__ import annotations

from autograd_lite.core.tensor import Array, Tensor
from autograd_lite.nn import functional
from autograd_lite.nn.module import Module
from autograd_lite.ops.elementwise import hyperbolic
from autograd_lite.ops.layers import activation
from autograd_lite.support.checks import check, check_positive, is_integer, is_number
from autograd_lite.support.messages import show


class Identity(Module):
    """The input, unchanged."""

    def forward(self, x: Array) -> Tensor:
        return x


class Sigmoid(Module):
    """σ(x) = 1/(1 + e^(−x)), elementwise.

    Examples
    --------
    >>> Sigmoid()(Tensor([0.0]))
    Tensor([0.5])
    """

    def forward(self, x: Array) -> Tensor:
        return activation.sigmoid(x)


class Tanh(Module):
    """tanh x, elementwise."""

    def forward(self, x: Array) -> Tensor:
        return hyperbolic.tanh(x)


class ReLU(Module):
    """max(x, 0), elementwise."""

    def forward(self, x: Array) -> Tensor:
        return activation.relu(x)


class Softplus(Module):
    """ln(1 + e^(βx))/β, elementwise.

    Parameters
    ----------
    beta : float, default 1
        The larger β, the closer to ReLU.

    Examples
    --------
    >>> Softplus(beta=100)(Tensor([1.0]))
    Tensor([1.])
    """

    _shown = ("beta",)

    def __init__(self, beta: float = 1.0) -> None:
        check_positive("Softplus", beta=beta)
        self.beta = beta

    def forward(self, x: Array) -> Tensor:
        return functional.softplus(x, self.beta)


class LeakyReLU(Module):
    """x for x > 0, else negative_slope · x, elementwise."""

    _shown = ("negative_slope",)

    def __init__(self, negative_slope: float = 0.01) -> None:
        check("LeakyReLU", "a number", is_number, negative_slope=negative_slope)
        self.negative_slope = negative_slope

    def forward(self, x: Array) -> Tensor:
        return activation.leaky_relu(x, self.negative_slope)


class ELU(Module):
    """x for x > 0, else α(eˣ − 1), elementwise."""

    _shown = ("alpha",)

    def __init__(self, alpha: float = 1.0) -> None:
        check("ELU", "a number", is_number, alpha=alpha)
        self.alpha = alpha

    def forward(self, x: Array) -> Tensor:
        return activation.elu(x, self.alpha)


class GELU(Module):
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

    _shown = ("approximate",)

    def __init__(self, approximate: str = "none") -> None:
        if approximate not in ("none", "tanh"):
            raise ValueError(f'GELU: approximate must be "none" or "tanh", not {show(approximate)}')
        self.approximate = approximate

    def forward(self, x: Array) -> Tensor:
        return activation.gelu(x, self.approximate)


class SiLU(Module):
    """x σ(x), elementwise."""

    def forward(self, x: Array) -> Tensor:
        return activation.silu(x)


class Hardtanh(Module):
    """x limited to [min_val, max_val], elementwise.

    Raises
    ------
    ValueError
        If min_val is not below max_val.
    """

    _shown = ("min_val", "max_val")

    def __init__(self, min_val: float = -1.0, max_val: float = 1.0) -> None:
        check("Hardtanh", "a number", is_number, min_val=min_val, max_val=max_val)
        if not min_val < max_val:
            raise ValueError(f"Hardtanh: min_val must be below max_val, not {show(min_val)} and {show(max_val)}")
        self.min_val, self.max_val = min_val, max_val

    def forward(self, x: Array) -> Tensor:
        return activation.hardtanh(x, self.min_val, self.max_val)


class Softmax(Module):
    """Probabilities e^(x_i) / Σ_j e^(x_j) along the axis `dim`.

    For training use `CrossEntropyLoss` on logits, which contains the softmax.

    Examples
    --------
    >>> Softmax()(Tensor([[0.0, 0.0]]))
    Tensor([[0.5, 0.5]])
    """

    _shown = ("dim",)

    def __init__(self, dim: int = -1) -> None:
        check("Softmax", "an integer", is_integer, dim=dim)
        self.dim = dim

    def forward(self, x: Array) -> Tensor:
        return activation.softmax(x, self.dim)


class LogSoftmax(Module):
    """ln softmax(x) along the axis `dim`."""

    _shown = ("dim",)

    def __init__(self, dim: int = -1) -> None:
        check("LogSoftmax", "an integer", is_integer, dim=dim)
        self.dim = dim

    def forward(self, x: Array) -> Tensor:
        return activation.log_softmax(x, self.dim)
