"""Normalization layers. The formulas are documented in `autograd_lite.ops.layers.normalization`."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from autograd_lite.core.tensor import Array, Tensor
from autograd_lite.core.writes import overwrite
from autograd_lite.nn.module import Module, changed_options
from autograd_lite.nn.parameter import Buffer, Parameter
from autograd_lite.ops.layers.normalization import batch_norm, layer_norm
from autograd_lite.support.checks import check, check_at_least_0, check_positive_integer
from autograd_lite.support.messages import show


class _BatchNorm(Module):
    """Normalization of every channel over the batch, for inputs with `axes` axes, described by `expected`."""

    axes: tuple[int, ...]
    expected: str
    weight: Parameter | None
    bias: Parameter | None
    running_mean: Buffer | None
    running_var: Buffer | None
    num_batches_tracked: Buffer | None

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        *,
        bias: bool = True,
        dtype: DTypeLike = np.float32,
    ) -> None:
        name = type(self).__name__
        check_positive_integer(name, num_features=num_features)
        check(name, "None or in [0, 1]", lambda value: value is None or 0 <= value <= 1, momentum=momentum)
        check_at_least_0(name, eps=eps)
        self.num_features, self.eps, self.momentum = num_features, eps, momentum
        self.affine, self.track_running_stats = affine, track_running_stats
        zeros, ones = np.zeros(num_features), np.ones(num_features)
        self.register_parameter("weight", Parameter(ones, dtype=dtype) if affine else None)
        self.register_parameter("bias", Parameter(zeros, dtype=dtype) if affine and bias else None)
        self.register_buffer("running_mean", Buffer(zeros, dtype=dtype) if track_running_stats else None)
        self.register_buffer("running_var", Buffer(ones, dtype=dtype) if track_running_stats else None)
        self.register_buffer("num_batches_tracked", Buffer(0) if track_running_stats else None)

    def forward(self, input: Array) -> Tensor:
        shape = np.shape(input)
        if len(shape) not in self.axes or shape[1] != self.num_features:
            expected = self.expected.format(self.num_features)
            raise ValueError(f"{type(self).__name__}: x of shape {shape}, expected {expected}")
        counter = self.num_batches_tracked.data if self.training and self.num_batches_tracked is not None else None
        momentum: Any = self.momentum
        if momentum is None:
            momentum = 0 if counter is None else 1 / (counter + 1)
        training = self.training or self.running_mean is None
        out = self._normalized(
            input, self.running_mean, self.running_var, self.weight, self.bias, training, momentum, self.eps
        )
        if counter is not None:
            overwrite(counter, counter + 1, type(self).__name__)
        return out

    _normalized: Any = staticmethod(batch_norm)

    def extra_repr(self) -> str:
        changed = changed_options(self, eps=1e-5, momentum=0.1, affine=True, track_running_stats=True)
        return ", ".join([str(self.num_features), *changed])


class BatchNorm1d(_BatchNorm):
    """Every feature normalized over the batch, (N, C) or (N, C, L): (x − μ)/√(σ² + eps)·weight + bias.

    In training μ and σ² are the statistics of the batch, and the running statistics move towards them. In evaluation
    they are the running statistics.

    Parameters
    ----------
    num_features : int
        C.
    eps : float, default 1e-5
    momentum : float or None, default 0.1
        How far the running statistics move with each batch; None gives all batches so far the same weight.
    affine : bool, default True
        Whether the layer has weight and bias.
    track_running_stats : bool, default True
        If False, evaluation uses the statistics of the batch, too.
    bias : bool, default True
        Whether it has a bias, if it is affine.
    dtype : dtype, default float32

    Attributes
    ----------
    weight, bias : Parameter (C,), or None
        They start at one and zero.
    running_mean, running_var : Buffer (C,), or None
        The variance is divided by n − 1.
    num_batches_tracked : Buffer (), or None

    Raises
    ------
    ValueError
        If x has another shape, or if a feature has only one value in training.

    References
    ----------
    Ioffe and Szegedy, "Batch normalization: accelerating deep network training by reducing internal covariate shift"
    (2015).

    Examples
    --------
    >>> layer = BatchNorm1d(2, eps=0)
    >>> layer(np.array([[1.0, 10.0], [3.0, 30.0]])).data
    array([[-1., -1.],
           [ 1.,  1.]])
    >>> layer.running_mean
    Buffer([0.2, 2. ], dtype=float32)
    """

    axes = (2, 3)
    expected = "(N, {0}) or (N, {0}, L)"


class BatchNorm2d(_BatchNorm):
    """Every channel of images (N, C, H, W) normalized over the batch: as `BatchNorm1d`, over N, H and W.

    Examples
    --------
    >>> BatchNorm2d(3)(np.zeros((2, 3, 4, 4))).shape
    (2, 3, 4, 4)
    """

    axes = (4,)
    expected = "(N, {0}, H, W)"


class BatchNorm3d(_BatchNorm):
    """Every channel of volumes (N, C, D, H, W) normalized over the batch: as `BatchNorm1d`, over N, D, H and W."""

    axes = (5,)
    expected = "(N, {0}, D, H, W)"


class LayerNorm(Module):
    """Every sample normalized over its last axes: (x − μ)/√(σ² + eps)·weight + bias.

    Parameters
    ----------
    normalized_shape : int or tuple of int
        The lengths of those axes.
    eps : float, default 1e-5
    elementwise_affine : bool, default True
        Whether the layer has a weight.
    bias : bool, default True
        Whether it has a bias, if it has a weight.
    dtype : dtype, default float32

    Attributes
    ----------
    weight, bias : Parameter of normalized_shape, or None
        They start at one and zero.

    References
    ----------
    Ba, Kiros and Hinton, "Layer normalization" (2016).

    Examples
    --------
    >>> LayerNorm(2, eps=0)(np.array([[1.0, 3.0], [10.0, 30.0]])).data
    array([[-1.,  1.],
           [-1.,  1.]])
    """

    weight: Parameter | None
    bias: Parameter | None

    def __init__(
        self,
        normalized_shape: int | tuple[int, ...],
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        *,
        dtype: DTypeLike = np.float32,
    ) -> None:
        shape = (normalized_shape,) if isinstance(normalized_shape, int | np.integer) else tuple(normalized_shape)
        if not shape or not all(isinstance(n, int | np.integer) and n > 0 for n in shape):
            raise ValueError(f"LayerNorm: normalized_shape must hold positive integers, not {show(normalized_shape)}")
        check_at_least_0("LayerNorm", eps=eps)
        self.normalized_shape, self.eps, self.elementwise_affine = shape, eps, elementwise_affine
        self.register_parameter("weight", Parameter(np.ones(shape), dtype=dtype) if elementwise_affine else None)
        bias = bias and elementwise_affine
        self.register_parameter("bias", Parameter(np.zeros(shape), dtype=dtype) if bias else None)

    def forward(self, input: Array) -> Tensor:
        return layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"
