"""Operands: values of the tape as elements of flat memory inside the loops of a call."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np

from autograd_lite.compiler.native.loops import (
    Call,
    Constant,
    Element,
    Expression,
    Memory,
    NotNative,
    Number,
    Statement,
)
from autograd_lite.compiler.tape import Storage, Value
from autograd_lite.compiler.traced_numbers import TracedNumber

# Dtypes whose arithmetic numba shares with NumPy.
DTYPES = {np.dtype(kind) for kind in (np.float32, np.float64, np.int64, np.int32, np.bool_)}


class Operands:
    """The memories of a program.

    Parameters
    ----------
    places : dict
        For storages that are a part of an array from outside, that array and the number of the first element.

    Attributes
    ----------
    memories : dict of Storage to Memory
    scalars : set of Value
        Arrays without dimensions that a call returns: numbers.
    """

    def __init__(self, places: dict[Storage, tuple[Value, int]]) -> None:
        self.places = places
        self.memories: dict[Storage, Memory] = {}
        self.scalars: set[Value] = set()

    def memory(self, value: Value) -> tuple[Memory, int]:
        """The memory of a value, and the position of its first element there."""
        storage, start = value.storage, value.offset
        if storage in self.places:
            array, first = self.places[storage]
            storage, start = array.storage, start + array.offset + first * array.dtype.itemsize
        size = value.dtype.itemsize
        if value.dtype not in DTYPES or not value.dtype.isnative:
            raise NotNative(f"numbers of dtype {value.dtype}")
        if start % size or any(s % size for s, n in zip(value.strides, value.shape, strict=True) if n > 1):
            raise NotNative("elements at uneven addresses")
        memory = self.memories.get(storage)
        if memory is None:
            memory = self.memories[storage] = Memory(value.name, value.dtype, is_private=storage.kind == "result")
        if memory.dtype != value.dtype:
            raise NotNative("memory that is used with two dtypes")
        memory.values.setdefault(value, start // size)
        return memory, start // size

    def scratch(self, name: str, dtype: np.dtype[Any]) -> Memory:
        """Memory of a loop."""
        return Memory(name, dtype, is_private=True)

    def element(self, value: Value, shape: tuple[int, ...] | None = None) -> Element:
        """The element of a value in loops over `shape`, to which it is broadcast."""
        memory, start = self.memory(value)
        shape = value.shape if shape is None else shape
        strides = [s // value.dtype.itemsize if n > 1 else 0 for s, n in zip(value.strides, value.shape, strict=True)]
        missing = len(shape) - len(strides)
        if missing < 0 or any(n not in (1, m) for n, m in zip(value.shape, shape[missing:], strict=True)):
            raise NotNative("shapes that do not match")
        return Element(memory, start, (0,) * missing + tuple(strides))

    def expression(self, arg: Any, shape: tuple[int, ...], dtype: np.dtype[Any] | None = None) -> Expression:
        """An argument of a call in loops over `shape`, converted to `dtype`."""
        if isinstance(arg, Value):
            if arg.dtype not in DTYPES:
                raise NotNative(f"numbers of dtype {arg.dtype}")
            found: Expression = Number(arg, arg.dtype) if arg in self.scalars else self.element(arg, shape)
            return found if dtype is None else converted(found, dtype)
        if type(arg) is TracedNumber:
            found = Number(arg, np.dtype(np.int64 if isinstance(arg._concrete, int) else np.float64))
            return found if dtype is None else converted(found, dtype)
        if isinstance(arg, bool | int | float | np.generic):
            dtype = np.asarray(arg).dtype if dtype is None else dtype
            if dtype not in DTYPES:
                raise NotNative(f"numbers of dtype {dtype}")
            if dtype.kind == "i" and not _is_exact(arg, dtype):
                raise NotNative(f"{arg} as a number of dtype {dtype}")
            return Constant(arg, dtype)
        raise NotNative(f"an argument of type {type(arg).__name__}")


def _is_exact(number: Any, dtype: np.dtype[Any]) -> bool:
    """Whether a number is one of an integer dtype."""
    limits = np.iinfo(dtype)
    return bool(limits.min <= number <= limits.max and int(number) == number)


def converted(expression: Expression, dtype: np.dtype[Any]) -> Expression:
    """The expression in another dtype, as `astype` converts."""
    if expression.dtype == dtype:
        return expression
    if isinstance(expression, Number):
        return dataclasses.replace(expression, dtype=dtype)
    if dtype.kind == "b":
        return Call("{0} != 0", (expression,), dtype)
    if expression.dtype.kind == "f" and dtype.kind != "f":
        raise NotNative("floats converted to integers")
    return Call(f"{dtype.name}({{0}})", (expression,), dtype)


def statement(
    shape: tuple[int, ...],
    target: Element,
    expression: Expression,
    combine: str = "",
    *,
    reads: Statement | None = None,
    best: Element | None = None,
    name: str = "",
) -> Statement:
    """A statement in loops over `shape`; loops of length 1 are left out. It is placed where `reads` will be."""
    if math.prod(shape) == 0:
        raise NotNative("arrays without elements")
    related = frozenset() if reads is None else reads.related
    made = Statement(shape, target, expression, combine, related, name, best)
    kept = [level for level, length in enumerate(shape) if length != 1]
    if len(kept) == len(shape):
        return made
    if made.has_position:
        raise NotNative("positions along axes of length 1")

    def drop(element: Element) -> Element:
        return dataclasses.replace(element, strides=tuple(element.strides[level] for level in kept))

    return made.mapped(tuple(shape[level] for level in kept), drop)


def ordered(made: Statement) -> Statement:
    """The statement with its loops in the order of the target's memory, so that it is written from front to back."""
    strides = made.target.strides
    if made.has_position or made.combine or len(strides) < 2:
        return made
    order = sorted(range(len(strides)), key=lambda level: -abs(strides[level]))

    def permute(element: Element) -> Element:
        return dataclasses.replace(element, strides=tuple(element.strides[level] for level in order))

    return made.mapped(tuple(made.extents[level] for level in order), permute)


def contiguous_strides(shape: tuple[int, ...]) -> tuple[int, ...]:
    """The strides of an array in C order, in elements."""
    strides, step = [], 1
    for length in shape[::-1]:
        strides.append(step if length > 1 else 0)
        step *= length
    return tuple(strides[::-1])
