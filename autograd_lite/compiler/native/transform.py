"""From a tape to a native tape: runs of calls that have loops become calls of kernels."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autograd_lite.compiler.calls import Assumption
from autograd_lite.compiler.native.contraction import contract
from autograd_lite.compiler.native.fusion import merge_loops
from autograd_lite.compiler.native.kernel_source import KernelText
from autograd_lite.compiler.native.kernels import Kernel, KernelCall, make_kernel
from autograd_lite.compiler.native.loops import Element, Memory, NotNative, Statement
from autograd_lite.compiler.native.lowering import lower
from autograd_lite.compiler.native.operands import Operands, converted
from autograd_lite.compiler.native.postponing import postponed
from autograd_lite.compiler.native.runs import MOST_STATEMENTS, Run
from autograd_lite.compiler.native.scalars import ScalarCode, Stretch
from autograd_lite.compiler.tape import Instruction, Storage, Tape, Value, called_name
from autograd_lite.support.threads import MOST_THREADS

_ALIGNED = 64  # elements, of a room of a thread: no two threads write into one line of the cache


@dataclass
class NativeTape:
    """A tape whose calls are kernels and the NumPy calls that have no loops.

    Attributes
    ----------
    tape : Tape
    kernels : list of Kernel
    reasons : dict of str to str
        Why calls stayed calls, by the description of the call.
    """

    tape: Tape
    kernels: list[Kernel] = field(default_factory=list)
    reasons: dict[str, int] = field(default_factory=dict)


def native_tape(tape: Tape, places: dict[Storage, tuple[Value, int]]) -> NativeTape:
    """Turn the calls of a tape into kernels."""
    return _Transformer(tape, places).transformed()


class _Transformer:
    def __init__(self, tape: Tape, places: dict[Storage, tuple[Value, int]]) -> None:
        self.tape = tape
        self.operands = Operands(places)
        self.reasons: dict[str, int] = {}
        self.sequence: list[Run | Instruction] = []
        self.instructions: list[Instruction] = []
        self.kernels: dict[tuple[str, str], Kernel] = {}
        self.unallocated: set[Storage] = set()  # of results of kernels
        self.rooms: dict[Value, Value] = {}  # arrays in the place of numbers, which kernels cannot return
        self.tables: dict[Value, Any] = {}  # arrays of interpreters
        self.fresh = {v.storage for v in tape.results()} - {v.storage for v in tape.gradients.values()}
        self.changes = False  # whether one of the calls so far is an effect
        self.has_effect = False
        self.number = 0

    def transformed(self) -> NativeTape:
        for instruction in postponed(self.tape.instructions, self.operands.places):
            self._add(instruction)
        self.sequence = [part for each in self.sequence for part in (each.parts() if isinstance(each, Run) else [each])]
        self._find_outside_uses()
        self.to_come = {value for part in self.sequence if isinstance(part, Instruction) for value in part.results}
        for part in self.sequence:
            if isinstance(part, Run) and part.is_interpreted:
                self._write_scalars(part)
            elif isinstance(part, Run):
                self._write_kernel(part)
            else:
                self.instructions.append(part)
                self.has_effect |= part.is_effect
                self.to_come.difference_update(part.results)
        made = Tape(self.tape.name, self.tape.inputs, self.tape.arrays | self.tables, [], self.tape.numbers)
        made.result, made.recorded_storages = self.tape.result, self.tape.recorded_storages
        made.gradients = dict(self.tape.gradients)
        made.instructions = _needed(self.instructions, made)
        return NativeTape(made, list(self.kernels.values()), self.reasons)

    # -- runs --------------------------------------------------------------------------------------------------------

    def _add(self, instruction: Instruction) -> None:
        if instruction.is_view and not instruction.several and not instruction.dynamic_shape:
            self._add_view(instruction)
            return
        can_restart = not self.changes
        try:
            statements = lower(instruction, self.operands, can_restart)
        except NotNative as error:
            if instruction.expansion is not None and can_restart:
                for inner in instruction.expansion:
                    self._add(inner)
                return
            if isinstance(instruction.function, Assumption):
                raise
            reason = f"{called_name(instruction.function)}: {error}"
            self.reasons[reason] = self.reasons.get(reason, 0) + 1
            self.sequence.append(instruction)
            self.changes |= instruction.is_effect
            self.operands.scalars.update(v for v in instruction.results if not v.shape and v.is_whole)
            return
        run = self._current_run()
        # What precedes the first effect is a kernel of its own, so that the program can always be left for NumPy's.
        is_first_effect = instruction.is_effect and not self.changes
        if run is None or is_first_effect or not run.can_take(instruction, statements):
            run = Run(instruction.place)
            self.sequence.append(run)
        self.changes |= instruction.is_effect
        run.add(instruction, statements)
        self.unallocated.update(value.storage for value in instruction.results)

    def _add_view(self, instruction: Instruction) -> None:
        """Add a view: ahead of the current run, unless that makes the array."""
        run, storage = self._current_run(), instruction.results[0].storage
        if run is None or storage in run.made:
            self.sequence.append(instruction)
        else:
            self.sequence.insert(self.sequence.index(run), instruction)

    def _current_run(self) -> Run | None:
        """The last run, if only views have come since."""
        for part in reversed(self.sequence):
            if isinstance(part, Run):
                return part
            if not part.is_view:
                return None
        return None

    def _find_outside_uses(self) -> None:
        """Which runs use each memory; memory that calls or survivors use is used outside."""
        self.users: dict[Memory, set[int]] = {}
        self.sizes: dict[Memory, int] = {}  # of scratch memory
        by_storage = self.operands.memories
        for number, part in enumerate(self.sequence):
            if isinstance(part, Run):
                for statement in part.statements:
                    for memory in statement.memories:
                        self.users.setdefault(memory, set()).add(number)
                    for element in statement.elements:
                        if not element.memory.values:
                            last = element.span(statement.extents, 0)[1]
                            self.sizes[element.memory] = max(last + 1, self.sizes.get(element.memory, 0))
            elif not part.is_view:
                for value in part.values():
                    if value.storage in by_storage:
                        self.users.setdefault(by_storage[value.storage], set()).add(-1)
        for value in self.tape.survivors():
            if value.storage in by_storage:
                self.users.setdefault(by_storage[value.storage], set()).add(-1)

    # -- kernels -----------------------------------------------------------------------------------------------------

    def _write_kernel(self, run: Run) -> None:
        body = run.body or []
        used = dict.fromkeys(memory for statement in run.statements for memory in statement.memories)
        private = [memory for memory in used if memory.is_private and len(self.users[memory] | {-1}) == 2]
        rooms = contract(body, [memory for memory in private if -1 not in self.users[memory]])
        written = {element.memory for statement in run.statements for element in statement.written}
        local = frozenset(memory for memory, room in rooms.items() if room.size == 1)

        def base(memory: Memory, first: int) -> int:
            if memory in rooms:
                return 0
            return _nearest(self._candidates(memory).values(), first)

        # The threads of a loop have rooms of their own.
        stretches = {memory: -(-room.size // _ALIGNED) * _ALIGNED for memory, room in rooms.items() if room.size > 1}
        text = KernelText(merge_loops(body), local, base, stretches if run.is_divided else None)
        args, returned = [], []
        for memory, name in text.memories.items():
            if memory in rooms:
                size = MOST_THREADS * stretches[memory] if run.is_divided else rooms[memory].size
                args.append(self._allocated(name, (size,), memory.dtype))
                continue
            if not memory.values:  # scratch memory of several kernels
                memory.values[self._allocated(name, (self.sizes[memory],), memory.dtype)] = 0
            candidates = self._candidates(memory)
            value = next(value for value, start in candidates.items() if start == text.starts[memory])
            if memory in written:
                returned += self._allocate_result(memory)
            args.append(self.rooms.get(value, value))
        self._append_call(run, text, args, [memory in written for memory in text.memories])
        self.instructions += returned

    def _write_scalars(self, run: Run) -> None:
        """Write the call of an interpreter; what it shares with other calls is copied to its image and back."""
        assert run.dtypes is not None
        (dtype,) = run.dtypes or {np.dtype(np.float64)}
        number = self.sequence.index(run)
        code = ScalarCode(run.statements, dtype, lambda memory: memory.is_private and self.users[memory] == {number})
        table, image = self._table("table", code.code), self._table("image", code.image)
        memory, _ = self.operands.memory(image)
        if code.numbers:
            sources = tuple(number.source for number in code.numbers)
            at = (image, slice(0, len(sources)), sources)
            self.instructions.append(Instruction("__setitem__", at, {}, writes=(image,), place=run.place))
        self._write_copies([_copy(stretch, memory, is_back=False) for stretch in code.read], Run(run.place))
        kernel = self.kernels.setdefault((code.kernel.text, code.kernel.signature), code.kernel)
        call = KernelCall(kernel, not self.has_effect)
        self.instructions.append(Instruction(call, (table, image), {}, writes=(image,), place=run.place))
        self._write_copies([_copy(stretch, memory, is_back=True) for stretch in code.written], run)

    def _write_copies(self, copies: list[Statement], run: Run) -> None:
        for start in range(0, len(copies), MOST_STATEMENTS):
            for part in Run(run.place, copies[start : start + MOST_STATEMENTS], is_effect=run.is_effect).parts():
                self._write_kernel(part)

    def _table(self, name: str, array: Any) -> Value:
        self.number += 1
        storage = Storage("array", array, is_scratch=True)
        value = Value(f"{name}_{self.number}", array.shape, array.dtype, array.strides, storage)
        self.tables[value] = array
        return value

    def _append_call(self, run: Run, text: KernelText, args: list[Value], written: list[bool]) -> None:
        name = "_".join(dict.fromkeys(s.name for s in run.statements if s.name))[:60].strip("_")
        kernel = make_kernel(text, "kernel", args, written)
        kernel = self.kernels.setdefault(
            (kernel.text, kernel.signature), make_kernel(text, f"kernel{len(self.kernels) + 1}_{name}", args, written)
        )
        self.has_effect |= run.is_effect
        numbers = [number.source for _, number in text.numbers.values()]
        writes = tuple(arg for arg, is_written in zip(args, written, strict=True) if is_written)
        call = KernelCall(kernel, not self.has_effect, text.iterations)
        self.instructions.append(Instruction(call, (*args, *numbers), {}, writes=writes, place=run.place))

    def _candidates(self, memory: Memory) -> dict[Value, int]:
        """The arrays that can be passed for a memory, with their positions: no views that each call would make."""
        made = {value: start for value, start in memory.values.items() if value not in self.to_come}
        made_once = {
            value: start
            for value, start in made.items()
            if value.is_whole or (value.storage.kind != "input" and value.storage not in self.fresh)
        }
        return made_once or made

    def _allocate_result(self, memory: Memory) -> list[Instruction]:
        """Write the allocation of a result ahead of its first kernel; returns what has to follow the kernel."""
        returned = []
        for whole in memory.values:
            if whole.storage in self.unallocated and whole.is_whole:
                self.unallocated.remove(whole.storage)
                returned += self._allocate(whole)
        return returned

    def _allocate(self, whole: Value) -> list[Instruction]:
        if not whole.shape and not whole.storage.write_count and whole.storage not in self.operands.places:
            room = self.rooms[whole] = self._allocated(whole.name, (), whole.dtype)
            return [Instruction("__getitem__", (room, ()), {}, results=(whole,))]
        self.instructions.append(Instruction(np.empty, (whole.shape, whole.dtype), {}, results=(whole,)))
        return []

    def _allocated(self, name: str, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Value:
        self.number += 1
        strides = (dtype.itemsize,) * len(shape)
        value = Value(f"{name}_room_{self.number}", shape, dtype, strides, Storage("result"))
        value.origin = Instruction(np.empty, (shape, dtype), {}, results=(value,))
        self.instructions.append(value.origin)
        return value


def _copy(stretch: Stretch, image: Memory, is_back: bool) -> Statement:
    """The copy of numbers from a memory to the image, or back."""
    memory, position, slot, length = stretch
    extents, strides = ((length,), (1,)) if length > 1 else ((), ())
    inside, outside = Element(image, slot, strides), Element(memory, position, strides)
    target, source = (outside, inside) if is_back else (inside, outside)
    return Statement(extents, target, converted(source, target.dtype))


def _nearest(starts: Iterable[int], first: int) -> int:
    """The last of the positions up to `first`, or the first of all."""
    return max((start for start in starts if start <= first), default=min(starts, default=0))


def _needed(instructions: list[Instruction], tape: Tape) -> list[Instruction]:
    """Without views that nothing uses."""
    used: set[Value] = set(tape.survivors())
    kept = []
    for instruction in reversed(instructions):
        if instruction.is_view and not instruction.keep and used.isdisjoint(instruction.results):
            continue
        kept.append(instruction)
        used.update(instruction.operands())
        used.update(instruction.writes)
    return kept[::-1]
