"""Convolutions, with PyTorch's names: checks of arguments and the size of the result.

The computation is in `autograd_lite.ops.layers.convolution_form`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_lite.core.tensor import Array, Tensor
from autograd_lite.ops.arrays.shape import expand_dims, squeeze
from autograd_lite.ops.layers.convolution_form import Geometry, convolution
from autograd_lite.ops.layers.windows import Lengths, Window, lengths
from autograd_lite.support.conversion import to_array
from autograd_lite.support.messages import show

__all__ = ["conv1d", "conv2d"]


def with_samples(
    x: Array, weight: Array, bias: Array, axes: int, outputs_axis: int, groups: int
) -> tuple[Any, Any, Any]:
    """The operands with their channels checked, and a single input as a batch of one."""
    x, weight = to_array(x), to_array(weight)
    if x.ndim not in (axes + 1, axes + 2) or weight.ndim != axes + 2:
        space = ", ".join(("length",) if axes == 1 else ("depth", "height", "width")[3 - axes :])
        raise ValueError(
            f"x of shape {x.shape} and weight of shape {weight.shape}, expected ({space}) after the channels: "
            f"x with {axes + 2} axes (or {axes + 1}, without samples), weight with {axes + 2}"
        )
    groups_of = weight.shape[0] if outputs_axis == 0 else x.shape[-axes - 1]
    if not isinstance(groups, int | np.integer) or groups < 1 or groups_of % groups:
        what = "output channels" if outputs_axis == 0 else "input channels"
        raise ValueError(f"groups must be a positive integer that divides the {groups_of} {what}, not {show(groups)}")
    channels = weight.shape[1] * groups if outputs_axis == 0 else weight.shape[0]
    if x.shape[-axes - 1] != channels:
        raise ValueError(
            f"x of shape {x.shape} has {x.shape[-axes - 1]} channels, but weight of shape {weight.shape} "
            f"with groups={groups} is for {channels}"
        )
    outputs = weight.shape[0] if outputs_axis == 0 else weight.shape[1] * groups
    if bias is not None:
        bias = to_array(bias)
        if bias.shape != (outputs,):
            raise ValueError(f"bias of shape {bias.shape}, expected ({outputs},)")
    return x if x.ndim == axes + 2 else expand_dims(x, 0), weight, bias


def resolve_padding(padding: Any, kernel: Lengths, stride: Lengths, dilation: Lengths) -> tuple[tuple[int, int], ...]:
    """Padding given as integers, "valid" or "same", as pairs (before, after)."""
    if padding == "valid":
        return ((0, 0),) * len(kernel)
    if padding == "same":
        if any(s != 1 for s in stride):
            raise ValueError(f'padding="same" needs a stride of 1, not {show(stride)}')
        missing = [d * (k - 1) for k, d in zip(kernel, dilation, strict=True)]
        return tuple((n // 2, n - n // 2) for n in missing)
    if isinstance(padding, str):
        raise ValueError(f'padding must be "valid" or "same" if it is a string, not {show(padding)}')
    return tuple((n, n) for n in lengths("padding", padding, len(kernel), 0))


def _convolve(
    name: str, axes: int, x: Array, weight: Array, bias: Array, stride: Any, padding: Any, dilation: Any, groups: int
) -> Array:
    try:
        batch, weight, bias = with_samples(x, weight, bias, axes, 0, groups)
        strides, dilations = lengths("stride", stride, axes, 1), lengths("dilation", dilation, axes, 1)
        kernel = weight.shape[2:]
        window = Window(kernel, strides, resolve_padding(padding, kernel, strides, dilations), dilations)
        size = batch.shape[2:]
        geometry = Geometry(window, size, window.places(size), int(groups))
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None
    out = convolution(batch, weight, bias, geometry)
    return out if np.ndim(x) == axes + 2 else squeeze(out, 0)


def conv1d(
    x: Array,
    weight: Array,
    bias: Array = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Tensor:
    """y[n, o, t] = b[o] + Σ_(c, k) w[o, c, k] x[n, c, s t + d k − p]: convolution of signals (cross-correlation).

    Parameters
    ----------
    x : array (N, C, T) or (C, T)
    weight : array (O, C/groups, K)
    bias : array (O,), optional
    stride, padding, dilation, groups
        s, p, d, as for `conv2d`.

    Returns
    -------
    array (N, O, T') or (O, T')
        T' = ⌊(T + 2p − d(K − 1) − 1)/s⌋ + 1.

    Raises
    ------
    ValueError
        As for `conv2d`.

    Examples
    --------
    >>> conv1d(Tensor([[1.0, 2.0, 4.0, 8.0]]), np.array([[[-1.0, 1.0]]]))
    Tensor([[1., 2., 4.]])
    """
    return _convolve("conv1d", 1, x, weight, bias, stride, padding, dilation, groups)


def conv2d(
    x: Array,
    weight: Array,
    bias: Array = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Tensor:
    """y[n, o, i, j] = b[o] + Σ_(c, k, l) w[o, c, k, l] x[n, c, s i + d k − p, s j + d l − p]: convolution of images.

    This is the cross-correlation of signal processing. With groups, each group of outputs has its own channels.

    Parameters
    ----------
    x : array (N, C, H, W) or (C, H, W)
    weight : array (O, C/groups, K, L)
    bias : array (O,), optional
    stride : int or pair of int, default 1
        s, how far the kernel moves.
    padding : int, pair of int, "valid" or "same", default 0
        p, zeros around x; "same" keeps its size and needs a stride of 1.
    dilation : int or pair of int, default 1
        d, the distance of neighbours in the kernel.
    groups : int, default 1

    Returns
    -------
    array (N, O, H', W') or (O, H', W')
        H' = ⌊(H + 2p − d(K − 1) − 1)/s⌋ + 1, and W' alike.

    Raises
    ------
    ValueError
        If shapes do not match, groups do not divide the channels, or the kernel is larger than the padded input.

    References
    ----------
    LeCun et al., "Backpropagation applied to handwritten zip code recognition" (1989); as matrix products: Chellapilla,
    Puri and Simard, "High performance convolutional neural networks for document processing" (2006).

    Examples
    --------
    >>> image = Tensor(np.arange(9.0).reshape(1, 3, 3))
    >>> conv2d(image, np.array([[[[1.0, 0.0], [0.0, -1.0]]]]))
    Tensor([[[-4., -4.],
             [-4., -4.]]])
    """
    return _convolve("conv2d", 2, x, weight, bias, stride, padding, dilation, groups)


def conv3d(
    x: Array,
    weight: Array,
    bias: Array = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Tensor:
    """Convolution of volumes (N, C, D, H, W) with kernels (O, C/groups, K, L, M); arguments are those of `conv2d`.

    Examples
    --------
    >>> conv3d(Tensor(np.arange(8.0).reshape(1, 2, 2, 2)), np.ones((1, 1, 2, 2, 2)))
    Tensor([[[[28.]]]])
    """
    return _convolve("conv3d", 3, x, weight, bias, stride, padding, dilation, groups)
