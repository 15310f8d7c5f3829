"""Losses that measure a distance: absolute error, Huber loss, hinge loss, and the divergence of distributions.

Reductions, shapes and checks are documented in `autograd_lite.ops.layers.loss_terms`.
"""

from __future__ import annotations

import numpy as np

from autograd_lite.core.primitive import primitive
from autograd_lite.core.tensor import Array
from autograd_lite.ops.conventions import by_convention
from autograd_lite.ops.layers.loss_terms import (
    check_logarithms,
    check_probabilities,
    per_term,
    reduce_terms,
    same_shape,
)
from autograd_lite.support.checks import check_positive
from autograd_lite.support.conversion import strip, to_floats
from autograd_lite.support.half_precision import rounded_once

__all__ = ["hinge_loss", "huber_loss", "kl_div", "l1_loss"]


def _side_rule(g: Array, x: Array, target: Array, reduction: str) -> Array:
    g = per_term(g, reduction, x.size)
    return by_convention(g, np.sign(x - target), lambda: strip(x) == strip(target), x, target, piecewise_linear=True)


@primitive(
    x=lambda g, x, target, reduction: _side_rule(g, x, target, reduction),
    target=lambda g, x, target, reduction: _side_rule(g, target, x, reduction),
)
@rounded_once
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
@rounded_once
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
    # With q = min(|d|, δ), both cases are q(|d| − q/2).
    near = np.minimum(distance, delta)
    return reduce_terms(near * (distance - 0.5 * near), reduction)


def _of_each(g: Array, x: Array, reduction: str) -> Array:
    """The gradient of each term; "batchmean" is the sum over the number of samples."""
    return per_term(g, "mean", len(x)) if reduction == "batchmean" else per_term(g, reduction, x.size)


def _logarithm(p: Array) -> Array:
    with np.errstate(divide="ignore"):
        return np.log(p)


def _absent(p: Array, x: Array) -> Array:
    """Where p and q = eˣ are both 0: the term is 0, and so are its derivatives."""
    return (p == 0) & (x == -np.inf)


def _kl_target_rule(g: Array, x: Array, target: Array, reduction: str, log_target: bool) -> Array:
    p = np.exp(target) if log_target else target
    absent = _absent(p, x)
    x = np.where(absent, 0, x)
    if log_target:
        return _of_each(g, x, reduction) * (p * (1 + np.where(p == 0, 0, target) - x))
    return _of_each(g, x, reduction) * np.where(absent, 0, 1 + _logarithm(np.where(absent, 1, target)) - x)


@primitive(
    x=lambda g, x, target, reduction, log_target: (
        _of_each(-g, x, reduction) * (np.exp(target) if log_target else target)
    ),
    target=_kl_target_rule,
)
@rounded_once
def kl_div(x: Array, target: Array, *, reduction: str = "mean", log_target: bool = False) -> Array:
    """Kullback–Leibler divergence y (ln y − x), elementwise, where x holds logarithms of probabilities. ∂/∂x = −y.

    Parameters
    ----------
    x : array
        ln q, the logarithms of the predicted probabilities.
    target : array of the same shape
        y = p, or its logarithms, if `log_target`. Where p = 0 the term is 0, even if q = 0 too.
    reduction : "mean", "batchmean", "sum" or "none", default "mean"
        "batchmean", the sum over all divided by the length of the first axis, is the divergence of the definition;
        "mean" divides by the number of elements, as in PyTorch.
    log_target : bool, default False

    Raises
    ------
    ValueError
        If the shapes differ, logarithms are positive, or a target is negative or NaN.

    Examples
    --------
    >>> kl_div(np.log([[0.5, 0.5]]), Tensor([[1.0, 0.0]]), reduction="batchmean")
    Tensor(0.69314718)
    """
    x = to_floats(x)
    target = same_shape(target, x, "x")
    check_logarithms("x", x)
    if log_target:
        check_logarithms("target", target, allow_nan=False)
    else:
        check_probabilities("target", target, most=np.inf, otherwise="; of their logarithms pass log_target=True")
    p = np.exp(target) if log_target else target
    log_p = np.where(p == 0, 0, target) if log_target else np.log(np.where(p > 0, p, 1))
    terms = p * (log_p - np.where(_absent(p, x), 0, x))
    if reduction == "batchmean":
        if not terms.ndim:
            raise ValueError('reduction="batchmean" needs an axis of samples')
        return reduce_terms(terms, "sum") / len(terms)
    return reduce_terms(terms, reduction)


@primitive(
    # −g instead of −target: unsigned labels cannot be negated.
    x=lambda g, x, target, reduction: per_term(-g, reduction, x.size) * np.where(x * target < 1, target, 0),
)
@rounded_once
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
