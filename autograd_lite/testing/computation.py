"""A computation: the NumPy calls that a function makes, which can be run again with some of them changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_lite.testing.source_places import Place

# A changed call: it receives the operands and options of the call, and returns the value that takes its place.
Change = Callable[..., Any]


class Ref(int):
    """The number of a call, in the place of its value among the operands of later calls."""

    __slots__ = ()


@dataclass(eq=False, slots=True)
class Call:
    """One call, ``value = function(*operands, **options)``. An input has the function None.

    Attributes
    ----------
    place : Place or None
        The expression in the user's code.
    values : set of int
        The calls that it depends on, itself included.
    """

    function: Callable[..., Any] | None
    operands: tuple[Any, ...]
    options: dict[str, Any]
    value: Any
    place: Place | None = None
    below: frozenset[int] = frozenset()

    @property
    def name(self) -> str:
        return str(getattr(self.function, "__name__", self.function))


@dataclass
class Computation:
    """The calls in their order, the first ones being the inputs, and what is returned: a tree with `Ref` leaves."""

    calls: list[Call]
    names: tuple[str, ...]  # of the inputs
    returned: Any = None

    def run(self, inputs: Sequence[Any], changes: Mapping[int, Change] | None = None) -> Any:
        """What the computation returns for the inputs, with the changed calls in place of the recorded ones."""
        return substituted(self.returned, self.values(inputs, changes or {}))

    def values(self, inputs: Sequence[Any], changes: Mapping[int, Change]) -> list[Any]:
        """The values of all calls."""
        values: list[Any] = []
        for number, call in enumerate(self.calls):
            value = inputs[number] if call.function is None else None
            if number in changes:
                values.append(changes[number](*self._arguments(call, values), **self._options(call, values))
                              if call.function else changes[number](value))  # fmt: skip
            elif call.function is None:
                values.append(value)
            else:
                values.append(call.function(*self._arguments(call, values), **self._options(call, values)))
        return values

    def rerun(self, values: Sequence[Any], changes: Mapping[int, Change], needed: frozenset[int]) -> Any:
        """As `run`, where `values` are those without the changes: only the `needed` calls above a change are repeated."""
        new = list(values)
        for number, call in enumerate(self.calls):
            if number in needed and not call.below.isdisjoint(changes):
                operands, options = self._arguments(call, new), self._options(call, new)
                if call.function is None:
                    new[number] = changes[number](new[number])
                elif number in changes:
                    new[number] = changes[number](*operands, **options)
                else:
                    new[number] = call.function(*operands, **options)
        return substituted(self.returned, new)

    def result(self, values: Sequence[Any]) -> Any:
        """What is returned, from the values of the calls."""
        return substituted(self.returned, values)

    def cost(self, changes: Mapping[int, Change], needed: frozenset[int]) -> int:
        """The number of calls that `rerun` makes."""
        return sum(not self.calls[number].below.isdisjoint(changes) for number in needed)

    def needed(self) -> frozenset[int]:
        """The calls that the result depends on."""
        return frozenset().union(*(self.calls[ref].below for ref in refs(self.returned)))

    @staticmethod
    def _arguments(call: Call, values: Sequence[Any]) -> Any:
        return substituted(call.operands, values)

    @staticmethod
    def _options(call: Call, values: Sequence[Any]) -> Any:
        return {name: substituted(option, values) for name, option in call.options.items()} if call.options else {}


def substituted(tree: Any, values: Sequence[Any]) -> Any:
    """The tree with the values of calls in the place of their numbers."""
    if type(tree) is Ref:
        return values[tree]
    if type(tree) in (tuple, list):
        return type(tree)([substituted(part, values) for part in tree])
    if type(tree) is slice:
        return slice(*substituted((tree.start, tree.stop, tree.step), values))
    return tree


def refs(tree: Any) -> list[Ref]:
    """The numbers of calls in a tree of operands."""
    if type(tree) is Ref:
        return [tree]
    if type(tree) in (tuple, list):
        return [ref for part in tree for ref in refs(part)]
    if type(tree) is dict:
        return refs(list(tree.values()))
    return refs((tree.start, tree.stop, tree.step)) if type(tree) is slice else []


def shape_of(value: Any) -> tuple[int, ...] | None:
    """The shape of a number or an array of numbers, else None."""
    if isinstance(value, np.ndarray | np.generic | float | int) and np.asarray(value).dtype.kind in "fiub":
        return np.shape(value)
    return None


def setitem(x: Any, index: Any, value: Any) -> Any:
    """A copy of x with the value at the index."""
    x = np.array(x)
    x[index] = value
    return x
