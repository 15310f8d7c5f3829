"""Calls that are treated specially: writes into arguments, results of dynamic shape, calls that are not NumPy's."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

# Functions and methods that overwrite their first argument.
_WRITE_FIRST: set[Any] = {
    np.put, np.copyto, np.place, np.putmask, np.put_along_axis, np.fill_diagonal,
    "__setitem__", "put", "fill", "sort", "partition",
}  # fmt: skip

# Functions and methods whose results have shapes that depend on values.
_DYNAMIC: set[Any] = {
    np.nonzero, np.flatnonzero, np.argwhere, np.unique, np.unique_all, np.unique_counts, np.unique_inverse,
    np.unique_values, np.bincount, np.repeat, np.compress, np.extract, np.trim_zeros, np.delete, np.union1d,
    np.intersect1d, np.setdiff1d, np.setxor1d, np.arange, np.ix_, "nonzero", "repeat", "compress",
}  # fmt: skip


def overwritten(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Any]:
    """The arguments that a call overwrites."""
    out = kwargs.get("out")
    if out is not None:
        return [array for array in (out if isinstance(out, tuple) else (out,)) if array is not None]
    is_at = getattr(function, "__name__", "") == "at" and isinstance(getattr(function, "__self__", None), np.ufunc)
    return [args[0]] if is_at or function in _WRITE_FIRST else []


def has_dynamic_shape(function: Any, args: tuple[Any, ...]) -> bool:
    """Whether the shape of the result depends on the values of the arguments."""
    if function == "__getitem__":
        index = args[1] if isinstance(args[1], tuple) else (args[1],)
        return any(getattr(part, "dtype", None) == np.bool_ for part in index)
    return function in _DYNAMIC or (function is np.where and len(args) == 1)


class Effect:
    """A change that is not a NumPy call, repeated at its place in the program; a check changes nothing."""

    def __init__(self, name: str, function: Callable[..., Any], owner: Any, is_check: bool = False) -> None:
        self.__name__ = name
        self.function = function
        self.owner = owner
        self.is_check = is_check


class Assumption:
    """A branch inside an operation that is assumed to be taken as in the recording; kernels check it."""

    def __init__(self, expected: bool) -> None:
        self.__name__ = "assume"
        self.expected = expected


class NumberRead:
    """A number that is read at its place in the program, because an effect before it may have changed it."""

    def __init__(self, name: str, function: Callable[[], Any]) -> None:
        self.__name__ = name
        self.function = function


class OpaqueCall:
    """A function of this library that is one call of the program, because its body cannot be recorded."""

    def __init__(
        self,
        name: str,
        function: Callable[..., Any],
        parameters: Sequence[inspect.Parameter] = (),
        dynamic_shape: bool = False,
    ) -> None:
        self.__name__ = name
        self.function = function
        self.dynamic_shape = dynamic_shape
        self.keywords = [parameter.name for parameter in parameters if parameter.kind is parameter.KEYWORD_ONLY]
        self.is_variadic = any(parameter.kind is parameter.VAR_POSITIONAL for parameter in parameters)

    def __call__(self, *args: Any) -> Any:
        count = len(args) - len(self.keywords)
        args, keywords = args[:count], dict(zip(self.keywords, args[count:], strict=True))
        if self.is_variadic:
            args = (*args[:-1], *args[-1])
        return self.function(*args, **keywords)


class Draw:
    """A draw of random numbers; `random_method` names it if the generator is the common one of this library."""

    def __init__(self, name: str, function: Callable[..., Any], is_common: bool) -> None:
        self.__name__ = name
        self.function = function
        if is_common:
            self.random_method = name

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.function(*args, **kwargs)


class TracedGenerator:
    """A random generator, in place of which the function receives this one.

    ``record(name, *args, **kwargs)`` records each draw.
    """

    def __init__(self, record: Callable[..., Any]) -> None:
        self._record = record

    def __getattr__(self, name: str) -> Any:
        return functools.partial(self._record, name)
