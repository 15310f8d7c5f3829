"""Recording: a function is run once on tracers, and every NumPy call that it makes is written on a tape."""

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

from autograd_lite.attributes import watching
from autograd_lite.backward import Leaf
from autograd_lite.changes import memory_owner
from autograd_lite.outputs import Cotangents, cotangents
from autograd_lite.program.calls import Draws, Effect, Read, Whole, is_ragged, written
from autograd_lite.program.creation import creating
from autograd_lite.program.numbers import Number
from autograd_lite.program.slots import MISSING
from autograd_lite.program.surroundings import Surroundings
from autograd_lite.program.tape import Instruction, Storage, Tape, Value, exchange, function_name, parts
from autograd_lite.program.tracer import Tracer
from autograd_lite.program.updates import Option, TracedGroup, record_update
from autograd_lite.program.users import place_of
from autograd_lite.tensor import Tensor
from autograd_lite.tracing import CompileError, recorder, watched_attributes

# Names that mean something else in the source of a program.
_TAKEN = {"ShapeChanged", "build", "np", "rng", *dir(builtins)}
# These ask for shapes and dtypes alone, which are the same at each replay.
_STATIC = {np.shape, np.ndim, np.size, np.result_type, np.can_cast, np.may_share_memory, np.iscomplexobj,
           np.isrealobj, np.common_type}  # fmt: skip


class Recorder:
    """One run of one function.

    Attributes
    ----------
    tape : Tape
        What has been written down.
    surroundings : Surroundings
        What is around the function.
    conditions : dict of str to bool
        Expressions of numbers that have decided something, with the decision.
    requirements : list of (str, object)
        Expressions, with ``{}`` for an object, that must be true.
    draws : list of generators
        Those that numbers were drawn from.
    attributes : dict
        What was read of watched attributes without being made here: (object, name) and the value found.
    optimizers : list
        The runs of parameters that were updated, in order.
    """

    def __init__(self, name: str, surroundings: Surroundings) -> None:
        self._names: dict[str, int] = {}
        self.tape = Tape(self.new_name("function" if name == "<lambda>" else name))
        self.surroundings = surroundings
        self.ended = False
        self.errstate = np.geterr()
        self.draws: list[np.random.Generator] = []
        self.undo: list[Any] = []  # what puts back what the function has changed, in the order of the changes
        self.requirements: list[tuple[str, Any]] = []
        self._late: set[str] = set()  # numbers that are read on the way
        self.conditions: dict[str, bool] = {}
        self.read_attributes: list[tuple[Any, str, Any]] = []  # of them, after the end, those whose object still lives
        self.attributes: dict[tuple[int, str], tuple[Any, str, Any]] = {}
        self.assigned: dict[tuple[int, str], tuple[Any, str]] = {}
        self.values: dict[int, Value] = {}  # by the identity of the tracer
        self.tracers: dict[Value, Tracer] = {}  # keeps them alive, and with them their identity
        self.passed: dict[int, Tracer] = {}  # the arguments, by the identity of the array
        self.arrays: dict[int, Tracer] = {}
        self.storages: dict[int, Storage] = {}  # by the identity of the owner
        self.updates: list[Any] = []
        self.passed_numbers = 0
        self.options: dict[tuple[int, str], Number] = {}
        self.changed_options: set[str] = set()  # within this call

    # -- what comes in ---------------------------------------------------------------------------------------------

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

    # -- what happens ----------------------------------------------------------------------------------------------

    def call(self, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Carry out a NumPy function, and write it down."""
        self._refuse_if_ended()
        if function in _STATIC:
            return function(*exchange(args, _concrete), **exchange(kwargs, _concrete))
        return self._record(function, args, kwargs)

    def method(self, tracer: Tracer, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Carry out a method of an array, and write it down."""
        self._refuse_if_ended()
        return self._record(name, (tracer, *args), kwargs)

    def forward(self, operation: Any, values: tuple[Any, ...]) -> Any:
        """Carry out a forward function that is not made of NumPy calls alone: one call of the program."""
        call = Whole(operation.name, operation.forward, operation.parameters)
        call.may_be_ragged = True
        return self._record(call, values, {})

    def pull(self, operation: Any, g: Any, parents: tuple[Any, ...], saved: tuple[Any, ...]) -> Any:
        """Carry out the derivative rules of an operation as one call of the program."""
        stand_ins = tuple(None if parent is None else Leaf(parent.shape, parent.dtype) for parent in parents)
        form = g.shape if isinstance(g, Cotangents) else None

        def rules(g: Any, *saved: Any) -> tuple[Any, ...]:
            if form is not None:
                g = cotangents(form, list(g))
            return tuple(np.asarray(0) if part is None else part for part in operation.pull(g, stand_ins, saved))

        given = tuple(g.filled()) if isinstance(g, Cotangents) else g
        found = self._record(Whole(f"{operation.name}_rules", rules), (given, *saved), {})
        return tuple(part if node is not None else None for part, node in zip(found, parents, strict=True))

    def is_traced(self, g: Any, saved: tuple[Any, ...]) -> bool:
        """Whether rules compute with the arrays of the program, and not with tensors around them."""
        given = list(parts((g, saved)))
        return any(isinstance(v, Tracer) for v in given) and not any(isinstance(v, Tensor) for v in given)

    def generator(self, generator: np.random.Generator, is_common: bool) -> Any:
        """A generator whose draws are written down: each replay draws anew."""
        return Draws(self, generator, is_common)

    def check(self, function: Any, args: tuple[Any, ...]) -> None:
        """Call a function that raises if arrays make no sense; each replay does it again."""
        self.effect(function.__name__.strip("_"), function, None, args, is_check=True)

    def effect(
        self,
        name: str,
        function: Any,
        owner: Any,
        args: tuple[Any, ...] = (),
        done: bool = False,
        is_check: bool = False,
    ) -> None:
        """Carry out something that is no NumPy call, such as the step of a schedule; each replay does it again.

        `done` says that it has happened already, `is_check` that it changes nothing.
        """
        args = exchange(args, lambda leaf: self._lift(getattr(leaf, "_data", leaf)))
        if not done and not is_check:
            self.changed_options.add("lr")
            with self.suspended():
                tables = [vars(owner), *(table for table in owner.read_state() if isinstance(table, dict))]
            self.undo += [functools.partial(table.update, dict(table)) for table in tables]
        if not done:
            with self.suspended():
                function(*exchange(args, _concrete))
        call = Effect(name, function, owner, is_check)
        self.tape.instructions.append(
            Instruction(call, exchange(args, self._value), {}, keep=True, place=place_of(sys._getframe(2)))
        )

    @property
    def has_effects(self) -> bool:
        """Whether something has happened already that is there after the call."""
        return any(instruction.is_effect for instruction in self.tape.instructions)

    def option(self, group: dict[str, Any], name: str) -> Number:
        """An option of an optimizer that is a number."""
        if name in self.changed_options:
            return self.late_number(group[name], name, functools.partial(group.__getitem__, name))
        key = (id(group), name)
        if key not in self.options:
            self.options[key] = self.number(group[name], name, Option(group, name))
        return self.options[key]

    def late_number(self, value: Any, name: str, read: Any) -> Number:
        """A number that is read at this place of the program."""
        name = self.new_name(name)
        self._late.add(name)
        self.tape.instructions.append(Instruction(Read(name, read), (), {}, keep=True))
        return Number(value, name, self)

    def update(self, optimizer: Any) -> None:
        """Carry out a step of an optimizer."""
        record_update(self, optimizer)

    def _record(self, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any], keep: bool = False) -> Any:
        args, kwargs = exchange(args, self._lift), exchange(kwargs, self._lift)
        plain, plain_kwargs = exchange(args, _concrete), exchange(kwargs, _concrete)
        for tracer in written(function, args, kwargs):
            if self.values[id(tracer)].storage.kind == "input":
                self.undo.append(functools.partial(np.copyto, tracer._concrete, tracer._concrete.copy()))
        if isinstance(function, str):
            out = getattr(plain[0], function)(*plain[1:], **plain_kwargs)
        elif isinstance(function, Whole):
            with self.suspended():
                out = function(*plain, **plain_kwargs)
        else:
            out = function(*plain, **plain_kwargs)
        instruction = Instruction(function, exchange(args, self._value), exchange(kwargs, self._value), keep=keep)
        instruction.place = place_of(sys._getframe(2))
        errstate = np.geterr()
        if errstate != self.errstate:
            instruction.errstate = errstate
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

    # -- small parts -----------------------------------------------------------------------------------------------

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

    # -- watched attributes ----------------------------------------------------------------------------------------

    def read(self, owner: Any, name: str, found: Any) -> Any:
        """What the function sees of an attribute that holds `found`."""
        key = (id(owner), name)
        if isinstance(found, Tracer) or key in self.assigned:
            return found
        if isinstance(owner, Leaf) and found is not None:
            raise CompileError(
                f"compile: the function uses the gradient of a tensor of shape {owner.shape} from before the call. "
                "Forget it by zero_grad() inside the function, ahead of backward()"
            )
        if name == "param_groups":
            return [TracedGroup(group, owner, self) for group in found]
        self.attributes.setdefault(key, (owner, name, found))
        return self.array(found) if isinstance(found, np.ndarray) else found

    def assign(self, owner: Any, name: str, value: Any) -> None:
        """Note that the function has set an attribute. What tensors hold comes from calls that are recorded anyway."""
        with self.suspended():
            before = getattr(owner, name, MISSING)
        if before is not MISSING:
            self.undo.append(functools.partial(setattr, owner, name, before))
        if name != "_data":
            self.assigned[id(owner), name] = (owner, name)

    @contextmanager
    def recording(self) -> Iterator[None]:
        """Everything inside, in this thread, is recorded."""
        token = recorder.set(self)
        try:
            with watching(watched_attributes, recorder), creating(), self.surroundings.watching():
                yield
        finally:
            recorder.reset(token)
            self.ended = True

    @contextmanager
    def suspended(self) -> Iterator[None]:
        """Inside, things are as they are without a recorder."""
        token = recorder.set(None)
        try:
            yield
        finally:
            recorder.reset(token)


def _concrete(leaf: Any) -> Any:
    return leaf._concrete if type(leaf) in (Tracer, Number) else leaf
