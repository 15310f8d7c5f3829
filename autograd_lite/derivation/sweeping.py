"""The reverse sweep once more, on formulas: the same nodes in the same order through the same rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from autograd_lite.core.backward import unbroadcast
from autograd_lite.core.graph import Leaf, Node
from autograd_lite.core.outputs import Result
from autograd_lite.derivation.checking import agrees, proved
from autograd_lite.derivation.constants import double
from autograd_lite.derivation.expression import Expression, Number, Symbol, call, length, same, substitute, symbols
from autograd_lite.derivation.graph import arguments_of
from autograd_lite.derivation.reading import Reading
from autograd_lite.derivation.rewriting import simplify, split
from autograd_lite.derivation.rules import contributions, result, zeros
from autograd_lite.derivation.steps import Step

_LONGEST_SUBSTITUTED = 10
_LONGEST_PASSED_ON = 12


class Pullback:
    """A derivative rule that cannot be run on formulas, as a function in a formula."""

    def __init__(self, operation: str, argument: str, value: Any) -> None:
        self.__name__ = f"{operation}_pullback_{argument}"
        self._value = value

    def __call__(self, *operands: Any) -> Any:
        return self._value


class SymbolicSweep:
    """The gradients of what is `wanted`, as steps.

    `gradients` are the numbers of the engine for every node and leaf: no formula is kept that does not have them.
    """

    def __init__(self, reading: Reading, gradients: Mapping[Any, Any], wanted: set[Any]) -> None:
        self.reading = reading
        self.gradients = gradients
        self.wanted = wanted
        self.steps: list[Step] = []
        self._incoming: dict[Any, list[tuple[Expression, str]]] = {}
        self._known: dict[Symbol, Expression] = {}  # gradients that have a name, and what they are
        root = reading.root
        self._incoming[root] = [(simplify(call(np.broadcast_to, (Number(1), root.shape))), root.operation.name)]
        leading = set(wanted)
        for node in reading.nodes:
            if any(parent in leading for parent in node.parents):
                leading.add(node)
        last = {parent: node for node in reversed(reading.nodes) if node in leading for parent in node.parents}
        for node in reversed(reading.nodes):
            if node in leading and node in self._incoming:
                self._visit(node, leading)
            elif node in wanted:
                self._finish(node)
            for leaf in dict.fromkeys(p for p in node.parents if isinstance(p, Leaf) and p in wanted):
                if last.get(leaf) is node:
                    self._finish(leaf)

    def _visit(self, node: Node, leading: set[Any]) -> None:
        if getattr(node.operation, "results", None):
            g: Any = self._gradients_of_results(node)
        elif node is self.reading.root:
            g = self._incoming[node][0][0]
        else:
            g = self._finish(node)
        if isinstance(node.operation, Result):
            self._incoming.setdefault(node.parents[0], []).append((g, str(node.operation.number)))
            return
        with np.errstate(all="ignore"):  # the engine has warned already
            pulled = node.operation.pull(self.gradients[node], node.parents, node.saved)
        numbers = [None if parent is None else double(unbroadcast(np.asarray(number), parent.shape))
                   for parent, number in zip(node.parents, pulled, strict=True)]  # fmt: skip
        formulas = self._contributions(node, g, numbers, leading)
        for parent, formula in zip(node.parents, formulas, strict=True):
            if parent in leading and formula is not None:
                self._incoming.setdefault(parent, []).append((formula, node.operation.name))

    def _gradients_of_results(self, node: Node) -> tuple[Expression, ...]:
        arrived = {number: g for g, number in self._incoming[node]}
        forms: Any = node.shape  # the shape and dtype of each
        return tuple(arrived.get(str(i), zeros(shape)) for i, (shape, _) in enumerate(forms))

    # -- one node ----------------------------------------------------------------------------------------------------

    def _finish(self, thing: Any) -> Expression:
        """All contributions have arrived: their sum, checked; as a step of its own, or to be passed on as it is."""
        arrived = self._incoming.get(thing) or [(zeros(thing.shape), "nothing")]
        formula = arrived[0][0]
        for contribution, _ in arrived[1:]:
            formula = call(np.add, (formula, contribution))
        value = double(self.gradients[thing])
        local = proved(simplify(formula), formula, value, thing.dtype, "a sum of gradients")
        if not self._is_step(thing, len(arrived), local):
            return local
        operation = ", ".join(dict.fromkeys(name for _, name in arrived))
        loss = self.reading.names[self.reading.root]
        name = f"∂{loss}/∂{self._letter(thing)}"
        layer = self.reading.layer(thing)
        if layer:
            scale, local = split(local)
            symbol = Symbol(f"Δ{layer}", thing.shape, thing.dtype, value / (scale.value or 1))
            self.steps.append(Step(symbol.name, (local,), thing.shape, operation, name, scale))
            return simplify(call(np.multiply, (scale, symbol)))  # type: ignore[no-any-return]
        whole = substitute(local, [(x, self._known[x]) for x in symbols(local) if x in self._known])
        final = proved(simplify(whole), whole, value, thing.dtype, name)
        forms = (local,) if same(local, final) or length(final) > 2 * _LONGEST_PASSED_ON else (local, final)
        self.steps.append(Step(name, forms, thing.shape, operation))
        symbol = Symbol(name, thing.shape, thing.dtype, value)
        if length(forms[-1]) <= _LONGEST_SUBSTITUTED:
            self._known[symbol] = forms[-1]
        return symbol

    def _letter(self, thing: Any) -> str:
        """The name of a node or leaf; if it has been written out so far, it gets one, and is a step."""
        meaning = self.reading.meaning[thing]
        if isinstance(meaning, Symbol) and (isinstance(thing, Leaf) or thing in self.reading.defined):
            return meaning.name
        name = self.reading.names.fresh("U")
        self.steps.append(Step(name, (meaning,), thing.shape, thing.operation.name))
        return name

    def _is_step(self, thing: Any, arrived: int, formula: Expression) -> bool:
        if thing in self.wanted or thing in self.reading.given:
            return True
        if length(formula) <= 1:
            return False
        if thing not in self.reading.defined:
            return length(formula) > _LONGEST_PASSED_ON
        if self.reading.roles.get(thing) == "A":
            return arrived > 1 or length(formula) > _LONGEST_PASSED_ON
        return True

    def _contributions(self, node: Node, g: Any, numbers: list[Any], leading: set[Any]) -> list[Expression | None]:
        """What the node gives to each parent, checked against what its rules gave in numbers."""
        for whole in (True, False):
            try:
                written = contributions(node, g, self._saved(node, whole))
            except Exception:  # rules are anybody's; what they do with formulas cannot be known
                continue
            triples: list[Any] = list(zip(node.parents, written, numbers, strict=True))
            if all(agrees(formula, number, parent.dtype, known=True)
                   for parent, formula, number in triples if parent in leading):  # fmt: skip
                return [self._simplified(node, formula, number, parent) if parent in leading else None
                        for parent, formula, number in triples]  # fmt: skip
        return [None if number is None else self._pullback(node, argument, g, number)
                for (_, argument), number in zip(arguments_of(node), numbers, strict=True)]  # fmt: skip

    def _simplified(self, node: Node, written: Any, number: Any, parent: Any) -> Expression:
        named = self.reading.named(written)
        simple = simplify(self.reading.named(simplify(named)))
        return proved(simple, named, number, parent.dtype, f"the rule of {node.operation.name!r}")

    def _pullback(self, node: Node, argument: str, g: Any, number: Any) -> Expression:
        operands = [self.reading.meaning[parent] for parent in node.parents if parent is not None]
        gradients = g if isinstance(g, tuple) else (g,)
        return call(Pullback(node.operation.name, argument, number), (*operands, *gradients),
                    shape=number.shape, dtype=number.dtype)  # fmt: skip

    def _saved(self, node: Node, whole: bool) -> dict[str, Any]:
        """What the node keeps, as formulas."""
        meaning = self.reading.meaning
        parents: dict[str, list[Any]] = {}
        for parent, argument in arguments_of(node):
            parents.setdefault(argument, []).append(parent)
        saved: dict[str, Any] = {}
        for name, value in self.reading.saved[node].items():
            if value is None or node.operation.residuals.get(name) is not None:
                saved[name] = value  # a residual is computed again from its formula
            elif name == "out":
                several = getattr(node.operation, "results", None)
                saved[name] = tuple(result(meaning[node], i, double(x)) for i, x in enumerate(value)) if several \
                    else meaning[node]  # fmt: skip
            elif name == node.operation.variadic:
                saved[name] = type(value)(
                    self.reading.constants.formula(item, whole) if parent is None else meaning[parent]
                    for item, parent in zip(value, parents[name], strict=True)
                )
            elif name in parents and parents[name][0] is not None:
                saved[name] = meaning[parents[name][0]]
            else:
                saved[name] = self.reading.constants.formula(value, whole)
        return saved
