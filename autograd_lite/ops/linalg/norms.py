"""Norms of vectors and matrices. Where a norm is 0 its derivative is 0."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from autograd_lite.core.primitive import primitive
from autograd_lite.core.tensor import Array, Tensor
from autograd_lite.ops.composition import composed
from autograd_lite.ops.conventions import by_convention
from autograd_lite.ops.lengths import at_least_single, euclidean, nonzero, printed_as
from autograd_lite.ops.linalg.spectral import svdvals
from autograd_lite.ops.reductions.reduction import max, min, sum
from autograd_lite.ops.slices import Axis, axes_of, merged, restore
from autograd_lite.support.conversion import strip, to_array, to_floats
from autograd_lite.support.messages import show

__all__ = ["matrix_norm", "norm", "vector_norm"]


def _unit(x: Array, ord: float, axis: int) -> Array:
    """The unit of each slice: 1, or its largest or smallest magnitude if powers may leave the range."""
    magnitudes = np.abs(strip(x))
    decisive = (
        np.max(magnitudes, axis=axis, keepdims=True, initial=0)
        if ord > 0
        else np.min(magnitudes, axis=axis, keepdims=True, initial=math.inf)
    )
    dtype = at_least_single(x.dtype)
    is_extreme = np.abs(np.frexp(decisive)[1]) * abs(ord) > np.finfo(dtype).maxexp // 2
    return printed_as(np.where(is_extreme & np.isfinite(decisive), decisive, 1).astype(dtype), 1)


def _length(x: Array, ord: float, axis: int) -> Array:
    return _power_norm(x / _unit(x, ord, axis), ord, axis, True)


def _power_rule(
    g: Array, x: Array, out: Array, unit: Array, length: Array, ord: float, axis: int, keepdims: bool
) -> Array:
    length = printed_as(length, strip(restore(out, axis, keepdims)))
    shares = x / unit / nonzero(length)
    if ord > 0 and ord % 2 == 0:  # a polynomial under the root, smooth at 0 too
        slope, kink = shares ** (ord - 1), False
    else:
        kink = (strip(length) == 0) | (strip(x) == 0)
        slope = np.where(kink, 0, np.sign(x) * np.where(kink, 1, np.absolute(shares)) ** (ord - 1))

    def places() -> Array:  # for orders from 2 on, powers have the second derivative 0 at 0
        return (strip(length) == 0) | (kink if ord < 2 else False)

    return by_convention(restore(g, axis, keepdims), slope, places, x, axis=axis)


@primitive(
    name="norm",
    residuals={"unit": _unit, "length": _length},
    x=_power_rule,
)
def _power_norm(x: Array, ord: float, axis: int, keepdims: bool) -> Any:
    unit = _unit(x, ord, axis)
    length = np.linalg.norm(x / unit, ord, axis, True)
    out = (length * unit).astype(x.dtype)
    return out if keepdims else np.squeeze(out, axis), unit, length


@primitive(name="norm", x=lambda g: g * 0)
def _support(x: Array) -> Array:
    return np.not_equal(x, 0).astype(x.dtype)


def _of_vectors(x: Array, ord: Any, axis: int, keepdims: bool) -> Array:
    if ord is None or ord == 2:
        return euclidean(x, axis, keepdims)
    if isinstance(ord, str):
        raise ValueError(f"norm: Invalid norm order {show(ord)} for vectors")
    if ord == 1:
        return sum(np.absolute(x), axis, keepdims=keepdims)
    if ord == 0:
        return sum(_support(x), axis, keepdims=keepdims)
    if math.isinf(ord):
        if ord > 0 and not x.shape[axis]:
            return sum(x, axis, keepdims=keepdims)  # 0, without elements
        return (max if ord > 0 else min)(np.absolute(x), axis, keepdims=keepdims)
    return _power_norm(x, float(ord), axis, keepdims)


def _of_matrices(x: Array, ord: Any, axes: tuple[int, int], keepdims: bool) -> Array:
    row, column = axes
    if row == column:
        raise ValueError("norm: Duplicate axes given.")
    if ord in (None, "fro", "f"):
        return euclidean(x, (row, column), keepdims)
    if ord in (2, -2, "nuc"):
        s = svdvals(np.moveaxis(x, (row, column), (-2, -1)))
        of_nothing = ord == 2 and not s.shape[-1]
        value = sum(s, -1) if ord == "nuc" or of_nothing else (max if ord == 2 else min)(s, -1)
        return np.expand_dims(value, (row, column)) if keepdims else value
    if ord not in (1, -1, math.inf, -math.inf):
        raise ValueError("norm: Invalid norm order for matrices.")
    summed, compared = (row, column) if abs(ord) == 1 else (column, row)
    sums = sum(np.absolute(x), summed, keepdims=True)
    if ord > 0 and not x.shape[compared]:
        return sum(sums, (row, column), keepdims=keepdims)  # 0, without elements
    extremes = (max if ord > 0 else min)(sums, compared, keepdims=True)
    return extremes if keepdims else np.squeeze(extremes, axis=(row, column))


@composed(numpy=np.linalg.norm)
def norm(x: Array, ord: Any = None, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The norm of a vector (any order) or matrix ("fro", "nuc", 1, 2, inf, -1, -2, -inf), or of those along `axis`.

    For vectors (Σ |xᵢ|ᵖ)^(1/p), ∂/∂xᵢ = sign(xᵢ)·(|xᵢ|/out)ᵖ⁻¹; 0 at a kink, and where the norm is 0.
    Orders ±inf are the extremes of |xᵢ|, whose ties share the gradient; order 0 counts, with derivative 0. The matrix
    norms "nuc", 2 and -2 are the sum and the extremes of the singular values, with the derivatives of `svdvals`.

    Examples
    --------
    >>> norm(Tensor([3.0, -4.0]))
    Tensor(5.)
    """
    x = to_floats(x)
    if axis is None and (ord is None or (ord in ("f", "fro") and x.ndim == 2)):
        return euclidean(x, None, keepdims)
    if axis is None:
        axis = tuple(range(x.ndim))
    elif not isinstance(axis, tuple):
        try:
            axis = (int(axis),)
        except TypeError as error:
            raise TypeError("norm: 'axis' must be None, an integer or a tuple of integers") from error
    axis = tuple(normalize_axis_index(one, x.ndim) for one in axis)
    if len(axis) == 1:
        return _of_vectors(x, ord, axis[0], keepdims)
    if len(axis) == 2:
        return _of_matrices(x, ord, axis, keepdims)
    raise ValueError("norm: Improper number of dimensions to norm.")


@composed(numpy=np.linalg.vector_norm)
def vector_norm(x: Array, *, axis: Axis = None, keepdims: bool = False, ord: float = 2) -> Tensor:
    """The norm of vectors, whose elements lie along `axis`, one or several; by default of all elements.

    Examples
    --------
    >>> vector_norm(Tensor([[3.0, 0.0], [0.0, -4.0]]))
    Tensor(5.)
    """
    x = to_array(x)
    axes = axes_of(axis, x.ndim)
    result: Any = norm(merged(x, axes), ord, -1)
    if keepdims:
        result = np.expand_dims(result, axes)
    return result


@composed(numpy=np.linalg.matrix_norm)
def matrix_norm(x: Array, *, keepdims: bool = False, ord: Any = "fro") -> Tensor:
    """The norm of the matrices in the last two axes, of an order that `norm` has for matrices.

    Examples
    --------
    >>> matrix_norm(Tensor([[3.0, 0.0], [0.0, -4.0]]))
    Tensor(5.)
    """
    return norm(x, ord, (-2, -1), keepdims)
