"""What a recorder writes down: values, the memory they live in, and the NumPy calls that make them from each other."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(eq=False)
class Storage:
    """A piece of memory: of an argument ("input"), of an array from outside ("array"), or of a result ("result").

    `versions` counts how often it has been overwritten. Of an array from outside, `owner` is the array at the bottom,
    `is_lasting` says that it is known to stay (it belongs to an optimizer), `initial` and `content` are what it held at
    first and what it held last, `whole` is the value for all of it if the function has made it. `is_scratch` says that
    nobody else looks at it.
    """

    kind: str
    owner: Any = None
    versions: int = 0
    is_lasting: bool = False
    initial: Any = None
    content: Any = None
    whole: Value | None = None
    is_scratch: bool = False


@dataclass(eq=False)
class Value:
    """An array of the program: its form and its memory. A view shares the storage of what it is a view of."""

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    strides: tuple[int, ...]
    storage: Storage
    origin: Instruction | None = None

    @property
    def is_whole(self) -> bool:
        """Whether the value is all of its storage, and not a view of something."""
        return self.origin is None or not self.origin.is_view

    @property
    def nbytes(self) -> int:
        return int(np.prod(self.shape, dtype=int)) * self.dtype.itemsize


@dataclass(eq=False)
class Instruction:
    """One call: ``results = function(*args, **kwargs)``.

    `function` is what is called; a string names a method of the first argument. `writes` are the values that are
    overwritten. `keep` marks what must happen though nobody uses it, such as the draw of a random number. The shapes
    of the results of a `ragged` call depend on values. `errstate` is how floating-point errors are treated, if not as
    at the beginning. `place` is the line of the user's code.
    """

    function: Any
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    results: tuple[Value, ...] = ()
    writes: tuple[Value, ...] = ()
    several: bool = False
    is_view: bool = False
    keep: bool = False
    ragged: bool = False
    errstate: dict[str, Any] | None = None
    place: str = ""

    @property
    def is_effect(self) -> bool:
        """Whether it changes something that is there after the program has ended."""
        kept = self.keep and not getattr(self.function, "is_check", False)
        return kept or any(v.storage.kind != "result" and not v.storage.is_scratch for v in self.writes)

    def operands(self) -> list[Value]:
        """All values that it is given."""
        return [leaf for leaf in parts((self.args, self.kwargs)) if isinstance(leaf, Value)]

    def values(self) -> list[Value]:
        """All values that it reads, makes, or overwrites."""
        return [*self.operands(), *self.writes, *self.results]


@dataclass
class Tape:
    """A recorded function."""

    name: str
    inputs: list[Value] = field(default_factory=list)
    arrays: dict[Value, Any] = field(default_factory=dict)  # from outside
    instructions: list[Any] = field(default_factory=list)
    numbers: list[Any] = field(default_factory=list)
    gradients: dict[Any, Value] = field(default_factory=dict)  # by leaf, as the function leaves them
    result: Any = None
    recorded_storages: list[Storage] = field(default_factory=list)  # of the result, before equal calls were shared

    def survivors(self) -> list[Value]:
        """The values that are still there when the program has ended."""
        return [*self.gradients.values(), *(leaf for leaf in parts(self.result) if isinstance(leaf, Value))]

    def lines(self) -> list[str]:
        """What is done, in words that are the same for every recording of the same program."""
        return [
            f"{', '.join(value.name for value in instruction.results)} = {function_name(instruction.function)}"
            f"{exchange((instruction.args, instruction.kwargs), _in_words)}"
            for instruction in self.instructions
        ]


def parts(tree: Any) -> Iterator[Any]:
    """What is in nested tuples, lists, dicts and slices."""
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


def exchange(tree: Any, replace: Callable[[Any], Any]) -> Any:
    """The same structure with every part replaced."""
    if isinstance(tree, tuple) and hasattr(tree, "_fields"):
        return type(tree)(*(exchange(part, replace) for part in tree))
    if isinstance(tree, tuple | list):
        return type(tree)(exchange(part, replace) for part in tree)
    if type(tree) in (dict, OrderedDict):
        return type(tree)((key, exchange(part, replace)) for key, part in tree.items())
    if isinstance(tree, slice):
        return slice(*exchange((tree.start, tree.stop, tree.step), replace))
    return replace(tree)


class _Word(str):
    """A text that is shown without quotation marks."""

    __repr__ = str.__str__


def _in_words(leaf: Any) -> Any:
    if isinstance(leaf, Value):
        return _Word(f"{leaf.name}: {leaf.dtype}{list(leaf.shape)}")
    expression = getattr(leaf, "expression", None)  # of a number that is read anew
    if isinstance(leaf, int | float | str | np.generic | None) and expression is None:
        return leaf
    return _Word(expression or function_name(leaf))


def function_name(function: Any) -> str:
    """How a function, or whatever stands in its place, is called; the method of a ufunc as ``add.reduce``."""
    if isinstance(function, str):
        return function
    name = getattr(function, "__name__", type(function).__name__)
    owner = getattr(function, "__self__", None)
    return f"{owner.__name__}.{name}" if isinstance(owner, np.ufunc) else str(name)
