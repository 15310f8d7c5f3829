"""Losses that are negative log-likelihoods of numbers, and the smooth absolute error.

Reductions and shapes are documented in `autograd_lite.ops.layers.loss_terms`.
"""

from __future__ import annotations

import math

import numpy as np

from autograd_lite.core.hooks import check_in_each_call
from autograd_lite.core.primitive import primitive
from autograd_lite.core.tensor import Array, Tensor
from autograd_lite.ops.arrays.indexing import where
from autograd_lite.ops.arrays.shape import broadcast_to, reshape
from autograd_lite.ops.composition import composed
from autograd_lite.ops.layers.distance import huber_loss, l1_loss
from autograd_lite.ops.layers.loss_terms import reduced, same_shape
from autograd_lite.ops.layers.similarity import floats
from autograd_lite.support.checks import check_at_least_0, check_positive
from autograd_lite.support.conversion import strip

__all__: list[str] = []  # for `nn.functional`


@composed
def smooth_l1_loss(input: Array, target: Array, *, reduction: str = "mean", beta: float = 1.0) -> Tensor:
    """d²/(2β) where |d| < β, else |d| − β/2, for the errors d = x − y. It is the Huber loss of δ = β over β.

    Parameters
    ----------
    input, target : array of one shape
    reduction : "mean", "sum" or "none", default "mean"
    beta : float, default 1
        At 0 it is the absolute error.

    References
    ----------
    Girshick, "Fast R-CNN" (2015).

    Examples
    --------
    >>> smooth_l1_loss(Tensor([1.0, 5.0]), np.zeros(2), reduction="none", beta=2.0)
    Tensor([0.25, 4.  ])
    """
    check_at_least_0("smooth_l1_loss", beta=beta)
    if not beta:
        return l1_loss(input, target, reduction=reduction)
    return huber_loss(input, target, reduction, beta) / beta


@primitive(name="at_least", x=lambda g: g)
def _at_least(x: Array, least: float) -> Array:
    """max(x, least), with the derivative 1 everywhere, as PyTorch limits variances."""
    return np.maximum(x, least)


def _check_variances(var: Array) -> None:
    if not (var >= 0).all():
        raise ValueError("var holds a negative number or NaN; variances are at least 0")


@composed
def gaussian_nll_loss(
    input: Array, target: Array, var: Array, full: bool = False, eps: float = 1e-6, *, reduction: str = "mean"
) -> Tensor:
    """(ln v + (x − y)²/v)/2, elementwise: the negative log-likelihood of y for the mean x and the variance v.

    Parameters
    ----------
    input, target : array of one shape
        The means x and the observations y.
    var : array of the same shape or of this shape without the last axis, or one that broadcasts to it
        The variances, at least 0. Those below `eps` count as eps, without changing the derivative.
    full : bool, default False
        Whether to add the constant ln(2π)/2.
    eps : float, default 1e-6
    reduction : "mean", "sum" or "none", default "mean"

    Raises
    ------
    ValueError
        If shapes do not match, a variance is negative, or eps is not positive.

    References
    ----------
    Nix and Weigend, "Estimating the mean and variance of the target probability distribution" (1994).

    Examples
    --------
    >>> gaussian_nll_loss(Tensor([1.0]), np.array([3.0]), np.array([1.0]))
    Tensor(2.)
    """
    x = floats(input)
    y, var = same_shape(target, x, "input"), floats(var)
    check_positive("gaussian_nll_loss", eps=eps)
    if var.shape == x.shape[:-1] and x.ndim:
        var = reshape(var, (*var.shape, 1))
    if np.broadcast_shapes(var.shape, x.shape) != x.shape:
        raise ValueError(f"var of shape {var.shape} does not broadcast to input of shape {x.shape}")
    check_in_each_call(_check_variances, strip(var))
    var = broadcast_to(_at_least(var.astype(x.dtype), eps), x.shape)
    terms = 0.5 * (np.log(var) + (x - y) ** 2 / var)
    return reduced(terms + 0.5 * math.log(2 * math.pi) if full else terms, reduction)


@composed
def poisson_nll_loss(
    input: Array,
    target: Array,
    log_input: bool = True,
    full: bool = False,
    *,
    eps: float = 1e-8,
    reduction: str = "mean",
) -> Tensor:
    """λ − y ln λ, elementwise: the negative log-likelihood of the counts y for the rates λ.

    Parameters
    ----------
    input : array
        ln λ, or, without `log_input`, λ.
    target : array of the same shape
    log_input : bool, default True
    full : bool, default False
        Whether to add Stirling's approximation of ln y!, y ln y − y + ln(2πy)/2, where y > 1.
    eps : float, default 1e-8
        Without `log_input`, ln(λ + eps) is in place of ln λ.
    reduction : "mean", "sum" or "none", default "mean"

    Raises
    ------
    ValueError
        If the shapes differ, or eps is negative.

    Examples
    --------
    >>> poisson_nll_loss(Tensor([0.0, 1.0]), np.array([1.0, 0.0]), reduction="none")
    Tensor([1.        , 2.71828183])
    """
    x = floats(input)
    y = same_shape(target, x, "input")
    check_at_least_0("poisson_nll_loss", eps=eps)
    terms = np.exp(x) - y * x if log_input else x - y * np.log(x + eps)
    if full:
        large = where(y > 1, y, 1)
        terms = terms + where(y > 1, large * np.log(large) - large + 0.5 * np.log(2 * math.pi * large), 0)
    return reduced(terms, reduction)
