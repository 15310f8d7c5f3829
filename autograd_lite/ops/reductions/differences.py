"""Differences of neighbours, the trapezoidal rule, and derivatives of samples."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from autograd_lite.core.tensor import Array, Tensor
from autograd_lite.ops.composition import composed
from autograd_lite.ops.reductions.reduction import sum
from autograd_lite.ops.slices import axes_of
from autograd_lite.support.conversion import strip, to_array
from autograd_lite.support.messages import show

__all__ = ["diff", "ediff1d", "gradient", "trapezoid"]


def _part(x: Array, axis: int, start: int | None, stop: int | None) -> Array:
    return x[(slice(None),) * normalize_axis_index(axis, x.ndim) + (slice(start, stop),)]


@composed(numpy=np.diff)
def diff(a: Array, n: int = 1, axis: int = -1, prepend: Array = None, append: Array = None) -> Tensor:
    """The differences aᵢ₊₁ − aᵢ along `axis`, repeated n times, of a with `prepend` and `append` joined to it.

    Examples
    --------
    >>> diff(Tensor([1.0, 4.0, 9.0]))
    Tensor([3., 5.])
    """
    a = to_array(a)
    if n == 0:
        return a
    if n < 0:
        raise ValueError(f"diff: order must be non-negative but got {show(n)}")
    if not a.ndim:
        raise ValueError("diff: input must be at least one dimensional")
    axis = normalize_axis_index(axis, a.ndim)
    ends = [end if end is None else to_array(end) for end in (prepend, append)]
    shape = (*a.shape[:axis], 1, *a.shape[axis + 1 :])
    ends = [end if end is None or end.ndim else np.broadcast_to(end, shape) for end in ends]
    parts = [part for part in (ends[0], a, ends[1]) if part is not None]
    a = np.concatenate(parts, axis=axis) if len(parts) > 1 else a
    for _ in range(n):
        later, earlier = _part(a, axis, 1, None), _part(a, axis, None, -1)
        a = later != earlier if a.dtype == bool else later - earlier
    return a


@composed(numpy=np.ediff1d)
def ediff1d(ary: Array, to_end: Array = None, to_begin: Array = None) -> Tensor:
    """The differences of neighbours in the flattened array, with `to_begin` before and `to_end` after them.

    Examples
    --------
    >>> ediff1d(Tensor([1.0, 4.0, 9.0]), to_begin=0)
    Tensor([0., 3., 5.])
    """
    ary = np.ravel(ary)
    parts: list[Any] = [ary[1:] - ary[:-1]]
    for name, end in (("to_begin", to_begin), ("to_end", to_end)):
        if end is None:
            continue
        end = to_array(end)
        if not np.can_cast(end.dtype, ary.dtype, "same_kind"):
            raise TypeError(f"ediff1d: the dtype {end.dtype} of {name} does not fit {ary.dtype}")
        end = np.ravel(end)
        end = end if end.dtype == ary.dtype else end.astype(ary.dtype)
        parts = [end, *parts] if name == "to_begin" else [*parts, end]
    joined: Any = np.concatenate(parts) if len(parts) > 1 else parts[0]
    return joined


@composed(numpy=np.trapezoid)
def trapezoid(y: Array, x: Array = None, dx: Array = 1.0, axis: int = -1) -> Tensor:
    """The integral of y along `axis` by the trapezoidal rule, over the points x or with the step `dx`.

    Examples
    --------
    >>> trapezoid(Tensor([0.0, 1.0, 4.0]), [0.0, 1.0, 2.0])
    Tensor(3.)
    """
    y = to_array(y)
    step = dx
    if x is not None:
        x = to_array(x)
        if x.ndim == 1 and y.ndim and len(x) != y.shape[axis]:
            raise ValueError(f"{len(x)} points x for the {y.shape[axis]} values along axis {axis} of y")
        step = diff(x, axis=-1 if x.ndim == 1 else axis)
        if x.ndim == 1 and y.ndim:
            step = step.reshape(tuple(-1 if i == axis % y.ndim else 1 for i in range(y.ndim)))
    return sum(step * (_part(y, axis, 1, None) + _part(y, axis, None, -1)) / 2.0, axis)


def _spacing(step: Any, length: int) -> Any:
    """The step between neighbours: a number, or an array of them where they differ."""
    if not np.ndim(step):
        return step
    step = np.asarray(step)
    if step.ndim != 1:
        raise ValueError("gradient: distances must be either scalars or 1d")
    if len(step) != length:
        raise ValueError("gradient: when 1d, distances must match the length of the corresponding dimension")
    steps = np.diff(step.astype(float) if step.dtype.kind in "iu" else step)
    return steps[0] if (steps == steps[:1]).all() else steps


def _slopes(f: Array, step: Any, edge_order: int) -> Array:
    """The derivative along the first axis by central differences, one-sided at the ends."""
    if not np.ndim(step):
        inner = (f[2:] - f[:-2]) / (2.0 * step)
        first = last = step
    else:
        left, right = (steps.reshape(-1, *[1] * (f.ndim - 1)) for steps in (step[:-1], step[1:]))
        inner = -right / (left * (left + right)) * f[:-2] + (right - left) / (left * right) * f[1:-1]
        inner = inner + left / (right * (left + right)) * f[2:]
        first, last = step[0], step[-1]
    if edge_order == 1:
        return np.concatenate([(f[1:2] - f[:1]) / first, inner, (f[-1:] - f[-2:-1]) / last])
    if not np.ndim(step):
        ahead, back = (-1.5 / step, 2.0 / step, -0.5 / step), (0.5 / step, -2.0 / step, 1.5 / step)
    else:
        (p, q), (r, s) = step[:2], step[-2:]
        ahead = -(2.0 * p + q) / (p * (p + q)), (p + q) / (p * q), -p / (q * (p + q))
        back = s / (r * (r + s)), -(s + r) / (r * s), (2.0 * s + r) / (s * (r + s))
    start = ahead[0] * f[:1] + ahead[1] * f[1:2] + ahead[2] * f[2:3]
    end = back[0] * f[-3:-2] + back[1] * f[-2:-1] + back[2] * f[-1:]
    return np.concatenate([start, inner, end])


@composed(numpy=np.gradient)
def gradient(f: Array, *spacing: Any, axis: int | tuple[int, ...] | None = None, edge_order: int = 1) -> Any:
    """The derivative of samples along each axis by differences, as np.gradient; the spacing is not differentiated.

    Examples
    --------
    >>> gradient(Tensor([1.0, 2.0, 4.0, 7.0]))
    Tensor([1. , 1.5, 2.5, 3. ])
    """
    f = to_array(f)
    f = f if f.dtype.kind == "f" else f.astype(np.float64)
    axes = axes_of(axis, f.ndim)
    steps = [1.0] if not spacing else list(map(strip, spacing))
    if len(steps) == 1 and not np.ndim(steps[0]):
        steps = steps * len(axes)
    if len(steps) != len(axes):
        raise TypeError("gradient: invalid number of arguments")
    steps = [_spacing(step, f.shape[chosen]) for step, chosen in zip(steps, axes, strict=True)]
    if edge_order not in (1, 2):
        raise ValueError("gradient: 'edge_order' is 1 or 2")
    results = []
    for chosen, step in zip(axes, steps, strict=True):
        if f.shape[chosen] < edge_order + 1:
            raise ValueError(
                "gradient: Shape of array too small to calculate a numerical gradient, "
                "at least (edge_order + 1) elements are required."
            )
        slopes = np.swapaxes(_slopes(np.swapaxes(f, 0, chosen), step, edge_order), 0, chosen)
        results.append(slopes if slopes.dtype == f.dtype else slopes.astype(f.dtype))
    return results[0] if len(axes) == 1 else tuple(results)
