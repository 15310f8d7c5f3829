"""Reordering, repetition, padding and trimming.

Where the gradient has no such function of its own, NumPy's function is applied to the positions of the elements: each
element receives the sum of the gradients of its copies.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from operator import index
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index, normalize_axis_tuple

from autograd_lite.core.primitive import primitive
from autograd_lite.core.tensor import Array, Tensor
from autograd_lite.ops.arrays.indexing import getitem, scatter
from autograd_lite.ops.arrays.shape import astype, broadcast_to, ravel, reshape
from autograd_lite.ops.composition import composed
from autograd_lite.ops.slices import Axis
from autograd_lite.support.conversion import strip, to_array
from autograd_lite.support.messages import show
from autograd_lite.support.sums import sum_over

__all__ = [
    "flip",
    "fliplr",
    "flipud",
    "pad",
    "repeat",
    "resize",
    "roll",
    "rot90",
    "tile",
    "trim_zeros",
]


def positions(shape: tuple[int, ...]) -> np.ndarray[Any, np.dtype[np.intp]]:
    """The position of each element of an array of `shape`, counted in C order."""
    return np.arange(math.prod(shape)).reshape(shape)


def gather(x: Array, where_from: np.ndarray[Any, np.dtype[np.intp]]) -> Array:
    """The elements of x at `where_from`, positions counted in C order, in its shape."""
    return reshape(getitem(ravel(x), where_from.reshape(-1)), where_from.shape)


def length(shape: tuple[int, ...], axis: int | None) -> int:
    """The number of elements along `axis`; None: of all."""
    return math.prod(shape) if axis is None else shape[normalize_axis_index(axis, len(shape))]


def whole_numbers(name: str, values: Any) -> Any:
    """`values`, or TypeError if they are not integers: NumPy would truncate fractions in lists."""
    kind = values.dtype.kind if hasattr(values, "dtype") else np.asarray(values or 0).dtype.kind
    if kind not in "iub":
        raise TypeError(f"{name} must be an integer or several, not {show(values)}")
    return values


def along(x: Array, axis: int, where_from: Any) -> Array:
    """x[where_from] with the index at `axis`."""
    return getitem(x, (*(slice(None),) * normalize_axis_index(axis, len(x.shape)), where_from))


# -- order -----------------------------------------------------------------------------------------------------------


@primitive(numpy=np.flip, x=lambda g, axis: np.flip(g, axis))
def flip(x: Array, axis: Axis = None) -> Array:
    """x with the order along `axis` reversed; by default along every axis. The gradient is flipped too.

    Examples
    --------
    >>> flip(Tensor([1.0, 2.0, 3.0]))
    Tensor([3., 2., 1.])
    """
    return np.flip(x, axis)


def _flip_one(name: str, x: Array, axis: int) -> Array:
    x = to_array(x)
    if x.ndim <= axis:
        raise ValueError(f"{name}: x of shape {x.shape} needs an axis {show(axis)}")
    return flip(x, axis)


@composed(numpy=np.fliplr)
def fliplr(x: Array) -> Tensor:
    """x with the order along axis 1 reversed; the gradient too.

    Examples
    --------
    >>> fliplr(Tensor([[1.0, 2.0]]))
    Tensor([[2., 1.]])
    """
    return _flip_one("fliplr", x, 1)


@composed(numpy=np.flipud)
def flipud(x: Array) -> Tensor:
    """x with the order along axis 0 reversed; the gradient too.

    Examples
    --------
    >>> flipud(Tensor([1.0, 2.0]))
    Tensor([2., 1.])
    """
    return _flip_one("flipud", x, 0)


@primitive(numpy=np.rot90, x=lambda g, k, axes: np.rot90(g, -k, axes))
def rot90(x: Array, k: int = 1, axes: tuple[int, int] = (0, 1)) -> Array:
    """x rotated k times by 90 degrees, from the first of `axes` to the second. The gradient is rotated back.

    Examples
    --------
    >>> rot90(Tensor([[1.0, 2.0]]))
    Tensor([[2.],
            [1.]])
    """
    return np.rot90(x, index(k), axes)


@primitive(numpy=np.roll, x=lambda g, shift, axis: np.roll(g, np.negative(np.asarray(shift, int)).tolist(), axis))
def roll(x: Array, shift: int | tuple[int, ...], axis: Axis = None) -> Array:
    """x with the elements moved by `shift` places, the last ones to the front. The gradient is rolled back.

    Examples
    --------
    >>> roll(Tensor([1.0, 2.0, 3.0]), 1)
    Tensor([3., 1., 2.])
    """
    if np.asarray(shift).dtype.kind not in "iu":
        raise TypeError(f"shift must be an integer or several, not {show(shift)}")
    return np.roll(x, shift, axis)


# -- repetition and borders --------------------------------------------------------------------------------------------


def _sum_of_tiles(g: Array, x_shape: tuple[int, ...]) -> Array:
    if not g.size:
        return broadcast_to(np.sum(g), x_shape)
    own = (1,) * (g.ndim - len(x_shape)) + x_shape
    pairs = [n for whole, part in zip(g.shape, own, strict=True) for n in (whole // part, part)]
    return sum_over(g.reshape(tuple(pairs)), tuple(range(0, len(pairs), 2)))


@primitive(numpy=np.tile, x=_sum_of_tiles)
def tile(x: Array, reps: int | Sequence[int]) -> Array:
    """x repeated as a whole `reps` times along each axis. The gradient is the sum over the copies.

    Examples
    --------
    >>> tile(Tensor([1.0, 2.0]), 2)
    Tensor([1., 2., 1., 2.])
    """
    return np.tile(x, reps)


@composed(numpy=np.repeat)
def repeat(x: Array, repeats: int | Sequence[int], axis: int | None = None) -> Tensor:
    """x with each element `repeats` times along `axis`; in one axis by default. The gradients of the copies are summed.

    Examples
    --------
    >>> repeat(Tensor([1.0, 2.0]), [1, 2])
    Tensor([1., 2., 2.])
    """
    x = to_array(x)
    axis = None if not x.ndim and axis in (0, -1) else axis  # NumPy treats a number as an array of one element
    which = np.repeat(np.arange(length(x.shape, axis)), whole_numbers("repeats", strip(repeats)))
    return getitem(ravel(x), which) if axis is None else along(x, axis, which)


@composed(numpy=np.resize)
def resize(x: Array, new_shape: int | tuple[int, ...]) -> Tensor:
    """x in another shape, with the elements repeated as often as needed. The gradients of the copies are summed.

    Examples
    --------
    >>> resize(Tensor([1.0, 2.0]), (2, 3))
    Tensor([[1., 2., 1.],
            [2., 1., 2.]])
    """
    x = to_array(x)
    if not x.size:  # NumPy fills with zeros, here the sum of no elements
        return astype(broadcast_to(np.sum(x), new_shape), x.dtype)
    return gather(x, np.resize(positions(x.shape), new_shape))


_MODES = ("constant", "edge", "reflect", "symmetric", "wrap")


def _without_border(g: Array, x_shape: tuple[int, ...], pad_width: Any, mode: Any) -> Array:
    if mode != "constant":
        went_to = np.pad(positions(x_shape), pad_width, mode)
        return scatter(g.reshape(-1), went_to.reshape(-1), (math.prod(x_shape),)).reshape(x_shape)
    corner = np.argwhere(np.pad(np.ones((1,) * len(x_shape)), pad_width))[0].tolist()
    return g[tuple(slice(start, start + n) for start, n in zip(corner, x_shape, strict=True))]


@primitive(numpy=np.pad, x=_without_border)
def pad(x: Array, pad_width: Any, mode: Any = "constant", *, constant_values: Any = None) -> Array:
    """x with a border of constants (the default), or of x itself: "edge", "reflect", "symmetric" or "wrap".

    The gradient of a constant border is dropped; that of a copied element goes to the element.

    Examples
    --------
    >>> pad(Tensor([1.0, 2.0]), 1)
    Tensor([0., 1., 2., 0.])
    """
    if mode not in _MODES:
        raise TypeError(f"mode={show(mode)} has no derivative rule; modes that have one: {', '.join(_MODES)}")
    if mode == "constant":
        return np.pad(x, pad_width, mode, constant_values=0 if constant_values is None else constant_values)
    if constant_values is not None:
        raise ValueError(f"constant_values is not for mode={show(mode)}")
    return np.pad(x, pad_width, mode)


@composed(numpy=np.trim_zeros)
def trim_zeros(x: Array, trim: Any = "fb", axis: Axis = None) -> Tensor:
    """x without the zeros at the front ("f") and the back ("b"). The gradient there is 0.

    Examples
    --------
    >>> trim_zeros(Tensor([0.0, 1.0, 0.0, 2.0, 0.0]))
    Tensor([1., 0., 2.])
    """
    values = np.asarray(strip(x))
    options = {} if axis is None else {"axis": normalize_axis_tuple(axis, values.ndim)}
    left = np.trim_zeros(values, trim, **options).shape
    front = np.trim_zeros(values, "f", **options).shape if "f" in trim.lower() else values.shape
    starts = [n - kept for n, kept in zip(values.shape, front, strict=True)]
    return getitem(to_array(x), tuple(slice(s, s + n) for s, n in zip(starts, left, strict=True)))
