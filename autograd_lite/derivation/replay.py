"""The graph at other inputs: forward functions and derivative rules run on the numbers of each trial."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from autograd_lite.core.graph import Node
from autograd_lite.core.outputs import Result
from autograd_lite.derivation.constants import Formula
from autograd_lite.derivation.nodes import arguments_of, primitive_of
from autograd_lite.derivation.other_inputs import Trials
from autograd_lite.derivation.recomputed import recomputed
from autograd_lite.support.broadcasting import unbroadcast
from autograd_lite.support.cotangents import Cotangents

Numbers = dict[int, Any]  # by trial


class Replay:
    """Runs the operations of a graph in every trial; a trial ends where one gives NaN or refuses its arguments."""

    def __init__(self, trials: Trials, saved: Mapping[Node, Mapping[str, Any]]) -> None:
        self.trials = trials
        self._at_hand = saved
        self._saved: dict[Node, Numbers] = {}
        self._gradients: dict[Any, Numbers] = {}

    def forward(self, node: Node, arguments: Mapping[str, Any]) -> Numbers:
        """The results of an operation, given its arguments as formulas or options."""
        results: Numbers = {}
        for trial in list(self.trials.running):
            try:
                out, saved = self._run(node, arguments, trial)
            except Exception:  # an operation may reject these numbers in any way
                self.trials.end(trial)
                continue
            parts = [np.asarray(part) for part in (out if isinstance(out, tuple) else (out,))]
            if any(np.isnan(part).any() for part in parts):
                self.trials.end(trial)
                continue
            results[trial] = out
            self._saved.setdefault(node, {})[trial] = saved
            floats = [part.dtype for part in parts if part.dtype.kind == "f"]
            self.trials.dtype = min([self.trials.dtype, *floats], key=lambda dtype: dtype.itemsize)
        return results

    def _run(self, node: Node, arguments: Mapping[str, Any], trial: int) -> tuple[Any, tuple[Any, ...]]:
        values = {name: self.trials.evaluate(value, trial) for name, value in arguments.items()}
        return forward(node, self._at_hand[node], values)

    # -- backward --------------------------------------------------------------------------------------------------

    def start(self, root: Node) -> None:
        """Begin the backward pass with the gradient 1 of the loss."""
        self._gradients[root] = {trial: np.ones(root.shape) for trial in self.trials.running}

    def gradient(self, thing: Any) -> Numbers:
        """The gradients that have arrived at a node or leaf."""
        return self._gradients.get(thing, {})

    def pull(self, node: Node) -> list[Numbers]:
        """The contributions of a node to the gradient of each parent, by the rules of the engine."""
        found: list[Numbers] = [{} for _ in node.parents]
        for trial, g in self.gradient(node).items():
            if trial not in self.trials.running:
                continue
            try:
                pulled = self._pulled(node, g, trial)
            except Exception:  # a rule may reject these numbers in any way
                self.trials.end(trial)
                continue
            for numbers, parent, number in zip(found, node.parents, pulled, strict=True):
                if parent is None:
                    continue
                numbers[trial] = number
                sums = self._gradients.setdefault(parent, {})
                sums[trial] = sums[trial] + number if trial in sums else number
        return found

    def _pulled(self, node: Node, g: Any, trial: int) -> list[Any]:
        if isinstance(node.operation, Result):
            return list(node.operation.pull(g, node.parents, ()))
        return pull(node, g, self._saved[node][trial])


def forward(node: Node, at_hand: Mapping[str, Any], values: Mapping[str, Any]) -> tuple[Any, tuple[Any, ...]]:
    """The result of the operation of a node for other arguments, and what the node would save then.

    `at_hand` are the values that it has saved. Formulas are about real numbers, so a conversion between floating-point
    dtypes is left out.
    """
    primitive = primitive_of(node)
    values = {name: _operand(primitive, name, value) for name, value in values.items()}
    args, keywords = as_call(primitive, values)
    is_conversion = primitive.name == "astype" and node.dtype is not None and node.dtype.kind == "f"
    with np.errstate(all="ignore"):
        out = values["x"] if is_conversion else primitive.forward(*args, **keywords)
    residuals: tuple[Any, ...] = ()
    if primitive.residuals:
        out, *rest = out
        residuals = tuple(rest)
    known = {**values, "out": out, **dict(zip(primitive.residuals, residuals, strict=True))}
    return out, tuple(None if value is None else known.get(name, value) for name, value in at_hand.items())


def _operand(primitive: Any, name: str, value: Any) -> Any:
    """An argument as the operation takes it: rules that are not arithmetic need arrays."""
    if primitive.is_ufunc or name not in primitive.rules or value is None:
        return value
    return tuple(map(np.asarray, value)) if name == primitive.variadic else np.asarray(value)


def pull(node: Node, g: Any, saved: tuple[Any, ...]) -> list[Any]:
    """The contribution of a node to the gradient of each parent, for other saved values."""
    g = g if isinstance(g, Cotangents) else np.asarray(g)
    with np.errstate(all="ignore"):
        pulled = node.operation.pull(g, node.parents, saved)
    return [None if parent is None else unbroadcast(np.asarray(number), parent.shape)
            for parent, number in zip(node.parents, pulled, strict=True)]  # fmt: skip


class Pullback:
    """The function of a `Call` that stands for a derivative rule which cannot be run on formulas.

    Its operands are the arguments that the rule needs, those that are not options first, and the incoming gradients.
    """

    def __init__(
        self, node: Node, at_hand: Mapping[str, Any], position: int, arguments: Mapping[str, Any],
        recomputations: Mapping[str, Any],
    ) -> None:  # fmt: skip
        self.__name__ = f"{node.operation.name}_pullback_{arguments_of(node)[position][1]}"
        self._node, self._at_hand, self._position = node, at_hand, position
        needed = {name for name, value in at_hand.items() if value is not None}
        self._needs_result = not needed <= {*node.operation.arguments, f"{node.operation.variadic}_shape"}
        self._arguments = {name: arguments[name] for name in arguments if name in needed or self._needs_result}
        self._recomputations = recomputations
        self._shown = [
            name for name, value in self._arguments.items() if _has_formula(value) and name not in recomputations
        ]

    def operands(self) -> tuple[Any, ...]:
        """The arguments as formulas."""
        return tuple(self._arguments[name] for name in self._shown)

    def __call__(self, *operands: Any) -> Any:
        values = {**self._arguments, **dict(zip(self._shown, operands, strict=False))}
        primitive = primitive_of(self._node)
        values = {name: _operand(primitive, name, value) for name, value in values.items()}
        values |= recomputed(self._recomputations, values, self._node.dtype)
        saved = tuple(values.get(name, value) for name, value in self._at_hand.items())
        if self._needs_result:
            saved = forward(self._node, self._at_hand, values)[1]
        g: Any = operands[len(self._shown) :]
        g = Cotangents(self._node.shape, g) if self._node.dtype is None else g[0]
        return pull(self._node, g, saved)[self._position]


def _has_formula(value: Any) -> bool:
    return any(map(_has_formula, value)) if isinstance(value, tuple | list) else isinstance(value, Formula)


def as_call(operation: Any, arguments: Mapping[str, Any]) -> tuple[list[Any], dict[str, Any]]:
    """Positional and keyword arguments of a call; defaults are left out."""
    args: list[Any] = []
    keywords: dict[str, Any] = {}
    left_out = False
    for parameter in operation.parameters:
        value = arguments[parameter.name]
        if parameter.kind is parameter.VAR_POSITIONAL:
            args += value
        elif parameter.default is not parameter.empty and value is parameter.default:
            left_out = True
        elif parameter.kind is parameter.KEYWORD_ONLY or left_out:
            keywords[parameter.name] = value
        else:
            args.append(value)
    return args, keywords
