"""Postponing: writes into arrays from outside are moved behind the calls that do not depend on them.

So the program can be left for NumPy calls for longer, which is possible as long as nothing has been changed.
"""

from __future__ import annotations

from autograd_lite.compiler.tape import Instruction, Storage, Value


def postponed(instructions: list[Instruction], places: dict[Storage, tuple[Value, int]]) -> list[Instruction]:
    """The instructions in an order in which the first change comes as late as possible."""

    def storages(values: tuple[Value, ...] | list[Value]) -> set[Storage]:
        return {places[v.storage][0].storage if v.storage in places else v.storage for v in values}

    ordered: list[Instruction] = []
    waiting: list[tuple[Instruction, set[Storage], set[Storage]]] = []
    for instruction in instructions:
        touched, written = storages(instruction.values()), storages([*instruction.writes, *instruction.results])
        if instruction.is_effect and not instruction.keep and not instruction.results:
            waiting.append((instruction, touched, written))
            continue
        conflicts = [number for number, (_, used, changed) in enumerate(waiting) if changed & touched or used & written]
        if conflicts:
            ordered += [earlier for earlier, _, _ in waiting[: conflicts[-1] + 1]]
            del waiting[: conflicts[-1] + 1]
        ordered.append(instruction)
    return ordered + [instruction for instruction, _, _ in waiting]
