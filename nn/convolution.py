"""Convolutional layers. The formulas are documented in `autograd_lite.ops.layers.convolution`."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from autograd_lite.core.tensor import Array, Tensor
from autograd_lite.nn.module import Module, changed_options
from autograd_lite.nn.parameter import Parameter, uniform_parameter
from autograd_lite.ops.composition import naming
from autograd_lite.ops.layers.convolution import conv1d, conv2d, conv3d, resolve_padding
from autograd_lite.ops.layers.padding import pad
from autograd_lite.ops.layers.transposed_convolution import (
    conv_transpose1d,
    conv_transpose2d,
    conv_transpose3d,
    output_padding_of,
)
from autograd_lite.ops.layers.windows import Lengths, Window, lengths
from autograd_lite.random import generator
from autograd_lite.support.checks import alternatives, check_positive_integer
from autograd_lite.support.conversion import strip
from autograd_lite.support.messages import show


class _Convolution(Module):
    """What convolutional layers share: the checks of the arguments, the initial values, and the padding."""

    axes: int
    _function: Callable[..., Tensor]
    bias: Parameter | None
    transposed = False

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | tuple[int, ...],
        stride: int | tuple[int, ...],
        padding: int | str | tuple[int, ...],
        dilation: int | tuple[int, ...],
        groups: int,
        bias: bool,
        padding_mode: str,
        dtype: DTypeLike,
        rng: np.random.Generator | int | None,
    ) -> None:
        name = type(self).__name__
        for what, number in (("in_channels", in_channels), ("out_channels", out_channels), ("groups", groups)):
            check_positive_integer(name, **{what: number, "groups": groups})
            if number % groups:
                raise ValueError(f"{name}: {what}={number} is not divisible by groups={groups}")
        modes = ["zeros", *([] if self.transposed else ("reflect", "replicate", "circular"))]
        if padding_mode not in modes:
            raise ValueError(f"{name}: padding_mode must be {alternatives(modes)}, not {show(padding_mode)}")
        self.in_channels, self.out_channels, self.groups = in_channels, out_channels, groups
        self.padding_mode = padding_mode
        try:
            self.kernel_size = lengths("kernel_size", kernel_size, self.axes, 1)
            self.stride = lengths("stride", stride, self.axes, 1)
            self.dilation = lengths("dilation", dilation, self.axes, 1)
            self._borders = resolve_padding(padding, self.kernel_size, self.stride, self.dilation)
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None
        self.padding: str | Lengths = (
            padding if isinstance(padding, str) else tuple(before for before, _ in self._borders)
        )
        channels = (in_channels, out_channels // groups) if self.transposed else (out_channels, in_channels // groups)
        bound = (channels[1] * math.prod(self.kernel_size)) ** -0.5
        rng = generator(rng)
        self.weight = uniform_parameter((*channels, *self.kernel_size), bound, dtype, rng)
        self.register_parameter("bias", uniform_parameter(out_channels, bound, dtype, rng) if bias else None)

    def _padded(self, x: Any) -> tuple[Any, Any]:
        """The input, padded unless with zeros, and the padding that is left to the operation."""
        if self.padding_mode == "zeros":
            return x, self.padding
        with naming(type(self).__name__):
            return pad(x, [width for border in self._borders[::-1] for width in border], self.padding_mode), 0

    def extra_repr(self) -> str:
        ones, zeros = (1,) * self.axes, (0,) * self.axes
        sizes = f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}"
        output_padding = {"output_padding": zeros} if self.transposed else {}
        changed = changed_options(
            self, stride=ones, padding=zeros, **output_padding, dilation=ones, groups=1, padding_mode="zeros"
        )
        return ", ".join([sizes, *changed, *(["bias=False"] if self.bias is None else [])])


class _Forward(_Convolution):
    """A convolution; subclasses say along how many axes."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | tuple[int, ...],
        stride: int | tuple[int, ...] = 1,
        padding: int | str | tuple[int, ...] = 0,
        dilation: int | tuple[int, ...] = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        *,
        dtype: DTypeLike = np.float32,
        rng: np.random.Generator | int | None = None,
    ) -> None:
        super().__init__(in_channels, out_channels, kernel_size, stride, padding, dilation, groups, bias, padding_mode,
                         dtype, rng)  # fmt: skip

    def forward(self, input: Array) -> Tensor:
        input, padding = self._padded(input)
        return self._function(input, self.weight, self.bias, self.stride, padding, self.dilation, self.groups)


class Conv1d(_Forward):
    """A convolution of signals: (N, in_channels, T) to (N, out_channels, T').

    Parameters, attributes, errors and initial values are those of `Conv2d`, with one spatial axis.

    Examples
    --------
    >>> Conv1d(3, 8, 5, padding="same", rng=0)(np.zeros((2, 3, 20))).shape
    (2, 8, 20)
    """

    axes, _function = 1, staticmethod(conv1d)


class Conv2d(_Forward):
    """A convolution of images: (N, in_channels, H, W) to (N, out_channels, H', W').

    Weight and bias start uniform on ±1/√(in_channels/groups · K · L), as in PyTorch.

    Parameters
    ----------
    in_channels, out_channels : int
    kernel_size : int or pair of int
    stride : int or pair of int, default 1
    padding : int, pair of int, "valid" or "same", default 0
    dilation : int or pair of int, default 1
    groups : int, default 1
        The number of groups of channels; output channels depend on the input channels of their own group only.
    bias : bool, default True
    padding_mode : "zeros", "reflect", "replicate" or "circular", default "zeros"
        The values of the border.
    dtype : dtype, default float32
    rng : numpy.random.Generator or int, optional
        The source of the initial values, or a seed; by default the common generator (see `manual_seed`).

    Attributes
    ----------
    weight : Parameter (out_channels, in_channels/groups, K, L)
    bias : Parameter (out_channels,), or None

    Raises
    ------
    ValueError
        If an argument is out of its range, or groups do not divide the channels.

    Examples
    --------
    >>> Conv2d(3, 8, 5, stride=2, padding=2, rng=0)(np.zeros((2, 3, 28, 28))).shape
    (2, 8, 14, 14)
    """

    axes, _function = 2, staticmethod(conv2d)


class Conv3d(_Forward):
    """A convolution of volumes: (N, in_channels, D, H, W) to (N, out_channels, D', H', W').

    Parameters, attributes, errors and initial values are those of `Conv2d`, with three spatial axes.

    Examples
    --------
    >>> Conv3d(1, 2, 3, rng=0)(np.zeros((1, 1, 5, 5, 4))).shape
    (1, 2, 3, 3, 2)
    """

    axes, _function = 3, staticmethod(conv3d)


class _Transposed(_Convolution):
    """The transpose of a convolution; subclasses say along how many axes."""

    transposed = True

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | tuple[int, ...],
        stride: int | tuple[int, ...] = 1,
        padding: int | tuple[int, ...] = 0,
        output_padding: int | tuple[int, ...] = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: int | tuple[int, ...] = 1,
        padding_mode: str = "zeros",
        *,
        dtype: DTypeLike = np.float32,
        rng: np.random.Generator | int | None = None,
    ) -> None:
        if isinstance(padding, str):
            expected = "an integer" + (f" or {self.axes} of them" if self.axes > 1 else "")
            raise ValueError(f"{type(self).__name__}: padding must be {expected}, not {show(padding)}")
        super().__init__(in_channels, out_channels, kernel_size, stride, padding, dilation, groups, bias, padding_mode,
                         dtype, rng)  # fmt: skip
        self.output_padding = lengths(f"{type(self).__name__}: output_padding", output_padding, self.axes, 0)

    def forward(self, input: Array, output_size: Any = None) -> Tensor:
        extra: Any = self.output_padding
        if output_size is not None:
            window = Window(self.kernel_size, self.stride, self._borders, self.dilation)
            with naming(type(self).__name__):
                extra = output_padding_of(output_size, np.shape(strip(input)), window)
        return self._function(
            input, self.weight, self.bias, self.stride, self.padding, extra, self.groups, self.dilation
        )


class ConvTranspose1d(_Transposed):
    """The transpose of a convolution of signals: (N, in_channels, T) to (N, out_channels, T').

    Parameters, attributes, errors and initial values are those of `ConvTranspose2d`, with one spatial axis.

    Examples
    --------
    >>> ConvTranspose1d(8, 3, 4, stride=2, padding=1, rng=0)(np.zeros((2, 8, 14))).shape
    (2, 3, 28)
    """

    axes, _function = 1, staticmethod(conv_transpose1d)


class ConvTranspose2d(_Transposed):
    """The transpose of a convolution of images, which makes them larger.

    (N, in_channels, H, W) to (N, out_channels, H', W') with H' = (H − 1)s − 2p + d(K − 1) + output_padding + 1.

    Weight and bias start uniform on ±1/√(out_channels/groups · K · L), as in PyTorch.

    Parameters
    ----------
    in_channels, out_channels, kernel_size, stride, padding, groups, bias, dilation, dtype, rng
        As for `Conv2d`, with integers for padding.
    output_padding : int or pair of int, default 0
        How many rows and columns are added at the end; below the stride or the dilation.
        A call may give the size of the result instead: `layer(x, output_size=(28, 28))`.
    padding_mode : "zeros"

    Attributes
    ----------
    weight : Parameter (in_channels, out_channels/groups, K, L)
    bias : Parameter (out_channels,), or None

    Raises
    ------
    ValueError
        If an argument is out of its range, or groups do not divide the channels.

    Examples
    --------
    >>> ConvTranspose2d(8, 3, 4, stride=2, padding=1, rng=0)(np.zeros((2, 8, 14, 14))).shape
    (2, 3, 28, 28)
    """

    axes, _function = 2, staticmethod(conv_transpose2d)


class ConvTranspose3d(_Transposed):
    """The transpose of a convolution of volumes: (N, in_channels, D, H, W) to (N, out_channels, D', H', W').

    Parameters, attributes, errors and initial values are those of `ConvTranspose2d`, with three spatial axes.

    Examples
    --------
    >>> ConvTranspose3d(2, 1, 2, stride=2, rng=0)(np.zeros((1, 2, 2, 3, 4))).shape
    (1, 1, 4, 6, 8)
    """

    axes, _function = 3, staticmethod(conv_transpose3d)
