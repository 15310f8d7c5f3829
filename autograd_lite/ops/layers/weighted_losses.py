"""Losses of classification with PyTorch's options: weights, ignored labels, label smoothing.

They are made of the losses in `loss`. Classes with weights are probabilities that do not sum to one: with the target
y'_k = w_k ((1 − ε) y_k + ε/K), the cross-entropy −Σ_k y'_k ln p_k has all options, and ignored samples are rows of
zeros.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_lite.core.hooks import concrete
from autograd_lite.core.primitive import primitive
from autograd_lite.core.tensor import Array, Tensor
from autograd_lite.ops.arrays.indexing import where
from autograd_lite.ops.arrays.shape import broadcast_to, reshape
from autograd_lite.ops.composition import composed
from autograd_lite.ops.layers import loss
from autograd_lite.ops.layers.activation import softplus
from autograd_lite.ops.layers.loss_terms import check_logarithms, check_probabilities, reduced, same_shape
from autograd_lite.ops.layers.similarity import floats
from autograd_lite.ops.lengths import at_least_single
from autograd_lite.support.checks import check, is_integer
from autograd_lite.support.conversion import strip, to_array, to_floats
from autograd_lite.support.half_precision import HALF
from autograd_lite.support.messages import show

__all__: list[str] = []  # for `nn.functional`


# -- many classes ----------------------------------------------------------------------------------------------------


@primitive(name="class_targets")
def class_targets(labels: Array, shape: tuple[int, ...], ignore_index: int | None, dtype: Any) -> Array:
    """One-hot vectors for labels, in the shape of the scores; zeros for labels that are ignored.

    Examples
    --------
    >>> class_targets(np.array([1, -100]), (2, 2), -100, float)
    array([[0., 1.],
           [0., 0.]])
    """
    kept = np.ones(labels.shape, bool) if ignore_index is None else labels != ignore_index
    positions = loss.label_positions(np.where(kept, labels, 0), shape)
    rows = np.zeros(shape, dtype)
    rows.put(positions, kept.astype(dtype))
    return rows


def _is_ignored_somewhere(target: Array, ignore_index: int) -> bool:
    labels = concrete(strip(target))
    return labels.dtype.kind == "i" and bool((labels == ignore_index).any())


def _class_weights(weight: Array, scores: Array) -> Array:
    """The weights of the classes in a shape that broadcasts against the scores."""
    axis = loss.class_axis(scores.ndim)
    weight, classes = floats(weight), scores.shape[axis] if scores.ndim else 1
    if weight.shape != (classes,):
        raise ValueError(f"weight of shape {weight.shape}, expected ({classes},) for scores of shape {scores.shape}")
    check_probabilities("weight", strip(weight), most=np.inf, called="weights of classes")
    return reshape(weight.astype(at_least_single(scores.dtype)), (classes, *(1,) * (scores.ndim - axis - 1)))


def _mean_over(total: Array, weights: Array) -> Array:
    """A sum over the sum of the weights; if that is 0, NaN with the gradient 0, as in PyTorch."""
    divisor = np.sum(weights)
    return where(divisor == 0, np.nan, total / where(divisor == 0, 1, divisor))


def _as_half(out: Array, scores: Array) -> Array:
    """A result that was computed in single precision, in half precision if the scores are."""
    return out.astype(HALF) if scores.dtype == HALF else out


def _check_options(ignore_index: int, label_smoothing: float = 0.0) -> None:
    if not is_integer(ignore_index):
        raise ValueError(f"ignore_index must be an integer, not {show(ignore_index)}")
    if label_smoothing.__class__ is not float or label_smoothing:
        check("cross_entropy", "in [0, 1]", lambda value: 0 <= value <= 1, label_smoothing=label_smoothing)


@composed
def cross_entropy(
    input: Array,
    target: Array,
    weight: Array = None,
    *,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """Cross-entropy of softmax: −Σ_k w_k y_k ln p_k with p = softmax(input), with PyTorch's options.

    Parameters
    ----------
    input : array (N, K), (K,) or (N, K, d1, ...)
        Logits.
    target : array of integers (N,), (), (N, d1, ...), or array of the shape of input
        Labels, 0 to K − 1, or probabilities.
    weight : array (K,), optional
        Weights of the classes, at least 0. With labels the mean is weighted with those of the labels: Σ_n w_n l_n / Σ_n
        w_n.
    ignore_index : int, default −100
        Samples with this label contribute nothing and do not count in the mean. Without others the mean is NaN.
    reduction : "mean", "sum" or "none", default "mean"
    label_smoothing : float, default 0
        ε: the target becomes (1 − ε) y + ε/K.

    Raises
    ------
    TypeError
        If labels are not integers.
    ValueError
        If a label is out of range, a weight or a probability negative or NaN, or the shapes do not match.

    References
    ----------
    Szegedy, Vanhoucke, Ioffe, Shlens and Wojna, "Rethinking the inception architecture for computer vision" (2016),
    for label smoothing.

    Examples
    --------
    >>> cross_entropy(Tensor([[0.0, 0.0], [2.0, 0.0]]), [1, -100])
    Tensor(0.69314718)
    """
    _check_options(ignore_index, label_smoothing)
    scores, target = to_floats(input) if not isinstance(input, Tensor) else input, to_array(target)
    has_labels = target.ndim < scores.ndim
    ignored = has_labels and _is_ignored_somewhere(target, ignore_index)
    if weight is None and not label_smoothing and not ignored:
        return loss.cross_entropy(scores, target, reduction=reduction)
    scores = scores if scores.dtype.kind == "f" else scores.astype(float)
    axis = loss.class_axis(scores.ndim)
    y, weights = _targets(scores, target, weight, ignore_index, label_smoothing)
    out = loss.cross_entropy(scores, y, reduction="sum" if reduction == "mean" else reduction)
    if reduction == "mean":
        out = _mean_over(out, weights) if has_labels else out / (scores.size // (scores.shape[axis] or 1) or np.nan)
    return _as_half(out, scores)


def _targets(scores: Array, target: Array, weight: Array, ignore_index: int, smoothing: float) -> tuple[Array, Array]:
    """The targets with weights and smoothing, and the weight of each sample."""
    axis = loss.class_axis(scores.ndim)
    if target.ndim == scores.ndim:
        y = same_shape(target, scores, "input")
        check_probabilities("target", strip(y), most=np.inf)
        kept: Any = 1
    else:
        y = class_targets(target, scores.shape, int(ignore_index), at_least_single(scores.dtype))
        kept = np.sum(y, axis=axis, keepdims=True)
    weights = y
    if smoothing:
        y = y * (1 - smoothing) + kept * (smoothing / scores.shape[axis])
    if weight is not None:
        classes = _class_weights(weight, scores)
        y, weights = y * classes, weights * classes
    return y, weights


@composed
def nll_loss(
    input: Array, target: Array, weight: Array = None, *, ignore_index: int = -100, reduction: str = "mean"
) -> Tensor:
    """Negative log-likelihood of labels, −w_y ln p_y, given the logarithms ln p, with PyTorch's options.

    Parameters, shapes and errors are those of `cross_entropy` with labels. Positive numbers cannot be logarithms of
    probabilities: a ValueError.

    Examples
    --------
    >>> nll_loss(Tensor([[-0.5, -2.0], [-1.0, -1.5]]), [0, 1], weight=[1.0, 3.0])
    Tensor(1.25)
    """
    _check_options(ignore_index)
    scores, target = to_floats(input) if not isinstance(input, Tensor) else input, to_array(target)
    if weight is None and not _is_ignored_somewhere(target, ignore_index):
        return loss.nll_loss(scores, target, reduction=reduction)
    scores = scores if scores.dtype.kind == "f" else scores.astype(float)
    check_logarithms("input", strip(scores))
    weights = class_targets(target, scores.shape, int(ignore_index), at_least_single(scores.dtype))
    chosen = where(weights == 0, 0, scores)
    if weight is not None:
        weights = weights * _class_weights(weight, scores)
    terms = -np.sum(chosen * weights, axis=loss.class_axis(scores.ndim))
    out = _mean_over(np.sum(terms), weights) if reduction == "mean" else reduced(terms, reduction)
    return _as_half(out, scores)


# -- two classes -----------------------------------------------------------------------------------------------------


def element_weights(weight: Array, terms: Array, name: str = "weight") -> Array:
    """Weights that broadcast to the terms, in their dtype."""
    weight = floats(weight)
    try:
        return broadcast_to(weight.astype(terms.dtype), terms.shape)
    except ValueError:
        raise ValueError(f"{name} of shape {weight.shape} does not broadcast to input of shape {terms.shape}") from None


@composed
def binary_cross_entropy(input: Array, target: Array, weight: Array = None, *, reduction: str = "mean") -> Tensor:
    """−w (y ln p + (1 − y) ln(1 − p)), elementwise, as `autograd_lite.binary_cross_entropy`, with weights.

    Parameters
    ----------
    input : array
        p, in [0, 1].
    target : array of the same shape
        y, in [0, 1].
    weight : array that broadcasts to this shape, optional
        The mean is over all elements, not weighted.
    reduction : "mean", "sum" or "none", default "mean"

    Examples
    --------
    >>> binary_cross_entropy(Tensor([0.5, 0.5]), np.array([0.0, 1.0]), weight=[2.0, 0.0], reduction="sum")
    Tensor(1.38629436)
    """
    if weight is None:
        return loss.binary_cross_entropy(input, target, reduction=reduction)
    terms = loss.binary_cross_entropy(input, target, reduction="none")
    return reduced(terms * element_weights(weight, terms), reduction)


@composed
def binary_cross_entropy_with_logits(
    input: Array, target: Array, weight: Array = None, *, reduction: str = "mean", pos_weight: Array = None
) -> Tensor:
    """−w (c y ln σ(z) + (1 − y) ln(1 − σ(z))), elementwise, from the logits z, with weights w and c.

    Parameters
    ----------
    input : array
        z.
    target : array of the same shape
        y, in [0, 1].
    weight : array that broadcasts to this shape, optional
        w. The mean is over all elements, not weighted.
    reduction : "mean", "sum" or "none", default "mean"
    pos_weight : array that broadcasts to this shape, optional
        c, the weight of positive examples.

    Examples
    --------
    >>> binary_cross_entropy_with_logits(Tensor([0.0, 0.0]), np.array([1.0, 0.0]), pos_weight=3.0, reduction="none")
    Tensor([2.07944154, 0.69314718])
    """
    if weight is None and pos_weight is None:
        return loss.binary_cross_entropy_with_logits(input, target, reduction=reduction)
    terms = loss.binary_cross_entropy_with_logits(input, target, reduction="none")
    if pos_weight is not None:
        # −ln σ(z) = ln(1 + e^(−z)); where y is 0 the product is 0, and finite logits give finite terms.
        z, y = to_array(input), to_array(target)
        terms = terms + (element_weights(pos_weight, terms, "pos_weight") - 1) * y * softplus(-z)
    if weight is not None:
        terms = terms * element_weights(weight, terms)
    return reduced(terms, reduction)
