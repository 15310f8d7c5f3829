"""Losses as modules. Formulas, shapes and errors stand with the operations in `autograd_lite.ops.loss`."""

from __future__ import annotations

from typing import Any

from autograd_lite.nn.module import Module
from autograd_lite.ops import loss


class _Loss(Module):
    """A loss with its reduction: "mean" (default), "sum" or "none"."""

    def __init__(self, reduction: str = "mean") -> None:
        if reduction not in ("mean", "sum", "none"):
            raise ValueError(f'{type(self).__name__}: reduction is {reduction!r}; it can be "mean", "sum" or "none"')
        self.reduction = reduction

    def extra_repr(self) -> str:
        return f"reduction={self.reduction!r}"


class CrossEntropyLoss(_Loss):
    """−Σ_k y_k ln softmax(logits)_k; the target holds labels, or rows of probabilities.

    Examples
    --------
    >>> CrossEntropyLoss()(Tensor([[0.0, 0.0]]), [1])
    Tensor(0.69314718)
    """

    def forward(self, logits: Any, target: Any) -> Any:
        return loss.cross_entropy(logits, target, self.reduction)


class NLLLoss(_Loss):
    """−ln p_y, given the logarithms of probabilities and labels."""

    def forward(self, log_probabilities: Any, target: Any) -> Any:
        return loss.nll_loss(log_probabilities, target, self.reduction)


class BCELoss(_Loss):
    """−y ln p − (1 − y) ln(1 − p), given probabilities."""

    def forward(self, p: Any, target: Any) -> Any:
        return loss.binary_cross_entropy(p, target, self.reduction)


class BCEWithLogitsLoss(_Loss):
    """Binary cross-entropy of σ(logits)."""

    def forward(self, logits: Any, target: Any) -> Any:
        return loss.binary_cross_entropy_with_logits(logits, target, self.reduction)


class MSELoss(_Loss):
    """(x − y)².

    Examples
    --------
    >>> MSELoss(reduction="sum")(Tensor([1.0, 2.0]), np.array([0.0, 0.0]))
    Tensor(5.)
    """

    def forward(self, x: Any, target: Any) -> Any:
        return loss.mse_loss(x, target, self.reduction)
