"""A program: the source that replays a recorded function, the conditions under which it holds, and what it leaves."""

from __future__ import annotations

import dis
import linecache
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_lite.backward import Leaf
from autograd_lite.program.blocks import group
from autograd_lite.program.entry import Entry
from autograd_lite.program.memory import Memory, allocate
from autograd_lite.program.numbers import Number
from autograd_lite.program.passes import simplify
from autograd_lite.program.recorder import Recorder
from autograd_lite.program.source import Source
from autograd_lite.program.tape import Value, exchange
from autograd_lite.program.tracer import Tracer
from autograd_lite.program.updates import Option
from autograd_lite.recording import is_grad_enabled
from autograd_lite.tensor import Tensor, _wrap
from autograd_lite.threads import spread
from autograd_lite.tracing import CompileError, concrete


class Recording:
    """What has come of running a function once on tracers."""

    def __init__(self, recorder: Recorder, out: Any) -> None:
        self.recorder = recorder
        self.tape = recorder.tape
        self.tape.result = exchange(out, self._value)
        self.is_tensor = [isinstance(leaf, Tensor) for leaf in _leaves(out) if _is_traced(leaf)]
        self.result = exchange(out, self._plain)
        self.set_attributes = [(owner, name, getattr(owner, name)) for owner, name in recorder.assigned.values()]
        self.gradients: dict[Leaf, Any] = {}
        for owner, _, value in self.set_attributes:
            if isinstance(owner, Leaf) and value is not None:
                self.tape.gradients[owner] = self._value(value)
                self.gradients[owner] = np.array(concrete(getattr(value, "_data", value)))

    def _value(self, leaf: Any) -> Any:
        if isinstance(leaf, Number):
            raise CompileError("compile: the function returns a number that is read anew in each call; return an array")
        tracer = leaf._data if isinstance(leaf, Tensor) else leaf
        if isinstance(tracer, np.ndarray):
            tracer = self.recorder.array(tracer)  # a constant; each call gives a copy of it
        return self.recorder.values[id(tracer)] if isinstance(tracer, Tracer) else leaf

    def _plain(self, leaf: Any) -> Any:
        """A part of the result with an array in the place of a tracer, and a tensor without a graph."""
        if isinstance(leaf, Tensor):
            return _wrap(self._plain(leaf._data))
        if not isinstance(leaf, Tracer):
            return leaf.copy() if isinstance(leaf, np.ndarray) else leaf
        is_foreign = self.recorder.values[id(leaf)].storage.kind != "result"
        return leaf._concrete.copy() if is_foreign else leaf._concrete


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
        Runs the program on arrays and numbers, if it holds for them.
    """

    def __init__(self, recording: Recording, function: Callable[..., Any], verified: bool) -> None:
        tape, recorder = recording.tape, recording.recorder
        self._lines = tape.lines()
        self._recorded_arrays = list(tape.arrays.items())
        self._is_tensor = recording.is_tensor
        places = simplify(tape)
        group(tape, places)
        self.memory: Memory = allocate(tape, places)
        self._source = Source(tape, self.memory)
        self.source = self._source.text
        self.arrays = self._source.arrays
        self._form = tape.result
        self._step, self._gradient_arrays = self._build(recorder.tape.name)
        leaves = zip(tape.gradients, self._source.gradient_is_lasting, strict=True)
        self._leaves = [leaf for leaf, is_lasting in leaves if is_lasting]
        self._other_leaves = [leaf for leaf in tape.gradients if leaf not in self._leaves]
        self._calls = len(self._source.body)

        self._inputs = [(value.name, value.dtype, value.shape) for value in tape.inputs]
        self._unverified = [] if verified else ["until a second recording is found to be the same"]
        self.entry = self._entry(recording, _surroundings(function))

    def _build(self, name: str) -> Any:
        filename = f"<program {name} {len(linecache.cache)}>"
        linecache.cache[filename] = (len(self.source), None, self.source.splitlines(True), filename)
        namespace: dict[str, Any] = {}
        exec(compile(self.source, filename, "exec"), namespace)
        namespace["spread"] = spread
        return namespace["build"](**self.arrays, **self._source.functions)

    def _entry(self, recording: Recording, surroundings: list[tuple[str, Any, Any]]) -> Callable[..., Any]:
        """The function that is called with the arrays and numbers of a call."""
        tape, recorder = recording.tape, recording.recorder
        passed = [name for name, source, _ in tape.numbers if type(source) is int]
        entry = Entry(", ".join([value.name for value in tape.inputs] + passed))
        for owner, attribute, found in recorder.read_attributes:
            entry.unless(f"{entry.name(owner)}.{attribute} is {entry.name(found)}")
            if attribute == "_data":
                entry.unless(f"{entry.name(owner)}._node is {entry.name(owner._node)}")
        for expression, place, value in surroundings:
            entry.unless(f"{expression.format(entry.name(place))} is {entry.name(value)}")
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
            entry.do(f"options = ({', '.join(options)},)")
            entry.do(f"if options != {checked}[0]:")
            for update in recorder.updates:
                entry.do(f" {entry.name(update.optimizer)}.prepare()")
            entry.do(f" {checked}[0] = options")
        entry.do(f"if {entry.name(self._unverified)}: return NOT_YET")
        self._write_run(entry, recording)
        return entry.written()

    def entry_for(self, args: tuple[Any, ...]) -> Callable[..., Any] | None:
        """The way in for arguments as they are, if they are nothing but arrays, tensors and numbers."""
        if not all(isinstance(value, Tensor | float) or type(value) is np.ndarray for value in args):
            return None
        names = [f"x{i}" for i in range(len(args))]
        entry = Entry(", ".join(names))
        entry.unless(f"is_grad_enabled() is {is_grad_enabled()}")
        for name, value in zip(names, args, strict=True):
            if isinstance(value, float):
                entry.unless(f"{name}.__class__ is float")
            else:
                entry.unless_array(name, value)
        arrays_first = sorted(names, key=lambda name: isinstance(args[names.index(name)], float))
        entry.do(f"return {entry.name(self.entry)}({', '.join(arrays_first)})")
        return entry.written()

    def _write_run(self, entry: Entry, recording: Recording) -> None:
        tape, recorder = recording.tape, recording.recorder
        results = [f"result_{i}" for i in range(len(self._is_tensor))]
        others = [f"gradient_{i}" for i in range(len(self._other_leaves))]
        passed = [value.name for value in tape.inputs] + [name for name, _, _ in tape.numbers]
        call = f"{entry.name(self._step)}({', '.join(passed + ['generator()'] * self._source.uses_rng)})"
        entry.do(f"{''.join(f'{name}, ' for name in results + others)} = {call}" if results + others else call)
        for leaf, gradient in zip(self._leaves, self._gradient_arrays, strict=True):
            entry.do(f"{entry.name(leaf)}.grad = {entry.name(gradient)}")
        for leaf, name in zip(self._other_leaves, others, strict=True):
            entry.do(f"{entry.name(leaf)}.grad = {name}")
        for owner, name, value in recording.set_attributes:
            if not isinstance(owner, Leaf) or value is None:
                entry.do(f"{entry.name(owner)}.{name} = {entry.name(value)}")
        for bucket, places in (counted for update in recorder.updates for counted in update.counted):
            steps = f"{entry.name(bucket)}.steps"
            entry.do(f"for i in {entry.name(places)}: {steps}[i] += 1")
        written = {value.storage for instruction in tape.instructions for value in instruction.writes}
        written |= {array.storage for array, _ in self.memory.places.values()}
        owners = [storage.owner for storage in written if storage.kind == "array"]
        if owners:
            entry.do(f"record_changes({entry.name(owners)})")
        arrays = [f"wrap({r})" if tensor else r for r, tensor in zip(results, self._is_tensor, strict=True)]
        if isinstance(tape.result, Value):
            entry.do(f"return {arrays[0]}")
        else:
            entry.do(f"return {entry.name(_refilled)}({entry.name(tape.result)}, [{', '.join(arrays)}])")

    def verify(self, recording: Recording) -> None:
        """Raise CompileError unless a second recording is the same."""
        self._unverified.clear()
        lines = recording.tape.lines()
        for first, second in zip(self._lines, lines, strict=False):
            if first != second:
                raise CompileError(f"compile: {_DIFFERENT}\n  first:  {first}\n  second: {second}")
        if len(self._lines) != len(lines):
            raise CompileError(f"compile: {_DIFFERENT}: {len(self._lines)} NumPy calls, then {len(lines)}")
        arrays = zip(self._recorded_arrays, recording.tape.arrays.items(), strict=True)
        for (value, first_array), (_, second_array) in arrays:
            if first_array is not second_array and first_array.tobytes() != second_array.tobytes():
                raise CompileError(
                    f"compile: {_DIFFERENT}: the array {value.name} of shape {value.shape} has other values; it is "
                    "made inside of the function from something that is not an argument"
                )

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
    "two calls with the same shapes did not do the same, so a replay would be wrong; something inside depends on what "
    "is neither an argument nor a tensor (np.random, a counter, the clock, ...)"
)


def _leaves(tree: Any) -> list[Any]:
    found: list[Any] = []
    exchange(tree, found.append)
    return found


def _is_traced(leaf: Any) -> bool:
    return isinstance(leaf._data if isinstance(leaf, Tensor) else leaf, Tracer | np.ndarray)


def _refilled(form: Any, arrays: list[Any]) -> Any:
    remaining = iter(arrays)
    return exchange(form, lambda leaf: next(remaining) if isinstance(leaf, Value) else leaf)


def _surroundings(function: Any) -> list[tuple[str, Any, Any]]:
    """The variables around a function that it uses and does not set itself: how to read them, where, and the values."""
    code = getattr(function, "__code__", None)
    if code is None:
        return []
    stored = {i.argval for i in dis.get_instructions(code) if i.opname in ("STORE_DEREF", "STORE_GLOBAL")}
    cells = zip(code.co_freevars, function.__closure__ or (), strict=True)
    found = [("{}.cell_contents", cell, cell.cell_contents) for name, cell in cells if name not in stored]
    table = function.__globals__
    names = [name for name in code.co_names if name in table and name not in stored]
    return found + [(f"{{}}.get({name!r})", table, table[name]) for name in names]
