"""Weighted averages, ranges and traces."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from autograd_lite.core.hooks import check_in_each_call
from autograd_lite.core.numpy_protocols import numpy_operations
from autograd_lite.core.primitive import primitive
from autograd_lite.core.tensor import Array, Tensor
from autograd_lite.ops.composition import composed
from autograd_lite.ops.reductions.reduction import max, mean, min, sum
from autograd_lite.ops.slices import Axis
from autograd_lite.support.conversion import strip, to_array

__all__ = ["average", "ptp", "trace"]


def _beside(a: Array, weights: Array, axis: Axis) -> Array:
    """The weights, reshaped to broadcast against a."""
    if weights.shape == a.shape:
        return weights
    if axis is None:
        raise TypeError("average: Axis must be specified when shapes of a and weights differ.")
    axes = normalize_axis_tuple(axis, a.ndim)
    if weights.shape != tuple(a.shape[i] for i in axes):
        raise ValueError(
            f"average: Shape of weights {weights.shape} must be consistent with shape {a.shape} of a along {axis}."
        )
    weights = np.transpose(weights, tuple(int(i) for i in np.argsort(axes)))
    return weights.reshape(tuple(length if i in axes else 1 for i, length in enumerate(a.shape)))


def _refuse_sum_of_0(total: Array) -> None:
    if np.any(total == 0):
        raise ZeroDivisionError("average: Weights sum to zero, can't be normalized")


@composed(numpy=np.average)
def average(
    a: Array, axis: Axis = None, weights: Array = None, returned: bool = False, *, keepdims: bool = False
) -> Any:
    """Σ wᵢaᵢ / Σ wᵢ over `axis`, differentiable in a and in the weights; with `returned` also the sum of the weights.

    Raises
    ------
    ZeroDivisionError
        If weights sum to zero.

    Examples
    --------
    >>> average(Tensor([1.0, 2.0, 6.0]), weights=[1, 1, 2])
    Tensor(3.75)
    """
    a = to_array(a)
    if weights is None:
        result = mean(a, axis, keepdims=keepdims)
        count = a.size / result.size
        total: Array = result.dtype.type(count) if returned else None
    else:
        weights = _beside(a, to_array(weights), axis)
        dtype = np.result_type(a.dtype, weights.dtype, *(["f8"] if a.dtype.kind in "iub" else []))
        a, weights = (x if x.dtype == dtype else x.astype(dtype) for x in (a, weights))
        total = sum(weights, axis, keepdims=keepdims)
        check_in_each_call(_refuse_sum_of_0, strip(total))
        result = sum(a * weights, axis, keepdims=keepdims) / total
    if not returned:
        return result
    return result, total if total.shape == result.shape else np.copy(np.broadcast_to(total, result.shape))


@composed(numpy=np.ptp)
def ptp(a: Array, axis: Axis = None, *, keepdims: bool = False) -> Tensor:
    """The range, max − min, over `axis`. Ties share the gradient equally.

    Examples
    --------
    >>> ptp(Tensor([3.0, 1.0, 7.0]))
    Tensor(6.)
    """
    return max(a, axis, keepdims=keepdims) - min(a, axis, keepdims=keepdims)


def _along_the_diagonal(g: Array, a_shape: tuple[int, ...], offset: int, axis1: int, axis2: int) -> Array:
    axis1, axis2 = axis1 % len(a_shape), axis2 % len(a_shape)
    mask = np.eye(a_shape[axis1], a_shape[axis2], offset, dtype=bool)
    mask = mask if axis1 < axis2 else mask.T
    mask = mask.reshape(tuple(length if i in (axis1, axis2) else 1 for i, length in enumerate(a_shape)))
    return np.where(mask, np.expand_dims(g, (axis1, axis2)), 0)


@primitive(numpy=np.trace, a=_along_the_diagonal)
def trace(a: Array, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Array:
    """The sum along a diagonal, the one of elements i, i + offset of two axes. ∂/∂aᵢⱼ = 1 on the diagonal, else 0.

    Examples
    --------
    >>> trace(Tensor([[1.0, 2.0], [3.0, 4.0]]))
    Tensor(5.)
    """
    return np.trace(a, offset, axis1, axis2)


def _trace_of_matrices(x: Array, *, offset: int = 0) -> Array:
    """`np.linalg.trace`: the sums along a diagonal of the last two axes."""
    return trace(x, offset, -2, -1)


numpy_operations[np.linalg.trace] = _trace_of_matrices
