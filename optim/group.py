"""A parameter group: its options, which can be set, and its parameters, which cannot."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

import numpy as np

from autograd_lite.core.tensor import Tensor
from autograd_lite.support.checks import check_switch

# What an optimizer optimizes: tensors, with their names or without, or groups with options of their own.
Params: TypeAlias = Iterable[Tensor | tuple[str, Tensor] | Mapping[str, Any]]


class Members(tuple[Tensor, ...]):
    """The parameters of a group. It is equal only to itself, because tensors are compared elementwise."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return self is other

    __hash__ = object.__hash__


class Group(dict[str, Any]):
    """Options by name, and the parameters under "params". Setting an option marks the group as not checked.

    Attributes
    ----------
    members : tuple of Tensor
        The parameters that the update changes; "params" must stay the same.
    is_checked : bool
        Whether the options are unchanged since the last successful check.
    """

    __slots__ = ("is_checked", "members")
    is_checked: bool
    members: Members

    def check(self, check: Callable[[dict[str, Any]], None]) -> None:
        """Raise ValueError if an option is out of its range.

        NumPy numbers become Python numbers, which do not change dtypes, and lists become tuples, which are immutable.
        """
        for name in self.keys() - {"params"}:
            value = plain(self[name])
            if value is not self[name]:
                self[name] = value
        check(self)
        check_switch("maximize", self.get("maximize", False))
        self.is_checked = True

    def check_members(self) -> None:
        """Raise RuntimeError if "params" was set to something else."""
        params = self.get("params")
        if params is not self.members:
            if not isinstance(params, list | tuple) or [*map(id, params)] != [*map(id, self.members)]:
                raise RuntimeError(EDITED)
            self["params"] = self.members


EDITED = (
    'param_groups was edited in a way that updates do not support: set options by group["lr"] = ..., '
    "add parameters by add_param_group, and make a new optimizer for other parameters"
)


def _noted(name: str) -> Callable[..., Any]:
    change = getattr(dict, name)

    @functools.wraps(change)
    def noted(self: Group, *args: Any, **kwargs: Any) -> Any:
        self.is_checked = False
        return change(self, *args, **kwargs)

    return noted


for _name in ("__setitem__", "__delitem__", "__ior__", "update", "setdefault", "pop", "popitem", "clear"):
    setattr(Group, _name, _noted(_name))


def plain(value: Any) -> Any:
    """A number that NumPy or a tensor holds as a Python number, a list of options as a tuple; else unchanged."""
    if isinstance(value, list | tuple):
        made = tuple(map(plain, value))
        return value if isinstance(value, tuple) and all(map(operator.is_, made, value)) else made
    if getattr(value, "ndim", None) != 0 or getattr(value, "requires_grad", False):
        return value
    number = value.item()
    return float(number) if isinstance(number, np.floating) else number  # a long double


def made_groups(params: Any, make: Callable[[Mapping[str, Any]], Group]) -> list[Group]:
    """The groups of the `params` of an optimizer: tensors, or mappings from which `make` makes groups."""
    if isinstance(params, Tensor) or not isinstance(params, Iterable) or hasattr(params, "parameters"):
        what = "a tensor; write [tensor]" if isinstance(params, Tensor) else type(params).__name__
        hint = "; write .parameters()" if hasattr(params, "parameters") else ""
        raise TypeError(f"params must be an iterable of tensors, not {what}{hint}")
    given = list(params)
    groups = [make(group) for group in (given if given and isinstance(given[0], Mapping) else [{"params": given}])]
    if not sum(len(group.members) for group in groups):
        raise ValueError("there are no parameters to optimize")
    refuse_twice(groups)
    return groups


def made_group(group: Any, defaults: Mapping[str, Any]) -> Group:
    """A group of the options and parameters in `group`, with the defaults for the rest."""
    if not isinstance(group, Mapping):
        raise TypeError(f"params holds tensors, or dicts, not both: {type(group).__name__} after a dict")
    options = {**defaults, **group}
    unknown = set(options) - set(defaults) - {"params", "initial_lr"}
    if unknown or "params" not in options:
        raise ValueError(
            f"a parameter group has params and {', '.join(defaults)}; this one has {', '.join(map(str, group))}"
        )
    given = [options["params"]] if isinstance(options["params"], Tensor) else list(options["params"])
    parameters: list[Any] = [item[1] if isinstance(item, tuple) and len(item) == 2 else item for item in given]
    for parameter in parameters:
        if not isinstance(parameter, Tensor):
            raise TypeError(f"params must hold tensors, not {type(parameter).__name__}")
        if not parameter.is_leaf or parameter.dtype.kind != "f":
            raise ValueError(
                f"a tensor of shape {parameter.shape} and dtype {parameter.dtype} cannot be optimized: "
                "it must be floating-point and not the result of an operation"
            )
    made = Group()
    made.members = Members(parameters)
    made.update({**options, "params": made.members})
    return made


def described(group: Mapping[str, Any]) -> str:
    """The line of a group in the representation of its optimizer: how many parameters, and the options."""
    options = ", ".join(f"{name}={value}" for name, value in group.items() if name != "params")
    return f"  {len(group['params'])} parameters: {options}"


def refuse_twice(groups: list[Group]) -> None:
    """Raise ValueError if a parameter is in several groups, or several times in one group."""
    members = [id(parameter) for group in groups for parameter in group.members]
    if len(set(members)) < len(members):
        raise ValueError("the same parameter comes twice; it would be updated twice in each step")
