"""Selecting and setting elements by index, by condition and by bounds."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd_lite.batching.batch import Batch
from autograd_lite.core.numpy_protocols import numpy_operations
from autograd_lite.core.primitive import primitive
from autograd_lite.core.tensor import Array, Tensor
from autograd_lite.support.conversion import to_array
from autograd_lite.support.sums import add_at

__all__ = ["clip", "getitem", "scatter", "setitem", "where"]


def _can_repeat(index: Any) -> bool:
    """Whether an index may name an element twice: arrays of integers can, slices and masks cannot."""
    parts = index if isinstance(index, tuple) else (index,)
    return any(to_array(part).dtype.kind in "iu" for part in parts if np.ndim(part))


@primitive(x=lambda g, index: g[index])
def scatter(x: Array, index: Any, shape: tuple[int, ...]) -> Array:
    """Zeros of `shape` to which x is added at `index`: the transpose of indexing. ∂/∂x takes the gradient at `index`.

    Examples
    --------
    >>> scatter(Tensor([1.0, 2.0, 3.0]), [0, 2, 2], (4,))
    Tensor([1., 0., 5., 0.])
    """
    x = to_array(x)
    if _can_repeat(index):
        return add_at(shape, index, x)
    out = np.zeros_like(x, order="C", shape=shape)  # like x, so that `compile` records the write
    out[index] = x
    return out


@primitive(x=lambda g, index, x_shape: scatter(g, index, x_shape))
def getitem(x: Array, index: Any) -> Array:
    """x[index] for every index that NumPy supports. An element that is named n times receives n contributions.

    Examples
    --------
    >>> getitem(Tensor([1.0, 2.0, 3.0]), [0, 2, 2])
    Tensor([1., 3., 3.])
    """
    return x[index]


def _add_to_part(
    g: Any, parent: Any, saved: tuple[Any, ...], gradients: dict[Any, Any], totals: dict[Any, Any]
) -> bool:
    """Add the gradient of x[index] to that of x in place, if there is one and the index names no element twice.

    So each x[t] of a loop costs as much as x[t] is large, not as x is: for 4,000 rows of 64 numbers a tenth.
    """
    (index,) = saved
    total: Any = gradients.get(parent)
    if total is None or isinstance(g, Batch | Tensor) or isinstance(total, Batch) or _can_repeat(index):
        return False
    if totals.get(parent) is not total:
        gradients[parent] = totals[parent] = total = total.copy()
    total[index] += g
    return True


getitem.primitive.add_to = _add_to_part  # type: ignore[attr-defined]


def _last_written(index: Any, x_shape: tuple[int, ...], part_shape: tuple[int, ...]) -> Array:
    """Which of the values written to x[index] remain: only one of several for the same element."""
    order = np.arange(math.prod(part_shape)).reshape(part_shape)
    written = np.zeros(x_shape, order.dtype)
    written[index] = order
    return written[index] == order


def _value_rule(g: Array, index: Any, value_shape: tuple[int, ...]) -> Array:
    part = g[index]
    if _can_repeat(index):
        part = np.where(_last_written(index, g.shape, part.shape), part, 0)
    missing = len(value_shape) - part.ndim  # a value can have more leading axes, all of length one
    return part.reshape((1,) * missing + part.shape) if missing > 0 else part


def _rest_rule(g: Array, index: Any) -> Array:
    return setitem(g, index, 0)


@primitive(x=_rest_rule, value=_value_rule)
def setitem(x: Array, index: Any, value: Array) -> Array:
    """A copy of x in which x[index] is `value`. The gradient at `index` goes to the value, the rest to x.

    ``x[index] = value`` on the result of an operation is this.

    Examples
    --------
    >>> setitem(Tensor([1.0, 2.0, 3.0]), [0, 2], 5.0)
    Tensor([5., 2., 5.])
    """
    out, value = np.copy(x), to_array(value)
    if not np.can_cast(value.dtype, out.dtype, "same_kind"):
        raise TypeError(f"values of dtype {value.dtype} for an array of dtype {out.dtype}")
    if _can_repeat(index) and value.ndim:
        # In C order, so that of several values for one element the same one remains as in `_last_written`.
        part_shape = out[index].shape
        if value.shape != part_shape and value.ndim <= len(part_shape):
            value = np.broadcast_to(value, part_shape)
        value = np.ascontiguousarray(value)
    out[index] = value
    return out


@primitive(
    numpy=np.where,
    x=lambda g, condition: np.where(condition, g, 0),
    y=lambda g, condition: np.where(condition, 0, g),
)
def where(condition: Array, x: Array, y: Array) -> Array:
    """x where the condition holds, else y, with broadcasting. The gradient goes to the one that was taken.

    Examples
    --------
    >>> where(np.array([True, False]), Tensor([1.0, 2.0]), 0)
    Tensor([1., 0.])
    """
    return np.where(condition, x, y)


def _inside(x: Array, min: Array, max: Array) -> Array:
    inside = True if min is None else x >= min
    return inside if max is None else inside & (x <= max)


def _below(x: Array, min: Array, max: Array) -> Array:
    return x < min if max is None else (x < min) & (min <= max)


def _above(x: Array, min: Array, max: Array) -> Array:
    return x > max if min is None else (x > max) | (min > max)


@primitive(
    x=lambda g, x, min, max: np.where(_inside(x, min, max), g, 0),
    min=lambda g, x, min, max: np.where(_below(x, min, max), g, 0),
    max=lambda g, x, min, max: np.where(_above(x, min, max), g, 0),
)
def clip(x: Array, min: Array = None, max: Array = None) -> Array:
    """x limited to [min, max]; None is no limit. ∂/∂x = 1 inside and on the bounds, else 0.

    Examples
    --------
    >>> clip(Tensor([-2.0, 0.5, 2.0]), -1, 1)
    Tensor([-1. ,  0.5,  1. ])
    """
    return np.clip(x, min, max)


# NumPy also calls the bounds a_min and a_max.
numpy_operations[np.clip] = lambda x, a_min=None, a_max=None, **bounds: clip(
    x, bounds.pop("min", a_min), bounds.pop("max", a_max), **bounds
)
