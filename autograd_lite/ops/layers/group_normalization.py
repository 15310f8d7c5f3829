"""Normalization of the channels of each sample: in groups, one by one, and by the root of the mean square.

The computation and its gradient are those of `normalization`, over other axes.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd_lite.core.tensor import Array, Tensor
from autograd_lite.core.writes import overwrite
from autograd_lite.ops.arrays.shape import reshape
from autograd_lite.ops.composition import composed
from autograd_lite.ops.layers.normalization import batch_norm, checked, normalized
from autograd_lite.ops.lengths import at_least_single, slice_scale
from autograd_lite.support.checks import check_at_least_0, check_positive_integer
from autograd_lite.support.conversion import strip, to_floats
from autograd_lite.support.half_precision import HALF
from autograd_lite.support.messages import show

__all__: list[str] = []  # for `nn.functional`


def _floats(x: Array) -> Array:
    return x if isinstance(x, Tensor) and x.dtype.kind == "f" else to_floats(strip(x))


def _of_channels(name: str, x: Array, weight: Array, bias: Array, axis: int) -> tuple[Array, Array]:
    """Weight and bias of the channels, which are at `axis` of x, in a shape that broadcasts against x."""
    channels = x.shape[axis]
    for what, parameter in (("weight", weight), ("bias", bias)):
        checked(name, parameter, what, (channels,))
    shape = (channels, *(1,) * (x.ndim - axis - 1))
    return tuple(None if p is None else reshape(p, shape) for p in (weight, bias))  # type: ignore[return-value]


@composed
def group_norm(x: Array, num_groups: int, weight: Array = None, bias: Array = None, eps: float = 1e-5) -> Tensor:
    """(x − μ)/√(σ² + eps)·w + b with the mean and the variance of each group of channels of each sample.

    Parameters
    ----------
    x : array (N, C, ...)
    num_groups : int
        The number of groups, which divides C. With 1 it is a layer normalization, with C an instance normalization.
    weight, bias : array (C,), optional
        w and b.
    eps : float, default 1e-5

    Raises
    ------
    ValueError
        If the groups do not divide the channels, shapes do not match, or a group has only one value.

    References
    ----------
    Wu and He, "Group normalization" (2018).

    Examples
    --------
    >>> group_norm(Tensor([[1.0, 3.0, 10.0, 30.0]]), 2, eps=0)
    Tensor([[-1.,  1., -1.,  1.]])
    """
    x = _floats(x)
    check_positive_integer("group_norm", num_groups=num_groups)
    check_at_least_0("group_norm", eps=eps)
    if x.ndim < 2 or x.shape[1] % num_groups:
        raise ValueError(f"x of shape {x.shape}, expected (N, C, ...) with C divisible by num_groups={num_groups}")
    weight, bias = _of_channels("group_norm", x, weight, bias, 1)
    n = x.shape[1] // num_groups * math.prod(x.shape[2:])
    if n < 2 and x.size:
        raise ValueError(f"x of shape {x.shape} has {n} value per group; a variance needs at least two")
    groups = reshape(x, (x.shape[0], num_groups, n))
    out = reshape(normalized(groups, None, None, (2,), eps)[0], x.shape)
    out = out if weight is None else out * weight
    return out if bias is None else out + bias


@composed
def instance_norm(
    x: Array,
    running_mean: Any = None,
    running_var: Any = None,
    weight: Array = None,
    bias: Array = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """(x − μ)/√(σ² + eps)·w + b with the mean and the variance of each channel of each sample, or collected ones.

    With `use_input_stats`, μ and σ² are those of the channel, over all axes but the first two, and the running
    statistics, if given, move towards their means over the samples, as in `batch_norm`. Otherwise they are the running
    statistics.

    Parameters
    ----------
    x : array (N, C, ...)
    running_mean, running_var : array or Tensor (C,), or None
    weight, bias : array (C,), optional
        w and b.
    use_input_stats : bool, default True
    momentum : float, default 0.1
    eps : float, default 1e-5

    Raises
    ------
    ValueError
        If shapes do not match, a channel has only one value, or running statistics are missing that are to be used.

    References
    ----------
    Ulyanov, Vedaldi and Lempitsky, "Instance normalization: the missing ingredient for fast stylization" (2016).

    Examples
    --------
    >>> instance_norm(Tensor([[[1.0, 3.0], [10.0, 30.0]]]), eps=0)
    Tensor([[[-1.,  1.],
             [-1.,  1.]]])
    """
    x = _floats(x)
    if x.ndim < 3:
        raise ValueError(f"x of shape {x.shape}, expected (N, C, ...) with at least one more axis")
    if not use_input_stats:
        if running_mean is None or running_var is None:
            raise ValueError("use_input_stats=False needs running_mean and running_var")
        return batch_norm(x, running_mean, running_var, weight, bias, False, momentum, eps)
    weight, bias = _of_channels("instance_norm", x, weight, bias, 1)
    samples, channels, *lengths = x.shape
    if math.prod(lengths) < 2 and samples and channels:
        raise ValueError(
            f"x of shape {x.shape} has {math.prod(lengths)} value per channel; a variance needs at least two"
        )
    given = (running_mean, running_var)
    for what, running in zip(("running_mean", "running_var"), given, strict=True):
        checked("instance_norm", running, what, (channels,))
    # Samples and channels are the channels of one sample; the running statistics are repeated and then averaged.
    rows: Any = [None if r is None else np.tile(strip(r), samples) for r in given]
    out = batch_norm(
        reshape(x, (1, samples * channels, *x.shape[2:])), rows[0], rows[1], None, None, True, momentum, eps
    )
    for running, row in zip(given, rows, strict=True):
        if running is not None and samples:
            overwrite(strip(running), row.reshape(samples, channels).mean(axis=0), "instance_norm")
    out = reshape(out, x.shape)
    out = out if weight is None else out * weight
    return out if bias is None else out + bias


@composed
def rms_norm(x: Array, normalized_shape: Any, weight: Array = None, eps: float | None = None) -> Tensor:
    """x/√(mean x² + eps)·w with the mean of the squares of each sample, over its last axes.

    Parameters
    ----------
    x : array (..., *normalized_shape)
    normalized_shape : int or tuple of int
        The shape of one sample: the last axes of x.
    weight : array of normalized_shape, optional
        w.
    eps : float, optional
        By default the distance of 1 from the next number in the dtype of x.

    Raises
    ------
    ValueError
        If shapes do not match, or eps is negative.

    References
    ----------
    Zhang and Sennrich, "Root mean square layer normalization" (2019).

    Examples
    --------
    >>> rms_norm(Tensor([[1.0, 7.0]]), 2, eps=0)
    Tensor([[0.2, 1.4]])
    """
    x = _floats(x)
    shape = (normalized_shape,) if isinstance(normalized_shape, int | np.integer) else tuple(normalized_shape)
    if not shape or x.shape[max(x.ndim - len(shape), 0) :] != shape:
        raise ValueError(f"x of shape {x.shape} does not end in the normalized shape {show(shape)}")
    checked("rms_norm", weight, "weight", shape)
    dtype, axes = x.dtype, tuple(range(x.ndim - len(shape), x.ndim))
    eps = float(np.finfo(dtype).eps) if eps is None else eps
    check_at_least_0("rms_norm", eps=eps)
    x = x.astype(at_least_single(dtype)) if dtype == HALF else x
    factor = slice_scale(strip(x), axes)  # so that no square overflows or, if eps is 0, underflows
    factor = np.minimum(factor, 1) if eps else factor
    near = x * factor
    out = near / np.sqrt(np.mean(near * near, axis=axes, keepdims=True) + eps * factor * factor)
    out = out.astype(dtype) if dtype == HALF else out
    return out if weight is None else out * weight
