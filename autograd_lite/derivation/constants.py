"""The arrays of a graph that are not differentiated, as letters: data, targets, and what rules bring along."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from autograd_lite.core.graph import Node
from autograd_lite.core.outputs import Result
from autograd_lite.core.writes import memory_owner
from autograd_lite.derivation.expression import Expression, Number, Symbol, call, mapped
from autograd_lite.derivation.naming import PRODUCTS, Names
from autograd_lite.support.names import name_of, named_things


def double(array: Any) -> Any:
    """In double precision: formulas are about real numbers."""
    return np.asarray(array, np.float64) if np.asarray(array).dtype.kind == "f" else np.asarray(array)


class Constants:
    """One letter for each memory, whatever views of it the graph holds.

    They ask `names` for their letters at once, and get them in `name`, when all the names have been handed out.
    """

    def __init__(self, names: Names, given: Mapping[str, Any], saved: Mapping[Node, Mapping[str, Any]]) -> None:
        self.brought: list[Symbol] = []  # by rules, and so defined nowhere
        self._names = names
        self._known: list[tuple[Any, Symbol]] = []
        self._wanted: list[Symbol] = []
        self._targets: list[Any] = []
        for name, array in given.items():
            self._want(array, name, given=True)
        for node in saved:
            beside = next((parent.operation.name for parent in node.parents if isinstance(parent, Node)), "")
            for argument, array in _constants(node, saved[node]):
                named = _given_name(array)
                letter = _letter(node.operation.name, argument, array, beside)
                self._want(*(named or (array, letter)), given=bool(named))
                if letter == "Y":
                    self._targets.append(array)

    def _want(self, array: Any, name: str, given: bool) -> None:
        if self.find(array) is None:
            symbol = _symbol(array, name)
            self._names.want(symbol, name, given=given)
            self._wanted.append(symbol)
            self._known.append((array, symbol))

    def name(self) -> Iterator[tuple[Symbol, Expression]]:
        """Take the names; gives what is known of the constants: each symbol of a definition, and its formula."""
        for symbol in self._wanted:
            symbol.name = self._names[symbol]
        for array in self._targets:
            symbol = self.find(array)  # type: ignore[assignment]
            if isinstance(symbol, Symbol) and _in_simplex(symbol.value) and not symbol.in_simplex:
                symbol.in_simplex = True
                sums = Symbol(f"{symbol.name} 1", symbol.shape[:1], symbol.dtype, symbol.value.sum(axis=1))
                yield sums, call(np.broadcast_to, (Number(1), sums.shape))

    @functools.cached_property
    def candidates(self) -> list[Symbol]:
        """What an operand that the graph did not keep may have been: the constants, and arrays that the user named."""
        named = [(thing, name) for thing, name in named_things() if isinstance(thing, np.ndarray)]
        elsewhere = [(array, name) for array, name in named if self.find(array) is None and self._names.take(name)]
        return [*(symbol for _, symbol in self._known), *(_symbol(array, name) for array, name in elsewhere)]

    def find(self, array: Any) -> Expression | None:
        """The array as a formula, if its memory is known."""
        for known, symbol in self._known:
            if (view := _as_view(array, known, symbol)) is not None:
                if isinstance(view, Symbol) and view is not symbol:
                    self._known.insert(0, (array, view))  # a part of an array has a letter of its own, the same again
                return view
        return None

    def formula(self, value: Any, whole: bool = True) -> Any:
        """A saved value as a formula. Without `whole` only floating-point arrays are."""
        if isinstance(value, tuple | list):
            return mapped(lambda item: self.formula(item, whole), value)
        if not isinstance(value, np.ndarray) or not (whole or value.dtype.kind == "f"):
            return value
        if (found := self.find(value)) is not None:
            return found
        if not value.ndim:
            return value if value.dtype.kind == "b" else Number.of(value)
        return self.bring(_symbol(value, ""))

    def bring(self, symbol: Symbol) -> Symbol:
        """A constant that a rule brought along, under a name; equal ones are one."""
        for known, other in self._known:
            if known.shape == symbol.shape and np.array_equal(known, symbol.value):
                return other
        named = _symbol(symbol.value, self._names.fresh("C"))
        self._known.append((symbol.value, named))
        self.brought.append(named)
        return named


def _symbol(array: Any, name: str) -> Symbol:
    return Symbol(name, array.shape, array.dtype, double(array))


def _in_simplex(rows: Any) -> bool:
    """Whether the rows are probabilities, so that P ⊙ (Y 1 1ᵀ) − Y is P − Y."""
    if rows.ndim != 2 or rows.dtype.kind != "f":
        return False
    return bool((rows >= 0).all() and np.allclose(rows.sum(axis=1), 1, rtol=0, atol=1e-12))


def _constants(node: Node, saved: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The arrays among the saved values of arguments without a gradient."""
    primitive = node.operation
    if isinstance(primitive, Result):
        return
    differentiated = {name for name, parent in zip(primitive.differentiable, node.parents, strict=False) if parent}
    for name, value in saved.items():
        if name in primitive.arguments and name not in differentiated:
            for array in value if isinstance(value, tuple | list) else (value,):
                if isinstance(array, np.ndarray) and array.ndim:
                    yield name, array


def _letter(operation: str, argument: str, array: Any, beside: str) -> str:
    """What a constant is usually called; `beside` is the operation of the other operand."""
    logarithm = operation == "multiply" and beside in ("log", "log_softmax")
    if argument == "target" or logarithm:
        return "Y" if array.dtype.kind == "f" and array.ndim > 1 else "y"
    if operation in PRODUCTS or (operation, argument) == ("linear", "x"):
        return "X" if array.ndim > 1 else "x"
    return {"b": "M", "i": "i", "u": "i"}.get(array.dtype.kind, "C")


def _given_name(array: Any) -> tuple[Any, str] | None:
    """The array of a tensor that the user named and of which `array` is a view (or which it is), and the name."""
    for candidate in (array, array.base, memory_owner(array)):
        name = name_of(candidate) if isinstance(candidate, np.ndarray) else None
        if name:
            return candidate, name
    return None


def _as_view(array: Any, of: Any, symbol: Symbol) -> Expression | None:
    """`array` written with the symbol of the array `of` whose memory it shares; None if not (or not simply)."""
    if array.dtype != of.dtype or not np.may_share_memory(array, of):
        return None
    start = array.__array_interface__["data"][0] - of.__array_interface__["data"][0]
    if not start and (array.shape, array.strides) == (of.shape, of.strides):
        return symbol
    if not start and (array.shape, array.strides) == (of.shape[::-1], of.strides[::-1]):
        return call(np.transpose, (symbol, tuple(range(of.ndim))[::-1]))
    if not start and array.size == of.size and array.flags.c_contiguous and of.flags.c_contiguous:
        return call(np.reshape, (symbol, array.shape))
    if of.ndim and (array.shape[1:], array.strides) == (of.shape[1:], of.strides) and start % of.strides[0] == 0:
        first = start // of.strides[0]
        return _symbol(array, f"{symbol.name}[{first}:{first + len(array)}]")
    return None
