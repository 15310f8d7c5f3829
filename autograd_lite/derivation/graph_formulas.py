"""A recorded graph as formulas: the definition of each node, under a name or written out where it is used."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from autograd_lite.core.graph import Leaf, Node
from autograd_lite.core.outputs import Result
from autograd_lite.derivation.array_symbols import ArraySymbols, double
from autograd_lite.derivation.checking import agrees, is_same, proved
from autograd_lite.derivation.constants import Constant, Formula
from autograd_lite.derivation.definitions import DEFINITIONS, INTERMEDIATES, WRITTEN_OUT
from autograd_lite.derivation.formula import Call, Symbol, alike, call, key, size_of, subformulas, substitute, symbols
from autograd_lite.derivation.formula_array import FormulaArray, from_formula, to_formula
from autograd_lite.derivation.matrix_printing import kept_shape
from autograd_lite.derivation.naming import MATRIX_FUNCTIONS, PRODUCTS, Names, request_names
from autograd_lite.derivation.node_arguments import ArgumentFormulas, value_or_none
from autograd_lite.derivation.nodes import arguments_of, nodes_below, primitive_of, saved_values
from autograd_lite.derivation.other_inputs import Trials
from autograd_lite.derivation.replay import Numbers, Replay, as_call
from autograd_lite.derivation.rewriting import simplify, split_constant
from autograd_lite.derivation.rules import ForwardFunction, function_of, on_formulas, result
from autograd_lite.derivation.vocabulary import mean

_SHAPES = {"expand_dims", "flatten", "ravel", "reshape", "squeeze"}
_INLINE = {
    "add",
    "negative",
    "subtract",
    "transpose",
    "swapaxes",
    "astype",
    "clone",
    "variable",
    *_SHAPES,
    *MATRIX_FUNCTIONS,
    *PRODUCTS,
}
_LONGEST_INLINE = 12
_LONGEST_FUNCTION = 5
_LONGEST_LOSS = 6
_STATISTICS = {"mean": "μ", "sqrt": "σ", "divide": "X̂"}
_INTERMEDIATE_NAMES = {"softmax": "P", "sigmoid": "P", "one_hot": "Y", **_STATISTICS}


class GraphFormulas:
    """The formulas of a graph, each true at hand and at other inputs.

    Attributes
    ----------
    formula_of : dict
        The formula of each node and leaf: a symbol if it has a name.
    definitions : list of (Symbol, Formula, str)
        The named nodes in order: the symbol, the formula that defines it, and the name of the operation.
    trials, replay : Trials, Replay
        Other inputs, and the graph at these.
    """

    def __init__(
        self, root: Node, values: Mapping[Any, Any], arrays: Mapping[str, Any], given: Mapping[Any, str],
        paths: Mapping[Any, str],
    ) -> None:  # fmt: skip
        self.root = root
        self.nodes = nodes_below(root)
        self.values: dict[Any, Any] = {}
        self.saved = {node: saved_values(node) for node in self.nodes}
        self.consumers: dict[Any, list[Node]] = {}
        for node in self.nodes:
            for parent in node.parents:
                self.consumers.setdefault(parent, []).append(node)
            self._collect_values(node)
        self.values = {thing: double(array) for thing, array in values.items()} | self.values
        self._kept = set(self.values)  # not those that are only computed from other values
        for node in reversed(self.nodes):
            self._collect_value_of_vector(node)
        self.names = Names()
        self.roles = request_names(self.names, self.nodes, root, self.consumers, given, paths, self.saved)
        self.given = given
        self.formula_of: dict[Any, Formula] = {}
        self.defined: set[Node] = set()
        self.definitions: list[tuple[Symbol, Formula, str]] = []
        self._abbreviations: dict[Any, Formula] = {}
        self._one_hot: list[Symbol] = []
        arrays_held = {id(x): x for saved in self.saved.values() for x in saved.values() if isinstance(x, np.ndarray)}
        leaves = [leaf for leaf in self.consumers if isinstance(leaf, Leaf)]
        self.trials = Trials(sum(x.size for x in arrays_held.values()) + sum(math.prod(x.shape) for x in leaves))
        self.replay = Replay(self.trials, self.saved)
        self._outputs: dict[Node, Numbers] = {}
        layers = [node for node, role in self.roles.items() if role == "Z"]
        layers += [parent for node in layers for parent in node.parents if isinstance(parent, Node)]
        self.array_symbols = ArraySymbols(self.names, arrays, self.saved, self.trials, set(layers))
        self.arguments = ArgumentFormulas(self.saved, self.values, self.formula_of, self.array_symbols)
        self.names.assign()
        self.definitions += [(symbol, formula, "given") for symbol, formula in self.array_symbols.name()]
        self._name_leaves()
        for node in self.nodes:
            self._define_node(node)

    def _collect_values(self, node: Node) -> None:
        """The values of the node and of its parents, as far as they were saved."""
        saved = self.saved[node]
        for place, (parent, argument) in enumerate(arguments_of(node)):
            value = saved.get(argument)
            if argument == node.operation.variadic and isinstance(value, tuple | list):
                value = value[place]
            if parent is not None and isinstance(value, np.ndarray | np.generic):
                self.values.setdefault(parent, double(value))
        if isinstance(saved.get("out"), np.ndarray | np.generic):
            self.values.setdefault(node, double(saved["out"]))

    def _collect_value_of_vector(self, node: Node) -> None:
        """The value of a parent of which the node is a row or a column: axes of length one are added or removed."""
        parent = node.parents[0] if node.operation.name in _SHAPES else None
        if parent is None or node not in self.values or parent in self.values:
            return
        if [n for n in parent.shape if n != 1] == [n for n in node.shape if n != 1]:
            self.values[parent] = self.values[node].reshape(parent.shape)

    def _name_leaves(self) -> None:
        leaves = {parent: None for node in self.nodes for parent in node.parents if isinstance(parent, Leaf)}
        for leaf in leaves:
            symbol = self.formula_of[leaf] = Symbol(self.names[leaf], leaf.shape, leaf.dtype, self.values.get(leaf))
            self.trials.draw(symbol, is_variable=True)

    # -- names inside formulas ---------------------------------------------------------------------------------------

    def without_nameless(self, formula: Any) -> Any:
        """The formula with a named symbol for each array."""
        nameless = [(symbol, self.array_symbols.named(symbol)) for symbol in symbols(formula) if not symbol.name]
        return substitute(formula, nameless)

    def named(self, formula: Any) -> Any:
        """The formula with a named symbol for each array, and with symbols in place of their definitions."""
        while not alike(written := self._abbreviated(formula), formula):
            formula = written
        return formula

    def _abbreviated(self, formula: Any) -> Any:
        formula = self.without_nameless(formula)
        calls = [part for part in subformulas(formula) if isinstance(part, Call)]
        known = [(part, self._abbreviations[k]) for part in calls if (k := key(part)) in self._abbreviations]
        known += [(part, self._scattered(part)) for part in calls if part.name == "scatter"]
        return substitute(formula, known)

    def _scattered(self, scattered: Call) -> Formula:
        """A constant scattered to the places of the labels, as a multiple of the one-hot labels if they have a name."""
        first, value = simplify(scattered.operands[0]), value_or_none(scattered)
        constant = first if isinstance(first, Constant) else split_constant(first)[0]
        for labels in self._one_hot:
            if value is not None and np.array_equal(constant.value * labels.value, value):
                return call(np.multiply, (constant, labels))
        return scattered

    def _define(
        self,
        symbol: Symbol,
        definition: Formula,
        operation: str,
        numbers: Numbers | None = None,
        abbreviated: bool = True,
    ) -> None:
        self.trials.define(symbol, self.trials.computed(definition) if numbers is None else numbers)
        self.definitions.append((symbol, definition, operation))
        if getattr(definition, "name", "") == "softmax" and definition.operands[1] == symbol.ndim - 1:  # type: ignore[attr-defined]
            symbol.in_simplex = True
        if isinstance(definition, Call) and abbreviated:
            self._abbreviations[key(definition)] = symbol
            if definition.function is mean:
                x, axes, kept = definition.operands
                other = simplify(from_formula(x).mean(axis=axes, keepdims=not kept).formula)
                self._abbreviations[key(other)] = call(np.reshape, (symbol, other.shape))
            if definition.function is np.log:
                self._abbreviations[key(call(np.exp, (symbol,)))] = definition.operands[0]

    # -- the formula of a node ---------------------------------------------------------------------------------------

    def _define_node(self, node: Node) -> None:
        if isinstance(node.operation, Result):
            values, like = self.formula_of[node.parents[0]], np.empty(node.shape, node.dtype)
            definition = simplify(result(values, node.operation.number, like))
            outputs = self._outputs[node.parents[0]]
            numbers = {trial: out[node.operation.number] for trial, out in outputs.items()}
        else:
            numbers = self.replay.forward(node, self.arguments.known(node))
            definition = self._definition(node, numbers)
        self._outputs[node] = numbers
        if node.operation.name in INTERMEDIATES:
            self._name_intermediates(definition, node)
        named = self.named(definition)
        definition = named if is_same(named, definition, node.dtype, self.trials) else self.without_nameless(definition)
        if not self._has_name(node, definition):
            self.formula_of[node] = definition
            return
        name = self.names[node] if node in self.names else self.names.fresh("U")
        value = self.values.get(node)
        symbol = Symbol(name, node.shape, node.dtype, value_or_none(definition) if value is None else value)
        # A short loss is written out in the gradients: x / ‖x‖ instead of x / L.
        written_out = node is self.root and node not in self.given and size_of(definition) <= _LONGEST_LOSS
        self.formula_of[node] = definition if written_out else symbol
        symbol.kept = kept_shape(definition) if self.roles.get(node) in ("μ", "σ") else None
        self.defined.add(node)
        self._define(symbol, definition, node.operation.name, numbers, abbreviated=not written_out)

    def _has_name(self, node: Node, definition: Formula) -> bool:
        """Whether a node gets a line and a name; otherwise it is written out where it is used."""
        if getattr(node.operation, "results", None):
            return False
        if node is self.root or node in self.names:
            return True
        if isinstance(definition, Symbol):
            return False
        if node in self.values and value_or_none(definition) is None:
            return True
        if node.operation.name in _INLINE and size_of(definition) <= _LONGEST_INLINE:
            return False
        if node.operation.name in WRITTEN_OUT and size_of(definition) <= _LONGEST_FUNCTION:
            return False
        branches = len(set(node.parents) - {None}) > 1 and node.operation.name not in PRODUCTS
        used = len(self.consumers.get(node, ())) > 1
        return node in self._kept or branches or used or size_of(definition) > _LONGEST_INLINE

    def layer(self, node: Any) -> str:
        """The superscript "⁽²⁾" of an affine map that has its name from the number of its layer; else empty."""
        if self.roles.get(node) != "Z" or node in self.given:
            return ""
        return self.names[node][1:] if self.names[node].startswith("Z⁽") else ""

    def _name_intermediates(self, definition: Formula, node: Node) -> None:
        """Define P, Y, μ and σ for probabilities, one-hot labels, mean and deviation inside a definition."""
        parts = [part for part in subformulas(definition) if isinstance(part, Call)]
        # The mean is a part of the deviation, so it comes first.
        for part in (*[part for part in reversed(parts) if part.name in _STATISTICS], *parts):
            name, written = _INTERMEDIATE_NAMES.get(part.name, ""), self.named(part)
            inner = part.name in _STATISTICS
            if (name, node) not in self.names or isinstance(written, Symbol) or not (inner or written is part):
                continue
            symbol = Symbol(self.names[name, node], part.shape, part.dtype, value_or_none(part))
            if any(symbol.name == other.name for other, *_ in self.definitions):
                continue
            symbol.kept = kept_shape(part)
            if part.name == "one_hot":
                symbol.in_simplex = True
                self._one_hot.append(symbol)
            self._define(symbol, written, part.name)

    def _definition(self, node: Node, numbers: Numbers) -> Formula:
        """The textbook definition or NumPy's function, if it has the values of the operation; else its name.

        Rewrites under a condition are for guards inside rules. A guard of the user is part of the definition.
        """
        operation, known, by_name = primitive_of(node), self.values.get(node), self._by_name(node)
        if operation.results:
            return by_name
        arguments = {name: from_formula(value) for name, value in self.arguments.known(node).items()}
        args, keywords = as_call(operation, arguments)
        for function in (on_formulas(DEFINITIONS.get(operation.name)), function_of(operation)):
            try:
                raw = function(*args, **keywords)
            except Exception:  # a definition may fail on formulas in any way; the next one is tried
                continue
            written = raw.formula if isinstance(raw, FormulaArray) else Constant.of(raw)
            if (
                written.shape == node.shape
                and agrees(written, known, node.dtype)
                and is_same(written, by_name, node.dtype, self.trials, numbers)
            ):
                what = f"the definition by {operation.name!r}"
                forms = (simplify(written, conditions=False),)
                return proved(forms, written, known, node.dtype, what, self.trials, numbers)
        return by_name

    def _by_name(self, node: Node) -> Formula:
        shape, dtype = (node.shape, node.dtype) if node.dtype else ((), float)
        args, keywords = as_call(node.operation, self.arguments.known(node))
        options = tuple(sorted((name, to_formula(value)) for name, value in keywords.items()))
        return call(ForwardFunction(primitive_of(node)), tuple(map(to_formula, args)), options, shape, dtype)
