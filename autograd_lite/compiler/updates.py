"""Recording what is not a NumPy call: effects, options of optimizers, and steps of optimizers on tracers."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from autograd_lite.compiler.calls import Effect, NumberRead
from autograd_lite.compiler.guard_set import GuardSet
from autograd_lite.compiler.tape import Instruction, NumberSource, map_parts
from autograd_lite.compiler.traced_numbers import TracedNumber
from autograd_lite.compiler.user_code import user_line
from autograd_lite.compiler.writer import TapeWriter, concrete_of, value_of


class Update(NamedTuple):
    """A recorded step of an optimizer.

    Attributes
    ----------
    optimizer : Optimizer
    constants : list
        Options that are not numbers (switches, names): group, name, and the value for which the program is valid.
    counted : list of (Bucket, list of int)
        The parameters whose step counts increase.
    """

    optimizer: Any
    constants: list[tuple[dict[str, Any], str, Any]]
    counted: list[tuple[Any, list[int]]]


class UpdateRecorder(TapeWriter):
    """Records effects and updates.

    Attributes
    ----------
    requirements : list of (str, object)
        Expressions, with ``{}`` for the object, that must be true before a replay.
    updates : list of Update
        The steps of optimizers, in order.
    """

    def __init__(self, name: str, guards: GuardSet) -> None:
        super().__init__(name, guards)
        self.requirements: list[tuple[str, Any]] = []
        self.updates: list[Update] = []
        self._options: dict[tuple[int, str], TracedNumber] = {}  # by the identity of the group, and the name
        self._changed_options: set[str] = set()  # within the call

    # -- effects ----------------------------------------------------------------------------------------------------

    def check(self, function: Any, args: tuple[Any, ...]) -> None:
        """Call a function that raises if arrays are invalid; each replay calls it too."""
        self._call_outside(Effect(function.__name__.strip("_"), function, None, is_check=True), args)

    def effect(self, name: str, function: Any, owner: Any, args: tuple[Any, ...] = ()) -> None:
        """Call a function that changes `owner` in Python, such as the step of a schedule; each replay calls it too."""
        self._changed_options.add("lr")
        with self.suspended():
            tables = [vars(owner), *(table for table in owner.read_state() if isinstance(table, dict))]
        self.undo += [functools.partial(table.update, dict(table)) for table in tables]
        self._call_outside(Effect(name, function, owner), args)

    def _call_outside(self, effect: Effect, args: tuple[Any, ...]) -> None:
        args = map_parts(args, lambda leaf: self._lift(getattr(leaf, "_data", leaf)))
        with self.suspended():
            effect.function(*map_parts(args, concrete_of))
        self._append(effect, args)

    def _append(self, call: Effect | NumberRead, args: tuple[Any, ...] = ()) -> None:
        place = user_line(sys._getframe(1))
        self.tape.instructions.append(Instruction(call, map_parts(args, value_of), {}, keep=True, place=place))

    # -- options ----------------------------------------------------------------------------------------------------

    def option(self, group: dict[str, Any], name: str) -> TracedNumber:
        """An option of a parameter group that is a number."""
        if name in self._changed_options:  # read at this place of the program
            new_name = self.new_name(name)
            self._read_inside.add(new_name)
            self._append(NumberRead(new_name, functools.partial(group.__getitem__, name)))
            return TracedNumber(group[name], new_name, self)
        key = (id(group), name)
        if key not in self._options:
            source = NumberSource(group, f"{{}}[{name!r}]", is_option=True)
            self._options[key] = self.number(group[name], name, source)
        return self._options[key]

    def set_option(self, group: dict[str, Any], name: str, optimizer: Any, value: Any) -> None:
        """Assign an option of a parameter group; each replay does so too."""
        self._changed_options.add(name)
        self.effect("set_option", functools.partial(group.__setitem__, name), optimizer, (value,))

    def _traced_options(self, group: dict[str, Any], update: Update) -> dict[str, Any]:
        options: dict[str, Any] = {}
        for name, value in group.items():
            if name == "params":
                continue
            if _is_number(value):
                options[name] = self.option(group, name)
            elif isinstance(value, tuple | list):
                sources = [NumberSource(group, f"{{}}[{name!r}][{i}]", is_option=True) for i in range(len(value))]
                options[name] = tuple(self.number(v, f"{name}_{i + 1}", sources[i]) for i, v in enumerate(value))
            else:
                options[name] = value
                update.constants.append((group, name, value))
        return options

    # -- steps of optimizers ----------------------------------------------------------------------------------------

    def update(self, optimizer: Any, gradients: tuple[Any, ...]) -> None:
        """Execute a step of an optimizer on tracers: by these gradients, or by those of its parameters."""
        update = Update(optimizer, [], [])
        with self.suspended():
            updates = list(optimizer.updates(gradients))
        earlier = [counted for before in self.updates for counted in before.counted]
        for group, bucket, given in updates:
            options = self._traced_options(group, update)
            before = list(bucket.steps)
            self.undo.append(functools.partial(setattr, bucket, "steps", before))
            runs = bucket.runs(given)
            places = [i for i, (old, new) in enumerate(zip(before, bucket.steps, strict=True)) if old != new]
            together = len(places) == before.count(before[0]) == len(before)
            if together:  # else each parameter is a run of its own
                self.requirements.append((f"{{0}}.steps.count({{0}}.steps[0]) == {len(before)}", bucket))
            self._append(Effect("count", _counting(bucket, places, together), bucket))
            for run, place in zip(runs, places, strict=False):  # one run for all parameters has the place of the first
                ahead = sum(bucket is known and place in counted for known, counted in earlier) + 1
                source = NumberSource(bucket, f"{{}}.steps[{place}] + {ahead}")
                optimizer.apply(self._traced_run(run, source), options)
            update.counted.append((bucket, places))
        self.updates.append(update)

    def _traced_run(self, run: Any, step: NumberSource) -> Any:
        run.values = self.array(run.values, lasting=True)
        if isinstance(run.gradient, np.ndarray):
            run.gradient = self.array(run.gradient, lasting=True)
        run.gradient._value.storage.is_scratch = True
        run.state = {name: self.array(array, lasting=True) for name, array in run.state.items()}
        run.step = self.number(run.step, "step", step)
        return run


class TracedGroup(dict[str, Any]):
    """A parameter group, in place of which the function receives this one: its numbers are traced."""

    def __init__(self, group: dict[str, Any], optimizer: Any, recorder: UpdateRecorder) -> None:
        super().__init__(group)
        self._group, self._optimizer, self._recorder = group, optimizer, recorder

    def __getitem__(self, name: str) -> Any:
        value = self._group[name]
        return self._recorder.option(self._group, name) if _is_number(value) else value

    def get(self, name: str, default: Any = None) -> Any:
        """The option, or `default` if there is none."""
        return self[name] if name in self._group else default

    def __setitem__(self, name: str, value: Any) -> None:
        self._recorder.set_option(self._group, name, self._optimizer, value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _counting(bucket: Any, places: list[int], together: bool) -> Callable[[], None]:
    def count() -> None:
        steps = bucket.steps
        for place in places:
            steps[place] += 1

    def count_together() -> None:  # no loop over hundreds of parameters
        bucket.steps[:] = [bucket.steps[0] + 1] * len(places)

    return count_together if together else count
