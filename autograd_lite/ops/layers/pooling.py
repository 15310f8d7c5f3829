"""Pooling over the last two axes, by slices: each position within the kernel is one strided slice of the whole array.

Pooling and its gradient are each other's transposes, so derivatives of any order need no more operations.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd_lite.core.primitive import primitive
from autograd_lite.core.tensor import Array, Tensor
from autograd_lite.ops.composition import composed
from autograd_lite.ops.layers.windows import Lengths, Window, inside, lengths, with_border
from autograd_lite.support.conversion import strip, to_floats, whole
from autograd_lite.support.half_precision import rounded_once

__all__ = ["avg_pool2d", "max_pool2d"]


def _pooling(
    name: str, x: Array, kernel_size: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool
) -> tuple[Array, Window, Lengths]:
    """The input, the window with its padding extended to the end of the last place, and the size of the result."""
    x = x if isinstance(x, Tensor) else to_floats(x)
    try:
        if x.ndim not in (3, 4):
            raise ValueError(f"x of shape {x.shape}, expected (N, C, H, W) or (C, H, W)")
        kernel, dilations = lengths("kernel_size", kernel_size, 2, 1), lengths("dilation", dilation, 2, 1)
        strides = kernel if stride is None else lengths("stride", stride, 2, 1)
        borders, size = lengths("padding", padding, 2, 0), x.shape[-2:]
        if any(2 * border > k for border, k in zip(borders, kernel, strict=True)):
            raise ValueError(f"padding {borders} is more than half of the kernel size {kernel}")
        window = Window(kernel, strides, tuple((border, border) for border in borders), dilations)
        places = window.places(size)
        if ceil_mode:  # one more place if elements are left over and it begins before the padding at the end
            places = tuple(
                n + ((n - 1) * s + window.extent(axis) < length + 2 * border and n * s < length + border)
                for axis, (n, s, length, border) in enumerate(zip(places, strides, size, borders, strict=True))
            )
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None
    ends = [(n - 1) * s + window.extent(axis) for axis, (n, s) in enumerate(zip(places, strides, strict=True))]
    padding = tuple(
        (border, max(end - length - border, 0)) for border, end, length in zip(borders, ends, size, strict=True)
    )
    return x, window._replace(padding=padding), places


def _padded_like(g: Array, size: Lengths, window: Window, dtype: Any = None) -> Array:
    """Zeros for a padded array of this size, with the leading axes of `g` and in its layout."""
    padded = [n + before + after for n, (before, after) in zip(size, window.padding, strict=True)]
    return np.zeros_like(g, dtype, shape=(*g.shape[:-2], *padded))


# -- the largest -----------------------------------------------------------------------------------------------------


def _first_largest(x: Array, out: Array, window: Window) -> Array:
    """For every place the position within the kernel, counted in C order, of the first largest element.

    This is the number of positions before it: all of them differ from the largest. NaN counts as the largest.
    """
    padded = with_border(x, window.padding, math.nan)  # NaN equals nothing, so the padding is never the largest
    other = np.ones_like(out, dtype=bool)  # whether all positions so far differ
    winners = np.zeros_like(out, dtype=np.min_scalar_type(math.prod(window.kernel)))
    for seen in list(window.slices(out.shape[-2:]))[:-1]:
        other &= padded[seen] != out
        winners += other
    if np.isnan(whole(out)).any():
        of_nans = _first_largest(np.isnan(x).astype(x.dtype), np.ones_like(out), window)
        winners = np.where(np.isnan(out), of_nans, winners)
    return winners


def _to_winners_rule(g: Array, winners: Array, window: Window) -> Array:
    return _from_winners(g, winners, window)


@primitive(name="to_winners", upstream=_to_winners_rule)
def _to_winners(upstream: Array, winners: Array, size: Lengths, window: Window) -> Array:
    """Zeros of the size of the input, to whose largest elements `upstream` is added."""
    x = _padded_like(winners, size, window, upstream.dtype)  # in the layout of the convolution before
    for number, seen in enumerate(window.slices(winners.shape[-2:])):
        part = x[seen]
        part += upstream * (winners == number)  # a twentieth of the time of np.add(..., where=...)
    return x[inside(size, window.padding)]


@primitive(
    name="from_winners",
    x=lambda g, x_shape, winners, window: _to_winners(g, winners, x_shape[-2:], window),
)
def _from_winners(x: Array, winners: Array, window: Window) -> Array:
    """The largest element of every place: the transpose of `_to_winners`."""
    x = with_border(x, window.padding)
    out = np.zeros_like(x, shape=winners.shape)
    for number, seen in enumerate(window.slices(winners.shape[-2:])):
        out += x[seen] * (winners == number)
    return out


def _max_rule(g: Array, x: Array, out: Array, window: Window, places: Lengths) -> Array:
    return _to_winners(g, _first_largest(strip(x), strip(out), window), x.shape[-2:], window)


@primitive(name="max_pool2d", x=_max_rule)
def _max_pool(x: Array, window: Window, places: Lengths) -> Array:
    x = with_border(x, window.padding, -math.inf)
    first, *others = window.slices(places)
    out = np.copy(x[first])
    for seen in others:
        np.maximum(out, x[seen], out=out)
    return out


@composed
def max_pool2d(
    x: Array,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
) -> Tensor:
    """The largest element under the kernel, at every place to which it moves. The gradient goes to the first of them.

    Parameters
    ----------
    x : array (N, C, H, W) or (C, H, W)
    kernel_size : int or pair of int
    stride : int or pair of int, optional
        By default kernel_size.
    padding : int or pair of int, default 0
        A border of −∞, at most half as wide as the kernel.
    dilation : int or pair of int, default 1
    ceil_mode : bool, default False
        Whether a last place is added if elements would be left over.

    Returns
    -------
    array (N, C, H', W') or (C, H', W')
        H' = ⌊(H + 2p − d(K − 1) − 1)/s⌋ + 1, with ceil_mode rounded up.

    Raises
    ------
    ValueError
        If the kernel is larger than the padded input, or an argument is out of its range.

    Examples
    --------
    >>> max_pool2d(Tensor([[[1.0, 2.0, 5.0], [4.0, 3.0, 0.0]]]), 2, stride=1)
    Tensor([[[4., 5.]]])
    """
    x, window, places = _pooling("max_pool2d", x, kernel_size, stride, padding, dilation, ceil_mode)
    return _max_pool(x, window, places)


# -- the mean --------------------------------------------------------------------------------------------------------


def _avg_pool_input_rule(g: Array, window: Window, counts: Any, upstream_shape: tuple[int, ...]) -> Array:
    return _avg_pool(g, window, upstream_shape[-2:], counts)


@primitive(name="avg_pool2d_input", upstream=_avg_pool_input_rule)
@rounded_once
def _avg_pool_input(upstream: Array, size: Lengths, window: Window, counts: Any) -> Array:
    """The transpose of `_avg_pool`: every element receives its share of the places whose window contains it."""
    share, x = upstream / counts, _padded_like(upstream, size, window)
    for seen in window.slices(upstream.shape[-2:]):
        part = x[seen]
        part += share
    return x[inside(size, window.padding)]


@primitive(
    name="avg_pool2d",
    x=lambda g, x_shape, window, counts: _avg_pool_input(g, x_shape[-2:], window, counts),
)
@rounded_once
def _avg_pool(x: Array, window: Window, places: Lengths, counts: Any) -> Array:
    x = with_border(x, window.padding)
    first, *others = window.slices(places)
    out = np.copy(x[first])
    for seen in others:
        out += x[seen]
    out /= counts
    return out


def _counts(size: Lengths, border: Lengths, window: Window, places: Lengths, with_border: bool) -> Any:
    """The number of elements in the mean at each place: one number if it is the same for all, else an array."""
    along = []
    for n, p, k, s, count in zip(size, border, window.kernel, window.stride, places, strict=True):
        start = np.arange(count) * s - p
        stop = np.minimum(start + k, n + p)
        along.append(stop - start if with_border else np.minimum(stop, n) - np.maximum(start, 0))
    counts = np.multiply.outer(*along)
    return int(counts.flat[0]) if (counts == counts.flat[0]).all() else counts


@composed
def avg_pool2d(
    x: Array,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor:
    """The mean of the elements under the kernel, at every place to which it moves. ∂/∂x = 1/(number of elements).

    Parameters
    ----------
    x : array (N, C, H, W) or (C, H, W)
    kernel_size : int or pair of int
    stride : int or pair of int, optional
        By default kernel_size.
    padding : int or pair of int, default 0
        A border of zeros, at most half as wide as the kernel.
    ceil_mode : bool, default False
        Whether a last place is added if elements would be left over.
    count_include_pad : bool, default True
        Whether the zeros of the border count as elements.
    divisor_override : int, optional
        The number to divide by, instead of the number of elements.

    Returns
    -------
    array (N, C, H', W') or (C, H', W')
        The size is that of `max_pool2d`.

    Raises
    ------
    ValueError
        If the kernel is larger than the padded input, or an argument is out of its range.

    Examples
    --------
    >>> avg_pool2d(Tensor([[[1.0, 2.0, 5.0], [4.0, 3.0, 0.0]]]), 2, stride=1)
    Tensor([[[2.5, 2.5]]])
    """
    x, window, places = _pooling("avg_pool2d", x, kernel_size, stride, padding, 1, ceil_mode)
    if divisor_override is not None:
        (counts,) = lengths("avg_pool2d: divisor_override", divisor_override, 1, 1)
    else:
        border = tuple(before for before, _ in window.padding)
        counts = _counts(x.shape[-2:], border, window, places, count_include_pad)
    return _avg_pool(x, window, places, counts)
