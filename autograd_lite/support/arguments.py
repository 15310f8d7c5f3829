"""Arguments of operations: how they are read, and NumPy's errors with their names, dtypes and shapes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from autograd_lite.support.conversion import read, read_list
from autograd_lite.support.messages import LINE, is_from_repr, one_line, shorten, show

_FEW = 6  # arrays of a list are described

# Errors that consist of a type and a message, so that one with another message can be made of them.
PLAIN_ERRORS = (np.exceptions.AxisError, np.linalg.LinAlgError, IndexError, KeyError, TypeError, ValueError)

# NumPy's message about operands with too few axes, in terms of gufunc signatures.
_FEW_AXES = re.compile(r"operand (\d+) does not have enough dimensions \(has (\d+), .* requires (\d+)\)")


def describe(value: Any) -> str:
    """An argument as error messages show it: dtype and shape of arrays, else the value or its type.

    Examples
    --------
    >>> describe(np.zeros((2, 3))), describe(-1), describe([np.zeros(2), np.zeros(3)])
    ('float64 (2, 3)', '-1', '[float64 (2,), float64 (3,)]')
    """
    if _is_array(value) or isinstance(value, np.generic):
        return f"{value.dtype} {value.shape}"
    if isinstance(value, tuple | list) and any(map(_is_array, value[:_FEW])):
        more = f", ... ({len(value)} in all)" if len(value) > _FEW else ""
        return f"[{', '.join(map(describe, value[:_FEW]))}{more}]"
    return show(value, 40)


def _is_array(value: Any) -> bool:
    return isinstance(value, np.ndarray) or hasattr(type(value), "_node")


def explain(name: str, arguments: Mapping[str, Any], numeric: list[str], is_ufunc: bool, error: Exception) -> Exception:
    """The error of the forward function of the operation `name` with what it was given.

    `numeric` are the arguments that must be numbers.
    """
    reason = one_line(error).removeprefix(f"{name}: ")
    names, values = list(arguments), list(arguments.values())
    few = _FEW_AXES.search(reason)
    if few is not None:
        position, ndim, least = few.groups()
        reason = f"{names[int(position)]} has {ndim} axes and needs {least} at least"
    if "mismatch in its core dimension" in reason:  # of a gufunc signature
        left, right = np.shape(values[0]), np.shape(values[1])
        reason = f"shapes {left} and {right} do not match: {left[-1]} != {right[-2:][0]}"
    kind: type[Exception] | None = next((kind for kind in PLAIN_ERRORS if isinstance(error, kind)), None)
    if is_from_repr(error):
        kind, reason = TypeError, "an argument has the wrong type"
    # NumPy complains of loops, casting rules, and methods that a number lacks; ufuncs of dimensions too.
    if isinstance(error, TypeError | AttributeError) or is_ufunc:
        without_numbers = next((argument for argument in numeric if not _is_numeric(arguments[argument])), None)
        if without_numbers is not None:
            kind, reason = TypeError, f"{without_numbers} must hold real numbers"
    given = shorten(", ".join(f"{argument}: {describe(value)}" for argument, value in arguments.items()), LINE)
    if kind is None:
        error.add_note(f"in {name}({given})")
        return error
    return kind(f"{name}: {reason} ({given})")


def _is_numeric(value: Any) -> bool:
    dtype = np.asarray(value).dtype if isinstance(value, type) or not hasattr(value, "dtype") else value.dtype
    return dtype.kind in "fiubc"


def read_argument(name: str, argument: str, value: Any) -> Any:
    """An operand that is neither tensor, array nor number, as an array if it can be read as one."""
    if type(value) in (list, tuple):
        try:
            return read_list(value)
        except (TypeError, ValueError) as error:
            reason = "its rows differ in length" if "ragged" in str(error) else one_line(error)
            raise type(error)(f"{name}: {argument} does not form an array: {reason}") from error
    return read_option(name, argument, value)


def read_option(name: str, argument: str, value: Any) -> Any:
    """The same for an argument that may remain a list or a tuple."""
    try:
        return read(value)
    except TypeError as error:
        raise TypeError(f"{name}: {argument}: {error}") from error
