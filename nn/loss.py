"""Losses as modules. Formulas, shapes and errors are documented with the functions, in `autograd_lite.ops.layers`."""

from __future__ import annotations

from typing import Any

from autograd_lite.core.tensor import Array, Tensor
from autograd_lite.nn.module import Module, changed_options
from autograd_lite.nn.parameter import Buffer
from autograd_lite.ops.layers import distance, likelihood_losses, loss, weighted_losses
from autograd_lite.support.checks import (
    alternatives,
    check,
    check_at_least_0,
    check_positive,
    check_switch,
    is_integer,
)
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


class _WeightedLoss(_Loss):
    """A loss with weights, a buffer: not learned, but saved."""

    weight: Buffer | None

    def __init__(self, weight: Any = None, *, reduction: str = "mean") -> None:
        super().__init__(reduction=reduction)
        self.register_buffer("weight", weight)


# -- many classes ----------------------------------------------------------------------------------------------------


class CrossEntropyLoss(_WeightedLoss):
    """−Σ_k w_k y_k ln softmax(logits)_k; the target holds labels or probabilities.

    Parameters
    ----------
    weight : array (K,), optional
        Weights of the classes.
    ignore_index : int, default −100
        Samples with this label do not count.
    reduction : "mean", "sum" or "none", default "mean"
    label_smoothing : float, default 0
        The share of the target that is spread evenly over the classes.

    Examples
    --------
    >>> CrossEntropyLoss()(Tensor([[0.0, 0.0]]), [1])
    Tensor(0.69314718)
    """

    def __init__(
        self,
        weight: Any = None,
        *,
        ignore_index: int = -100,
        reduction: str = "mean",
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__(weight, reduction=reduction)
        check("CrossEntropyLoss", "an integer", is_integer, ignore_index=ignore_index)
        check("CrossEntropyLoss", "in [0, 1]", lambda value: 0 <= value <= 1, label_smoothing=label_smoothing)
        self.ignore_index, self.label_smoothing = ignore_index, label_smoothing

    def extra_repr(self) -> str:
        return ", ".join([super().extra_repr(), *changed_options(self, ignore_index=-100, label_smoothing=0.0)])

    def forward(self, input: Array, target: Array) -> Tensor:
        return weighted_losses.cross_entropy(
            input,
            target,
            self.weight,
            ignore_index=self.ignore_index,
            reduction=self.reduction,
            label_smoothing=self.label_smoothing,
        )


class NLLLoss(_WeightedLoss):
    """−w_y ln p_y, given the logarithms of probabilities and labels; options are those of `CrossEntropyLoss`."""

    def __init__(self, weight: Any = None, *, ignore_index: int = -100, reduction: str = "mean") -> None:
        super().__init__(weight, reduction=reduction)
        check("NLLLoss", "an integer", is_integer, ignore_index=ignore_index)
        self.ignore_index = ignore_index

    def extra_repr(self) -> str:
        return ", ".join([super().extra_repr(), *changed_options(self, ignore_index=-100)])

    def forward(self, input: Array, target: Array) -> Tensor:
        return weighted_losses.nll_loss(
            input, target, self.weight, ignore_index=self.ignore_index, reduction=self.reduction
        )


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

    def forward(self, input: Array, target: Array) -> Tensor:
        return distance.kl_div(input, target, reduction=self.reduction, log_target=self.log_target)


# -- two classes -----------------------------------------------------------------------------------------------------


class BCELoss(_WeightedLoss):
    """−w (y ln p + (1 − y) ln(1 − p)), given probabilities; p and y are in [0, 1]."""

    def forward(self, input: Array, target: Array) -> Tensor:
        return weighted_losses.binary_cross_entropy(input, target, self.weight, reduction=self.reduction)


class BCEWithLogitsLoss(_WeightedLoss):
    """Binary cross-entropy of σ(logits); targets are in [0, 1].

    Parameters
    ----------
    weight : array that broadcasts to the input, optional
    reduction : "mean", "sum" or "none", default "mean"
    pos_weight : array that broadcasts to the input, optional
        Weights of positive examples.

    Examples
    --------
    >>> BCEWithLogitsLoss(pos_weight=[3.0])(Tensor([0.0]), np.array([1.0]))
    Tensor(2.07944154)
    """

    pos_weight: Buffer | None

    def __init__(self, weight: Any = None, *, reduction: str = "mean", pos_weight: Any = None) -> None:
        super().__init__(weight, reduction=reduction)
        self.register_buffer("pos_weight", pos_weight)

    def forward(self, input: Array, target: Array) -> Tensor:
        return weighted_losses.binary_cross_entropy_with_logits(
            input, target, self.weight, reduction=self.reduction, pos_weight=self.pos_weight
        )


# -- regression ------------------------------------------------------------------------------------------------------


class MSELoss(_Loss):
    """(x − y)².

    Examples
    --------
    >>> MSELoss(reduction="sum")(Tensor([1.0, 2.0]), np.array([0.0, 0.0]))
    Tensor(5.)
    """

    def forward(self, input: Array, target: Array) -> Tensor:
        return loss.mse_loss(input, target, reduction=self.reduction)


class L1Loss(_Loss):
    """|x − y|."""

    def forward(self, input: Array, target: Array) -> Tensor:
        return distance.l1_loss(input, target, reduction=self.reduction)


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

    def forward(self, input: Array, target: Array) -> Tensor:
        return distance.huber_loss(input, target, self.reduction, self.delta)


class SmoothL1Loss(_Loss):
    """(x − y)²/(2β) where |x − y| < β, else |x − y| − β/2."""

    _shown = ("reduction", "beta")

    def __init__(self, *, reduction: str = "mean", beta: float = 1.0) -> None:
        super().__init__(reduction=reduction)
        check_at_least_0("SmoothL1Loss", beta=beta)
        self.beta = beta

    def forward(self, input: Array, target: Array) -> Tensor:
        return likelihood_losses.smooth_l1_loss(input, target, reduction=self.reduction, beta=self.beta)


class GaussianNLLLoss(_Loss):
    """(ln v + (x − y)²/v)/2 for means x, observations y and variances v; `full` adds ln(2π)/2."""

    _shown = ("full", "eps", "reduction")

    def __init__(self, *, full: bool = False, eps: float = 1e-6, reduction: str = "mean") -> None:
        super().__init__(reduction=reduction)
        check_switch("GaussianNLLLoss: full", full)
        check_positive("GaussianNLLLoss", eps=eps)
        self.full, self.eps = full, eps

    def forward(self, input: Array, target: Array, var: Array) -> Tensor:
        return likelihood_losses.gaussian_nll_loss(input, target, var, self.full, self.eps, reduction=self.reduction)


class PoissonNLLLoss(_Loss):
    """λ − y ln λ for counts y and rates λ; the input is ln λ, or λ without `log_input`. `full` adds about ln y!."""

    _shown = ("log_input", "full", "eps", "reduction")

    def __init__(
        self, log_input: bool = True, full: bool = False, *, eps: float = 1e-8, reduction: str = "mean"
    ) -> None:
        super().__init__(reduction=reduction)
        check_switch("PoissonNLLLoss: log_input", log_input)
        check_switch("PoissonNLLLoss: full", full)
        check_at_least_0("PoissonNLLLoss", eps=eps)
        self.log_input, self.full, self.eps = log_input, full, eps

    def forward(self, input: Array, target: Array) -> Tensor:
        return likelihood_losses.poisson_nll_loss(
            input, target, self.log_input, self.full, eps=self.eps, reduction=self.reduction
        )


class HingeLoss(_Loss):
    """max(0, 1 − y x) for scores x and labels y = ±1."""

    def forward(self, input: Array, target: Array) -> Tensor:
        return distance.hinge_loss(input, target, reduction=self.reduction)
