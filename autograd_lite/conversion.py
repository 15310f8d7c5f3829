"""From what users pass (numbers, nested lists, arrays, tensors) to arrays of real numbers, or a clear error."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike

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
    data = strip(data)
    try:
        array = np.asarray(data)
    except ValueError as error:
        if "inhomogeneous" not in str(error):
            raise
        raise ValueError("the nested lists are ragged: rows of different lengths do not form an array") from error
    if array.dtype.kind not in "fiub":
        what = {"U": "strings", "S": "bytes", "c": "complex numbers"}.get(array.dtype.kind, f"dtype {array.dtype}")
        raise TypeError(f"a tensor holds real numbers, not {'None' if data is None else what}: {data!r:.80}")
    if copy:
        return np.array(array, dtype=dtype)
    return array if dtype is None else np.asarray(array, dtype=dtype)
