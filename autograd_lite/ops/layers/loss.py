"""Losses: what a prediction costs, each with its fused and stable gradient.

Reductions, shapes and checks are those of `autograd_lite.ops.loss_terms`. 0 · ln 0 is 0.
"""

from __future__ import annotations

import functools

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
from autograd_lite.support.conversion import strip, to_array, to_floats
from autograd_lite.support.half_precision import HALF, rounded_once, single
from autograd_lite.support.sums import SHORT, ones, sum_over

__all__ = [
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "cross_entropy",
    "mse_loss",
    "nll_loss",
    "one_hot",
]


# -- classes -------------------------------------------------------------------------------------------------------


def _class_axis(ndim: int) -> int:
    """Classes are the only axis of one sample, and axis 1 of (N, K), (N, K, d1, ...)."""
    return 0 if ndim == 1 else 1


@functools.lru_cache(maxsize=8)  # the same batch size again and again: saves 1 µs of 50 in a small step
def _numbers(n: int) -> Array:
    numbers = np.arange(n)
    numbers.flags.writeable = False
    return numbers


def _label_positions(labels: Array, shape: tuple[int, ...]) -> Array:
    """Where in the flattened scores of `shape` (N, K, ...) the entry of each label (N, ...) stands."""
    expected: tuple[int, ...]
    index: tuple[Array, ...]
    if len(shape) == 2:
        expected, index = shape[:1], (_numbers(shape[0]), labels)
    else:
        axis = _class_axis(len(shape))
        expected, grids = shape[:axis] + shape[axis + 1 :], np.indices(labels.shape, sparse=True)
        index = (*grids[:axis], labels, *grids[axis:])
    if labels.shape != expected:
        raise ValueError(
            f"target of shape {labels.shape}; for scores of shape {shape} it holds labels of shape {expected}, "
            f"or probabilities of shape {shape}"
        )
    if labels.dtype.kind not in "iu":
        raise TypeError(f"labels are integers, not {labels.dtype}; probabilities have shape {shape}")
    try:
        return np.ravel_multi_index(index, shape)  # which also finds labels out of range, in the same pass
    except (ValueError, TypeError) as error:
        raise ValueError(
            f"labels from {labels.min()} to {labels.max()}, "
            f"but classes are numbered 0 to {shape[_class_axis(len(shape))] - 1}"
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
    np.put(rows, _label_positions(labels.ravel(), rows.shape), 1)
    return rows.reshape(*labels.shape, classes)


def _error(logits: Array, target: Array) -> Array:
    """∂L/∂logits of each sample's cross-entropy: P Σy − Y, which is P − Y for rows that sum to one."""
    axis = _class_axis(logits.ndim)
    probabilities = softmax(logits, axis=axis)
    if np.ndim(target) != logits.ndim:
        return probabilities - np.moveaxis(one_hot(target, logits.shape[axis], dtype=logits.dtype), -1, axis)
    return probabilities * sum_over(target, axis, keepdims=True) - target


def _per_sample(g: Array, reduction: str, scores: Array) -> Array:
    """The gradient with respect to the loss of every sample, ready to be multiplied with something like `scores`."""
    if reduction == "mean":
        samples = len(scores) if scores.ndim == 2 else scores.size // scores.shape[_class_axis(scores.ndim)]
        return (single(g) if g.dtype == HALF else g) / (samples or 1)
    return np.expand_dims(g, _class_axis(scores.ndim)) if reduction == "none" else g


@functools.lru_cache(maxsize=8)
def _row_starts(rows: int, columns: int) -> Array:
    """Where in a flattened matrix each row begins."""
    starts = np.arange(0, rows * columns, columns)
    starts.flags.writeable = False
    return starts


def _rows_with_labels(logits: Array, labels: Array) -> tuple[Array, Array]:
    """The log-likelihood of every row and the error: what is below in general, for labels of a few classes.

    A small step takes a seventh less: finding the largest score and taking it is quicker than `maximum.reduce`, and a
    product with ones than `add.reduce`.
    """
    positions = _label_positions(labels, logits.shape)
    rows, classes = logits.shape
    largest = logits.take(logits.argmax(1) + _row_starts(rows, classes))
    shifted = logits - largest.reshape(rows, 1)
    error = np.exp(shifted)
    total = error.dot(ones(classes, error.dtype))
    error /= total.reshape(rows, 1)
    log_likelihood = shifted.take(positions)
    log_likelihood -= np.log(total)
    error.put(positions, np.expm1(log_likelihood))  # p − 1
    return log_likelihood, error


def _without_impossible(log_p: Array, target: Array) -> Array:
    """ln p, or 0 for a class that is impossible (ln p = −∞) and not asked for (y = 0): it takes no part."""
    return np.where((target == 0) & (log_p == -np.inf), 0, log_p)


def _target_rule(g: Array, logits: Array, target: Array, reduction: str) -> Array:
    log_p = log_softmax(logits, axis=_class_axis(logits.ndim))
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
        Unnormalised scores; softmax is part of the loss, so that it is exact for any size of them.
    target : array of integers (N,), (), (N, d1, ...), or array of the shape of logits
        Labels, 0 to K − 1, or probabilities; those need not sum to one. A class of probability 0 costs nothing, even
        where its score is −∞.
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
    if logits.ndim == 2 and target.ndim == 1 and 0 < logits.shape[1] <= SHORT:
        log_likelihood, error = _rows_with_labels(logits, target)
        return -reduce_terms(log_likelihood, reduction), error
    axis = _class_axis(logits.ndim)
    shifted, error, total = exponentials(logits, axis)
    error /= total  # the exponentials become probabilities, and those the error, without another array
    if target.ndim != logits.ndim:
        positions = _label_positions(target, logits.shape)
        log_likelihood = shifted.take(positions) - np.log(total).reshape(target.shape)
        error.put(positions, np.expm1(log_likelihood))  # p − 1
    else:
        target = same_shape(target, logits, "logits")
        check_probabilities("target", target, most=np.inf)
        log_likelihood = sum_over(target * _without_impossible(shifted - np.log(total), target), axis)
        error = error * sum_over(target, axis, keepdims=True) - target
    return -reduce_terms(log_likelihood, reduction), error


@primitive(
    log_probabilities=lambda g, target, reduction, log_probabilities_shape: scatter(
        -per_term(g, reduction, np.size(target)),
        np.unravel_index(_label_positions(to_array(target), log_probabilities_shape), log_probabilities_shape),
        log_probabilities_shape,
    ),
)
@rounded_once
def nll_loss(log_probabilities: Array, target: Array, *, reduction: str = "mean") -> Array:
    """Negative log-likelihood of labels: −ln p_y, given the logarithms ln p. ∂/∂(ln p_k) = −1[k=y].

    Shapes and errors as for `cross_entropy` with labels; `nll_loss(log_softmax(z, 1), y)` is `cross_entropy(z, y)`.
    Positive numbers cannot be logarithms of probabilities: a ValueError.

    Examples
    --------
    >>> nll_loss(Tensor([[-0.5, -2.0], [-1.0, -1.5]]), [0, 1])
    Tensor(1.)
    """
    log_probabilities = to_floats(log_probabilities)
    positions = _label_positions(to_array(target), log_probabilities.shape)
    check_logarithms("log_probabilities", log_probabilities)
    return reduce_terms(-log_probabilities.take(positions), reduction)


# -- two classes ---------------------------------------------------------------------------------------------------


def _clamped_log(p: Array) -> Array:
    with np.errstate(divide="ignore"):
        return np.maximum(np.log(p), -100)


def _slope(p: Array, target: Array) -> Array:
    p = single(p)  # in float16 the limit would be 0
    return (p - target) / np.maximum(p * (1 - p), 1e-12)


@primitive(
    p=lambda g, p, target, reduction: per_term(g, reduction, p.size) * _slope(p, target),
    target=lambda g, p, reduction: per_term(g, reduction, p.size) * (_clamped_log(1 - p) - _clamped_log(p)),
)
@rounded_once
def binary_cross_entropy(p: Array, target: Array, *, reduction: str = "mean") -> Array:
    """−y ln p − (1 − y) ln(1 − p), elementwise. ∂/∂p = (p − y)/(p(1 − p)).

    As in PyTorch, logarithms are limited to −100 and the denominator to 1e-12, so that p = 0 and p = 1 stay finite.
    From logits, `binary_cross_entropy_with_logits` is exact.

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
    """max(z, 0) − z y, which is |z| times the probability that the label is on the other side; 0 · ∞ is 0."""
    if largest(size) < np.inf:
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
    # ln(1 + eᶻ) − z y as ln(1 + e^(−|z|)) + (max(z, 0) − z y): where the loss is small, the second term is exactly 0.
    return reduce_terms(np.log1p(np.exp(-size)) + _cost_of_side(logits, size, target), reduction)


# -- numbers -------------------------------------------------------------------------------------------------------


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
