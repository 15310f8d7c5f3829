"""Resizing of images and signals: every element of the result is a copy or a weighted mean of its neighbours.

Axes are resized one after the other. Rows are taken by ascending indices, so the gradient is a sum over runs of equal
indices.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd_lite.core.primitive import primitive
from autograd_lite.core.tensor import Array, Tensor
from autograd_lite.ops.composition import composed
from autograd_lite.support.conversion import strip, to_floats
from autograd_lite.support.messages import show

__all__ = ["interpolate"]

Numbers = np.ndarray[Any, np.dtype[Any]]


def _ascending_rows_rule(g: Array, numbers: Numbers, x_shape: tuple[int, ...]) -> Array:
    return _sum_of_runs(g, numbers, x_shape[0])


@primitive(name="ascending_rows", x=_ascending_rows_rule)
def _ascending_rows(x: Array, numbers: Numbers) -> Array:
    return np.take(x, numbers, axis=0)


@primitive(upstream=lambda g, numbers: _ascending_rows(g, numbers), name="sum_of_runs")
def _sum_of_runs(upstream: Array, numbers: Numbers, rows: int) -> Array:
    """The transpose of `_ascending_rows`."""
    starts = np.flatnonzero(np.diff(numbers, prepend=-1))
    x = np.zeros_like(upstream, shape=(rows, *upstream.shape[1:]))
    x[numbers[starts]] = np.add.reduceat(upstream, starts)
    return x


def _nearest(length: int, new_length: int, step: float) -> Numbers:
    """As in PyTorch: in single precision for every dtype; exact for the same or twice the length, whatever the step."""
    if new_length in (length, 2 * length):
        return np.arange(new_length) // (new_length // length)
    positions = np.floor(np.arange(new_length, dtype=np.float32) * np.float32(step))
    return np.asarray(np.minimum(positions.astype(np.intp), length - 1))


def _linear(length: int, new_length: int, step: float, align_corners: bool) -> tuple[Numbers, Numbers, Numbers]:
    """The indices of the left and the right neighbours, and the weight of the right ones."""
    positions = np.arange(new_length, dtype=float)
    if align_corners:
        positions *= (length - 1) / (new_length - 1) if new_length > 1 else 0
    else:
        positions = np.maximum((positions + 0.5) * step - 0.5, 0)
    left = np.minimum(positions.astype(np.intp), length - 1)
    return left, np.minimum(left + 1, length - 1), np.clip(positions - left, 0, 1)


def _new_size(x: Array, size: Any, scale_factor: Any) -> tuple[tuple[int, ...], tuple[float, ...]]:
    """The lengths of the result, and along each axis the distance of its elements in units of those of x."""
    old, axes = x.shape[2:], x.ndim - 2
    if (size is None) == (scale_factor is None):
        raise ValueError("interpolate: either size or scale_factor is needed, and not both")
    given = size if scale_factor is None else scale_factor
    values = tuple(given) if isinstance(given, tuple | list) else (given,) * axes
    name = "size" if scale_factor is None else "scale_factor"
    number = int | np.integer if scale_factor is None else int | float | np.number
    if len(values) != axes or not all(isinstance(value, number) and value > 0 for value in values):
        raise ValueError(
            f"interpolate: {name} must be one positive number for all axes or {axes} of them, not {show(given)}"
        )
    if scale_factor is None:
        return tuple(map(int, values)), tuple(n / new for n, new in zip(old, values, strict=True))
    new_size = tuple(math.floor(n * factor) for n, factor in zip(old, values, strict=True))
    if min(new_size) < 1:
        raise ValueError(f"interpolate: scale_factor={scale_factor} gives an empty result for x of shape {x.shape}")
    return new_size, tuple(1 / factor for factor in values)


MODES = {"nearest": None, "linear": 3, "bilinear": 4}  # the number of axes that each needs


@composed
def interpolate(
    x: Array,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
) -> Tensor:
    """x in another size along its spatial axes. It is linear in x: the gradient is distributed by the same weights.

    Parameters
    ----------
    x : array (N, C, T) or (N, C, H, W); for "nearest" any number of spatial axes
    size : int or tuple of int, optional
        The lengths of the result; either this or `scale_factor`.
    scale_factor : float or tuple of float, optional
        The factor of the lengths; the result is rounded down.
    mode : "nearest", "linear" (N, C, T) or "bilinear" (N, C, H, W), default "nearest"
    align_corners : bool, optional
        For the linear modes: whether the centres of the first and the last element are kept; by default the outer edges
        are kept.

    Raises
    ------
    ValueError
        If the mode is unknown or does not fit the axes, or there is not exactly one of size and scale_factor.

    Examples
    --------
    >>> interpolate(Tensor([[[1.0, 3.0]]]), scale_factor=2)
    Tensor([[[1., 1., 3., 3.]]])
    >>> interpolate(Tensor([[[1.0, 3.0]]]), size=3, mode="linear", align_corners=True)
    Tensor([[[1., 2., 3.]]])
    """
    if mode not in MODES:
        raise ValueError(f'interpolate: mode must be "nearest", "linear" or "bilinear", not {show(mode)}')
    if mode == "nearest" and align_corners is not None:
        raise ValueError('interpolate: align_corners is for "linear" and "bilinear"')
    x = x if isinstance(x, Tensor) and x.dtype.kind == "f" else to_floats(strip(x))
    if x.ndim < 3 or MODES[mode] not in (None, x.ndim):
        expected = "(N, C, ...)" if mode == "nearest" else f"{MODES[mode]} axes"
        raise ValueError(f"interpolate: x of shape {x.shape}, expected {expected} for mode={show(mode)}")
    if 0 in x.shape[2:]:
        raise ValueError(f"interpolate: x of shape {x.shape} has no elements")
    for axis, (new, step) in enumerate(zip(*_new_size(x, size, scale_factor), strict=True), start=2):
        rows: Any = np.moveaxis(x, axis, 0)
        if mode == "nearest":
            rows = _ascending_rows(rows, _nearest(len(rows), new, step))
        else:
            left, right, share = _linear(len(rows), new, step, bool(align_corners))
            share = share.astype(x.dtype).reshape(-1, *(1,) * (x.ndim - 1))
            rows = _ascending_rows(rows, left) * (1 - share) + _ascending_rows(rows, right) * share
        x = np.moveaxis(rows, 0, axis)
    return x
