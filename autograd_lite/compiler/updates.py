"""Steps of an optimizer inside a recorded function: options are read anew, the update runs on tracers."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd_lite.compiler.traced_numbers import Number

if TYPE_CHECKING:
    from autograd_lite.compiler.recorder import Recorder


class Update:
    """One recorded step of one optimizer: what has to be looked at before a replay, and counted after it.

    Attributes
    ----------
    optimizer : Optimizer
    constants : list
        Options that are no numbers (switches, names): group, name, and the value that the program was made for.
    counted : list of (Bucket, list of int)
        The parameters whose step count goes up.
    """

    def __init__(self, optimizer: Any) -> None:
        self.optimizer = optimizer
        self.constants: list[tuple[dict[str, Any], str, Any]] = []
        self.counted: list[tuple[Any, list[int]]] = []


def record_update(recorder: Recorder, optimizer: Any) -> None:
    """Carry out `optimizer.step()` on tracers."""
    update = Update(optimizer)
    with recorder.suspended():
        optimizer.prepare()
    earlier = [counted for before in recorder.updates for counted in before.counted]
    for group, bucket in optimizer._work:
        options = _options(recorder, update, group)
        before = list(bucket.steps)
        recorder.undo.append(functools.partial(setattr, bucket, "steps", before))
        runs = bucket.runs()
        places = [i for i, (old, new) in enumerate(zip(before, bucket.steps, strict=True)) if old != new]
        if len(places) == before.count(before[0]) == len(before):  # else each parameter is updated by itself
            recorder.requirements.append((f"{{0}}.steps.count({{0}}.steps[0]) == {len(before)}", bucket))
        recorder.effect("count", _counting(bucket, places), bucket, done=True)
        for run, place in zip(runs, places, strict=False):  # a run of all parameters at once counts for each of them
            ahead = sum(bucket is known and place in counted for known, counted in earlier) + 1
            run.values = recorder.array(run.values, lasting=True)
            run.gradient = _traced(recorder, run.gradient)
            recorder.values[id(run.gradient)].storage.is_scratch = True
            run.state = {name: recorder.array(array, lasting=True) for name, array in run.state.items()}
            run.step = recorder.number(run.step, "step", StepCount(bucket, place, ahead))
            optimizer.update(run, options)
        update.counted.append((bucket, places))
    recorder.updates.append(update)


def _counting(bucket: Any, places: list[int]) -> Any:
    def count() -> None:
        steps = bucket.steps
        for place in places:
            steps[place] += 1

    return count


def _traced(recorder: Recorder, array: Any) -> Any:
    return recorder.array(array, lasting=True) if isinstance(array, np.ndarray) else array


class StepCount:
    """The number of an update: `ahead` more than there have been."""

    def __init__(self, bucket: Any, place: int, ahead: int) -> None:
        self.place = bucket
        self.expression = f"{{}}.steps[{place}] + {ahead}"


class Option:
    """An option of a parameter group, or one of several under a name."""

    def __init__(self, group: dict[str, Any], name: str, position: int | None = None) -> None:
        self.place = group
        self.expression = f"{{}}[{name!r}]" + ("" if position is None else f"[{position}]")


class TracedGroup(dict[str, Any]):
    """A parameter group of an optimizer as the function sees it: numbers are read anew in each call."""

    def __init__(self, group: dict[str, Any], optimizer: Any, recorder: Recorder) -> None:
        super().__init__(group)
        self._group, self._optimizer, self._recorder = group, optimizer, recorder

    def __getitem__(self, name: str) -> Any:
        value = self._group[name]
        if isinstance(value, int | float) and not isinstance(value, bool):
            return self._recorder.option(self._group, name)
        return value

    def get(self, name: str, default: Any = None) -> Any:
        """The option, or what is given if there is none."""
        return self[name] if name in self._group else default

    def __setitem__(self, name: str, value: Any) -> None:
        self._recorder.changed_options.add(name)
        self._recorder.effect("set_option", functools.partial(self._group.__setitem__, name), self._optimizer, (value,))


def _options(recorder: Recorder, update: Update, group: dict[str, Any]) -> dict[str, Any]:
    options: dict[str, Any] = {}
    for name, value in group.items():
        if name == "params":
            continue
        if isinstance(value, int | float) and not isinstance(value, bool):
            options[name] = recorder.option(group, name)
        elif isinstance(value, tuple | list):
            options[name] = tuple(_part(recorder, update, group, name, i) for i in range(len(value)))
        else:
            options[name] = value
            update.constants.append((group, name, value))
    return options


def _part(recorder: Recorder, update: Update, group: dict[str, Any], name: str, i: int) -> Number:
    return recorder.number(group[name][i], f"{name}_{i + 1}", Option(group, name, i))
