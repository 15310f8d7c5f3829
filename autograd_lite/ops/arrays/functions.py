"""Functions that are evaluated on pieces of an array: `piecewise`, `apply_along_axis`; and even spacing, `linspace`."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from autograd_lite.core.primitive import primitive
from autograd_lite.core.tensor import Array, Tensor
from autograd_lite.ops.arrays.axes import moveaxis
from autograd_lite.ops.arrays.indexing import getitem, setitem
from autograd_lite.ops.arrays.shape import astype, reshape, stack
from autograd_lite.ops.composition import composed
from autograd_lite.support.conversion import strip, to_array
from autograd_lite.support.messages import show

__all__ = ["apply_along_axis", "linspace", "piecewise"]


def _conditions(condlist: Any, x: Array, count: int) -> list[Any]:
    """The conditions as arrays, with one more if there is a function for where none of them holds."""
    condlist = strip(condlist)
    is_one = np.ndim(condlist) == 0 or (x.ndim and np.ndim(condlist[0]) == 0)
    conditions = [np.asarray(each, bool) for each in ([condlist] if is_one else condlist)]
    if count not in (len(conditions), len(conditions) + 1):
        raise ValueError(f"{len(conditions)} conditions need as many functions, or one more, not {count}")
    if count > len(conditions):
        conditions.append(~np.any(conditions, axis=0))
    for condition in conditions:
        if condition.shape != x.shape[: condition.ndim]:
            raise ValueError(f"a condition of shape {condition.shape} for x of shape {x.shape}")
    return conditions


@composed(numpy=np.piecewise)
def piecewise(
    x: Array, condlist: Any, funclist: Sequence[Array | Callable[..., Any]], *args: Array, **kw: Any
) -> Tensor:
    """Where a condition holds, the function of the elements there, or a number; the last one that holds is taken.

    A function is only evaluated where its condition holds, so it may be undefined elsewhere. The gradient flows
    through the functions.

    Parameters
    ----------
    x : array
        The result has its dtype.
    condlist : list of arrays of bool
        Each of the shape of x.
    funclist : list of functions and numbers
        One for each condition, and maybe one more for where none holds; elsewhere the result is 0. The functions are
        called with an array of one axis, and with `args` and `kw`.

    Raises
    ------
    ValueError
        If the numbers of conditions and functions, or the shapes, do not match.

    Examples
    --------
    >>> x = Tensor([-4.0, 9.0])
    >>> piecewise(x, [x > 0], [np.sqrt, 0.0])
    Tensor([0., 3.])
    """
    x = to_array(x)
    out: Array = np.zeros(x.shape, x.dtype)
    for condition, function in zip(_conditions(condlist, x, len(funclist)), funclist, strict=True):
        value = function
        if callable(function):
            chosen = getitem(x, condition)
            value = function(chosen, *args, **kw) if chosen.size else chosen
        value = to_array(value)
        out = setitem(out, condition, value if value.dtype == x.dtype else astype(value, x.dtype))
    return out


@composed(numpy=np.apply_along_axis)
def apply_along_axis(func1d: Callable[..., Any], axis: int, arr: Array, *args: Array, **kwargs: Any) -> Tensor:
    """The function of each row along `axis`; its result takes the place of the axis. The gradient flows through it.

    `vmap` computes the same for all rows at once.

    Parameters
    ----------
    func1d : callable
        Called with an array of one axis, and with `args` and `kwargs`; returns a number or an array.
    axis : int
    arr : array

    Raises
    ------
    ValueError
        If there are no rows, or the results differ in shape.

    Examples
    --------
    >>> apply_along_axis(lambda row: row @ row, 1, Tensor([[1.0, 2.0], [3.0, 4.0]]))
    Tensor([ 5., 25.])
    """
    arr = to_array(arr)
    axis = normalize_axis_index(operator.index(axis), arr.ndim)
    rows = moveaxis(arr, axis, -1)
    outer = rows.shape[:-1]
    if 0 in outer:
        raise ValueError(f"arr of shape {arr.shape} has no rows along axis {axis}")
    results = stack([func1d(getitem(rows, place), *args, **kwargs) for place in np.ndindex(*outer)])
    inner = results.shape[1:]
    results = reshape(results, (*outer, *inner))
    last = tuple(range(len(outer), results.ndim))
    return moveaxis(results, last, tuple(range(axis, axis + len(inner))))


def _weighted(g: Array, fractions: Any, axis: int) -> Array:
    """g times the weights of the points, whose axis comes first, where start and stop have none."""
    g = moveaxis(g, axis, 0)
    return g * np.reshape(fractions, (-1,) + (1,) * (g.ndim - 1)).astype(g.dtype)


def _fractions(num: int, endpoint: bool) -> Any:
    """How far each of the points is from the start, as a part of the whole."""
    return np.arange(num) / max(num - endpoint, 1)


@primitive(
    name="linspace",
    start=lambda g, num, endpoint, axis: _weighted(g, 1 - _fractions(num, endpoint), axis),
    stop=lambda g, num, endpoint, axis: _weighted(g, _fractions(num, endpoint), axis),
)
def _linspace(start: Array, stop: Array, num: int, endpoint: bool, axis: int) -> Array:
    return np.linspace(start, stop, num, endpoint, axis=axis)


@composed(numpy=np.linspace)
def linspace(
    start: Array, stop: Array, num: int = 50, endpoint: bool = True, retstep: bool = False, dtype: Any = None,
    axis: int = 0,
) -> Any:  # fmt: skip
    """`num` evenly spaced points from `start` to `stop`, along a new axis. A point has the gradients 1 − t and t.

    Parameters
    ----------
    start, stop : array
        Of shapes that broadcast.
    num : int, default 50
    endpoint : bool, default True
        Whether `stop` is the last point; otherwise it would be the next one.
    retstep : bool, default False
        Whether the result is a pair of the points and the distance between two.
    dtype : dtype, optional
    axis : int, default 0
        Where the new axis is in the result.

    Raises
    ------
    ValueError
        If `num` is negative.

    Examples
    --------
    >>> linspace(Tensor(1.0), Tensor(2.0), 3)
    Tensor([1. , 1.5, 2. ])
    """
    num, endpoint = operator.index(num), bool(endpoint)
    if num < 0:
        raise ValueError(f"num must be at least 0, not {show(num)}")
    points = _linspace(start, stop, num, endpoint, axis)
    if dtype is not None and points.dtype != np.dtype(dtype):
        points = astype(np.floor(points) if np.dtype(dtype).kind in "iu" else points, dtype)
    if not retstep:
        return points
    parts = num - endpoint
    return points, (np.subtract(stop, start) / parts if parts > 0 else np.nan)
