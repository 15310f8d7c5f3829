"""The arguments of recorded nodes as formulas, including those that the graph did not save."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from autograd_lite.core.graph import Node
from autograd_lite.derivation.array_symbols import ArraySymbols, double
from autograd_lite.derivation.definitions import OPTIONAL, SOLUTIONS
from autograd_lite.derivation.formula import Constant, Formula, Symbol, call, evaluate
from autograd_lite.derivation.formula_array import from_formula
from autograd_lite.derivation.naming import Names
from autograd_lite.derivation.nodes import arguments_of, primitive_of
from autograd_lite.derivation.rules import result

_UNKNOWN = object()


class ArgumentFormulas:
    """Finds the arguments of nodes. `formula_of` maps nodes and leaves to formulas and grows while it is used."""

    def __init__(
        self,
        saved: Mapping[Node, Mapping[str, Any]],
        values: Mapping[Any, Any],
        formula_of: Mapping[Any, Formula],
        array_symbols: ArraySymbols,
        names: Names,
    ) -> None:
        self._saved, self._values, self._formula_of = saved, values, formula_of
        self._array_symbols, self._names = array_symbols, names
        self._unknown: dict[tuple[Node, str], Symbol] = {}

    def known(self, node: Node) -> dict[str, Any]:
        """The arguments by name, with a symbol c for each that is not known."""
        return {
            name: self._unknown_symbol(node, name) if value is _UNKNOWN else value
            for name, value in self._recorded(node).items()
        }

    def guesses(self, node: Node) -> Iterator[tuple[dict[str, Any], bool, bool]]:
        """All combinations of what the unsaved arguments may have been.

        With each comes whether it uses a default value, and whether it uses a known array or a solution.

        An argument with a default is its default or unknown. If the value of the node is known, an argument without one
        may also be a known array, or the solution of an equation.
        """
        recorded = self._recorded(node)
        missing = [name for name, value in recorded.items() if value is _UNKNOWN]
        choices: list[Iterable[Any]] = []
        guessed: set[int] = set()
        for name in missing:
            parameter = next(p for p in primitive_of(node).parameters if p.name == name)
            default: list[Any] = [] if parameter.default is parameter.empty else [parameter.default]
            if (node.operation.name, name) in OPTIONAL:
                default = [None]
            candidates: list[Any] = []
            if self._values.get(node) is not None and not default:
                candidates = [*self._array_symbols.candidates, *self._solved(node, recorded, name)]
                guessed |= {id(candidate) for candidate in candidates}
            choices.append([*default, *candidates, _UNKNOWN])
        for choice in itertools.product(*choices):
            arguments = dict(recorded)
            for name, value in zip(missing, choice, strict=True):
                arguments[name] = self._unknown_symbol(node, name) if value is _UNKNOWN else value
            by_default = any(not isinstance(arguments[name], Formula) for name in missing)
            yield arguments, by_default, any(id(value) in guessed for value in choice)

    def _solved(self, node: Node, recorded: Mapping[str, Any], name: str) -> Iterator[Formula]:
        """An unsaved operand, computed from the result and the other operand."""
        solution = SOLUTIONS.get((node.operation.name, name))
        other = next((value for argument, value in recorded.items() if argument != name), None)
        if solution is None or not isinstance(other, Formula) or (known := value_or_none(other)) is None:
            return
        with np.errstate(all="ignore"):
            value = np.asarray(solution(self._values[node], known))
        # The result is a sum or a product: its rounding error is also that of the solution.
        digits = np.finfo(node.dtype if np.dtype(node.dtype).kind == "f" else float).eps
        error = 16 * digits * max(np.abs(self._values[node]).max(initial=0), np.abs(known).max(initial=0))
        is_sharp = value.size > 0 and error < 1e-4 * np.max(np.abs(value))  # else the rounding errors hide the constant
        if is_sharp and np.ptp(value) <= max(1e-9 * abs(value.flat[0]), error):
            yield Constant.of(_shortest(float(value.flat[0]), error))
        elif is_sharp and value.ndim == 2 and value.shape == node.shape and _is_identity(value, error):
            yield call(np.eye, (len(value),))
        elif value.shape == node.shape:
            symbol = self._unknown_symbol(node, name)
            symbol.value = value
            yield symbol

    def _unknown_symbol(self, node: Node, argument: str) -> Symbol:
        if (node, argument) not in self._unknown:
            shape, dtype = (node.shape, node.dtype) if node.dtype else ((), np.dtype(float))
            self._unknown[node, argument] = Symbol(self._names.fresh("c"), shape, dtype)
        return self._unknown[node, argument]

    def saved(self, node: Node, whole: bool) -> dict[str, Any]:
        """The saved values of a node as formulas; without `whole` only floating-point arrays are converted."""
        saved: dict[str, Any] = {}
        for name, value in self._saved[node].items():
            if value is None or node.operation.residuals.get(name) is not None:
                saved[name] = value  # `rules.contributions` computes a residual from its formula
            elif name == "out" and getattr(node.operation, "results", None):
                saved[name] = tuple(result(self._formula_of[node], i, double(x)) for i, x in enumerate(value))
            elif name == "out":
                saved[name] = self._formula_of[node]
            else:
                saved[name] = self._formula(node, name, value, whole)
        return saved

    def _recorded(self, node: Node) -> dict[str, Any]:
        """The arguments as far as the graph holds them, _UNKNOWN for the others."""
        recorded: dict[str, Any] = {}
        for name in node.operation.arguments:
            value = self._saved[node].get(name)
            if value is None and not is_needed(node, name):  # otherwise None was passed
                value = getattr(node, name) if name in ("shape", "dtype") else _UNKNOWN
                value = [_UNKNOWN] * len(node.parents) if name == node.operation.variadic else value
            recorded[name] = self._formula(node, name, value)
        return recorded

    def _formula(self, node: Node, name: str, value: Any, whole: bool = True) -> Any:
        """The argument `name` of a node: the formula of the parent, or of the given value if it has none."""
        parents = [parent for parent, argument in arguments_of(node) if argument == name]
        if name == node.operation.variadic:
            return type(value)(
                self._array_symbols.formula(item, whole) if parent is None else self._formula_of[parent]
                for item, parent in zip(value, parents, strict=True)
            )
        if parents and parents[0] is not None:
            return self._formula_of[parents[0]]
        return self._array_symbols.formula(value, whole)


def _is_identity(value: Any, error: float) -> bool:
    square = value.shape[0] == value.shape[1]
    return bool(square and np.allclose(value, np.eye(len(value)), rtol=0, atol=max(error, 1e-9)))


def _shortest(value: float, error: float) -> float:
    """The number with the fewest digits that is as near as the error, and at most twelve digits."""
    candidates = (float(f"{value:.{digits}g}") for digits in range(1, 13))
    return next((x for x in candidates if abs(x - value) <= error), float(f"{value:.12g}"))


def is_needed(node: Node, name: str) -> bool:
    """Whether the rule of a differentiated argument needs the argument `name`, so that it was saved."""
    differentiated = {argument for parent, argument in arguments_of(node) if parent is not None}
    return bool(primitive_of(node).keepers.get(name, set()) & differentiated)


def as_call(operation: Any, arguments: Mapping[str, Any]) -> tuple[list[Any], dict[str, Any]]:
    """Positional and keyword arguments of a call, with formulas as formula arrays; defaults are left out."""
    args: list[Any] = []
    keywords: dict[str, Any] = {}
    left_out = False
    for parameter in operation.parameters:
        value = from_formula(arguments[parameter.name])
        if parameter.kind is parameter.VAR_POSITIONAL:
            args += value
        elif parameter.default is not parameter.empty and value is parameter.default:
            left_out = True
        elif parameter.kind is parameter.KEYWORD_ONLY or left_out:
            keywords[parameter.name] = value
        else:
            args.append(value)
    return args, keywords


def value_or_none(formula: Formula) -> Any:
    """The value of a formula, or None if it has none."""
    try:
        return evaluate(formula)
    except Exception:  # a symbol is unknown, or an operation rejects the values
        return None
