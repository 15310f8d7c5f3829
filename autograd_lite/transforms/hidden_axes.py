"""The operations with which arrays enter and leave a hidden axis. Their rules are each other."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_lite.batching import operations
from autograd_lite.batching.axes import Axis
from autograd_lite.batching.batch import Batch, dispatch, filled
from autograd_lite.core.primitive import primitive
from autograd_lite.core.tensor import Array
from autograd_lite.ops.arrays.shape import stack

# Batches nest in the order in which their axes were made, the latest outside. So an axis is entered below later ones.


def _leave_rule(g: Array, axis: Axis, place: int) -> Array:
    return leave(g, axis, place)


@primitive(x=_leave_rule)
def enter(x: Array, axis: Axis, place: int) -> Array:
    """An axis of an array is hidden: what lies along it becomes the elements of a batch. They cannot be written into.

    Examples
    --------
    >>> batch = enter(np.zeros((2, 3)), Axis(2), 0)
    >>> batch.shape, batch
    ((3,), <batch of 2 arrays of shape (3,) and dtype float64>)
    """
    return _hidden(x, axis, place)


def _hidden(x: Any, axis: Axis, place: int) -> Any:
    if isinstance(x, Batch) and x.axis.number > axis.number:
        return Batch(_hidden(x.held, axis, place % x.ndim + 1), x.axis)
    moved = np.moveaxis(x, place, 0)
    return Batch(np.broadcast_to(moved, moved.shape), axis)


@primitive(x=lambda g, axis, place: enter(g, axis, place))
def leave(x: Array, axis: Axis, place: int) -> Array:
    """The hidden axis of a batch becomes an axis of the result.

    Examples
    --------
    >>> axis = Axis(2)
    >>> leave(enter(np.arange(6).reshape(2, 3), axis, 0) * 10, axis, 1)
    array([[ 0, 30],
           [10, 40],
           [20, 50]])
    """
    return _shown(x, axis, place)


def _shown(x: Any, axis: Axis, place: int) -> Any:
    if isinstance(x, Batch) and x.axis.number > axis.number:
        return Batch(_shown(x.held, axis, place % (x.ndim + 1) + 1), x.axis)
    return np.moveaxis(filled(x, axis), 0, place)


@primitive(x=lambda g: g)
def total(x: Array, axis: Axis) -> Array:
    """The sum over a hidden axis: the gradient of what is the same for all elements.

    Examples
    --------
    >>> axis = Axis(2)
    >>> total(enter(np.array([[1.0, 2.0], [3.0, 4.0]]), axis, 0), axis)
    array([4., 6.])
    """
    return operations.total(x, axis)


def _enter_stack(parts: list[Any], axis: Axis) -> Any:
    return enter(stack(parts), axis, 0)


dispatch.update(total=total, leave=leave, enter_stack=_enter_stack)


def axes_and_array(x: Any) -> tuple[tuple[Axis, ...], Any]:
    """The hidden axes of an array, and the array of which they are the first axes, in this order."""
    axes = []
    while isinstance(x, Batch):
        axes.append(x.axis)
        x = x.held
    return tuple(reversed(axes)), x


def with_axes(axes: tuple[Axis, ...], array: Any) -> Any:
    """The inverse of `axes_and_array`."""
    for axis in axes:
        array = Batch(array, axis)
    return array


def promoted(x: Any, like: Any) -> Any:
    """The array with all hidden axes of another one, too; as it is if it has them.

    Examples
    --------
    >>> axis = Axis(2)
    >>> promoted(np.zeros(3), enter(np.ones((2, 3)), axis, 0))
    <batch of 2 arrays of shape (3,) and dtype float64>
    """
    own, array = axes_and_array(x)
    axes = tuple(sorted({*own, *axes_and_array(like)[0]}, key=lambda axis: axis.number))
    if axes == own:
        return x
    for place, axis in enumerate(axes):
        array = array if axis in own else np.expand_dims(array, place)
    return with_axes(axes, np.copy(np.broadcast_to(array, (*(axis.size for axis in axes), *x.shape)), "C"))
