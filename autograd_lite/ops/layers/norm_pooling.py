"""Pooling with p-norms."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_lite.core.tensor import Array, Tensor
from autograd_lite.ops.arrays.indexing import where
from autograd_lite.ops.composition import composed
from autograd_lite.ops.layers import pooling
from autograd_lite.ops.layers.similarity import floats
from autograd_lite.ops.layers.windows import lengths
from autograd_lite.support.checks import check
from autograd_lite.support.conversion import strip

__all__: list[str] = []  # for `nn.functional`


def _norms(
    axes: int, mean: Callable[..., Any], x: Array, norm_type: float, kernel_size: Any, stride: Any, ceil_mode: bool
) -> Any:
    """(k · mean)^(1/p) of x^p, where k is the size of the kernel; 0 with the gradient 0 where the sum is 0."""
    check(f"lp_pool{axes}d", "a number above 0", lambda value: 0 < value < math.inf, norm_type=norm_type)
    x, size = floats(x), math.prod(lengths("kernel_size", kernel_size, axes, 1))
    total = mean(np.power(x, norm_type), kernel_size, stride, 0, ceil_mode) * size
    is_zero = strip(total) == 0
    return where(is_zero, 0, np.power(where(is_zero, 1, total), 1 / norm_type))


@composed
def lp_pool1d(x: Array, norm_type: float, kernel_size: int, stride: Any = None, ceil_mode: bool = False) -> Tensor:
    """(Σ x^p)^(1/p) over the elements under the kernel, at every place to which it moves, of (N, C, L) or (C, L).

    Examples
    --------
    >>> lp_pool1d(Tensor([[3.0, 4.0, 0.0, 2.0]]), 2, 2)
    Tensor([[5., 2.]])
    """
    return _norms(1, pooling.avg_pool1d, x, norm_type, kernel_size, stride, ceil_mode)


@composed
def lp_pool2d(x: Array, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False) -> Tensor:
    """(Σ x^p)^(1/p) over the elements under the kernel, at every place to which it moves, of images.

    Parameters
    ----------
    x : array (N, C, H, W) or (C, H, W)
    norm_type : float
        p, above 0. For odd p a negative sum has no root: NaN.
    kernel_size : int or pair of int
    stride : int or pair of int, optional
        By default kernel_size.
    ceil_mode : bool, default False
        Whether a last place is added if elements would be left over; there the sum is the mean of the elements times
        the size of the kernel, as in PyTorch.

    Raises
    ------
    ValueError
        If p is not above 0, or a length is not a valid one.

    Examples
    --------
    >>> lp_pool2d(Tensor([[[3.0, 0.0], [0.0, 4.0]]]), 2, 2)
    Tensor([[[5.]]])
    """
    return _norms(2, pooling.avg_pool2d, x, norm_type, kernel_size, stride, ceil_mode)


@composed
def lp_pool3d(x: Array, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False) -> Tensor:
    """(Σ x^p)^(1/p) over the elements under the kernel of volumes (N, C, D, H, W) or (C, D, H, W); see `lp_pool2d`.

    Examples
    --------
    >>> lp_pool3d(Tensor(np.ones((1, 2, 2, 1))), 2, (2, 2, 1))
    Tensor([[[[2.]]]])
    """
    return _norms(3, pooling.avg_pool3d, x, norm_type, kernel_size, stride, ceil_mode)
