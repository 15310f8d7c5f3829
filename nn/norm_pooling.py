"""Pooling layers with p-norms. Formulas, shapes and errors: `autograd_lite.ops.layers.norm_pooling`."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from autograd_lite.core.tensor import Array, Tensor
from autograd_lite.nn.module import Module
from autograd_lite.ops.composition import naming
from autograd_lite.ops.layers import norm_pooling
from autograd_lite.ops.layers.windows import lengths
from autograd_lite.support.checks import check, check_switch


class _NormPool(Module):
    axes: int
    _function: Callable[..., Any]
    _shown = ("norm_type", "kernel_size", "stride", "ceil_mode")

    def __init__(self, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False) -> None:
        name = type(self).__name__
        check(name, "a number above 0", lambda value: 0 < value < math.inf, norm_type=norm_type)
        with naming(name):
            lengths("kernel_size", kernel_size, self.axes, 1)
            lengths("stride", kernel_size if stride is None else stride, self.axes, 1)
            check_switch("ceil_mode", ceil_mode)
        self.norm_type, self.kernel_size, self.ceil_mode = norm_type, kernel_size, ceil_mode
        self.stride = kernel_size if stride is None else stride

    def forward(self, input: Array) -> Tensor:
        return self._function(input, self.norm_type, self.kernel_size, self.stride, self.ceil_mode)


class LPPool1d(_NormPool):
    """(Σ x^p)^(1/p) over every window of signals (N, C, L) or (C, L); see `LPPool2d`."""

    axes, _function = 1, staticmethod(norm_pooling.lp_pool1d)


class LPPool2d(_NormPool):
    """(Σ x^p)^(1/p) over every window of the input; by default, windows do not overlap.

    Parameters
    ----------
    norm_type : float
        p, above 0.
    kernel_size, stride, ceil_mode
        As for `autograd_lite.avg_pool2d`.

    Examples
    --------
    >>> LPPool2d(2, 2)(np.array([[[3.0, 0.0], [0.0, 4.0]]]))
    array([[[5.]]])
    """

    axes, _function = 2, staticmethod(norm_pooling.lp_pool2d)


class LPPool3d(_NormPool):
    """(Σ x^p)^(1/p) over every window of volumes (N, C, D, H, W) or (C, D, H, W); see `LPPool2d`."""

    axes, _function = 3, staticmethod(norm_pooling.lp_pool3d)
