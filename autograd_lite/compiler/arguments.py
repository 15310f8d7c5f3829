"""The arguments of a call: which program they need, and what of them is passed to it."""

from __future__ import annotations

import enum
import inspect
import types
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd_lite.core.hooks import CompileError
from autograd_lite.core.tensor import Tensor, _wrap
from autograd_lite.core.writes import memory_owner

if TYPE_CHECKING:
    from autograd_lite.compiler.recorder import Recorder

_CONSTANTS = (int, bool, str, bytes, complex, type(None), type(Ellipsis), type, np.dtype, range, enum.Enum)
_CALLABLES = (types.FunctionType, types.BuiltinFunctionType, types.MethodType, np.ufunc)


class Thing:
    """Any other object as a part of a key: itself, and no other that is equal to it. It is not kept alive."""

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
        return isinstance(other, Thing) and thing is not None and other._get() is thing

    def __repr__(self) -> str:
        return type(self._get()).__name__


class Arguments:
    """What a call is given.

    Attributes
    ----------
    names : list of str
    forms : list of tuple
        For each argument what is part of the key: shapes, dtypes, texts, integers.
    arrays, numbers : list
        What is passed to a program. An array that is there twice is passed once.
    things : list
        Objects, whose attributes the function may read.
    has_graph : bool
        Whether a gradient flows through an argument.
    """

    def __init__(self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.args, self.kwargs = args, kwargs
        self.function = function
        self.arrays: list[Any] = []
        self.numbers: list[float] = []
        self.things: list[Any] = []
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
        """Whether arrays share memory with arrays of these identities, or with each other."""
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
        if isinstance(value, tuple | list) and (kind in (tuple, list) or hasattr(value, "_fields")):
            return kind, *map(self._form, value)
        if kind is dict:
            return kind, *((key, self._form(part)) for key, part in value.items())
        if kind in (set, frozenset):
            return kind, frozenset(map(self._form, value))
        if kind is slice:
            return kind, self._form(value.start), self._form(value.stop), self._form(value.step)
        if isinstance(value, _CONSTANTS):
            return kind, value
        if hasattr(value, "__array__") or hasattr(value, "__next__"):
            raise CompileError(
                f"compile: an argument is a {kind.__module__}.{kind.__qualname__}, which a program cannot read; pass "
                "arrays, tensors or numbers"
            )
        self.things.append(value)
        return kind, Thing(value)

    def traced(self, recorder: Recorder) -> tuple[list[Any], dict[str, Any]]:
        """What the function is given while it is recorded."""
        values = (*self.args, *self.kwargs.values())
        traced = [_traced(recorder, value, name) for value, name in zip(values, self.names, strict=True)]
        return traced[: len(self.args)], dict(zip(self.kwargs, traced[len(self.args) :], strict=True))


def _traced(recorder: Recorder, value: Any, name: str) -> Any:
    if isinstance(value, np.ndarray | np.generic):
        return recorder.argument(value if isinstance(value, np.ndarray) else np.asarray(value), name)
    if isinstance(value, Tensor):
        return _wrap(recorder.argument(value.data, name))
    if type(value) is float:
        return recorder.argument_number(value, name)
    if isinstance(value, tuple | list) and (type(value) in (tuple, list) or hasattr(value, "_fields")):
        parts = [_traced(recorder, part, f"{name}_{i}") for i, part in enumerate(value)]
        return type(value)(*parts) if hasattr(value, "_fields") else type(value)(parts)
    if type(value) is dict:
        return {key: _traced(recorder, part, f"{name}_{key}") for key, part in value.items()}
    return value
