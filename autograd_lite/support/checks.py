"""Checks of options. An error names the call, the option, the values that it can have, and what was passed."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from os import PathLike
from typing import Any

import numpy as np

from autograd_lite.support.messages import show

# Up to here every integer is a float, so formulas of counts are exact.
LARGEST_COUNT = 2**53


def check(where: str, what: str, holds: Callable[[Any], Any], **options: Any) -> None:
    """Raise ValueError unless ``holds(option)`` is true for every option. `what` describes such options in the error.

    Examples
    --------
    >>> check("Dropout", "a probability", lambda p: 0 <= p <= 1, p="abc")
    Traceback (most recent call last):
        ...
    ValueError: Dropout: p must be a probability, not 'abc'
    """
    for name, value in options.items():
        try:
            # A tensor compares like a number, but as an option it would be cut out of the graph.
            is_so = not hasattr(value, "_node") and bool(holds(value))
        except (TypeError, ValueError, OverflowError):  # strings and arrays cannot be compared with a number
            is_so = False
        if not is_so:
            raise ValueError(f"{where}: {name} must be {what}, not {show(value)}")


def check_positive(where: str, **options: Any) -> None:
    """Raise ValueError unless the options are positive."""
    check(where, "positive", lambda value: value > 0, **options)


def check_at_least_0(where: str, **options: Any) -> None:
    """Raise ValueError unless the options are 0 or positive."""
    check(where, "at least 0", lambda value: value >= 0, **options)


def check_probability(where: str, **options: Any) -> None:
    """Raise ValueError unless the options are in [0, 1]."""
    check(where, "a probability", lambda value: 0 <= value <= 1, **options)


def check_positive_integer(where: str, **options: Any) -> None:
    """Raise ValueError unless the options are integers, at least 1."""
    check(where, "a positive integer", lambda value: is_integer(value) and value > 0, **options)


def check_number(name: str, value: Any, below: float = np.inf) -> None:
    """Raise ValueError unless ``0 <= value < below``; NaN, infinity, what a float cannot hold, True and False never."""
    is_one = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    if not (is_one and 0 <= value < below and value <= sys.float_info.max):
        limit = "a number, at least 0" if below == np.inf else f"a number in [0, {below:g})"
        raise ValueError(f"{name} must be {limit}, not {show(value)}")


def check_integer(name: str, value: Any, least: int = 1) -> None:
    """Raise ValueError unless `value` is an integer from `least` to `LARGEST_COUNT`."""
    if not is_integer(value) or not least <= value <= LARGEST_COUNT:
        raise ValueError(f"{name} must be {integer_from(least)}, not {show(value)}")


def integer_from(least: int) -> str:
    """How an error describes the integers from `least` on."""
    return "a positive integer" if least == 1 else f"an integer, at least {least}"


def alternatives(names: Iterable[str]) -> str:
    """How an error lists the strings that an option can be.

    Examples
    --------
    >>> print(alternatives(["mean", "sum", "none"]))
    "mean", "sum" or "none"
    """
    *others, last = [f'"{name}"' for name in names]
    return f"{', '.join(others)} or {last}" if others else last


def check_integers(name: str, values: Any, least: int = 1) -> None:
    """Raise ValueError unless `values` is a list of such integers."""
    if not isinstance(values, list | tuple):
        raise ValueError(f"{name} must be a list, not {show(values)}")
    for value in values:
        check_integer(name, value, least)


def check_switch(name: str, value: Any) -> None:
    """Raise ValueError unless `value` is True or False."""
    if not isinstance(value, bool | np.bool_):
        raise ValueError(f"{name} must be True or False, not {show(value)}")


def check_sequence(name: str, arrays: Any) -> Any:
    """`arrays`, or TypeError if it cannot be iterated over."""
    if not hasattr(type(arrays), "__iter__"):
        raise TypeError(f"{name}: the arrays must be in a list or tuple, not {show(arrays)}")
    return arrays


def is_number(value: Any) -> Any:
    """Whether `value` is a number, which NaN is not; TypeError or ValueError if it cannot be compared with one."""
    return -np.inf <= value <= np.inf


def is_integer(value: Any) -> bool:
    """Whether `value` is an integer of Python or NumPy, and not a boolean."""
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def no_state(value: Any) -> str:
    """What was passed in place of a state, and what to write if it is the path of one."""
    return type(value).__name__ + "; write load_state_dict(load(path))" * isinstance(value, str | PathLike)


def check_state(state: Any, names: Iterable[str]) -> dict[str, Any]:
    """`state` as a dict. TypeError unless it is a mapping, ValueError unless its names are `names`."""
    if not isinstance(state, Mapping):
        raise TypeError(f"load_state_dict: the state must be a dict from state_dict(), not {no_state(state)}")
    if set(state) != set(names):
        raise ValueError(
            f"load_state_dict: the state has the names {sorted(map(str, state))}, expected {sorted(names)}"
        )
    return dict(state)
