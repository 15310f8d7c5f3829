"""Losses of classification and regression, each with its fused, numerically stable gradient.

Reductions, shapes and checks are documented in `autograd_lite.ops.layers.loss_terms`. 0 · ln 0 is 0.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import DTypeLike

from autograd_lite.core.primitive import primitive
from autograd_lite.core.tensor import Array
from autograd_lite.ops.arrays.indexing import scatter
from autograd_lite.ops.composition import composed
from autograd_lite.ops.layers.activation import exponentials, log_softmax, sigmoid, softmax
from autograd_lite.ops.layers.loss_terms import (
    check_logarithms,
    check_probabilities,
    largest,
    per_term,
    reduce_terms,
    same_shape,
)
from autograd_lite.support.conversion import strip, to_array, to_floats, whole
from autograd_lite.support.half_precision import rounded_once, single
from autograd_lite.support.short import SHORT, exponentials_of_rows, numbers
from autograd_lite.support.sums import sum_over

__all__ = [
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "cross_entropy",
    "mse_loss",
    "nll_loss",
    "one_hot",
]


# -- many classes --------------------------------------------------------------------------------------------------


def class_axis(ndim: int) -> int:
    """Classes are the only axis of one sample, and axis 1 of (N, K), (N, K, d1, ...)."""
    return 0 if ndim == 1 else 1


def label_positions(labels: Array, shape: tuple[int, ...]) -> Array:
    """The position of each label's entry in the flattened scores: labels (N, ...), scores of `shape` (N, K, ...)."""
    expected: tuple[int, ...]
    index: tuple[Array, ...]
    if len(shape) == 2:  # the general case, which takes 8 µs more
        expected, index = shape[:1], (numbers(shape[0]), labels)
    else:
        axis = class_axis(len(shape))
        grids = np.indices(labels.shape, sparse=True)
        expected, index = shape[:axis] + shape[axis + 1 :], (*grids[:axis], labels, *grids[axis:])
    if labels.shape != expected:
        raise ValueError(
            f"target of shape {labels.shape}; for scores of shape {shape} it holds labels of shape {expected}, "
            f"or probabilities of shape {shape}{'; the scores come first' * (labels.dtype.kind == 'f')}"
        )
    if labels.dtype.kind not in "iu":
        raise TypeError(f"labels must be integers, not {labels.dtype}; probabilities have shape {shape}")
    try:
        return np.ravel_multi_index(index, shape)  # an error for labels out of range
    except (ValueError, TypeError) as error:
        raise ValueError(
            f"labels from {labels.min()} to {labels.max()}, "
            f"but classes are numbered 0 to {shape[class_axis(len(shape))] - 1}"
        ) from error


@composed
def one_hot(labels: Array, classes: int, *, dtype: DTypeLike = float) -> Array:
    """Rows that are 1 at the label and 0 elsewhere: (...) to (..., classes).

    Examples
    --------
    >>> one_hot([0, 2], 3)
    array([[1., 0., 0.],
           [0., 0., 1.]])
    """
    labels = to_array(strip(labels))
    rows = np.zeros((labels.size, classes), dtype)
    np.put(rows, label_positions(labels.ravel(), rows.shape), 1)
    return rows.reshape(*labels.shape, classes)


def _error(logits: Array, target: Array) -> Array:
    """∂L/∂logits of each sample's cross-entropy: P Σy − Y, which is P − Y for rows that sum to one."""
    axis = class_axis(logits.ndim)
    probabilities = softmax(logits, axis=axis)
    if np.ndim(target) != logits.ndim:
        return probabilities - np.moveaxis(one_hot(target, logits.shape[axis], dtype=logits.dtype), -1, axis)
    return probabilities * sum_over(target, axis, keepdims=True) - target


def _per_sample(g: Array, reduction: str, scores: Array) -> Array:
    """The gradient with respect to the loss of each sample, in a shape that broadcasts against `scores`."""
    if reduction == "mean":
        samples = len(scores) if scores.ndim == 2 else scores.size // (scores.shape[class_axis(scores.ndim)] or 1)
        return single(g) / (samples or 1)
    return np.expand_dims(g, class_axis(scores.ndim)) if reduction == "none" else g


def _without_impossible(log_p: Array, target: Array) -> Array:
    """ln p, but 0 for an impossible class (ln p = −∞) with target 0: it contributes nothing."""
    return np.where((target == 0) & (log_p == -np.inf), 0, log_p)


def _target_rule(g: Array, logits: Array, target: Array, reduction: str) -> Array:
    log_p = log_softmax(logits, axis=class_axis(logits.ndim))
    return _per_sample(g, reduction, logits) * -_without_impossible(log_p, target)


@primitive(
    residuals={"error": _error},
    logits=lambda g, error, reduction: _per_sample(g, reduction, error) * error,
    target=_target_rule,
)
@rounded_once
def cross_entropy(logits: Array, target: Array, *, reduction: str = "mean") -> Array:
    """Cross-entropy of softmax: −Σ_k y_k ln p_k with p = softmax(logits). ∂/∂logits = p Σ_k y_k − y.

    Parameters
    ----------
    logits : array (N, K), (K,) or (N, K, d1, ...)
        Unnormalised scores. Softmax is part of the loss, so the result is exact for scores of any size.
    target : array of integers (N,), (), (N, d1, ...), or array of the shape of logits
        Labels, 0 to K − 1, or probabilities. Probabilities need not sum to one. A class of probability 0 contributes
        nothing, even where its score is −∞.
    reduction : "mean", "sum" or "none", default "mean"
        Over samples.

    Raises
    ------
    TypeError
        If labels are not integers.
    ValueError
        If a label is out of range, a probability negative or NaN, or the shapes do not match.

    Examples
    --------
    >>> logits = Tensor([[2.0, 0.0], [0.0, 0.0]], requires_grad=True)
    >>> loss = cross_entropy(logits, [0, 1], reduction="sum")
    >>> loss.backward()
    >>> logits.grad
    array([[-0.11920292,  0.11920292],
           [ 0.5       , -0.5       ]])
    """
    logits, target = to_floats(logits), to_array(target)
    if logits.ndim == 2 and 0 < logits.shape[1] <= SHORT:
        shifted, p, total = exponentials_of_rows(logits)
    else:
        shifted, p, total = exponentials(logits, class_axis(logits.ndim))
    p /= total
    if target.ndim == logits.ndim:
        axis = class_axis(logits.ndim)
        y = same_shape(target, logits, "logits")
        check_probabilities("target", y, most=np.inf)
        log_likelihood = sum_over(y * _without_impossible(shifted - np.log(total), y), axis)
        error = p * sum_over(y, axis, keepdims=True) - y
    else:
        label = label_positions(target, logits.shape)
        log_likelihood = shifted.take(label)
        log_likelihood -= np.log(total).reshape(target.shape)
        error = p
        error.put(label, np.expm1(log_likelihood))  # p − 1, without cancellation where p is near 1
    return -reduce_terms(log_likelihood, reduction), error


@primitive(
    log_probabilities=lambda g, target, reduction, log_probabilities_shape: scatter(
        -per_term(g, reduction, np.size(target)),
        np.unravel_index(label_positions(to_array(target), log_probabilities_shape), log_probabilities_shape),
        log_probabilities_shape,
    ),
)
@rounded_once
def nll_loss(log_probabilities: Array, target: Array, *, reduction: str = "mean") -> Array:
    """Negative log-likelihood of labels: −ln p_y, given the logarithms ln p. ∂/∂(ln p_k) = −1[k=y].

    Shapes and errors are those of `cross_entropy` with labels; `nll_loss(log_softmax(z, 1), y)` is
    `cross_entropy(z, y)`. Positive numbers cannot be logarithms of probabilities: a ValueError.

    Examples
    --------
    >>> nll_loss(Tensor([[-0.5, -2.0], [-1.0, -1.5]]), [0, 1])
    Tensor(1.)
    """
    log_probabilities = to_floats(log_probabilities)
    positions = label_positions(to_array(target), log_probabilities.shape)
    check_logarithms("log_probabilities", log_probabilities)
    return reduce_terms(-log_probabilities.take(positions), reduction)


# -- two classes ---------------------------------------------------------------------------------------------------


def _clamped_log(p: Array) -> Array:
    with np.errstate(divide="ignore"):
        return np.maximum(np.log(p), -100)


def _slope_by_p(p: Array, target: Array) -> Array:
    p = single(p)  # 1e-12 is 0 in float16
    return (p - target) / np.maximum(p * (1 - p), 1e-12)


@primitive(
    p=lambda g, p, target, reduction: per_term(g, reduction, p.size) * _slope_by_p(p, target),
    target=lambda g, p, reduction: per_term(g, reduction, p.size) * (_clamped_log(1 - p) - _clamped_log(p)),
)
@rounded_once
def binary_cross_entropy(p: Array, target: Array, *, reduction: str = "mean") -> Array:
    """−y ln p − (1 − y) ln(1 − p), elementwise. ∂/∂p = (p − y)/(p(1 − p)).

    As in PyTorch, logarithms are at least −100 and the denominator at least 1e-12, so p = 0 and p = 1 give finite
    results. For logits, `binary_cross_entropy_with_logits` is exact.

    Raises
    ------
    ValueError
        If a p or a target is outside [0, 1] or NaN, or the shapes differ.

    Examples
    --------
    >>> binary_cross_entropy(Tensor([0.5, 0.5]), np.array([0.0, 1.0]))
    Tensor(0.69314718)
    """
    p = to_floats(p)
    target = same_shape(target, p, "p")
    check_probabilities("p", p, otherwise="; from logits use binary_cross_entropy_with_logits")
    check_probabilities("target", target)
    return reduce_terms(-target * _clamped_log(p) - (1 - target) * _clamped_log(1 - p), reduction)


def _cost_of_side(logits: Array, size: Array, target: Array) -> Array:
    """max(z, 0) − z y: |z| times the target probability of the side opposite to z, where 0 · ∞ is 0."""
    if largest(whole(size)) < np.inf:
        return np.maximum(logits, 0) - logits * target
    other = np.where(logits > 0, 1 - target, target)
    return np.where(other == 0, 0, size) * other


@primitive(
    logits=lambda g, logits, target, reduction: per_term(g, reduction, logits.size) * (sigmoid(logits) - target),
    target=lambda g, logits, reduction: -per_term(g, reduction, logits.size) * logits,
)
@rounded_once
def binary_cross_entropy_with_logits(logits: Array, target: Array, *, reduction: str = "mean") -> Array:
    """Binary cross-entropy of p = σ(z), from the logits z: ln(1 + eᶻ) − z y. ∂/∂z = σ(z) − y.

    Raises
    ------
    ValueError
        If a target is outside [0, 1] or NaN, or the shapes differ.

    Examples
    --------
    >>> binary_cross_entropy_with_logits(Tensor([0.0, 1000.0]), np.array([1.0, 1.0]))
    Tensor(0.34657359)
    """
    logits = to_floats(logits)
    target = same_shape(target, logits, "logits")
    check_probabilities("target", target)
    size = np.abs(logits)
    # ln(1 + eᶻ) − z y = ln(1 + e^(−|z|)) + (max(z, 0) − z y). Where the loss is small, the second term is exactly 0.
    return reduce_terms(np.log1p(np.exp(-size)) + _cost_of_side(logits, size, target), reduction)


# -- regression ----------------------------------------------------------------------------------------------------


@primitive(
    x=lambda g, x, target, reduction: per_term(g, reduction, x.size) * (2 * (x - target)),
    target=lambda g, x, target, reduction: per_term(g, reduction, x.size) * (2 * (target - x)),
)
@rounded_once
def mse_loss(x: Array, target: Array, *, reduction: str = "mean") -> Array:
    """Squared error (x − y)², elementwise; its mean by default. ∂/∂x = 2(x − y).

    Raises
    ------
    ValueError
        If the shapes differ.

    Examples
    --------
    >>> mse_loss(Tensor([1.0, 2.0]), np.array([1.0, 4.0]))
    Tensor(2.)
    """
    x = to_floats(x)
    return reduce_terms(np.square(x - same_shape(target, x, "x")), reduction)
