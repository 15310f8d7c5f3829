"""Normalization of batches and layers, with its gradient in closed form.

With x̂ = (x − μ)/√(σ² + eps), mean and variance over some axes, and y = x̂ w + b, the gradient of x is

    (h − mean h − x̂ · mean(h x̂))/√(σ² + eps),   h = g w,

where the means are over the same axes: the components of h along 1 and x̂ vanish, because shifting and scaling x do not
change x̂.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_lite.batching.axes import refuse_write_while_mapping
from autograd_lite.core.primitive import primitive
from autograd_lite.core.tensor import Array, Tensor
from autograd_lite.core.writes import record_change
from autograd_lite.ops.arrays.shape import reshape
from autograd_lite.ops.composition import composed
from autograd_lite.ops.lengths import at_least_single, slice_scale
from autograd_lite.ops.reductions.reduction import deviation
from autograd_lite.support.checks import check, check_at_least_0
from autograd_lite.support.conversion import strip, to_floats, whole
from autograd_lite.support.messages import show
from autograd_lite.support.sums import sum_over

__all__ = ["batch_norm", "layer_norm"]

Axes = tuple[int, ...]


def _mean(x: Array, axes: Axes) -> Array:
    return np.add.reduce(x, axis=axes, keepdims=True) / math.prod([x.shape[axis] for axis in axes])


def _moments(x: Array, axes: Axes) -> tuple[Array, Array, Array]:
    """The mean, the deviations from it and their mean square.

    The mean of the deviations is the rounding error of the mean. Subtracting it makes the deviations of equal numbers
    0.
    """
    mean = _mean(x, axes)
    deviations = x - mean
    rest = _mean(deviations, axes)
    deviations -= rest
    return mean + rest, deviations, _mean(deviations * deviations, axes)


def factor_of(x: Array, axes: Axes, eps: float) -> Array:
    """A factor of x that prevents squares from overflowing and, if eps is 0, from underflowing."""
    factor = slice_scale(x, axes)
    return np.minimum(factor, 1) if eps else factor


_LIMITS = {
    np.dtype(kind): (1 / np.sqrt(np.finfo(kind).max), np.finfo(kind).eps / np.sqrt(np.finfo(kind).tiny))
    for kind in (np.single, np.double, np.longdouble)
}


def is_ordinary(scale: Array) -> bool:
    """Whether the variances are so far from the limits of the dtype that no square overflowed or underflowed."""
    lowest, highest = _LIMITS[scale.dtype]
    return bool(lowest < scale.min(initial=1) and scale.max(initial=1) < highest)


# An operation without rules, so that a program calls it as a whole: it branches on values.
@primitive(name="standardize", outputs=4)
def _standardize(x: Array, axes: Axes, eps: float) -> Any:
    """x̂ and 1/√(σ² + eps), μ and σ², in at least single precision."""
    x = x.astype(at_least_single(x.dtype), copy=False)
    with np.errstate(all="ignore"):
        mean, standardized, variance = _moments(x, axes)
        scale = 1 / np.sqrt(variance + eps)
        ordinary = is_ordinary(whole(scale))
    if ordinary:
        standardized *= scale
        return standardized, scale, mean, variance
    factor = factor_of(x, axes, eps)
    mean, standardized, variance = _moments(x * factor, axes)
    scale = 1 / np.sqrt(variance + eps * factor * factor)
    with np.errstate(over="ignore"):  # an infinite variance matters only to running statistics
        return standardized * scale, scale * factor, mean / factor, variance / factor / factor


def _normal_and_scale(x: Array, axes: Axes, eps: float) -> tuple[Array, Array]:
    """x̂ and 1/√(σ² + eps) as formulas, for second derivatives."""
    factor = factor_of(x, axes, eps)
    near = deviation(x * factor, axes)
    scale = 1 / np.sqrt(np.mean(near * near, axis=axes, keepdims=True) + eps * factor * factor)
    return near * scale, scale * factor


def _normalize_rule(g: Array, weight: Array, standardized: Array, scale: Array, axes: Axes) -> tuple[Any, Any, Any]:
    n = math.prod([g.shape[axis] for axis in axes])
    # A weight that is constant over the axes is a factor of all terms, and its gradient is a sum that they need anyway.
    is_factor = weight is not None and np.broadcast_shapes(weight.shape, scale.shape) == scale.shape
    h, along = g if weight is None or is_factor else g * weight, g * standardized
    total = sum_over(h, axes, keepdims=True)
    projected = sum_over(along if h is g else h * standardized, axes, keepdims=True)
    change = h - standardized * (projected / n)
    change -= total / n
    change *= scale * weight if is_factor else scale
    return (change, projected, total) if is_factor else (change, along, g)


@primitive(
    name="normalize",
    residuals={
        "standardized": lambda x, axes, eps: _normal_and_scale(x, axes, eps)[0],
        "scale": lambda x, axes, eps: _normal_and_scale(x, axes, eps)[1],
    },
    joint=(("x", "weight", "bias"), _normalize_rule),
)
def _normalize(x: Array, weight: Array, bias: Array, normal: Array, slope: Array, axes: Axes, eps: float) -> Any:
    """x̂ w + b, given x̂ and 1/√(σ² + eps)."""
    out = normal if weight is None else normal * weight
    if bias is not None:
        out = out + bias
    return np.copy(out) if out is normal else out, normal, slope


def normalized(x: Array, weight: Array, bias: Array, axes: Axes, eps: float) -> tuple[Array, Array, Array]:
    """The result with the mean and the variance, as arrays."""
    normal: Any
    normal, scale, mean, variance = _standardize(strip(x), axes, eps)
    return _normalize(x, weight, bias, normal.astype(x.dtype, copy=False), scale, axes, eps), mean, variance


def checked(name: str, parameter: Array, what: str, shape: tuple[int, ...]) -> Array:
    """The parameter, or ValueError if it has another shape."""
    if parameter is not None and np.shape(parameter) != shape:
        raise ValueError(f"{name}: {what} of shape {np.shape(parameter)}, expected {shape}")
    return parameter


@composed
def layer_norm(x: Array, normalized_shape: Any, weight: Array = None, bias: Array = None, eps: float = 1e-5) -> Tensor:
    """(x − μ)/√(σ² + eps)·w + b with the mean and the variance of each sample, over its last axes.

    Parameters
    ----------
    x : array (..., *normalized_shape)
    normalized_shape : int or tuple of int
        The shape of one sample: the last axes of x.
    weight, bias : array of normalized_shape, optional
        w and b.
    eps : float, default 1e-5

    Raises
    ------
    ValueError
        If shapes do not match.

    References
    ----------
    Ba, Kiros and Hinton, "Layer normalization" (2016).

    Examples
    --------
    >>> layer_norm(Tensor([[1.0, 3.0], [10.0, 30.0]]), 2, eps=0)
    Tensor([[-1.,  1.],
            [-1.,  1.]])
    """
    x = x if isinstance(x, Tensor) and x.dtype.kind == "f" else to_floats(strip(x))
    shape = (normalized_shape,) if isinstance(normalized_shape, int | np.integer) else tuple(normalized_shape)
    if not shape or x.shape[max(x.ndim - len(shape), 0) :] != shape:
        raise ValueError(f"layer_norm: x of shape {x.shape} does not end in the normalized shape {show(shape)}")
    for what, parameter in (("weight", weight), ("bias", bias)):
        checked("layer_norm", parameter, what, shape)
    check_at_least_0("layer_norm", eps=eps)
    return normalized(x, weight, bias, tuple(range(x.ndim - len(shape), x.ndim)), eps)[0]


@composed
def batch_norm(
    x: Array,
    running_mean: Any,
    running_var: Any,
    weight: Array = None,
    bias: Array = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """(x − μ)/√(σ² + eps)·w + b for every channel, with statistics of the batch or collected ones.

    In training μ and σ² are those of the batch, over all axes but 1. Otherwise they are the running statistics, if
    given. Training updates the running statistics in place: r ← (1 − momentum) r + momentum·(μ or σ²), where σ² is
    divided by n − 1 instead of n.

    Parameters
    ----------
    x : array (N, C) or (N, C, ...)
    running_mean, running_var : array or Tensor (C,), or None
    weight, bias : array (C,), optional
        w and b.
    training : bool, default False
    momentum : float, default 0.1
    eps : float, default 1e-5

    Raises
    ------
    ValueError
        If shapes do not match, one running statistic is given without the other, eps is negative, momentum is not in
        [0, 1], or a channel of the batch has only one value, whose variance is 0.
    TypeError
        If running statistics are not floating-point arrays, in training.

    References
    ----------
    Ioffe and Szegedy, "Batch normalization: accelerating deep network training by reducing internal covariate shift"
    (2015).

    Examples
    --------
    >>> running_mean, running_var = np.zeros(1), np.ones(1)
    >>> batch_norm(Tensor([[1.0], [3.0]]), running_mean, running_var, training=True, eps=0)
    Tensor([[-1.],
            [ 1.]])
    >>> running_mean, running_var
    (array([0.2]), array([1.1]))
    """
    return normalize_batch(x, running_mean, running_var, weight, bias, training, momentum, eps, _normalized_here)


def normalize_batch(
    x: Array, running_mean: Any, running_var: Any, weight: Array, bias: Array, training: bool, momentum: float,
    eps: float, normalize: Callable[..., tuple[Array, Array, Array, int]],
) -> Array:  # fmt: skip
    """`batch_norm`, given how a batch is normalized by its own statistics.

    ``normalize(x, weight, bias, axes, eps)`` returns the result, the mean and the variance as arrays, and the number of
    values per channel.
    """
    x = x if isinstance(x, Tensor) and x.dtype.kind == "f" else to_floats(strip(x))
    if x.ndim < 2:
        raise ValueError(f"batch_norm: x of shape {x.shape}, expected (N, C) or (N, C, ...)")
    channels, axes = x.shape[1], (0, *range(2, x.ndim))
    given = {"running_mean": running_mean, "running_var": running_var, "weight": weight, "bias": bias}
    for what, parameter in given.items():
        checked("batch_norm", parameter, what, (channels,))
    _check_running(running_mean, running_var, training, momentum)
    check_at_least_0("batch_norm", eps=eps)
    shape = (channels, *(1,) * (x.ndim - 2))
    weight, bias = (None if p is None else reshape(p, shape) for p in (weight, bias))
    if not training and running_mean is not None and running_var is not None:
        return _with_statistics(x, weight, bias, strip(running_mean), strip(running_var), shape, eps)
    out, mean, variance, n = normalize(x, weight, bias, axes, eps)
    if training:
        _move(running_mean, mean, momentum)
        _move(running_var, variance * (n / (n - 1)), momentum)
    return out


def _normalized_here(x: Array, weight: Array, bias: Array, axes: Axes, eps: float) -> tuple[Array, Array, Array, int]:
    n = math.prod(x.shape[axis] for axis in axes)
    require_two(x.shape, n)
    return *normalized(x, weight, bias, axes, eps), n


def require_two(shape: tuple[int, ...], n: int) -> None:
    """Raise ValueError if there is no variance of `n` values."""
    if n < 2:
        raise ValueError(f"batch_norm: x of shape {shape} has {n} values per channel; a variance needs at least two")


def _with_statistics(x: Array, weight: Array, bias: Array, mean: Any, variance: Any, shape: Any, eps: float) -> Array:
    scale = (1 / np.sqrt(variance + eps)).astype(x.dtype).reshape(shape)
    scale = scale if weight is None else weight * scale
    out = (x - mean.astype(x.dtype).reshape(shape)) * scale
    return out if bias is None else out + bias


def _check_running(mean: Any, variance: Any, training: bool, momentum: float) -> None:
    """Checks before either is updated, so that an error never leaves only one of them updated."""
    if (mean is None) != (variance is None):
        raise ValueError("batch_norm: running_mean and running_var belong together; one of them is None")
    if not training or mean is None:
        return
    refuse_write_while_mapping("batch_norm: running_mean")
    for name, running in (("running_mean", mean), ("running_var", variance)):
        if not isinstance(running, Tensor | np.ndarray) or running.dtype.kind != "f":
            raise TypeError(f"batch_norm: {name} is updated in place, so it is a floating-point array or tensor")
    check("batch_norm", "in [0, 1]", lambda value: 0 <= value <= 1, momentum=momentum)


def _move(running: Any, batch: Any, momentum: float) -> None:
    """``running += momentum·(batch − running)``, in place and recorded as a change."""
    if running is not None:
        running = running.data if isinstance(running, Tensor) else running
        batch = batch.reshape(running.shape).astype(running.dtype)
        np.add(running, momentum * (batch - running), out=running)
        record_change(running)
