"""Euclidean lengths and directions of vectors along axes, also where squares overflow or underflow."""

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
    """`dtype`, but float32 for float16, whose digits and range are too small for sums of powers."""
    return np.result_type(dtype, np.single)


@primitive(name="printed_as", exact=lambda g: g)
def printed_as(exact: Array, plain: Array) -> Array:
    """`exact`, which equals `plain` up to overflow, underflow and rounding. A derivation writes `plain`.

    Examples
    --------
    >>> printed_as(np.float64(1e200), plain=np.inf)
    np.float64(1e+200)
    """
    return exact


def power_of_two(magnitudes: Array) -> Array:
    """Factors that keep magnitudes and their squares within the range of the dtype; 1 where they are within it.

    A power of two changes no digit. An eighth of the exponents is left for sums of many squares and for small terms.
    """
    dtype = at_least_single(magnitudes.dtype)
    middle, large = (dtype.type(2) ** (np.finfo(dtype).maxexp * part // 8) for part in (3, 6))
    small = (magnitudes < 1 / middle) & (magnitudes > 0)
    return printed_as(np.where(magnitudes > middle, 1 / large, np.where(small, large, dtype.type(1))), 1)


def slice_scale(x: Array, axis: Axis) -> Array:
    """The factor for each slice along `axis`, chosen by its largest magnitude; reduced axes have length one."""
    return power_of_two(np.max(np.abs(strip(x)), axis=axis, keepdims=True, initial=0))


def nonzero(length: Array) -> Array:
    """`length` as a divisor: 1 instead of 0, so that 0/0 becomes 0/1."""
    return np.where(length == 0, 1, length)


def along_direction(g: Array, x: Array, length: Array, axis: Axis, centred: Array | None = None) -> Array:
    """g · x/‖x‖, given the lengths of the vectors along `axis`; 0 where there is no direction, by convention.

    `centred` marks elements of which x is the deviation from their mean. Adding one number to all of them changes
    nothing.
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
    length = printed_as(scaled_length, strip(restore(out, axis, keepdims)))
    return along_direction(restore(g, axis, keepdims), x * scale, length, axis)


@primitive(name="norm", residuals={"scale": slice_scale, "scaled_length": _scaled_length}, x=_euclidean_rule)
def euclidean(x: Array, axis: Axis, keepdims: bool) -> Any:
    """The length √Σxᵢ² of the vectors along `axis`; equal to NumPy's, bit by bit, where no square is extreme."""
    x = to_floats(x)
    scale = slice_scale(x, axis)
    near = x * scale
    if axis is None:
        length = np.linalg.norm(near, None, None, True)
    else:
        length = np.sqrt(np.add.reduce(near * near, axis=axis, keepdims=True))
    out = (length / scale).astype(x.dtype)
    return out if keepdims else np.squeeze(out, axis), scale, length
