"""Normalization of the channels of each sample, as layers. Formulas: `autograd_lite.ops.layers.group_normalization`."""

from __future__ import annotations

import numpy as np
from numpy.typing import DTypeLike

from autograd_lite.core.tensor import Array, Tensor
from autograd_lite.nn.module import Module
from autograd_lite.nn.normalization import _BatchNorm
from autograd_lite.nn.parameter import Parameter
from autograd_lite.ops.arrays.shape import expand_dims, squeeze
from autograd_lite.ops.layers.group_normalization import group_norm, instance_norm, rms_norm
from autograd_lite.support.checks import check_at_least_0, check_positive_integer
from autograd_lite.support.messages import show


class GroupNorm(Module):
    """Groups of channels of every sample normalized, (N, C, ...): (x − μ)/√(σ² + eps)·weight + bias.

    Parameters
    ----------
    num_groups : int
        The number of groups, which divides the channels.
    num_channels : int
        C.
    eps : float, default 1e-5
    affine : bool, default True
        Whether the layer has weight and bias.
    bias : bool, default True
        Whether it has a bias, if it is affine.
    dtype : dtype, default float32

    Attributes
    ----------
    weight, bias : Parameter (C,), or None
        They start at one and zero.

    Raises
    ------
    ValueError
        If the groups do not divide the channels.

    References
    ----------
    Wu and He, "Group normalization" (2018).

    Examples
    --------
    >>> GroupNorm(2, 4, eps=0)(np.array([[1.0, 3.0, 10.0, 30.0]])).data
    array([[-1.,  1., -1.,  1.]])
    """

    weight: Parameter | None
    bias: Parameter | None
    _shown = ("num_groups", "num_channels", "eps", "affine")

    def __init__(
        self,
        num_groups: int,
        num_channels: int,
        eps: float = 1e-5,
        affine: bool = True,
        *,
        bias: bool = True,
        dtype: DTypeLike = np.float32,
    ) -> None:
        check_positive_integer("GroupNorm", num_groups=num_groups, num_channels=num_channels)
        if num_channels % num_groups:
            raise ValueError(f"GroupNorm: num_channels={num_channels} is not divisible by num_groups={num_groups}")
        check_at_least_0("GroupNorm", eps=eps)
        self.num_groups, self.num_channels, self.eps, self.affine = num_groups, num_channels, eps, affine
        self.register_parameter("weight", Parameter(np.ones(num_channels), dtype=dtype) if affine else None)
        bias = bias and affine
        self.register_parameter("bias", Parameter(np.zeros(num_channels), dtype=dtype) if bias else None)

    def forward(self, input: Array) -> Tensor:
        shape = np.shape(input)
        if len(shape) < 2 or shape[1] != self.num_channels:
            raise ValueError(f"GroupNorm: x of shape {shape}, expected (N, {self.num_channels}, ...)")
        return group_norm(input, self.num_groups, self.weight, self.bias, self.eps)


class _InstanceNorm(_BatchNorm):
    """Normalization of every channel of every sample, for inputs with `axes` axes, or one less for a single sample."""

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = False,
        track_running_stats: bool = False,
        *,
        bias: bool = True,
        dtype: DTypeLike = np.float32,
    ) -> None:
        super().__init__(num_features, eps, momentum, affine, track_running_stats, bias=bias, dtype=dtype)

    def forward(self, input: Array) -> Tensor:
        shape, (axes,) = np.shape(input), self.axes
        if len(shape) not in (axes - 1, axes) or shape[-axes + 1] != self.num_features:
            expected = self.expected.format(self.num_features)
            raise ValueError(f"{type(self).__name__}: x of shape {shape}, expected {expected}")
        from_input = self.training or self.running_mean is None
        momentum = 0.0 if self.momentum is None else self.momentum
        batch = input if len(shape) == axes else expand_dims(input, 0)
        out = instance_norm(batch, self.running_mean, self.running_var, self.weight, self.bias, from_input, momentum,
                            self.eps)  # fmt: skip
        return out if len(shape) == axes else squeeze(out, 0)


class InstanceNorm1d(_InstanceNorm):
    """Every channel of every signal normalized, (N, C, L) or (C, L); see `InstanceNorm2d`."""

    axes = (3,)
    expected = "(N, {0}, L) or ({0}, L)"


class InstanceNorm2d(_InstanceNorm):
    """Every channel of every image normalized, (N, C, H, W) or (C, H, W): (x − μ)/√(σ² + eps)·weight + bias.

    Parameters are those of `BatchNorm1d`, but by default there are neither weight and bias (`affine`) nor running
    statistics (`track_running_stats`). With these, evaluation uses them instead of those of the image.

    References
    ----------
    Ulyanov, Vedaldi and Lempitsky, "Instance normalization: the missing ingredient for fast stylization" (2016).

    Examples
    --------
    >>> InstanceNorm2d(1, eps=0)(np.array([[[1.0, 3.0]]]))
    array([[[-1.,  1.]]])
    """

    axes = (4,)
    expected = "(N, {0}, H, W) or ({0}, H, W)"


class InstanceNorm3d(_InstanceNorm):
    """Every channel of every volume normalized, (N, C, D, H, W) or (C, D, H, W); see `InstanceNorm2d`."""

    axes = (5,)
    expected = "(N, {0}, D, H, W) or ({0}, D, H, W)"


class RMSNorm(Module):
    """Every sample divided by the root of the mean of its squares, over its last axes: x/√(mean x² + eps)·weight.

    Parameters
    ----------
    normalized_shape : int or tuple of int
        The lengths of those axes.
    eps : float, optional
        By default the distance of 1 from the next number in the dtype of the input.
    elementwise_affine : bool, default True
        Whether the layer has a weight.
    dtype : dtype, default float32

    Attributes
    ----------
    weight : Parameter of normalized_shape, or None
        It starts at one.

    References
    ----------
    Zhang and Sennrich, "Root mean square layer normalization" (2019).

    Examples
    --------
    >>> RMSNorm(2, eps=0)(np.array([[1.0, 7.0]])).data
    array([[0.2, 1.4]])
    """

    weight: Parameter | None
    _shown = ("normalized_shape", "eps", "elementwise_affine")

    def __init__(
        self,
        normalized_shape: int | tuple[int, ...],
        eps: float | None = None,
        elementwise_affine: bool = True,
        *,
        dtype: DTypeLike = np.float32,
    ) -> None:
        shape = (normalized_shape,) if isinstance(normalized_shape, int | np.integer) else tuple(normalized_shape)
        if not shape or not all(isinstance(n, int | np.integer) and n > 0 for n in shape):
            raise ValueError(f"RMSNorm: normalized_shape must hold positive integers, not {show(normalized_shape)}")
        if eps is not None:
            check_at_least_0("RMSNorm", eps=eps)
        self.normalized_shape, self.eps, self.elementwise_affine = shape, eps, elementwise_affine
        self.register_parameter("weight", Parameter(np.ones(shape), dtype=dtype) if elementwise_affine else None)

    def forward(self, input: Array) -> Tensor:
        return rms_norm(input, self.normalized_shape, self.weight, self.eps)
