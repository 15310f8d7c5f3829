"""Passes that shorten the tape: unused calls, calls that occur twice, and copies into a common array are removed."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd_lite.compiler.buffers import takes_out
from autograd_lite.compiler.tape import Instruction, Storage, Tape, Value, map_parts


def shorten_tape(tape: Tape) -> dict[Storage, tuple[Value, int]]:
    """Shorten the tape; return the storages that lie in an array from outside, with the array and the first element."""
    tape.instructions = _needed(tape, set())
    _merge_equal_calls(tape)
    places = _remove_concatenations(tape)
    tape.instructions = _needed(tape, set(places))
    return places


def _needed(tape: Tape, parts_of_arrays: set[Storage]) -> list[Instruction]:
    """The instructions that a result or an array from outside depends on."""
    live = {value.storage for value in tape.survivors()} | parts_of_arrays
    needed = []
    for instruction in reversed(tape.instructions):
        touched = [value.storage for value in (*instruction.results, *instruction.writes)]
        outside = any(value.storage.kind != "result" for value in instruction.writes)
        if instruction.keep or instruction.dynamic_shape or outside or not live.isdisjoint(touched):
            needed.append(instruction)
            live.update(value.storage for value in instruction.values())
    return needed[::-1]


def _merge_equal_calls(tape: Tape) -> None:
    """Remove a call that equals an earlier one, if its operands have not been overwritten in between."""
    writes: dict[Storage, int] = {}
    known: dict[Any, tuple[Value, ...]] = {}
    same: dict[Value, Value] = {}
    moved: dict[Storage, Storage] = {}  # a view of a removed result is a view of the earlier one
    kept = []

    def current(leaf: Any) -> Any:
        return same.get(leaf, leaf) if isinstance(leaf, Value) else leaf

    for instruction in tape.instructions:
        instruction.args = map_parts(instruction.args, current)
        instruction.kwargs = map_parts(instruction.kwargs, current)
        instruction.writes = map_parts(instruction.writes, current)
        for value in instruction.results:
            value.storage = moved.get(value.storage, value.storage)
        for value in instruction.writes:
            writes[value.storage] = writes.get(value.storage, 0) + 1
        overwritten = any(value.storage.write_count for value in instruction.results if not instruction.is_view)
        if instruction.writes or instruction.keep or overwritten:
            kept.append(instruction)
            continue
        key = _key((instruction.function, instruction.args, instruction.kwargs), writes)
        if key in known:
            same.update(zip(instruction.results, known[key], strict=True))
            moved.update((old.storage, new.storage) for old, new in zip(instruction.results, known[key], strict=True))
        else:
            known[key] = instruction.results
            kept.append(instruction)
    tape.instructions = kept
    tape.result = map_parts(tape.result, current)
    tape.gradients = {leaf: current(value) for leaf, value in tape.gradients.items()}


def _key(tree: Any, writes: dict[Storage, int]) -> Any:
    if isinstance(tree, tuple | list):
        return type(tree), tuple(_key(part, writes) for part in tree)
    if isinstance(tree, dict):
        return dict, tuple((name, _key(part, writes)) for name, part in tree.items())
    if isinstance(tree, slice):
        return slice, _key((tree.start, tree.stop, tree.step), writes)
    if isinstance(tree, Value):
        return tree, writes.get(tree.storage, 0) if tree.storage.kind != "result" or tree.storage.write_count else 0
    if hasattr(tree, "expression"):
        return "number", tree.expression
    return type(tree), repr(tree) if isinstance(tree, float | np.generic) else tree  # -0.0 is not 0.0


def _remove_concatenations(tape: Tape) -> dict[Storage, tuple[Value, int]]:
    """Write the parts of a concatenation directly into its result.

    So the backward pass writes into the flat gradient of an optimizer.
    """
    places: dict[Storage, tuple[Value, int]] = {}
    last_write: dict[Storage, int] = {}
    first_use: dict[Storage, int] = {}
    whole: dict[Storage, Value] = {}
    for position, instruction in enumerate(tape.instructions):
        last_write.update((value.storage, position) for value in instruction.writes)
        whole.update((value.storage, value) for value in instruction.results if value.is_whole)
        for value in instruction.values():
            first_use.setdefault(value.storage, position)
    kept = []
    for position, instruction in enumerate(tape.instructions):
        destination = instruction.kwargs.get("out")
        if not _concatenates(instruction) or first_use[destination.storage] < position:
            kept.append(instruction)
            continue
        start = 0
        for part in instruction.args[0]:
            size, storage = math.prod(part.shape), part.storage
            overwritten_later = last_write.get(storage, -1) > position
            if storage not in places and not overwritten_later and _can_move(part, whole.get(storage), destination):
                places[storage] = (destination, start)
            else:
                place = slice(start, start + size)
                kept.append(Instruction("__setitem__", (destination, place, part), {}, writes=(destination,)))
            start += size
    tape.instructions = kept
    return places


def _concatenates(instruction: Instruction) -> bool:
    destination = instruction.kwargs.get("out")
    return (
        instruction.function is np.concatenate
        and isinstance(destination, Value)
        and destination.storage.kind == "array"
        and destination.storage.write_count == 1
        and len(instruction.args) == 1
        and instruction.kwargs.keys() == {"out"}
    )


def _can_move(part: Value, whole: Value | None, destination: Value) -> bool:
    """Whether a part can be written into the destination: it is a whole result of a call that takes `out`."""
    return (
        whole is not None
        and part.storage.kind == "result"
        and whole.origin is not None
        and takes_out(whole.origin)
        and part.dtype == destination.dtype
        and part.nbytes == whole.nbytes
        and part.is_contiguous
        and whole.is_contiguous
    )
