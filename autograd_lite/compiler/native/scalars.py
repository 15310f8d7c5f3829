"""Long runs of calls on single numbers: a table of operations that one kernel interprets.

As the source of a kernel, a network written scalar by scalar would take minutes to compile. The numbers of the run lie
in one array, the image. The table says, for each group of equal operations, where their results and operands are.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import Any, NamedTuple

import numpy as np

from autograd_lite.compiler.native.kernels import Kernel
from autograd_lite.compiler.native.loops import Call, Constant, Element, Expression, Memory, Number, Statement
from autograd_lite.compiler.native.operands import converted
from autograd_lite.compiler.traced_numbers import TracedNumber

Place = tuple[Any, ...]  # what identifies a number: a memory and a position, a constant, ...
_BOOL = np.dtype(np.bool_)
_NAMES = "abc"  # of operands
_INTERPRETER = """\
def {name}(code, x):
    end = code.size
    code = pointer(code)
    x = pointer(x)
    clear_flags()
    at = 0
    while at < end:
        operation = code[at]
        stop = at + 2 + code[at + 1]
        at += 2
{cases}
    return flags()
"""
_CASE = """\
        if operation == {number}:
            while at < stop:
{loads}
                x[code[at]] = {expression}
                at += {length}
"""


class Operation(NamedTuple):
    """An expression of the operands `a`, `b`, `c`, and their number."""

    expression: str
    arity: int


class Row(NamedTuple):
    """One operation with the places of its result and its operands."""

    operation: Operation
    target: Place
    operands: tuple[Place, ...]


class Stretch(NamedTuple):
    """`length` consecutive numbers of a memory, and where they begin there and in the image."""

    memory: Memory
    position: int
    slot: int
    length: int


class ScalarCode:
    """The table and the image of a run of statements without loops.

    A number has one dtype in the image, bool as 0 or 1. Operations are sorted such that equal ones follow each other,
    as far as the order of reads and writes allows; this changes no result.

    Attributes
    ----------
    kernel : Kernel
        The interpreter, with the operations that occur.
    code : array of int32
        For each group: operation, number of integers that follow, and positions in the image.
    image : array
        Holds the constants.
    numbers : list of Number
        What each call has to write to the beginning of the image.
    read, written : list of Stretch
        What has to be copied into the image before, and from it afterwards.
    """

    def __init__(self, statements: list[Statement], dtype: np.dtype[Any], is_local: Callable[[Memory], bool]) -> None:
        self._dtype = dtype
        self._numbers: dict[Place, Number] = {}
        self._constants: dict[Place, Any] = {}
        self._read: dict[Place, None] = {}  # before it is written
        self._written: dict[Place, None] = {}
        self._rows: list[Row] = []
        for statement in statements:
            self._append(statement)
        self.numbers = list(self._numbers.values())
        groups = _grouped(self._rows)
        outside = sorted(
            (place for place in {**self._read, **self._written} if not is_local(place[0])), key=_by_position
        )
        slots = {place: slot for slot, place in enumerate([*self._numbers, *outside, *self._constants])}
        for _, rows in groups:
            for row in rows:
                slots.setdefault(row.target, len(slots))
        self.read = list(_stretches([place for place in outside if place in self._read], slots))
        self.written = list(_stretches([place for place in outside if place in self._written], slots))
        self.image = np.zeros(len(slots), dtype)
        with np.errstate(over="ignore"):
            for place, value in self._constants.items():
                self.image[slots[place]] = value
        operations = sorted({operation for operation, _ in groups})
        self.code = np.array(list(_encoded(groups, operations, slots)), np.int32)
        self.kernel = _interpreter(operations, dtype)

    # -- rows --------------------------------------------------------------------------------------------------------

    def _append(self, statement: Statement) -> None:
        expression = converted(statement.expression, statement.target.dtype)
        if not isinstance(expression, Call):
            expression = Call("{0}", (expression,), expression.dtype)
        target = (statement.target.memory, statement.target.offset)
        self._append_row(target, expression)
        self._written[target] = None

    def _append_row(self, target: Place, call: Call) -> None:
        operands = tuple(map(self._place, call.operands))
        names = [f"({n} != 0)" if part.dtype == _BOOL else n for n, part in zip(_NAMES, call.operands, strict=False)]
        expression = call.template.format(*names)
        if call.dtype == _BOOL:
            expression = f"{self._dtype.name}({expression})"
        self._rows.append(Row(Operation(expression, len(operands)), target, operands))

    def _place(self, part: Expression) -> Place:
        if isinstance(part, Call):
            place: Place = ("intermediate", len(self._rows), part)
            self._append_row(place, part)
            return place
        if isinstance(part, Number):
            source = part.source.expression if type(part.source) is TracedNumber else part.source
            place = ("number", source, part.dtype)
            self._numbers[place] = part
            return place
        if isinstance(part, Constant):
            place = ("constant", repr(part.value), part.dtype)
            self._constants[place] = bool(part.value) if part.dtype == _BOOL else part.value
            return place
        assert isinstance(part, Element)
        place = (part.memory, part.offset)
        if place not in self._written:
            self._read[place] = None
        return place


def _by_position(place: Place) -> tuple[str, int, int]:
    memory, position = place
    return memory.name, id(memory), position


def _stretches(places: list[Place], slots: dict[Place, int]) -> Iterator[Stretch]:
    """Sorted places of memories, consecutive ones as one."""
    start = 0
    for end, (memory, position) in enumerate(places, 1):
        following = places[end] if end < len(places) else None
        slot = slots[memory, position]
        if following != (memory, position + 1) or slots[following] != slot + 1:
            length = end - start
            yield Stretch(memory, position + 1 - length, slot + 1 - length, length)
            start = end


def _grouped(rows: list[Row]) -> list[tuple[Operation, list[Row]]]:
    """The rows in an order that keeps dependencies, equal operations together where possible.

    An operation is continued as long as there is a row that can be next. The first that can be is taken, so neighbours
    rarely depend on each other, and the processor computes several at once.
    """
    followers, missing = _dependencies(rows)
    ready: dict[Operation, deque[int]] = {row.operation: deque() for row in rows}
    for number, (operation, _, _) in enumerate(rows):
        if not missing[number]:
            ready[operation].append(number)
    groups: list[tuple[Operation, list[Row]]] = []
    while any(ready.values()):
        operation = max(ready, key=lambda name: len(ready[name]))
        queue, group = ready[operation], []
        while queue:
            number = queue.popleft()
            group.append(rows[number])
            for follower in followers[number]:
                missing[follower] -= 1
                if not missing[follower]:
                    ready[rows[follower][0]].append(follower)
        groups.append((operation, group))
    return groups


def _dependencies(rows: list[Row]) -> tuple[list[list[int]], list[int]]:
    """For each row those that have to come later, and how many have to come earlier."""
    followers: list[list[int]] = [[] for _ in rows]
    missing = [0] * len(rows)
    writer: dict[Place, int] = {}
    readers: dict[Place, list[int]] = {}
    for number, (_, target, operands) in enumerate(rows):
        earlier = {writer[place] for place in (*operands, target) if place in writer}
        earlier.update(readers.pop(target, ()))
        for other in earlier:
            followers[other].append(number)
        missing[number] = len(earlier)
        writer[target] = number
        for place in operands:
            readers.setdefault(place, []).append(number)
    return followers, missing


def _encoded(
    groups: list[tuple[Operation, list[Row]]], operations: list[Operation], slots: dict[Place, int]
) -> Iterator[int]:
    for operation, rows in groups:
        yield operations.index(operation)
        yield sum(1 + len(operands) for _, _, operands in rows)
        for _, target, operands in rows:
            yield slots[target]
            for place in operands:
                yield slots[place]


def _interpreter(operations: list[Operation], dtype: np.dtype[Any]) -> Kernel:
    """The kernel that reads the table; its name depends on its text only, so that it is compiled once."""
    cases = []
    for number, (expression, arity) in enumerate(operations):
        loads = "\n".join(f"{' ' * 16}{_NAMES[i]} = x[code[at + {i + 1}]]" for i in range(arity))
        cases.append(_CASE.format(number=number, loads=loads, expression=expression, length=1 + arity))
    text = _INTERPRETER.replace("{cases}", "".join(cases).rstrip())
    name = f"interpret_{sha256((text + dtype.name).encode()).hexdigest()[:16]}"
    signature = f"int64(Array(int32, 1, 'A', True), Array({dtype.name}, 1, 'A', False))"
    return Kernel(name, text.replace("{name}", name), signature)
