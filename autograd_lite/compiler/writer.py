"""Writing a tape: NumPy calls on tracers are carried out, and written down with the values that they make."""

from __future__ import annotations

import builtins
import functools
import keyword
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from autograd_lite.compiler.calls import Whole, is_ragged, written
from autograd_lite.compiler.surroundings import Surroundings
from autograd_lite.compiler.tape import Instruction, Storage, Tape, Value, exchange, function_name
from autograd_lite.compiler.traced_numbers import Number
from autograd_lite.compiler.tracer import Tracer
from autograd_lite.compiler.user_code import place_of
from autograd_lite.core.hooks import CompileError, recorder
from autograd_lite.core.tensor import Tensor
from autograd_lite.core.writes import memory_owner
from autograd_lite.support.interrupts import setting

# Names that mean something else in the source of a program.
_TAKEN = {"ShapeChanged", "build", "np", "rng", *dir(builtins)}
# These ask for shapes and dtypes alone, which are the same at each replay.
_STATIC = {np.shape, np.ndim, np.size, np.result_type, np.can_cast, np.may_share_memory, np.iscomplexobj,
           np.isrealobj, np.common_type}  # fmt: skip


class Writer:
    """A tape, and the tracers that stand for its values.

    Attributes
    ----------
    tape : Tape
        What has been written down.
    surroundings : Surroundings
        What is around the function.
    conditions : dict of str to bool
        Expressions of numbers that have decided something, with the decision.
    undo : list of callables
        What puts back what the function has changed, in the order of the changes.
    failures : list of (exception, name, place)
        Calls that have raised.
    """

    def __init__(self, name: str, surroundings: Surroundings) -> None:
        self._names: dict[str, int] = {}
        self.tape = Tape(self.new_name("function" if name == "<lambda>" else name))
        self.surroundings = surroundings
        self.ended = False
        self.errstate = np.geterr()
        self.undo: list[Any] = []
        self.failures: list[tuple[Exception, str, str]] = []
        self.conditions: dict[str, bool] = {}
        self.values: dict[int, Value] = {}  # by the identity of the tracer
        self.tracers: dict[Value, Tracer] = {}  # keeps them alive, and with them their identity
        self.passed: dict[int, Tracer] = {}  # the arguments, by the identity of the array
        self.arrays: dict[int, Tracer] = {}
        self.storages: dict[int, Storage] = {}  # by the identity of the owner
        self.passed_numbers = 0
        self._late: set[str] = set()  # numbers that are read on the way

    # -- what comes in ----------------------------------------------------------------------------------------------

    def argument(self, array: Any, name: str) -> Tracer:
        """An array that is passed to the function; passed twice, it is the same."""
        if id(array) in self.passed:
            return self.passed[id(array)]
        tracer = self.passed[id(array)] = self._tracer(array, name, Storage("input"))
        self.tape.inputs.append(self.values[id(tracer)])
        return tracer

    def argument_number(self, value: float, name: str) -> Number:
        """A number that is passed to the function."""
        self.passed_numbers += 1
        return self.number(value, name, self.passed_numbers - 1)

    def number(self, value: Any, name: str, source: Any) -> Number:
        """A number that is read anew in each run, by calling `source`, or from the arguments in that place."""
        name = self.new_name(name)
        self.tape.numbers.append((name, source, type(value)))
        return Number(value, name, self)

    def array(self, array: Any, lasting: bool = False) -> Tracer:
        """An array from outside: a parameter, a state, a constant.

        The program holds on to a `lasting` array, and works on it. Of others it must be found out, at the end, whether
        they were made by the function.
        """
        tracer = self.arrays.get(id(array))
        if tracer is None:
            owner = memory_owner(array)
            storage = self.storages.setdefault(id(owner), Storage("array", owner))
            tracer = self.arrays[id(array)] = self._tracer(array, "array", storage)
            self.tape.arrays[self.values[id(tracer)]] = array
            if storage.initial is None:
                self.surroundings.check_array(owner)
                storage.initial = storage.content = owner.copy("K")
                if owner.flags.writeable:
                    self.undo.append(functools.partial(np.copyto, owner, storage.initial))
        storage = self.values[id(tracer)].storage
        storage.is_lasting |= lasting
        if not storage.is_lasting:
            self.refuse_hidden_change(storage)
        return tracer

    def refuse_hidden_change(self, storage: Storage) -> None:
        """Raise CompileError if an array has changed without a call that is recorded."""
        if not np.array_equal(storage.owner, storage.content, equal_nan=storage.owner.dtype.kind == "f"):
            raise CompileError(
                f"compile: an array of shape {storage.owner.shape} was changed during the call by something that is "
                "not recorded; use NumPy functions on tensors or on the arguments"
            )

    def condition(self, expression: str, value: bool) -> bool:
        """Note that the program holds only while `expression` is `value`."""
        if self._late and not self._late.isdisjoint(re.findall(r"\w+", expression)):
            raise CompileError(
                "compile: a decision of Python depends on a learning rate that has changed within the call; "
                "step the schedule last, or outside of the compiled function"
            )
        self.conditions[expression] = value
        return value

    # -- what happens -----------------------------------------------------------------------------------------------

    def call(self, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Carry out a NumPy function, and write it down."""
        self._refuse_if_ended()
        if function in _STATIC:
            return function(*exchange(args, concrete_of), **exchange(kwargs, concrete_of))
        return self._record(function, args, kwargs)

    def method(self, tracer: Tracer, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Carry out a method of an array, and write it down."""
        self._refuse_if_ended()
        return self._record(name, (tracer, *args), kwargs)

    @property
    def has_effects(self) -> bool:
        """Whether something has happened already that is there after the call."""
        return any(instruction.is_effect for instruction in self.tape.instructions)

    def _record(self, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any], keep: bool = False) -> Any:
        args, kwargs = exchange(args, self._lift), exchange(kwargs, self._lift)
        plain, plain_kwargs = exchange(args, concrete_of), exchange(kwargs, concrete_of)
        for tracer in written(function, args, kwargs):
            if self.values[id(tracer)].storage.kind == "input":
                self.undo.append(functools.partial(np.copyto, tracer._concrete, tracer._concrete.copy()))
        out = self._carried_out(function, plain, plain_kwargs)
        instruction = Instruction(function, exchange(args, self._value), exchange(kwargs, self._value), keep=keep)
        instruction.place = place_of(sys._getframe(2))
        errstate = np.geterr()
        if errstate != self.errstate:
            instruction.errstate = {name: rule for name, rule in errstate.items() if rule != self.errstate[name]}  # type: ignore[literal-required]
        if isinstance(function, Whole):
            instruction.ragged = function.may_be_ragged
        elif is_ragged(function, args):
            instruction.ragged = True
            if self.has_effects:
                raise CompileError(
                    f"compile: the shape of what {function_name(function)} gives depends on values, after something "
                    "was changed or drawn that cannot be undone; do it first, or outside of the compiled function"
                )
        instruction.writes = tuple(self.values[id(tracer)] for tracer in written(function, args, kwargs))
        for storage in {value.storage for value in instruction.writes}:
            storage.versions += 1
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
            if isinstance(tracer, Tracer) and out is tracer._concrete:
                return tracer
        return self._results(instruction, out)

    def _carried_out(self, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        try:
            if isinstance(function, str):
                return getattr(args[0], function)(*args[1:], **kwargs)
            if isinstance(function, Whole):
                with self.suspended():
                    return function(*args, **kwargs)
            return function(*args, **kwargs)
        except CompileError:
            raise
        except Exception as error:
            self.failures.append((error, function_name(function), place_of(sys._getframe(2))))
            raise

    def _results(self, instruction: Instruction, out: Any) -> Any:
        instruction.several = isinstance(out, tuple | list)
        arrays = list(out) if instruction.several else [out]
        for array in arrays:
            if not isinstance(array, np.ndarray | np.generic):
                raise CompileError(
                    f"compile: {function_name(instruction.function)} gives {type(array).__name__}, not an array; "
                    "what depends on it could not be replayed"
                )
        operands = instruction.operands()
        sources = {id(memory_owner(self.tracers[value]._concrete)): value.storage for value in operands}
        tracers = []
        for array in arrays:
            storage = sources.get(id(memory_owner(array)))
            instruction.is_view |= storage is not None
            tracer = self._tracer(array, function_name(instruction.function), storage or Storage("result"))
            self.values[id(tracer)].origin = instruction
            tracers.append(tracer)
        instruction.results = tuple(self.values[id(tracer)] for tracer in tracers)
        self.tape.instructions.append(instruction)
        if not instruction.several:
            return tracers[0]
        return type(out)(*tracers) if hasattr(out, "_fields") else type(out)(tracers)

    # -- small parts ------------------------------------------------------------------------------------------------

    def _tracer(self, array: Any, name: str, storage: Storage) -> Tracer:
        tracer = Tracer(array, self)
        value = Value(self.new_name(name), array.shape, array.dtype, array.strides, storage)
        self.values[id(tracer)] = value
        self.tracers[value] = tracer
        return tracer

    def new_name(self, name: str) -> str:
        """A name that nothing else in the source has."""
        name = re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_") or "value"
        name = f"value_{name}" if name[0].isdigit() else name
        # Numbered names are the program's own, and so are those that begin like the name of a function that is passed.
        name += "_" * bool(re.fullmatch(r"(buffer|constant|memory)\d+|call_.*|.*_\d+", name))
        number = self._names[name] = self._names.get(name, 0) + 1
        plain = number == 1 and not keyword.iskeyword(name) and name not in _TAKEN
        return name if plain else f"{name}_{number}"

    def _lift(self, leaf: Any) -> Any:
        if isinstance(leaf, Tracer) and leaf._recorder is not self:
            leaf._recorder._refuse_if_ended()
            raise CompileError("compile: an array of another program, which is being recorded around this one")
        if isinstance(leaf, Tensor) and leaf._node is None:
            leaf = leaf._data  # as an index
        return self.array(leaf) if isinstance(leaf, np.ndarray) else leaf

    def _value(self, leaf: Any) -> Any:
        return self.values[id(leaf)] if isinstance(leaf, Tracer) else leaf

    def _refuse_if_ended(self) -> None:
        if self.ended:
            raise CompileError(
                "compile: an array that was made inside a compiled function while it was recorded has no values of its "
                "own afterwards; let the function return what is needed outside"
            )

    @contextmanager
    def suspended(self) -> Iterator[None]:
        """Inside, things are as they are without a recorder."""
        with setting(recorder, None):
            yield


def concrete_of(leaf: Any) -> Any:
    """The array behind a tracer, the value of a number; anything else as it is."""
    return leaf._concrete if type(leaf) in (Tracer, Number) else leaf
