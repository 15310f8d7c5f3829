"""Pooling over the last axes, by slices: each position within the kernel is one strided slice of the whole array.

Pooling and its gradient are each other's transposes, so derivatives of any order need no more operations. The functions
that users call are in `pooling`.
"""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

from autograd_lite.core.primitive import primitive
from autograd_lite.core.tensor import Array, Tensor
from autograd_lite.ops.layers.windows import Lengths, Window, inside, lengths, with_border
from autograd_lite.support.conversion import strip, to_floats, whole
from autograd_lite.support.half_precision import rounded_once

__all__: list[str] = []  # for the functions in `pooling`

AXES = {1: "L", 2: "H, W", 3: "D, H, W"}  # how PyTorch names the axes


def windows_of(
    axes: int, x: Array, kernel_size: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool
) -> tuple[Array, Window, Lengths]:
    """The input, the window with its padding extended to the end of the last place, and the size of the result."""
    x = x if isinstance(x, Tensor) else to_floats(x)
    if x.ndim not in (axes + 1, axes + 2):
        raise ValueError(f"x of shape {x.shape}, expected (N, C, {AXES[axes]}) or (C, {AXES[axes]})")
    kernel, dilations = lengths("kernel_size", kernel_size, axes, 1), lengths("dilation", dilation, axes, 1)
    strides = kernel if stride is None else lengths("stride", stride, axes, 1)
    borders, size = lengths("padding", padding, axes, 0), x.shape[-axes:]
    if any(2 * border > k for border, k in zip(borders, kernel, strict=True)):
        raise ValueError(f"padding {borders} is more than half of the kernel size {kernel}")
    window = Window(kernel, strides, tuple((border, border) for border in borders), dilations)
    places = window.places(size)
    if ceil_mode:  # one more place if elements are left over and it begins before the padding at the end
        places = tuple(
            n + ((n - 1) * s + window.extent(axis) < length + 2 * border and n * s < length + border)
            for axis, (n, s, length, border) in enumerate(zip(places, strides, size, borders, strict=True))
        )
    ends = [(n - 1) * s + window.extent(axis) for axis, (n, s) in enumerate(zip(places, strides, strict=True))]
    padding = tuple(
        (border, max(end - length - border, 0)) for border, end, length in zip(borders, ends, size, strict=True)
    )
    return x, window._replace(padding=padding), places


def _padded_like(g: Array, size: Lengths, window: Window, dtype: Any = None) -> Array:
    """Zeros for a padded array of this size, with the leading axes of `g` and in its layout."""
    padded = [n + before + after for n, (before, after) in zip(size, window.padding, strict=True)]
    return np.zeros_like(g, dtype, shape=(*g.shape[: -len(size)], *padded))


# -- the largest -----------------------------------------------------------------------------------------------------


def first_largest(x: Array, out: Array, window: Window) -> Array:
    """For every place the position within the kernel, counted in C order, of the first largest element.

    This is the number of positions before it: all of them differ from the largest. NaN counts as the largest.
    """
    padded = with_border(x, window.padding, math.nan)  # NaN equals nothing, so the padding is never the largest
    other = np.ones_like(out, dtype=bool)  # whether all positions so far differ
    winners = np.zeros_like(out, dtype=np.min_scalar_type(math.prod(window.kernel)))
    for seen in list(window.slices(window.last(out)))[:-1]:
        other &= padded[seen] != out
        winners += other
    if np.isnan(whole(out)).any():
        of_nans = first_largest(np.isnan(x).astype(x.dtype), np.ones_like(out), window)
        winners = np.where(np.isnan(out), of_nans, winners)
    return winners


def unrecorded(x: Array) -> Array:
    """x cut off from the graph, for what has no derivative."""
    return x.detach() if isinstance(x, Tensor) else x


# An operation without rules, so that a program calls it as a whole.
@primitive(name="places_of_largest")
def places_of_largest(x: Array, largest: Array, window: Window) -> Array:
    """Where the first largest elements are, counted in C order within the axes of x along which the kernel moves.

    Examples
    --------
    >>> places_of_largest(np.array([1.0, 3.0, 3.0]), np.array([3.0, 3.0]), Window((2,), (1,), ((0, 0),), (1,)))
    array([1, 1])
    """
    positions = np.unravel_index(first_largest(x, largest, window), window.kernel)
    index = []
    for axis, (position, places) in enumerate(
        zip(positions, np.indices(window.last(largest), sparse=True), strict=True)
    ):
        first = places * window.stride[axis] - window.padding[axis][0]
        index.append(first + position * window.dilation[axis])
    return np.ravel_multi_index(tuple(index), window.last(x)).astype(np.int64)


def _to_winners_rule(g: Array, winners: Array, window: Window) -> Array:
    return _from_winners(g, winners, window)


@primitive(name="to_winners", upstream=_to_winners_rule)
def _to_winners(upstream: Array, winners: Array, size: Lengths, window: Window) -> Array:
    """Zeros of the size of the input, to whose largest elements `upstream` is added."""
    x = _padded_like(winners, size, window, upstream.dtype)  # in the layout of the convolution before
    for number, seen in enumerate(window.slices(window.last(winners))):
        part = x[seen]
        part += upstream * (winners == number)  # a twentieth of the time of np.add(..., where=...)
    return x[inside(size, window.padding)]


@primitive(
    name="from_winners",
    x=lambda g, x_shape, winners, window: _to_winners(g, winners, x_shape[-len(window.kernel) :], window),
)
def _from_winners(x: Array, winners: Array, window: Window) -> Array:
    """The largest element of every place: the transpose of `_to_winners`."""
    x = with_border(x, window.padding)
    out = np.zeros_like(x, shape=winners.shape)
    for number, seen in enumerate(window.slices(window.last(winners))):
        out += x[seen] * (winners == number)
    return out


def _max_rule(g: Array, x: Array, out: Array, window: Window, places: Lengths) -> Array:
    return _to_winners(g, first_largest(strip(x), strip(out), window), window.last(x), window)


@primitive(name="max_pool", x=_max_rule)
def max_pool(x: Array, window: Window, places: Lengths) -> Array:
    """The largest element under the kernel at each place. The gradient goes to the first of them.

    Examples
    --------
    >>> max_pool(Tensor([1.0, 3.0, 2.0]), Window((2,), (1,), ((0, 0),), (1,)), (2,))
    Tensor([3., 3.])
    """
    x = with_border(x, window.padding, -math.inf)
    first, *others = window.slices(places)
    out = np.copy(x[first])
    for seen in others:
        np.maximum(out, x[seen], out=out)
    return out


# -- the mean --------------------------------------------------------------------------------------------------------


def _avg_pool_input_rule(g: Array, window: Window, counts: Any, upstream_shape: tuple[int, ...]) -> Array:
    return avg_pool(g, window, upstream_shape[-len(window.kernel) :], counts)


@primitive(name="avg_pool_input", upstream=_avg_pool_input_rule)
@rounded_once
def _avg_pool_input(upstream: Array, size: Lengths, window: Window, counts: Any) -> Array:
    """The transpose of `avg_pool`: every element receives its share of the places whose window contains it."""
    share, x = upstream / counts, _padded_like(upstream, size, window)
    for seen in window.slices(window.last(upstream)):
        part = x[seen]
        part += share
    return x[inside(size, window.padding)]


@primitive(
    name="avg_pool",
    x=lambda g, x_shape, window, counts: _avg_pool_input(g, x_shape[-len(window.kernel) :], window, counts),
)
@rounded_once
def avg_pool(x: Array, window: Window, places: Lengths, counts: Any) -> Array:
    """The sum of the elements under the kernel at each place, divided by `counts`. ∂/∂x = 1/counts.

    Examples
    --------
    >>> avg_pool(Tensor([1.0, 3.0, 2.0]), Window((2,), (1,), ((0, 0),), (1,)), (2,), 2)
    Tensor([2. , 2.5])
    """
    x = with_border(x, window.padding)
    first, *others = window.slices(places)
    out = np.copy(x[first])
    for seen in others:
        out += x[seen]
    out /= counts
    return out


def counts_of(size: Lengths, border: Lengths, window: Window, places: Lengths, with_border: bool) -> Any:
    """The number of elements in the mean at each place: one number if it is the same for all, else an array."""
    along = []
    for n, p, k, s, count in zip(size, border, window.kernel, window.stride, places, strict=True):
        start = np.arange(count) * s - p
        stop = np.minimum(start + k, n + p)
        along.append(stop - start if with_border else np.minimum(stop, n) - np.maximum(start, 0))
    counts = functools.reduce(np.multiply.outer, along)
    return int(counts.flat[0]) if (counts == counts.flat[0]).all() else counts
