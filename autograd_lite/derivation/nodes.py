"""The contents of a recorded graph: its nodes, their arguments, and their saved values."""

from __future__ import annotations

from typing import Any, cast

import numpy as np

from autograd_lite.core.graph import Node
from autograd_lite.core.outputs import Result
from autograd_lite.core.primitive import Primitive
from autograd_lite.derivation.definitions import INTERMEDIATES


def nodes_below(root: Node) -> list[Node]:
    """All nodes of a graph, in the order of recording."""
    found, waiting = {root}, [root]
    while waiting:
        for parent in waiting.pop().parents:
            if isinstance(parent, Node) and parent not in found:
                found.add(parent)
                waiting.append(parent)
    return sorted(found, key=lambda node: node.order)


def primitive_of(node: Node) -> Primitive:
    """The operation of a node that is not one of several results."""
    return cast(Primitive, node.operation)


def arguments_of(node: Node) -> list[tuple[Any, str]]:
    """The parents of a node, each with the name of the argument."""
    if isinstance(node.operation, Result):
        return [(node.parents[0], "values")]
    names = node.operation.differentiable
    last = len(names) - 1
    return [(parent, names[min(i, last)]) for i, parent in enumerate(node.parents)]


def saved_values(node: Node) -> dict[str, Any]:
    """The saved values of a node by name; integer labels as an array."""
    saved = dict(zip(node.operation.saved_names, node.saved or (), strict=True))
    if node.operation.name in INTERMEDIATES and isinstance(saved.get("target"), int | list | tuple | np.generic):
        saved["target"] = np.asarray(saved["target"])
    return saved
