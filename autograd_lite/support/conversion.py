"""From what users pass (numbers, nested lists, arrays, tensors) to arrays of real numbers, or a clear error."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from autograd_lite.support.messages import show

NumberArray = np.ndarray[Any, np.dtype[Any]]


# What is computed with as it is: looked up by class, so that it costs a call next to nothing.
PYTHON_NUMBERS = frozenset({bool, int, float})
ARRAYS = frozenset({np.ndarray, *np.sctypeDict.values()})
OPERANDS = ARRAYS | PYTHON_NUMBERS | {type(None)}
# The same for arguments that are no operands: axes, shapes, indices, modes.
OPTIONS = OPERANDS | {str, tuple, list, slice, type(...), type, np.dtype, type(np._NoValue)}
# How arrays of other kinds are converted, by the method that they have for it.
_WAYS_OUT = ("filled", "toarray", "numpy", "to_numpy")


def strip(value: Any) -> Any:
    """`value` with every tensor in it, also inside lists and tuples, replaced by its values."""
    if type(value) in (list, tuple):
        return type(value)(map(strip, value))
    if isinstance(value, type) or value.__class__ in OPTIONS:
        return value
    return value._data if hasattr(value, "_data") and hasattr(value, "_node") else read(value)


def read(value: Any) -> Any:
    """A foreign array as an ndarray of its numbers; tensors, and what is no array at all, as they are.

    Subclasses of ndarray that leave arithmetic to NumPy, Series and DataFrames of pandas, DataArrays of xarray and what
    only knows how to convert itself are read. Whatever computes by rules of its own would lose them: masks, units,
    sparsity, gradients, the products of `np.matrix`.

    Raises
    ------
    TypeError
        For arrays that are no plain arrays of numbers, with their type and how to convert them.
    """
    kind = type(value)
    if isinstance(value, np.ndarray):
        if kind.__array_ufunc__ is np.ndarray.__array_ufunc__ and kind.__mul__ is np.ndarray.__mul__:
            return np.asarray(value)
    elif isinstance(value, type | np.generic | np.dtype) or hasattr(kind, "_node") or _is_own(kind):
        return value
    elif hasattr(kind, "to_numpy"):
        array = np.asarray(value.to_numpy())
        if array.dtype.kind in "fiub":
            return array
        raise TypeError(
            f"{_full_name(kind)} holds {array.dtype}, not real numbers alone; convert it with .astype(float)"
        )
    elif hasattr(kind, "__array__") and not (hasattr(kind, "__array_ufunc__") or hasattr(kind, "__dlpack__")):
        return np.asarray(value)
    elif not (hasattr(kind, "__array__") or (hasattr(value, "shape") and hasattr(value, "dtype"))):
        return value
    way = next((f".{name}()" for name in _WAYS_OUT if hasattr(kind, name)), "np.asarray(...)")
    raise TypeError(f"arrays of NumPy are needed, not {_full_name(kind)}; convert it with {way}")


def _is_own(kind: type) -> bool:
    """Whether the library feeds its functions with values of this class in place of arrays: tracers, formulas."""
    return kind.__module__.partition(".")[0] == "autograd_lite"


def _full_name(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"


def read_list(values: Any) -> NumberArray:
    """A nested list or tuple as an array, or an error that says what of it does not belong there."""
    refuse_foreign_elements(values)
    try:
        return np.asarray(values)
    except ValueError as error:
        if "inhomogeneous" not in str(error):
            raise
        raise ValueError("the nested lists are ragged: rows of different lengths do not form an array") from error


def refuse_foreign_elements(values: Any) -> None:
    """Raise TypeError if a nested list holds arrays that NumPy would read without their masks, units and the like."""
    kinds = set(map(type, values))
    if kinds <= OPERANDS:
        return
    for value in values:
        if type(value) in (list, tuple):
            refuse_foreign_elements(value)
        elif type(value) not in OPERANDS:
            read(value)


def as_numbers(data: Any, dtype: DTypeLike | None = None, copy: bool = False) -> NumberArray:
    """`data` as an array of real numbers.

    Raises
    ------
    TypeError
        For strings, None, complex numbers, objects, and arrays that `read` refuses.
    ValueError
        For nested lists whose rows differ in length.
    """
    data = data if type(data) in (list, tuple) else strip(data)
    if hasattr(data, "_concrete"):  # an array of a program that is being recorded knows how to convert itself
        converted: NumberArray = data.astype(dtype, copy=copy)
        return converted
    array = read_list(data) if type(data) in (list, tuple) else np.asarray(data)
    if array.dtype.kind not in "fiub":
        what = {"U": "strings", "S": "bytes", "c": "complex numbers"}.get(array.dtype.kind, f"dtype {array.dtype}")
        raise TypeError(f"a tensor holds real numbers, not {'None' if data is None else what}: {show(data)}")
    if dtype is not None and np.dtype(dtype).kind not in "fiub":
        raise TypeError(f"a tensor holds real numbers, so its dtype cannot be {np.dtype(dtype)}")
    if copy:
        return np.array(array, dtype=dtype)
    return array if dtype is None else np.asarray(array, dtype=dtype)


def as_state(value: Any) -> NumberArray:
    """A copy of an array of a state. Tensors of other libraries are read too: a state has no gradient to lose."""
    is_foreign_tensor = hasattr(type(value), "__dlpack__") and not isinstance(value, np.ndarray)
    return as_numbers(np.asarray(value) if is_foreign_tensor else value, copy=True)


def number_as_array(number: Any, dtype: Any) -> NumberArray:
    """A number of Python as an array; if it is no integer, in the dtype of what it is computed with, as in NumPy."""
    return np.asarray(number, None if type(number) is int else dtype)


def to_array(x: Any) -> Any:
    """`x` as it is if it knows its dtype, as tensors and arrays do; else as an array."""
    if x.__class__ in ARRAYS:
        return x
    x = read(x)
    return x if hasattr(x, "dtype") else np.asarray(x)


def to_floats(x: Any) -> Any:
    """`x` as an array of floating-point numbers: integers become float64, as in NumPy's own functions.

    Unsigned integers have no minus and no −∞, so what needs one would be silently wrong with them.
    """
    if x.__class__ not in ARRAYS:
        x = to_array(x)
    if x.dtype.kind == "f":
        return x
    if x.dtype.kind not in "iub":  # NumPy would read texts as numbers, and None as NaN
        raise TypeError(f"real numbers are needed, not dtype {x.dtype}")
    return x.astype(np.float64)
