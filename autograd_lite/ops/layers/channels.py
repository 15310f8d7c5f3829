"""Operations between channels: their order, resolution against channels, and normalization across neighbours."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_lite.core.tensor import Array, Tensor
from autograd_lite.ops.arrays.shape import clone, reshape, swapaxes, transpose
from autograd_lite.ops.composition import composed
from autograd_lite.ops.layers.padding import pad
from autograd_lite.ops.layers.similarity import floats
from autograd_lite.support.checks import check, check_positive_integer, is_number
from autograd_lite.support.conversion import to_array

__all__: list[str] = []  # for `nn.functional`


def _image(x: Array, where: str, **factor: int) -> Any:
    """The input as an array with three axes at least, after a check of the named factor."""
    check_positive_integer(where, **factor)
    x = to_array(x)
    if x.ndim < 3:
        raise ValueError(f"x of shape {x.shape}, expected (..., C, H, W)")
    return x


def _check_multiple(x: Array, divisor: int, *axes: int) -> None:
    for axis in axes:
        if x.shape[axis] % divisor:
            raise ValueError(f"x of shape {x.shape}: axis {axis} must be a multiple of {divisor}")


@composed
def pixel_shuffle(x: Array, upscale_factor: int) -> Tensor:
    """Groups of r² channels become images of r times the resolution: (..., C·r², H, W) to (..., C, H·r, W·r).

    References
    ----------
    Shi et al., "Real-time single image and video super-resolution using an efficient sub-pixel convolutional neural
    network" (2016).

    Examples
    --------
    >>> pixel_shuffle(np.arange(4.0).reshape(4, 1, 1), 2)
    array([[[0., 1.],
            [2., 3.]]])
    """
    r, x = upscale_factor, _image(x, "pixel_shuffle", upscale_factor=upscale_factor)
    _check_multiple(x, r * r, -3)
    *samples, channels, height, width = x.shape
    n = len(samples)
    parts = reshape(x, (*samples, channels // (r * r), r, r, height, width))
    moved = clone(transpose(parts, (*range(n), n, n + 3, n + 1, n + 4, n + 2)))
    return reshape(moved, (*samples, channels // (r * r), height * r, width * r))


@composed
def pixel_unshuffle(x: Array, downscale_factor: int) -> Tensor:
    """The inverse of `pixel_shuffle`: (..., C, H·r, W·r) to (..., C·r², H, W).

    Examples
    --------
    >>> pixel_unshuffle(np.arange(4.0).reshape(1, 2, 2), 2).tolist()
    [[[0.0]], [[1.0]], [[2.0]], [[3.0]]]
    """
    r, x = downscale_factor, _image(x, "pixel_unshuffle", downscale_factor=downscale_factor)
    _check_multiple(x, r, -2, -1)
    *samples, channels, height, width = x.shape
    n = len(samples)
    parts = reshape(x, (*samples, channels, height // r, r, width // r, r))
    moved = clone(transpose(parts, (*range(n), n, n + 2, n + 4, n + 1, n + 3)))
    return reshape(moved, (*samples, channels * r * r, height // r, width // r))


@composed
def channel_shuffle(x: Array, groups: int) -> Tensor:
    """The channels (N, C, ...) in another order: of each of the groups the first one, then the second ones, ...

    References
    ----------
    Zhang, Zhou, Lin and Sun, "ShuffleNet: an extremely efficient convolutional neural network for mobile devices"
    (2018).

    Examples
    --------
    >>> channel_shuffle(np.arange(4.0).reshape(1, 4, 1), 2).ravel()
    array([0., 2., 1., 3.])
    """
    x = _image(x, "channel_shuffle", groups=groups)
    _check_multiple(x, groups, 1)
    parts = reshape(x, (x.shape[0], groups, x.shape[1] // groups, *x.shape[2:]))
    return reshape(clone(swapaxes(parts, 1, 2)), x.shape)


@composed
def local_response_norm(x: Array, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> Tensor:
    """x/(k + α/size·Σ x²)^β, where the sum is over the `size` channels around each channel of (N, C, ...).

    Channels beyond the first and the last one count as 0.

    References
    ----------
    Krizhevsky, Sutskever and Hinton, "ImageNet classification with deep convolutional neural networks" (2012).

    Examples
    --------
    >>> local_response_norm(Tensor([[[1.0], [2.0]]]), 2, alpha=2.0, beta=1.0)
    Tensor([[[0.5       ],
             [0.33333333]]])
    """
    x = floats(_image(x, "local_response_norm", size=size))
    check("local_response_norm", "a number", is_number, alpha=alpha, beta=beta, k=k)
    border = (0, 0) * (x.ndim - 2) + (size // 2, (size - 1) // 2)
    squares = pad(x * x, border)
    total = sum((squares[:, i : i + x.shape[1]] for i in range(1, size)), squares[:, : x.shape[1]])
    return x / np.power(k + total * (alpha / size), beta)
