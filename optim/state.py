"""The state of an optimizer: how it is saved, and the checks before it is loaded."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from autograd_lite.ops.composition import naming
from autograd_lite.optim.bucket import Bucket
from autograd_lite.optim.group import Group, plain
from autograd_lite.support.checks import LARGEST_COUNT, check_switch, is_integer
from autograd_lite.support.conversion import as_state
from autograd_lite.support.exact import fault
from autograd_lite.support.messages import show

# What PyTorch keeps in a group besides the options: how it computes updates, and what its schedules need.
_OF_PYTORCH = {
    "foreach", "fused", "capturable", "differentiable", "decoupled_weight_decay", "initial_lr", "param_names",
}  # fmt: skip


class StateNames(NamedTuple):
    """The names of the state of a parameter.

    Attributes
    ----------
    known : tuple of str
        All that an optimizer can have.
    numbers : frozenset of str
        Those that are one number for each parameter.
    optional : frozenset of str
        Those that may be missing.
    used : list of tuple of str
        For each parameter those that must be there otherwise.
    """

    known: tuple[str, ...]
    numbers: frozenset[str]
    optional: frozenset[str]
    used: list[tuple[str, ...]]


def used_by(
    used_states: Callable[[dict[str, Any]], tuple[str, ...]], groups: list[Group], options: Sequence[dict[str, Any]]
) -> list[tuple[str, ...]]:
    """For each parameter the names of the state that is used with these options of its group."""
    return [
        names for group, own in zip(groups, options, strict=True) for names in [used_states(own)] * len(group.members)
    ]


def numbered(groups: list[Group]) -> list[dict[str, Any]]:
    """The options of the groups, and the numbers of their parameters, from 0 in the order of the groups."""
    found, start = [], 0
    for group in groups:
        stop = start + len(group["params"])
        options = {name: copy.copy(value) for name, value in group.items() if name != "params"}
        found.append({**options, "params": list(range(start, stop))})
        start = stop
    return found


def checked_groups(groups: Any, sizes: list[int], defaults: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The options of all groups, or ValueError unless the numbers of their parameters are `sizes`.

    Switches that the state does not have, because an older version wrote it, are those of `defaults`.
    """
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
    switches = {name: value for name, value in defaults.items() if isinstance(value, bool)}
    for group in groups:
        if not defaults.keys() <= set(group) | set(switches) or not set(group) <= {*defaults, "params", *_OF_PYTORCH}:
            found = sorted(set(group) - {"params"})
            raise ValueError(f"load_state_dict: the options of a group are {found}, expected {sorted(defaults)}")
        check_switch("load_state_dict: maximize", group.get("maximize", False))
    if [number for group in groups for number in group["params"]] != [*range(sum(sizes))]:
        raise ValueError("load_state_dict: the parameters are not numbered in the order of the groups")
    return [switches | {name: plain(value) for name, value in group.items() if name in defaults} for group in groups]


def checked_entries(
    state: Mapping[Any, Any], places: list[tuple[Bucket, int]], names: StateNames
) -> dict[int, dict[str, Any]]:
    """The state of each parameter, by its number; or ValueError.

    An entry that is None is not there. A parameter that has a state without a count of steps was updated before.
    """
    found = {}
    for number, entry in state.items():
        is_known = is_integer(number) and 0 <= number < len(places)
        if not (is_known and isinstance(entry, Mapping) and _has_names(entry, names, number)):
            has = sorted(entry) if isinstance(entry, Mapping) else entry
            expected = ["step", *(names.used[number] if is_known else names.known)]
            raise ValueError(f"load_state_dict: entry {show(number)} holds {show(has)}, expected {expected}")
        present = {name: value for name, value in entry.items() if value is not None or name == "step"}
        if present:
            found[number] = _checked_entry(number, {"step": 1, **present}, places[number], names.numbers)
    return found


def _has_names(entry: Mapping[str, Any], names: StateNames, number: int) -> bool:
    given = {name for name, value in entry.items() if value is not None or name == "step"}
    needed = {*names.used[number], "step"} - names.optional
    return given <= {*names.known, "step"} and (not given or needed <= given)


def _checked_entry(
    number: int, entry: Mapping[str, Any], place: tuple[Bucket, int], numbers: frozenset[str]
) -> dict[str, Any]:
    bucket, i = place
    step = plain(entry["step"])
    is_number = isinstance(step, int | float) and not isinstance(step, bool)
    if not is_number or not 0 <= step <= LARGEST_COUNT or step != int(step):
        raise ValueError(f"load_state_dict: step of parameter {number} must be a number of updates, not {show(step)}")
    checked: dict[str, Any] = {"step": int(step)}
    for name in entry.keys() - {"step"}:
        shape = () if name in numbers else bucket.parameters[i].shape
        with naming(f"load_state_dict: {name} of parameter {number}"):
            values = checked[name] = as_state(entry[name])
            lost = None if name in numbers else fault(entry[name], values, bucket.state[name].dtype)
        if values.shape != shape or lost:
            wrong = f"shape {values.shape}, expected {shape}" if values.shape != shape else lost
            raise ValueError(f"load_state_dict: {name} of parameter {number} has {wrong}")
    return checked
