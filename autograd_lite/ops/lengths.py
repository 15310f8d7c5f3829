"""Euclidean lengths and directions of what lies along axes, though squares may overflow or underflow."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_lite.core.primitive import primitive
from autograd_lite.core.tensor import Array
from autograd_lite.ops.conventions import by_convention
from autograd_lite.ops.slices import Axis, restore
from autograd_lite.support.conversion import strip, to_floats

__all__: list[str] = []  # for operations, not for users


def at_least_single(dtype: Any) -> np.dtype[Any]:
    """The dtype to compute with: half precision has too few digits and too small a range for sums of powers."""
    return np.result_type(dtype, np.single)


@primitive(name="exactly", exact=lambda g: g)
def exactly(exact: Array, plain: Array) -> Array:
    """What `plain` is without overflow, underflow and rounding. A derivation writes the plain formula.

    Examples
    --------
    >>> exactly(np.float64(1e200), plain=np.inf)
    np.float64(1e+200)
    """
    return exact


def power_of_two(magnitudes: Array) -> Array:
    """For each a factor by which it and its square keep away from the limits, 1 if they do so already.

    A power of two changes no digit. An eighth of the exponents is left for sums of many squares and for small terms.
    """
    dtype = at_least_single(magnitudes.dtype)
    middle, large = (dtype.type(2) ** (np.finfo(dtype).maxexp * part // 8) for part in (3, 6))
    small = (magnitudes < 1 / middle) & (magnitudes > 0)
    return exactly(np.where(magnitudes > middle, 1 / large, np.where(small, large, dtype.type(1))), 1)


def slice_scale(x: Array, axis: Axis) -> Array:
    """The factor for each slice along `axis`, by its largest number; the reduced axes stay with length one."""
    return power_of_two(np.max(np.abs(strip(x)), axis=axis, keepdims=True, initial=0))


def nonzero(length: Array) -> Array:
    """What can be divided by: 0/1 instead of 0/0."""
    return np.where(length == 0, 1, length)


def along_direction(g: Array, x: Array, length: Array, axis: Axis, centred: Array | None = None) -> Array:
    """g · x/‖x‖, given the lengths of the vectors along `axis`; 0 where there is no direction, by convention.

    `centred` says of which elements x is the deviation from their mean: changing these alike does not change it.
    """

    def places() -> Array:
        return (strip(length) == 0) & (True if centred is None else centred)

    return by_convention(g, x / nonzero(length), places, x, axis=axis, ties=centred is not None)


def _scaled_length(x: Array, axis: Axis) -> Array:
    """The length of x · scale."""
    return euclidean(x * slice_scale(x, axis), axis, True)


def _euclidean_rule(
    g: Array, x: Array, out: Array, scale: Array, scaled_length: Array, axis: Axis, keepdims: bool
) -> Array:
    length = exactly(scaled_length, strip(restore(out, axis, keepdims)))
    return along_direction(restore(g, axis, keepdims), x * scale, length, axis)


@primitive(name="norm", residuals={"scale": slice_scale, "scaled_length": _scaled_length}, x=_euclidean_rule)
def euclidean(x: Array, axis: Axis, keepdims: bool) -> Any:
    """The length √Σxᵢ² of what lies along `axis`, to the bit that of NumPy where no square is extreme."""
    x = to_floats(x)
    scale = slice_scale(x, axis)
    near = x * scale
    if axis is None:
        length = np.linalg.norm(near, None, None, True)
    else:
        length = np.sqrt(np.add.reduce(near * near, axis=axis, keepdims=True))
    out = (length / scale).astype(x.dtype)
    return out if keepdims else np.squeeze(out, axis), scale, length
