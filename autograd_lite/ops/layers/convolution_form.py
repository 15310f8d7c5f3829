"""Convolutions and their derivatives, all as matrix products on strided windows.

With input x, weight w and the gradient g of the result, a convolution is a trilinear form T(x, w, g): a sum over
samples, groups, channels, places and positions within the kernel. The three operations below are the derivatives of T
with respect to its three arguments. The rules of each are the other two, so derivatives of any order need no more:

    convolution(x, w) = ∂T/∂g,    convolution_input(g, w) = ∂T/∂x,    convolution_weight(x, g) = ∂T/∂w.

In memory the samples come last (channels, space, samples). The slices under a kernel position are then long contiguous
runs, and a product with the weight is for the whole batch. Results are views with the axes in PyTorch's order;
elementwise operations and pooling keep this layout. The windows, which repeat each element of the input, are copied
block by block, so that a block is still in the processor's cache when it is multiplied.

Inputs are (N, C, ...), weights (O, C/groups, ...), results (N, O, ...), with any number of spatial axes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from autograd_lite.core.primitive import primitive
from autograd_lite.core.tensor import Array
from autograd_lite.ops.layers.windows import Lengths, Window, inside, with_border
from autograd_lite.support.sums import sum_over

__all__: list[str] = []

_BLOCK = 1 << 19  # the number of elements in a block of windows, 2 MB in single precision


class Geometry(NamedTuple):
    """How a kernel moves over an input, and the number of groups of channels."""

    window: Window
    size: Lengths  # of the input
    places: Lengths  # the size of the result
    groups: int


# -- matrices ------------------------------------------------------------------------------------------------------


def _samples_last(x: Array) -> Array:
    """(N, C, ...) as (C, ..., N), in memory too."""
    x = np.moveaxis(x, 0, -1)
    return x if x.flags.c_contiguous else x.copy()


def _windows(x: Array, geometry: Geometry) -> Array:
    """The elements under the kernel as a view, (C, kernel, places, N)."""
    (kernel, stride, padding, dilation), _, places, _ = geometry
    ndim = len(kernel)
    x = with_border(_samples_last(x), (*padding, (0, 0)))
    extents = tuple(geometry.window.extent(axis) for axis in range(ndim))
    windows = sliding_window_view(x, extents, tuple(range(1, ndim + 1)))  # (C, places at stride 1, N, extents)
    at = [slice(0, (n - 1) * step + 1, step) for n, step in zip(places, stride, strict=True)]
    windows = windows[(slice(None), *at, slice(None), *(slice(None, None, step) for step in dilation))]
    return np.transpose(windows, (0, *range(ndim + 2, 2 * ndim + 2), *range(1, ndim + 2)))


def _blocks(geometry: Geometry, channels: int, samples: int) -> Iterator[tuple[slice, slice]]:
    """Slices of the first axis of the places, and the columns of `_result_matrix` that belong to each."""
    places = geometry.places
    columns = math.prod(places[1:]) * samples
    length = max(1, _BLOCK // max(1, channels * math.prod(geometry.window.kernel) * columns))
    for first in range(0, places[0], length):
        last = min(first + length, places[0])
        yield slice(first, last), slice(first * columns, last * columns)


def _window_matrix(windows: Array, block: slice, groups: int) -> Array:
    """The windows of a block of places, (groups, channels · positions, places · N): one column per place and sample."""
    ndim = windows.ndim // 2 - 1
    rows = windows.shape[0] // groups * math.prod(windows.shape[1 : ndim + 1])
    part = windows[(slice(None),) * (ndim + 1) + (block,)]
    return part.reshape(groups, rows, math.prod(part.shape[ndim + 1 :]))


def _weight_matrix(weight: Array, groups: int) -> Array:
    """(groups, outputs, channels · positions)."""
    return weight.reshape(groups, weight.shape[0] // groups, math.prod(weight.shape[1:]))


def _result_matrix(g: Array, groups: int) -> Array:
    """(groups, outputs, places · N)."""
    return _samples_last(g).reshape(groups, g.shape[1] // groups, math.prod(g.shape[2:]) * g.shape[0])


def _as_convolution(weight: Array, geometry: Geometry) -> tuple[Array, Geometry] | None:
    """The weight and the geometry of a convolution that is `convolution_input`, if there is one that is faster.

    With a stride of 1 it has the mirrored kernel, with inputs and outputs exchanged. To copy windows of g takes half
    of the time that it takes to add windows of x, unless g has more channels.
    """
    (kernel, stride, padding, dilation), size, places, groups = geometry
    borders = tuple(
        (d * (k - 1) - before, n - place + before)
        for k, d, (before, _), n, place in zip(kernel, dilation, padding, size, places, strict=True)
    )
    if max(stride) > 1 or min(map(min, borders)) < 0 or weight.shape[0] > weight.shape[1] * groups:
        return None
    weight = weight.reshape(groups, weight.shape[0] // groups, *weight.shape[1:])
    weight = np.swapaxes(weight, 1, 2)[(..., *(slice(None, None, -1) for _ in kernel))]
    weight = weight.reshape(groups * weight.shape[1], weight.shape[2], *kernel)
    return weight, Geometry(Window(kernel, stride, borders, dilation), places, size, groups)


def _product(x: Array, y: Array) -> Array:
    """The matrix product; an outer product, as of each channel with its own kernel, is faster as a multiplication."""
    return x * y if x.shape[-1] == 1 else np.matmul(x, y)


def _add_bias(out: Array, bias: Array) -> Array:
    """Add one number per channel of (C, ..., N), in place unless that would lose digits."""
    if bias is None:
        return out
    bias = bias.reshape(-1, *(1,) * (out.ndim - 1))
    return np.add(out, bias, out=out if np.can_cast(bias.dtype, out.dtype) else None)


def _bias_rule(g: Array) -> Array:
    return sum_over(g, (0, *range(2, g.ndim)))


# -- the three derivatives of one form -------------------------------------------------------------------------------


def _input_rule(g: Array, weight: Array, geometry: Geometry) -> Array:
    return convolution_input(g, weight, None, geometry)


def _weight_rule(g: Array, x: Array, geometry: Geometry) -> Array:
    return convolution_weight(x, g, geometry)


@primitive(x=_input_rule, weight=_weight_rule, bias=_bias_rule)
def convolution(x: Array, weight: Array, bias: Array, geometry: Geometry) -> Array:
    """∂T/∂g + bias.

    Examples
    --------
    >>> geometry = Geometry(Window((2,), (1,), ((0, 0),), (1,)), (3,), (2,), 1)
    >>> convolution(Tensor([[[1.0, 2.0, 4.0]]]), Tensor([[[-1.0, 1.0]]]), None, geometry)
    Tensor([[[1., 2.]]])
    """
    groups, (samples, channels) = geometry.groups, x.shape[:2]
    windows, matrix = _windows(x, geometry), _weight_matrix(weight, groups)
    products = [
        np.matmul(matrix, _window_matrix(windows, block, groups)) for block, _ in _blocks(geometry, channels, samples)
    ]
    out = products[0] if len(products) == 1 else np.concatenate(products, axis=-1)
    out = out.reshape(weight.shape[0], *geometry.places, samples)
    return np.moveaxis(_add_bias(out, bias), -1, 0)


@primitive(
    upstream=lambda g, weight, geometry: convolution(g, weight, None, geometry),
    weight=lambda g, upstream, geometry: _weight_rule(upstream, g, geometry),
    bias=_bias_rule,
)
def convolution_input(upstream: Array, weight: Array, bias: Array, geometry: Geometry) -> Array:
    """∂T/∂x + bias; `upstream` is the g of T.

    Examples
    --------
    >>> geometry = Geometry(Window((2,), (1,), ((0, 0),), (1,)), (3,), (2,), 1)
    >>> convolution_input(Tensor([[[1.0, 2.0]]]), Tensor([[[-1.0, 1.0]]]), None, geometry)
    Tensor([[[-1., -1.,  2.]]])
    """
    other = _as_convolution(weight, geometry)
    if other is not None:
        return convolution(upstream, other[0], bias, other[1])
    window, size, places, groups = geometry
    matrix, result = np.swapaxes(_weight_matrix(weight, groups), -1, -2), _result_matrix(upstream, groups)
    samples, channels, positions = upstream.shape[0], weight.shape[1] * groups, math.prod(window.kernel)
    padded = [n + before + after for n, (before, after) in zip(size, window.padding, strict=True)]
    x: Array = None
    for block, columns in _blocks(geometry, channels, samples):
        at = (block.stop - block.start, *places[1:])
        windows = _product(matrix, result[..., columns]).reshape(channels, positions, *at, samples)
        if x is None:  # like the product, so that `compile` records the writes
            x = np.zeros_like(windows, shape=(channels, *padded, samples))
        below = x[:, block.start * window.stride[0] :]
        for number, seen in enumerate(window.slices(at)):
            part = below[(*seen, slice(None))]
            part += windows[:, number]
    return np.moveaxis(_add_bias(x[(*inside(size, window.padding), slice(None))], bias), -1, 0)


@primitive(
    x=lambda g, upstream, geometry: convolution_input(upstream, g, None, geometry),
    upstream=lambda g, x, geometry: convolution(x, g, None, geometry),
)
def convolution_weight(x: Array, upstream: Array, geometry: Geometry) -> Array:
    """∂T/∂w.

    Examples
    --------
    >>> geometry = Geometry(Window((2,), (1,), ((0, 0),), (1,)), (3,), (2,), 1)
    >>> convolution_weight(Tensor([[[1.0, 2.0, 4.0]]]), Tensor([[[1.0, 10.0]]]), geometry)
    Tensor([[[21., 42.]]])
    """
    groups, (samples, channels) = geometry.groups, x.shape[:2]
    windows, result = _windows(x, geometry), _result_matrix(upstream, groups)
    products = [
        np.matmul(result[..., columns], np.swapaxes(_window_matrix(windows, block, groups), -1, -2))
        for block, columns in _blocks(geometry, channels, samples)
    ]
    return sum(products[1:], products[0]).reshape(upstream.shape[1], channels // groups, *geometry.window.kernel)
