"""The gradient that results if one step of the chain rule is wrong.

A derivation on paper applies one local derivative after another, as the engine does, and may have one of them wrong. So
for every step and every mistake the gradient is computed with this mistake: the local derivative left out, applied
twice, reduced to the diagonal of its Jacobian, or multiplied by the derivative of an extra activation, or the
contribution of a branch left out. If the formula equals such a gradient, it explains the mismatch.

Rules are linear in the incoming gradient. So the error in one step is passed backward alone, from that step on, and
added to the right gradient.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from autograd_lite.core.backward import sweep
from autograd_lite.core.graph import Leaf, Node
from autograd_lite.core.tensor import Tensor
from autograd_lite.support.broadcasting import unbroadcast
from autograd_lite.support.conversion import NumberArray
from autograd_lite.testing.activations import DERIVATIVES

Edge = tuple[Node, int]
# The wrong contribution of a node to a parent, from the gradient of the node and the right contribution.
Change = Callable[[NumberArray, NumberArray], NumberArray]

_BUDGET = 10_000  # the most rules that are applied, in some tenths of a second
_LARGEST_JACOBIAN = 64


def mistaken_gradients(result: Tensor, argument: Tensor) -> Iterator[tuple[str, str, int, NumberArray]]:
    """For every mistake in one step: its kind, a sentence, its cost, and the resulting gradient."""
    nodes, rows = _nodes(result._node), list(np.ndindex(result.shape))
    incoming = {row: _incoming(result, nodes, row) for row in rows}
    right = np.array([incoming[row].get(argument._node, np.zeros(argument.shape)) for row in rows])
    sweeps = _BUDGET // max(1, len(nodes) * len(rows))
    for kind, text, cost, (node, position), change in itertools.islice(_mistakes(nodes), sweeps):
        wrong = right.copy()
        for number, row in enumerate(rows):
            if node in incoming[row]:
                g = incoming[row][node]
                contribution = _contribution(node, g, position)
                difference = change(g, contribution) - contribution
                later = sweep({node.parents[position]: difference}, retain_graph=True)
                wrong[number] += later.get(argument._node, 0)
        yield kind, text, cost, wrong.reshape(result.shape + argument.shape)


def _nodes(root: Node | Leaf | None) -> list[Node]:
    """All nodes below the root, latest first."""
    found: dict[int, Node] = {}
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if isinstance(node, Node) and node.order not in found:
            found[node.order] = node
            waiting.extend(node.parents)
    return [found[order] for order in sorted(found, reverse=True)]


def _incoming(result: Tensor, nodes: list[Node], row: tuple[int, ...]) -> dict[Any, NumberArray]:
    """For one element of the result, its gradient with respect to every node and leaf that it depends on."""
    seed = np.zeros(result.shape)
    seed[row] = 1
    watched: dict[Any, Any] = dict.fromkeys(nodes)
    leaves = sweep({result._node: seed}, retain_graph=True, watched=watched)
    return {node: g for node, g in watched.items() if g is not None} | leaves


def _contribution(node: Node, g: NumberArray, position: int) -> NumberArray:
    parent = node.parents[position]
    assert parent is not None
    contribution = np.asarray(node.operation.pull(g, node.parents, node.saved)[position])
    return np.asarray(unbroadcast(contribution, parent.shape))


# -- the mistakes --------------------------------------------------------------------------------------------------


def _mistakes(nodes: list[Node]) -> Iterator[tuple[str, str, int, Edge, Change]]:
    for node in nodes:
        for position, parent in enumerate(node.parents):
            if parent is not None:
                edge, step = (node, position), _step_name(node, position, nodes)
                if parent.shape == node.shape:
                    yield from _wrong_local_derivatives(edge, step)
                yield from _foreign_activations(edge, step)
                text = f"the contribution through {step} is left out"
                yield "missing term", text, 6, edge, lambda g, contribution: 0 * contribution


def _step_name(node: Node, position: int, nodes: list[Node]) -> str:
    operation = node.operation
    alike = sorted(other.order for other in nodes if other.operation is operation)
    place = f" number {alike.index(node.order) + 1}" if len(alike) > 1 else ""
    arguments = operation.differentiable
    several = len(node.parents) > 1
    argument = f" (argument {arguments[min(position, len(arguments) - 1)]!r})" if several else ""
    return f"{operation.name}{place}{argument}"


def _wrong_local_derivatives(edge: Edge, step: str) -> Iterator[tuple[str, str, int, Edge, Change]]:
    node, position = edge
    yield (
        "missing factor", f"the derivative of {step} is left out", 4, edge,
        lambda g, contribution: g,
    )  # fmt: skip
    yield (
        "doubled factor", f"the derivative of {step} is applied twice", 4, edge,
        lambda g, contribution: _contribution(node, contribution, position),
    )  # fmt: skip
    diagonal = _local_diagonal(node, position)
    if diagonal is not None:
        yield (
            "diagonal", f"only the diagonal of the Jacobian of {step} is used, but it is not elementwise", 2, edge,
            lambda g, contribution: g * diagonal,
        )  # fmt: skip


def _local_diagonal(node: Node, position: int) -> NumberArray | None:
    """The diagonal of the Jacobian of a step, unless the Jacobian is diagonal or too large."""
    size = int(np.prod(node.shape))
    if not 1 < size <= _LARGEST_JACOBIAN:
        return None
    unit = np.eye(size).reshape(size, *node.shape)
    jacobian = np.stack([_contribution(node, g, position) for g in unit]).reshape(size, size)
    diagonal = np.diagonal(jacobian)
    return None if np.array_equal(jacobian, np.diag(diagonal)) else diagonal.reshape(node.shape)


def _foreign_activations(edge: Edge, step: str) -> Iterator[tuple[str, str, int, Edge, Change]]:
    """An extra factor h' of the input of a step, for losses that contain their activation."""
    node, position = edge
    name = node.operation.differentiable[min(position, len(node.operation.differentiable) - 1)]
    if name == node.operation.variadic or name not in node.operation.saved_names or node.saved is None:
        return
    value = node.saved[node.operation.saved_names.index(name)]
    if value is None:
        return
    for activation, derivative in DERIVATIVES.items():
        text = f"there is an extra factor {activation}' of the input of {step}"
        yield "doubled factor", text, 5, edge, _times(derivative(value))


def _times(factor: NumberArray) -> Change:
    return lambda g, contribution: contribution * factor
