"""StepRecorder: one step of a loop, recorded on a tape of its own while the function around it is being recorded."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import numpy as np

from autograd_lite.compiler.calls import overwritten
from autograd_lite.compiler.recorder import Recorder
from autograd_lite.compiler.tape import Instruction, Storage, Value
from autograd_lite.compiler.traced_numbers import TracedNumber
from autograd_lite.compiler.tracer import Tracer
from autograd_lite.core.hooks import CompileError, recorder
from autograd_lite.support.interrupts import setting


class StepsDifferError(CompileError):
    """A step does what one step program, called again and again, could not do: the loop is recorded step by step."""


class StepRecorder(Recorder):
    """A recorder for the calls of one step. What the step uses of the function around it becomes an argument.

    Attributes
    ----------
    outer : Recorder
        That of the function around the loop.
    captured : dict of Value to (Value, tracer)
        For each argument from outside of the loop, by the value outside, the value on this tape, and what is passed.
    passed_numbers : dict of str to TracedNumber
        For each number of this tape what is passed.
    refusal : StepsDifferError or None
    """

    def __init__(self, outer: Any) -> None:
        super().__init__("step", outer.guards, outer.record_loop, outer.expands)
        self.outer = outer
        self._names, self.conditions = outer._names, outer.conditions
        self.tracers, self.undo = outer.tracers, outer.undo
        self.captured: dict[Value, tuple[Tracer, Any]] = {}
        self.passed_numbers: dict[str, TracedNumber] = {}
        self._inner_numbers: dict[str, TracedNumber] = {}
        self.refusal: StepsDifferError | None = None

    @contextmanager
    def recording_step(self, instructions: list[Instruction]) -> Iterator[None]:
        """Inside, calls are written to `instructions`, also those on arrays of the function around the loop."""
        self.tape.instructions, self.failures = instructions, self.outer.failures
        before, self.outer.inner = self.outer.inner, self
        try:
            with setting(recorder, self):
                yield
        finally:
            self.outer.inner, self.outer.failures = before, self.failures

    # -- arguments --------------------------------------------------------------------------------------------------

    def varying(self, array: Any, name: str) -> Tracer:
        """The tracer of an argument that differs from step to step."""
        tracer = self._tracer(array, name, Storage("input"))
        self.tape.inputs.append(tracer._value)
        return tracer

    def array(self, array: Any, lasting: bool = False) -> Tracer:
        """The tracer of an array from outside of the function."""
        return self._capture(self.outer.array(array, lasting))

    def _capture(self, tracer: Tracer) -> Tracer:
        if tracer._value not in self.captured:
            inner = self._tracer(tracer._concrete, "outer", Storage("input"))
            self.captured[tracer._value] = (inner, tracer)
        return self.captured[tracer._value][0]

    def _lift(self, leaf: Any) -> Any:
        if type(leaf) is TracedNumber:
            return self._number(leaf)
        data = getattr(leaf, "_data", leaf)
        if isinstance(data, Tracer) and data._recorder is not self:
            return self._capture(self.outer._lift(data))
        return super()._lift(leaf)

    def _number(self, number: TracedNumber) -> TracedNumber:
        if number.recorder is self:
            return number
        key = number.expression
        if key not in self._inner_numbers:
            inner = self.number(number._concrete, "number")
            self._inner_numbers[key] = inner
            self.passed_numbers[inner.expression] = self.outer._lift(number)
        return self._inner_numbers[key]

    # -- calls ------------------------------------------------------------------------------------------------------

    def record(self, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any], keep: bool = False) -> Any:
        """Execute and record a call, unless it writes to an argument of the step."""
        for target in overwritten(function, args, kwargs):
            lifted = self._lift(target)
            if isinstance(lifted, Tracer) and lifted._value.storage.kind != "result":
                self._refuse("writes into an array from outside of the step")
        return super().record(function, args, kwargs, keep)

    def condition(self, expression: str, value: bool) -> bool:
        """Return `value`, and note that the whole program is valid only while `expression` has it."""
        return bool(self.outer.condition(expression, value))

    # -- what is not a NumPy call -----------------------------------------------------------------------------------

    def read(self, owner: Any, name: str, found: Any) -> Any:
        """What the function receives when it reads an attribute."""
        return self.outer.read(owner, name, found)

    def assign(self, owner: Any, name: str, value: Any) -> None:
        """Note that the function sets an attribute."""
        self.outer.assign(owner, name, value)

    def generator(self, generator: np.random.Generator, is_common: bool) -> Any:
        """Random numbers differ from step to step."""
        self._refuse("draws random numbers")

    def effect(self, name: str, function: Any, owner: Any, args: tuple[Any, ...] = ()) -> None:
        """A change of an object is repeated by the program around the loop."""
        self._refuse("changes an object")

    def update(self, optimizer: Any, gradients: tuple[Any, ...]) -> None:
        """A step of an optimizer is a change, too."""
        self._refuse("steps an optimizer")

    def _refuse(self, what: str) -> NoReturn:
        self.refusal = StepsDifferError(f"compile: a step of a loop {what}")
        raise self.refusal
