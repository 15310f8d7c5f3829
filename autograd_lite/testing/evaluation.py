"""Calling what the user wrote: inputs by name, the function's result, its derivatives; bad input is named."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_lite.core.backward import sweep
from autograd_lite.core.grad_mode import enable_grad
from autograd_lite.core.tensor import Tensor
from autograd_lite.support.messages import show

NumberArray = np.ndarray[Any, np.dtype[Any]]
Which = int | str | tuple[int | str, ...] | None


class NotFiniteError(ValueError):
    """NaN or infinity where a number was expected: outside its domain a function has no derivative to compare."""


@dataclass(frozen=True)
class Inputs:
    """What a function is called with: the names of its parameters and the values, floats as float64."""

    names: tuple[str, ...]
    values: tuple[Any, ...]

    def tensors(self, differentiated: Collection[int]) -> list[Any]:
        """The inputs as the function sees them: float arrays as new tensors, those `differentiated` with gradients."""
        return [
            Tensor(value, requires_grad=i in differentiated)
            if i in differentiated or _is_float_array(value)
            else value.copy()
            if isinstance(value, np.ndarray)
            else value
            for i, value in enumerate(self.values)
        ]

    def arrays(self) -> list[Any]:
        """The inputs as a formula sees them: plain arrays, copied so that it can do with them what it likes."""
        return [value.copy() if isinstance(value, np.ndarray) else value for value in self.values]

    def floats(self) -> list[int]:
        """The positions of all inputs that can be differentiated."""
        return [i for i, value in enumerate(self.values) if _is_float_array(value) or isinstance(value, float)]

    def numbers(self) -> dict[str, NumberArray]:
        """All numbers and arrays of numbers, by name."""
        return {
            name: np.asarray(value)
            for name, value in zip(self.names, self.values, strict=True)
            if isinstance(value, np.ndarray | int | float)
        }


def _is_float_array(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype.kind == "f"


def function_name(function: Callable[..., Any]) -> str:
    """How messages call the user's function."""
    name = getattr(function, "__name__", "fn")
    return "fn" if name == "<lambda>" else str(name)


def check_functions(where: str, *functions: Any) -> None:
    """Raise TypeError for what cannot be called."""
    for function in functions:
        if not callable(function):
            raise TypeError(f"{where}: a function is needed, not {type(function).__name__}")


def read_inputs(function: Callable[..., Any], inputs: Iterable[Any]) -> Inputs:
    """The inputs with their names: floating-point arrays (lists, tensors) become float64 arrays, the rest stays.

    Raises
    ------
    TypeError
        If the function cannot be called with that many inputs.
    ValueError
        If one holds NaN or infinity.
    """
    values = tuple(map(_read, inputs))
    names = _parameter_names(function, values)
    for name, value in zip(names, values, strict=True):
        if isinstance(value, float) or _is_float_array(value):
            refuse_non_finite(np.asarray(value), f"the input {name!r}")
    return Inputs(names, values)


def _read(value: Any) -> Any:
    if isinstance(value, Tensor):
        value = value.data
    if isinstance(value, list):
        array = np.asarray(value) if value and not isinstance(value[0], np.ndarray | Tensor) else None
        return array.astype(np.float64) if array is not None and array.dtype.kind == "f" else value
    if isinstance(value, np.floating):
        return float(value)
    return value.astype(np.float64) if _is_float_array(value) else value


def _parameter_names(function: Callable[..., Any], values: tuple[Any, ...]) -> tuple[str, ...]:
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # NumPy's ufuncs and other functions written in C
        return tuple(f"argument {i}" for i in range(len(values)))
    try:
        bound = signature.bind(*values)
    except TypeError as error:
        raise TypeError(f"{function_name(function)}{signature} cannot take {len(values)} inputs: {error}") from error
    names: list[str] = []
    for name, value in bound.arguments.items():
        variadic = signature.parameters[name].kind is inspect.Parameter.VAR_POSITIONAL
        names += [f"{name}[{i}]" for i in range(len(value))] if variadic else [name]
    return tuple(names)


def refuse_non_finite(values: NumberArray, whose: str) -> None:
    """Raise NotFiniteError if there is a NaN or an infinity, naming the first."""
    finite = np.isfinite(values)
    if not finite.all():
        index = tuple(int(i) for i in np.argwhere(~finite)[0])
        at = f" at {list(index)}" if index else ""
        raise NotFiniteError(f"{whose} is {values[index]}{at}; there is nothing to compare")


# -- which inputs are meant ----------------------------------------------------------------------------------------


def positions_of(inputs: Inputs, wrt: Which) -> tuple[int, ...]:
    """The positions that `wrt` stands for, each of an input that can be differentiated.

    Raises
    ------
    TypeError
        If `wrt` is of another kind, or names an input that does not hold floating-point numbers.
    ValueError
        If there is no such input, or one comes twice.
    """
    chosen = [i for item in (wrt if isinstance(wrt, tuple) else (wrt,)) for i in _resolve(inputs, item)]
    if not chosen or len(set(chosen)) < len(chosen):
        raise ValueError(f"wrt={show(wrt)} names {'an input twice' if chosen else 'no input'}")
    for i in chosen:
        value = inputs.values[i]
        if i not in inputs.floats():
            what = f"dtype {value.dtype}" if isinstance(value, np.ndarray) else type(value).__name__
            raise TypeError(f"wrt: the input {inputs.names[i]!r} is of {what}; "
                            "there are derivatives with respect to floating-point numbers only")  # fmt: skip
    return tuple(chosen)


def _resolve(inputs: Inputs, item: Any) -> list[int]:
    if isinstance(item, str):
        found = [i for i, name in enumerate(inputs.names) if name == item or name.startswith(f"{item}[")]
        if not found:
            raise ValueError(f"wrt={show(item)}: there is no such input; there are {', '.join(inputs.names)}")
        return found
    if isinstance(item, int) and not isinstance(item, bool):
        if not -len(inputs.values) <= item < len(inputs.values):
            raise ValueError(f"wrt={item}: there are {len(inputs.values)} inputs, {', '.join(inputs.names)}")
        return [item % len(inputs.values)]
    raise TypeError(f"wrt is a position, a name or a tuple of those, not {show(item)}")


def takes_several(inputs: Inputs, wrt: Which) -> bool:
    """Whether a closed form returns a tuple: `wrt` is one, or it is the name of ``*arguments``."""
    return isinstance(wrt, tuple) or (isinstance(wrt, str) and wrt not in inputs.names)


# -- the function --------------------------------------------------------------------------------------------------


def call(function: Callable[..., Any], inputs: Inputs, differentiated: Collection[int]) -> tuple[Tensor, list[Any]]:
    """The recorded result of the function, and the tensors that it was called with.

    Raises
    ------
    TypeError
        If it does not return a tensor of floating-point numbers.
    ValueError
        If the result is not finite, or differs from call to call, or no gradient leads back to the inputs.
    """
    with enable_grad(), np.errstate(all="ignore"):  # what is not finite is named below
        tensors = inputs.tensors(differentiated)
        result = function(*tensors)
        again = function(*inputs.tensors(differentiated))
    name = function_name(function)
    if not isinstance(result, Tensor) or result.dtype.kind != "f":
        what = f"a tensor of dtype {result.dtype}" if isinstance(result, Tensor) else type(result).__name__
        raise TypeError(f"{name} returned {what}, not a tensor of floating-point numbers")
    refuse_non_finite(result.data, f"the result of {name}")
    _refuse_randomness(name, result.data, np.asarray(again.data))
    if result._node is None:
        raise ValueError(f"the result of {name} does not depend on its inputs: no gradient leads from it to one of "
                         f"{', '.join(inputs.names[i] for i in differentiated)} "
                         "(.numpy(), .data, .detach() and no_grad() cut it off)")  # fmt: skip
    return result, tensors


def value_of(function: Callable[..., Any], inputs: Inputs) -> NumberArray:
    """The result of the function as an array of numbers; here it may also return arrays, numbers or booleans."""
    name = function_name(function)
    with np.errstate(all="ignore"):
        values = [as_array(function(*inputs.tensors(())), f"{name} returned") for _ in range(2)]
    refuse_non_finite(values[0], f"the result of {name}")
    _refuse_randomness(name, *values)
    return values[0]


def _refuse_randomness(name: str, first: NumberArray, second: NumberArray) -> None:
    if first.shape != second.shape or not np.allclose(first, second, rtol=1e-12, atol=1e-12):
        raise ValueError(f"{name} gave two different results for the same inputs; "
                         "a function that draws random numbers must be given the same generator each time")  # fmt: skip


def as_array(value: Any, whose: str) -> NumberArray:
    """A number, boolean, array, tensor without gradient or nested list as an array of float64."""
    value = value.data if isinstance(value, Tensor) else value
    try:
        array = np.asarray(value)
    except ValueError:
        array = np.asarray(None)
    if array.dtype.kind not in "fiub":
        raise TypeError(f"{whose} {type(value).__name__}, not an array of real numbers")
    return array.astype(np.float64)


def derivatives(result: Tensor, tensors: list[Any], wanted: Iterable[int]) -> dict[int, NumberArray]:
    """The Jacobian of the result with respect to each wanted tensor: shape of the result + shape of the tensor.

    Row by row, one reverse sweep for each element of the result. A tensor that no sweep reaches is left out.
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
                blank = np.zeros(result.shape + tensors[i].shape)
                jacobians.setdefault(i, blank)[row] = gradients[tensors[i]._node]
    return jacobians
