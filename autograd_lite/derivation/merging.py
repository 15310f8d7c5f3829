"""Common subexpressions: a value that was computed several times has one node, so that it has one line."""

from __future__ import annotations

from collections.abc import Container
from typing import Any

import numpy as np

from autograd_lite.core.graph import Node
from autograd_lite.core.outputs import Result
from autograd_lite.derivation.nodes import Gone, constant_values, nodes_below, saved_values


def merged(root: Node, distinct: Container[Node]) -> dict[Any, Any]:
    """A copy of the graph in which a value that was computed several times is one node: the copy of each node.

    Nodes are merged if they are the same operation of the same parents and constants, except those in `distinct`.
    """
    copies: dict[Any, Any] = {}
    known: dict[Any, Node] = {}
    for node in nodes_below(root):
        parents = tuple(copies.setdefault(parent, parent) for parent in node.parents)
        key = _key(node, parents)
        # A function of the user may draw random numbers or depend on something else.
        is_distinct = node in distinct or getattr(node.operation, "is_foreign", False)
        if not is_distinct and key in known and _same_result(node, known[key]):
            copies[node] = known[key]
            continue
        copy = copies[node] = Node()
        for name in ("dtype", "operation", "order", "saved", "shape", "unsaved"):
            if hasattr(node, name):
                setattr(copy, name, getattr(node, name))
        copy.parents = parents
        if not is_distinct:
            known[key] = copy
    return copies


def _key(node: Node, parents: tuple[Any, ...]) -> Any:
    if isinstance(node.operation, Result):
        return (node.operation, parents)
    constants = constant_values(node, saved_values(node))
    return (node.operation, parents, node.shape, node.dtype, *map(_identity, constants.values()))


def _identity(value: Any) -> Any:
    """A key that is the same for the same memory and for equal options, and never for two arrays."""
    if isinstance(value, np.ndarray):
        return (value.__array_interface__["data"][0], value.shape, value.strides, value.dtype.str)
    if isinstance(value, Gone):
        return object()
    if isinstance(value, tuple | list):
        return (type(value), *map(_identity, value))
    if isinstance(value, slice):
        return (slice, value.start, value.stop, value.step)
    return (type(value), value) if isinstance(value, int | float | str | np.generic | np.dtype | None) else id(value)


def _same_result(x: Node, y: Node) -> bool:
    """Whether the saved results agree, as far as there are any."""
    left, right = (saved_values(node).get("out") for node in (x, y))
    if left is None or right is None:
        return True
    if isinstance(left, tuple):
        return all(map(np.array_equal, left, right))
    return np.array_equal(np.asarray(left), np.asarray(right))
