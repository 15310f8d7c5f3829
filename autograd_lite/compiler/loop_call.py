"""LoopCall: a loop as one call of a program; a program of its own does each step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd_lite.compiler.buffers import allocate
from autograd_lite.compiler.calls import OpaqueCall
from autograd_lite.compiler.passes import shorten_tape
from autograd_lite.compiler.steps import Steps
from autograd_lite.compiler.tape import Tape, Value


class LoopCall(OpaqueCall):
    """Runs the program of a step again and again.

    It is called with the carry, with the arrays that have an element for each step, with what is the same in all steps,
    and with numbers; it returns the last carry, what is stacked, and what is summed.

    Attributes
    ----------
    order : sequence of int
        The steps.
    carried : int
        The number of results that the next step receives.
    stacked : list of Value
        The results that are stacked. The others are summed.
    lines : list of str
        The calls of a step.
    steps : Steps
        The program of the step.
    """

    def __init__(self, name: str, order: Sequence[int], tape: Tape, carried: int, stacked: int) -> None:
        super().__init__(name, self._run)
        self.order, self.carried = order, carried
        self.stacked: list[Value] = tape.result[carried : carried + stacked]
        self.lines = tape.lines()
        self.steps = Steps(tape, allocate(tape, shorten_tape(tape)))

    def __call__(self, *args: Any) -> Any:
        return self._run(*args)

    def _run(self, carry: list[Any], inputs: list[Any], same: list[Any], numbers: list[Any]) -> list[Any]:
        step, count, total = self.steps.function, self.carried, self.carried + len(self.stacked)
        stacks = [_room(len(self.order), value) for value in self.stacked]
        sums: list[Any] = []
        for i in self.order:
            found = step(*carry, *[x[i] for x in inputs], *same, *numbers)
            carry = found[:count]
            for stack, value in zip(stacks, found[count:total], strict=True):
                stack[i] = value
            if not sums:
                sums = [value.copy("K") if isinstance(value, np.ndarray) else value for value in found[total:]]
                continue
            for k, value in enumerate(found[total:]):
                sums[k] = np.add(sums[k], value, out=sums[k] if isinstance(sums[k], np.ndarray) else None)
        return [*carry, *stacks, *sums]


def _room(length: int, value: Value) -> Any:
    """An array for a value in each step; each element has the memory layout of the value."""
    axes = sorted(range(len(value.shape)), key=lambda axis: -value.strides[axis])
    if value.is_contiguous:
        axes.sort()
    room = np.empty((length, *(value.shape[axis] for axis in axes)), value.dtype)
    return room.transpose(0, *(axes.index(axis) + 1 for axis in range(len(axes))))
