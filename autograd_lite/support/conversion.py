"""Conversion of numbers, nested lists, arrays and tensors to arrays of real numbers, or a clear error."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from autograd_lite.support.messages import show

NumberArray = np.ndarray[Any, np.dtype[Any]]

# Classes of values that need no conversion. Looking up the class is the fastest check.
PYTHON_NUMBERS = frozenset({bool, int, float})
ARRAYS = frozenset({np.ndarray, *np.sctypeDict.values()})
OPERANDS = ARRAYS | PYTHON_NUMBERS | {type(None)}
# The same for arguments that are not operands: axes, shapes, indices, modes.
OPTIONS = OPERANDS | {str, tuple, list, slice, type(...), type, np.dtype, type(np._NoValue)}
# Methods of foreign arrays that convert them, named in errors.
_WAYS_OUT = ("filled", "toarray", "numpy", "to_numpy")
# What SciPy takes for "not an array": it then leaves ``S @ x`` to the other operand.
NO_ARRAY = np.empty((), object)


def strip(value: Any) -> Any:
    """`value` with every tensor in it, also inside lists and tuples, replaced by its values."""
    if type(value) in (list, tuple):
        return type(value)(map(strip, value))
    if isinstance(value, type) or value.__class__ in OPTIONS:
        return value
    return value._data if hasattr(value, "_data") and hasattr(value, "_node") else read(value)


def read(value: Any) -> Any:
    """A foreign array as an ndarray of its numbers; tensors, and values that are not arrays, as they are.

    Subclasses of ndarray that leave arithmetic to NumPy, Series and DataFrames of pandas, DataArrays of xarray and
    classes that define only `__array__` are converted. Arrays with arithmetic of their own are refused, because the
    conversion would lose it: masks, units, sparsity, gradients, the products of `np.matrix`.

    Raises
    ------
    TypeError
        For arrays that cannot be converted without loss. The error names the type and how to convert it.
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
    """Whether a class of this library takes the place of arrays: tracers, formulas."""
    return kind.__module__.partition(".")[0] == "autograd_lite"


def _full_name(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"


def is_for_sparse_product() -> bool:
    """Whether the conversion of a tensor to an array was asked for by ``S @ x``, S a sparse matrix of SciPy."""
    caller: Any = sys._getframe(2)
    if _module_of(caller) == "autograd_lite.compiler.creation":  # `np.asanyarray` while it is recorded
        caller = caller.f_back
    return caller.f_code.co_name == "_matmul_dispatch" and _module_of(caller).startswith("scipy.sparse.")


def _module_of(frame: Any) -> str:
    return str(frame.f_globals.get("__name__"))


def read_list(values: Any) -> NumberArray:
    """A nested list or tuple as an array, or an error that names the element that cannot be part of one."""
    refuse_foreign_elements(values)
    try:
        return np.asarray(values)
    except ValueError as error:
        if "inhomogeneous" not in str(error):
            raise
        raise ValueError("the nested lists are ragged: rows of different lengths do not form an array") from error


def refuse_foreign_elements(values: Any) -> None:
    """Raise TypeError if a nested list holds arrays whose masks, units and the like NumPy would drop."""
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
    if hasattr(data, "_concrete") or hasattr(data, "held"):  # a tracer or a batch converts itself
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
    """A copy of an array of a state. Tensors of other libraries are converted too: a state has no gradient to lose."""
    kind = type(value)
    is_foreign_tensor = hasattr(kind, "__dlpack__") and not (hasattr(kind, "_node") or isinstance(value, np.ndarray))
    return as_numbers(np.asarray(value) if is_foreign_tensor else value, copy=True)


def number_as_array(number: Any, dtype: Any) -> NumberArray:
    """A number of Python as an array: an integer as an integer, others in `dtype`, that of the other operand."""
    return np.asarray(number, None if type(number) is int else dtype)


def whole(x: Any) -> Any:
    """All elements of a batch of `vmap` as one array, with the hidden axes in front; anything else as it is.

    Checks that concern every element need it: whether one is NaN, or two eigenvalues coincide.
    """
    while hasattr(x, "held"):
        x = x.held
    return x


def to_array(x: Any) -> Any:
    """`x` as it is if it has a dtype, as tensors and arrays do; else as an array."""
    if x.__class__ in ARRAYS:
        return x
    x = read(x)
    return x if hasattr(x, "dtype") else np.asarray(x)


def to_floats(x: Any) -> Any:
    """`x` as an array of floating-point numbers: integers become float64, as in NumPy's own functions.

    Unsigned integers have neither negative numbers nor −∞: computing with them would give wrong results silently.
    """
    if x.__class__ not in ARRAYS:
        x = to_array(x)
    if x.dtype.kind == "f":
        return x
    if x.dtype.kind not in "iub":  # NumPy would convert strings to numbers, and None to NaN
        raise TypeError(f"the argument must hold real numbers, not dtype {x.dtype}")
    return x.astype(np.float64)
