"""Reductions that ignore NaN. Elements that are NaN receive no gradient."""

from __future__ import annotations

import numpy as np

from autograd_lite.core.primitive import primitive
from autograd_lite.core.tensor import Array, Tensor
from autograd_lite.ops.composition import composed
from autograd_lite.ops.lengths import along_direction, at_least_single, euclidean, printed_as, slice_scale
from autograd_lite.ops.reductions.reduction import prod, shared_among_ties, sum
from autograd_lite.ops.slices import Axis, restore
from autograd_lite.support.conversion import strip, to_floats

__all__ = ["nanmax", "nanmean", "nanmin", "nanprod", "nanstd", "nansum", "nanvar"]


@composed(numpy=np.nansum)
def nansum(a: Array, axis: Axis = None, *, keepdims: bool = False) -> Tensor:
    """The sum over `axis` without NaN.

    Examples
    --------
    >>> nansum(Tensor([1.0, np.nan, 3.0]))
    Tensor(4.)
    """
    return sum(np.where(np.isnan(a), 0, a), axis, keepdims=keepdims)


@composed(numpy=np.nanprod)
def nanprod(a: Array, axis: Axis = None, *, keepdims: bool = False) -> Tensor:
    """The product over `axis` without NaN.

    Examples
    --------
    >>> nanprod(Tensor([2.0, np.nan, 3.0]))
    Tensor(6.)
    """
    return prod(np.where(np.isnan(a), 1, a), axis, keepdims=keepdims)


def _numbers(a: Array, axis: Axis, ddof: float = 0) -> Array:
    """The number of elements of each slice that are not NaN, less `ddof`; NaN if not positive, 1 if all are NaN."""
    found = np.count_nonzero(~np.isnan(a), axis=axis, keepdims=True)
    return np.where(found > ddof, found - ddof, np.where(found > 0, np.nan, 1.0))


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
    return shared_among_ties(g, a, out, axis, keepdims, of_nothing=1)


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
    """aᵢ − mean, less the mean of that, which is the rounding error of the mean; 0 for NaN."""
    kept = np.where(np.isnan(a), 0, a)
    rough = np.where(np.isnan(a), 0, kept - np.sum(kept, axis=axis, keepdims=True) / _numbers(a, axis))
    rest = np.sum(strip(rough), axis=axis, keepdims=True) / _numbers(a, axis)
    return np.where(np.isnan(a), 0, rough - printed_as(rest, 0))


def _scale(a: Array, axis: Axis) -> Array:
    a = strip(a)
    return slice_scale(np.where(np.isnan(a), 0, a), axis)


@primitive(
    numpy=np.nanvar,
    a=lambda g, a, axis, ddof, keepdims: (
        restore(g, axis, keepdims)
        * (2 * _deviation(a.astype(at_least_single(a.dtype)), axis) / _numbers(a, axis, ddof))
    ),
)
def nanvar(a: Array, axis: Axis = None, *, ddof: float = 0, keepdims: bool = False) -> Array:
    """The variance over `axis` without NaN.

    Examples
    --------
    >>> nanvar(Tensor([1.0, np.nan, 3.0]))
    Tensor(1.)
    """
    a = to_floats(a)
    exact = a.astype(at_least_single(a.dtype), copy=False)
    return np.nanvar(exact, axis=axis, ddof=ddof, keepdims=keepdims).astype(a.dtype, copy=False)


def _std_rule(g: Array, a: Array, out: Array, axis: Axis, ddof: float, keepdims: bool) -> Array:
    deviation = _deviation(a * _scale(a, axis), axis)
    freedom = _numbers(a, axis, ddof)
    s = printed_as(euclidean(deviation, axis, True) / np.sqrt(freedom), strip(restore(out, axis, keepdims)))
    return along_direction(restore(g, axis, keepdims), deviation, freedom * s, axis, ~np.isnan(a))


@primitive(numpy=np.nanstd, a=_std_rule)
def nanstd(a: Array, axis: Axis = None, *, ddof: float = 0, keepdims: bool = False) -> Array:
    """The standard deviation over `axis` without NaN; where it is 0, so is the gradient.

    Examples
    --------
    >>> nanstd(Tensor([1.0, np.nan, 3.0]))
    Tensor(1.)
    """
    a = to_floats(a)
    scale = _scale(a, axis)
    out = (np.nanstd(a * scale, axis=axis, ddof=ddof, keepdims=True) / scale).astype(a.dtype)
    return out if keepdims else np.squeeze(out, axis)
