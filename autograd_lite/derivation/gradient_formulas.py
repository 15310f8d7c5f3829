"""The backward pass on formulas: the same nodes in the same order, through the same rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from autograd_lite.core.graph import Leaf, Node
from autograd_lite.core.outputs import Result
from autograd_lite.derivation.array_symbols import double
from autograd_lite.derivation.checking import agrees, holds, proved
from autograd_lite.derivation.constants import Constant, Formula
from autograd_lite.derivation.formula import Symbol, alike, call, size_of, substitute, symbols
from autograd_lite.derivation.graph_formulas import GraphFormulas
from autograd_lite.derivation.lines import Line
from autograd_lite.derivation.replay import Numbers, Pullback, pull
from autograd_lite.derivation.rewriting import simplify, split_constant
from autograd_lite.derivation.rules import contributions, zero_gradient
from autograd_lite.derivation.usual_rules import usual_contributions

_LONGEST_SUBSTITUTED = 10
_LONGEST_PASSED_ON = 16


class GradientFormulas:
    """The lines of the derivation with the gradients of the nodes and leaves in `wanted`.

    `gradients` are the engine's numbers for every node and leaf. Each formula is compared with them.
    """

    def __init__(self, graph: GraphFormulas, gradients: Mapping[Any, Any], wanted: set[Any]) -> None:
        self.graph = graph
        self.gradients = gradients
        self.wanted = wanted
        self.lines: list[Line] = []
        self._incoming: dict[Any, list[tuple[Formula, str]]] = {}
        self._known: dict[Symbol, Formula] = {}  # short formulas of named gradients
        self.defined: list[tuple[Symbol, Formula]] = []  # the symbols of the lines
        self.final: dict[Any, Formula] = {}  # the last form of each gradient that has a line
        root = graph.root
        self._on_path = set(wanted)  # between the loss and what is wanted
        graph.replay.start(root)
        self._incoming[root] = [(simplify(call(np.broadcast_to, (Constant(1), root.shape))), root.operation.name)]
        for node in graph.nodes:
            if any(parent in self._on_path for parent in node.parents):
                self._on_path.add(node)
        last = {parent: node for node in reversed(graph.nodes) if node in self._on_path for parent in node.parents}
        for node in reversed(graph.nodes):
            if node in self._on_path and node in self._incoming:
                self._visit(node)
            elif node in wanted:
                self._finish(node)
            for leaf in dict.fromkeys(p for p in node.parents if isinstance(p, Leaf) and p in wanted):
                if last.get(leaf) is node:
                    self._finish(leaf)

    def all_lines(self) -> list[Line]:
        """The constants that rules have made, the definitions, and the gradients."""
        definitions = [Line(symbol.name, (formula,), symbol.shape, operation)
                       for symbol, formula, operation in self.graph.definitions]  # fmt: skip
        used = symbols([line.formulas for line in (*definitions, *self.lines)])
        made = [Line(x.name, (), x.shape, "constant") for x in self.graph.array_symbols.from_rules if x in used]
        return [*made, *definitions, *self.lines]

    def _visit(self, node: Node) -> None:
        if getattr(node.operation, "results", None):
            g: Any = self._gradients_of_results(node)
        elif node is self.graph.root:
            g = self._incoming[node][0][0]
        else:
            g = self._finish(node)
        numbers_elsewhere = self.graph.replay.pull(node)
        if isinstance(node.operation, Result):
            self._incoming.setdefault(node.parents[0], []).append((g, str(node.operation.number)))
            return
        pulled = pull(node, self.gradients[node], node.saved or ())
        numbers = [None if number is None else double(number) for number in pulled]
        formulas = self._contributions(node, g, numbers, numbers_elsewhere)
        for parent, formula in zip(node.parents, formulas, strict=True):
            if parent in self._on_path and formula is not None:
                self._incoming.setdefault(parent, []).append((formula, node.operation.name))

    def _gradients_of_results(self, node: Node) -> tuple[Formula, ...]:
        arrived = {number: g for g, number in self._incoming[node]}
        results: Any = node.shape  # of several results: pairs of shape and dtype
        return tuple(arrived.get(str(i), zero_gradient(shape)) for i, (shape, _) in enumerate(results))

    # -- one node ----------------------------------------------------------------------------------------------------

    def _finish(self, thing: Any) -> Formula:
        """The sum of all contributions, checked: as a symbol with a line of its own, or as a formula to pass on."""
        arrived = self._incoming.get(thing) or [(zero_gradient(thing.shape), "nothing")]
        formula = arrived[0][0]
        for contribution, _ in arrived[1:]:
            formula = call(np.add, (formula, contribution))
        value = double(self.gradients[thing])
        numbers = self.graph.replay.gradient(thing)
        local = self._proved(formula, value, thing.dtype, "a sum of gradients", numbers)
        if not self._has_line(thing, len(arrived), local):
            return local
        operation = ", ".join(dict.fromkeys(name for _, name in arrived))
        loss = self.graph.names[self.graph.root]
        name = f"∂{loss}/∂{self._name(thing)}"
        layer = self.graph.layer(thing)
        if layer:
            scale, local = split_constant(local)
            symbol = Symbol(f"Δ{layer}", thing.shape, thing.dtype, value / (scale.value or 1))
            self.graph.trials.define(symbol, {trial: number / (scale.value or 1) for trial, number in numbers.items()})
            self.lines.append(Line(symbol.name, (local,), thing.shape, operation, name, scale))
            self.defined.append((symbol, local))
            self.final[thing] = simplify(call(np.multiply, (scale, symbol)))
            return self.final[thing]
        known = [(x, self._known[x]) for x in symbols(local) if x in self._known]
        whole = substitute(local, known) if known else local
        final = self._proved(whole, value, thing.dtype, name, numbers) if known else local
        forms = (local,) if alike(local, final) or size_of(final) > 2 * _LONGEST_PASSED_ON else (local, final)
        self.lines.append(Line(name, forms, thing.shape, operation))
        symbol = Symbol(name, thing.shape, thing.dtype, value)
        symbol.kept = getattr(self.graph.formula_of[thing], "kept", None)
        self.graph.trials.define(symbol, numbers)
        self.defined.append((symbol, forms[-1]))
        self.final[thing] = forms[-1]
        if size_of(forms[-1]) <= _LONGEST_SUBSTITUTED:
            self._known[symbol] = forms[-1]
        return symbol

    def _name(self, thing: Any) -> str:
        """The name of a node or leaf. A node without one gets a name and a line that defines it."""
        formula = self.graph.formula_of[thing]
        if isinstance(formula, Symbol) and (isinstance(thing, Leaf) or thing in self.graph.defined):
            return formula.name
        name = self.graph.names.fresh("U")
        self.lines.append(Line(name, (formula,), thing.shape, thing.operation.name))
        return name

    def _has_line(self, thing: Any, arrived: int, formula: Formula) -> bool:
        if thing in self.wanted or thing in self.graph.given:
            return True
        if size_of(formula) <= 1 or not symbols(formula):
            return False
        if thing not in self.graph.defined:
            return size_of(formula) > _LONGEST_PASSED_ON
        if self.graph.roles.get(thing) == "A":
            return arrived > 1 or size_of(formula) > _LONGEST_PASSED_ON
        return True

    def _contributions(self, node: Node, g: Any, numbers: list[Any], elsewhere: list[Numbers]) -> list[Formula | None]:
        """The contribution of a node to each parent, checked against the numbers that its rules give."""
        for rules, whole in ((usual_contributions, True), (contributions, True), (contributions, False)):
            try:
                written = rules(node, g, self.graph.arguments.saved(node, whole))
            except Exception:  # a rule may fail on formulas in any way
                continue
            rows: list[Any] = [
                (*row, parent) for *row, parent in zip(written, numbers, elsewhere, node.parents, strict=True)
            ]
            if all(self._is_right(*row) for row in rows if row[-1] in self._on_path):
                return [self._simplified(node, *row) if row[-1] in self._on_path else None for row in rows]
        return [None if parent is None else self._pullback(node, i, g) for i, parent in enumerate(node.parents)]

    def _is_right(self, written: Any, number: Any, elsewhere: Numbers, parent: Any) -> bool:
        checked = any(trial in self.graph.trials.living for trial in elsewhere)
        return agrees(written, number, parent.dtype, known=not checked) and holds(written, self.graph.trials, elsewhere)

    def _simplified(self, node: Node, written: Any, number: Any, elsewhere: Numbers, parent: Any) -> Formula:
        named, what = self.graph.without_nameless(written), f"the rule of {node.operation.name!r}"
        forms = (
            simplify(self.graph.named(simplify(self.graph.named(named), conditions)), conditions)
            for conditions in (True, False)
        )
        return proved(forms, named, number, parent.dtype, what, self.graph.trials, elsewhere)

    def _proved(self, formula: Formula, value: Any, dtype: Any, what: str, numbers: Numbers) -> Formula:
        forms = (simplify(formula, conditions) for conditions in (True, False))
        return proved(forms, formula, value, dtype, what, self.graph.trials, numbers)

    def _pullback(self, node: Node, position: int, g: Any) -> Formula:
        arguments = self.graph.arguments
        recomputations = arguments.recomputations.get(node, {})
        function = Pullback(node, self.graph.saved[node], position, arguments.known(node), recomputations)
        operands = (*function.operands(), *(g if isinstance(g, tuple) else (g,)))
        parent: Any = node.parents[position]
        return call(function, operands, shape=parent.shape, dtype=parent.dtype)
