"""Elements by their order: sorting, partitions, the largest ones, different values.

The gradient of an element goes to where it came from. Equal elements keep their order.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from autograd_lite.core.tensor import Array, Tensor
from autograd_lite.ops.arrays.choosing import take_along_axis
from autograd_lite.ops.arrays.indexing import getitem
from autograd_lite.ops.arrays.ordering import along
from autograd_lite.ops.arrays.shape import ravel
from autograd_lite.ops.composition import composed
from autograd_lite.support.checks import is_integer
from autograd_lite.support.conversion import strip, to_array
from autograd_lite.support.messages import show

__all__ = ["partition", "sort", "topk", "unique"]


@composed(numpy=np.sort)
def sort(x: Array, axis: int | None = -1, *, kind: Any = None, stable: bool | None = None) -> Tensor:
    """Sorted along `axis`, or all in one axis for None. The gradient goes to where an element came from.

    Descending is ``np.flip(sort(x), -1)``, or ``sort(x)[::-1]`` for one axis.

    Examples
    --------
    >>> sort(Tensor([3.0, 1.0, 2.0]))
    Tensor([1., 2., 3.])
    """
    x = to_array(x)
    if axis is None:
        x, axis = ravel(x), -1
    if kind is not None or stable is not None:
        np.sort(np.empty(0), kind=kind, stable=stable)  # NumPy's errors; the order of equal elements is kept anyway
    return take_along_axis(x, np.argsort(strip(x), axis, kind="stable"), axis)


@composed(numpy=np.partition)
def partition(x: Array, kth: int | Sequence[int], axis: int | None = -1, kind: Any = "introselect") -> Tensor:
    """The elements at `kth` along `axis` are those of the sorted array; smaller ones come before, larger ones after.

    Within these parts the order is undefined, as in NumPy. For None as the axis, the elements are in one axis. The
    gradient goes to where an element came from.

    Raises
    ------
    ValueError
        If `kth` is out of bounds.

    Examples
    --------
    >>> partition(Tensor([3.0, 1.0, 2.0]), 0)[0]
    Tensor(1.)
    """
    x = to_array(x)
    if axis is None:
        x, axis = ravel(x), -1
    return take_along_axis(x, np.argpartition(strip(x), kth, axis, kind=kind), axis)


class TopK(NamedTuple):
    """The result of `topk`."""

    values: Any
    indices: Any


@composed
def topk(x: Array, k: int, axis: int = -1, *, largest: bool = True) -> TopK:
    """The k largest elements along `axis`, the largest first, and where they are. NaN counts as the largest number.

    The gradient goes to where an element came from. Of equal elements those that come first are taken.

    Parameters
    ----------
    x : array
    k : int
        From 0 to the length of the axis.
    axis : int, default -1
    largest : bool, default True
        False for the k smallest elements, the smallest first.

    Returns
    -------
    TopK
        A named tuple of ``values`` and ``indices``, an array of integers.

    Raises
    ------
    ValueError
        If x has no axes, or fewer than k elements along `axis`.

    Examples
    --------
    >>> topk(Tensor([3.0, 1.0, 2.0]), 2)
    TopK(values=Tensor([3., 2.]), indices=array([0, 2]))
    """
    x = to_array(x)
    length = x.shape[normalize_axis_index(axis, x.ndim)]
    if not is_integer(k) or not 0 <= k <= length:
        raise ValueError(f"k must be an integer from 0 to {length}, the length of axis {axis}, not {show(k)}")
    values = strip(x)
    if largest:  # of equal elements the last one of the flipped array is the first one of x
        order = np.flip(length - 1 - np.argsort(np.flip(values, axis), axis, kind="stable"), axis)
    else:
        order = np.argsort(values, axis, kind="stable")
    indices = along(order, axis, slice(0, int(k)))
    return TopK(take_along_axis(x, indices, axis), indices)


@composed(numpy=np.unique)
def unique(x: Array, return_index: bool = False, *others: Any, axis: int | None = None, **options: Any) -> Any:
    """The different values in order, and NumPy's other results. The first of equal elements receives the gradient.

    Examples
    --------
    >>> unique(Tensor([3.0, 1.0, 3.0]))
    Tensor([1., 3.])
    """
    _, first, *rest = np.unique(np.asarray(strip(x)), True, *others, axis=axis, **options)
    chosen = getitem(ravel(x), first) if axis is None else along(x, axis, first)
    results = (chosen, *([first] if return_index else []), *rest)
    return results if len(results) > 1 else chosen
