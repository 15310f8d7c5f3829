"""Loops: a NumPy call as a statement inside nested loops, whose operands are elements of flat memory."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autograd_lite.compiler.tape import Value

INT = np.dtype(np.int64)


class NotNative(Exception):  # noqa: N818
    """A call cannot be written as loops; the text says why."""


@dataclass(eq=False)
class Memory:
    """Flat memory with elements of one dtype.

    Attributes
    ----------
    is_private : bool
        Whether nothing but the program reads it.
    values : list of Value
        Arrays on the tape that lie in it, with the positions of their first elements.
    """

    name: str
    dtype: np.dtype[Any]
    is_private: bool = False
    values: dict[Value, int] = field(default_factory=dict)


class Expression:
    """An expression of one element; `operands` are the expressions inside."""

    dtype: np.dtype[Any]
    operands: tuple[Expression, ...] = ()

    def mapped(self, function: Callable[[Element], Element]) -> Expression:
        """The same expression with ``function(element)`` for each element."""
        return self

    def parts(self) -> Iterator[Expression]:
        """The expression and all inside it."""
        yield self
        for operand in self.operands:
            yield from operand.parts()


@dataclass(frozen=True, eq=False)
class Constant(Expression):
    """A number that is the same in all replays."""

    value: Any
    dtype: np.dtype[Any]


@dataclass(frozen=True, eq=False)
class Number(Expression):
    """A number that is computed in Python in each replay, or an array without dimensions that a call returns."""

    source: Any  # a traced number, or a value
    dtype: np.dtype[Any]


@dataclass(frozen=True, eq=False)
class Position(Expression):
    """The number of the iteration in a loop."""

    level: int
    dtype: np.dtype[Any] = INT


@dataclass(frozen=True, eq=False)
class Element(Expression):
    """The element of `memory` at ``offset + Σ strides[l] · (iteration of loop l) + Σ stride · index`` (`gathers`)."""

    memory: Memory
    offset: int
    strides: tuple[int, ...]
    gathers: tuple[tuple[Expression, int], ...] = ()

    @property
    def dtype(self) -> np.dtype[Any]:  # type: ignore[override]
        return self.memory.dtype

    @property
    def operands(self) -> tuple[Expression, ...]:  # type: ignore[override]
        return tuple(index for index, _ in self.gathers)

    def mapped(self, function: Callable[[Element], Element]) -> Element:
        gathers = tuple((index.mapped(function), stride) for index, stride in self.gathers)
        return function(dataclasses.replace(self, gathers=gathers))

    def span(self, extents: tuple[int, ...], level: int) -> tuple[int, int]:
        """The first and the last position that the loops from `level` on visit."""
        steps = [s * (n - 1) for s, n in zip(self.strides[level:], extents[level:], strict=True)]
        return self.offset + sum(min(s, 0) for s in steps), self.offset + sum(max(s, 0) for s in steps)


@dataclass(frozen=True, eq=False)
class Call(Expression):
    """A template such as ``{0} + {1}``, filled with operands."""

    template: str
    operands: tuple[Expression, ...] = field()
    dtype: np.dtype[Any] = field()

    def mapped(self, function: Callable[[Element], Element]) -> Call:
        return dataclasses.replace(self, operands=tuple(operand.mapped(function) for operand in self.operands))


@dataclass(frozen=True, eq=False)
class Checked(Expression):
    """An index that must lie between 0 and `length`, or, with `wraps`, between -length and length."""

    index: Expression
    length: int
    wraps: bool
    dtype: np.dtype[Any] = INT

    @property
    def operands(self) -> tuple[Expression, ...]:  # type: ignore[override]
        return (self.index,)

    def mapped(self, function: Callable[[Element], Element]) -> Checked:
        return dataclasses.replace(self, index=self.index.mapped(function))


@dataclass(eq=False)
class Statement:
    """``target = expression`` inside loops of lengths `extents`, the outermost first.

    Attributes
    ----------
    combine : str
        How the expression is combined with the target, as a template; empty for a plain assignment.
    related : set of Memory
        What the statement, or the one it prepares, reads.
    name : str
        The NumPy call that it comes from.
    best : Element, optional
        The largest number so far, of an argmax.
    scalar_dtypes : set of dtype or None
        The dtypes of its numbers besides bool, if it is without loops and of floats only.
    """

    extents: tuple[int, ...]
    target: Element
    expression: Expression
    combine: str = ""
    related: frozenset[Memory] = frozenset()
    name: str = ""
    best: Element | None = None

    def __post_init__(self) -> None:
        self.written = [self.target] if self.best is None else [self.target, self.best]
        inside = [*self.target.parts(), *self.expression.parts()]
        self.read = [part for part in inside[1:] if isinstance(part, Element)]
        self.elements = [*self.written, *self.read]
        self.memories = frozenset([element.memory for element in self.elements])
        self.related |= self.memories
        self.scalar_dtypes = self._scalar_dtypes(inside)
        self.can_fail = any(isinstance(part, Checked) for part in inside)
        self.has_position = any(isinstance(part, Position) for part in inside)
        self.is_costly = any(isinstance(part, Call) and "_float" in part.template for part in inside)
        self.is_vectorizable = not self.can_fail and self.combine != ARGMAX

    def _scalar_dtypes(self, inside: list[Expression]) -> frozenset[np.dtype[Any]] | None:
        if self.extents or self.combine or self.best is not None:
            return None
        dtypes = {part.dtype for part in inside}
        return frozenset(dtypes - {np.dtype(np.bool_)}) if all(dtype.kind in "fb" for dtype in dtypes) else None

    def mapped(self, extents: tuple[int, ...], function: Callable[[Element], Element]) -> Statement:
        """The same statement in other loops."""
        target, expression = self.target.mapped(function), self.expression.mapped(function)
        best = None if self.best is None else self.best.mapped(function)
        return Statement(extents, target, expression, self.combine, self.related, self.name, best)

    def split(self, level: int, outer: int) -> Statement:
        """The statement with the loop at `level` written as two, the outer one of length `outer`."""
        inner = self.extents[level] // outer
        extents = (*self.extents[:level], outer, inner, *self.extents[level + 1 :])

        def split(element: Element) -> Element:
            stride = element.strides[level]
            strides = (*element.strides[:level], inner * stride, stride, *element.strides[level + 1 :])
            return dataclasses.replace(element, strides=strides)

        return self.mapped(extents, split)

    def can_merge(self, level: int) -> bool:
        """Whether the loops at `level` and below it can be written as one."""
        inner = self.extents[level + 1]
        return not self.has_position and all(
            element.strides[level] == inner * element.strides[level + 1] for element in self.elements
        )

    def merged(self, level: int) -> Statement:
        """The statement with the loop at `level` and that below it written as one."""
        extents = (*self.extents[:level], self.extents[level] * self.extents[level + 1], *self.extents[level + 2 :])

        def merge(element: Element) -> Element:
            strides = element.strides
            return dataclasses.replace(element, strides=(*strides[:level], *strides[level + 1 :]))

        return self.mapped(extents, merge)


# Ways to combine: a sum whose terms may be added in any order, and the position of the largest number.
ADD = "add({0}, {1})"
ARGMAX = "argmax"


@dataclass(eq=False)
class Loop:
    """A loop with the loops and statements in it."""

    extent: int
    body: list[Loop | Statement] = field(default_factory=list)

    def statements(self) -> Iterator[Statement]:
        """All statements inside, in order."""
        return statements_of(self.body)


def statements_of(body: list[Loop | Statement]) -> Iterator[Statement]:
    """All statements of loops and statements, in order."""
    for part in body:
        if isinstance(part, Statement):
            yield part
        else:
            yield from part.statements()
