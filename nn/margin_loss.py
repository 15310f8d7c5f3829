"""Losses with a margin, as modules. Formulas, shapes and errors: `autograd_lite.ops.layers.margin_losses`."""

from __future__ import annotations

from typing import Any

from autograd_lite.core.tensor import Array, Tensor
from autograd_lite.nn.loss import _Loss, _WeightedLoss
from autograd_lite.ops.layers import margin_losses
from autograd_lite.support.checks import check, check_positive, check_switch, is_number
from autograd_lite.support.messages import show


class _MarginLoss(_Loss):
    """A loss with a margin, by default 0."""

    _shown = ("margin", "reduction")

    def __init__(self, margin: float = 0.0, *, reduction: str = "mean") -> None:
        super().__init__(reduction=reduction)
        check(type(self).__name__, "a number", is_number, margin=margin)
        self.margin = margin


class CosineEmbeddingLoss(_MarginLoss):
    """1 − cos(x₁, x₂) where y = 1, max(0, cos(x₁, x₂) − margin) where y = −1."""

    def forward(self, input1: Array, input2: Array, target: Array) -> Tensor:
        return margin_losses.cosine_embedding_loss(input1, input2, target, self.margin, reduction=self.reduction)


class MarginRankingLoss(_MarginLoss):
    """max(0, −y(x₁ − x₂) + margin) for labels y = ±1."""

    def forward(self, input1: Array, input2: Array, target: Array) -> Tensor:
        return margin_losses.margin_ranking_loss(input1, input2, target, self.margin, reduction=self.reduction)


class HingeEmbeddingLoss(_MarginLoss):
    """x where y = 1, max(0, margin − x) where y = −1, for distances x."""

    def __init__(self, margin: float = 1.0, *, reduction: str = "mean") -> None:
        super().__init__(margin, reduction=reduction)

    def forward(self, input: Array, target: Array) -> Tensor:
        return margin_losses.hinge_embedding_loss(input, target, self.margin, reduction=self.reduction)


class TripletMarginLoss(_Loss):
    """max(0, d(a, p) − d(a, n) + margin) for anchors a, positive examples p and negative examples n.

    Parameters
    ----------
    margin : float, default 1
    p : float, default 2
        The order of the norm of the distances.
    eps : float, default 1e-6
    swap : bool, default False
        Whether d(p, n) takes the place of d(a, n) where it is smaller.
    reduction : "mean", "sum" or "none", default "mean"

    Examples
    --------
    >>> TripletMarginLoss(eps=0)(Tensor([0.0]), np.array([1.0]), np.array([1.5]))
    Tensor(0.5)
    """

    _shown = ("margin", "p", "eps", "swap", "reduction")

    def __init__(
        self, margin: float = 1.0, p: float = 2.0, eps: float = 1e-6, swap: bool = False, *, reduction: str = "mean"
    ) -> None:
        super().__init__(reduction=reduction)
        check_positive("TripletMarginLoss", margin=margin)
        check("TripletMarginLoss", "a number", is_number, p=p, eps=eps)
        check_switch("TripletMarginLoss: swap", swap)
        self.margin, self.p, self.eps, self.swap = margin, p, eps, swap

    def forward(self, anchor: Array, positive: Array, negative: Array) -> Tensor:
        return margin_losses.triplet_margin_loss(
            anchor, positive, negative, self.margin, self.p, self.eps, self.swap, reduction=self.reduction
        )


class SoftMarginLoss(_Loss):
    """ln(1 + e^(−y x)) for scores x and labels y = ±1."""

    def forward(self, input: Array, target: Array) -> Tensor:
        return margin_losses.soft_margin_loss(input, target, reduction=self.reduction)


class MultiLabelSoftMarginLoss(_WeightedLoss):
    """The mean over classes of w_k times the binary cross-entropy of σ(x_k)."""

    def forward(self, input: Array, target: Array) -> Tensor:
        return margin_losses.multilabel_soft_margin_loss(input, target, self.weight, reduction=self.reduction)


class MultiLabelMarginLoss(_Loss):
    """Σ_j Σ_i max(0, 1 − x_j + x_i) / K over labels j and all other classes i; labels end with −1."""

    def forward(self, input: Array, target: Array) -> Tensor:
        return margin_losses.multilabel_margin_loss(input, target, reduction=self.reduction)


class MultiMarginLoss(_WeightedLoss):
    """Σ_(k≠y) w_y max(0, margin − x_y + x_k)^p / K for scores x and labels y.

    Parameters
    ----------
    p : 1 or 2, default 1
    margin : float, default 1
    weight : array (K,), optional
    reduction : "mean", "sum" or "none", default "mean"
    """

    _shown = ("p", "margin", "reduction")

    def __init__(self, p: int = 1, margin: float = 1.0, weight: Any = None, *, reduction: str = "mean") -> None:
        super().__init__(weight, reduction=reduction)
        if p not in (1, 2):
            raise ValueError(f"MultiMarginLoss: p must be 1 or 2, not {show(p)}")
        check("MultiMarginLoss", "a number", is_number, margin=margin)
        self.p, self.margin = p, margin

    def forward(self, input: Array, target: Array) -> Tensor:
        return margin_losses.multi_margin_loss(
            input, target, self.p, self.margin, self.weight, reduction=self.reduction
        )
