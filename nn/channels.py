"""Layers without parameters between channels. Formulas and shapes: `autograd_lite.ops.layers.channels`."""

from __future__ import annotations

import numpy as np

from autograd_lite.core.tensor import Array, Tensor
from autograd_lite.nn.configured import Configured
from autograd_lite.nn.module import Module
from autograd_lite.ops.layers import channels
from autograd_lite.ops.layers.activation import softmax
from autograd_lite.support.checks import check_positive_integer


class Softmax2d(Module):
    """Softmax over the channels of images (N, C, H, W) or (C, H, W), for every pixel.

    Examples
    --------
    >>> Softmax2d()(np.zeros((2, 1, 1))).ravel()
    array([0.5, 0.5])
    """

    def forward(self, input: Array) -> Tensor:
        if np.ndim(input) not in (3, 4):
            raise ValueError(f"Softmax2d: input of shape {np.shape(input)}, expected (N, C, H, W) or (C, H, W)")
        return softmax(input, -3)


class PixelShuffle(Configured):
    """Groups of r² channels become images of r times the resolution: (..., C·r², H, W) to (..., C, H·r, W·r).

    Examples
    --------
    >>> PixelShuffle(2)(np.zeros((1, 8, 3, 5))).shape
    (1, 2, 6, 10)
    """

    upscale_factor: int
    _operation = staticmethod(channels.pixel_shuffle)

    def check(self) -> None:
        check_positive_integer("PixelShuffle", upscale_factor=self.upscale_factor)


class PixelUnshuffle(Configured):
    """The inverse of `PixelShuffle`: (..., C, H·r, W·r) to (..., C·r², H, W).

    Examples
    --------
    >>> PixelUnshuffle(2)(np.zeros((1, 2, 6, 10))).shape
    (1, 8, 3, 5)
    """

    downscale_factor: int
    _operation = staticmethod(channels.pixel_unshuffle)

    def check(self) -> None:
        check_positive_integer("PixelUnshuffle", downscale_factor=self.downscale_factor)


class ChannelShuffle(Configured):
    """The channels (N, C, ...) in another order: of each of the groups the first one, then the second ones, ...

    Examples
    --------
    >>> ChannelShuffle(2)(np.arange(4.0).reshape(1, 4, 1)).ravel()
    array([0., 2., 1., 3.])
    """

    groups: int
    _operation = staticmethod(channels.channel_shuffle)

    def check(self) -> None:
        check_positive_integer("ChannelShuffle", groups=self.groups)


class LocalResponseNorm(Configured):
    """x/(k + α/size·Σ x²)^β, where the sum is over the `size` channels around each channel of (N, C, ...).

    Examples
    --------
    >>> LocalResponseNorm(2, alpha=2.0, beta=1.0)(np.ones((1, 2, 1))).ravel()
    array([0.5       , 0.33333333])
    """

    size: int
    alpha: float = 1e-4
    beta: float = 0.75
    k: float = 1.0
    _operation = staticmethod(channels.local_response_norm)

    def check(self) -> None:
        check_positive_integer("LocalResponseNorm", size=self.size)
