"""What is left out of a program: calls that nobody needs, calls made twice, and copies into a common array."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd_lite.compiler.memory import takes_out
from autograd_lite.compiler.tape import Instruction, Storage, Tape, Value, exchange


def simplify(tape: Tape) -> dict[Storage, tuple[Value, int]]:
    """Shorten the tape. Returned is for some storages the place that they have in an array, from which element on."""
    tape.instructions = _needed(tape, set())
    _share_equal_calls(tape)
    places = _write_in_place_of_concatenating(tape)
    tape.instructions = _needed(tape, set(places))
    return places


def _needed(tape: Tape, parts_of_arrays: set[Storage]) -> list[Instruction]:
    """The instructions that contribute to a result, or to an array from outside."""
    live = {value.storage for value in tape.survivors()} | parts_of_arrays
    needed = []
    for instruction in reversed(tape.instructions):
        touched = [value.storage for value in (*instruction.results, *instruction.writes)]
        outside = any(value.storage.kind != "result" for value in instruction.writes)
        if instruction.keep or instruction.ragged or outside or not live.isdisjoint(touched):
            needed.append(instruction)
            live.update(value.storage for value in instruction.values())
    return needed[::-1]


def _share_equal_calls(tape: Tape) -> None:
    """A call that was made before, of values that have not been overwritten since, is not made again."""
    versions: dict[Storage, int] = {}
    known: dict[Any, tuple[Value, ...]] = {}
    same: dict[Value, Value] = {}
    moved: dict[Storage, Storage] = {}  # views of what is not made again are views of what was made before
    kept = []

    def current(leaf: Any) -> Any:
        return same.get(leaf, leaf) if isinstance(leaf, Value) else leaf

    for instruction in tape.instructions:
        instruction.args = exchange(instruction.args, current)
        instruction.kwargs = exchange(instruction.kwargs, current)
        instruction.writes = exchange(instruction.writes, current)
        for value in instruction.results:
            value.storage = moved.get(value.storage, value.storage)
        for value in instruction.writes:
            versions[value.storage] = versions.get(value.storage, 0) + 1
        overwritten = any(value.storage.versions for value in instruction.results if not instruction.is_view)
        if instruction.writes or instruction.keep or overwritten:
            kept.append(instruction)
            continue
        key = _key((instruction.function, instruction.args, instruction.kwargs), versions)
        if key in known:
            same.update(zip(instruction.results, known[key], strict=True))
            moved.update((old.storage, new.storage) for old, new in zip(instruction.results, known[key], strict=True))
        else:
            known[key] = instruction.results
            kept.append(instruction)
    tape.instructions = kept
    tape.result = exchange(tape.result, current)
    tape.gradients = {leaf: current(value) for leaf, value in tape.gradients.items()}


def _key(tree: Any, versions: dict[Storage, int]) -> Any:
    if isinstance(tree, tuple | list):
        return type(tree), tuple(_key(part, versions) for part in tree)
    if isinstance(tree, dict):
        return dict, tuple((name, _key(part, versions)) for name, part in tree.items())
    if isinstance(tree, slice):
        return slice, _key((tree.start, tree.stop, tree.step), versions)
    if isinstance(tree, Value):
        return tree, versions.get(tree.storage, 0) if tree.storage.kind != "result" or tree.storage.versions else 0
    if hasattr(tree, "expression"):
        return "number", tree.expression
    return type(tree), repr(tree) if isinstance(tree, float | np.generic) else tree  # -0.0 is not 0.0


def _write_in_place_of_concatenating(tape: Tape) -> dict[Storage, tuple[Value, int]]:
    """Parts that are made only to be laid end to end in an array are written to their places at once.

    So the products of the backward pass arrive straight in the flat gradient of an optimizer.
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
        if not _lays_end_to_end(instruction) or first_use[destination.storage] < position:
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


def _lays_end_to_end(instruction: Instruction) -> bool:
    destination = instruction.kwargs.get("out")
    return (
        instruction.function is np.concatenate
        and isinstance(destination, Value)
        and destination.storage.kind == "array"
        and destination.storage.versions == 1
        and len(instruction.args) == 1
        and instruction.kwargs.keys() == {"out"}
    )


def _can_move(part: Value, whole: Value | None, destination: Value) -> bool:
    """Whether a part can be made where it is laid: it is all of a result, which can be written anywhere."""
    return (
        whole is not None
        and part.storage.kind == "result"
        and whole.origin is not None
        and takes_out(whole.origin)
        and part.dtype == destination.dtype
        and part.nbytes == whole.nbytes
        and is_contiguous(part)
        and is_contiguous(whole)
    )


def is_contiguous(value: Value) -> bool:
    """Whether the elements lie in order without gaps."""
    expected = value.dtype.itemsize
    for length, stride in zip(value.shape[::-1], value.strides[::-1], strict=True):
        if length != 1 and stride != expected:
            return False
        expected *= length
    return True
