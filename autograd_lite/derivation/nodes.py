"""The contents of a recorded graph: its nodes, their arguments, and their saved values."""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from typing import Any, NamedTuple, cast

import numpy as np

from autograd_lite.core.graph import Node
from autograd_lite.core.outputs import Result
from autograd_lite.core.primitive import Primitive
from autograd_lite.core.writes import changed_since
from autograd_lite.derivation.definitions import INTERMEDIATES


class Gone(NamedTuple):
    """An array that was an argument and was not saved, and was freed or overwritten; its shape, if that is known."""

    shape: tuple[int, ...] | None


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


def constant_values(node: Node, saved: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of a node without a parent, as far as the graph holds them; `Gone` in place of others.

    For an argument that takes any number of operands a list, with None for each that has a parent.
    """
    unsaved = dict(zip(node.operation.unsaved_names, getattr(node, "unsaved", ()), strict=False))
    parents = {argument for parent, argument in arguments_of(node) if parent is not None}
    constants: dict[str, Any] = {}
    for name in node.operation.arguments:
        value = saved[name] if saved.get(name) is not None else unsaved.get(name)
        if name == node.operation.variadic:
            parents_of: list[Any] = [parent for parent, argument in arguments_of(node) if argument == name]
            parents_of = parents_of or [None] * len(value or ())
            values = value or [None] * len(parents_of)
            constants[name] = [
                _present(v, node.order) if p is None else None for v, p in zip(values, parents_of, strict=True)
            ]
        elif name not in parents:
            constants[name] = _present(value, node.order)
    return constants


def _present(value: Any, order: int) -> Any:
    reference, shape = value if _is_noted(value) else (value, None)
    if not isinstance(reference, weakref.ref):
        return value
    array = reference()
    if array is None or changed_since(order, array):
        return Gone(shape if array is None else array.shape)
    return array


def _is_noted(value: Any) -> bool:
    return isinstance(value, tuple) and len(value) == 2 and isinstance(value[0], weakref.ref)
