"""The arguments of recorded nodes as formulas, including the arrays that the graph did not save."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from autograd_lite.core.graph import Node
from autograd_lite.derivation.array_symbols import ArraySymbols, double
from autograd_lite.derivation.checking import agrees
from autograd_lite.derivation.constants import Formula
from autograd_lite.derivation.definitions import SOLUTIONS
from autograd_lite.derivation.formula import call, evaluate
from autograd_lite.derivation.formula_array import from_formula
from autograd_lite.derivation.nodes import Gone, arguments_of, constant_values
from autograd_lite.derivation.recomputed import recomputations, recomputed
from autograd_lite.derivation.rules import result


class ArgumentFormulas:
    """Finds the arguments of nodes. `formula_of` maps nodes and leaves to formulas and grows while it is used."""

    def __init__(
        self,
        saved: Mapping[Node, Mapping[str, Any]],
        values: Mapping[Any, Any],
        formula_of: Mapping[Any, Formula],
        array_symbols: ArraySymbols,
    ) -> None:
        self._saved, self._values, self._formula_of = saved, values, formula_of
        self._array_symbols = array_symbols
        self.recomputations: dict[Node, Mapping[str, Any]] = {}  # of the arguments that others determine
        self._known: dict[Node, dict[str, Any]] = {}

    def known(self, node: Node) -> dict[str, Any]:
        """The arguments by name: formulas, and options as they are."""
        if node not in self._known:
            self._known[node] = self._arguments(node)
        return self._known[node]

    def _arguments(self, node: Node) -> dict[str, Any]:
        arguments: dict[str, Any] = {}
        for name, value in constant_values(node, self._saved[node]).items():
            arguments[name] = value if isinstance(value, Gone) else self._constant(node, name, value)
        for parent, name in arguments_of(node):
            if parent is not None and name != node.operation.variadic:
                arguments[name] = self._formula_of[parent]
        for name, value in arguments.items():
            if isinstance(value, Gone):
                arguments[name] = self._gone(node, name, value, arguments)
        arguments |= self._recomputed(node, arguments)
        return {name: arguments[name] for name in node.operation.arguments}

    def _recomputed(self, node: Node, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments that others determine, if they have the values that the operation was given."""
        given = {name: from_formula(value) for name, value in arguments.items()}
        for functions in recomputations(node.operation):
            found = {name: value.formula for name, value in recomputed(functions, given, node.dtype).items()}
            if all(agrees(formula, arguments[name].value, node.dtype) for name, formula in found.items()):
                self.recomputations[node] = functions
                return found
        return {}

    def _constant(self, node: Node, name: str, value: Any) -> Any:
        if name != node.operation.variadic:
            saved = self._saved[node].get(name) is not None
            return self._array_symbols.formula(value) if saved else self._array_symbols.beside(value)
        parents = [parent for parent, argument in arguments_of(node) if argument == name] or [None] * len(value)
        return [
            self._formula_of[parent] if parent is not None
            else self._array_symbols.gone(item.shape, node) if isinstance(item, Gone)
            else self._array_symbols.beside(item)
            for item, parent in zip(value, parents, strict=True)
        ]  # fmt: skip

    def _gone(self, node: Node, name: str, gone: Gone, arguments: Mapping[str, Any]) -> Formula:
        """The symbol of an operand that is gone, with its values if the result and the other operand give them."""
        solution = SOLUTIONS.get((node.operation.name, name))
        other = value_or_none(next((value for argument, value in arguments.items() if argument != name), None))
        if solution is None or self._values.get(node) is None or other is None:
            return self._array_symbols.gone(gone.shape, node)
        with np.errstate(all="ignore"):
            value = np.asarray(solution(self._values[node], other))
        if value.ndim == 2 and value.shape == node.shape and _is_identity(value):
            return call(np.eye, (len(value),))
        return self._array_symbols.gone(gone.shape, node, value, self._values.values())

    def saved(self, node: Node, whole: bool) -> dict[str, Any]:
        """The saved values of a node as formulas; without `whole` only floating-point arrays are converted."""
        arguments = self.known(node)
        with_parent = {argument for parent, argument in arguments_of(node) if parent is not None}
        saved: dict[str, Any] = {}
        for name, value in self._saved[node].items():
            if value is None or node.operation.residuals.get(name) is not None:
                saved[name] = value  # `rules.contributions` computes a residual from its formula
            elif name == "out" and getattr(node.operation, "results", None):
                saved[name] = tuple(result(self._formula_of[node], i, double(x)) for i, x in enumerate(value))
            elif name == "out":
                saved[name] = self._formula_of[node]
            elif name == node.operation.variadic:
                saved[name] = type(value)(arguments[name])
            else:
                is_formula = name in with_parent or name in self.recomputations.get(node, ())
                saved[name] = arguments[name] if is_formula else self._array_symbols.formula(value, whole)
        return saved


def _is_identity(value: Any) -> bool:
    square = value.shape[0] == value.shape[1] > 1
    return bool(square and np.allclose(value, np.eye(len(value)), rtol=0, atol=1e-9))


def value_or_none(formula: Any) -> Any:
    """The value of a formula, or None if it has none."""
    try:
        return evaluate(formula)
    except Exception:  # a symbol is unknown, or an operation rejects the values
        return None
