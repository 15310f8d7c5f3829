"""Slices of an array along axes, which reductions make numbers of: putting the axes back."""

from __future__ import annotations

import numpy as np

from autograd_lite.core.tensor import Array

__all__: list[str] = []  # for operations, not for users

Axis = int | tuple[int, ...] | None


def restore(reduced: Array, axis: Axis, keepdims: bool) -> Array:
    """A reduced array with the axes that the reduction took away put back, each of length one."""
    return reduced if keepdims or axis is None else np.expand_dims(reduced, axis)


def spread(reduced: Array, x_shape: tuple[int, ...], axis: Axis, keepdims: bool) -> Array:
    """A reduced array repeated over the slices of an array of `x_shape`. A number has an axis 0 only for NumPy."""
    return np.broadcast_to(restore(reduced, axis, keepdims), x_shape) if x_shape else reduced
