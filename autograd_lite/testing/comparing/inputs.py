"""The functions and inputs that the user passes to a check: validated, and inputs by name."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_lite.core.tensor import Tensor
from autograd_lite.support.conversion import NumberArray
from autograd_lite.support.messages import show

Which = int | str | tuple[int | str, ...] | None


class NotFiniteError(ValueError):
    """NaN or infinity where a number was expected. Outside its domain a function has no derivative to compare."""


@dataclass(frozen=True)
class Inputs:
    """The inputs of a function: parameter names and values, with floats as float64."""

    names: tuple[str, ...]
    values: tuple[Any, ...]

    def tensors(self, differentiated: Collection[int]) -> list[Any]:
        """The inputs for the function: float arrays as new tensors, those in `differentiated` with gradients."""
        return [
            Tensor(value, requires_grad=i in differentiated)
            if i in differentiated or _is_float_array(value)
            else value.copy()
            if isinstance(value, np.ndarray)
            else value
            for i, value in enumerate(self.values)
        ]

    def arrays(self) -> list[Any]:
        """The inputs for a formula: copies of the arrays, which it may modify."""
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

    def lengths(self) -> dict[str, int]:
        """The lengths of the axes of all arrays, by what they are: "the length of axis 0 of X"."""
        return {
            f"the length of axis {axis} of {name}": length
            for name, array in self.numbers().items()
            for axis, length in enumerate(array.shape)
        }


def _is_float_array(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype.kind == "f"


def function_name(function: Callable[..., Any]) -> str:
    """The name of the user's function in messages; "fn" for a lambda."""
    name = getattr(function, "__name__", "fn")
    return "fn" if name == "<lambda>" else str(name)


def check_functions(where: str, *functions: Any) -> None:
    """Raise TypeError for a function that is not callable."""
    for function in functions:
        if not callable(function):
            raise TypeError(f"{where}: the function must be callable, not {type(function).__name__}")


def read_inputs(function: Callable[..., Any], inputs: Iterable[Any]) -> Inputs:
    """The inputs with their names. Floating-point arrays, lists and tensors become float64 arrays.

    Raises
    ------
    TypeError
        If the function cannot be called with that many inputs.
    ValueError
        If one holds NaN or infinity.
    """
    values = tuple(map(_read, inputs))
    names = parameter_names(function, values)
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


def check_takes(function: Callable[..., Any], name: str, inputs: Inputs) -> None:
    """Raise TypeError if a function cannot be called with these inputs."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # a function written in C
        return
    try:
        signature.bind(*inputs.values)
    except TypeError as error:
        count = len(inputs.values)
        raise TypeError(f"{name}{signature} cannot take {count} inputs, as the function does: {error}") from error


def parameter_names(function: Callable[..., Any], values: tuple[Any, ...]) -> tuple[str, ...]:
    """The names of the parameters that receive these values."""
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


def refuse_non_finite(values: NumberArray, what: str) -> None:
    """Raise NotFiniteError at the first NaN or infinity."""
    finite = np.isfinite(values)
    if not finite.all():
        index = tuple(int(i) for i in np.argwhere(~finite)[0])
        at = f" at {list(index)}" if index else ""
        raise NotFiniteError(f"{what} is {values[index]}{at}; there is nothing to compare")


# -- the inputs that `wrt` names -----------------------------------------------------------------------------------


def positions_of(inputs: Inputs, wrt: Which) -> tuple[int, ...]:
    """The positions of the inputs that `wrt` names.

    Raises
    ------
    TypeError
        If `wrt` is of another type, or names an input that does not hold floating-point numbers.
    ValueError
        If there is no such input, or one is named twice.
    """
    chosen = [i for item in (wrt if isinstance(wrt, tuple) else (wrt,)) for i in _resolve(inputs, item)]
    if not chosen or len(set(chosen)) < len(chosen):
        raise ValueError(f"wrt={show(wrt)} names {'an input twice' if chosen else 'no input'}")
    for i in chosen:
        value = inputs.values[i]
        if i not in inputs.floats():
            what = f"dtype {value.dtype}" if isinstance(value, np.ndarray) else type(value).__name__
            raise TypeError(f"wrt: the input {inputs.names[i]!r} is of {what}; "
                            "only floating-point inputs can be differentiated")  # fmt: skip
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
    raise TypeError(f"wrt must be a position, a name or a tuple of those, not {show(item)}")


def takes_several(inputs: Inputs, wrt: Which) -> bool:
    """Whether the closed form returns a tuple: `wrt` is a tuple, or the name of ``*arguments``."""
    return isinstance(wrt, tuple) or (isinstance(wrt, str) and wrt not in inputs.names)
