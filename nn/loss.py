"""Losses as modules. Formulas, shapes and errors are documented in `autograd_lite.ops.layers.loss` and `.distance`."""

from __future__ import annotations

from autograd_lite.core.tensor import Array, Tensor
from autograd_lite.nn.module import Module
from autograd_lite.ops.layers import distance, loss
from autograd_lite.support.checks import alternatives, check_positive
from autograd_lite.support.messages import show


class _Loss(Module):
    """A loss with its reduction: "mean" (default), "sum" or "none"."""

    reductions: tuple[str, ...] = ("mean", "sum", "none")
    _shown: tuple[str, ...] = ("reduction",)

    def __init__(self, *, reduction: str = "mean") -> None:
        if reduction not in self.reductions:
            raise ValueError(
                f"{type(self).__name__}: reduction must be {alternatives(self.reductions)}, not {show(reduction)}"
            )
        self.reduction = reduction


class CrossEntropyLoss(_Loss):
    """−Σ_k y_k ln softmax(logits)_k; the target holds labels or probabilities.

    Examples
    --------
    >>> CrossEntropyLoss()(Tensor([[0.0, 0.0]]), [1])
    Tensor(0.69314718)
    """

    def forward(self, logits: Array, target: Array) -> Tensor:
        return loss.cross_entropy(logits, target, reduction=self.reduction)


class NLLLoss(_Loss):
    """−ln p_y, given the logarithms of probabilities and labels."""

    def forward(self, log_probabilities: Array, target: Array) -> Tensor:
        return loss.nll_loss(log_probabilities, target, reduction=self.reduction)


class BCELoss(_Loss):
    """−y ln p − (1 − y) ln(1 − p), given probabilities; p and y are in [0, 1]."""

    def forward(self, p: Array, target: Array) -> Tensor:
        return loss.binary_cross_entropy(p, target, reduction=self.reduction)


class BCEWithLogitsLoss(_Loss):
    """Binary cross-entropy of σ(logits); targets are in [0, 1]."""

    def forward(self, logits: Array, target: Array) -> Tensor:
        return loss.binary_cross_entropy_with_logits(logits, target, reduction=self.reduction)


class MSELoss(_Loss):
    """(x − y)².

    Examples
    --------
    >>> MSELoss(reduction="sum")(Tensor([1.0, 2.0]), np.array([0.0, 0.0]))
    Tensor(5.)
    """

    def forward(self, x: Array, target: Array) -> Tensor:
        return loss.mse_loss(x, target, reduction=self.reduction)


class L1Loss(_Loss):
    """|x − y|."""

    def forward(self, x: Array, target: Array) -> Tensor:
        return distance.l1_loss(x, target, reduction=self.reduction)


class HuberLoss(_Loss):
    """(x − y)²/2 where |x − y| ≤ δ, else δ(|x − y| − δ/2).

    Raises
    ------
    ValueError
        If δ is not positive.
    """

    _shown = ("reduction", "delta")

    def __init__(self, reduction: str = "mean", delta: float = 1.0) -> None:
        super().__init__(reduction=reduction)
        check_positive("HuberLoss", delta=delta)
        self.delta = delta

    def forward(self, x: Array, target: Array) -> Tensor:
        return distance.huber_loss(x, target, self.reduction, self.delta)


class KLDivLoss(_Loss):
    """Kullback–Leibler divergence y (ln y − x), given logarithms x of probabilities; "batchmean" is its definition.

    Examples
    --------
    >>> KLDivLoss(reduction="batchmean")(np.log([[0.5, 0.5]]), np.array([[1.0, 0.0]]))
    np.float64(0.6931471805599453)
    """

    reductions = (*_Loss.reductions, "batchmean")
    _shown = ("reduction", "log_target")

    def __init__(self, *, reduction: str = "mean", log_target: bool = False) -> None:
        super().__init__(reduction=reduction)
        self.log_target = log_target

    def forward(self, x: Array, target: Array) -> Tensor:
        return distance.kl_div(x, target, reduction=self.reduction, log_target=self.log_target)


class HingeLoss(_Loss):
    """max(0, 1 − y x) for scores x and labels y = ±1."""

    def forward(self, x: Array, target: Array) -> Tensor:
        return distance.hinge_loss(x, target, reduction=self.reduction)
