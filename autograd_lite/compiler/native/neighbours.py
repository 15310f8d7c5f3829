"""What a statement may assume of those around it: whether a store is read or overwritten, and sums of whole rows."""

from __future__ import annotations

import dataclasses
from typing import Any

from autograd_lite.compiler.native.loops import ADD, Element, Loop, Memory, Statement

Body = list[Loop | Statement]
# How many rows are added at once. It halves the time of small matrix products.
UNROLLED = 4
# Longer sums are added in blocks: NumPy's pairwise sums have as many terms in each of their accumulators. More blocks
# than this are put into blocks themselves.
_BLOCK, _MOST_BLOCKS = 256, 16


def repeated_term(loop: Loop, level: int) -> Statement | None:
    """The statement of a loop that adds one row after the other to a row of sums."""
    (inner, *others) = loop.body
    if others or not isinstance(inner, Loop) or loop.extent < 2 * UNROLLED:
        return None
    (statement, *others) = inner.body
    if others or not isinstance(statement, Statement) or statement.combine != ADD or statement.has_position:
        return None
    is_row = statement.target.strides[level] == 0 and statement.target.strides[level + 1] != 0
    return statement if is_row and not any(element.gathers for element in statement.elements) else None


def long_sums(loop: Loop, level: int) -> list[Statement]:
    """The statements of an innermost loop that add so many numbers that the order of additions matters.

    Numbers that are narrower than their sum can be added in any order. What another statement of the loop reads or
    writes, too, is a sum of one iteration.
    """
    if loop.extent <= _BLOCK or any(isinstance(part, Loop) for part in loop.body):
        return []
    return [
        made
        for made in loop.statements()
        if made.combine == ADD
        and made.target.dtype.kind == "f"
        and not made.target.strides[level]
        and not made.target.gathers
        and any(element.dtype.itemsize >= made.target.dtype.itemsize for element in made.read)
        and not any(made.target.memory in other.memories for other in loop.statements() if other is not made)
    ]


def block_lengths(extent: int) -> list[int]:
    """The lengths of the blocks of a sum, and of those inside them."""
    lengths = [_BLOCK]
    while lengths[0] * _MOST_BLOCKS < extent:
        lengths.insert(0, lengths[0] * _MOST_BLOCKS)
    return lengths


def sum_of_block(made: Statement) -> Statement:
    """The same sum in a variable of its own."""
    part = Element(Memory("part", made.target.dtype, is_private=True), 0, (0,) * len(made.extents))
    return dataclasses.replace(made, target=part)


def later_statement(statement: Statement, level: int, count: int) -> Statement:
    """The statement some iterations later."""

    def later(element: Element) -> Element:
        return dataclasses.replace(element, offset=element.offset + count * element.strides[level])

    return statement.mapped(statement.extents, later)


def is_read(target: Element, later: Body) -> bool:
    """Whether a statement of the same body reads the element before it can change."""
    for part in later:
        if isinstance(part, Loop):
            return False
        if any(place_of(element) == place_of(target) for element in part.elements[1:]):
            return True
        if part.target.memory is target.memory:
            return bool(part.combine) and place_of(part.target) == place_of(target)
    return False


def is_overwritten(target: Element, later: Body) -> bool:
    """Whether a statement of the same body overwrites the element before another one of the memory is read."""
    for part in later:
        if isinstance(part, Loop) or target.gathers:
            return False
        found = [element for element in part.read if element.memory is target.memory]
        if any(place_of(element) != place_of(target) for element in found):
            return False
        if part.target.memory is target.memory:
            return bool(place_of(part.target) == place_of(target))
    return False


def place_of(element: Element) -> tuple[Any, ...]:
    """What two elements of the same place in memory share."""
    gathers = tuple((id(index), stride) for index, stride in element.gathers)
    return element.memory, element.offset, element.strides, gathers
