"""Symbols for the arrays of a graph that are not differentiated: data, targets, and arrays inside rules."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from autograd_lite.core.graph import Node
from autograd_lite.derivation.constants import Constant, Formula
from autograd_lite.derivation.formula import Symbol, call, mapped
from autograd_lite.derivation.naming import PRODUCTS, Names
from autograd_lite.derivation.nodes import constant_values
from autograd_lite.derivation.other_inputs import Trials
from autograd_lite.support.addresses import memory_owner
from autograd_lite.support.names import name_of


def double(array: Any) -> Any:
    """A floating-point array in double precision, in which formulas are evaluated; others as they are."""
    return np.asarray(array, np.float64) if np.asarray(array).dtype.kind == "f" else np.asarray(array)


class ArraySymbols:
    """One symbol for each array in memory, whatever views of it the graph holds. Two arrays never share a symbol.

    The constructor registers their names with `names`; `name` sets them after `Names.assign`. As inputs of the graph
    the symbols get values in all `trials`. Matrices of `layers`, the products that are layers, are data X; those of
    other products are A.

    Attributes
    ----------
    from_rules : list of Symbol
        The symbols of arrays that appear only inside rules, so that no line of the derivation defines them.
    """

    def __init__(
        self,
        names: Names,
        given: Mapping[str, Any],
        saved: Mapping[Node, Mapping[str, Any]],
        trials: Trials,
        layers: Collection[Node],
    ) -> None:
        self.from_rules: list[Symbol] = []
        self._names, self._trials = names, trials
        self._known: list[tuple[Any, Symbol]] = []
        self._requested: list[Symbol] = []
        self._targets: list[Any] = []
        self._constants: list[tuple[Any, Symbol]] = []  # made by rules
        for name, array in given.items():
            self._add(array, name, given=True)
        self._not_found = [array for array, _ in self._known]  # by memory
        for node in saved:
            beside = next((parent.operation.name for parent in node.parents if isinstance(parent, Node)), "")
            for argument, array, is_saved in _constants(node, saved[node]):
                named = _given_name(array)
                usual = _usual_name(node.operation.name, argument, array, beside, node in layers)
                if named or is_saved:
                    self._add(*(named or (array, usual)), given=bool(named))
                if usual == "Y" and is_saved:
                    self._targets.append(array)
                self._not_found = [known for known in self._not_found if not np.may_share_memory(known, array)]

    def _add(self, array: Any, name: str, given: bool) -> None:
        if self.find(array) is None:
            symbol = _symbol(array, name)
            self._names.request(symbol, name, given=given)
            self._requested.append(symbol)
            self._known.append((array, symbol))

    def name(self) -> Iterator[tuple[Symbol, Formula]]:
        """Set the names of the symbols. Yields known properties as definitions: Y 1 = 1 for targets on the simplex."""
        for symbol in self._requested:
            symbol.name = self._names[symbol]
        for array in self._targets:
            symbol = self.find(array)  # type: ignore[assignment]
            if isinstance(symbol, Symbol) and _in_simplex(symbol.value) and not symbol.in_simplex:
                symbol.in_simplex = True
                sums = Symbol(f"{symbol.name} 1", symbol.shape[:1], symbol.dtype, symbol.value.sum(axis=1))
                yield sums, call(np.broadcast_to, (Constant(1), sums.shape))
        for symbol in dict.fromkeys(symbol for _, symbol in self._known):
            self._trials.draw(symbol)

    def find(self, array: Any) -> Formula | None:
        """The array as a formula, if it is a known array or a view of one."""
        for known, symbol in self._known:
            if (view := _as_view(array, known, symbol)) is not None:
                if isinstance(view, Symbol) and view is not symbol:
                    self._known.insert(0, (array, view))  # so that the same part is the same symbol
                    self._trials.draw(view)
                return view
        return None

    def formula(self, value: Any, whole: bool = True) -> Any:
        """A saved value with arrays as formulas; without `whole` only floating-point arrays are converted."""
        if isinstance(value, tuple) and _names_diagonal(value):
            return value
        if isinstance(value, tuple | list):
            return mapped(lambda item: self.formula(item, whole), value)
        if not isinstance(value, np.ndarray) or not (whole or value.dtype.kind == "f"):
            return value
        if (found := self.find(value)) is not None:
            return found
        if not value.ndim:
            return value if value.dtype.kind == "b" else Constant.of(value)
        symbol = _symbol(value, self._names.fresh("C"))
        self._trials.draw(symbol)
        self._known.append((value, symbol))
        self.from_rules.append(symbol)
        return symbol

    def beside(self, value: Any) -> Any:
        """An argument that no node has saved, but that still exists; an array without a name is called c."""
        if not isinstance(value, np.ndarray) or not value.ndim or self.find(value) is not None:
            return self.formula(value)
        symbol = self._unnamed(value.shape, value.dtype, double(value))
        self._known.append((value, symbol))
        return symbol

    def gone(self, shape: tuple[int, ...] | None, node: Node, value: Any = None, others: Iterable[Any] = ()) -> Symbol:
        """An argument of `node` that no longer exists, called c. Without a `shape` it is what was broadcast.

        If its value is known, it may be one of the `given` arrays: one that was not found elsewhere in the graph,
        provided that no other array has these values, neither a known one nor one of `others`.
        """
        shape, dtype = node.shape if shape is None else shape, node.dtype or np.dtype(float)
        if value is None or np.shape(value) != shape:
            return self._unnamed(shape, dtype, None)
        fitting = [symbol for array, symbol in self._known if _are_close(array, value)]
        is_missing = any(_are_close(array, value) for array in self._not_found)
        is_constant = np.size(value) == 0 or np.ptp(value) == 0
        if len(fitting) == 1 and is_missing and not is_constant and not any(_are_close(x, value) for x in others):
            return fitting[0]
        return self._unnamed(shape, dtype, value)

    def _unnamed(self, shape: tuple[int, ...], dtype: Any, value: Any) -> Symbol:
        symbol = Symbol(self._names.fresh("c"), shape, dtype, value)
        self._trials.draw(symbol)
        return symbol

    def named(self, symbol: Symbol) -> Symbol:
        """The named symbol for one without a name, an array that a rule has made; equal ones share a symbol."""
        for known, other in self._constants:
            if known.shape == symbol.shape and np.array_equal(known, symbol.value):
                return other
        new = _symbol(symbol.value, self._names.fresh("C"))
        self._constants.append((symbol.value, new))
        self.from_rules.append(new)
        return new


def _names_diagonal(index: tuple[Any, ...]) -> bool:
    """Whether an index names the elements (0, 0), (1, 1), ..., which is no choice of the user's."""
    arrays = [part for part in index if isinstance(part, np.ndarray) and part.ndim == 1]
    return len(arrays) == len(index) == 2 and all(np.array_equal(part, np.arange(len(arrays[0]))) for part in arrays)


def _are_close(x: Any, y: Any) -> bool:
    return np.shape(x) == np.shape(y) and np.allclose(x, y, rtol=1e-9, atol=1e-12)


def _symbol(array: Any, name: str) -> Symbol:
    return Symbol(name, array.shape, array.dtype, double(array))


def _in_simplex(rows: Any) -> bool:
    """Whether the rows are probabilities; then P ⊙ (Y 1 1ᵀ) − Y is P − Y."""
    if rows.ndim != 2 or rows.dtype.kind != "f":
        return False
    return bool((rows >= 0).all() and np.allclose(rows.sum(axis=1), 1, rtol=0, atol=1e-12))


def _constants(node: Node, saved: Mapping[str, Any]) -> Iterator[tuple[str, Any, bool]]:
    """The arrays among the arguments without a parent: the name of the argument, and whether the node has saved it."""
    for name, value in constant_values(node, saved).items():
        for array in value if isinstance(value, tuple | list) else (value,):
            if isinstance(array, np.ndarray) and array.ndim:
                yield name, array, saved.get(name) is not None


def _usual_name(operation: str, argument: str, array: Any, beside: str, is_layer: bool) -> str:
    """The usual name of an array; `beside` is the operation that the other operand came from."""
    logarithm = operation == "multiply" and beside in ("log", "log_softmax")
    if argument == "target" or logarithm:
        return "Y" if array.dtype.kind == "f" and array.ndim > 1 else "y"
    if operation in PRODUCTS or (operation, argument) == ("linear", "x"):
        name = "X" if is_layer else "A"
        return name if array.ndim > 1 else name.lower()
    return {"b": "M", "i": "i", "u": "i"}.get(array.dtype.kind, "C")


def _given_name(array: Any) -> tuple[Any, str] | None:
    """The array that the user named and of which `array` is a view, or which it is; with its name."""
    for candidate in (array, array.base, memory_owner(array)):
        name = name_of(candidate) if isinstance(candidate, np.ndarray) else None
        if name:
            return candidate, name
    return None


def _as_view(array: Any, of: Any, symbol: Symbol) -> Formula | None:
    """`array` as a formula of the symbol of `of`, if it is a simple view of that array; else None."""
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
