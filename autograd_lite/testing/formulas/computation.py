"""A computation: the NumPy calls that a function makes, which can be repeated with some of them changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_lite.testing.chain_rule.source_places import Place

# What takes the place of a call: a function of its operands and options; for an input, of its value.
Change = Callable[..., Any]


class Ref(int):
    """The number of a call, in the place of its value among the operands of later calls."""

    __slots__ = ()


@dataclass(eq=False, slots=True)
class Call:
    """One call, ``value = function(*operands, **options)``. For an input the function is None.

    Attributes
    ----------
    value : object
        What it gave when it was recorded.
    place : Place or None
        The expression in the user's code.
    below : set of int
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
    """The calls in their order, the inputs first.

    Attributes
    ----------
    calls : list of Call
    names : tuple of str
        The names of the inputs.
    returned : object
        What is returned, with `Ref` in place of the values of calls.
    """

    calls: list[Call]
    names: tuple[str, ...]
    returned: Any

    def values(self, inputs: Sequence[Any]) -> list[Any]:
        """The values of all calls for other inputs."""
        values = list(inputs)
        for call in self.calls[len(values) :]:
            values.append(_repeated(call, call.function, values))
        return values

    def result(self, values: Sequence[Any]) -> Any:
        """What is returned, where the calls have these values."""
        return substituted(self.returned, values)

    def changed(self, values: Sequence[Any], changes: Mapping[int, Change], needed: frozenset[int]) -> Any:
        """What is returned with some calls changed. The `needed` calls that depend on them are repeated."""
        new = list(values)
        for number, call in enumerate(self.calls):
            if number in needed and not call.below.isdisjoint(changes):
                if call.function is None:
                    new[number] = changes[number](new[number])
                else:
                    new[number] = _repeated(call, changes.get(number, call.function), new)
        return self.result(new)

    def cost(self, changes: Mapping[int, Change], needed: frozenset[int]) -> int:
        """The number of calls that `changed` repeats."""
        return sum(not self.calls[number].below.isdisjoint(changes) for number in needed)

    def needed(self) -> frozenset[int]:
        """The calls that the result depends on."""
        return frozenset().union(*(self.calls[ref].below for ref in refs(self.returned)))


def _repeated(call: Call, function: Any, values: Sequence[Any]) -> Any:
    operands = substituted(call.operands, values)
    return function(*operands, **substituted(call.options, values)) if call.options else function(*operands)


def substituted(tree: Any, values: Sequence[Any]) -> Any:
    """The tree with the values of calls in the place of their numbers."""
    return map_tree(tree, lambda part: values[part] if type(part) is Ref else part)


def refs(tree: Any) -> list[Ref]:
    """The numbers of calls in a tree of operands."""
    found: list[Ref] = []
    map_tree(tree, lambda part: found.append(part) if type(part) is Ref else None)
    return found


def map_tree(tree: Any, change: Callable[[Any], Any]) -> Any:
    """Nested tuples, lists, dicts and slices with `change` applied to what they hold."""
    kind = type(tree)
    if kind is tuple or kind is list:
        return kind([map_tree(part, change) for part in tree])
    if kind is dict:
        return {key: map_tree(part, change) for key, part in tree.items()}
    if kind is slice:
        return slice(*[map_tree(part, change) for part in (tree.start, tree.stop, tree.step)])
    return change(tree)


# -- functions that a recorded formula calls in place of Python's statements ----------------------------------------


def getitem(x: Any, index: Any) -> Any:
    """``x[index]``."""
    return x[index]


def setitem(x: Any, index: Any, value: Any) -> Any:
    """A copy of x after ``x[index] = value``."""
    x = np.array(x)
    x[index] = value
    return x


def additem(x: Any, index: Any, value: Any) -> Any:
    """A copy of x with the value added at the index, as often as a position occurs in it."""
    x = np.array(x)
    np.add.at(x, index, value)
    return x
