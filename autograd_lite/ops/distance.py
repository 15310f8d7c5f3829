"""Losses that measure a distance: absolute, Huber's, of a margin, and between distributions.

Reductions and shapes are as in `autograd_lite.ops.loss`: nothing is broadcast.
"""

from __future__ import annotations

import numpy as np

from autograd_lite.checks import check_positive
from autograd_lite.conversion import strip, to_floats
from autograd_lite.ops.conventions import by_convention
from autograd_lite.ops.loss import per_term, reduce_terms, same_shape
from autograd_lite.primitive import primitive
from autograd_lite.tensor import Array

__all__ = ["hinge_loss", "huber_loss", "kl_div", "l1_loss"]


def _side_rule(g: Array, x: Array, target: Array, reduction: str) -> Array:
    g = per_term(g, reduction, x.size)
    return by_convention(g, np.sign(x - target), lambda: strip(x) == strip(target), x, target, piecewise_linear=True)


@primitive(
    x=lambda g, x, target, reduction: _side_rule(g, x, target, reduction),
    target=lambda g, x, target, reduction: _side_rule(g, target, x, reduction),
)
def l1_loss(x: Array, target: Array, *, reduction: str = "mean") -> Array:
    """Absolute error |x − y|, elementwise; its mean by default. ∂/∂x = sign(x − y), 0 where they are equal.

    Raises
    ------
    ValueError
        If the shapes differ.

    Examples
    --------
    >>> l1_loss(Tensor([1.0, 2.0]), np.array([1.0, 4.0]))
    Tensor(1.)
    """
    x = to_floats(x)
    return reduce_terms(np.abs(x - same_shape(target, x, "x")), reduction)


@primitive(
    x=lambda g, x, target, reduction, delta: per_term(g, reduction, x.size) * np.clip(x - target, -delta, delta),
    target=lambda g, x, target, reduction, delta: per_term(g, reduction, x.size) * np.clip(target - x, -delta, delta),
)
def huber_loss(x: Array, target: Array, reduction: str = "mean", delta: float = 1.0) -> Array:
    """Squared for small errors d = x − y, absolute for large ones. ∂/∂x = d limited to [−δ, δ].

    d²/2 for |d| ≤ δ, else δ(|d| − δ/2), elementwise; its mean by default. Source: Huber, "Robust estimation of a
    location parameter" (1964).

    Raises
    ------
    ValueError
        If the shapes differ, or δ is not positive.

    Examples
    --------
    >>> huber_loss(Tensor([1.0, 2.0]), np.array([0.0, 5.0]), reduction="none")
    Tensor([0.5, 2.5])
    """
    check_positive("huber_loss", delta=delta)
    x = to_floats(x)
    distance = np.abs(x - same_shape(target, x, "x"))
    # With q = min(|d|, δ) both cases are q(|d| − q/2).
    near = np.minimum(distance, delta)
    return reduce_terms(near * (distance - 0.5 * near), reduction)


def _logarithm(p: Array) -> Array:
    with np.errstate(divide="ignore"):
        return np.log(p)


def _of_each(g: Array, x: Array, reduction: str) -> Array:
    """The gradient of each term; "batchmean" is the sum over the number of samples."""
    return per_term(g, "mean", len(x)) if reduction == "batchmean" else per_term(g, reduction, x.size)


def _kl_target_rule(g: Array, x: Array, target: Array, reduction: str, log_target: bool) -> Array:
    slope = np.exp(target) * (1 + target - x) if log_target else 1 + _logarithm(target) - x
    return _of_each(g, x, reduction) * slope


@primitive(
    x=lambda g, x, target, reduction, log_target: (
        _of_each(-g, x, reduction) * (np.exp(target) if log_target else target)
    ),
    target=_kl_target_rule,
)
def kl_div(x: Array, target: Array, *, reduction: str = "mean", log_target: bool = False) -> Array:
    """Kullback–Leibler divergence y (ln y − x), elementwise, where x holds logarithms of probabilities. ∂/∂x = −y.

    Parameters
    ----------
    x : array
        ln q, the logarithms of the predicted probabilities.
    target : array of the same shape
        y = p, where p = 0 counts as 0; or its logarithms, if `log_target`.
    reduction : "mean", "batchmean", "sum" or "none", default "mean"
        "batchmean", the sum over all divided by the length of the first axis, is the divergence of the definition;
        "mean" divides by the number of elements, as in PyTorch.
    log_target : bool, default False

    Raises
    ------
    ValueError
        If the shapes differ, or a target is negative.

    Examples
    --------
    >>> kl_div(np.log([[0.5, 0.5]]), Tensor([[1.0, 0.0]]), reduction="batchmean")
    Tensor(0.69314718)
    """
    x = to_floats(x)
    target = same_shape(target, x, "x")
    if log_target:
        terms = np.exp(target) * (target - x)
    else:
        if (target < 0).any():
            raise ValueError("target holds negative numbers; for logarithms of probabilities pass log_target=True")
        terms = target * (np.log(np.where(target > 0, target, 1)) - x)
    if reduction == "batchmean":
        if not terms.ndim:
            raise ValueError('reduction="batchmean" needs an axis of samples')
        return reduce_terms(terms, "sum") / len(terms)
    return reduce_terms(terms, reduction)


@primitive(
    # Unsigned labels have no minus.
    x=lambda g, x, target, reduction: per_term(-g, reduction, x.size) * np.where(x * target < 1, target, 0),
)
def hinge_loss(x: Array, target: Array, *, reduction: str = "mean") -> Array:
    """max(0, 1 − y x) for scores x and labels y = ±1, elementwise. ∂/∂x = −y where y x < 1, else 0.

    Source: Cortes and Vapnik, "Support-vector networks" (1995).

    Raises
    ------
    ValueError
        If the shapes differ, or a label is neither −1 nor 1.

    Examples
    --------
    >>> hinge_loss(Tensor([2.0, 0.5, -1.0]), [1, 1, 1], reduction="none")
    Tensor([0. , 0.5, 2. ])
    """
    x = to_floats(x)
    target = same_shape(target, x, "x")
    if not (np.abs(target) == 1).all():
        raise ValueError("labels are -1 and 1")
    return reduce_terms(np.maximum(1 - target * x, 0), reduction)
