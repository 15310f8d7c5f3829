"""Axes moved, added and repeated; the elements stay in order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograd_lite.core.primitive import primitive
from autograd_lite.core.tensor import Array, Tensor
from autograd_lite.ops.arrays.shape import astype, broadcast_to, clone, reshape, swapaxes, transpose
from autograd_lite.ops.composition import composed
from autograd_lite.support.conversion import to_array

__all__ = [
    "atleast_1d",
    "atleast_2d",
    "atleast_3d",
    "broadcast_arrays",
    "copy",
    "full_like",
    "matrix_transpose",
    "moveaxis",
    "permute_dims",
    "rollaxis",
]

copy = clone
permute_dims = transpose


@primitive(numpy=np.moveaxis, x=lambda g, source, destination: np.moveaxis(g, destination, source))
def moveaxis(x: Array, source: int | Sequence[int], destination: int | Sequence[int]) -> Array:
    """x with axes moved to other places, the others in their order. The gradient is moved back.

    Examples
    --------
    >>> moveaxis(Tensor(np.ones((2, 3, 4))), 0, -1).shape
    (3, 4, 2)
    """
    return np.moveaxis(x, source, destination)


@composed(numpy=np.rollaxis)
def rollaxis(x: Array, axis: int, start: int = 0) -> Tensor:
    """x with one axis moved to before the place `start`. The gradient is moved back.

    Examples
    --------
    >>> rollaxis(Tensor(np.ones((2, 3, 4))), 2).shape
    (4, 2, 3)
    """
    x = to_array(x)
    order = np.rollaxis(np.empty(range(x.ndim)), axis, start).shape  # an array whose lengths name its axes
    return transpose(x, order)


@composed(numpy=(np.matrix_transpose, np.linalg.matrix_transpose))
def matrix_transpose(x: Array) -> Tensor:
    """x with the last two axes exchanged; the gradient too.

    Examples
    --------
    >>> matrix_transpose(Tensor(np.ones((2, 3, 4)))).shape
    (2, 4, 3)
    """
    x = to_array(x)
    if x.ndim < 2:
        raise ValueError(f"matrix_transpose: x of shape {x.shape} has no two axes")
    return swapaxes(x, -1, -2)


def _at_least(function: Callable[..., Any], arrays: tuple[Array, ...]) -> Any:
    results = tuple(reshape(array, function(np.empty(np.shape(array), np.bool_)).shape) for array in arrays)
    return results[0] if len(results) == 1 else results


@composed(numpy=np.atleast_1d)
def atleast_1d(*arrays: Array) -> Any:
    """A number as an array with one axis; the gradient gets the shape of the number.

    Examples
    --------
    >>> atleast_1d(Tensor(2.0))
    Tensor([2.])
    """
    return _at_least(np.atleast_1d, arrays)


@composed(numpy=np.atleast_2d)
def atleast_2d(*arrays: Array) -> Any:
    """An array with axes of length one put in front until it has two; the gradient loses them.

    Examples
    --------
    >>> atleast_2d(Tensor([1.0, 2.0]))
    Tensor([[1., 2.]])
    """
    return _at_least(np.atleast_2d, arrays)


@composed(numpy=np.atleast_3d)
def atleast_3d(*arrays: Array) -> Any:
    """An array with axes of length one added until it has three: (n,) to (1, n, 1), (m, n) to (m, n, 1).

    The gradient loses them.

    Examples
    --------
    >>> atleast_3d(Tensor([1.0, 2.0])).shape
    (1, 2, 1)
    """
    return _at_least(np.atleast_3d, arrays)


@composed(numpy=np.broadcast_arrays)
def broadcast_arrays(*arrays: Array) -> tuple[Tensor, ...]:
    """All arrays in their common shape. The gradient is the sum over the repetitions.

    Examples
    --------
    >>> broadcast_arrays(Tensor([1.0, 2.0]), Tensor([[3.0]]))
    (Tensor([[1., 2.]]), Tensor([[3., 3.]]))
    """
    shape = np.broadcast_shapes(*map(np.shape, arrays))
    return tuple(broadcast_to(array, shape) for array in arrays)


@composed(numpy=np.full_like)
def full_like(x: Array, fill_value: Array, dtype: Any = None, *, shape: Any = None) -> Tensor:
    """An array like x in shape and dtype with `fill_value` everywhere. The gradient of the value is the sum.

    The result is an array, as for `zeros_like`, unless the value is a tensor.

    Examples
    --------
    >>> full_like(np.zeros(2), Tensor(3.0))
    Tensor([3., 3.])
    """
    x = to_array(x)
    return astype(broadcast_to(fill_value, x.shape if shape is None else shape), dtype or x.dtype)
