"""Scans: running sums, products and extremes along an axis."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_lite.core.numpy_protocols import numpy_operations
from autograd_lite.core.primitive import primitive
from autograd_lite.core.tensor import Array, Tensor
from autograd_lite.ops.arrays.indexing import scatter
from autograd_lite.ops.composition import composed
from autograd_lite.ops.reductions.reduction import logsumexp
from autograd_lite.ops.slices import Axis
from autograd_lite.support.conversion import strip, to_array

__all__ = ["cumprod", "cumsum", "cumulative_prod", "cumulative_sum", "nancumprod", "nancumsum"]


def _reversed(x: Array, axis: int) -> Array:
    return x[(slice(None),) * axis + (slice(None, None, -1),)]


def _sums_from_the_end(g: Array, a_shape: tuple[int, ...], axis: int | None) -> Array:
    axis = 0 if axis is None else axis % g.ndim
    return _reversed(np.cumsum(_reversed(g, axis), axis=axis), axis).reshape(a_shape)


@primitive(numpy=np.cumsum, a=_sums_from_the_end)
def cumsum(a: Array, axis: int | None = None) -> Array:
    """sᵢ = Σ_{j≤i} aⱼ along `axis`, by default over all elements. ∂sᵢ/∂aⱼ = 1 for j ≤ i.

    Examples
    --------
    >>> cumsum(Tensor([1.0, 2.0, 3.0]))
    Tensor([1., 3., 6.])
    """
    return np.cumsum(a, axis=axis)


def _delayed(x: Array, first: float) -> Array:
    """x moved by one place along the last axis: (first, x₀, x₁, ...) without the last."""
    start = np.full_like(x, first, shape=(*x.shape[:-1], min(x.shape[-1], 1)))
    return np.concatenate([start, x[..., :-1]], axis=-1)


def _recurrence_back(g: Array, a: Array) -> Array:
    """λᵢ = gᵢ + aᵢ₊₁ λᵢ₊₁: the same recurrence from the end."""
    last = g.ndim - 1
    return _reversed(_recurrence(_delayed(_reversed(a, last), 0), _reversed(g, last)), last)


@primitive(a=lambda g, a, out: _recurrence_back(g, a) * _delayed(out, 0), b=lambda g, a: _recurrence_back(g, a))
def _recurrence(a: Array, b: Array) -> Array:
    """hᵢ = aᵢ hᵢ₋₁ + bᵢ along the last axis, from h₋₁ = 0."""
    out = np.copy(b)
    factors, terms = np.moveaxis(a, -1, 0), np.moveaxis(out, -1, 0)  # views: the loop writes into `out`
    for i in range(1, len(terms)):
        terms[i] += factors[i] * terms[i - 1]
    return out


def _products_without(g: Array, a: Array, axis: int | None) -> Array:
    """The product of the elements before times a recurrence over those after, without division by zeros."""
    axis = 0 if axis is None else axis
    rows, upstream = np.swapaxes(np.reshape(a, g.shape), axis, -1), np.swapaxes(g, axis, -1)
    before = _delayed(np.cumprod(rows, axis=-1), 1)
    return np.swapaxes(before * _recurrence_back(upstream, rows), axis, -1).reshape(a.shape)


@primitive(numpy=np.cumprod, a=_products_without)
def cumprod(a: Array, axis: int | None = None) -> Array:
    """pᵢ = Π_{j≤i} aⱼ along `axis`, by default over all elements. ∂pᵢ/∂aⱼ = Π_{k≤i, k≠j} aₖ, exact at zeros too.

    Examples
    --------
    >>> x = Tensor([2.0, 0.0, 5.0], requires_grad=True)
    >>> cumprod(x).sum().backward()
    >>> x.grad
    array([ 1., 12.,  0.])
    """
    return np.cumprod(a, axis=axis)


@composed(numpy=np.nancumsum)
def nancumsum(a: Array, axis: int | None = None) -> Tensor:
    """`cumsum` with 0 in the place of NaN, which receives no gradient.

    Examples
    --------
    >>> nancumsum(Tensor([1.0, np.nan, 3.0]))
    Tensor([1., 1., 4.])
    """
    return cumsum(np.where(np.isnan(a), 0, a), axis)


@composed(numpy=np.nancumprod)
def nancumprod(a: Array, axis: int | None = None) -> Tensor:
    """`cumprod` with 1 in the place of NaN, which receives no gradient.

    Examples
    --------
    >>> nancumprod(Tensor([2.0, np.nan, 3.0]))
    Tensor([2., 2., 6.])
    """
    return cumprod(np.where(np.isnan(a), 1, a), axis)


def _cumulative(scan: Callable[..., Array], x: Array, axis: int | None, initial: float | None) -> Array:
    x = to_array(x)
    x = x if x.ndim else x.reshape(1)
    if axis is None:
        if x.ndim > 1:
            raise ValueError(
                f"cumulative_{'sum' if scan is cumsum else 'prod'}: an array of shape {x.shape} needs an axis"
            )
        axis = 0
    out = scan(x, axis)
    if initial is None:
        return out
    axis %= out.ndim
    start = np.full((*out.shape[:axis], 1, *out.shape[axis + 1 :]), initial, out.dtype)
    return np.concatenate([start, out], axis=axis)


@composed
def cumulative_sum(x: Array, *, axis: int | None = None, include_initial: bool = False) -> Tensor:
    """`cumsum` by its name in the array API standard; with `include_initial` it begins with 0.

    Examples
    --------
    >>> cumulative_sum(Tensor([1.0, 2.0]), include_initial=True)
    Tensor([0., 1., 3.])
    """
    return _cumulative(cumsum, x, axis, 0 if include_initial else None)


@composed
def cumulative_prod(x: Array, *, axis: int | None = None, include_initial: bool = False) -> Tensor:
    """`cumprod` by its name in the array API standard; with `include_initial` it begins with 1.

    Examples
    --------
    >>> cumulative_prod(Tensor([2.0, 3.0]), include_initial=True)
    Tensor([1., 2., 6.])
    """
    return _cumulative(cumprod, x, axis, 1 if include_initial else None)


# -- running extremes ----------------------------------------------------------------------------------------------


def _to_the_record(g: Array, out: Array, axis: int) -> Array:
    """The gradient of a running extreme goes to the element that set it; of equal elements, to the first."""
    if not g.size:
        return g
    out = np.asarray(strip(out))
    axis %= out.ndim
    places = np.ogrid[tuple(slice(length) for length in out.shape)]
    before = np.concatenate([out.take([0], axis), out.take(range(out.shape[axis] - 1), axis)], axis)
    changed = (out != before) & ~np.isnan(before)  # NaN stays
    records = np.maximum.accumulate(np.where(changed, places[axis], 0), axis=axis)
    return scatter(g, tuple(records if i == axis else place for i, place in enumerate(places)), out.shape)


@primitive(x=_to_the_record)
def _running_max(x: Array, axis: int = 0) -> Array:
    return np.maximum.accumulate(x, axis=axis)


@primitive(x=_to_the_record)
def _running_min(x: Array, axis: int = 0) -> Array:
    return np.minimum.accumulate(x, axis=axis)


def _accumulate(scan: Callable[..., Array]) -> Callable[..., Any]:
    """The scan with the signature of ``ufunc.accumulate``: along the first axis by default."""

    def accumulate(x: Array, axis: int = 0) -> Array:
        if axis is None or not to_array(x).ndim:
            raise TypeError("accumulate: one axis is needed")
        return scan(x, axis)

    return accumulate


def _sum_of_exponentials(x: Array, axis: Axis = 0, *, keepdims: bool = False) -> Array:
    x = to_array(x)
    if x.dtype.kind != "f":  # integers become the floats of NumPy's type resolution
        x = x.astype(np.logaddexp.resolve_dtypes((x.dtype, x.dtype, None))[2])
    return logsumexp(x, axis, keepdims=keepdims)


numpy_operations[np.add, "accumulate"] = _accumulate(cumsum)
numpy_operations[np.multiply, "accumulate"] = _accumulate(cumprod)
numpy_operations[np.maximum, "accumulate"] = _accumulate(_running_max)
numpy_operations[np.minimum, "accumulate"] = _accumulate(_running_min)
numpy_operations[np.logaddexp, "reduce"] = _sum_of_exponentials
for _scan in (cumulative_sum, cumulative_prod):
    if hasattr(np, _scan.__name__):  # since NumPy 2.1
        numpy_operations[getattr(np, _scan.__name__)] = _scan
