"""Layers without parameters that change the size or the shape: upsampling, flattening and its inverse."""

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
from autograd_lite.support.checks import alternatives, check, is_integer
from autograd_lite.support.messages import show


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

    def forward(self, input: Array) -> Tensor:
        return interpolate(input, self.size, self.scale_factor, self.mode, self.align_corners)

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

    def forward(self, input: Array) -> Tensor:
        shape: tuple[int, ...] = np.shape(input)
        with naming("Flatten"):
            start: int = normalize_axis_index(self.start_dim, len(shape))
            end: int = normalize_axis_index(self.end_dim, len(shape))
        if start > end:
            raise ValueError(f"Flatten: start_dim={self.start_dim} is after end_dim={self.end_dim} in shape {shape}")
        return reshape(input, (*shape[:start], math.prod(shape[start : end + 1]), *shape[end + 1 :]))


class Unflatten(Module):
    """The axis `dim` cut into several axes of the lengths `unflattened_size`; one of them can be −1.

    Raises
    ------
    ValueError
        If the lengths do not fit.

    Examples
    --------
    >>> Unflatten(1, (3, -1))(np.zeros((5, 12))).shape
    (5, 3, 4)
    """

    _shown = ("dim", "unflattened_size")

    def __init__(self, dim: int, unflattened_size: tuple[int, ...]) -> None:
        check("Unflatten", "an integer", is_integer, dim=dim)
        if not isinstance(unflattened_size, tuple | list) or not all(map(is_integer, unflattened_size)):
            raise ValueError(f"Unflatten: unflattened_size must hold integers, not {show(unflattened_size)}")
        self.dim, self.unflattened_size = dim, tuple(unflattened_size)

    def forward(self, input: Array) -> Tensor:
        shape: tuple[int, ...] = np.shape(input)
        with naming("Unflatten"):
            axis: int = normalize_axis_index(self.dim, len(shape))
            return reshape(input, (*shape[:axis], *self.unflattened_size, *shape[axis + 1 :]))
