"""Equal computations of a graph become one, so that a derivation defines X w once though it was computed twice."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np

from autograd_lite.core.graph import Node
from autograd_lite.core.outputs import Result
from autograd_lite.derivation.node_arguments import is_needed
from autograd_lite.derivation.nodes import arguments_of, nodes_below


def merged(root: Node, kept: Collection[Any]) -> dict[Node, Node]:
    """A node of a graph with the same values for each node of a graph; nodes in `kept` are not merged with others.

    Two nodes are equal if they apply one operation to equal parents and to the same constants. The given graph does
    not change: if there are equal nodes, the result is a copy.
    """
    first: dict[Any, Node] = {}
    place: dict[Any, Node] = {}
    for node in nodes_below(root):
        copy = Node()
        copy.operation, copy.order, copy.saved = node.operation, node.order, node.saved
        copy.shape, copy.dtype = node.shape, node.dtype
        copy.parents = tuple(place.get(parent, parent) for parent in node.parents)
        key = None if node is root or node in kept else _key(copy)
        place[node] = copy if key is None else first.setdefault(key, copy)
    if len(set(place.values())) == len(place):
        return {node: node for node in place}
    return place


def _key(node: Node) -> Any:
    """A key that equal nodes share, or None for a node that is not compared."""
    operation = node.operation
    if operation.variadic or operation.has_foreign_rules:
        return None
    key: list[Any] = [id(operation), node.parents, node.shape, node.dtype]
    if isinstance(operation, Result):
        return tuple(key)
    saved = dict(zip(operation.saved_names, node.saved or (), strict=True))
    parents = {argument for parent, argument in arguments_of(node) if parent is not None}
    for name in operation.arguments:
        if name not in parents and name not in ("shape", "dtype"):
            if name not in saved or (saved[name] is None and not is_needed(node, name)):
                return None  # the graph does not hold this argument
            key.append(_constant(saved[name]))
    # Results of chance, such as the mask of a dropout, are residuals.
    key += [_bytes(value) for name, value in saved.items() if name in operation.residuals]
    return None if any(part is None for part in key) else tuple(key)


def _bytes(value: Any) -> Any:
    return (value.shape, value.tobytes()) if isinstance(value, np.ndarray) else str(value)


def _constant(value: Any) -> Any:
    """A key of an argument that is not differentiated: the memory of an array, the type and value of a number."""
    if isinstance(value, np.ndarray):
        return value.__array_interface__["data"][0], value.shape, value.strides, value.dtype
    if isinstance(value, tuple | list):
        parts = tuple(_constant(item) for item in value)
        return None if any(part is None for part in parts) else (type(value), parts)
    if isinstance(value, slice):
        return slice, str(value)
    if value is None or isinstance(value, bool | int | float | str | np.generic) or value is Ellipsis:
        return type(value), str(value)
    return None
