"""Medians, quantiles and percentiles: weighted sums of one or two order statistics.

The gradient goes to the elements between which the result was interpolated. Equal elements are taken in the order of a
stable sort.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd_lite.core.primitive import primitive
from autograd_lite.core.tensor import Array
from autograd_lite.ops.arrays.indexing import scatter
from autograd_lite.ops.slices import Axis, axes_of, merged, unmerged
from autograd_lite.support.conversion import strip

__all__ = ["median", "nanmedian", "nanpercentile", "nanquantile", "percentile", "quantile"]


def _places(lengths: Any, q: Any, method: str) -> Any:
    """The fractional positions of the quantiles among the sorted elements: NumPy's quantiles of 0, 1, 2, ..."""
    places = np.zeros((lengths.size, np.size(q)))
    for length in np.unique(lengths[lengths > 0]):
        places[lengths == length] = np.ravel(np.quantile(np.arange(float(length)), q, method=method))  # type: ignore[call-overload]
    return places


def _weighted_places(rows: Any, sorting: Any, results: Any, weights: Any, shape: tuple[int, ...], axis: Axis) -> Any:
    """The position of the quantiles among the sorted elements: the first one that has this value and a weight."""
    weights = np.asarray(weights)
    if weights.shape != shape:  # one axis, or those that are reduced
        axes = axes_of(axis, len(shape))
        lengths = [n if i in axes else 1 for i, n in enumerate(shape)]
        weights = np.broadcast_to(np.transpose(weights, np.argsort(axes)).reshape(lengths), shape)
    weights = merged(weights, axis).reshape(rows.shape)
    elements = np.where(weights > 0, rows, np.nan)
    elements = np.expand_dims(np.take_along_axis(elements, sorting, axis=1), 1)
    return np.argmax(elements == results[:, :, None], axis=2).astype(float)


def _to_the_chosen(
    g: Array, a: Array, out: Array, q: Any, axis: Axis, method: str, skip_nan: bool, weights: Any = None
) -> Array:
    values, results = np.asarray(strip(a)), np.asarray(strip(out))
    q = strip(q)
    arranged = merged(values, axis)
    slices, length = math.prod(arranged.shape[:-1]), arranged.shape[-1]
    rows = arranged.reshape(slices, length)
    sorting = np.argsort(rows, axis=1, kind="stable")  # NaN comes last
    lengths = np.count_nonzero(~np.isnan(rows), axis=1) if skip_nan else np.full(slices, length)
    results = results.reshape(np.size(q), slices).T
    if weights is None:
        places = _places(lengths, q, method)
    else:
        places = _weighted_places(rows, sorting, results, strip(weights), values.shape, axis)
    fraction = places - np.floor(places)
    # The gradient of a result that is NaN is NaN, unless all elements are NaN and ignored.
    undefined = np.isnan(results) & (lengths > 0)[:, None]
    upstream = np.transpose(np.reshape(g, (np.size(q), slices)))
    total: Array = 0
    for place, weight in ((np.floor(places), 1 - fraction), (np.ceil(places), fraction)):
        weight = np.where((lengths > 0)[:, None], weight, 0)
        if length:
            chosen = np.take_along_axis(sorting, place.astype(int), axis=1)
            total = total + scatter(upstream * weight, (np.arange(slices)[:, None], chosen), rows.shape)
        else:
            total = scatter(upstream[:, :0], (slice(None), slice(0, 0)), rows.shape)
    total = np.where(undefined.any(axis=1, keepdims=True), np.nan, total)
    return unmerged(total, values.shape, axis)


def _refuse_no_axes(axis: Axis) -> None:
    if axis == ():
        raise TypeError("axis=() reduces nothing, and NumPy returns the axes of the result in the wrong order")


@primitive(
    numpy=np.quantile,
    a=lambda g, a, out, q, axis, method, weights: _to_the_chosen(g, a, out, q, axis, method, False, weights),
)
def quantile(
    a: Array, q: Array, axis: Axis = None, *, method: str = "linear", keepdims: bool = False, weights: Any = None
) -> Array:
    """The quantiles `q` in [0, 1] over `axis`, by any of NumPy's methods; the axes of q come first.

    With the method "inverted_cdf", the elements can have `weights`, which have no derivative.

    Examples
    --------
    >>> quantile(Tensor([4.0, 1.0, 2.0, 3.0, 5.0]), [0.5, 0.125])
    Tensor([3. , 1.5])
    """
    return np.quantile(a, q, axis=axis, method=method, keepdims=keepdims, weights=weights)  # type: ignore[call-overload]


@primitive(
    numpy=np.nanquantile,
    a=lambda g, a, out, q, axis, method, weights: _to_the_chosen(g, a, out, q, axis, method, True, weights),
)
def nanquantile(
    a: Array, q: Array, axis: Axis = None, *, method: str = "linear", keepdims: bool = False, weights: Any = None
) -> Array:
    """The quantiles `q` over `axis` without NaN.

    Examples
    --------
    >>> nanquantile(Tensor([4.0, np.nan, 2.0, 3.0]), 0.5)
    Tensor(3.)
    """
    _refuse_no_axes(axis)
    return np.nanquantile(a, q, axis=axis, method=method, keepdims=keepdims, weights=weights)  # type: ignore[call-overload]


@primitive(
    numpy=np.percentile,
    a=lambda g, a, out, q, axis, method, weights: _to_the_chosen(
        g, a, out, np.true_divide(strip(q), 100), axis, method, False, weights
    ),
)
def percentile(
    a: Array, q: Array, axis: Axis = None, *, method: str = "linear", keepdims: bool = False, weights: Any = None
) -> Array:
    """The quantiles q/100 over `axis`.

    Examples
    --------
    >>> percentile(Tensor([4.0, 1.0, 2.0, 3.0, 5.0]), 75)
    Tensor(4.)
    """
    return np.percentile(a, q, axis=axis, method=method, keepdims=keepdims, weights=weights)  # type: ignore[call-overload]


@primitive(
    numpy=np.nanpercentile,
    a=lambda g, a, out, q, axis, method, weights: _to_the_chosen(
        g, a, out, np.true_divide(strip(q), 100), axis, method, True, weights
    ),
)
def nanpercentile(
    a: Array, q: Array, axis: Axis = None, *, method: str = "linear", keepdims: bool = False, weights: Any = None
) -> Array:
    """The quantiles q/100 over `axis` without NaN.

    Examples
    --------
    >>> nanpercentile(Tensor([4.0, np.nan, 2.0, 3.0]), 50)
    Tensor(3.)
    """
    _refuse_no_axes(axis)
    return np.nanpercentile(a, q, axis=axis, method=method, keepdims=keepdims, weights=weights)  # type: ignore[call-overload]


@primitive(numpy=np.median, a=lambda g, a, out, axis: _to_the_chosen(g, a, out, 0.5, axis, "linear", False))
def median(a: Array, axis: Axis = None, *, keepdims: bool = False) -> Array:
    """The element in the middle over `axis`, or the mean of the two.

    Examples
    --------
    >>> median(Tensor([4.0, 1.0, 2.0, 3.0]))
    Tensor(2.5)
    """
    return np.median(a, axis=axis, keepdims=keepdims)


@primitive(numpy=np.nanmedian, a=lambda g, a, out, axis: _to_the_chosen(g, a, out, 0.5, axis, "linear", True))
def nanmedian(a: Array, axis: Axis = None, *, keepdims: bool = False) -> Array:
    """The median over `axis` without NaN.

    Examples
    --------
    >>> nanmedian(Tensor([4.0, np.nan, 2.0, 3.0]))
    Tensor(3.)
    """
    return np.nanmedian(a, axis=axis, keepdims=keepdims)
