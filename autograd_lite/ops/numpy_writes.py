"""NumPy's functions that write into their first argument, on tensors: each is ``x[index] = value`` (see `in_place`)."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np

from autograd_lite.core.numpy_protocols import numpy_operations
from autograd_lite.core.primitive import primitive
from autograd_lite.core.tensor import Array, Tensor
from autograd_lite.ops.arrays.indexing import getitem
from autograd_lite.ops.arrays.ordering import positions, resize, whole_numbers
from autograd_lite.ops.arrays.shape import broadcast_to
from autograd_lite.ops.composition import naming
from autograd_lite.ops.in_place import set_item, write
from autograd_lite.support.conversion import strip, to_array
from autograd_lite.support.messages import show
from autograd_lite.support.numpy_writes import refuse_to_write

__all__: list[str] = []


def _writes(target: Any, *method: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Decorator: what a function of NumPy does where the first argument is a tensor; it cannot be a plain array."""

    def register(function: Callable[..., None]) -> Callable[..., None]:
        @wraps(function)
        def checked(x: Any, *args: Any, **options: Any) -> None:
            if not isinstance(x, Tensor):
                refuse_to_write(target, *method)
            with naming(".".join([target.__name__, *method])):
                function(x, *args, **options)

        numpy_operations[(target, *method) if method else target] = checked
        return checked

    return register


def _put(x: Tensor, which: Any, values: Array) -> None:
    """Write to the elements at positions in C order; the values are repeated until there are enough."""
    if which.size and np.size(values):
        values = to_array(values)
        values = values if not values.ndim else resize(values, which.shape)
        set_item(x, np.unravel_index(which, x.shape) if x.ndim else (), values if x.ndim else values.reshape(-1)[-1])


@_writes(np.put)
def put(x: Tensor, ind: Any, v: Array, mode: Any = "raise") -> None:
    """``np.put``: values at positions in C order, repeated until there are enough."""
    _put(x, np.ravel(np.take(np.arange(x.size), whole_numbers("ind", strip(ind)), mode=mode)), v)


@_writes(np.fill_diagonal)
def fill_diagonal(x: Tensor, val: Array, wrap: bool = False) -> None:
    """``np.fill_diagonal``: the value, or values one after the other, on the diagonal."""
    if x.ndim < 2:
        raise ValueError("array must be at least 2-d")
    if x.ndim > 2 and len(set(x.shape)) > 1:
        raise ValueError(f"all axes must have the same length, not {x.shape}")
    step = 1 + sum(math.prod(x.shape[axis:]) for axis in range(1, x.ndim))
    end = None if wrap or x.ndim > 2 else x.shape[1] ** 2
    _put(x, np.arange(x.size)[:end:step], val)


@_writes(np.put_along_axis)
def put_along_axis(x: Tensor, indices: Any, values: Array, axis: int | None = -1) -> None:
    """``np.put_along_axis``: values at the indices in each row along `axis`."""
    which = np.take_along_axis(positions(x.shape), to_array(strip(indices)), axis)
    set_item(x, np.unravel_index(which, x.shape), broadcast_to(values, which.shape))


@_writes(np.place)
def place(x: Tensor, mask: Any, vals: Array) -> None:
    """``np.place``: the values one after the other where the mask holds."""
    mask = np.asarray(strip(mask), bool)
    if mask.size != x.size:
        raise ValueError(f"a mask of shape {mask.shape} for x of shape {x.shape}")
    which = np.flatnonzero(mask)
    if which.size and not np.size(vals):
        raise ValueError("Cannot insert from an empty array!")
    _put(x, which, vals)


@_writes(np.putmask)
def putmask(x: Tensor, mask: Any, values: Array) -> None:
    """``np.putmask``: where the mask holds, the value at the same position."""
    mask = np.asarray(strip(mask), bool)
    if mask.size != x.size:
        raise ValueError(f"a mask of shape {mask.shape} for x of shape {x.shape}")
    which = np.flatnonzero(mask)
    if np.size(values):
        _put(x, which, getitem(to_array(values).reshape(-1), which % np.size(values)))


@_writes(np.copyto)
def copyto(x: Tensor, src: Array, casting: Any = "same_kind", where: Any = True) -> None:
    """``np.copyto``: all values, or those where `where` holds."""
    src = to_array(src)
    if not np.can_cast(src.dtype, x.dtype, casting):
        raise TypeError(f"values of dtype {src.dtype} for an array of dtype {x.dtype} with casting={show(casting)}")
    if casting == "unsafe" and not np.can_cast(src.dtype, x.dtype, "same_kind"):
        src = src.astype(x.dtype)
    if where is True:
        set_item(x, ..., src)
    else:
        mask = np.broadcast_to(np.asarray(strip(where), bool), x.shape)
        set_item(x, mask, getitem(broadcast_to(src, x.shape), mask))


# -- ufunc.at --------------------------------------------------------------------------------------------------------


@primitive(name="add_at", x=lambda g: g, values=lambda g, index: g[index])
def _with_sums(x: Array, index: Any, values: Array) -> Array:
    """A copy of x to which the values are added, all of those for one element."""
    out = np.copy(x)
    np.add.at(out, index, values)
    return out


@_writes(np.add, "at")
def add_at(x: Tensor, indices: Any, b: Array) -> None:
    """``np.add.at``: the values are added, all of those for one element."""
    write(x, lambda x, b: _with_sums(x, indices, b), to_array(b), "np.add.at(x, index, values)", indices)


@_writes(np.subtract, "at")
def subtract_at(x: Tensor, indices: Any, b: Array) -> None:
    """``np.subtract.at``: the values are subtracted, all of those for one element."""
    b = np.negative(to_array(b))
    write(x, lambda x, b: _with_sums(x, indices, b), b, "np.subtract.at(x, index, values)", indices)
