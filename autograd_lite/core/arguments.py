"""Helpers that generated functions call in rare cases, mostly to raise errors."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_lite.batching.batch import innermost
from autograd_lite.batching.operations import forward_by_elements
from autograd_lite.core.cuts import cut
from autograd_lite.core.declaration import Declaration
from autograd_lite.core.grad_mode import is_grad_enabled
from autograd_lite.support.arguments import explain, read_option
from autograd_lite.support.conversion import PYTHON_NUMBERS, number_as_array
from autograd_lite.support.recorder_interface import current_recorder
from autograd_lite.support.rule_errors import check_result


def forward_otherwise(operation: Declaration, error: Exception, values: tuple[Any, ...]) -> Any:
    """The result of a forward function that raised `error`, because of batches or of a recorder.

    Batches are taken apart. The recorder makes it one instruction of the program. Without a recorder, or if that fails
    too, the error is raised, with the arguments of the operation.
    """
    axis = innermost(values)
    if axis is not None:
        return forward_by_elements(operation, axis, values, forward_otherwise)
    recorder = current_recorder()
    if recorder is not None:
        try:
            return recorder.forward(operation, values)
        except Exception as second_error:
            error = second_error
    arguments = dict(zip(operation.arguments, values, strict=True))
    explained = explain(operation.name, arguments, operation.numeric(values), operation.is_ufunc, error)
    raise explained from error if explained is not error else error.__cause__  # no error is its own cause


def with_arrays(operation: Declaration, saved: tuple[Any, ...], out: Any) -> tuple[Any, ...]:
    """Saved values with arrays in place of Python numbers among the operands."""
    dtype = (out[0] if operation.outputs > 1 else out).dtype

    def as_array(value: Any) -> Any:
        if type(value) is tuple:
            return tuple(map(as_array, value))
        return number_as_array(value, dtype) if value.__class__ in PYTHON_NUMBERS else value

    pairs = zip(operation.saved_names, saved, strict=True)
    return tuple([as_array(value) if name in operation.differentiable else value for name, value in pairs])


def read_result(name: str, out: Any) -> Any:
    """The result of a user's forward function as a plain array, since a tensor holds nothing else."""
    check_result(name, out)
    return read_option(name, "the result", out)


def refuse(name: str, argument: str) -> None:
    """Refuse a tensor that requires gradients where an operation has no rule."""
    if is_grad_enabled():
        raise cut(
            f"{name}: there is no derivative with respect to {argument!r}, "
            "but it is a tensor that requires gradients; pass it with .detach()"
        )


def refuse_result(operation: Declaration, dtype: np.dtype[Any]) -> None:
    """Refuse complex numbers, objects and strings as values of a tensor."""
    raise TypeError(f"{operation.name}: the result has dtype {dtype}, but tensors hold real numbers")
