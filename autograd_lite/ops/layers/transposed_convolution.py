"""Transposes of convolutions, with PyTorch's names: checks of arguments and the size of the result.

The computation is in `autograd_lite.ops.layers.convolution_form`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_lite.core.tensor import Array, Tensor
from autograd_lite.ops.arrays.shape import squeeze
from autograd_lite.ops.layers.convolution import with_samples
from autograd_lite.ops.layers.convolution_form import Geometry, convolution_input
from autograd_lite.ops.layers.windows import Lengths, Window, lengths

__all__ = ["conv_transpose2d"]


def _transpose(
    name: str,
    axes: int,
    x: Array,
    weight: Array,
    bias: Array,
    stride: Any,
    padding: Any,
    output_padding: Any,
    groups: int,
    dilation: Any,
) -> Array:
    try:
        batch, weight, bias = with_samples(x, weight, bias, axes, 1, groups)
        strides, dilations = lengths("stride", stride, axes, 1), lengths("dilation", dilation, axes, 1)
        extra, borders = lengths("output_padding", output_padding, axes, 0), lengths("padding", padding, axes, 0)
        if any(e >= max(s, d) for e, s, d in zip(extra, strides, dilations, strict=True)):
            raise ValueError(f"output_padding {extra} must be below the stride {strides} or the dilation {dilations}")
        window = Window(weight.shape[2:], strides, tuple((p, p) for p in borders), dilations)
        size = tuple(
            (n - 1) * s - 2 * p + window.extent(axis) + e
            for axis, (n, s, p, e) in enumerate(zip(batch.shape[2:], strides, borders, extra, strict=True))
        )
        if min(size) < 1:
            raise ValueError(f"an input of shape {np.shape(x)} with padding {borders} gives a result of size {size}")
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None
    out = convolution_input(batch, weight, bias, Geometry(window, size, batch.shape[2:], int(groups)))
    return out if np.ndim(x) == axes + 2 else squeeze(out, 0)


def output_padding_of(output_size: Any, x_shape: tuple[int, ...], window: Window) -> Lengths:
    """The `output_padding` with which the result for x has the size `output_size`, its last axes or its whole shape.

    Examples
    --------
    >>> output_padding_of((10,), (1, 1, 4), Window((3,), (2,), ((0, 0),), (1,)))
    (1,)
    """
    axes, given = len(window.kernel), output_size
    if len(x_shape) not in (axes + 1, axes + 2):
        raise ValueError(f"x of shape {x_shape}, expected {axes + 1} or {axes + 2} axes")
    if isinstance(given, tuple | list) and len(given) == len(x_shape):
        given = given[-axes:]
    size = lengths("output_size", given, axes, 1)
    least = tuple(
        (n - 1) * s - 2 * p + window.extent(axis)
        for axis, (n, s, (p, _)) in enumerate(zip(x_shape[-axes:], window.stride, window.padding, strict=True))
    )
    extra = tuple(n - shortest for n, shortest in zip(size, least, strict=True))
    if any(not 0 <= e < s for e, s in zip(extra, window.stride, strict=True)):
        most = tuple(n + s - 1 for n, s in zip(least, window.stride, strict=True))
        raise ValueError(f"output_size {size} is not between {least} and {most}, for x of shape {x_shape}")
    return extra


def conv_transpose1d(
    x: Array,
    weight: Array,
    bias: Array = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: int = 1,
    dilation: Any = 1,
) -> Tensor:
    """The transpose of `conv1d`; arguments are those of `conv_transpose2d`.

    For signals (N, C, T) and kernels (C, O/groups, K).

    Examples
    --------
    >>> conv_transpose1d(Tensor([[1.0, 10.0]]), np.ones((1, 1, 2)), stride=2)
    Tensor([[ 1.,  1., 10., 10.]])
    """
    return _transpose("conv_transpose1d", 1, x, weight, bias, stride, padding, output_padding, groups, dilation)


def conv_transpose2d(
    x: Array,
    weight: Array,
    bias: Array = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: int = 1,
    dilation: Any = 1,
) -> Tensor:
    """The transpose of `conv2d`: every element of x adds its multiple of the kernel to the result.

    y[n, o, s i + d k − p, s j + d l − p] += w[c, o, k, l] x[n, c, i, j], and the bias.

    Parameters
    ----------
    x : array (N, C, H, W) or (C, H, W)
    weight : array (C, O/groups, K, L)
    bias : array (O,), optional
    stride, padding, dilation : int or pair of int
        The arguments of the convolution of which this is the transpose.
    output_padding : int or pair of int, default 0
        How much longer the result is than the shortest input of which that convolution has the size of x.
    groups : int, default 1

    Returns
    -------
    array (N, O, H', W') or (O, H', W')
        H' = (H − 1)s − 2p + d(K − 1) + output_padding + 1, and W' alike.

    Raises
    ------
    ValueError
        If shapes do not match, groups do not divide the channels, output_padding is neither below the stride nor below
        the dilation, or nothing would be left.

    References
    ----------
    Zeiler, Krishnan, Taylor and Fergus, "Deconvolutional networks" (2010).

    Examples
    --------
    >>> conv_transpose2d(Tensor([[[1.0, 10.0]]]), np.ones((1, 1, 2, 2)), stride=2)
    Tensor([[[ 1.,  1., 10., 10.],
             [ 1.,  1., 10., 10.]]])
    """
    return _transpose("conv_transpose2d", 2, x, weight, bias, stride, padding, output_padding, groups, dilation)


def conv_transpose3d(
    x: Array,
    weight: Array,
    bias: Array = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: int = 1,
    dilation: Any = 1,
) -> Tensor:
    """The transpose of `conv3d`; arguments are those of `conv_transpose2d`.

    For volumes (N, C, D, H, W) and kernels (C, O/groups, K, L, M).

    Examples
    --------
    >>> conv_transpose3d(Tensor([[[[2.0]]]]), np.ones((1, 1, 1, 1, 2)))
    Tensor([[[[2., 2.]]]])
    """
    return _transpose("conv_transpose3d", 3, x, weight, bias, stride, padding, output_padding, groups, dilation)
