"""A recorded graph read as formulas: every node defined by those before it, under a name or written out."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from autograd_lite.core.graph import Leaf, Node
from autograd_lite.core.outputs import Result
from autograd_lite.derivation.checking import agrees, proved
from autograd_lite.derivation.constants import Constants, double
from autograd_lite.derivation.definitions import DEFINITIONS, INSIDE, SOLUTIONS
from autograd_lite.derivation.expression import (
    Call,
    Expression,
    Number,
    Symbol,
    call,
    evaluate,
    key,
    length,
    parts,
    substitute,
    symbols,
)
from autograd_lite.derivation.graph import arguments_of, nodes_below, saved_values
from autograd_lite.derivation.naming import PRODUCTS, Names, want_names
from autograd_lite.derivation.rewriting import simplify, split
from autograd_lite.derivation.rules import Operation, function_of, on_formulas, result
from autograd_lite.derivation.symbols import Symbolic, lift, lower

_SHAPES = {"expand_dims", "flatten", "ravel", "reshape", "squeeze"}
_INLINE = {"add", "negative", "subtract", "transpose", "swapaxes", "astype", "clone", "variable", *_SHAPES}
_LONGEST_INLINE = 12
_UNKNOWN = object()


class Reading:
    """The formulas of a graph.

    `meaning` is what each node and leaf is written as; `definitions` are the named ones, in order, each a symbol, the
    formula it stands for, and the name of the operation.

    What the graph did not keep is taken for the default, if `trusting`. Whether that was right shows in the values that
    it did keep, of which the loss is one: if they differ or cannot be computed, the reading is `doubtful`.
    """

    def __init__(
        self, root: Node, values: Mapping[Any, Any], arrays: Mapping[str, Any], given: Mapping[Any, str],
        paths: Mapping[Any, str], trusting: bool = True,
    ) -> None:  # fmt: skip
        self.root = root
        self.nodes = nodes_below(root)
        self.values = {thing: double(array) for thing, array in values.items()}
        self.saved = {node: saved_values(node) for node in self.nodes}
        self.consumers: dict[Any, list[Node]] = {}
        for node in self.nodes:
            for parent in node.parents:
                self.consumers.setdefault(parent, []).append(node)
            self._note_values(node)
        self.names = Names()
        self.roles = want_names(self.names, self.nodes, root, self.consumers, given, paths, self.saved)
        self.given = given
        self.meaning: dict[Any, Expression] = {}
        self.defined: set[Node] = set()
        self.definitions: list[tuple[Symbol, Expression, str]] = []
        self._abbreviations: dict[Any, Expression] = {}
        self._labels: list[Symbol] = []  # one-hot
        self._unknown: dict[tuple[Node, str], Symbol] = {}
        self.constants = Constants(self.names, arrays, self.saved)
        self.names.hand_out()
        self.definitions += [(symbol, formula, "given") for symbol, formula in self.constants.name()]
        self._name_leaves()
        self.trusting, self.doubtful, self._trusted = trusting, False, False
        for node in self.nodes:
            self._read(node)
        self.doubtful |= self._trusted and not agrees(self.definitions[-1][1], values[root], root.dtype, known=True)

    # -- what is known ---------------------------------------------------------------------------------------------

    def _note_values(self, node: Node) -> None:
        """The values of the node and of its parents, as far as they were saved."""
        saved = self.saved[node]
        for parent, argument in arguments_of(node):
            value = saved.get(argument)
            if parent is not None and isinstance(value, np.ndarray | np.generic):
                self.values.setdefault(parent, double(value))
        if isinstance(saved.get("out"), np.ndarray | np.generic):
            self.values.setdefault(node, double(saved["out"]))

    def _name_leaves(self) -> None:
        leaves = {parent: None for node in self.nodes for parent in node.parents if isinstance(parent, Leaf)}
        for leaf in leaves:
            self.meaning[leaf] = Symbol(self.names[leaf], leaf.shape, leaf.dtype, self.values.get(leaf))

    def named(self, expression: Any) -> Any:
        """The formula with all constants under names, and with the names of what is defined in place of definitions."""
        nameless = [(part, self.constants.bring(part)) for part in symbols(expression) if not part.name]
        expression = substitute(expression, nameless)
        calls = [part for part in parts(expression) if isinstance(part, Call)]
        known = [(part, self._abbreviations[k]) for part in calls if (k := key(part)) in self._abbreviations]
        known += [(part, self._scattered(part)) for part in calls if part.name == "scatter"]
        return substitute(expression, known)

    def _scattered(self, scattered: Call) -> Expression:
        """A number put at the place of each label is a multiple of the one-hot labels, if those are known."""
        first, value = simplify(scattered.operands[0]), _evaluated(scattered)
        number = first if isinstance(first, Number) else split(first)[0]
        for labels in self._labels:
            if value is not None and np.array_equal(number.value * labels.value, value):
                return call(np.multiply, (number, labels))
        return scattered

    def _define(self, symbol: Symbol, definition: Expression, operation: str) -> None:
        self.definitions.append((symbol, definition, operation))
        if isinstance(definition, Call):
            self._abbreviations[key(definition)] = symbol
            if definition.function is np.log:
                self._abbreviations[key(call(np.exp, (symbol,)))] = definition.operands[0]

    # -- a node as a formula -----------------------------------------------------------------------------------------

    def _read(self, node: Node) -> None:
        if isinstance(node.operation, Result):
            definition: Expression = result(
                self.meaning[node.parents[0]], node.operation.number, np.empty(node.shape, node.dtype)
            )
        else:
            definition = self._definition(node)
        if node.operation.name in INSIDE:
            self._abbreviate(definition, node)
        definition = self.named(definition)
        if self.is_named(node, definition):
            name = self.names[node] if node in self.names else self.names.fresh("U")
            value = self.values.get(node)
            if value is None:
                value = _evaluated(definition)
            symbol = Symbol(name, node.shape, node.dtype, value)
            self.meaning[node] = symbol
            self.defined.add(node)
            self._define(symbol, definition, node.operation.name)
        else:
            self.meaning[node] = definition

    def is_named(self, node: Node, definition: Expression) -> bool:
        """Whether a node is called by a name; else it is written out where it is used."""
        if getattr(node.operation, "results", None):
            return False
        if node is self.root or node in self.names:
            return True
        if node in self.values and _evaluated(definition) is None:
            return True
        if node.operation.name in _INLINE and length(definition) <= _LONGEST_INLINE:
            return False
        branches = len(set(node.parents) - {None}) > 1 and node.operation.name not in PRODUCTS
        used = len(self.consumers.get(node, ())) > 1
        return node in self.values or branches or used or length(definition) > _LONGEST_INLINE

    def layer(self, node: Any) -> str:
        """The number of a layer as it stands above its letters, of an affine map that the user has not named."""
        if self.roles.get(node) != "Z" or node in self.given:
            return ""
        return self.names[node][1:] if self.names[node].startswith("Z⁽") else ""

    def _abbreviate(self, definition: Expression, node: Node) -> None:
        """Probabilities and one-hot labels inside a loss get the names P and Y."""
        letters = {"softmax": "P", "sigmoid": "P", "one_hot": "Y"}
        for part in list(parts(definition)):
            if isinstance(part, Call) and part.name in letters and self.named(part) is part:
                symbol = Symbol(self.names[letters[part.name], node], part.shape, part.dtype, _evaluated(part))
                if part.name == "one_hot":
                    symbol.in_simplex = True
                    self._labels.append(symbol)
                self._define(symbol, part, part.name)

    def _definition(self, node: Node) -> Expression:
        primitive: Any = node.operation
        known = self.values.get(node)
        if primitive.results:
            return self._by_name(node, (), float)
        for arguments, by_default in self._guesses(node, known is not None):
            for function in (on_formulas(DEFINITIONS.get(primitive.name)), function_of(primitive)):
                try:
                    args, keywords = _spread(primitive, arguments)
                    raw = function(*args, **keywords)
                    written = raw.expression if isinstance(raw, Symbolic) else Number.of(raw)
                except Exception:  # whatever a function says to formulas, there are other ways
                    continue
                if written.shape != node.shape or not agrees(written, known, node.dtype):
                    continue
                if by_default and (known is None or not agrees(written, known, node.dtype, known=True)):
                    if not self.trusting:
                        continue
                    self._trusted = True
                    self.doubtful |= known is not None
                return proved(simplify(written), written, known, node.dtype, f"the definition by {primitive.name!r}")
        self.doubtful |= self._trusted and known is not None
        return self._by_name(node, node.shape, node.dtype)

    def _by_name(self, node: Node, shape: Any, dtype: Any) -> Expression:
        """The operation applied to what is known of its arguments."""
        bound = {
            name: self._missing(node, name) if value is _UNKNOWN else value for name, value in self._bound(node).items()
        }
        operation: Any = node.operation
        args, keywords = _spread(operation, bound)
        options = tuple(sorted((name, lower(value)) for name, value in keywords.items()))
        return call(Operation(operation), tuple(map(lower, args)), options, shape, dtype)

    def _guesses(self, node: Node, verifiable: bool) -> Iterator[tuple[dict[str, Any], bool]]:
        """The arguments of a node, with all that those may have been which the graph did not keep.

        With each guess, whether it takes one for its default.
        """
        operation: Any = node.operation
        bound = self._bound(node)
        missing = [name for name, value in bound.items() if value is _UNKNOWN]
        choices: list[Iterable[Any]] = []
        for name in missing:
            parameter = next(p for p in operation.parameters if p.name == name)
            default = [] if parameter.default is parameter.empty else [parameter.default]
            candidates: list[Any] = []
            if verifiable and not default:
                candidates = [*self.constants.candidates, *self._solved(node, bound, name)]
            choices.append([*default, *candidates, _UNKNOWN])
        for choice in itertools.product(*choices):
            arguments = dict(bound)
            for name, value in zip(missing, choice, strict=True):
                arguments[name] = self._missing(node, name) if value is _UNKNOWN else value
            yield arguments, any(not isinstance(arguments[name], Expression) for name in missing)

    def _solved(self, node: Node, bound: Mapping[str, Any], name: str) -> Iterator[Expression]:
        """What an argument that was not kept must have been, by the result and the other argument."""
        solution = SOLUTIONS.get((node.operation.name, name))
        other = next((value for argument, value in bound.items() if argument != name), None)
        if solution is None or not isinstance(other, Expression) or (known := _evaluated(other)) is None:
            return
        with np.errstate(all="ignore"):
            value = np.asarray(solution(self.values[node], known))
        if value.size and np.ptp(value) <= 1e-9 * abs(value.flat[0]):
            yield Number.of(float(f"{value.flat[0]:.12g}"))
        elif value.shape == node.shape:
            symbol = self._missing(node, name)
            symbol.value = value
            yield symbol

    def _missing(self, node: Node, argument: str) -> Symbol:
        """A letter for an argument that the graph did not keep."""
        if (node, argument) not in self._unknown:
            shape, dtype = (node.shape, node.dtype) if node.dtype else ((), np.dtype(float))
            self._unknown[node, argument] = Symbol(self.names.fresh("c"), shape, dtype)
        return self._unknown[node, argument]

    def _bound(self, node: Node) -> dict[str, Any]:
        primitive, saved = node.operation, self.saved[node]
        parents: dict[str, list[Any]] = {}
        for parent, argument in arguments_of(node):
            parents.setdefault(argument, []).append(parent)
        bound: dict[str, Any] = {}
        for name in primitive.arguments:
            kept = name in saved and (saved[name] is not None or self._is_kept(node, name))
            if name == primitive.variadic:
                given = saved[name] if kept else [_UNKNOWN] * len(parents[name])
                bound[name] = tuple(self.constants.formula(value) if parent is None else self.meaning[parent]
                                    for parent, value in zip(parents[name], given, strict=True))  # fmt: skip
            elif name in parents and parents[name][0] is not None:
                bound[name] = self.meaning[parents[name][0]]
            elif kept:
                bound[name] = self.constants.formula(saved[name])
            else:
                bound[name] = getattr(node, name) if name in ("shape", "dtype") else _UNKNOWN
        return bound

    @staticmethod
    def _is_kept(node: Node, name: str) -> bool:
        required = {argument for parent, argument in arguments_of(node) if parent is not None}
        operation: Any = node.operation
        return bool(operation.keepers[name] & required)


def _spread(primitive: Any, arguments: Mapping[str, Any]) -> tuple[list[Any], dict[str, Any]]:
    """The arguments as a call passes them, formulas as arrays; defaults are left out."""
    args: list[Any] = []
    keywords: dict[str, Any] = {}
    left_out = False
    for parameter in primitive.parameters:
        value = lift(arguments[parameter.name])
        if parameter.kind is parameter.VAR_POSITIONAL:
            args += value
        elif parameter.default is not parameter.empty and value is parameter.default:
            left_out = True
        elif parameter.kind is parameter.KEYWORD_ONLY or left_out:
            keywords[parameter.name] = value
        else:
            args.append(value)
    return args, keywords


def _evaluated(expression: Expression) -> Any:
    try:
        return evaluate(expression)
    except Exception:  # an operation that refuses the numbers of a formula has no value
        return None
