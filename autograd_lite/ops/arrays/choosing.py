"""Selecting elements by position and from several arrays, and interpolation between them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd_lite.core.numpy_protocols import numpy_operations, numpy_queries
from autograd_lite.core.primitive import primitive
from autograd_lite.core.tensor import Array, Tensor
from autograd_lite.ops.arrays.indexing import getitem, scatter, where
from autograd_lite.ops.arrays.ordering import along, length, positions, whole_numbers
from autograd_lite.ops.arrays.shape import broadcast_to, ravel, reshape
from autograd_lite.ops.composition import composed
from autograd_lite.support.checks import check_sequence
from autograd_lite.support.conversion import strip, to_array

__all__ = [
    "choose",
    "compress",
    "extract",
    "interp",
    "meshgrid",
    "select",
    "take",
    "take_along_axis",
]


# -- by position -----------------------------------------------------------------------------------------------------


def _put_back(g: Array, x_shape: tuple[int, ...], indices: Array, axis: int | None, mode: Any) -> Array:
    axis = axis if x_shape else None  # NumPy treats a number as an array of one element
    which = np.take(np.arange(length(x_shape, axis)), indices, mode=mode)
    if axis is None:
        return scatter(g, which, (math.prod(x_shape),)).reshape(x_shape)
    return scatter(g, (*(slice(None),) * (axis % len(x_shape)), which), x_shape)


@primitive(numpy=np.take, x=_put_back)
def take(x: Array, indices: Any, axis: int | None = None, *, mode: Any = "raise") -> Array:
    """The elements at `indices` along `axis`, by default of all in one axis. Each receives the gradients of its copies.

    With `mode` "raise" indices out of range are an error, with "wrap" they wrap around, with "clip" they are clipped.

    Examples
    --------
    >>> take(Tensor([1.0, 2.0, 3.0]), [0, 2, 2])
    Tensor([1., 3., 3.])
    """
    return np.take(x, whole_numbers("indices", indices), axis=axis, mode=mode)


def _put_back_along_axis(g: Array, x_shape: tuple[int, ...], indices: Array, axis: int | None) -> Array:
    which = np.take_along_axis(positions(x_shape), to_array(indices), axis)
    return scatter(g.reshape(-1), which.reshape(-1), (math.prod(x_shape),)).reshape(x_shape)


@primitive(numpy=np.take_along_axis, x=_put_back_along_axis)
def take_along_axis(x: Array, indices: Any, axis: int | None = -1) -> Array:
    """For each row along `axis` the elements at the indices in the same row, as `argsort` and `argmax` give them.

    Each element receives the gradients of its copies.

    Examples
    --------
    >>> take_along_axis(Tensor([[1.0, 2.0], [3.0, 4.0]]), np.array([[1], [0]]), axis=1)
    Tensor([[2.],
            [3.]])
    """
    return np.take_along_axis(to_array(x), to_array(indices), axis)


@composed(numpy=np.compress)
def compress(condition: Any, x: Array, axis: int | None = None) -> Tensor:
    """The elements along `axis` for which the condition, an array of one axis, holds. The others have gradient 0.

    Examples
    --------
    >>> compress([True, False, True], Tensor([1.0, 2.0, 3.0]))
    Tensor([1., 3.])
    """
    x = to_array(x)
    axis = None if not x.ndim and axis in (0, -1) else axis
    which = np.compress(strip(condition), np.arange(length(x.shape, axis)))
    return getitem(ravel(x), which) if axis is None else along(x, axis, which)


@composed(numpy=np.extract)
def extract(condition: Any, x: Array) -> Tensor:
    """The elements for which the condition, an array of the same size, holds, in one axis. The others have gradient 0.

    Examples
    --------
    >>> extract(np.array([[True], [False]]), Tensor([[1.0], [2.0]]))
    Tensor([1.])
    """
    return getitem(ravel(x), np.extract(strip(condition), np.arange(np.size(x))))


# -- among several arrays --------------------------------------------------------------------------------------------


def _of_the_selected(g: Array, choices: tuple[Array, ...], conditions: list[Array]) -> list[Array]:
    which = np.select(conditions, list(range(len(conditions))), len(conditions))
    return [np.where(which == i, g, 0) for i in range(len(choices))]


@primitive(name="select", choices=_of_the_selected)
def _select(*choices: Array, conditions: list[Array]) -> Array:
    return np.select(conditions, list(choices[:-1]), choices[-1])


def select(condlist: Sequence[Any], choicelist: Sequence[Array], default: Array = 0) -> Tensor:
    """Elementwise the choice whose condition is the first to hold, else `default`. The gradient goes to the chosen one.

    Examples
    --------
    >>> x = Tensor([-2.0, 0.5, 3.0])
    >>> select([x < 0, x > 1], [-x, x * x])
    Tensor([2., 0., 9.])
    """
    if len(condlist) != len(choicelist):
        raise ValueError(f"select: {len(condlist)} conditions for {len(choicelist)} choices")
    return _select(*choicelist, default, conditions=strip(list(condlist)))


def _of_the_chosen(g: Array, choices: tuple[Array, ...], index: Array, mode: str) -> list[Array]:
    which = np.choose(index, list(range(len(choices))), mode=mode)  # type: ignore[call-overload]
    return [np.where(which == i, g, 0) for i in range(len(choices))]


@primitive(name="choose", choices=_of_the_chosen)
def _choose(*choices: Array, index: Array, mode: Any) -> Array:
    return np.choose(index, list(choices), mode=mode)


def choose(index: Array, choices: Sequence[Array], *, mode: str = "raise") -> Tensor:
    """Elementwise the choice that `index` names, with broadcasting. The gradient goes to the chosen one.

    Examples
    --------
    >>> choose([0, 1], [Tensor([1.0, 2.0]), 5.0])
    Tensor([1., 5.])
    """
    return _choose(*check_sequence("choose", choices), index=strip(index), mode=mode)


@composed(numpy=np.meshgrid)
def meshgrid(*axes: Array, copy: bool = True, sparse: bool = False, indexing: Any = "xy") -> tuple[Tensor, ...]:
    """The coordinates of a grid from those along its axes. The gradient is the sum over the grid's other axes.

    Examples
    --------
    >>> meshgrid(Tensor([1.0, 2.0]), Tensor([3.0]))
    (Tensor([[1., 2.]]), Tensor([[3., 3.]]))
    """
    dummies = [np.empty(np.size(axis), np.bool_) for axis in axes]
    shapes = [grid.shape for grid in np.meshgrid(*dummies, copy=False, sparse=True, indexing=indexing)]
    grids = tuple(reshape(axis, shape) for axis, shape in zip(axes, shapes, strict=True))
    if not sparse:
        whole = np.broadcast_shapes(*shapes)
        grids = tuple(broadcast_to(grid, whole) for grid in grids)
    return tuple(grid.copy() for grid in grids) if copy else grids


# -- between the elements --------------------------------------------------------------------------------------------


def _interval(x: Array, xp: Any) -> tuple[Any, Any, Any, Any]:
    """The indices of the points left and right of x, all coordinates, and the distances, with 1 in place of 0."""
    points = np.asarray(xp)
    lower = np.clip(np.searchsorted(points, x, side="right") - 1, 0, max(len(points) - 2, 0))
    upper = np.minimum(lower + 1, len(points) - 1)
    distance = points[upper] - points[lower]
    return lower, upper, points, np.where(distance == 0, 1, distance)


def _slope(g: Array, x: Array, xp: Any, fp: Array) -> Array:
    lower, upper, points, distance = _interval(x, xp)
    outside = np.where(np.isnan(x), np.nan, 0)
    return g * np.where((x >= points[0]) & (x <= points[-1]), (fp[upper] - fp[lower]) / distance, outside)


def _shares(g: Array, x: Array, xp: Any, fp_shape: tuple[int, ...], left: Any, right: Any) -> Array:
    lower, upper, points, distance = _interval(x, xp)
    share = np.clip((x - points[lower]) / distance, 0, 1)
    constant = ((x < points[0]) & (left is not None)) | ((x > points[-1]) & (right is not None))
    g = np.where(constant, 0, g)
    return scatter(g * (1 - share), (lower,), fp_shape) + scatter(g * share, (upper,), fp_shape)


@primitive(numpy=np.interp, x=_slope, fp=_shares)
def interp(x: Array, xp: Any, fp: Array, left: Any = None, right: Any = None, period: Any = None) -> Array:
    """The values at x of the lines between the points (xp, fp), xp increasing; outside the values at the ends.

    ∂/∂x is the slope of the line, at a point that of the line to the right; ∂/∂fp the share of each end. There is no
    rule for xp, nor for periodic points.

    Examples
    --------
    >>> interp(Tensor([0.5, 9.0]), [0, 1, 2], Tensor([0.0, 10.0, 40.0]))
    Tensor([ 5., 40.])
    """
    if period is not None:
        raise TypeError("period= has no derivative rule")
    if (np.diff(xp) < 0).any():
        raise ValueError("xp must increase")
    return np.interp(x, xp, fp, left, right)


def _where(condition: Any, *choices: Array) -> Any:
    return where(condition, *choices) if choices else np.nonzero(condition)


numpy_operations.update({np.select: select, np.choose: choose, np.where: _where})
numpy_queries.add(np.ix_)
