"""Search for the random generators that modules hold, also inside lists, dicts and other objects."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import partial
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any, TypeAlias

import numpy as np

from autograd_lite.core.tensor import Tensor
from autograd_lite.nn.module import Module
from autograd_lite.support.messages import show

Generator: TypeAlias = np.random.Generator | np.random.RandomState

SAVABLE = (np.random.Generator, np.random.RandomState)
# A bit generator alone draws nothing, but a Generator that the search does not find may draw from it.
_OTHERS = (random.Random, np.random.BitGenerator)
_LEAVES = (Tensor, np.ndarray, np.generic, str, bytes, int, float, complex, type(None), type, ModuleType)


def generators_of(model: Module, name: str) -> dict[str, Generator]:
    """All generators that a model and the objects in it hold, by their dotted names.

    Raises
    ------
    TypeError
        If one cannot be saved: it is of another type, or in a set, which has no order.
    """
    found: dict[str, Generator] = {}
    _search(model, name, found, set())
    return found


def _search(value: Any, name: str, found: dict[str, Generator], seen: set[int]) -> None:
    if isinstance(value, SAVABLE):
        found[name] = value
        return
    if isinstance(value, _OTHERS):
        raise TypeError(
            f"Checkpoint: {name} is a {type(value).__name__}, which a checkpoint cannot save; "
            "use a numpy.random.Generator"
        )
    if isinstance(value, _LEAVES) or id(value) in seen:
        return
    seen.add(id(value))
    for part, item in _parts(value):
        _search(item, name + part, found, seen)


def _parts(value: Any) -> Iterator[tuple[str, Any]]:
    """The items of a list, dict, set or object, with the part of the dotted name for each."""
    if isinstance(value, dict):
        yield from ((f"[{show(key)}]", item) for key, item in value.items() if not isinstance(item, _LEAVES))
    elif isinstance(value, list | tuple | deque):
        if _may_hold(value):
            yield from ((f"[{i}]", item) for i, item in enumerate(value))
    elif isinstance(value, set | frozenset):
        for item in value:
            if isinstance(item, SAVABLE):
                raise TypeError("Checkpoint: a set of generators cannot be saved, as it has no order; use a list")
    elif isinstance(value, partial):
        yield from ((f".{attribute}", getattr(value, attribute)) for attribute in ("func", "args", "keywords"))
    elif isinstance(value, FunctionType):
        yield from _held_by(value)
    elif isinstance(value, MethodType | BuiltinFunctionType):
        yield ".__self__", value.__self__
    if isinstance(value, Module):
        for kind in type(value).__mro__:
            yield from ((f".{name}", item) for name, item in vars(kind).items() if isinstance(item, SAVABLE + _OTHERS))
    if hasattr(value, "__dict__"):
        yield from ((f".{attribute}", item) for attribute, item in vars(value).items())


def _held_by(function: FunctionType) -> Iterator[tuple[str, Any]]:
    """The variables of a closure, and the defaults of the function."""
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        with suppress(ValueError):  # the variable has no value yet
            yield f".{name}", cell.cell_contents
    yield ".__defaults__", function.__defaults__
    yield ".__kwdefaults__", function.__kwdefaults__


def _may_hold(values: Iterable[Any]) -> bool:
    """Whether a list holds anything but numbers, strings and arrays. Large data sets are skipped quickly."""
    return not all(issubclass(kind, _LEAVES) for kind in set(map(type, values)))
