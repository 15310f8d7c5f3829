"""Layers without parameters that change the shape of images: pooling, upsampling, flattening.

Formulas, shapes and errors are documented in `autograd_lite.ops.layers.pooling` and `.interpolation`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from autograd_lite.core.tensor import Array, Tensor
from autograd_lite.nn.module import Module
from autograd_lite.ops.arrays.shape import reshape
from autograd_lite.ops.composition import naming
from autograd_lite.ops.layers.interpolation import MODES, interpolate
from autograd_lite.ops.layers.pooling import avg_pool2d, max_pool2d
from autograd_lite.ops.layers.windows import lengths
from autograd_lite.support.checks import alternatives, check, check_positive_integer, is_integer
from autograd_lite.support.messages import show


def _check(name: str, kernel_size: Any, stride: Any, padding: Any, dilation: Any = 1) -> None:
    with naming(name):
        lengths("kernel_size", kernel_size, 2, 1)
        lengths("stride", kernel_size if stride is None else stride, 2, 1)
        lengths("padding", padding, 2, 0)
        lengths("dilation", dilation, 2, 1)


class MaxPool2d(Module):
    """The largest element in every window of the input; by default, windows do not overlap.

    Parameters
    ----------
    kernel_size, stride, padding, dilation, ceil_mode
        As for `autograd_lite.max_pool2d`.
    return_indices : bool, default False
        Not supported.

    Raises
    ------
    ValueError
        If a length is not a valid one, or return_indices is True.

    Examples
    --------
    >>> MaxPool2d(2)(np.zeros((5, 3, 28, 28))).shape
    (5, 3, 14, 14)
    """

    _shown = ("kernel_size", "stride", "padding", "dilation")

    def __init__(
        self,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        dilation: Any = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None:
        if return_indices:
            raise ValueError("MaxPool2d: return_indices=True is not supported")
        _check("MaxPool2d", kernel_size, stride, padding, dilation)
        self.kernel_size, self.stride = kernel_size, kernel_size if stride is None else stride
        self.padding, self.dilation, self.ceil_mode = padding, dilation, ceil_mode

    def forward(self, x: Array) -> Tensor:
        return max_pool2d(x, self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode)

    def extra_repr(self) -> str:
        return super().extra_repr() + ", ceil_mode=True" * self.ceil_mode


class AvgPool2d(Module):
    """The mean of every window of the input; by default, windows do not overlap.

    Parameters
    ----------
    kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
        As for `autograd_lite.avg_pool2d`.

    Examples
    --------
    >>> AvgPool2d(2)(np.ones((1, 2, 2)))
    array([[[1.]]])
    """

    _shown = ("kernel_size", "stride", "padding")

    def __init__(
        self,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> None:
        _check("AvgPool2d", kernel_size, stride, padding)
        if divisor_override is not None:
            check_positive_integer("AvgPool2d", divisor_override=divisor_override)
        self.kernel_size, self.stride = kernel_size, kernel_size if stride is None else stride
        self.padding, self.ceil_mode = padding, ceil_mode
        self.count_include_pad, self.divisor_override = count_include_pad, divisor_override

    def forward(self, x: Array) -> Tensor:
        return avg_pool2d(x, self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad,
                          self.divisor_override)  # fmt: skip


class Upsample(Module):
    """The input resized, by copying the nearest elements or by interpolating between neighbours.

    Parameters
    ----------
    size, scale_factor, mode, align_corners
        As for `autograd_lite.interpolate`.

    Examples
    --------
    >>> Upsample(scale_factor=2)(np.array([[[[1.0, 2.0]]]]))
    array([[[[1., 1., 2., 2.],
             [1., 1., 2., 2.]]]])
    """

    def __init__(
        self,
        size: Any = None,
        scale_factor: Any = None,
        mode: str = "nearest",
        align_corners: bool | None = None,
    ) -> None:
        if mode not in MODES:
            raise ValueError(f"Upsample: mode must be {alternatives(MODES)}, not {show(mode)}")
        if (size is None) == (scale_factor is None):
            raise ValueError("Upsample: either size or scale_factor is needed, and not both")
        self.size, self.scale_factor, self.mode, self.align_corners = size, scale_factor, mode, align_corners

    def forward(self, x: Array) -> Tensor:
        return interpolate(x, self.size, self.scale_factor, self.mode, self.align_corners)

    def extra_repr(self) -> str:
        target = f"scale_factor={self.scale_factor}" if self.size is None else f"size={self.size}"
        return f"{target}, mode={self.mode!r}"


class Flatten(Module):
    """The axes from `start_dim` to `end_dim` joined into one; by default all but the first, that of the samples.

    Examples
    --------
    >>> Flatten()(np.zeros((5, 3, 2, 2))).shape
    (5, 12)
    """

    _shown = ("start_dim", "end_dim")

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        check("Flatten", "an integer", is_integer, start_dim=start_dim, end_dim=end_dim)
        self.start_dim, self.end_dim = start_dim, end_dim

    def forward(self, x: Array) -> Tensor:
        shape: tuple[int, ...] = np.shape(x)
        with naming("Flatten"):
            start: int = normalize_axis_index(self.start_dim, len(shape))
            end: int = normalize_axis_index(self.end_dim, len(shape))
        if start > end:
            raise ValueError(f"Flatten: start_dim={self.start_dim} is after end_dim={self.end_dim} in shape {shape}")
        return reshape(x, (*shape[:start], math.prod(shape[start : end + 1]), *shape[end + 1 :]))
