"""Factors that bring numbers where their powers neither overflow nor underflow, and 1 where nothing would."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_lite.conversion import strip
from autograd_lite.ops.conventions import by_convention
from autograd_lite.tensor import Array

__all__: list[str] = []  # for operations, not for users


def at_least_single(dtype: Any) -> np.dtype[Any]:
    """The dtype to compute with: half precision has too few digits and too small a range for sums of powers."""
    return np.result_type(dtype, np.single)


def is_extreme(magnitudes: Array, power: float = 2) -> Array:
    """Whether a power of these magnitudes, or a sum of many, may come near the limits of the dtype to compute with."""
    limit = np.finfo(at_least_single(magnitudes.dtype)).maxexp
    return np.isfinite(magnitudes) & (np.abs(np.frexp(magnitudes)[1]) * abs(power) > limit // 2)


def power_of_two(magnitudes: Array) -> Array:
    """The factors that bring extreme magnitudes near 1. Being powers of two they change no digit."""
    dtype = at_least_single(magnitudes.dtype)
    limit = np.finfo(dtype).maxexp - 2
    exponents = np.clip(-np.frexp(magnitudes)[1], -limit, limit)
    return np.ldexp(dtype.type(1), np.where(is_extreme(magnitudes), exponents, 0))


def slice_scale(x: Array, axis: Any) -> Array:
    """The factor for each slice along `axis`, by its largest number; the reduced axes stay with length one."""
    return power_of_two(np.max(np.abs(strip(x)), axis=axis, keepdims=True, initial=0))


def nonzero(length: Array) -> Array:
    """What can be divided by: 0/1 instead of 0/0."""
    return np.where(length == 0, 1, length)


def along_direction(g: Array, x: Array, length: Array, axis: Any) -> Array:
    """g · x/‖x‖, given the lengths of the vectors along `axis`; 0 where there is no direction, by convention."""
    return by_convention(g, x / nonzero(length), lambda: strip(length) == 0, x, axis=axis)
