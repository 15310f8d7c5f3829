"""A function as it was recorded: its steps with arguments, results and places, and its gradient if steps are changed.

A change replaces the contribution of one step to one of its parents. Rules are linear in the incoming gradient, so only
the error is passed backward, from the changed steps on, and added to the right gradient.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from autograd_lite.core.backward import sweep
from autograd_lite.core.graph import Node, Operation
from autograd_lite.core.hooks import observing
from autograd_lite.support.broadcasting import unbroadcast
from autograd_lite.support.conversion import NumberArray
from autograd_lite.testing.chain_rule.source_places import Place, Places
from autograd_lite.testing.comparing.evaluation import tensor_result
from autograd_lite.testing.comparing.inputs import Inputs

_MOST_CONSTANTS = 200
# The wrong contribution of a step to a parent, from the gradient of the step and the right contribution.
Change = Callable[[Any, Any], Any]

_LARGE = 500  # elements, above which a rule takes longer


class Step(NamedTuple):
    """A recorded operation, and one of its parents: the local derivative of the step with respect to this parent.

    Attributes
    ----------
    node, position : Node, int
        The operation, and the position of the parent.
    arguments : dict
        All arguments of the operation by name, tensors as arrays.
    out : array or tuple of arrays
        The result.
    """

    node: Node
    position: int
    arguments: Mapping[str, Any]
    out: Any

    @property
    def name(self) -> str:
        return self.node.operation.name

    @property
    def argument(self) -> str:
        """The name of the argument that is the parent."""
        names = self.node.operation.differentiable
        return names[min(self.position, len(names) - 1)] if names else "values"

    @property
    def parent(self) -> Any:
        return self.node.parents[self.position]

    @property
    def value(self) -> Any:
        """The value of the parent."""
        value = self.arguments.get(self.argument)
        operation = self.node.operation
        if self.argument == operation.variadic and value is not None:
            return value[self.position - len(operation.differentiable) + 1]
        return value

    @property
    def saved(self) -> dict[str, Any]:
        """The saved values by name."""
        return dict(zip(self.node.operation.saved_names, self.node.saved or (), strict=True))

    @property
    def has_several_results(self) -> bool:
        return self.node.dtype is None

    def pull(self, g: Any, **saved: Any) -> Any:
        """The contribution to the parent, before broadcasting is undone; `saved` replaces saved values."""
        values = tuple({**self.saved, **{name: value for name, value in saved.items() if name in self.saved}}.values())
        return self.node.operation.pull(g, self.node.parents, values)[self.position]


class _Recorder(Places):
    """Keeps the arguments and the result of each node that is recorded, its place, and the results of other calls."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: dict[Node, tuple[tuple[Any, ...], Any]] = {}
        self.constants: dict[tuple[str, bytes], NumberArray] = {}
        self._latest: tuple[tuple[Any, ...], Any] = (), None
        self._constant: tuple[str, bytes] | None = None

    def on_result(self, operation: Operation, arguments: tuple[Any, ...], result: Any) -> None:
        self._latest, self._constant = (arguments, result), None
        place = self.place(sys._getframe(1)) if len(self.constants) < _MOST_CONSTANTS else None
        if place is not None and isinstance(result, np.ndarray):
            self._constant = place.text, result.tobytes()
            self.constants[self._constant] = result

    def on_record(self, node: Node) -> None:
        if self._constant is not None:
            self.constants.pop(self._constant, None)
        self.keep(node, sys._getframe(1))
        self.calls[node] = self._latest


class Recorded:
    """A recorded function.

    Attributes
    ----------
    nodes : list of Node
        The operations that the result depends on, latest first.
    steps : list of Step
        Their local derivatives, latest first.
    constants : list of (str, array)
        The inputs, and the results of operations that do not depend on the argument; with their texts.
    places : dict of Node to Place
        Where in the user's code they were recorded, as far as that is known.
    right : array
        The Jacobian of the result with respect to the argument: shape of the result + shape of the argument.
    work : int
        How many rules have been applied to errors so far; those of large arrays count several times.
    """

    def __init__(self, function: Callable[..., Any], inputs: Inputs, position: int) -> None:
        recorder = _Recorder()
        with observing(recorder):
            result, tensors = tensor_result(function, inputs, [position])
        self.shape, self.argument = result.shape, tensors[position]._node
        self.nodes = _nodes_below(result._node)
        self.places: dict[Node, Place] = {node: recorder.of[node] for node in self.nodes if node in recorder.of}
        self.steps = [
            Step(node, i, dict(zip(node.operation.arguments, arguments, strict=False)), out)
            for node in self.nodes
            for arguments, out in [recorder.calls.get(node, ((), None))]
            for i, parent in enumerate(node.parents)
            if parent is not None and parent.dtype is not None  # not the selection of one of several results
        ]
        named = zip(inputs.names, inputs.values, strict=True)
        self.constants = [(name, value) for name, value in named if isinstance(value, np.ndarray)]
        self.constants += [(text, value) for (text, _), value in recorder.constants.items()]
        self._incoming = [self._gradients_of_nodes(result, row) for row in np.ndindex(self.shape)]
        zeros = np.zeros(self.argument.shape)
        self.right = np.array([gradients.get(self.argument, zeros) for gradients in self._incoming])
        self._contributions: list[dict[Node, list[Any]]] = [{} for _ in self._incoming]
        self.work, self._weight = (
            0,
            max(math.prod(node.shape) for node in self.nodes if node.dtype is not None) // _LARGE,
        )

    def _gradients_of_nodes(self, result: Any, row: tuple[int, ...]) -> dict[Any, Any]:
        """For one element of the result, its gradient with respect to all nodes and leaves that it depends on."""
        seed = np.zeros(result.shape)
        seed[row] = 1
        watched: dict[Any, Any] = dict.fromkeys(self.nodes)
        leaves = sweep({result._node: seed}, retain_graph=True, watched=watched)
        return {node: g for node, g in watched.items() if g is not None} | leaves

    def gradient(self, changes: Mapping[tuple[Node, int], Change]) -> NumberArray:
        """The Jacobian that results if the contributions of some nodes to some of their parents are changed."""
        wrong = self.right.copy()
        for row in range(len(wrong)):
            error = self._error(row, changes)
            if error is not None:
                wrong[row] += error
        return wrong.reshape(self.shape + self.argument.shape)

    def incoming(self, node: Node) -> NumberArray:
        """The Jacobian of the result with respect to a node: shape of the result + shape of the node."""
        rows = [gradients.get(node, np.zeros(node.shape)) for gradients in self._incoming]
        return np.array(rows).reshape(self.shape + node.shape)

    def adjoints(self) -> dict[str, NumberArray]:
        """The gradients of a scalar with respect to intermediate values, by the expressions that compute these."""
        inner = [node for node in self.nodes[1:] if node.dtype is not None and node in self.places]
        return {self.places[node].text: self.incoming(node).reshape(node.shape) for node in inner if not self.shape}

    def _error(self, row: int, changes: Mapping[tuple[Node, int], Change]) -> Any:
        errors: dict[Any, Any] = {}
        changed = {node for node, _ in changes}
        for node in self.nodes:
            error = errors.pop(node, None)
            if error is None and node not in changed:
                continue
            self.work += 1 + self._weight
            contributions: Any
            if node not in changed:
                contributions = node.operation.pull(error, node.parents, node.saved)
            else:
                contributions = self._errors_of_changed(row, node, error, changes)
            for parent, contribution in zip(node.parents, contributions, strict=True):
                if parent is not None and contribution is not None:
                    fitted = fit(contribution, parent)
                    errors[parent] = errors[parent] + fitted if parent in errors else fitted
        return errors.get(self.argument)

    def _errors_of_changed(
        self, row: int, node: Node, error: Any, changes: Mapping[tuple[Node, int], Change]
    ) -> list[Any]:
        g = self._incoming[row].get(node)
        if g is None:
            return [None] * len(node.parents)
        right = self._contributions[row].get(node)
        if right is None:
            pulled = node.operation.pull(g, node.parents, node.saved)
            right = [None if p is None else fit(c, p) for c, p in zip(pulled, node.parents, strict=True)]
            self._contributions[row][node] = right
        total, contributions = g, right
        if error is not None:
            total = g + error
            pulled = node.operation.pull(total, node.parents, node.saved)
            contributions = [None if p is None else fit(c, p) for c, p in zip(pulled, node.parents, strict=True)]
        errors: list[Any] = []
        for position, (parent, contribution) in enumerate(zip(node.parents, contributions, strict=True)):
            if parent is None:
                errors.append(None)
                continue
            change = changes.get((node, position))
            if change is not None:
                contribution = fit(change(total, contribution), parent)
            errors.append(contribution - right[position])
        return errors


_SQUARES = ("square", "norm", "var", "std", "mse_loss", "huber_loss")


def has_square(recorded: Recorded) -> bool:
    """Whether something is squared or multiplied by itself in a function, as far as its operations show it."""
    return any(
        step.name in _SQUARES
        or (step.name == "power" and np.all(np.equal(step.arguments["y"], 2)))
        or (len(step.node.parents) > 1 and None not in step.node.parents and step.name not in ("add", "subtract"))
        for step in recorded.steps
    )


def fit(contribution: Any, parent: Any) -> Any:
    """A contribution with the shape of the parent: broadcasting is undone.

    Raises
    ------
    ValueError
        If the shapes do not fit.
    """
    if parent.dtype is None:  # the gradients of several results
        return contribution
    contribution = np.asarray(contribution)
    fitted = contribution if contribution.shape == parent.shape else unbroadcast(contribution, parent.shape)
    if fitted is None:
        raise ValueError(f"a contribution of shape {contribution.shape} for a parent of shape {parent.shape}")
    return fitted


def _nodes_below(root: Any) -> list[Node]:
    """All nodes below the root, latest first."""
    found: dict[int, Node] = {}
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if isinstance(node, Node) and node.order not in found:
            found[node.order] = node
            waiting.extend(node.parents)
    return [found[order] for order in sorted(found, reverse=True)]
