"""Writing the tape: each NumPy call on tracers is executed and recorded with the values that it returns."""

from __future__ import annotations

import builtins
import functools
import keyword
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import numpy as np

from autograd_lite.compiler.calls import Assumption, OpaqueCall, has_dynamic_shape, overwritten
from autograd_lite.compiler.guard_set import GuardSet
from autograd_lite.compiler.tape import Instruction, NumberSource, Storage, Tape, Value, called_name, map_parts, parts
from autograd_lite.compiler.traced_numbers import TracedNumber
from autograd_lite.compiler.tracer import Tracer
from autograd_lite.compiler.user_code import user_line
from autograd_lite.core.hooks import CompileError, recorder
from autograd_lite.core.tensor import Tensor
from autograd_lite.support.addresses import address, memory_owner
from autograd_lite.support.interrupts import setting

# Names with another meaning in the source of a program.
_TAKEN = {"ShapeChanged", "build", "np", "rng", *dir(builtins)}
# Functions of shapes and dtypes alone, which are the same at each replay.
_STATIC = {np.shape, np.ndim, np.size, np.result_type, np.can_cast, np.may_share_memory, np.iscomplexobj,
           np.isrealobj, np.common_type}  # fmt: skip


class TapeWriter:
    """A tape, and the tracers of its values.

    Attributes
    ----------
    tape : Tape
    guards : GuardSet
        The guards on what is around the function.
    conditions : dict of str to bool
        Expressions of traced numbers that have decided something, with the decision.
    undo : list of callables
        Each restores something that the function has changed, in the order of the changes.
    failures : list of (exception, name, place)
        Calls that have raised.
    tracers : list of Tracer
        All of them, so that none is freed, and no identity occurs twice, while the function runs.
    storages : dict of int to Storage
        Those of arrays from outside, by the identity of the owner.
    """

    def __init__(self, name: str, guards: GuardSet) -> None:
        self._names: dict[str, int] = {}
        self.tape = Tape(self.new_name("function" if name == "<lambda>" else name))
        self.guards = guards
        self.ended = False
        self.errstate: dict[str, Any] = {**np.geterr()}
        self.undo: list[Any] = []
        self.failures: list[tuple[Exception, str, str]] = []
        self.conditions: dict[str, bool] = {}
        self.tracers: list[Tracer] = []
        self.storages: dict[int, Storage] = {}
        self.arrays: dict[int, Tracer] = {}  # from outside, by the identity of the array
        self._passed: dict[int, Tracer] = {}  # the arguments, by the identity of the array
        self.inner: Any = None  # the recorder of a step of a loop, while one runs
        self.assumes = False  # whether a branch may be assumed to be taken in each replay
        self._read_inside: set[str] = set()  # numbers that are read at their place in the program

    # -- inputs -----------------------------------------------------------------------------------------------------

    def argument(self, array: Any, name: str) -> Tracer:
        """The tracer of an argument; an array that is passed twice has one."""
        if id(array) not in self._passed:
            tracer = self._passed[id(array)] = self._tracer(array, name, Storage("input"))
            self.tape.inputs.append(tracer._value)
        return self._passed[id(array)]

    def number(self, value: Any, name: str, source: NumberSource | None = None) -> TracedNumber:
        """A number that each replay reads from `source`; without a source it is an argument."""
        name = self.new_name(name)
        self.tape.numbers.append((name, source, type(value)))
        return TracedNumber(value, name, self)

    def array(self, array: Any, lasting: bool = False) -> Tracer:
        """The tracer of an array from outside: a parameter, a state, a constant.

        A `lasting` array is known to exist after the call. Whether the function itself has made one of the others is
        found at the end.
        """
        tracer = self.arrays.get(id(array))
        if tracer is None:
            owner = memory_owner(array)
            storage = self.storages.setdefault(id(owner), Storage("array", owner))
            tracer = self.arrays[id(array)] = self._tracer(array, "array", storage)
            self.tape.arrays[tracer._value] = array
            if storage.initial is None:
                self.guards.check_array(owner)
                storage.initial = storage.content = owner.copy("K")
                if owner.flags.writeable:
                    self.undo.append(functools.partial(np.copyto, owner, storage.initial))
        storage = tracer._value.storage
        storage.is_lasting |= lasting
        if not storage.is_lasting:
            self.refuse_hidden_change(storage)
        return tracer

    def refuse_hidden_change(self, storage: Storage) -> None:
        """Raise CompileError if an array has changed without a recorded call."""
        if not np.array_equal(storage.owner, storage.content, equal_nan=storage.owner.dtype.kind == "f"):
            raise CompileError(
                f"compile: an array of shape {storage.owner.shape} was changed during the call by something that is "
                "not recorded; use NumPy functions on tensors or on the arguments"
            )

    def condition(self, expression: str, value: bool) -> bool:
        """Return `value`, and note that the program is valid only while `expression` has it."""
        if self._read_inside and not self._read_inside.isdisjoint(re.findall(r"\w+", expression)):
            raise CompileError(
                "compile: a branch of Python depends on a learning rate that has changed within the call; "
                "step the schedule last, or outside of the compiled function"
            )
        self.conditions[expression] = value
        return value

    def assume(self, tracer: Tracer) -> bool | None:
        """The truth of an array, and a note that it must be the same in each replay, inside an expansion."""
        if not self.assumes:
            return None
        truth = bool(tracer._concrete)
        self.tape.instructions.append(Instruction(Assumption(truth), (tracer._value,), {}, place=""))
        return truth

    # -- calls ------------------------------------------------------------------------------------------------------

    def call(self, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Execute a NumPy function, or the method that a string names, and record it."""
        if self.inner is not None:
            return self.inner.call(function, args, kwargs)
        if self.ended:
            _refuse_after_recording()
        if function in _STATIC:
            return function(*map_parts(args, concrete_of), **map_parts(kwargs, concrete_of))
        return self.record(function, args, kwargs)

    def record(self, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any], keep: bool = False) -> Any:
        """Execute and record any call."""
        args, kwargs = map_parts(args, self._lift), map_parts(kwargs, self._lift)
        targets = overwritten(function, args, kwargs)
        for tracer in targets:
            if tracer._value.storage.kind == "input":
                self.undo.append(functools.partial(np.copyto, tracer._concrete, tracer._concrete.copy()))
        out = self._executed(function, map_parts(args, concrete_of), map_parts(kwargs, concrete_of))
        instruction = Instruction(function, map_parts(args, value_of), map_parts(kwargs, value_of), keep=keep)
        instruction.place = user_line(sys._getframe(1))
        instruction.writes = tuple(tracer._value for tracer in targets)
        self._note_errstate(instruction)
        self._note_dynamic_shape(instruction, args)
        for storage in {value.storage for value in instruction.writes}:
            storage.write_count += 1
            if storage.kind == "array" and not storage.is_lasting:
                storage.content = storage.owner.copy("K")
        if kwargs.get("out") is not None:
            self.tape.instructions.append(instruction)
            given = kwargs["out"]
            return given[0] if isinstance(given, tuple) and len(given) == 1 else given
        if out is None and instruction.writes:
            self.tape.instructions.append(instruction)
            return None
        for tracer in args:
            # Of scalars it says nothing: True and False exist once.
            if isinstance(tracer, Tracer) and out is tracer._concrete and isinstance(out, np.ndarray):
                return tracer
        return self._results(instruction, [leaf for leaf in parts((args, kwargs)) if isinstance(leaf, Tracer)], out)

    def _executed(self, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        try:
            if isinstance(function, str):
                return getattr(args[0], function)(*args[1:], **kwargs)
            if isinstance(function, OpaqueCall):
                with self.suspended():
                    return function(*args, **kwargs)
            return function(*args, **kwargs)
        except CompileError:
            raise
        except Exception as error:
            self.failures.append((error, called_name(function), user_line(sys._getframe(2))))
            raise

    def _note_errstate(self, instruction: Instruction) -> None:
        changed = {name: rule for name, rule in np.geterr().items() if rule != self.errstate[name]}
        instruction.errstate = changed or None

    def _note_dynamic_shape(self, instruction: Instruction, args: tuple[Any, ...]) -> None:
        function = instruction.function
        if isinstance(function, OpaqueCall):
            instruction.dynamic_shape = function.dynamic_shape
        elif has_dynamic_shape(function, args):
            instruction.dynamic_shape = True
            if any(earlier.is_effect for earlier in self.tape.instructions):
                raise CompileError(
                    f"compile: the shape of the result of {called_name(function)} depends on values, and something "
                    "was changed or drawn before, which a replay could not undo; call it first, or outside of the "
                    "compiled function"
                )

    def _results(self, instruction: Instruction, operands: list[Tracer], out: Any) -> Any:
        """Tracers of what a call has returned; a result that shares memory with an operand is a view of it."""
        instruction.several = isinstance(out, tuple | list)
        arrays = list(out) if instruction.several else [out]
        for array in arrays:
            if not isinstance(array, np.ndarray | np.generic):
                raise CompileError(
                    f"compile: {called_name(instruction.function)} returns a {type(array).__name__}, not an array; "
                    "code that depends on it could not be replayed"
                )
        sources = {id(memory_owner(tracer._concrete)): tracer._value.storage for tracer in operands}
        results = []
        for array in arrays:
            storage = sources.get(id(memory_owner(array))) if isinstance(array, np.ndarray) else None
            instruction.is_view |= storage is not None
            tracer = self._tracer(array, called_name(instruction.function), storage or Storage("result"))
            tracer._value.origin = instruction
            results.append(tracer)
        instruction.results = tuple(tracer._value for tracer in results)
        self.tape.instructions.append(instruction)
        if not instruction.several:
            return results[0]
        return type(out)(*results) if hasattr(out, "_fields") else type(out)(results)

    # -- helpers ----------------------------------------------------------------------------------------------------

    def _tracer(self, array: Any, name: str, storage: Storage) -> Tracer:
        offset = 0 if isinstance(array, np.generic) else address(array) - address(memory_owner(array))
        value = Value(self.new_name(name), array.shape, array.dtype, array.strides, storage, offset=offset)
        self.tracers.append(Tracer(array, value, self))
        return self.tracers[-1]

    def new_name(self, name: str) -> str:
        """A name that occurs nowhere else in the source of the program."""
        name = re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_") or "value"
        name = f"value_{name}" if name[0].isdigit() else name
        # Numbered names, and names like those of functions that are passed, are reserved.
        name += "_" * bool(re.fullmatch(r"(buffer|constant|memory)\d+|(call|kernel\d+)_.*|.*_\d+", name))
        number = self._names[name] = self._names.get(name, 0) + 1
        plain = number == 1 and not keyword.iskeyword(name) and name not in _TAKEN
        return name if plain else f"{name}_{number}"

    def _lift(self, leaf: Any) -> Any:
        """A tracer in the place of an array or of a tensor without a gradient."""
        if isinstance(leaf, Tracer) and leaf._recorder is not self:
            if leaf._recorder.ended:
                _refuse_after_recording()
            raise CompileError(
                "compile: an array belongs to another program that is being recorded, or to one step of scan, and has "
                "no values of its own outside; let the function of scan return it as y"
            )
        if isinstance(leaf, Tensor) and leaf._node is None:
            leaf = leaf._data  # as an index
        return self.array(leaf) if isinstance(leaf, np.ndarray) else leaf

    @contextmanager
    def suspended(self) -> Iterator[None]:
        """Inside, nothing is recorded."""
        with setting(recorder, None):
            yield


def concrete_of(leaf: Any) -> Any:
    """The array of a tracer, the value of a traced number; anything else as it is."""
    return leaf._concrete if type(leaf) in (Tracer, TracedNumber) else leaf


def value_of(leaf: Any) -> Any:
    """The value of a tracer on the tape; anything else as it is."""
    return leaf._value if isinstance(leaf, Tracer) else leaf


def _refuse_after_recording() -> NoReturn:
    raise CompileError(
        "compile: an array that was created inside a compiled function while it was recorded has no values of "
        "its own afterwards; let the function return what is needed outside"
    )
