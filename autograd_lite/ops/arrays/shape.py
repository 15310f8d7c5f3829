"""Shape and dtype, joining and stacking; the elements stay the same."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from autograd_lite.core.numpy_protocols import numpy_operations
from autograd_lite.core.primitive import primitive
from autograd_lite.core.tensor import Array, Tensor
from autograd_lite.ops.slices import Axis
from autograd_lite.support.checks import check_sequence
from autograd_lite.support.conversion import to_array
from autograd_lite.support.messages import show

__all__ = [
    "astype",
    "broadcast_to",
    "clone",
    "concatenate",
    "expand_dims",
    "flatten",
    "ravel",
    "reshape",
    "squeeze",
    "stack",
    "swapaxes",
    "transpose",
]


def is_dense(x: Any, order: Any) -> bool:
    """Whether the positions of a tensor, if it has any, are consecutive in C or F order."""
    place = getattr(x, "_place", None)
    return place is None or place.positions is None or bool(np.all(np.diff(place.positions.ravel(order)) == 1))


def _known_order(order: str) -> Any:
    if order not in ("C", "F"):
        raise TypeError(f"order={show(order)} is not possible: tensors have no order in memory; use 'C' or 'F'")
    return order


@primitive(
    numpy=np.reshape,
    x=lambda g, x_shape, order: g.reshape(x_shape) if order == "C" else g.reshape(x_shape, order=order),
)
def reshape(x: Array, shape: int | tuple[int, ...], order: str = "C") -> Array:
    """The same elements in another shape; one length can be -1. The gradient gets the old shape.

    They are counted with the last axis running fastest, or the first for ``order="F"``.

    Examples
    --------
    >>> reshape(Tensor([1.0, 2.0, 3.0, 4.0]), (2, -1))
    Tensor([[1., 2.],
            [3., 4.]])
    """
    return np.reshape(x, shape) if order == "C" else np.reshape(x, shape, _known_order(order))


@primitive(name="ravel", x=lambda g, x_shape, order: g.reshape(x_shape, order=order))
def _ravel(x: Array, order: str = "C") -> Array:
    return np.ravel(x, _known_order(order))


def ravel(x: Array, order: str = "C") -> Tensor:
    """The elements in one axis, the last axis running fastest, or the first for ``order="F"``.

    Examples
    --------
    >>> ravel(Tensor([[1.0, 2.0], [3.0, 4.0]]))
    Tensor([1., 2., 3., 4.])
    """
    return _ravel(x, order) if is_dense(x, order) else flatten(x, order)  # a view where NumPy gives a view


@primitive(x=lambda g, x_shape, order: g.reshape(x_shape, order=order))
def flatten(x: Array, order: str = "C") -> Array:
    """The elements in one axis, as a copy.

    Examples
    --------
    >>> flatten(Tensor([[1.0, 2.0], [3.0, 4.0]]))
    Tensor([1., 2., 3., 4.])
    """
    if isinstance(order, int):
        raise TypeError(f"the argument is an order, 'C' or 'F', not {order}; write x.reshape(*x.shape[:{order}], -1)")
    return to_array(x).flatten(_known_order(order))


@primitive(numpy=np.squeeze, x=lambda g, x_shape: g.reshape(x_shape))
def squeeze(x: Array, axis: Axis = None) -> Array:
    """x without the axes of length one, or without those given.

    Examples
    --------
    >>> squeeze(Tensor([[1.0, 2.0]]))
    Tensor([1., 2.])
    """
    return np.squeeze(x, axis=axis)


@primitive(numpy=np.expand_dims, x=lambda g, x_shape: g.reshape(x_shape))
def expand_dims(x: Array, axis: int | tuple[int, ...]) -> Array:
    """x with new axes of length one at the positions `axis` of the result.

    Examples
    --------
    >>> expand_dims(Tensor([1.0, 2.0]), 0)
    Tensor([[1., 2.]])
    """
    return np.expand_dims(x, axis)


def _inverse(axes: Sequence[int] | None) -> tuple[int, ...] | None:
    return None if axes is None else tuple(int(i) for i in np.argsort([axis % len(axes) for axis in axes]))


@primitive(numpy=np.transpose, x=lambda g, axes: np.transpose(g, _inverse(axes)))
def transpose(x: Array, axes: Sequence[int] | None = None) -> Array:
    """x with the axes in the order `axes`, by default reversed.

    Examples
    --------
    >>> transpose(Tensor([[1.0, 2.0]]))
    Tensor([[1.],
            [2.]])
    """
    if isinstance(axes, tuple) and len(axes) == 2 < np.ndim(x):
        raise ValueError(f"axes lists all axes in their new order; to exchange two, write x.swapaxes{axes}")
    return np.transpose(x, axes)


@primitive(numpy=np.swapaxes, x=lambda g, axis1, axis2: np.swapaxes(g, axis1, axis2))
def swapaxes(x: Array, axis1: int, axis2: int) -> Array:
    """x with two axes exchanged.

    Examples
    --------
    >>> swapaxes(Tensor([[1.0, 2.0]]), 0, 1)
    Tensor([[1.],
            [2.]])
    """
    return np.swapaxes(x, axis1, axis2)


@primitive(numpy=np.broadcast_to, x=lambda g: g)
def broadcast_to(x: Array, shape: int | tuple[int, ...]) -> Array:
    """x repeated along axes that are missing or of length one. The gradient is the sum over the repetitions.

    Examples
    --------
    >>> broadcast_to(Tensor([1.0, 2.0]), (2, 2))
    Tensor([[1., 2.],
            [1., 2.]])
    """
    return np.broadcast_to(x, shape)


def _pieces(g: Array, arrays_shape: tuple[tuple[int, ...], ...], axis: int | None) -> list[Array]:
    """The part of `g` that belongs to each of the arrays that were joined along `axis`."""
    if axis is None:
        ends = accumulate(map(math.prod, arrays_shape), initial=0)
        return [g[a:b].reshape(shape) for (a, b), shape in zip(pairwise(ends), arrays_shape, strict=True)]
    before = (slice(None),) * (axis % g.ndim)
    ends = accumulate([shape[axis] for shape in arrays_shape], initial=0)
    return [g[(*before, slice(a, b))] for a, b in pairwise(ends)]


@primitive(name="concatenate", arrays=_pieces)
def _concatenate(*arrays: Array, axis: int | None = 0) -> Array:
    return np.concatenate(arrays, axis=axis)


def _converted_to_one(name: str, arrays: Any, dtype: Any, casting: Any) -> Any:
    """The arrays that are to be joined, in the dtype of the result; TypeError where `casting` forbids it."""
    arrays = check_sequence(name, arrays)
    if dtype is None and casting == "same_kind":
        return arrays
    if isinstance(dtype, Tensor) or isinstance(casting, Tensor):
        raise TypeError(f"{name}: dtype and casting cannot be tensors")
    arrays = [to_array(array) for array in arrays]
    dtype = np.result_type(*(array.dtype for array in arrays)) if dtype is None else np.dtype(dtype)
    for array in arrays:
        if not np.can_cast(array.dtype, dtype, casting):
            raise TypeError(f"{name}: cannot cast {array.dtype} to {dtype} with casting={show(casting)}")
    return [array if array.dtype == dtype else astype(array, dtype) for array in arrays]


def concatenate(
    arrays: Sequence[Array], axis: int | None = 0, *, dtype: Any = None, casting: str = "same_kind"
) -> Tensor:
    """The arrays joined along an existing axis; flattened before if `axis` is None. `dtype` is that of the result.

    Examples
    --------
    >>> concatenate([Tensor([1.0]), Tensor([2.0, 3.0])])
    Tensor([1., 2., 3.])
    """
    return _concatenate(*_converted_to_one("concatenate", arrays, dtype, casting), axis=axis)


def _slices(g: Array, arrays_shape: tuple[Any, ...], axis: int) -> list[Array]:
    before = (slice(None),) * (axis % g.ndim)
    return [g[(*before, i)] for i in range(len(arrays_shape))]


@primitive(name="stack", arrays=_slices)
def _stack(*arrays: Array, axis: int = 0) -> Array:
    return np.stack(arrays, axis=axis)


def stack(arrays: Sequence[Array], axis: int = 0, *, dtype: Any = None, casting: str = "same_kind") -> Tensor:
    """The arrays, all of one shape, joined along a new axis. `dtype` is that of the result.

    Examples
    --------
    >>> stack([Tensor([1.0, 2.0]), Tensor([3.0, 4.0])])
    Tensor([[1., 2.],
            [3., 4.]])
    """
    return _stack(*_converted_to_one("stack", arrays, dtype, casting), axis=axis)


numpy_operations[np.ravel] = ravel
numpy_operations[np.concatenate] = concatenate
numpy_operations[np.stack] = stack


@primitive(x=lambda g: g)
def astype(x: Array, dtype: DTypeLike) -> Array:
    """The elements converted to `dtype`. No gradient flows through integers and booleans.

    Examples
    --------
    >>> astype(Tensor([1.5, 2.5]), int)
    Tensor([1, 2])
    """
    return to_array(x).astype(dtype)


def _converted(x: Array, dtype: DTypeLike, *, copy: bool = True) -> Array:
    """`np.astype`, which with ``copy=False`` returns x itself if it has the dtype already."""
    return astype(x, dtype) if copy or x.dtype != np.dtype(dtype) else x


if hasattr(np, "astype"):  # since NumPy 2.1
    numpy_operations[np.astype] = _converted


@primitive(numpy=np.copy, x=lambda g: g)
def clone(x: Array, order: str = "K") -> Array:
    """A copy that shares no memory and through which the gradient flows.

    `order` is that of the elements in memory, as in NumPy: "C", "F", or that of x with "K" and "A".

    Examples
    --------
    >>> clone(Tensor([1.0, 2.0]))
    Tensor([1., 2.])
    """
    return np.copy(x) if order == "K" else np.copy(x, order)  # type: ignore[call-overload]
