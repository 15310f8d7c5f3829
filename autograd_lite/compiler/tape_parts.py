"""Parts of a tape: some of its instructions as a tape of their own, which becomes a program."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any

from autograd_lite.compiler.tape import Instruction, Storage, Tape, Value, map_parts


def part_of(
    name: str, inputs: Iterable[Value], numbers: list[Any], instructions: list[Instruction], results: list[Value]
) -> Tape:
    """A tape with copies of `instructions`, so that both can be changed."""
    copy = _Copy()
    tape = Tape(name, list(map(copy.input, inputs)), numbers=list(numbers))
    tape.instructions = list(map(copy.instruction, instructions))
    tape.result = list(map(copy.value, results))
    tape.recorded_storages = [value.storage for value in tape.result]
    return tape


def values_of(instructions: Iterable[Instruction]) -> set[Value]:
    """All values of calls, and of the calls that they expand to."""
    found: set[Value] = set()
    for instruction in instructions:
        found.update(instruction.values(), values_of(instruction.expansion or ()))
    return found


class _Copy:
    def __init__(self) -> None:
        self.values: dict[Value, Value] = {}
        self.storages: dict[Storage, Storage] = {}

    def input(self, value: Value) -> Value:
        storage = self.storages[value.storage] = Storage("input")
        self.values[value] = dataclasses.replace(value, storage=storage, origin=None)
        return self.values[value]

    def instruction(self, instruction: Instruction) -> Instruction:
        copy = dataclasses.replace(instruction)
        copy.expansion = None if instruction.expansion is None else list(map(self.instruction, instruction.expansion))
        copy.args, copy.kwargs = map_parts(instruction.args, self.leaf), map_parts(instruction.kwargs, self.leaf)
        copy.writes = tuple(map(self.value, instruction.writes))
        copy.results = tuple(map(self.value, instruction.results))
        for value in copy.results:
            value.origin = copy
        for value in copy.writes:
            value.storage.write_count += 1
        return copy

    def leaf(self, leaf: Any) -> Any:
        return self.value(leaf) if isinstance(leaf, Value) else leaf

    def value(self, value: Value) -> Value:
        if value not in self.values:
            storage = self.storages.setdefault(value.storage, Storage("result"))
            self.values[value] = dataclasses.replace(value, storage=storage)
        return self.values[value]


class Needs:
    """What a part of a tape needs of the part before it: values that are kept, and calls that are made again.

    Views cost nothing, and what is the same in all steps would be kept once for each; both are made again.

    Attributes
    ----------
    kept : dict of Value to None
    again : list of Instruction
    """

    def __init__(self, before: list[Instruction], varying: Iterable[Value], given: Iterable[Value]) -> None:
        self._maker = {value: instruction for instruction in before for value in instruction.results}
        self._position = {id(instruction): i for i, instruction in enumerate(before)}
        self._written = {value.storage for instruction in before for value in instruction.writes}
        self._varies = {*varying}
        for instruction in before:
            if instruction.keep or instruction.dynamic_shape or not self._varies.isdisjoint(instruction.operands()):
                self._varies.update(instruction.results)
        self._given = {*given}
        self.kept: dict[Value, None] = {}
        self._again: dict[int, Instruction] = {}

    def add(self, instructions: list[Instruction], results: list[Value]) -> None:
        """Find what these instructions and results need."""
        own = {value for instruction in instructions for value in instruction.results}
        waiting = [v for i in instructions for v in i.values() if v not in own] + [v for v in results if v not in own]
        while waiting:
            value = waiting.pop()
            if value in self._given or value in self.kept:
                continue
            maker = self._maker.get(value)
            if maker is None or not self._is_made_again(maker, value):
                self.kept[value] = None
            elif id(maker) not in self._again:
                self._again[id(maker)] = maker
                waiting += maker.operands()

    def _is_made_again(self, maker: Instruction, value: Value) -> bool:
        touched = {v.storage for v in maker.values()}
        return touched.isdisjoint(self._written) and not maker.writes and (maker.is_view or value not in self._varies)

    @property
    def again(self) -> list[Instruction]:
        return [self._again[key] for key in sorted(self._again, key=self._position.__getitem__)]
