"""The values that a function computes on the way, found by name or by number, and derivatives with respect to them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import Any, NamedTuple, cast

import numpy as np

from autograd_lite.core.backward import sweep
from autograd_lite.core.graph import Leaf, Node
from autograd_lite.core.hooks import Observer, observing
from autograd_lite.core.outputs import Result
from autograd_lite.core.tensor import Tensor
from autograd_lite.support.conversion import NumberArray
from autograd_lite.support.names import name_of
from autograd_lite.testing.courses.line_names import identifier

Place = Node | Leaf


class Value(NamedTuple):
    """A value that was computed: its numbers, its place in the graph (None for a constant), its name."""

    numbers: NumberArray
    place: Place | None
    name: str | None


class _Results(Observer):
    """Collects the result of every operation with its node."""

    def __init__(self) -> None:
        self.found: list[list[Any]] = []  # [the array itself, a copy of its numbers, its node]

    def on_result(self, operation: Any, arguments: tuple[Any, ...], result: Any) -> None:
        several = isinstance(result, tuple)
        copies = tuple(map(np.array, result)) if several else np.array(result)
        self.found.append([result, copies, None])

    def on_record(self, node: Node) -> None:
        self.found[-1][2] = node


def run_recorded(function: Callable[..., Any], arguments: Collection[Any]) -> tuple[Any, list[Value]]:
    """The result of a function and all values that it computed, in their order; the arguments come first."""
    observer = _Results()
    with observing(observer):
        result = function(*arguments)
    values = [Value(np.array(a.data), a._node, a.name) for a in arguments if isinstance(a, Tensor)]
    several: dict[Any, Any] = {node: copies for _, copies, node in observer.found if isinstance(copies, tuple)}
    for array, copy, node in observer.found:
        if not isinstance(copy, tuple):
            values.append(Value(copy, node, (name_of(node) if node else None) or name_of(array)))
    root = result._node if isinstance(result, Tensor) else None
    values += [
        Value(several[node.parents[0]][cast(Result, node.operation).number], node, name_of(node))
        for node in nodes_below(root)
        if isinstance(node.operation, Result) and node.parents[0] in several
    ]
    return result, values


def nodes_below(root: Place | None) -> list[Node]:
    """All nodes of the graph of a result."""
    found: dict[int, Node] = {}
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if isinstance(node, Node) and id(node) not in found:
            found[id(node)] = node
            waiting.extend(node.parents)
    return list(found.values())


def named(values: list[Value], name: str) -> list[Value]:
    """The values that have this name, compared as identifiers."""
    return [value for value in values if value.name is not None and identifier(value.name) == name]


def equal_to(values: list[Value], numbers: NumberArray) -> list[Value]:
    """The values with these numbers, but for rounding."""
    scale = float(np.max(np.abs(numbers), initial=0.0))
    return [
        value
        for value in values
        if value.numbers.shape == numbers.shape
        and value.numbers.dtype.kind in "fiub"
        and bool((np.abs(value.numbers - numbers) <= 1e-9 * scale).all())
    ]


def first_places(values: list[Value]) -> list[Place]:
    """Their places in the graph, without those that are computed from another of them."""
    places = {value.place for value in values if value.place is not None}
    return [place for place in places if not places & set(_ancestors(place))]


def last_places(values: list[Value]) -> list[Place]:
    """Their places in the graph, without those that another of them is computed from."""
    places = {value.place for value in values if value.place is not None}
    return [place for place in places if not any(place in _ancestors(other) for other in places)]


def gradient_at(result: Tensor, places: list[Place]) -> NumberArray:
    """The sum of the gradients at these places, for a fixed generic gradient of the result."""
    watched: dict[Any, Any] = dict.fromkeys(places)
    seed = 1.5 + np.cos(np.arange(result.size)).reshape(result.shape)
    leaves = sweep({result._node: seed}, retain_graph=True, watched=watched)
    found = [
        g for place in places if (g := watched[place] if isinstance(place, Node) else leaves.get(place)) is not None
    ]
    return np.asarray(sum(found, np.zeros(places[0].shape)))


def _ancestors(place: Place) -> Iterator[Place]:
    parents = place.parents if isinstance(place, Node) else ()
    seen: set[int] = set()
    waiting = [parent for parent in parents if parent is not None]
    while waiting:
        ancestor = waiting.pop()
        if id(ancestor) not in seen:
            seen.add(id(ancestor))
            yield ancestor
            if isinstance(ancestor, Node):
                waiting.extend(parent for parent in ancestor.parents if parent is not None)


def differentiate_at(result: Tensor, places: list[Place], leaf: Leaf) -> Tensor:
    """The result as a function of the leaf: what was computed from one of the places is computed from the leaf.

    The numbers stay the same. So the gradient of the leaf is the derivative with respect to the value at the places.
    """
    if result._node in places:
        result = result * 1.0  # a node that the place is a parent of
    for node in nodes_below(result._node):
        if any(parent in places for parent in node.parents):
            node.parents = tuple(leaf if parent in places else parent for parent in node.parents)
    return result
