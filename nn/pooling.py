"""Pooling layers. Formulas, shapes and errors: `autograd_lite.ops.layers.pooling` and `.adaptive_pooling`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autograd_lite.core.tensor import Array, Tensor
from autograd_lite.nn.module import Module
from autograd_lite.ops.composition import naming
from autograd_lite.ops.layers import adaptive_pooling, pooling
from autograd_lite.ops.layers.windows import lengths
from autograd_lite.support.checks import check_positive_integer, check_switch


class _Pool(Module):
    """A kernel and how it moves, along `axes` axes."""

    axes: int
    _function: Callable[..., Any]
    _shown: tuple[str, ...] = ("kernel_size", "stride", "padding")

    def __init__(self, kernel_size: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool) -> None:
        with naming(type(self).__name__):
            lengths("kernel_size", kernel_size, self.axes, 1)
            lengths("stride", kernel_size if stride is None else stride, self.axes, 1)
            lengths("padding", padding, self.axes, 0)
            lengths("dilation", dilation, self.axes, 1)
            check_switch("ceil_mode", ceil_mode)
        self.kernel_size, self.stride = kernel_size, kernel_size if stride is None else stride
        self.padding, self.ceil_mode = padding, ceil_mode

    def extra_repr(self) -> str:
        return super().extra_repr() + ", ceil_mode=True" * self.ceil_mode


# -- the largest -----------------------------------------------------------------------------------------------------


class _MaxPool(_Pool):
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
        super().__init__(kernel_size, stride, padding, dilation, ceil_mode)
        check_switch(f"{type(self).__name__}: return_indices", return_indices)
        self.dilation, self.return_indices = dilation, return_indices

    def forward(self, input: Array) -> Any:
        return self._function(
            input, self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode, self.return_indices
        )


class MaxPool1d(_MaxPool):
    """The largest element in every window of signals (N, C, L) or (C, L); see `MaxPool2d`."""

    axes, _function = 1, staticmethod(pooling.max_pool1d)


class MaxPool2d(_MaxPool):
    """The largest element in every window of the input; by default, windows do not overlap.

    Parameters
    ----------
    kernel_size, stride, padding, dilation, ceil_mode
        As for `autograd_lite.max_pool2d`.
    return_indices : bool, default False
        Whether to return the places of the largest elements too, counted in C order in their image.

    Raises
    ------
    ValueError
        If a length is not a valid one.

    Examples
    --------
    >>> MaxPool2d(2)(np.zeros((5, 3, 28, 28))).shape
    (5, 3, 14, 14)
    """

    axes, _function = 2, staticmethod(pooling.max_pool2d)


class MaxPool3d(_MaxPool):
    """The largest element in every window of volumes (N, C, D, H, W) or (C, D, H, W); see `MaxPool2d`."""

    axes, _function = 3, staticmethod(pooling.max_pool3d)


# -- the mean --------------------------------------------------------------------------------------------------------


class AvgPool1d(_Pool):
    """The mean of every window of signals (N, C, L) or (C, L); see `AvgPool2d`."""

    axes = 1

    def __init__(
        self,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:
        super().__init__(kernel_size, stride, padding, 1, ceil_mode)
        check_switch("AvgPool1d: count_include_pad", count_include_pad)
        self.count_include_pad = count_include_pad

    def forward(self, input: Array) -> Tensor:
        return pooling.avg_pool1d(
            input, self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad
        )


class _AvgPool(_Pool):
    def __init__(
        self,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> None:
        name = type(self).__name__
        super().__init__(kernel_size, stride, padding, 1, ceil_mode)
        check_switch(f"{name}: count_include_pad", count_include_pad)
        if divisor_override is not None:
            check_positive_integer(name, divisor_override=divisor_override)
        self.count_include_pad, self.divisor_override = count_include_pad, divisor_override

    def forward(self, input: Array) -> Any:
        options = self.ceil_mode, self.count_include_pad, self.divisor_override
        return self._function(input, self.kernel_size, self.stride, self.padding, *options)


class AvgPool2d(_AvgPool):
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

    axes, _function = 2, staticmethod(pooling.avg_pool2d)


class AvgPool3d(_AvgPool):
    """The mean of every window of volumes (N, C, D, H, W) or (C, D, H, W); see `AvgPool2d`."""

    axes, _function = 3, staticmethod(pooling.avg_pool3d)


# -- to a given size -------------------------------------------------------------------------------------------------


class _AdaptivePool(Module):
    axes: int
    _function: Callable[..., Any]
    _shown = ("output_size",)

    def __init__(self, output_size: Any) -> None:
        with naming(type(self).__name__):
            adaptive_pooling.checked_size(self.axes, output_size)
        self.output_size = output_size

    def forward(self, input: Array) -> Any:
        return self._function(input, self.output_size)


class _AdaptiveMaxPool(_AdaptivePool):
    def __init__(self, output_size: Any, return_indices: bool = False) -> None:
        super().__init__(output_size)
        check_switch(f"{type(self).__name__}: return_indices", return_indices)
        self.return_indices = return_indices

    def forward(self, input: Array) -> Any:
        return self._function(input, self.output_size, self.return_indices)


class AdaptiveAvgPool1d(_AdaptivePool):
    """The mean of each of `output_size` windows of signals (N, C, L) or (C, L)."""

    axes, _function = 1, staticmethod(adaptive_pooling.adaptive_avg_pool1d)


class AdaptiveAvgPool2d(_AdaptivePool):
    """The mean of each window, for a result of the size `output_size`: an integer, None for the length, or a pair.

    Examples
    --------
    >>> AdaptiveAvgPool2d(1)(np.ones((5, 3, 7, 6))).shape
    (5, 3, 1, 1)
    """

    axes, _function = 2, staticmethod(adaptive_pooling.adaptive_avg_pool2d)


class AdaptiveAvgPool3d(_AdaptivePool):
    """The mean of each window of volumes (N, C, D, H, W) or (C, D, H, W); see `AdaptiveAvgPool2d`."""

    axes, _function = 3, staticmethod(adaptive_pooling.adaptive_avg_pool3d)


class AdaptiveMaxPool1d(_AdaptiveMaxPool):
    """The largest element of each of `output_size` windows of signals (N, C, L) or (C, L)."""

    axes, _function = 1, staticmethod(adaptive_pooling.adaptive_max_pool1d)


class AdaptiveMaxPool2d(_AdaptiveMaxPool):
    """The largest element of each window, for a result of the size `output_size`; see `AdaptiveAvgPool2d`.

    With `return_indices` the places of the largest elements are returned too.
    """

    axes, _function = 2, staticmethod(adaptive_pooling.adaptive_max_pool2d)


class AdaptiveMaxPool3d(_AdaptiveMaxPool):
    """The largest element of each window of volumes (N, C, D, H, W) or (C, D, H, W); see `AdaptiveMaxPool2d`."""

    axes, _function = 3, staticmethod(adaptive_pooling.adaptive_max_pool3d)
