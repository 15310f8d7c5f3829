"""From what users pass (numbers, nested lists, arrays, tensors) to arrays of real numbers, or a clear error."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from autograd_lite.messages import show

NumberArray = np.ndarray[Any, np.dtype[Any]]


def strip(value: Any) -> Any:
    """`value` with every tensor in it, also inside lists and tuples, replaced by its values."""
    if type(value) in (list, tuple):
        return type(value)(map(strip, value))
    return value._data if hasattr(value, "_data") and hasattr(value, "_node") else value


def as_numbers(data: Any, dtype: DTypeLike | None = None, copy: bool = False) -> NumberArray:
    """`data` as an array of real numbers.

    Raises
    ------
    TypeError
        For strings, None, complex numbers and objects.
    ValueError
        For nested lists whose rows differ in length.
    """
    if hasattr(data, "_data") and hasattr(data, "_node"):
        data = data._data
    if hasattr(data, "_concrete"):  # an array of a program that is being recorded knows how to convert itself
        converted: NumberArray = data.astype(dtype, copy=copy)
        return converted
    try:
        array = np.asarray(data)
    except ValueError as error:
        if "inhomogeneous" not in str(error):
            raise
        raise ValueError("the nested lists are ragged: rows of different lengths do not form an array") from error
    if array.dtype.kind not in "fiub":
        what = {"U": "strings", "S": "bytes", "c": "complex numbers"}.get(array.dtype.kind, f"dtype {array.dtype}")
        raise TypeError(f"a tensor holds real numbers, not {'None' if data is None else what}: {show(data)}")
    if dtype is not None and np.dtype(dtype).kind not in "fiub":
        raise TypeError(f"a tensor holds real numbers, so its dtype cannot be {np.dtype(dtype)}")
    if copy:
        return np.array(array, dtype=dtype)
    return array if dtype is None else np.asarray(array, dtype=dtype)


def to_array(x: Any) -> Any:
    """`x` as it is if it knows its dtype, as arrays of any library do; else as an array."""
    return x if hasattr(x, "dtype") else np.asarray(x)


def to_floats(x: Any) -> Any:
    """`x` as an array of floating-point numbers: integers become float64, as in NumPy's own functions.

    Unsigned integers have no minus and no −∞, so what needs one would be silently wrong with them.
    """
    if not hasattr(x, "dtype"):
        x = np.asarray(x)
    if x.dtype.kind == "f":
        return x
    if x.dtype.kind not in "iub":  # NumPy would read texts as numbers, and None as NaN
        raise TypeError(f"real numbers are needed, not dtype {x.dtype}")
    return x.astype(np.float64)
