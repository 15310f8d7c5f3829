"""Activations as modules. The formulas stand with the operations in `autograd_lite.ops`."""

from __future__ import annotations

from typing import Any

from autograd_lite.nn.module import Module
from autograd_lite.ops import activation, hyperbolic


class Identity(Module):
    """The input, unchanged."""

    def forward(self, x: Any) -> Any:
        return x


class Sigmoid(Module):
    """σ(x) = 1/(1 + e^(−x)), elementwise.

    Examples
    --------
    >>> Sigmoid()(Tensor([0.0]))
    Tensor([0.5])
    """

    def forward(self, x: Any) -> Any:
        return activation.sigmoid(x)


class Tanh(Module):
    """tanh x, elementwise."""

    def forward(self, x: Any) -> Any:
        return hyperbolic.tanh(x)


class ReLU(Module):
    """max(x, 0), elementwise."""

    def forward(self, x: Any) -> Any:
        return activation.relu(x)


class Softplus(Module):
    """ln(1 + e^(βx))/β, elementwise.

    Parameters
    ----------
    beta : float, default 1
        The larger, the closer to ReLU.

    Examples
    --------
    >>> Softplus(beta=100)(Tensor([1.0]))
    Tensor([1.])
    """

    def __init__(self, beta: float = 1.0) -> None:
        if not beta > 0:
            raise ValueError(f"Softplus: beta is positive, not {beta!r}")
        self.beta = beta

    def forward(self, x: Any) -> Any:
        if self.beta == 1:
            return activation.softplus(x)
        return activation.softplus(x * self.beta) / self.beta

    def extra_repr(self) -> str:
        return f"beta={self.beta}"


class Softmax(Module):
    """Probabilities e^(x_i) / Σ_j e^(x_j) along the axis `dim`.

    For training use `CrossEntropyLoss` on logits, which contains the softmax.

    Examples
    --------
    >>> Softmax()(Tensor([[0.0, 0.0]]))
    Tensor([[0.5, 0.5]])
    """

    def __init__(self, dim: int = -1) -> None:
        self.dim = dim

    def forward(self, x: Any) -> Any:
        return activation.softmax(x, self.dim)

    def extra_repr(self) -> str:
        return f"dim={self.dim}"


class LogSoftmax(Module):
    """ln softmax(x) along the axis `dim`."""

    def __init__(self, dim: int = -1) -> None:
        self.dim = dim

    def forward(self, x: Any) -> Any:
        return activation.log_softmax(x, self.dim)

    def extra_repr(self) -> str:
        return f"dim={self.dim}"
