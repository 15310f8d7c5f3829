"""Losses with a margin: what is far enough apart costs nothing.

Reductions and shapes are documented in `autograd_lite.ops.layers.loss_terms`. At a margin itself the gradient is that
of the side where the loss is positive, as in PyTorch.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_lite.core.arguments import refuse
from autograd_lite.core.hooks import check_in_each_call
from autograd_lite.core.primitive import primitive
from autograd_lite.core.tensor import Array, Tensor
from autograd_lite.ops.arrays.indexing import clip, where
from autograd_lite.ops.arrays.shape import reshape
from autograd_lite.ops.composition import composed
from autograd_lite.ops.elementwise.extremes import minimum
from autograd_lite.ops.layers.activation import softplus
from autograd_lite.ops.layers.loss import binary_cross_entropy_with_logits
from autograd_lite.ops.layers.loss_terms import reduced
from autograd_lite.ops.layers.similarity import floats, pairwise_distance
from autograd_lite.ops.layers.weighted_losses import class_targets, element_weights
from autograd_lite.support.checks import check, is_integer, is_number
from autograd_lite.support.conversion import strip, to_array
from autograd_lite.support.messages import show

__all__: list[str] = []  # for `nn.functional`


def _positive_part(x: Array) -> Array:
    return clip(x, 0, None)


def _check_signs(target: Array) -> None:
    if not (np.abs(target) == 1).all():
        raise ValueError("labels are -1 and 1")


def _signs(name: str, target: Array, shape: tuple[int, ...], dtype: Any) -> Array:
    """Labels ±1 of this shape, as numbers that can be multiplied."""
    if isinstance(target, Tensor) and target.requires_grad:
        refuse(name, "target")
    target = to_array(strip(target))
    if target.shape != shape:
        raise ValueError(f"target of shape {target.shape}, expected {shape}")
    check_in_each_call(_check_signs, target)
    return target.astype(dtype)


# -- pairs and triplets ----------------------------------------------------------------------------------------------


@composed
def cosine_embedding_loss(
    input1: Array, input2: Array, target: Array, margin: float = 0.0, *, reduction: str = "mean"
) -> Tensor:
    """1 − cos(x₁, x₂) where y = 1, max(0, cos(x₁, x₂) − margin) where y = −1.

    Parameters
    ----------
    input1, input2 : array (N, D) or (D,)
    target : array (N,) or () of ±1
    margin : float, default 0
    reduction : "mean", "sum" or "none", default "mean"

    Raises
    ------
    ValueError
        If shapes do not match, or a label is neither −1 nor 1.

    Examples
    --------
    >>> cosine_embedding_loss(Tensor([[1.0, 0.0]]), np.array([[0.0, 1.0]]), [1])
    Tensor(1.)
    """
    x1, x2 = floats(input1), floats(input2)
    if x1.shape != x2.shape or x1.ndim not in (1, 2):
        raise ValueError(f"inputs of the shapes {x1.shape} and {x2.shape}, expected (N, D) or (D,) for both")
    check("cosine_embedding_loss", "a number", is_number, margin=margin)
    signs = _signs("cosine_embedding_loss", target, x1.shape[:-1], x1.dtype)
    squares = [np.sum(x * x, axis=-1) + 1e-12 for x in (x1, x2)]
    cosine = np.sum(x1 * x2, axis=-1) / np.sqrt(squares[0] * squares[1])
    return reduced(where(signs > 0, 1 - cosine, _positive_part(cosine - margin)), reduction)


@composed
def margin_ranking_loss(
    input1: Array, input2: Array, target: Array, margin: float = 0.0, *, reduction: str = "mean"
) -> Tensor:
    """max(0, −y(x₁ − x₂) + margin), elementwise: where y = 1, x₁ should be larger than x₂.

    Raises
    ------
    ValueError
        If the shapes differ, or a label is neither −1 nor 1.

    Examples
    --------
    >>> margin_ranking_loss(Tensor([1.0, 2.0]), np.array([3.0, 0.0]), [1, 1], reduction="none")
    Tensor([2., 0.])
    """
    x1, x2 = floats(input1), floats(input2)
    if x1.shape != x2.shape:
        raise ValueError(f"inputs of the shapes {x1.shape} and {x2.shape}; losses do not broadcast")
    check("margin_ranking_loss", "a number", is_number, margin=margin)
    return reduced(
        _positive_part(margin - _signs("margin_ranking_loss", target, x1.shape, x1.dtype) * (x1 - x2)), reduction
    )


@composed
def triplet_margin_loss(
    anchor: Array,
    positive: Array,
    negative: Array,
    margin: float = 1.0,
    p: float = 2,
    eps: float = 1e-6,
    swap: bool = False,
    *,
    reduction: str = "mean",
) -> Tensor:
    """max(0, d(a, p) − d(a, n) + margin) with the distance d of `pairwise_distance`.

    Parameters
    ----------
    anchor, positive, negative : array (N, D) or (D,)
    margin : float, default 1
    p : float, default 2
        The order of the norm.
    eps : float, default 1e-6
    swap : bool, default False
        Whether d(p, n) takes the place of d(a, n) where it is smaller.
    reduction : "mean", "sum" or "none", default "mean"

    References
    ----------
    Balntas, Riba, Ponsa and Mikolajczyk, "Learning local feature descriptors with triplets and shallow convolutional
    neural networks" (2016).

    Examples
    --------
    >>> triplet_margin_loss(Tensor([0.0]), np.array([1.0]), np.array([1.5]), eps=0)
    Tensor(0.5)
    """
    a, near, far = floats(anchor), floats(positive), floats(negative)
    if not a.shape == near.shape == far.shape or a.ndim < 1:
        shapes = f"{a.shape}, {near.shape} and {far.shape}"
        raise ValueError(f"anchor, positive and negative of the shapes {shapes}; losses do not broadcast")
    check("triplet_margin_loss", "positive", lambda value: value > 0, margin=margin)
    distance = pairwise_distance(a, far, p, eps)
    if swap:
        distance = minimum(distance, pairwise_distance(near, far, p, eps))
    return reduced(_positive_part(margin + pairwise_distance(a, near, p, eps) - distance), reduction)


# -- scores ----------------------------------------------------------------------------------------------------------


@composed
def hinge_embedding_loss(input: Array, target: Array, margin: float = 1.0, *, reduction: str = "mean") -> Tensor:
    """x where y = 1, max(0, margin − x) where y = −1, elementwise, for distances x.

    Examples
    --------
    >>> hinge_embedding_loss(Tensor([0.5, 0.25]), [1, -1], reduction="none")
    Tensor([0.5 , 0.75])
    """
    x = floats(input)
    check("hinge_embedding_loss", "a number", is_number, margin=margin)
    return reduced(
        where(_signs("hinge_embedding_loss", target, x.shape, x.dtype) > 0, x, _positive_part(margin - x)), reduction
    )


@composed
def soft_margin_loss(input: Array, target: Array, *, reduction: str = "mean") -> Tensor:
    """ln(1 + e^(−y x)), elementwise, for scores x and labels y = ±1.

    Examples
    --------
    >>> soft_margin_loss(Tensor([0.0, 1000.0]), [1, -1], reduction="none")
    Tensor([6.93147181e-01, 1.00000000e+03])
    """
    x = floats(input)
    return reduced(softplus(-_signs("soft_margin_loss", target, x.shape, x.dtype) * x), reduction)


@composed
def multilabel_soft_margin_loss(
    input: Array, target: Array, weight: Array = None, *, reduction: str = "mean"
) -> Tensor:
    """The mean over classes (the last axis) of w_k times the binary cross-entropy of σ(x_k).

    Examples
    --------
    >>> multilabel_soft_margin_loss(Tensor([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    Tensor(0.69314718)
    """
    x = floats(input)
    if x.ndim < 1:
        raise ValueError("input of shape () has no axis of classes")
    terms = binary_cross_entropy_with_logits(x, target, reduction="none")
    if weight is not None:
        terms = terms * element_weights(weight, terms)
    return reduced(np.mean(terms, axis=-1), reduction)


@composed
def multi_margin_loss(
    input: Array, target: Array, p: int = 1, margin: float = 1.0, weight: Array = None, *, reduction: str = "mean"
) -> Tensor:
    """Σ_(k≠y) w_y max(0, margin − x_y + x_k)^p / K, for scores (N, K) or (K,) and labels y.

    Examples
    --------
    >>> multi_margin_loss(Tensor([[2.0, 0.0, 1.5]]), [0], reduction="sum") * 3
    Tensor(0.5)
    """
    x, labels = floats(input), to_array(strip(target))
    if p not in (1, 2) or not is_integer(p):
        raise ValueError(f"p must be 1 or 2, not {show(p)}")
    check("multi_margin_loss", "a number", is_number, margin=margin)
    if x.ndim not in (1, 2) or labels.shape != x.shape[:-1]:
        raise ValueError(f"input of shape {x.shape} and target of shape {labels.shape}, expected (N, K) and (N,)")
    is_own = class_targets(labels, x.shape, None, x.dtype)
    own = np.sum(where(is_own == 1, x, 0), axis=-1, keepdims=True)
    terms = _positive_part(margin - own + x) ** p * (1 - is_own)
    if weight is not None:
        terms = terms * np.sum(_per_class(weight, x) * is_own, axis=-1, keepdims=True)
    return reduced(np.mean(terms, axis=-1), reduction)


def _per_class(weight: Array, x: Array) -> Array:
    weight = floats(weight)
    if weight.shape != x.shape[-1:]:
        raise ValueError(f"weight of shape {weight.shape}, expected {x.shape[-1:]}")
    return weight.astype(x.dtype)


@primitive(name="label_sets")
def _label_sets(labels: Array, dtype: Any) -> Array:
    """Rows (..., K, K) with a 1 at each label; rows of zeros from the first −1 on."""
    classes = labels.shape[-1]
    if labels.dtype.kind not in "iu":
        raise TypeError(f"labels must be integers, not {labels.dtype}")
    valid = np.logical_and.accumulate(labels >= 0, axis=-1)
    if (labels[valid] >= classes).any():
        raise ValueError(f"labels up to {labels[valid].max()}, but classes are numbered 0 to {classes - 1}")
    return ((labels[..., None] == np.arange(classes)) & valid[..., None]).astype(dtype)


@composed
def multilabel_margin_loss(input: Array, target: Array, *, reduction: str = "mean") -> Tensor:
    """Σ_j Σ_i max(0, 1 − x_j + x_i) / K over labels j and all other classes i, for scores (N, K) or (K,).

    Parameters
    ----------
    input : array (N, K), (K,) or ()
    target : array of integers of the same shape
        In each row the labels, then −1; what follows a −1 does not count.
    reduction : "mean", "sum" or "none", default "mean"

    Raises
    ------
    ValueError
        If the shapes differ, or a label is not below K.

    Examples
    --------
    >>> multilabel_margin_loss(Tensor([0.0, 2.0, 1.5]), [1, -1, -1], reduction="sum") * 3
    Tensor(0.5)
    """
    x, labels = floats(input), to_array(strip(target))
    if x.ndim > 2 or labels.shape != x.shape:
        raise ValueError(f"input of shape {x.shape} and target of shape {labels.shape}, expected (N, K) for both")
    if not x.ndim:
        x, labels = reshape(x, (1,)), reshape(labels, (1,))
    chosen = _label_sets(labels, x.dtype)
    others = 1 - np.max(chosen, axis=-2, keepdims=True)
    rows = np.expand_dims(x, -2)
    own, counts = np.sum(chosen * rows, axis=-1, keepdims=True), np.sum(chosen, axis=-1, keepdims=True)
    terms = _positive_part(1 - own + rows) * counts * others
    return reduced(np.sum(terms, axis=(-2, -1)) / x.shape[-1], reduction)
