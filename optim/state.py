"""The state of an optimizer, checked before it is loaded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from autograd_lite.ops.composition import naming
from autograd_lite.optim.bucket import Bucket
from autograd_lite.optim.group import plain
from autograd_lite.support.checks import LARGEST_COUNT, is_integer
from autograd_lite.support.conversion import as_numbers
from autograd_lite.support.exact import fault
from autograd_lite.support.messages import show


def checked_groups(groups: Any, sizes: list[int], options: set[str]) -> list[dict[str, Any]]:
    """The options of all groups, or ValueError unless the numbers of their parameters are `sizes`."""
    if not isinstance(groups, list | tuple) or not all(isinstance(group, Mapping) for group in groups):
        raise ValueError(f"load_state_dict: param_groups must be a list of dicts, not {show(groups)}")
    for group in groups:
        if not isinstance(group.get("params"), list | tuple):
            raise ValueError(
                f"load_state_dict: params of a group must be a list of numbers, not {show(group.get('params'))}"
            )
    lengths = [len(group["params"]) for group in groups]
    if lengths != sizes:
        raise ValueError(f"load_state_dict: groups of {lengths} parameters, this optimizer has groups of {sizes}")
    for group in groups:
        if set(group) != {*options, "params"}:
            found = sorted(set(group) - {"params"})
            raise ValueError(f"load_state_dict: the options of a group are {found}, expected {sorted(options)}")
    if [number for group in groups for number in group["params"]] != [*range(sum(sizes))]:
        raise ValueError("load_state_dict: the parameters are not numbered in the order of the groups")
    return [{name: plain(value) for name, value in group.items() if name != "params"} for group in groups]


def checked_entries(
    state: Mapping[Any, Any], places: list[tuple[Bucket, int]], names: tuple[str, ...]
) -> dict[int, dict[str, Any]]:
    """The state of each parameter, by its number; or ValueError."""
    for number, entry in state.items():
        found = sorted(entry) if isinstance(entry, Mapping) else entry
        if not is_integer(number) or not 0 <= number < len(places) or found != sorted(["step", *names]):
            raise ValueError(f"load_state_dict: entry {show(number)} holds {show(found)}, expected {['step', *names]}")
    return {number: _checked_entry(number, entry, places[number], names) for number, entry in state.items()}


def _checked_entry(number: int, entry: Any, place: tuple[Bucket, int], names: tuple[str, ...]) -> dict[str, Any]:
    bucket, i = place
    step, shape = entry["step"], bucket.parameters[i].shape
    is_number = isinstance(step, int | float | np.number) and not isinstance(step, bool)
    if not is_number or not 0 <= step <= LARGEST_COUNT or step != int(step):
        raise ValueError(f"load_state_dict: step of parameter {number} must be a number of updates, not {show(step)}")
    checked: dict[str, Any] = {"step": int(step)}
    for name in names:
        with naming(f"load_state_dict: {name} of parameter {number}"):
            values = checked[name] = as_numbers(entry[name])
            lost = fault(entry[name], values, bucket.state[name].dtype)
        if values.shape != shape or lost:
            wrong = f"shape {values.shape}, expected {shape}" if values.shape != shape else lost
            raise ValueError(f"load_state_dict: {name} of parameter {number} has {wrong}")
    return checked
