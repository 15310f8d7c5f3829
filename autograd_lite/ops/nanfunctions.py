"""Reductions that leave NaN out. Elements that are NaN receive no gradient."""

from __future__ import annotations

import numpy as np

from autograd_lite.composition import composed
from autograd_lite.ops.reduction import Axis, prod, restore, sum
from autograd_lite.primitive import primitive
from autograd_lite.tensor import Array, numpy_operations

__all__ = ["nanmax", "nanmean", "nanmin", "nanprod", "nanstd", "nansum", "nanvar"]


@composed
def nansum(a: Array, axis: Axis = None, *, keepdims: bool = False) -> Array:
    """The sum over `axis` without NaN.

    Examples
    --------
    >>> nansum(Tensor([1.0, np.nan, 3.0]))
    Tensor(4.)
    """
    return sum(np.where(np.isnan(a), 0, a), axis, keepdims=keepdims)


@composed
def nanprod(a: Array, axis: Axis = None, *, keepdims: bool = False) -> Array:
    """The product over `axis` without NaN.

    Examples
    --------
    >>> nanprod(Tensor([2.0, np.nan, 3.0]))
    Tensor(6.)
    """
    return prod(np.where(np.isnan(a), 1, a), axis, keepdims=keepdims)


def _numbers(a: Array, axis: Axis, ddof: float = 0) -> Array:
    """How many elements of each slice are numbers, less `ddof`; NaN if that is too few, and 1 where there are none."""
    found = np.count_nonzero(~np.isnan(a), axis=axis, keepdims=True)
    return np.where(found > ddof, found - ddof, np.where(found > 0, np.nan, 1))


@primitive(
    numpy=np.nanmean,
    a=lambda g, a, axis, keepdims: np.where(np.isnan(a), 0, restore(g, axis, keepdims) / _numbers(a, axis)),
)
def nanmean(a: Array, axis: Axis = None, *, keepdims: bool = False) -> Array:
    """The mean over `axis` without NaN.

    Examples
    --------
    >>> nanmean(Tensor([1.0, np.nan, 3.0]))
    Tensor(2.)
    """
    return np.nanmean(a, axis=axis, keepdims=keepdims)


def _shared_among_ties(g: Array, a: Array, out: Array, axis: Axis, keepdims: bool) -> Array:
    chosen = a == restore(out, axis, keepdims)
    return restore(g, axis, keepdims) * (chosen / np.maximum(np.sum(chosen, axis=axis, keepdims=True), 1))


@primitive(numpy=np.nanmax, a=_shared_among_ties)
def nanmax(a: Array, axis: Axis = None, *, keepdims: bool = False) -> Array:
    """The largest element over `axis` without NaN. n tied elements receive 1/n of the gradient each.

    Examples
    --------
    >>> nanmax(Tensor([1.0, np.nan, 3.0]))
    Tensor(3.)
    """
    return np.nanmax(a, axis=axis, keepdims=keepdims)


@primitive(numpy=np.nanmin, a=_shared_among_ties)
def nanmin(a: Array, axis: Axis = None, *, keepdims: bool = False) -> Array:
    """The smallest element over `axis` without NaN. n tied elements receive 1/n of the gradient each.

    Examples
    --------
    >>> nanmin(Tensor([1.0, np.nan, 3.0]))
    Tensor(1.)
    """
    return np.nanmin(a, axis=axis, keepdims=keepdims)


def _deviation(a: Array, axis: Axis) -> Array:
    kept = np.where(np.isnan(a), 0, a)
    return np.where(np.isnan(a), 0, kept - np.sum(kept, axis=axis, keepdims=True) / _numbers(a, axis))


@primitive(
    numpy=np.nanvar,
    a=lambda g, a, axis, ddof, keepdims: (
        restore(g, axis, keepdims) * (2 / _numbers(a, axis, ddof)) * _deviation(a, axis)
    ),
)
def nanvar(a: Array, axis: Axis = None, *, ddof: float = 0, keepdims: bool = False) -> Array:
    """The variance over `axis` without NaN.

    Examples
    --------
    >>> nanvar(Tensor([1.0, np.nan, 3.0]))
    Tensor(1.)
    """
    return np.nanvar(a, axis=axis, ddof=ddof, keepdims=keepdims)


def _std_rule(g: Array, a: Array, out: Array, axis: Axis, ddof: float, keepdims: bool) -> Array:
    scale = np.where((out == 0) | np.isnan(out), 1, out)  # 0/1 instead of 0/0
    return restore(g / scale, axis, keepdims) * (_deviation(a, axis) / _numbers(a, axis, ddof))


@primitive(numpy=np.nanstd, a=_std_rule)
def nanstd(a: Array, axis: Axis = None, *, ddof: float = 0, keepdims: bool = False) -> Array:
    """The standard deviation over `axis` without NaN; where it is 0, so is the gradient.

    Examples
    --------
    >>> nanstd(Tensor([1.0, np.nan, 3.0]))
    Tensor(1.)
    """
    return np.nanstd(a, axis=axis, ddof=ddof, keepdims=keepdims)


numpy_operations.update({np.nansum: nansum, np.nanprod: nanprod})
