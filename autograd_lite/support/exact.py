"""Conversion to the dtype of a tensor without loss of digits, or an error."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_lite.support.conversion import NumberArray, as_numbers


def exactly(values: Any, dtype: np.dtype[Any], where: str) -> NumberArray:
    """`values` as an array of `dtype`, if `dtype` represents each of them exactly.

    Numbers of Python, also in lists, have no dtype. They are rounded, but must stay finite.

    Raises
    ------
    TypeError
        If digits would be lost; the message begins with `where`.

    Examples
    --------
    >>> exactly(np.array([0.5, 0.25]), np.dtype(np.float32), "data")
    array([0.5 , 0.25], dtype=float32)
    >>> exactly([0.1], np.dtype(np.float32), "data")
    array([0.1], dtype=float32)
    >>> exactly(np.array([0.1]), np.dtype(np.float32), "data")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    TypeError: data: values of dtype float64, which would lose digits in float32; ...
    """
    array = as_numbers(values)
    if array.dtype == dtype:
        return array
    lost = fault(values, array, dtype)
    if lost:
        raise TypeError(f"{where}: values of {lost}")
    with np.errstate(all="ignore"):
        return array.astype(dtype)


def fault(values: Any, array: NumberArray, dtype: np.dtype[Any]) -> str:
    """Why `values`, converted to `array`, cannot become numbers of `dtype`; an empty string if they can."""
    if not np.can_cast(array.dtype, dtype, "same_kind"):
        return f"dtype {array.dtype}, expected {dtype}"
    if (_stays_finite if is_plain(values) else _holds)(array, dtype):
        return ""
    return (
        f"dtype {array.dtype}, which would lose digits in {dtype}; convert them with .astype(np.{dtype}) if that is "
        f"meant, or the model with .astype(np.{array.dtype})"
    )


def is_plain(values: Any) -> bool:
    """Whether `values` consists of Python's numbers alone."""
    if type(values) in (list, tuple):
        return all(map(is_plain, values))
    return type(values) in (float, int, bool)


def _holds(array: NumberArray, dtype: np.dtype[Any]) -> bool:
    """Whether `dtype` represents every value of `array` exactly.

    A tracer has other values in each replay, so for it `dtype` must represent every value of the tracer's dtype.
    """
    if array.dtype.kind == dtype.kind == "f" and array.dtype.itemsize <= dtype.itemsize:
        return True
    if hasattr(array, "_concrete"):
        return np.can_cast(array.dtype, dtype)
    with np.errstate(all="ignore"):
        converted = array.astype(dtype)
        back = converted.astype(array.dtype)
    # An integer that wraps around there and back is equal again, hence both comparisons.
    return all(np.array_equal(array, other, equal_nan=array.dtype.kind == "f") for other in (back, converted))


def _stays_finite(array: NumberArray, dtype: np.dtype[Any]) -> bool:
    if dtype.kind != "f":
        return _holds(array, dtype)
    with np.errstate(all="ignore"):
        return bool(np.array_equal(np.isfinite(array), np.isfinite(array.astype(dtype))))
