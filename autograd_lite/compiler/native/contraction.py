"""Contraction: memory that one iteration of a loop writes and reads alone is kept for one iteration only."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass

from autograd_lite.compiler.native.loops import Element, Loop, Memory, Statement

Body = list[Loop | Statement]
Use = tuple[tuple[Loop, ...], Element]


@dataclass
class Room:
    """What remains of a memory: its size, the shift of all positions, and the loops it does not depend on."""

    size: int
    shift: int
    levels: frozenset[int]

    def applied(self, element: Element) -> Element:
        """The element in the remaining memory."""
        strides = tuple(0 if level in self.levels else s for level, s in enumerate(element.strides))
        return dataclasses.replace(element, offset=element.offset - self.shift, strides=strides)


def contract(body: Body, private: Iterable[Memory]) -> dict[Memory, Room]:
    """Contract the memories among `private`; returns what remains of each. Of size 1, it is a local variable."""
    uses: dict[Memory, list[Use]] = {memory: [] for memory in private}
    extents: dict[int, tuple[int, ...]] = {}
    _find_uses(body, (), uses, extents)
    rooms = {memory: _room(found, extents) for memory, found in uses.items() if found}
    kept = {memory: room for memory, room in rooms.items() if room is not None}
    _rewrite(body, kept)
    return kept


def _find_uses(
    body: Body, loops: tuple[Loop, ...], uses: dict[Memory, list[Use]], extents: dict[int, tuple[int, ...]]
) -> None:
    for part in body:
        if isinstance(part, Loop):
            _find_uses(part.body, (*loops, part), uses, extents)
            continue
        for element in part.elements:
            extents[id(element)] = part.extents
            if element.memory in uses:
                uses[element.memory].append((loops, element))


def _room(uses: list[Use], extents: dict[int, tuple[int, ...]]) -> Room | None:
    if any(element.gathers for _, element in uses):
        return None
    shared = 0
    while all(len(loops) > shared and loops[shared] is uses[0][0][shared] for loops, _ in uses):
        shared += 1
    levels = frozenset(level for level in range(shared) if len({element.strides[level] for _, element in uses}) == 1)
    spans = []
    for _, element in uses:
        strides = tuple(0 if level in levels else s for level, s in enumerate(element.strides))
        spans.append(dataclasses.replace(element, strides=strides).span(extents[id(element)], 0))
    low = min(first for first, _ in spans)
    return Room(max(last for _, last in spans) - low + 1, low, levels)


def _rewrite(body: Body, rooms: dict[Memory, Room]) -> None:
    def changed(element: Element) -> Element:
        room = rooms.get(element.memory)
        return element if room is None else room.applied(element)

    for position, part in enumerate(body):
        if isinstance(part, Loop):
            _rewrite(part.body, rooms)
        elif not part.memories.isdisjoint(rooms):
            body[position] = part.mapped(part.extents, changed)
