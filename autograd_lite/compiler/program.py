"""A program: the source that replays a recorded function, the conditions under which it holds, and what it leaves."""

from __future__ import annotations

import linecache
import threading
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_lite.compiler.calls import Effect
from autograd_lite.compiler.entry import Entry, Outcome
from autograd_lite.compiler.memory import Memory, allocate
from autograd_lite.compiler.passes import simplify
from autograd_lite.compiler.recording import Recording
from autograd_lite.compiler.source import Source
from autograd_lite.compiler.tape import Value, exchange
from autograd_lite.compiler.updates import Option
from autograd_lite.core.grad_mode import is_grad_enabled
from autograd_lite.core.graph import Leaf
from autograd_lite.core.hooks import CompileError
from autograd_lite.core.tensor import Tensor, _wrap
from autograd_lite.core.writes import memory_owner, record_changes
from autograd_lite.random import generator


class Program:
    """A flat list of NumPy calls that does what a function did when it was recorded.

    Attributes
    ----------
    source : str
        NumPy code that runs by itself: ``build(...)`` makes the buffers and returns the function, and the arrays in
        which it leaves gradients.
    arrays : dict of str to array
        What `build` is called with: parameters, states, constants.
    memory : Memory
        The buffers.
    entry : callable
        Runs the program on arrays and numbers, if it holds for them; else returns an `Outcome`.
    owners : frozenset of int
        Identities of the arrays whose memory an argument must not share.
    """

    def __init__(self, recording: Recording, verified: bool, audit: bool) -> None:
        tape = recording.tape
        self.lines, self.places, self.shapes = recording.lines, recording.places, recording.shapes
        self.recorded_arrays = recording.arrays
        self.updates, self.draws = recording.recorder.updates, recording.recorder.draws
        self.effects = [i.function for i in tape.instructions if isinstance(i.function, Effect)]
        self.set_attributes = recording.set_attributes
        self._is_tensor = recording.is_tensor
        self.conditions = dict(recording.recorder.conditions)
        places = simplify(tape)
        self.memory: Memory = allocate(tape, places)
        self._source = Source(tape, self.memory)
        self.source = self._source.text
        self.arrays = self._source.arrays
        self._step, self._gradient_arrays = self._build(tape.name)
        leaves = zip(tape.gradients, self._source.gradient_is_lasting, strict=True)
        self._leaves = [leaf for leaf, is_lasting in leaves if is_lasting]
        self._other_leaves = [leaf for leaf in tape.gradients if leaf not in self._leaves]
        self._calls = len(self._source.body)
        self._inputs = [(value.name, value.dtype, value.shape) for value in tape.inputs]
        self._unverified = [] if verified else ["until a second recording is found to be the same"]
        self.lock = threading.RLock()  # held by a thread for a replay, and for the whole of an audit
        self.inside: list[int | None] = [None]  # the thread that is in a replay
        self.calls = 1  # that have been recorded or audited
        self._until_audit = [1 if audit else 1 << 62]
        self._quick: dict[Any, Callable[..., Any]] = {}
        self._storages(recording)
        self.entry = self._entry(recording)

    def _build(self, name: str) -> Any:
        self.filename = f"<program {name} {len(linecache.cache)}>"
        linecache.cache[self.filename] = (len(self.source), None, self.source.splitlines(True), self.filename)
        namespace: dict[str, Any] = {}
        exec(compile(self.source, self.filename, "exec"), namespace)
        return namespace["build"](**self.arrays, **self._source.functions, **self._source.effects)

    def _storages(self, recording: Recording) -> None:
        """What is written: arrays from outside, and arguments by their number."""
        tape = recording.tape
        written = {value.storage for instruction in tape.instructions for value in instruction.writes}
        written |= {array.storage for array, _ in self.memory.places.values()}
        self.written = [storage.owner for storage in written if storage.kind == "array"]
        self.written_inputs = [i for i, value in enumerate(tape.inputs) if value.storage in written]
        outside = {value.storage for value in tape.arrays} if self.written_inputs else written
        self.owners = frozenset(id(storage.owner) for storage in outside if storage.kind == "array")

    # -- the way in ------------------------------------------------------------------------------------------------

    def _entry(self, recording: Recording) -> Callable[..., Any]:
        """The function that is called with the arrays and numbers of a call."""
        tape, recorder = recording.tape, recording.recorder
        passed = [name for name, source, _ in tape.numbers if type(source) is int]
        # In an expression a number has the name that it has in the program; those never look like the names of entries.
        inputs = [f"a{i}_" for i in range(len(tape.inputs))]
        entry = Entry([*inputs, *passed])
        for owner, attribute, found in recorder.read_attributes:
            entry.unless(f"{entry.name(owner)}.{attribute} is {entry.name(found)}")
            if attribute == "_data":
                entry.unless(f"{entry.name(owner)}._node is {entry.name(owner._node)}")
        entry.unless_unchanged(recorder.surroundings)
        for expression, thing in recorder.requirements:
            entry.unless(expression.format(entry.name(thing)))
        options = []
        for name, source, kind in tape.numbers:
            if type(source) is not int:
                entry.do(f"{name} = {source.expression.format(entry.name(source.place))}")
            if isinstance(source, Option):
                options.append(name)
            entry.unless(f"{name}.__class__ is {entry.name(kind)}")
        for options_of, name, value in (constant for update in recorder.updates for constant in update.constants):
            entry.unless(f"{entry.name(options_of)}[{name!r}] == {entry.name(value)}")
        for expression, value in recorder.conditions.items():
            entry.unless(expression if value else f"not {expression}")
        if options:
            checked = entry.name([None])
            entry.do(f"options_ = ({', '.join(options)},)")
            entry.do(f"if options_ != {checked}[0]:")
            for update in recorder.updates:
                entry.do(f" {entry.name(update.optimizer)}.prepare()")
            entry.do(f" {checked}[0] = options_")
        if self.owners:
            for name in inputs:
                owner = f"id({name} if {name}.base is None else {entry.name(memory_owner)}({name}))"
                entry.unless(f"{owner} not in {entry.name(self.owners)}", Outcome.ALIASED)
        if self.written_inputs and len(inputs) > 1:
            distinct = entry.name(_have_distinct_memory)
            entry.unless(f"{distinct}({', '.join(inputs)})", Outcome.ALIASED)
        entry.do(f"if {entry.name(self._unverified)}: return {entry.name(Outcome.NOT_YET)}")
        self.note_live_arrays = entry.audit_if_changed(recorder.surroundings)
        until = entry.name(self._until_audit)
        entry.do(f"{until}[0] -= 1")
        entry.do(f"if {until}[0] <= 0: return {entry.name(Outcome.AUDIT)}")
        self._write_run(entry, recording, inputs)
        return entry.written()

    def entry_for(self, args: tuple[Any, ...]) -> Callable[..., Any] | None:
        """The way in for arguments as they are, if they are nothing but different arrays, tensors and numbers."""
        if not all(isinstance(value, Tensor) or type(value) in (float, np.ndarray) for value in args):
            return None
        kinds = tuple(map(type, args))
        if kinds in self._quick:
            return self._quick[kinds]
        arrays = [i for i, value in enumerate(args) if type(value) is not float]
        names = [f"x{i}" for i in range(len(args))]
        entry = Entry(names)
        entry.unless(f"{entry.name(is_grad_enabled)}() is {is_grad_enabled()}")
        for name, value in zip(names, args, strict=True):
            if type(value) is float:
                entry.unless(f"{name}.__class__ is {entry.name(float)}")
            else:
                entry.unless_array(name, value)
        for i, one in enumerate(arrays):
            for other in arrays[:i]:
                entry.unless(f"{names[one]} is not {names[other]}")
        arrays_first = [names[i] for i in arrays] + [name for i, name in enumerate(names) if i not in arrays]
        entry.do(f"return {entry.name(self.entry)}({', '.join(arrays_first)})")
        self._quick[kinds] = entry.written()
        return self._quick[kinds]

    def _write_run(self, entry: Entry, recording: Recording, inputs: list[str]) -> None:
        tape = recording.tape
        results = [f"result{i}_" for i in range(len(self._is_tensor))]
        others = [f"gradient{i}_" for i in range(len(self._other_leaves))]
        passed = inputs + [name for name, _, _ in tape.numbers]
        rng = [f"{entry.name(generator)}()"] * self._source.uses_rng
        call = f"{entry.name(self._step)}({', '.join(passed + rng)})"
        entry.do(f"if not {entry.name(self.lock.acquire)}(False): return {entry.name(Outcome.BUSY)}")
        inside, release = entry.name(self.inside), entry.name(self.lock.release)
        entry.do(f"if {inside}[0] is not None: {release}(); return {entry.name(Outcome.BUSY)}")  # within itself
        entry.do("try:")
        entry.do(f" {entry.name(self.inside)}[0] = {entry.name(threading.get_ident)}()")
        entry.do(f" {''.join(f'{name}, ' for name in results + others)} = {call}" if results + others else f" {call}")
        for leaf, gradient in zip(self._leaves, self._gradient_arrays, strict=True):
            entry.do(f" {entry.name(leaf)}.grad = {entry.name(gradient)}")
        for leaf, name in zip(self._other_leaves, others, strict=True):
            entry.do(f" {entry.name(leaf)}.grad = {name}")
        for owner, name, value in recording.set_attributes:
            if not isinstance(owner, Leaf) or value is None:
                entry.do(f" {entry.name(owner)}.{name} = {entry.name(value)}")
        entry.do("finally:")
        entry.do(f" {entry.name(self.inside)}[0] = None")
        if self.written:
            entry.do(f" {entry.name(record_changes)}({entry.name(self.written)})")
        entry.do(f" {entry.name(self.lock.release)}()")
        wrap = entry.name(_wrap)
        arrays = [f"{wrap}({r})" if tensor else r for r, tensor in zip(results, self._is_tensor, strict=True)]
        if isinstance(tape.result, Value):
            entry.do(f"return {arrays[0]}")
        else:
            entry.do(f"return {entry.name(_refilled)}({entry.name(tape.result)}, [{', '.join(arrays)}])")

    # -- verification ----------------------------------------------------------------------------------------------

    def verified(self) -> None:
        """Note that a second recording was the same."""
        self._unverified.clear()
        self.calls += 1

    def refuse_difference(self, recording: Recording) -> None:
        """Raise CompileError unless another recording, which has not been settled yet, is the same."""
        lines, places = recording.lines, recording.places
        for number, (first, second) in enumerate(zip(self.lines, lines, strict=False)):
            if first != second:
                place = places[number] and f"\n  in {places[number]}"
                raise CompileError(f"{_DIFFERENT}:\n  first:  {first[:300]}\n  second: {second[:300]}{place}")
        if len(self.lines) != len(lines):
            longer, where = (self.lines, self.places) if len(self.lines) > len(lines) else (lines, places)
            number = min(len(self.lines), len(lines))
            raise CompileError(
                f"{_DIFFERENT}: {len(self.lines)} NumPy calls, then {len(lines)}; the first of them more is "
                f"{longer[number][:300]}, in {where[number]}"
            )
        arrays = list(recording.tape.arrays.items())
        for number, value, array in self.recorded_arrays:
            other, storage = arrays[number][1], arrays[number][0].storage
            if not value.storage.versions and not storage.versions and array.tobytes() != other.tobytes():
                raise CompileError(
                    f"{_DIFFERENT}: the array {value.name} of shape {value.shape} has other values; it is made inside "
                    "of the function from something that is not an argument"
                )

    def expect_audit(self) -> None:
        """Note a call that was audited; from the fourth on, the next one is due after twice as many calls."""
        self.calls = self.calls + 1 if self.calls < 4 else 2 * self.calls
        self._until_audit[0] = self.calls if self.calls >= 4 else 1

    def run_unaudited(self, inputs: list[Any], numbers: list[float]) -> Any:
        """The program on arrays and numbers, whether an audit is due or not."""
        until = self._until_audit[0]
        self._until_audit[0] = 1 << 62
        try:
            return self.entry(*inputs, *numbers)
        finally:
            self._until_audit[0] = until

    def raised(self, error: BaseException) -> bool:
        """Whether an exception comes from the program."""
        return self._line(error) is not None

    def has_changed(self, error: BaseException) -> bool:
        """Whether the program had changed anything when it raised the exception."""
        line, effect = self._line(error), self._source.first_effect
        return line is None or (effect is not None and line > self._source.first_line + effect)

    def _line(self, error: BaseException) -> int | None:
        trace, line = error.__traceback__, None
        while trace is not None:
            if trace.tb_frame.f_code.co_filename == self.filename:
                line = trace.tb_lineno
            trace = trace.tb_next
        return line

    def leave_gradients(self, recording: Recording) -> None:
        """Put the gradients of a recorded call where those of every later call will be."""
        places = dict(zip(self._leaves, self._gradient_arrays, strict=True))
        for leaf, array in recording.gradients.items():
            if leaf in places:
                places[leaf][...] = array
            leaf.grad = places.get(leaf, array)

    def __repr__(self) -> str:
        inputs = ", ".join(f"{name} {dtype}{list(shape)}" for name, dtype, shape in self._inputs)
        return (
            f"<program of {self._calls} NumPy calls on {len(self.memory.buffers)} buffers "
            f"of {self.memory.nbytes:,} bytes; {inputs}>"
        )


_DIFFERENT = (
    "compile: two calls with the same shapes did not do the same, so a replay would be wrong; something inside "
    "depends on what is neither an argument nor a tensor (np.random, a counter, the clock, ...)"
)


def _have_distinct_memory(*arrays: Any) -> bool:
    return len({id(memory_owner(array)) for array in arrays}) == len(arrays)


def _refilled(form: Any, arrays: list[Any]) -> Any:
    remaining = iter(arrays)
    return exchange(form, lambda leaf: next(remaining) if isinstance(leaf, Value) else leaf)
