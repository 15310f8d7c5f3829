"""Pooling along one, two or three axes, with PyTorch's names. The computation is in `pooling_operations`."""

from __future__ import annotations

from typing import Any

from autograd_lite.core.tensor import Array, Tensor
from autograd_lite.ops.composition import composed
from autograd_lite.ops.layers.pooling_operations import (
    avg_pool,
    counts_of,
    max_pool,
    places_of_largest,
    unrecorded,
    windows_of,
)
from autograd_lite.ops.layers.windows import lengths

__all__ = ["avg_pool2d", "max_pool2d"]


# -- the largest -----------------------------------------------------------------------------------------------------


def _largest(
    axes: int, x: Array, kernel: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool, return_indices: bool
) -> Any:
    x, window, places = windows_of(axes, x, kernel, stride, padding, dilation, ceil_mode)
    out = max_pool(x, window, places)
    return (out, places_of_largest(unrecorded(x), unrecorded(out), window)) if return_indices else out


@composed
def max_pool1d(
    x: Array,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The largest element under the kernel, at every place to which it moves, of signals (N, C, L) or (C, L).

    Parameters, results and errors are those of `max_pool2d`, with one axis.

    Examples
    --------
    >>> max_pool1d(Tensor([[1.0, 3.0, 2.0, 0.0]]), 2)
    Tensor([[3., 2.]])
    """
    return _largest(1, x, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


@composed
def max_pool2d(
    x: Array,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The largest element under the kernel, at every place to which it moves. The gradient goes to the first of them.

    Parameters
    ----------
    x : array (N, C, H, W) or (C, H, W)
    kernel_size : int or pair of int
    stride : int or pair of int, optional
        By default kernel_size.
    padding : int or pair of int, default 0
        A border of −∞, at most half as wide as the kernel.
    dilation : int or pair of int, default 1
    ceil_mode : bool, default False
        Whether a last place is added if elements would be left over.
    return_indices : bool, default False
        Whether to return the places of the largest elements too, counted in C order in their image.

    Returns
    -------
    array (N, C, H', W') or (C, H', W'), or a pair of them
        H' = ⌊(H + 2p − d(K − 1) − 1)/s⌋ + 1, with ceil_mode rounded up.

    Raises
    ------
    ValueError
        If the kernel is larger than the padded input, or an argument is out of its range.

    Examples
    --------
    >>> max_pool2d(Tensor([[[1.0, 2.0, 5.0], [4.0, 3.0, 0.0]]]), 2, stride=1)
    Tensor([[[4., 5.]]])
    """
    return _largest(2, x, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


@composed
def max_pool3d(
    x: Array,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The largest element under the kernel, at every place to which it moves, in (N, C, D, H, W).

    Parameters, results and errors are those of `max_pool2d`, with three axes.

    Examples
    --------
    >>> max_pool3d(Tensor(np.arange(8.0).reshape(1, 2, 2, 2)), 2)
    Tensor([[[[7.]]]])
    """
    return _largest(3, x, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


# -- the mean --------------------------------------------------------------------------------------------------------


def _mean(
    axes: int, x: Array, kernel: Any, stride: Any, padding: Any, ceil_mode: bool, with_border: bool, divisor: int | None
) -> Tensor:
    x, window, places = windows_of(axes, x, kernel, stride, padding, 1, ceil_mode)
    if divisor is not None:
        (counts,) = lengths("divisor_override", divisor, 1, 1)
    else:
        border = tuple(before for before, _ in window.padding)
        counts = counts_of(x.shape[-axes:], border, window, places, with_border)
    return avg_pool(x, window, places, counts)


@composed
def avg_pool1d(
    x: Array,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Tensor:
    """The mean of the elements under the kernel, at every place to which it moves, of signals (N, C, L) or (C, L).

    Parameters and errors are those of `avg_pool2d`, with one axis.

    Examples
    --------
    >>> avg_pool1d(Tensor([[1.0, 3.0, 2.0, 0.0]]), 2)
    Tensor([[2., 1.]])
    """
    return _mean(1, x, kernel_size, stride, padding, ceil_mode, count_include_pad, None)


@composed
def avg_pool2d(
    x: Array,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor:
    """The mean of the elements under the kernel, at every place to which it moves. ∂/∂x = 1/(number of elements).

    Parameters
    ----------
    x : array (N, C, H, W) or (C, H, W)
    kernel_size : int or pair of int
    stride : int or pair of int, optional
        By default kernel_size.
    padding : int or pair of int, default 0
        A border of zeros, at most half as wide as the kernel.
    ceil_mode : bool, default False
        Whether a last place is added if elements would be left over.
    count_include_pad : bool, default True
        Whether the zeros of the border count as elements.
    divisor_override : int, optional
        The number to divide by, instead of the number of elements.

    Returns
    -------
    array (N, C, H', W') or (C, H', W')
        The size is that of `max_pool2d`.

    Raises
    ------
    ValueError
        If the kernel is larger than the padded input, or an argument is out of its range.

    Examples
    --------
    >>> avg_pool2d(Tensor([[[1.0, 2.0, 5.0], [4.0, 3.0, 0.0]]]), 2, stride=1)
    Tensor([[[2.5, 2.5]]])
    """
    return _mean(2, x, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)


@composed
def avg_pool3d(
    x: Array,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor:
    """The mean of the elements under the kernel, at every place to which it moves, in (N, C, D, H, W).

    Parameters and errors are those of `avg_pool2d`, with three axes.

    Examples
    --------
    >>> avg_pool3d(Tensor(np.arange(8.0).reshape(1, 2, 2, 2)), 2)
    Tensor([[[[3.5]]]])
    """
    return _mean(3, x, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)
