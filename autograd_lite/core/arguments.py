"""What a wrong call of an operation is told: the error of NumPy once more, with names, dtypes and shapes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd_lite.core.grad_mode import is_grad_enabled
from autograd_lite.core.tensor import Tensor
from autograd_lite.support.conversion import read, read_list
from autograd_lite.support.messages import LINE, is_from_repr, one_line, shorten, show

if TYPE_CHECKING:
    from autograd_lite.core.primitive import Primitive

_FEW = 6  # arrays of a list are described

# Errors that are a type and a text, so that another one can be made of them.
PLAIN_ERRORS = (np.exceptions.AxisError, np.linalg.LinAlgError, IndexError, KeyError, TypeError, ValueError)


# What NumPy says of operands with too few axes, in terms of gufunc signatures.
_FEW_AXES = re.compile(r"operand (\d+) does not have enough dimensions \(has (\d+), .* requires (\d+)\)")


def describe(value: Any) -> str:
    """What an error message says of an argument: dtype and shape of arrays, else the value or its type.

    Examples
    --------
    >>> describe(np.zeros((2, 3))), describe(-1), describe([np.zeros(2), np.zeros(3)])
    ('float64 (2, 3)', '-1', '[float64 (2,), float64 (3,)]')
    """
    if isinstance(value, np.ndarray | np.generic | Tensor):
        return f"{value.dtype} {value.shape}"
    if isinstance(value, tuple | list) and any(isinstance(item, np.ndarray | Tensor) for item in value[:_FEW]):
        more = f", ... ({len(value)} in all)" if len(value) > _FEW else ""
        return f"[{', '.join(map(describe, value[:_FEW]))}{more}]"
    return show(value, 40)


def explain(operation: Primitive, error: Exception, values: tuple[Any, ...]) -> Exception:
    """The error of the forward function once more, with the name of the operation and what it was given."""
    reason = one_line(error).removeprefix(f"{operation.name}: ")
    few = _FEW_AXES.search(reason)
    if few is not None:
        position, ndim, least = few.groups()
        reason = f"{operation.arguments[int(position)]} has {ndim} axes and needs {least} at least"
    if "mismatch in its core dimension" in reason:  # NumPy speaks of gufunc signatures here
        left, right = np.shape(values[0]), np.shape(values[1])
        reason = f"shapes {left} and {right} do not match: {left[-1]} != {right[-2:][0]}"
    kind: type[Exception] | None = next((kind for kind in PLAIN_ERRORS if isinstance(error, kind)), None)
    if is_from_repr(error):
        kind, reason = TypeError, "an argument has the wrong type"
    # Of loops, casting rules, and methods that a number lacks; those of ufuncs speak of dimensions too.
    if isinstance(error, TypeError | AttributeError) or isinstance(operation.forward, np.ufunc):
        no_numbers = _without_numbers(operation, values)
        kind, reason = (TypeError, f"real numbers are needed for {no_numbers}") if no_numbers else (kind, reason)
    given = ", ".join(f"{name}: {describe(value)}" for name, value in zip(operation.arguments, values, strict=True))
    given = shorten(given, LINE)
    if kind is None:
        error.add_note(f"in {operation.name}({given})")
        return error
    return kind(f"{operation.name}: {reason} ({given})")


def _without_numbers(operation: Primitive, values: tuple[Any, ...]) -> str | None:
    """The first argument that is text, None, or anything else not made of numbers, where numbers belong."""
    ufunc = isinstance(operation.forward, np.ufunc)
    for parameter, value in zip(operation.parameters, values, strict=True):
        numeric = ufunc or parameter.name in operation.rules or type(parameter.default) is float
        if numeric and value is not parameter.default and parameter.name != operation.variadic:
            dtype = np.asarray(value).dtype if isinstance(value, type) or not hasattr(value, "dtype") else value.dtype
            if dtype.kind not in "fiubc":
                return parameter.name
    return None


def check_count(operation: Primitive, gradients: tuple[Any, ...], parents: tuple[Any, ...]) -> None:
    """Refuse the result of a rule that returns another number of gradients than there are operands."""
    if len(gradients) != len(parents):
        raise ValueError(
            f"{operation.describe_rule(len(parents))} returned {len(gradients)} gradients for {len(parents)}"
        )


def read_argument(name: str, argument: str, value: Any) -> Any:
    """What is neither tensor, array nor number, as an array if it is one: rules compute with what they are given."""
    if type(value) in (list, tuple):
        try:
            return read_list(value)
        except (TypeError, ValueError) as error:
            reason = "its rows differ in length" if "ragged" in str(error) else one_line(error)
            raise type(error)(f"{name}: {argument} does not form an array: {reason}") from error
    return read_option(name, argument, value)


def read_option(name: str, argument: str, value: Any) -> Any:
    """The same for an argument that may be a list or a tuple."""
    try:
        return read(value)
    except TypeError as error:
        raise TypeError(f"{name}: {argument}: {error}") from error


def read_result(name: str, out: Any) -> Any:
    """What a forward function returned, if it is no plain array: a tensor holds nothing else."""
    if isinstance(out, Tensor):
        raise TypeError(f"{name}: the forward function returned a Tensor; it is a function of arrays")
    return read_option(name, "the result", out)


def refuse(name: str, argument: str) -> None:
    """Refuse a tensor that requires gradients where an operation has no rule."""
    if is_grad_enabled():
        raise TypeError(
            f"{name}: there is no derivative with respect to {argument!r}, "
            "but it is a tensor that requires gradients; pass it with .detach()"
        )


def refuse_result(operation: Primitive, dtype: np.dtype[Any]) -> None:
    """Refuse complex numbers, objects and texts as values of a tensor."""
    raise TypeError(f"{operation.name}: the result has dtype {dtype}, but tensors hold real numbers")
