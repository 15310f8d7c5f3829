"""The tape: NumPy calls in their order, the values that they take and return, and the memory of these values."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np


@dataclass(eq=False)
class Storage:
    """A piece of memory: of an argument ("input"), of an array from outside ("array"), or of a result ("result").

    Attributes
    ----------
    write_count : int
        How often it has been overwritten.
    owner : array
        For "array": the array that owns the memory.
    is_lasting : bool
        Whether `owner` is known to exist after the call, because it belongs to an optimizer.
    initial, content : array
        For "array": copies of what it held at first, and after the last recorded write.
    whole : Value
        The value that spans all of it, if the function has made it and overwritten it.
    is_scratch : bool
        Whether nothing outside of the program reads it.
    """

    kind: str
    owner: Any = None
    write_count: int = 0
    is_lasting: bool = False
    initial: Any = None
    content: Any = None
    whole: Value | None = None
    is_scratch: bool = False


@dataclass(eq=False)
class Value:
    """An array of the program: its layout and its storage. A view shares the storage of its base.

    `offset` is the distance of its first element from the beginning of the storage, in bytes.
    """

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    strides: tuple[int, ...]
    storage: Storage
    origin: Instruction | None = None
    offset: int = 0

    @property
    def is_whole(self) -> bool:
        """Whether the value spans its storage, and is not a view."""
        return self.origin is None or not self.origin.is_view

    @property
    def is_contiguous(self) -> bool:
        """Whether the elements lie in C order without gaps."""
        expected = self.dtype.itemsize
        for length, stride in zip(self.shape[::-1], self.strides[::-1], strict=True):
            if length != 1 and stride != expected:
                return False
            expected *= length
        return True

    @property
    def nbytes(self) -> int:
        return int(np.prod(self.shape, dtype=int)) * self.dtype.itemsize


@dataclass(eq=False)
class Instruction:
    """One call: ``results = function(*args, **kwargs)``.

    Attributes
    ----------
    function : callable or str
        What is called; a string names a method of the first argument.
    writes : tuple of Value
        The values that are overwritten.
    several : bool
        Whether the call returns a tuple or a list.
    keep : bool
        Whether the call must happen even if no result is used, such as a random draw.
    dynamic_shape : bool
        Whether the shapes of the results depend on values.
    errstate : dict, optional
        The floating-point error handling, where it differs from that at the start.
    place : str
        The line of the user's code.
    expansion : list of Instruction, optional
        NumPy calls that do the same as long as their assumptions hold.
    """

    function: Any
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    results: tuple[Value, ...] = ()
    writes: tuple[Value, ...] = ()
    several: bool = False
    is_view: bool = False
    keep: bool = False
    dynamic_shape: bool = False
    errstate: dict[str, Any] | None = None
    place: str = ""
    expansion: list[Instruction] | None = None

    @property
    def is_effect(self) -> bool:
        """Whether the call changes something that exists after the program has ended."""
        kept = self.keep and not getattr(self.function, "is_check", False)
        return kept or any(v.storage.kind != "result" and not v.storage.is_scratch for v in self.writes)

    def operands(self) -> list[Value]:
        """All values among the arguments."""
        return values_in((self.args, self.kwargs))

    def values(self) -> list[Value]:
        """All values that the call reads, returns, or overwrites."""
        return [*self.operands(), *self.writes, *self.results]


class NumberSource(NamedTuple):
    """Where a replay reads a number: `expression`, with ``{}`` for `owner`."""

    owner: Any
    expression: str
    is_option: bool = False  # of an optimizer, which must check it when it changes


@dataclass
class Tape:
    """A recorded function."""

    name: str
    inputs: list[Value] = field(default_factory=list)
    arrays: dict[Value, Any] = field(default_factory=dict)  # from outside
    instructions: list[Any] = field(default_factory=list)
    # Name, source (None for those that are passed), and type.
    numbers: list[tuple[str, NumberSource | None, type]] = field(default_factory=list)
    gradients: dict[Any, Value] = field(default_factory=dict)  # by leaf, as the function leaves them
    result: Any = None
    recorded_storages: list[Storage] = field(default_factory=list)  # of the result, before equal calls are merged

    def results(self) -> list[Value]:
        """The arrays that the function returns, in the order of its result."""
        return values_in(self.result)

    def survivors(self) -> list[Value]:
        """The values that exist after the program has ended."""
        return [*self.gradients.values(), *self.results()]

    def lines(self) -> list[str]:
        """The calls as strings, which are equal for all recordings of the same program."""
        found: list[str] = []
        for instruction in self.instructions:
            found += getattr(instruction.function, "lines", [])  # of the steps of a loop
            names = ", ".join(value.name for value in instruction.results)
            arguments = map_parts((instruction.args, instruction.kwargs), _described)
            found.append(f"{names} = {called_name(instruction.function)}{arguments}")
        return found


def parts(tree: Any) -> Iterator[Any]:
    """The leaves of nested tuples, lists, dicts and slices, from left to right."""
    waiting = [tree]
    while waiting:
        part = waiting.pop()
        if isinstance(part, tuple | list):
            waiting.extend(reversed(part))
        elif isinstance(part, dict):
            waiting.extend(reversed(part.values()))
        elif isinstance(part, slice):
            waiting += (part.step, part.stop, part.start)
        else:
            yield part


def values_in(tree: Any) -> list[Value]:
    """The values in nested tuples, lists, dicts and slices."""
    return [part for part in parts(tree) if isinstance(part, Value)]


def map_parts(tree: Any, function: Callable[[Any], Any]) -> Any:
    """The same structure with ``function(leaf)`` for each leaf; of dicts only `dict` and `OrderedDict` are entered."""
    if isinstance(tree, tuple) and hasattr(tree, "_fields"):
        return type(tree)(*(map_parts(part, function) for part in tree))
    if isinstance(tree, tuple | list):
        return type(tree)(map_parts(part, function) for part in tree)
    if type(tree) in (dict, OrderedDict):
        return type(tree)((key, map_parts(part, function)) for key, part in tree.items())
    if isinstance(tree, slice):
        return slice(*map_parts((tree.start, tree.stop, tree.step), function))
    return function(tree)


class _Unquoted(str):
    """A string whose repr has no quotation marks."""

    __repr__ = str.__str__


def _described(leaf: Any) -> Any:
    if isinstance(leaf, Value):
        return _Unquoted(f"{leaf.name}: {leaf.dtype}{list(leaf.shape)}")
    expression = getattr(leaf, "expression", None)  # of a traced number
    if isinstance(leaf, int | float | str | np.generic | None) and expression is None:
        return leaf
    return _Unquoted(expression or called_name(leaf))


def called_name(function: Any) -> str:
    """The name of what an instruction calls; methods of ufuncs as ``add.reduce``."""
    if isinstance(function, str):
        return function
    name = getattr(function, "__name__", type(function).__name__)
    owner = getattr(function, "__self__", None)
    return f"{owner.__name__}.{name}" if isinstance(owner, np.ufunc) else str(name)
