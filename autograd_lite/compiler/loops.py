"""Loops of `scan` in a program: one step is recorded, and its derivative, and the program calls both again and again.

The step is recorded on a tape of its own (`step_recorder`). The sweep through the step is recorded on the same tape, so
what it needs of the step is known: views and what is the same in all steps are computed again, everything else is
stacked by the loop of the steps and read by the loop of the sweeps (`tape_parts`).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_lite.compiler.loop_call import LoopCall
from autograd_lite.compiler.step_recorder import StepRecorder, StepsDifferError
from autograd_lite.compiler.tape import Instruction, Storage, Value, map_parts
from autograd_lite.compiler.tape_parts import Needs, part_of, values_of
from autograd_lite.compiler.tracer import Tracer
from autograd_lite.compiler.writer import concrete_of
from autograd_lite.core.hooks import concrete, current_recorder
from autograd_lite.core.tensor import Tensor
from autograd_lite.transforms.hidden_axes import axes_and_array, promoted, with_axes
from autograd_lite.transforms.loop_steps import canonical, contiguous

Axes = tuple[Any, ...]


def recorded_loop(loop: Any, outer: Any) -> RecordedLoop | None:
    """The loop as one call of the program of the recorder `outer`; None if no program can do all of its steps."""
    try:
        return RecordedLoop(loop, outer)
    except StepsDifferError:
        return None


class RecordedLoop:
    """A loop that is being recorded as one call.

    Attributes
    ----------
    carry, ys, closures : list, list, dict
        As those of `transforms.loops.Unrolled`.

    Raises
    ------
    StepsDifferError
        If no program can do all steps.
    """

    def __init__(self, loop: Any, outer: Any) -> None:
        self.loop, self.outer = loop, outer
        self.order = range(loop.length)[:: -1 if loop.reverse else 1]
        self.inputs = [_stack(_data(value)) for value in loop.inputs]
        self._record_step([canonical(_data(value)) for value in loop.carry])
        count, values = len(loop.carry), [tracer._value for tracer, _ in self.results]
        self.carried, self.stacked = values[:count], values[count:]
        found = self._run_loop()
        self.carry, self.ys, _ = _leaving(found, self.results, count, len(found) - count)
        self.closures = self.step.closures

    def _record_step(self, carry: list[Any]) -> None:
        """Record the first step, again if it shows that the carry has more hidden axes, or that gradients flow."""
        loop = self.loop
        while True:
            self.recorder, forms = StepRecorder(self.outer), loop.forms
            self.instructions: list[Instruction] = []
            with self.recorder.recording_step(self.instructions):
                given = [self._varying(axes_and_array(value)) for value in carry]
                x = [self._varying((axes, concrete(array)[self.order[0]])) for axes, array in self.inputs]
                self.step = loop.step(given, x)
                self.results = list(map(self._result, self.step.arrays))
            if self.recorder.refusal is not None:
                raise self.recorder.refusal
            after = [promoted(a, b) for a, b in zip(carry, self.step.arrays, strict=False)]
            if forms == loop.forms and all(a is b for a, b in zip(after, carry, strict=True)):
                break
            carry = after
        self.first = [axes_and_array(value)[1] for value in carry]
        self.given = list(self.recorder.tape.inputs)
        self.given, self.x = self.given[: len(carry)], self.given[len(carry) : len(carry) + len(x)]
        self.same = list(self.recorder.captured.values())

    def _varying(self, value: tuple[Axes, Any]) -> Any:
        axes, array = value
        return with_axes(axes, self.recorder.varying(concrete(array), "varying"))

    def _result(self, value: Any) -> tuple[Tracer, Axes]:
        """The tracer of a result of a step, and its hidden axes."""
        axes, array = axes_and_array(value)
        found = self.recorder._lift(array)
        if not isinstance(found, Tracer):  # a number
            found = self.recorder.record(np.array, (array,), {})[()]
        return found, axes

    def _run_loop(self) -> list[Tracer]:
        """Record the call of the loop."""
        self.call = self._loop_call()
        numbers = [self.recorder.passed_numbers[name] for name, _, _ in self.recorder.tape.numbers]
        inputs = [array for _, array in self.inputs]
        self.arguments = (self.first, inputs, [outside for _, outside in self.same], numbers)
        before = len(self.outer.tape.instructions)
        try:
            found: list[Tracer] = self.outer.record(self.call, self.arguments, {})
        except Exception as error:
            if type(error).__name__ != "ShapeChanged":
                raise
            self.outer.failures.pop()
            raise StepsDifferError("compile: shapes differ from step to step") from None
        self.instruction: Instruction = self.outer.tape.instructions[before]
        self.kept = dict(zip(self.stacked, found[len(self.carried) :], strict=True))
        return found

    def _loop_call(self) -> LoopCall:
        tape = self.recorder.tape
        inputs = [*self.given, *self.x, *(inner._value for inner, _ in self.same)]
        numbers = tape.numbers[: len(self.arguments[3])] if hasattr(self, "arguments") else tape.numbers
        part = part_of("step", inputs, numbers, self.instructions, [*self.carried, *self.stacked])
        return LoopCall("loop", self.order, part, len(self.carried), len(self.stacked))

    def _keep(self, values: list[Value]) -> None:
        """Let the loop stack these values too."""
        new = [value for value in values if value not in self.kept]
        if not new:
            return
        self.stacked = [*self.stacked, *new]
        self.instruction.function = self.call = self._loop_call()
        with self.outer.suspended():
            found = self.call(*map_parts(map_parts(self.arguments, self.outer._lift), concrete_of))
        for value, array in zip(new, found[-len(new) :], strict=True):
            tracer = self.outer._tracer(array, "kept", Storage("result"))
            tracer._value.origin = self.instruction
            self.instruction.results = (*self.instruction.results, tracer._value)
            self.kept[value] = tracer

    # -- the derivative ---------------------------------------------------------------------------------------------

    def pull(self, g_carry: list[Any], g_ys: list[Any]) -> Any:
        """The gradients of the arguments and of the closures, as one call; None if that is impossible."""
        try:
            return self._pull(g_carry, g_ys)
        except StepsDifferError:
            return None

    def _pull(self, g_carry: list[Any], g_ys: list[Any]) -> Any:
        count = len(g_carry)
        carried = [i for i in range(count) if self.loop.forms[i] == 2]
        seeded = [i for i, node in enumerate(self.step.nodes) if i >= count and node is not None]
        state = [canonical(g_carry[i]) for i in carried]
        stacks = [_stack(g_ys[i - count]) for i in seeded]
        while True:
            instructions: list[Instruction] = []
            start = len(self.recorder.tape.inputs)
            with self.recorder.recording_step(instructions):
                g = {i: self._varying(axes_and_array(value)) for i, value in zip(carried, state, strict=True)}
                last = self.order[-1]
                g |= {i: self._varying((axes, concrete(a)[last])) for i, (axes, a) in zip(seeded, stacks, strict=True)}
                seeds = self.recorder.tape.inputs[start:]
                found, totals = self.step.pull([g.get(i) for i in range(len(self.step.nodes))])
                new = [canonical(found[i]) for i in carried]
                floats = [i for i in range(count, len(found)) if found[i] is not None]
                results = list(map(self._result, [*new, *(found[i] for i in floats), *totals.values()]))
            if self.recorder.refusal is not None:
                raise self.recorder.refusal
            after = [promoted(a, b) for a, b in zip(state, new, strict=True)]
            if all(a is b for a, b in zip(after, state, strict=True)):
                break
            state = after
        sizes = len(carried), len(floats)
        out = self._run_rules(instructions, seeds, [axes_and_array(v)[1] for v in state], stacks, results, sizes)
        g_new, g_x, g_closures = _leaving(out, results, *sizes)
        g_given = dict(zip([*carried, *floats], [*g_new, *g_x], strict=True))
        g_found = [g_given.get(i) for i in range(len(found))]
        return g_found[:count], g_found[count:], dict(zip(totals, g_closures, strict=True))

    def _run_rules(
        self,
        instructions: list[Instruction],
        seeds: list[Value],
        state: list[Any],
        stacks: list[tuple[Axes, Any]],
        results: list[tuple[Tracer, Axes]],
        sizes: tuple[int, int],
    ) -> list[Tracer]:
        tape, values = self.recorder.tape, [tracer._value for tracer, _ in results]
        captured = {inner._value: outside for inner, outside in self.recorder.captured.values()}
        before = {v.storage for i in self.instructions for v in i.results} | {v.storage for v in tape.inputs}
        if any(value.storage in before for i in instructions for value in i.writes):
            raise StepsDifferError("compile: a derivative rule writes to what the step has computed")
        needs = Needs(self.instructions, [*self.given, *self.x], [*self.x, *captured, *seeds])
        needs.add(instructions, values)
        self._keep(list(needs.kept))
        body = [*needs.again, *instructions]
        used = values_of(body) | {*values}
        x = [(value, array) for value, (_, array) in zip(self.x, self.inputs, strict=True) if value in used]
        x += [(value, self.kept[value]) for value in needs.kept]
        same = [(value, outside) for value, outside in captured.items() if value in used]
        count = len(state)
        inputs = [*seeds[:count], *(value for value, _ in x), *seeds[count:], *(value for value, _ in same)]
        part = part_of("sweep", inputs, tape.numbers, body, values)
        call = LoopCall("loop_rules", self.order[::-1], part, *sizes)
        given = [*(array for _, array in x), *(array for _, array in stacks)]
        numbers = [self.recorder.passed_numbers[name] for name, _, _ in tape.numbers]
        active: Any = current_recorder()
        found: list[Tracer] = active.record(call, (state, given, [outside for _, outside in same], numbers), {})
        return found


def _data(value: Any) -> Any:
    return value._data if isinstance(value, Tensor) else value


def _stack(value: Any) -> tuple[Axes, Any]:
    """The hidden axes of what has an element for each step, and an array with these elements along axis 0."""
    axes, array = axes_and_array(value)
    return axes, contiguous(np.moveaxis(array, len(axes), 0) if axes else array)


def _leaving(found: list[Any], results: list[tuple[Tracer, Axes]], carried: int, stacked: int) -> tuple[list[Any], ...]:
    """The last carry, the stacks and the sums, as the function receives them."""
    wrapped = []
    for i, (tracer, (_, axes)) in enumerate(zip(found, results, strict=True)):
        is_stack = carried <= i < carried + stacked
        wrapped.append(with_axes(axes, np.moveaxis(tracer, 0, len(axes)) if is_stack and axes else tracer))
    return wrapped[:carried], wrapped[carried : carried + stacked], wrapped[carried + stacked :]
