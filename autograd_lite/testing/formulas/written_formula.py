"""A formula as it is written: its computation, with the words of the user's code for each value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_lite.testing.formulas.computation import Computation, Ref


class WrittenFormula:
    """A computation of a function, whose values have names.

    Attributes
    ----------
    calls : list of Call
    needed : set of int
        The calls that the result depends on.
    numbers : tuple of float
        The numbers that occur in the function that the formula belongs to.
    uses : dict of int to list of (int, int)
        The needed calls that take the value of a call, with the position among their operands.
    """

    def __init__(self, computation: Computation, function: Callable[..., Any]) -> None:
        self.calls = computation.calls
        self.names = computation.names
        self.returned = computation.returned
        self.needed = computation.needed()
        self.numbers: tuple[float, ...] = ()
        self.uses: dict[int, list[tuple[int, int]]] = {}
        for number in sorted(self.needed):
            for position, operand in enumerate(self.calls[number].operands):
                if type(operand) is Ref:
                    self.uses.setdefault(operand, []).append((number, position))
        self._function = self._main_function(getattr(function, "__qualname__", ""))

    def _main_function(self, name: str) -> str:
        """The name of the function that the user has written as the formula: not a wrapper that only calls it."""
        places = [self.calls[number].place for number in sorted(self.needed, reverse=True)]
        functions = [place.function for place in places if place is not None]
        return name if name in functions or not functions else functions[0]

    def is_float(self, number: int) -> bool:
        """Whether the value of a call is a floating-point number or an array of them."""
        return is_float(self.calls[number].value)

    def is_repeated(self, number: int) -> bool:
        """Whether the place of a call is evaluated several times: in a loop, or in a function that is called again."""
        place = self.calls[number].place
        return place is not None and sum(self.calls[other].place is place for other in self.needed) > 1

    def is_in_helper(self, number: int) -> bool:
        """Whether a call is in a function that the formula calls."""
        place = self.calls[number].place
        return place is not None and place.function != self._function

    def is_local(self, number: int) -> bool:
        """Whether a value exists only inside a function that the formula calls, where its names mean nothing."""
        users = [user for user, _ in self.uses.get(number, ())]
        return self.is_in_helper(number) and all(map(self.is_in_helper, users))

    def text(self, number: int) -> str:
        """A value as it is written where it is used, else where it is computed."""
        if self.calls[number].function is None:
            return self.names[number]
        for user, position in self.uses.get(number, ()):
            if not self.is_in_helper(user) and (written := self._written(user, position)):
                return written
        place = self.calls[number].place
        if place is None or self.is_in_helper(number):
            for user, position in self.uses.get(number, ()):
                if written := self._written(user, position):
                    return written
        return place.text if place is not None else f"the result of {self.calls[number].name}"

    def defined(self, number: int) -> str:
        """A value as it is written, and what it is if that is the name of a variable: ``n = np.sqrt(x @ x)``."""
        text, place = self.text(number), self.calls[number].place
        is_variable = text.isidentifier() and self.calls[number].function is not None
        return f"{text} = {place.text}" if is_variable and place is not None else text

    def meaning(self, number: Any) -> str:
        """What a variable is: ``, where n = np.sqrt(x @ x)``; empty for all other operands."""
        defined = self.defined(number) if type(number) is Ref else ""
        return f", where {defined}" if " = " in defined else ""

    def operand(self, number: int, position: int) -> str:
        """An operand of a call as it is written."""
        if written := self._written(number, position):
            return written
        operand = self.calls[number].operands[position]
        return self.text(operand) if type(operand) is Ref else f"{operand}"

    def _written(self, number: int, position: int) -> str:
        place = self.calls[number].place
        operands = place.operands if place is not None else ()
        return operands[position] if position < len(operands) else ""

    def where(self, number: int) -> str:
        """The expression of a call: ``, in `A @ B```."""
        place = self.calls[number].place
        return f", in `{place.text}`" if place is not None else ""


def is_number(value: Any) -> bool:
    """Whether an operand is a number in the user's code."""
    return isinstance(value, int | float | np.number) and not isinstance(value, Ref | bool)


def is_float(value: Any) -> bool:
    """Whether a value is a floating-point number or an array of them."""
    return isinstance(value, np.ndarray | np.floating | float) and np.asarray(value).dtype.kind == "f"
