"""Elementwise work on large arrays, done block by block: what one call leaves in the cache, the next one finds there.

A stretch of elementwise calls on arrays with equally many rows needs no array in full for what is used in the stretch
alone, and its blocks can be shared out to threads, because NumPy lets go of the interpreter's lock.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autograd_lite.program.memory import is_elementwise, takes_out
from autograd_lite.program.tape import Instruction, Storage, Tape, Value, parts

# Measured with a last cache of 32 MB, where blocks and their threads gain little: 784→1024→1024→10 takes 21.7 ms a step
# instead of 21.9, and waking threads for less costs more than it saves. With a smaller cache each pass through whole
# arrays is one through main memory.
SMALLEST = 1 << 18  # elements
CACHE = 1 << 22  # bytes that all arrays of a block take together


@dataclass(eq=False)
class Block(Instruction):
    """A stretch of elementwise calls.

    Attributes
    ----------
    body : list of Instruction
    sliced : list of Value
        The arrays of which each block is given its rows.
    whole : list of Value
        What every block is given as it is: numbers, and arrays that are broadcast.
    scratch : dict of Value to int
        For results that are used inside alone, the number of the array that holds them.
    scratch_dtypes : list of dtype
    rows : int
        In a block.
    """

    body: list[Instruction] = field(default_factory=list)
    sliced: list[Value] = field(default_factory=list)
    whole: list[Value] = field(default_factory=list)
    scratch: dict[Value, int] = field(default_factory=dict)
    scratch_dtypes: list[np.dtype[Any]] = field(default_factory=list)
    rows: int = 0

    @property
    def shape(self) -> tuple[int, ...]:
        return _target(self.body[0]).shape

    def values(self) -> list[Value]:
        return [*self.sliced, *self.whole]


def group(tape: Tape, places: dict[Storage, Any]) -> None:
    """Replace stretches of elementwise calls on large arrays by blocks."""
    survivors = {value.storage for value in tape.survivors()}
    returned = {leaf.storage for leaf in parts(tape.result) if isinstance(leaf, Value)}
    lasting = {value.storage for value in tape.arrays} | set(places)
    lasting |= {i.results[0].storage for i in tape.instructions if takes_out(i)} - returned
    grouped: list[Instruction] = []
    stretch: list[Instruction] = []
    views: list[Instruction] = []

    def close() -> None:
        made = {value.storage for instruction in stretch for value in instruction.results}
        after = [view for view in views if any(value.storage in made for value in view.operands())]
        grouped.extend(view for view in views if view not in after)
        if stretch:
            grouped.append(_block(stretch, tape, survivors | set(places)))
        grouped.extend(after)
        stretch.clear()
        views.clear()

    for instruction in tape.instructions:
        if instruction.is_view:
            views.append(instruction)
        elif _fits(instruction, stretch, lasting):
            stretch.append(instruction)
        else:
            close()
            if _fits(instruction, stretch, lasting):
                stretch.append(instruction)
            else:
                grouped.append(instruction)
    close()
    tape.instructions = grouped


def _target(instruction: Instruction) -> Value:
    """The value that an instruction makes or overwrites."""
    return (instruction.results or instruction.writes)[0]


def _fits(instruction: Instruction, stretch: list[Instruction], lasting: set[Storage]) -> bool:
    if not is_elementwise(instruction) or len(instruction.results) + len(instruction.writes) != 1:
        return False
    target = _target(instruction)
    shape = _target(stretch[0]).shape if stretch else target.shape
    if target.shape != shape or not shape or math.prod(shape) < SMALLEST or shape[0] == 1:
        return False
    values = {value.storage: value for other in stretch for value in (*other.operands(), _target(other))}
    changed = {_target(other).storage for other in (*stretch, instruction)}
    for value in (*instruction.operands(), target):
        sliced = _is_sliced(value, shape)
        if values.setdefault(value.storage, value) is not value:
            return False  # the same memory in another form: the rows of one are not those of the other
        if value.storage not in lasting if sliced else value.storage in changed:
            return False
    return True


def _is_sliced(value: Value, shape: tuple[int, ...]) -> bool:
    return len(value.shape) == len(shape) and value.shape[0] == shape[0]


def _block(stretch: list[Instruction], tape: Tape, lasting: set[Storage]) -> Instruction:
    """The stretch as one instruction."""
    inside = set(map(id, stretch))
    used_outside = {
        value.storage for other in tape.instructions if id(other) not in inside for value in other.values()
    } | lasting
    made = [value for instruction in stretch for value in instruction.results]
    temporary = [value for value in made if value.storage not in used_outside]
    values = dict.fromkeys(value for i in stretch for value in (*i.operands(), _target(i)))
    block = Block("block", (), {}, body=list(stretch))
    block.results = tuple(value for value in made if value not in temporary)
    block.writes = tuple(dict.fromkeys(value for i in stretch for value in i.writes if value not in made))
    outer = [value for value in values if value not in temporary]
    block.sliced = [value for value in outer if _is_sliced(value, block.shape)]
    block.whole = [value for value in outer if not _is_sliced(value, block.shape)]
    _share_scratch(block, temporary)
    width = math.prod(block.shape[1:])
    itemsizes = sum(value.dtype.itemsize for value in block.sliced) + sum(d.itemsize for d in block.scratch_dtypes)
    block.rows = max(1, min(block.shape[0], CACHE // max(1, width * itemsizes)))
    return block


def _share_scratch(block: Block, temporary: list[Value]) -> None:
    """Give the temporary results of a block arrays that are used again as soon as possible."""
    last_use = {value: i for i, instruction in enumerate(block.body) for value in instruction.values()}
    free: list[int] = []
    for i, instruction in enumerate(block.body):
        dying = [v for v in dict.fromkeys(instruction.operands()) if v in block.scratch and last_use[v] == i]
        free += [block.scratch[value] for value in dying]  # an elementwise result may take its operand's place
        for value in instruction.results:
            if value not in temporary:
                continue
            fitting = [number for number in free if block.scratch_dtypes[number] == value.dtype]
            if fitting:
                block.scratch[value] = fitting[0]
                free.remove(fitting[0])
            else:
                block.scratch[value] = len(block.scratch_dtypes)
                block.scratch_dtypes.append(value.dtype)
            if last_use[value] == i:
                free.append(block.scratch[value])
