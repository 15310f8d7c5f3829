"""``ufunc.reduceat``: sums, products and extremes of consecutive segments of an axis."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from autograd_lite.core.numpy_protocols import numpy_operations
from autograd_lite.core.primitive import primitive
from autograd_lite.core.tensor import Array
from autograd_lite.ops.arrays.choosing import take
from autograd_lite.ops.arrays.indexing import scatter
from autograd_lite.ops.arrays.ordering import along
from autograd_lite.ops.arrays.shape import astype, concatenate
from autograd_lite.ops.composition import composed
from autograd_lite.ops.reductions import reduction
from autograd_lite.support.conversion import strip, to_array

__all__: list[str] = []


def _bounds(indices: Any, length: int) -> tuple[Any, Any]:
    """Where the segments begin and end: each one where the next begins, or after one element if that is before."""
    starts = np.asarray(indices)
    ends = np.append(starts[1:], length)
    return starts, np.where(ends > starts, ends, starts + 1)


def _of_the_segments(g: Array, x_shape: tuple[int, ...], indices: Any, axis: int) -> Array:
    axis = normalize_axis_index(axis, len(x_shape))
    starts, ends = _bounds(indices, x_shape[axis])
    lengths = ends - starts
    which = np.repeat(np.arange(len(starts)), lengths)  # for each term the segment, and its place in x
    source = np.arange(len(which)) + np.repeat(starts - np.cumsum(lengths) + lengths, lengths)
    return scatter(take(g, which, axis), (*(slice(None),) * axis, source), x_shape)


@primitive(numpy=((np.add, "reduceat"),), name="add_reduceat", x=_of_the_segments)
def _add(x: Array, indices: Any, axis: int = 0) -> Array:
    return np.add.reduceat(x, indices, axis)


def _by_segments(ufunc: np.ufunc, reduce: Callable[..., Any]) -> Callable[..., Any]:
    def reduceat(x: Array, indices: Any, axis: int = 0) -> Any:
        x = to_array(x)
        found = ufunc.reduceat(np.zeros(x.shape, x.dtype), strip(indices), axis)  # NumPy's errors
        starts, ends = _bounds(strip(indices), x.shape[axis])
        segments = zip(starts.tolist(), ends.tolist(), strict=True)
        parts = [reduce(along(x, axis, slice(start, end)), axis, keepdims=True) for start, end in segments]
        return concatenate(parts, axis) if parts else astype(along(x, axis, slice(0, 0)), found.dtype)

    reduceat.__name__ = f"{ufunc.__name__}_reduceat"
    return composed(reduceat)


for _ufunc, _name in ((np.multiply, "prod"), (np.maximum, "max"), (np.minimum, "min")):
    numpy_operations[_ufunc, "reduceat"] = _by_segments(_ufunc, getattr(reduction, _name))
