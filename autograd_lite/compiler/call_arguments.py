"""The arguments of a call: the key of the program that they need, and what is passed to it."""

from __future__ import annotations

import enum
import inspect
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_lite.compiler.writer import TapeWriter
from autograd_lite.core.hooks import CompileError
from autograd_lite.core.tensor import Tensor, _wrap
from autograd_lite.support.addresses import memory_owner

_CONSTANTS = (int, bool, str, bytes, type(None), type(Ellipsis), type, np.dtype, range, enum.Enum)


class SameObject:
    """An object as a part of a key, compared by identity. It is not kept alive if weak references to it exist."""

    __slots__ = ("_get", "_hash")

    def __init__(self, thing: Any) -> None:
        self._hash = id(thing)
        try:
            self._get: Callable[[], Any] = weakref.ref(thing)
        except TypeError:
            self._get = lambda: thing

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        thing = self._get()
        return isinstance(other, SameObject) and thing is not None and other._get() is thing

    def __repr__(self) -> str:
        return type(self._get()).__name__


class Arguments:
    """The arguments of a call.

    Attributes
    ----------
    names : list of str
    forms : list of tuple
        For each argument what is part of the key: shapes, dtypes, strings, integers.
    arrays, numbers : list
        What is passed to a program. An array that occurs twice is passed once.
    objects : list
        Other objects, whose attributes the function may read.
    has_graph : bool
        Whether a gradient flows through an argument.
    """

    def __init__(self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.args, self.kwargs = args, kwargs
        self.function = function
        self.arrays: list[Any] = []
        self.numbers: list[float] = []
        self.objects: list[Any] = []
        self.has_graph = False
        self._places: dict[int, int] = {}
        self.forms = [self._form(value) for value in args]
        self.forms += [(name, self._form(value)) for name, value in kwargs.items()]

    @property
    def names(self) -> list[str]:
        """The names of the parameters that the arguments are passed as."""
        try:
            parameters = list(inspect.signature(self.function).parameters.values())
        except (TypeError, ValueError):
            parameters = []
        names = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
        names += [f"x{i}" for i in range(len(names), len(self.args))]
        return [*names[: len(self.args)], *self.kwargs]

    def overlap(self, owners: frozenset[int], each_other: bool) -> bool:
        """Whether arrays share memory with owners of these identities, or with each other."""
        own = [id(memory_owner(array)) for array in self.arrays]
        return not owners.isdisjoint(own) or (each_other and len(set(own)) < len(own))

    def _form(self, value: Any) -> Any:
        kind = type(value)
        if kind is np.ndarray or kind is np.memmap:
            place = self._places.setdefault(id(value), len(self.arrays))
            if place == len(self.arrays):
                self.arrays.append(value)
            return "array", value.shape, value.dtype, value.strides, place
        if isinstance(value, Tensor):
            self.has_graph |= value._node is not None
            return "tensor", self._form(value.data)
        if kind is float:
            self.numbers.append(value)
            return "number"
        if isinstance(value, np.generic):
            return self._form(np.asarray(value))
        if _is_sequence(value):
            return kind, *map(self._form, value)
        if kind is dict:
            return kind, *((key, self._form(part)) for key, part in value.items())
        return self._constant_form(value)

    def _constant_form(self, value: Any) -> Any:
        """The form of a value that is the same in all calls of a program."""
        kind = type(value)
        if _is_sequence(value):
            return kind, *map(self._constant_form, value)
        if kind in (set, frozenset):
            return kind, frozenset(map(self._constant_form, value))
        if kind is slice:
            return kind, self._constant_form((value.start, value.stop, value.step))
        if kind in (float, complex) or isinstance(value, np.generic):
            return kind, repr(value)  # nan equals nan, and -0.0 differs from 0.0
        if isinstance(value, _CONSTANTS):
            return kind, value
        if isinstance(value, Tensor):  # in a set
            self.has_graph |= value._node is not None
            return kind, SameObject(value)
        if hasattr(value, "__array__") or hasattr(value, "__next__"):
            raise CompileError(
                f"compile: an argument is a {kind.__module__}.{kind.__qualname__}, which a program cannot read; pass "
                "arrays, tensors or numbers"
            )
        self.objects.append(value)
        return kind, SameObject(value)

    def traced(self, writer: TapeWriter) -> tuple[list[Any], dict[str, Any]]:
        """The arguments with tracers, for the recording."""
        values = (*self.args, *self.kwargs.values())
        traced = [_traced(writer, value, name) for value, name in zip(values, self.names, strict=True)]
        return traced[: len(self.args)], dict(zip(self.kwargs, traced[len(self.args) :], strict=True))


def _is_sequence(value: Any) -> bool:
    """Whether a value is a tuple, a list, or a named tuple, and no other subclass."""
    return type(value) in (tuple, list) or (isinstance(value, tuple) and hasattr(value, "_fields"))


def _traced(writer: TapeWriter, value: Any, name: str) -> Any:
    if isinstance(value, np.ndarray | np.generic):
        return writer.argument(value if isinstance(value, np.ndarray) else np.asarray(value), name)
    if isinstance(value, Tensor):
        return _wrap(writer.argument(value.data, name))
    if type(value) is float:
        return writer.number(value, name)
    if _is_sequence(value):
        parts = [_traced(writer, part, f"{name}_{i}") for i, part in enumerate(value)]
        return type(value)(*parts) if hasattr(value, "_fields") else type(value)(parts)
    if type(value) is dict:
        return {key: _traced(writer, part, f"{name}_{key}") for key, part in value.items()}
    return value
