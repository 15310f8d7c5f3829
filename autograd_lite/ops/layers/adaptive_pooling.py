"""Pooling to a given size: as many windows as the result has elements, as equal as the lengths allow.

Window i of n along an axis of length L begins at ⌊iL/n⌋ and ends before ⌈(i + 1)L/n⌉. Their lengths differ by at most
one and they may overlap, so the elements of each window are gathered.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd_lite.core.primitive import primitive
from autograd_lite.core.tensor import Array, Tensor
from autograd_lite.ops.arrays.choosing import take, take_along_axis
from autograd_lite.ops.arrays.indexing import where
from autograd_lite.ops.arrays.shape import reshape
from autograd_lite.ops.composition import composed
from autograd_lite.ops.layers.pooling_operations import AXES, unrecorded
from autograd_lite.ops.layers.windows import Lengths
from autograd_lite.ops.lengths import at_least_single
from autograd_lite.support.checks import is_integer
from autograd_lite.support.conversion import strip, to_floats
from autograd_lite.support.messages import show

__all__: list[str] = []  # for `nn.functional`

Numbers = np.ndarray[Any, np.dtype[Any]]


def checked_size(axes: int, output_size: Any) -> tuple[int | None, ...]:
    """The output size for each axis; None keeps the length.

    Raises
    ------
    ValueError
        If they are not positive integers or None.
    """
    several = isinstance(output_size, tuple | list)
    sizes = tuple(output_size) if several else (output_size,) * axes
    if len(sizes) != axes or not all(n is None or (is_integer(n) and n > 0) for n in sizes):
        number = "a positive integer or None" + (f", or {axes} of them" if axes > 1 else "")
        raise ValueError(f"output_size must be {number}, not {show(output_size)}")
    return sizes


def _windows(size: Lengths, places: Lengths) -> tuple[Numbers, Numbers]:
    """For each place the positions of its elements, counted in C order, and which of them are none, (places, most)."""
    index, extra = np.zeros((1, 1), int), np.zeros((1, 1), bool)
    for n, count in zip(size, places, strict=True):
        start = np.arange(count) * n // count
        stop = -(-(np.arange(count) + 1) * n // count)
        along = start[:, None] + np.arange((stop - start).max())
        beyond = along >= stop[:, None]
        along = np.where(beyond, start[:, None], along)
        shape = (len(index) * count, index.shape[1] * along.shape[1])
        index = (index[:, None, :, None] * n + along[None, :, None, :]).reshape(shape)
        extra = (extra[:, None, :, None] | beyond[None, :, None, :]).reshape(shape)
    return index, extra


def _gathered(axes: int, x: Array, output_size: Any) -> tuple[Array, tuple[int, ...], Numbers, Numbers]:
    """x with its last axes joined, the shape of the result, and the windows."""
    x = x if isinstance(x, Tensor) and x.dtype.kind == "f" else to_floats(strip(x))
    if x.ndim not in (axes + 1, axes + 2) or 0 in x.shape[-axes:]:
        raise ValueError(f"x of shape {x.shape}, expected (N, C, {AXES[axes]}) or (C, {AXES[axes]}) with elements")
    size = x.shape[-axes:]
    places = tuple(n if new is None else new for n, new in zip(size, checked_size(axes, output_size), strict=True))
    leading = x.shape[:-axes]
    index, extra = _windows(size, places)
    return reshape(x, (*leading, math.prod(size))), (*leading, *places), index, extra


# An operation without rules, so that a program calls it as a whole.
@primitive(name="first_largest")
def _first_largest(x: Array, index: Numbers) -> Numbers:
    """The position of the first largest element of each window; NaN is the largest, and a repeated element no other."""
    first = np.argmax(np.take(x, index, axis=-1), axis=-1)
    return np.asarray(index[np.arange(len(index)), first])


def _largest(axes: int, x: Array, output_size: Any, return_indices: bool) -> Any:
    rows, shape, index, _ = _gathered(axes, x, output_size)
    where_largest = _first_largest(unrecorded(rows), index)
    out = reshape(take_along_axis(rows, strip(where_largest), -1), shape)
    return (out, reshape(where_largest, shape)) if return_indices else out


def _mean(axes: int, x: Array, output_size: Any) -> Any:
    rows, shape, index, extra = _gathered(axes, x, output_size)
    dtype = rows.dtype
    elements = where(extra, 0, take(rows, index, axis=-1).astype(at_least_single(dtype)))
    counts = (index.shape[1] - extra.sum(axis=1)).astype(elements.dtype)
    return reshape((np.sum(elements, axis=-1) / counts).astype(dtype), shape)


@composed
def adaptive_max_pool1d(x: Array, output_size: Any, return_indices: bool = False) -> Any:
    """The largest element of each of `output_size` windows of signals (N, C, L) or (C, L); see `adaptive_max_pool2d`.

    Examples
    --------
    >>> adaptive_max_pool1d(Tensor([[1.0, 5.0, 2.0]]), 2)
    Tensor([[5., 5.]])
    """
    return _largest(1, x, output_size, return_indices)


@composed
def adaptive_max_pool2d(x: Array, output_size: Any, return_indices: bool = False) -> Any:
    """The largest element of each window, for a result of the size `output_size`. The gradient goes to the first one.

    Parameters
    ----------
    x : array (N, C, H, W) or (C, H, W)
    output_size : int, None or pair of them
        The lengths of the result; None keeps the length. Windows may overlap.
    return_indices : bool, default False
        Whether to return the places of the largest elements too, counted in C order in their image.

    Raises
    ------
    ValueError
        If x has other axes, or output_size is not positive.

    Examples
    --------
    >>> adaptive_max_pool2d(Tensor([[[1.0, 5.0, 2.0]]]), (None, 1))
    Tensor([[[5.]]])
    """
    return _largest(2, x, output_size, return_indices)


@composed
def adaptive_max_pool3d(x: Array, output_size: Any, return_indices: bool = False) -> Any:
    """The largest element of each window in (N, C, D, H, W) or (C, D, H, W); see `adaptive_max_pool2d`.

    Examples
    --------
    >>> adaptive_max_pool3d(Tensor(np.arange(8.0).reshape(1, 2, 2, 2)), 1)
    Tensor([[[[7.]]]])
    """
    return _largest(3, x, output_size, return_indices)


@composed
def adaptive_avg_pool1d(x: Array, output_size: Any) -> Tensor:
    """The mean of each of `output_size` windows of signals (N, C, L) or (C, L); see `adaptive_avg_pool2d`.

    Examples
    --------
    >>> adaptive_avg_pool1d(Tensor([[1.0, 5.0, 2.0]]), 2)
    Tensor([[3. , 3.5]])
    """
    return _mean(1, x, output_size)


@composed
def adaptive_avg_pool2d(x: Array, output_size: Any) -> Tensor:
    """The mean of each window, for a result of the size `output_size`. ∂/∂x = 1/(number of elements of the window).

    Parameters
    ----------
    x : array (N, C, H, W) or (C, H, W)
    output_size : int, None or pair of them
        The lengths of the result; None keeps the length. Windows may overlap.

    Raises
    ------
    ValueError
        If x has other axes, or output_size is not positive.

    Examples
    --------
    >>> adaptive_avg_pool2d(Tensor([[[1.0, 5.0, 3.0]]]), (None, 1))
    Tensor([[[3.]]])
    """
    return _mean(2, x, output_size)


@composed
def adaptive_avg_pool3d(x: Array, output_size: Any) -> Tensor:
    """The mean of each window in (N, C, D, H, W) or (C, D, H, W); see `adaptive_avg_pool2d`.

    Examples
    --------
    >>> adaptive_avg_pool3d(Tensor(np.arange(8.0).reshape(1, 2, 2, 2)), 1)
    Tensor([[[[3.5]]]])
    """
    return _mean(3, x, output_size)
