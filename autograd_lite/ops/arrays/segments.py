"""Parts of an axis: sums over segments in any order, and windows that move along it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view as windows_of

from autograd_lite.core.primitive import primitive
from autograd_lite.core.tensor import Array, Tensor
from autograd_lite.ops.arrays.indexing import scatter
from autograd_lite.ops.arrays.ordering import positions
from autograd_lite.ops.composition import composed
from autograd_lite.ops.slices import Axis
from autograd_lite.support.checks import is_integer
from autograd_lite.support.conversion import strip, to_array
from autograd_lite.support.messages import show

__all__ = ["segment_sum", "sliding_window_view"]


@composed
def segment_sum(x: Array, segments: Any, count: int | None = None) -> Tensor:
    """The sum over each segment: row s of the result is Σ x[i] over all i with ``segments[i] == s``.

    The gradient of x[i] is the row ``segments[i]`` of that of the result. It is ``np.add.at`` on zeros, and
    `jax.ops.segment_sum`.

    Parameters
    ----------
    x : array (*n, ...)
    segments : array of int (*n)
        The segment of each row of x, at least 0, in any order.
    count : int, optional
        The number of segments; by default the largest one and 1. The sum over a segment without rows is 0.

    Returns
    -------
    array (count, ...)

    Raises
    ------
    TypeError
        If the segments are not integers.
    ValueError
        If their shape is not that of the leading axes of x.
    IndexError
        If a segment is negative, or not below `count`.

    Examples
    --------
    >>> segment_sum(Tensor([1.0, 2.0, 3.0]), [0, 2, 0], 3)
    Tensor([4., 0., 2.])
    """
    x, segments = to_array(x), np.asarray(strip(segments))
    if segments.dtype.kind not in "iu" and segments.size:
        raise TypeError(f"segments must be integers, not {segments.dtype}")
    if count is not None and (not is_integer(count) or count < 0):
        raise ValueError(f"count must be an integer, at least 0, not {show(count)}")
    if x.shape[: segments.ndim] != segments.shape or not segments.ndim:
        raise ValueError(f"segments of shape {segments.shape} for x of shape {x.shape}")
    low, high = (int(segments.min()), int(segments.max())) if segments.size else (0, -1)
    count = high + 1 if count is None else int(count)
    if low < 0 or high >= count:
        raise IndexError(f"segments from {low} to {high}, but there are {count} of them, counted from 0")
    return scatter(x, segments.astype(np.intp), (count, *x.shape[segments.ndim :]))


def _add_windows(g: Array, x_shape: tuple[int, ...], window_shape: Any, axis: Axis) -> Array:
    seen = windows_of(positions(x_shape), window_shape, axis)
    return scatter(g.reshape(-1), seen.reshape(-1), (math.prod(x_shape),)).reshape(x_shape)


@primitive(numpy=windows_of, x=_add_windows)
def sliding_window_view(x: Array, window_shape: int | tuple[int, ...], axis: Axis = None) -> Array:
    """All windows of `window_shape` along `axis`, by default along all axes, in new axes at the end.

    It is a view, which cannot be written to. Each element receives the sum of the gradients of the windows that it is
    part of.

    Examples
    --------
    >>> sliding_window_view(Tensor([1.0, 2.0, 3.0]), 2)
    Tensor([[1., 2.],
            [2., 3.]])
    """
    return windows_of(x, window_shape, axis)
