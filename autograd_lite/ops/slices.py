"""Axes of reductions: which are meant, putting them back, merging them into one."""

from __future__ import annotations

import math

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from autograd_lite.core.tensor import Array

__all__: list[str] = []  # for operations, not for users

Axis = int | tuple[int, ...] | None


def axes_of(axis: Axis, ndim: int) -> tuple[int, ...]:
    """The axes that `axis` names, as numbers from 0; None names all."""
    return tuple(range(ndim)) if axis is None else normalize_axis_tuple(axis, ndim)


def restore(reduced: Array, axis: Axis, keepdims: bool) -> Array:
    """A reduced array with the reduced axes put back, each of length one."""
    return reduced if keepdims or axis is None else np.expand_dims(reduced, axis)


def spread(reduced: Array, x_shape: tuple[int, ...], axis: Axis, keepdims: bool) -> Array:
    """A reduced array repeated over the slices of an array of `x_shape`."""
    return np.broadcast_to(restore(reduced, axis, keepdims), x_shape) if x_shape else reduced  # axis=0 of a number


def _reduced_last(axis: Axis, ndim: int) -> tuple[int, ...]:
    axes = axes_of(axis, ndim)
    return (*(i for i in range(ndim) if i not in axes), *axes)


def merged(x: Array, axis: Axis) -> Array:
    """`x` with the axes `axis` merged into one, the last."""
    x = np.transpose(x, _reduced_last(axis, x.ndim))
    kept = x.ndim - len(axes_of(axis, x.ndim))
    return x.reshape((*x.shape[:kept], math.prod(x.shape[kept:])))


def unmerged(rows: Array, shape: tuple[int, ...], axis: Axis) -> Array:
    """The array of `shape` of which `rows` is ``merged(x, axis)``."""
    order = _reduced_last(axis, len(shape))
    rows = rows.reshape(tuple(shape[i] for i in order))
    return np.transpose(rows, tuple(int(i) for i in np.argsort(order)))
