"""Convolutions and their derivatives, all as matrix products on strided windows.

With input x, weight w and the gradient g of the result, a convolution is a trilinear form T(x, w, g): a sum over
samples, groups, channels, places and positions within the kernel. The three operations below are the derivatives of T
with respect to its three arguments. The rules of each are the other two, so derivatives of any order need no more:

    convolution(x, w) = ∂T/∂g,    convolution_input(g, w) = ∂T/∂x,    convolution_weight(x, g) = ∂T/∂w.

In memory the samples come last (channels, space, samples). The slices under a kernel position are then long contiguous
runs, and the product with the weight is one matrix product for the whole batch. Results are views with the axes in
PyTorch's order; elementwise operations and pooling keep this layout. Building the windows takes a quarter of the time.

Inputs are (N, C, ...), weights (O, C/groups, ...), results (N, O, ...), with any number of spatial axes.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from autograd_lite.core.primitive import primitive
from autograd_lite.core.tensor import Array
from autograd_lite.ops.layers.windows import Lengths, Window, inside, with_border
from autograd_lite.support.sums import sum_over

__all__: list[str] = []


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
    """The elements under the kernel, (groups, channels · positions, places · N): one column per place and sample."""
    (kernel, stride, padding, dilation), _, places, groups = geometry
    channels, samples, ndim = x.shape[1], x.shape[0], len(kernel)
    x = with_border(_samples_last(x), (*padding, (0, 0)))
    extents = tuple(geometry.window.extent(axis) for axis in range(ndim))
    windows = sliding_window_view(x, extents, tuple(range(1, ndim + 1)))  # (C, places at stride 1, N, extents)
    at = [slice(0, (n - 1) * step + 1, step) for n, step in zip(places, stride, strict=True)]
    windows = windows[(slice(None), *at, slice(None), *(slice(None, None, step) for step in dilation))]
    windows = np.transpose(windows, (0, *range(ndim + 2, 2 * ndim + 2), *range(1, ndim + 2)))
    rows, columns = channels // groups * math.prod(kernel), math.prod(places) * samples
    return windows.reshape(groups, rows, columns)


def _sum_of_windows(windows: Array, geometry: Geometry, samples: int) -> Array:
    """The transpose of `_windows`: each element of the input, in (C, ..., N), is the sum of its copies."""
    window, size, places, groups = geometry
    channels = groups * windows.shape[1] // math.prod(window.kernel)
    windows = windows.reshape(channels, math.prod(window.kernel), *places, samples)
    padded = [n + before + after for n, (before, after) in zip(size, window.padding, strict=True)]
    x = np.zeros_like(windows, shape=(channels, *padded, samples))
    for number, seen in enumerate(window.slices(places)):
        part = x[(*seen, slice(None))]
        part += windows[:, number]
    return x[(*inside(size, window.padding), slice(None))]


def _weight_matrix(weight: Array, groups: int) -> Array:
    """(groups, outputs, channels · positions)."""
    return weight.reshape(groups, weight.shape[0] // groups, math.prod(weight.shape[1:]))


def _result_matrix(g: Array, groups: int) -> Array:
    """(groups, outputs, places · N)."""
    return _samples_last(g).reshape(groups, g.shape[1] // groups, math.prod(g.shape[2:]) * g.shape[0])


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
    out = np.matmul(_weight_matrix(weight, geometry.groups), _windows(x, geometry))
    out = out.reshape(weight.shape[0], *geometry.places, x.shape[0])
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
    matrix = np.swapaxes(_weight_matrix(weight, geometry.groups), -1, -2)
    windows = np.matmul(matrix, _result_matrix(upstream, geometry.groups))
    out = _sum_of_windows(windows, geometry, upstream.shape[0])
    return np.moveaxis(_add_bias(out, bias), -1, 0)


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
    windows = np.swapaxes(_windows(x, geometry), -1, -2)
    weight = np.matmul(_result_matrix(upstream, geometry.groups), windows)
    return weight.reshape(upstream.shape[1], x.shape[1] // geometry.groups, *geometry.window.kernel)
