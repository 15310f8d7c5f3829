"""Copies of Python functions in which some of the objects that they use are replaced."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from types import CellType, CodeType, FunctionType
from typing import Any


def copied(function: Any, replacement: Callable[[Any], Any], copies: dict[int, Any] | None = None) -> Any:
    """A copy of `function` that uses other objects, in itself and in the Python functions that it calls.

    Parameters
    ----------
    function : object
        A Python function; anything else is only replaced.
    replacement : callable
        Called with the value of each global name and each variable of an enclosing function. It returns what takes its
        place, or None to keep it. Functions that are kept are copied themselves, but for those of NumPy.
    copies : dict, optional
        The copies made so far, by the identity of the original.

    Examples
    --------
    >>> import math
    >>> double = copied(lambda x: math.sqrt(x), lambda value: None)
    >>> double(4.0)
    2.0
    """
    copies = {} if copies is None else copies
    if id(function) in copies:
        return copies[id(function)]
    replaced = replacement(function)
    if replaced is not None:
        return replaced
    if not isinstance(function, FunctionType) or str(function.__module__).startswith("numpy"):
        return function
    variables: dict[str, Any] = {}
    copy = FunctionType(
        function.__code__, variables, function.__name__, function.__defaults__,
        tuple(CellType() for _ in function.__closure__ or ()) or None,
    )  # fmt: skip
    copy.__kwdefaults__ = function.__kwdefaults__
    copies[id(function)] = copy
    variables |= function.__globals__
    for name in names_in(function.__code__):
        if name in variables:
            variables[name] = copied(variables[name], replacement, copies)
    for old, new in zip(function.__closure__ or (), copy.__closure__ or (), strict=True):
        with suppress(ValueError):  # a variable that has no value yet
            new.cell_contents = copied(old.cell_contents, replacement, copies)
    return copy


def names_in(code: CodeType) -> set[str]:
    """The names that the code uses, those of functions inside it included."""
    inner = (constant for constant in code.co_consts if isinstance(constant, CodeType))
    return set(code.co_names).union(*map(names_in, inner))
