"""Evaluation of the user's function: its result, recorded or as numbers, and its derivatives."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from autograd_lite.core.backward import sweep
from autograd_lite.core.grad_mode import enable_grad
from autograd_lite.core.tensor import Tensor
from autograd_lite.support.conversion import NumberArray
from autograd_lite.support.messages import show
from autograd_lite.testing.comparing.inputs import Inputs, function_name, refuse_non_finite


def tensor_result(
    function: Callable[..., Any], inputs: Inputs, differentiated: Collection[int]
) -> tuple[Tensor, list[Any]]:
    """The recorded result of the function, and the tensors that it was called with.

    Raises
    ------
    TypeError
        If it does not return a tensor of floating-point numbers.
    ValueError
        If the result is not finite, differs between two calls, or does not depend on the inputs.
    """
    name, tensors = function_name(function), inputs.tensors(differentiated)
    with enable_grad(), np.errstate(all="ignore"), noted(name, inputs):  # non-finite results are reported below
        result = function(*tensors)
        again = function(*inputs.tensors(differentiated))
    if not isinstance(result, Tensor) or result.dtype.kind != "f":
        what = f"a tensor of dtype {result.dtype}" if isinstance(result, Tensor) else type(result).__name__
        raise TypeError(f"{name} returned {what}, not a tensor of floating-point numbers")
    refuse_non_finite(result.data, f"the result of {name}")
    refuse_difference(name, result.data, np.asarray(again.data))
    if result._node is None:
        raise ValueError(f"the result of {name} does not depend on its inputs: no gradient reaches "
                         f"{', '.join(inputs.names[i] for i in differentiated)} "
                         "(.numpy(), .data, .detach() and no_grad() cut it off)")  # fmt: skip
    return result, tensors


def array_result(function: Callable[..., Any], inputs: Inputs) -> NumberArray:
    """The result of the function as an array of numbers; here it may also return arrays, numbers or booleans."""
    name = function_name(function)
    with np.errstate(all="ignore"), noted(name, inputs):
        values = [as_array(function(*inputs.tensors(())), f"{name} returned") for _ in range(2)]
    refuse_non_finite(values[0], f"the result of {name}")
    refuse_difference(name, *values)
    return values[0]


@contextmanager
def noted(name: str, inputs: Inputs) -> Iterator[None]:
    """Adds a note to an exception of a function of the user: which function, and for which inputs."""
    try:
        yield
    except Exception as error:
        error.add_note(f"raised by {name}, for inputs {_shapes(inputs)}")
        raise


def _shapes(inputs: Inputs) -> str:
    return ", ".join(
        f"{name} {value.shape}" if isinstance(value, np.ndarray) else f"{name}={show(value, 40)}"
        for name, value in zip(inputs.names, inputs.values, strict=True)
    )


def refuse_difference(name: str, first: NumberArray, second: NumberArray) -> None:
    """Raise ValueError if two results of a function for the same inputs differ by more than rounding errors."""
    size = float(np.max(np.abs(first), initial=0.0, where=np.isfinite(first)))
    if first.shape != second.shape or not np.allclose(first, second, rtol=1e-12, atol=1e-12 * size, equal_nan=True):
        raise ValueError(f"{name} gave two different results for the same inputs; it must not keep a state; "
                         "if it draws random numbers, seed their generator inside the function")  # fmt: skip


def as_array(value: Any, what: str) -> NumberArray:
    """A number, boolean, array, tensor without gradient or nested list as an array of float64."""
    value = value.data if isinstance(value, Tensor) else value
    try:
        array = np.asarray(value)
    except (ValueError, TypeError):  # a ragged list; objects that are not converted
        array = np.asarray(None)
    if array.dtype.kind not in "fiub" or np.ma.is_masked(value):
        kind = "a masked array" if np.ma.is_masked(value) else type(value).__name__
        kind = f"an array of dtype {array.dtype}" if type(value) is np.ndarray else kind
        hint = "; is a return statement missing?" if value is None else ""
        raise TypeError(f"{what} {'None' if value is None else kind}, not an array of real numbers{hint}")
    return array.astype(np.float64)


def derivatives(result: Tensor, tensors: list[Any], wanted: Iterable[int]) -> dict[int, NumberArray]:
    """The Jacobian of the result for each wanted tensor that it depends on: shape of the result + shape of the tensor.

    Each element of the result takes one backward pass.
    """
    assert result._node is not None
    jacobians: dict[int, NumberArray] = {}
    for row in np.ndindex(result.shape):
        seed = np.zeros(result.shape)
        seed[row] = 1
        with np.errstate(all="ignore"):
            gradients = sweep({result._node: seed}, retain_graph=True)
        for i in wanted:
            if tensors[i]._node in gradients:
                if i not in jacobians:
                    jacobians[i] = np.zeros(result.shape + tensors[i].shape)
                jacobians[i][row] = gradients[tensors[i]._node]
    return jacobians
