"""The formulas of a loss and of its gradients, from a recorded graph."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from autograd_lite.core.backward import sweep
from autograd_lite.core.graph import Leaf, Node
from autograd_lite.core.writes import changed_since
from autograd_lite.derivation.gradient_formulas import GradientFormulas
from autograd_lite.derivation.graph_formulas import GraphFormulas
from autograd_lite.derivation.merging import merged
from autograd_lite.derivation.nodes import nodes_below
from autograd_lite.support.names import name_of


def first_order(
    root: Node, seed: Any, wanted: set[Any] | None, given: dict[Any, str], paths: Mapping[Any, str],
    values: Mapping[Any, Any], arrays: Mapping[str, Any],
) -> GradientFormulas:  # fmt: skip
    """The formulas of the gradients of `root` for the nodes and leaves in `wanted`, by default all leaves.

    `given` are names of nodes and leaves, `paths` other names for leaves without a usual one, `values` their values,
    `arrays` named constants.
    """
    nodes = nodes_below(root)
    gradients: dict[Any, Any] = dict.fromkeys(nodes)
    gradients |= sweep({root: seed}, retain_graph=True, watched=gradients)
    things: dict[Any, None] = dict.fromkeys([*(p for node in nodes for p in node.parents if p is not None), *nodes])
    for thing in things:
        if name := name_of(thing):
            given.setdefault(thing, name)
    if wanted is None:
        wanted = {thing for thing in things if isinstance(thing, Leaf)}
    for thing in wanted - things.keys():
        raise ValueError(f"derive: the loss does not depend on a tensor of shape {thing.shape} in wrt")
    for thing in wanted:
        if gradients.get(thing) is None:  # only operations without a gradient lead there, such as casts to integers
            gradients[thing] = np.zeros(thing.shape, thing.dtype)
    values = _unchanged(values, nodes)

    copies = merged(root, wanted | given.keys())
    sums: dict[Any, Any] = {}
    for thing, gradient in gradients.items():
        if gradient is not None:
            copy = copies.get(thing, thing)
            sums[copy] = sums[copy] + gradient if copy in sums else gradient
    in_copy = [{copies.get(thing, thing): what for thing, what in table.items()} for table in (values, given, paths)]
    graph = GraphFormulas(copies[root], in_copy[0], arrays, in_copy[1], in_copy[2])
    return GradientFormulas(graph, sums, {copies.get(thing, thing) for thing in wanted})


def _unchanged(values: Mapping[Any, Any], nodes: list[Node]) -> dict[Any, Any]:
    """The values of nodes and leaves that are those with which the graph was recorded."""
    times: dict[Any, int] = {node: node.order for node in nodes}
    last: dict[Any, int] = {}
    for node in reversed(nodes):
        for leaf in (parent for parent in node.parents if isinstance(parent, Leaf)):
            times[leaf] = node.order
            last.setdefault(leaf, node.order)
    tensors = {leaf: leaf.tensor() for leaf in times if isinstance(leaf, Leaf) and leaf.tensor}
    alive = {leaf: tensor.data for leaf, tensor in tensors.items() if tensor is not None}
    for leaf, array in alive.items():
        if changed_since(times[leaf], array) and not changed_since(last[leaf], array):
            raise RuntimeError(
                f"derive: a tensor of shape {leaf.shape} was changed in place after it was used, and was used again; "
                "no formula of it has both values"
            )
    known = {**alive, **values}
    return {x: array for x, array in known.items() if x in times and not changed_since(times[x], array)}
