"""Calls that are more than a NumPy function: those that write into an argument, wholes of many calls, and draws."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd_lite.compiler.tracer import Tracer
from autograd_lite.core.hooks import CompileError

if TYPE_CHECKING:
    from autograd_lite.compiler.recorder import Recorder

# What is written into an argument, by the number of the argument.
_WRITES: dict[Any, int] = {np.put: 0, np.copyto: 0, np.place: 0, np.putmask: 0, np.put_along_axis: 0,
                           np.fill_diagonal: 0, "__setitem__": 0, "put": 0, "fill": 0, "sort": 0,
                           "partition": 0}  # fmt: skip


def written(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Tracer]:
    """What a call writes into."""
    out = kwargs.get("out")
    if out is not None:
        return [tracer for tracer in (out if isinstance(out, tuple) else (out,)) if tracer is not None]
    position = 0 if _is_at(function) else _WRITES.get(function)
    return [] if position is None else [args[position]]


def _is_at(function: Any) -> bool:
    return getattr(function, "__name__", "") == "at" and isinstance(getattr(function, "__self__", None), np.ufunc)


# Functions and methods whose results have shapes that depend on values.
_RAGGED: set[Any] = {
    np.nonzero, np.flatnonzero, np.argwhere, np.unique, np.unique_all, np.unique_counts, np.unique_inverse,
    np.unique_values, np.bincount, np.repeat, np.compress, np.extract, np.trim_zeros, np.delete, np.union1d,
    np.intersect1d, np.setdiff1d, np.setxor1d, np.arange, np.ix_, "nonzero", "repeat", "compress",
}  # fmt: skip


def is_ragged(function: Any, args: tuple[Any, ...]) -> bool:
    """Whether the shape of what a call gives depends on the values that it is given."""
    if function == "__getitem__":
        index = args[1] if isinstance(args[1], tuple) else (args[1],)
        return any(getattr(part, "dtype", None) == np.bool_ for part in index)
    return function in _RAGGED or (function is np.where and len(args) == 1)


class Effect:
    """Something that is done besides NumPy calls, at its place in the program; a check changes nothing."""

    def __init__(self, name: str, function: Callable[..., Any], owner: Any, is_check: bool = False) -> None:
        self.__name__ = name
        self.function = function
        self.owner = owner
        self.is_check = is_check


class Read:
    """A number that is read at its place in the program, because something before it may have changed it."""

    def __init__(self, name: str, function: Callable[[], Any]) -> None:
        self.__name__ = name
        self.function = function


class Whole:
    """A function of the library that is one call of a program, because its inside cannot be recorded.

    `may_be_ragged` says that the shape of what it gives may depend on values.
    """

    may_be_ragged = False

    def __init__(self, name: str, function: Callable[..., Any], parameters: Sequence[inspect.Parameter] = ()) -> None:
        self.__name__ = name
        self.function = function
        self.names = [parameter.name for parameter in parameters if parameter.kind is parameter.KEYWORD_ONLY]
        self.spread = any(parameter.kind is parameter.VAR_POSITIONAL for parameter in parameters)

    def __call__(self, *args: Any) -> Any:
        keywords = dict(zip(self.names, args[len(args) - len(self.names) :], strict=True))
        args = args[: len(args) - len(self.names)]
        if self.spread:
            args = (*args[:-1], *args[-1])
        return self.function(*args, **keywords)


class Draws:
    """A random generator while it is recorded."""

    def __init__(self, recorder: Recorder, generator: np.random.Generator, is_common: bool) -> None:
        self.recorder, self.generator, self.is_common = recorder, generator, is_common

    def __getattr__(self, name: str) -> Any:
        def draw(*args: Any, **kwargs: Any) -> Any:
            if name in ("shuffle", "spawn", "bit_generator"):
                raise CompileError(
                    f"compile: {name} of a random generator cannot be recorded; use permutation or permuted"
                )
            if not any(self.generator is known for known in self.recorder.draws):
                self.recorder.draws.append(self.generator)
                source = self.generator.bit_generator
                self.recorder.undo.append(functools.partial(setattr, source, "state", source.state))
            call = Draw(name, getattr(self.generator, name), self.is_common)
            return self.recorder._record(call, args, kwargs, keep=True)

        return draw


class Draw:
    """One draw of random numbers in a program, `random_method` if it is one of the common generator."""

    def __init__(self, name: str, function: Callable[..., Any], is_common: bool) -> None:
        self.__name__ = name
        self.function = function
        if is_common:
            self.random_method = name

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.function(*args, **kwargs)
