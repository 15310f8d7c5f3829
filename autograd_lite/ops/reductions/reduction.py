"""Reductions over axes: sums, means, products, extremes and moments.

`axis` is None (all axes), an integer or a tuple of them; `keepdims` keeps reduced axes with length one.
"""

from __future__ import annotations

import builtins
import math

import numpy as np

from autograd_lite.core.primitive import primitive
from autograd_lite.core.tensor import Array
from autograd_lite.ops.conventions import by_convention
from autograd_lite.ops.lengths import along_direction, at_least_single, euclidean, printed_as, slice_scale
from autograd_lite.ops.slices import Axis, axes_of, merged, restore, spread, unmerged
from autograd_lite.support.conversion import strip, to_floats
from autograd_lite.support.half_precision import rounded_once, single
from autograd_lite.support.sums import sum_over

__all__ = ["logsumexp", "max", "mean", "min", "prod", "std", "sum", "var"]


def count(shape: tuple[int, ...], axis: Axis) -> int:
    """The number of elements of an array of `shape` that are reduced to one."""
    return math.prod(shape[i] for i in axes_of(axis, len(shape)))


@primitive(
    numpy=np.sum,
    x=lambda g, x_shape, axis, keepdims: spread(g, x_shape, axis, keepdims),
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
    x=lambda g, x_shape, axis, keepdims: spread(single(g) / count(x_shape, axis), x_shape, axis, keepdims),
)
def mean(x: Array, axis: Axis = None, *, keepdims: bool = False) -> Array:
    """The mean over `axis`. ∂/∂xᵢ = 1/n for a mean of n elements.

    Examples
    --------
    >>> mean(Tensor([[1.0, 2.0], [3.0, 4.0]]), axis=1)
    Tensor([1.5, 3.5])
    """
    return np.mean(x, axis=axis, keepdims=keepdims)


def shared_among_ties(g: Array, x: Array, out: Array, axis: Axis, keepdims: bool, of_nothing: int = 0) -> Array:
    """The gradient of an extreme over `axis`: n tied elements receive 1/n of it each.

    Nothing equals an extreme that is NaN. The gradient is 0 / `of_nothing` there.
    """
    chosen = x == restore(out, axis, keepdims)
    tied = np.sum(chosen, axis=axis, keepdims=True)
    with np.errstate(invalid="ignore"):
        shares = chosen / np.maximum(tied, of_nothing)
    return by_convention(
        restore(g, axis, keepdims), shares, lambda: chosen, x, axis=axis, ties=True, piecewise_linear=True
    )


def _extreme_rule(g: Array, x: Array, out: Array, axis: Axis, keepdims: bool) -> Array:
    return shared_among_ties(g, x, out, axis, keepdims)


@primitive(numpy=(np.max, np.amax), x=_extreme_rule)
def max(x: Array, axis: Axis = None, *, keepdims: bool = False) -> Array:
    """The largest element over `axis`. The gradient goes to it; n tied elements receive 1/n of it each.

    Examples
    --------
    >>> max(Tensor([[1.0, 2.0], [3.0, 4.0]]), axis=0)
    Tensor([3., 4.])
    """
    return np.max(x, axis=axis, keepdims=keepdims)


@primitive(numpy=(np.min, np.amin), x=_extreme_rule)
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

    A cumulative product from the left times one from the right avoids division by zeros. The derivative with respect to
    xⱼ is the product of all but i and j: the same function of the array with xᵢ replaced by 1.
    """
    left, right = np.ones_like(x), np.ones_like(x)
    np.cumprod(x[..., :-1], axis=-1, out=left[..., 1:])
    np.cumprod(x[..., :0:-1], axis=-1, out=right[..., -2::-1])
    return left * right


def _product_of_the_rest(g: Array, x: Array, axis: Axis, keepdims: bool) -> Array:
    if not x.ndim:  # a number has an axis 0 for NumPy
        return g
    return restore(g, axis, keepdims) * unmerged(_others(merged(x, axis)), x.shape, axis)


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


def deviation(x: Array, axis: Axis) -> Array:
    """xᵢ − x̄, less the mean of that, which is the rounding error of x̄. Deviations of equal numbers are 0."""
    if not x.size:
        return x
    rough = x - np.mean(x, axis=axis, keepdims=True)
    return rough - printed_as(np.mean(strip(rough), axis=axis, keepdims=True), 0)


def _freedom(shape: tuple[int, ...], axis: Axis, ddof: float) -> float:
    """n − ddof, the divisor of NumPy; 0 if that is negative."""
    return builtins.max(count(shape, axis) - ddof, 0)


def _var_rule(g: Array, x: Array, axis: Axis, ddof: float, keepdims: bool) -> Array:
    from_mean = deviation(x.astype(at_least_single(x.dtype)), axis)
    return restore(g, axis, keepdims) * (2 * from_mean / _freedom(x.shape, axis, ddof))


@primitive(numpy=np.var, x=_var_rule)
def var(x: Array, axis: Axis = None, *, ddof: float = 0, keepdims: bool = False) -> Array:
    """The variance over `axis`, Σ(xᵢ − x̄)²/(n − ddof). ∂/∂xᵢ = 2(xᵢ − x̄)/(n − ddof).

    Examples
    --------
    >>> var(Tensor([1.0, 2.0, 3.0]), ddof=1)
    Tensor(1.)
    """
    x = to_floats(x)
    exact = x.astype(at_least_single(x.dtype), copy=False)
    return np.var(exact, axis=axis, ddof=ddof, keepdims=keepdims).astype(x.dtype, copy=False)


def _std_rule(g: Array, x: Array, out: Array, axis: Axis, ddof: float, keepdims: bool) -> Array:
    from_mean, freedom = deviation(x * slice_scale(x, axis), axis), _freedom(x.shape, axis, ddof)
    s = printed_as(euclidean(from_mean, axis, True) / math.sqrt(freedom), strip(restore(out, axis, keepdims)))
    return along_direction(restore(g, axis, keepdims), from_mean, freedom * s, axis, np.True_)


@primitive(numpy=np.std, x=_std_rule)
def std(x: Array, axis: Axis = None, *, ddof: float = 0, keepdims: bool = False) -> Array:
    """The standard deviation s = √var over `axis`. ∂/∂xᵢ = (xᵢ − x̄)/((n − ddof)·s), and 0 where s is 0.

    Examples
    --------
    >>> std(Tensor([1.0, 2.0, 3.0]), ddof=1)
    Tensor(1.)
    """
    x = to_floats(x)
    scale = slice_scale(x, axis)
    out = (np.std(x * scale, axis=axis, ddof=ddof, keepdims=True) / scale).astype(x.dtype)
    return out if keepdims else np.squeeze(out, axis)


def _largest(x: Array, axis: Axis) -> Array:
    """The largest element, or 0 where it is infinite or there is none: the number to subtract before exp."""
    largest = np.max(x, axis=axis, keepdims=True, initial=-np.inf)
    return np.where(np.isfinite(largest), largest, 0)


def _softmax_rule(g: Array, x: Array, out: Array, axis: Axis, keepdims: bool) -> Array:
    infinite = np.isposinf(x)  # all other elements are negligible
    below = np.where(infinite, 0, x) - restore(np.where(np.isneginf(out), 0, out), axis, keepdims)
    shares = np.where(infinite, 1 / np.maximum(np.sum(infinite, axis=axis, keepdims=True), 1), np.exp(below))
    return by_convention(restore(g, axis, keepdims), shares, lambda: np.isposinf(strip(x)), x, axis=axis, ties=True)


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
    with np.errstate(divide="ignore", over="ignore"):  # ln 0 = −∞ for an empty sum; exp may overflow next to ∞
        out = np.log(sum_over(np.exp(x - largest), axis, keepdims=True)) + largest
    return out if keepdims else np.squeeze(out, axis=axis) if axis is not None else out.reshape(())
