"""What the user states about the inputs: properties that other inputs must have as well."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autograd_lite.support.conversion import NumberArray
from autograd_lite.support.messages import show
from autograd_lite.testing.comparing.inputs import Inputs
from autograd_lite.testing.generic.properties import PROPERTIES, Property

Constraint = str | tuple[str, ...] | list[str] | Callable[[NumberArray], Any]

_BY_NAME = {p.name: p for p in PROPERTIES}


@dataclass(frozen=True)
class Constraints:
    """The stated constraints, by the position of the input.

    Attributes
    ----------
    fixed : set of int
        The inputs that never change.
    properties : dict of int to tuple of Property
    maps : dict of int to callable
        Functions that map an array to one that satisfies the constraint.
    """

    fixed: frozenset[int] = frozenset()
    properties: dict[int, tuple[Property, ...]] = field(default_factory=dict)
    maps: dict[int, Callable[[NumberArray], Any]] = field(default_factory=dict)


def read_constraints(where: str, constraints: Mapping[str, Constraint] | None, inputs: Inputs) -> Constraints:
    """The constraints by position, validated.

    Raises
    ------
    TypeError
        If they are no mapping, or a value is neither a name, nor several, nor a callable.
    ValueError
        If there is no such input or no such constraint, or the given input does not satisfy it.
    """
    if constraints is None:
        return Constraints()
    if not isinstance(constraints, Mapping):
        raise TypeError(f"{where}: constraints must be a mapping from names of inputs to constraints, "
                        f"not {show(constraints)}")  # fmt: skip
    fixed, properties, maps = set(), {}, {}
    for key, value in constraints.items():
        i = _position(where, key, inputs)
        if callable(value):
            maps[i] = value
            constrained(where, key, value, np.asarray(inputs.values[i]))
            continue
        names = (value,) if isinstance(value, str) else value
        if not isinstance(names, tuple | list) or not all(isinstance(name, str) for name in names):
            raise TypeError(f"{where}: a constraint must be a name, a tuple of names or a callable, not {show(value)}")
        if "fixed" in names:
            fixed.add(i)
        properties[i] = tuple(_property(where, name, key, inputs.values[i]) for name in names if name != "fixed")
    return Constraints(frozenset(fixed), properties, maps)


def _position(where: str, key: Any, inputs: Inputs) -> int:
    if key not in inputs.names:
        raise ValueError(f"{where}: constraints name the input {show(key)}; there are {', '.join(inputs.names)}")
    return inputs.names.index(key)


def _property(where: str, name: str, key: str, value: Any) -> Property:
    if name not in _BY_NAME:
        known = ", ".join(f'"{known}"' for known in ("fixed", *_BY_NAME))
        raise ValueError(f"{where}: a constraint must be a callable or one of {known}, not {show(name)}")
    prop = _BY_NAME[name]
    number = isinstance(value, np.ndarray | float | int)
    if not number or not prop.holds(np.asarray(value, dtype=np.float64)):
        raise ValueError(
            f"{where}: constraints={{{show(key)}: {show(name)}}}, but this does not hold for the given {show(key)}"
        )
    return prop


def constrained(where: str, name: str, function: Callable[[NumberArray], Any], array: NumberArray) -> NumberArray:
    """What the callable of a constraint makes of an array: another one of the same shape."""
    result = np.asarray(function(array.copy()))
    if result.dtype.kind not in "fiub" or result.shape != array.shape:
        made = f"an array of shape {result.shape}" if result.dtype.kind in "fiub" else type(result.item()).__name__
        raise TypeError(
            f"{where}: the constraint of {show(name)} must return an array of shape {array.shape}, not {made}"
        )
    return result.astype(np.float64)
