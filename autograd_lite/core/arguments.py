"""What the written functions of `codegen` call in rare cases: arguments to read, and errors, with names and shapes."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_lite.core.declaration import Declaration
from autograd_lite.core.grad_mode import is_grad_enabled
from autograd_lite.core.graph import Operation
from autograd_lite.core.hooks import current_recorder
from autograd_lite.core.tensor import Tensor
from autograd_lite.support.argument_errors import explain
from autograd_lite.support.conversion import PYTHON_NUMBERS, number_as_array, read, read_list
from autograd_lite.support.messages import one_line


def forward_otherwise(operation: Declaration, error: Exception, values: tuple[Any, ...]) -> Any:
    """The result of a forward function that raised `error`, because it cannot be recorded call by call.

    The recorder makes it one step of the program. Without a recorder, or if that fails too, the error is raised again,
    with what the operation was given.
    """
    recorder = current_recorder()
    if recorder is not None:
        try:
            return recorder.forward(operation, values)
        except Exception as second_error:
            error = second_error
    raise _explain(operation, error, values) from error


def _explain(operation: Declaration, error: Exception, values: tuple[Any, ...]) -> Exception:
    numeric = [
        parameter.name
        for parameter, value in zip(operation.parameters, values, strict=True)
        if operation.is_ufunc or parameter.name in operation.rules or type(parameter.default) is float
        if value is not parameter.default and parameter.name != operation.variadic
    ]
    arguments = dict(zip(operation.arguments, values, strict=True))
    return explain(operation.name, arguments, numeric, operation.is_ufunc, error)


def check_count(operation: Operation, gradients: tuple[Any, ...], parents: tuple[Any, ...]) -> None:
    """Refuse the gradients of a rule if they are not one per parent."""
    if len(gradients) != len(parents):
        raise ValueError(
            f"{operation.describe_rule(len(parents))} returned {len(gradients)} gradients for {len(parents)}"
        )


def with_arrays(operation: Declaration, saved: tuple[Any, ...], out: Any) -> tuple[Any, ...]:
    """Saved values with arrays in place of Python numbers among the operands."""
    dtype = (out[0] if operation.outputs > 1 else out).dtype

    def as_array(value: Any) -> Any:
        if type(value) is tuple:
            return tuple(map(as_array, value))
        return number_as_array(value, dtype) if value.__class__ in PYTHON_NUMBERS else value

    pairs = zip(operation.saved_names, saved, strict=True)
    return tuple([as_array(value) if name in operation.differentiable else value for name, value in pairs])


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


def read_result(name: str, out: Any) -> Any:
    """The result of a user's forward function as a plain array, since a tensor holds nothing else."""
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


def refuse_result(operation: Declaration, dtype: np.dtype[Any]) -> None:
    """Refuse complex numbers, objects and strings as values of a tensor."""
    raise TypeError(f"{operation.name}: the result has dtype {dtype}, but tensors hold real numbers")
