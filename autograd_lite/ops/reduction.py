"""Reductions over axes: sums, means, products, extremes and moments.

`axis` is None (all axes), an integer or a tuple of them; `keepdims` keeps reduced axes with length one.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_lite.conversion import to_floats
from autograd_lite.halves import rounded_once, single
from autograd_lite.primitive import primitive
from autograd_lite.sums import sum_over
from autograd_lite.tensor import Array, numpy_operations

__all__ = ["logsumexp", "max", "mean", "min", "prod", "std", "sum", "var"]

Axis = int | tuple[int, ...] | None


def restore(reduced: Array, axis: Axis, keepdims: bool) -> Array:
    """A reduced array with the axes that the reduction took away put back, each of length one."""
    return reduced if keepdims or axis is None else np.expand_dims(reduced, axis)


def count(shape: tuple[int, ...], axis: Axis) -> int:
    """How many elements of an array of `shape` are reduced into one."""
    axes = range(len(shape)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    return math.prod(shape[axis] for axis in axes)


@primitive(
    numpy=np.sum,
    x=lambda g, x_shape, axis, keepdims: np.broadcast_to(restore(g, axis, keepdims), x_shape),
)
def sum(x: Array, axis: Axis = None, *, keepdims: bool = False) -> Array:
    """The sum over `axis`. ∂/∂xᵢ = 1.

    Examples
    --------
    >>> sum(Tensor([[1.0, 2.0], [3.0, 4.0]]), axis=0)
    Tensor([4., 6.])
    """
    return np.add.reduce(x, axis=axis, keepdims=keepdims)  # type: ignore[call-overload]


@primitive(
    numpy=np.mean,
    x=lambda g, x_shape, axis, keepdims: np.broadcast_to(
        restore(single(g) / count(x_shape, axis), axis, keepdims), x_shape
    ),
)
def mean(x: Array, axis: Axis = None, *, keepdims: bool = False) -> Array:
    """The mean over `axis`. ∂/∂xᵢ = 1/n for a mean of n elements.

    Examples
    --------
    >>> mean(Tensor([[1.0, 2.0], [3.0, 4.0]]), axis=1)
    Tensor([1.5, 3.5])
    """
    return np.mean(x, axis=axis, keepdims=keepdims)


def _shared_among_ties(g: Array, x: Array, out: Array, axis: Axis, keepdims: bool) -> Array:
    chosen = x == restore(out, axis, keepdims)
    with np.errstate(invalid="ignore"):  # where the extreme is NaN nothing equals it, and 0/0 is the answer
        shares = chosen / np.sum(chosen, axis=axis, keepdims=True)
    return restore(g, axis, keepdims) * shares


@primitive(numpy=(np.max, np.amax), x=_shared_among_ties)
def max(x: Array, axis: Axis = None, *, keepdims: bool = False) -> Array:
    """The largest element over `axis`. The gradient goes to it; n tied elements receive 1/n of it each.

    Examples
    --------
    >>> max(Tensor([[1.0, 2.0], [3.0, 4.0]]), axis=0)
    Tensor([3., 4.])
    """
    return np.max(x, axis=axis, keepdims=keepdims)


@primitive(numpy=(np.min, np.amin), x=_shared_among_ties)
def min(x: Array, axis: Axis = None, *, keepdims: bool = False) -> Array:
    """The smallest element over `axis`. The gradient goes to it; n tied elements receive 1/n of it each.

    Examples
    --------
    >>> min(Tensor([[1.0, 2.0], [3.0, 4.0]]), axis=0)
    Tensor([1., 2.])
    """
    return np.min(x, axis=axis, keepdims=keepdims)


def _with_ones_on_diagonal(x: Array) -> Array:
    """For each i a copy of x along a new last axis in which element i is 1: (..., n) to (..., n, n)."""
    return np.where(np.eye(x.shape[-1], dtype=bool), 1, np.expand_dims(x, -2))


def _others_rule(g: Array, x: Array) -> Array:
    rest_of_two = _others(_with_ones_on_diagonal(x))
    return np.sum(np.where(np.eye(x.shape[-1], dtype=bool), 0, np.expand_dims(g, -1) * rest_of_two), axis=-2)


@primitive(x=_others_rule)
def _others(x: Array) -> Array:
    """For each element the product of all others along the last axis: Π_{j≠i} xⱼ.

    A product from the left times one from the right: no division, so zeros are no special case. Its derivative with
    respect to xⱼ is the product of all but i and j, which is the same function on the array with xᵢ replaced by 1.
    """
    left, right = np.ones_like(x), np.ones_like(x)
    np.cumprod(x[..., :-1], axis=-1, out=left[..., 1:])
    np.cumprod(x[..., :0:-1], axis=-1, out=right[..., -2::-1])
    return left * right


def _product_of_the_rest(g: Array, x: Array, axis: Axis, keepdims: bool) -> Array:
    axes = tuple(range(x.ndim)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    axes = tuple(a % x.ndim for a in axes)
    order = tuple(a for a in range(x.ndim) if a not in axes) + axes
    rows = np.transpose(x, order)  # the reduced axes last, then as one
    kept = rows.shape[: x.ndim - len(axes)]
    rest = np.reshape(_others(np.reshape(rows, (*kept, count(x.shape, axes)))), rows.shape)
    return restore(g, axis, keepdims) * np.transpose(rest, tuple(int(i) for i in np.argsort(order)))


@primitive(numpy=np.prod, x=_product_of_the_rest)
def prod(x: Array, axis: Axis = None, *, keepdims: bool = False) -> Array:
    """The product over `axis`. ∂/∂xᵢ = Π_{j≠i} xⱼ, exact where elements are zero, to any order.

    Examples
    --------
    >>> x = Tensor([2.0, 0.0, 5.0], requires_grad=True)
    >>> prod(x).backward()
    >>> x.grad
    array([ 0., 10.,  0.])
    """
    return np.prod(x, axis=axis, keepdims=keepdims)


def _deviation(x: Array, axis: Axis) -> Array:
    return x - np.mean(x, axis=axis, keepdims=True)


@primitive(
    numpy=np.var,
    x=lambda g, x, axis, ddof, keepdims: (
        restore(g, axis, keepdims) * (2 / (count(x.shape, axis) - ddof)) * _deviation(x, axis)
    ),
)
def var(x: Array, axis: Axis = None, *, ddof: float = 0, keepdims: bool = False) -> Array:
    """The variance over `axis`, Σ(xᵢ − x̄)²/(n − ddof). ∂/∂xᵢ = 2(xᵢ − x̄)/(n − ddof).

    Examples
    --------
    >>> var(Tensor([1.0, 2.0, 3.0]), ddof=1)
    Tensor(1.)
    """
    return np.var(x, axis=axis, ddof=ddof, keepdims=keepdims)


def _std_rule(g: Array, x: Array, out: Array, axis: Axis, ddof: float, keepdims: bool) -> Any:
    # Where all elements are equal the deviation is 0 and so is the gradient: 0/1 instead of 0/0.
    scale = np.where(out == 0, 1, out) * (count(x.shape, axis) - ddof)
    return restore(g / scale, axis, keepdims) * _deviation(x, axis)


@primitive(numpy=np.std, x=_std_rule)
def std(x: Array, axis: Axis = None, *, ddof: float = 0, keepdims: bool = False) -> Array:
    """The standard deviation s = √var over `axis`. ∂/∂xᵢ = (xᵢ − x̄)/((n − ddof)·s), and 0 where s is 0.

    Examples
    --------
    >>> std(Tensor([1.0, 2.0, 3.0]), ddof=1)
    Tensor(1.)
    """
    return np.std(x, axis=axis, ddof=ddof, keepdims=keepdims)


def _largest(x: Array, axis: Axis) -> Array:
    """The largest element, or 0 where that is infinite or there is none: what can be subtracted before exp."""
    largest = np.max(x, axis=axis, keepdims=True, initial=-np.inf)
    return np.where(np.isfinite(largest), largest, 0)


def _softmax_rule(g: Array, x: Array, out: Array, axis: Axis, keepdims: bool) -> Array:
    infinite = np.isposinf(x)  # beside these nothing else counts
    below = np.where(infinite, 0, x) - restore(np.where(np.isneginf(out), 0, out), axis, keepdims)
    shares = np.where(infinite, 1 / np.maximum(np.sum(infinite, axis=axis, keepdims=True), 1), np.exp(below))
    return restore(g, axis, keepdims) * shares


@primitive(x=_softmax_rule)
@rounded_once
def logsumexp(x: Array, axis: Axis = None, *, keepdims: bool = False) -> Array:
    """ln Σ eˣ over `axis`, without overflow for any x. ∂/∂xᵢ = e^(xᵢ − out), the softmax; infinite xᵢ share alike.

    Examples
    --------
    >>> logsumexp(Tensor([1000.0, 1000.0]))
    Tensor(1000.69314718)
    """
    x = to_floats(x)
    largest = _largest(x, axis)
    with np.errstate(divide="ignore", over="ignore"):  # the logarithm of an empty sum is −∞; beside ∞ all may overflow
        out = np.log(sum_over(np.exp(x - largest), axis, keepdims=True)) + largest
    return out if keepdims else np.squeeze(out, axis=axis) if axis is not None else out.reshape(())


def _as_ufunc_method(operation: Callable[..., Array]) -> Callable[..., Array]:
    """The reduction as ``ufunc.reduce`` calls it: over the first axis by default."""
    return lambda x, axis=0, **options: operation(x, axis, **options)


numpy_operations[np.add, "reduce"] = _as_ufunc_method(sum)
numpy_operations[np.multiply, "reduce"] = _as_ufunc_method(prod)
numpy_operations[np.maximum, "reduce"] = _as_ufunc_method(max)
numpy_operations[np.minimum, "reduce"] = _as_ufunc_method(min)
