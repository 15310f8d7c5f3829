"""The boxes and the arrows of a graph, with the data and the gradients that are known."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np

from autograd_lite.core.backward import sweep
from autograd_lite.core.graph import Leaf, Node
from autograd_lite.core.tensor import Tensor
from autograd_lite.debugging.picture import Arrow, Box, Picture
from autograd_lite.support.names import name_of


def parts_below(roots: list[Any]) -> dict[Any, int]:
    """All nodes and leaves that the roots depend on, numbered."""
    numbers: dict[Any, int] = {}
    waiting = list(reversed(roots))
    while waiting:
        part = waiting.pop()
        if part not in numbers:
            numbers[part] = len(numbers)
            if isinstance(part, Node):
                waiting += [parent for parent in reversed(part.parents) if parent is not None]
    return numbers


def arguments(node: Node) -> Iterator[tuple[str, Node | Leaf | None, Any]]:
    """Each differentiable argument of an operation: its name, its node or leaf, its value if it was saved."""
    differentiable = getattr(node.operation, "differentiable", ())  # one result of several has no arguments
    variadic = getattr(node.operation, "variadic", None)
    saved = dict(zip(node.operation.saved_names, node.saved or (), strict=False))
    if not differentiable:
        yield from (("", parent, None) for parent in node.parents)
        return
    for position, parent in enumerate(node.parents):
        name = differentiable[min(position, len(differentiable) - 1)]
        value = saved.get(name)
        if name == variadic:
            number = position - len(differentiable) + 1
            name, value = f"{name}[{number}]", None if value is None else value[number]
        yield name, parent, value


def picture_of(parts: dict[Any, int], roots: set[Any], known: dict[str, Any], values: Values | None) -> Picture:
    """The picture of numbered parts: their boxes and those of the constants, and the arrows from top to bottom."""
    called = {id(_identity(thing)): name for name, thing in known.items()}
    called |= {id(_array(thing)): name for name, thing in known.items()}
    boxes: dict[int, Box] = {}
    arrows: list[list[Arrow]] = []  # into each operation
    constants, numbers = {}, itertools.count(len(parts))
    for part, number in parts.items():
        name = called.get(id(part)) or name_of(part) or ""
        boxes[number] = box = Box("leaf", [name, f"{part.shape} {part.dtype}"], is_result=part in roots)
        box.values = [] if values is None else values.of(part)
        if isinstance(part, Node):
            box.kind = "released" if part.saved is None else "operation"
            box.lines = [name, part.operation.name, _shape(part), "released" * (part.saved is None)]
            operands = list(arguments(part))
            arrows.append([])
            for argument, parent, value in operands:
                label = argument if len(operands) > 1 else ""
                if parent is not None:
                    arrows[-1].append(Arrow(parts[parent], number, label))
                elif isinstance(value, np.ndarray | np.generic):
                    if id(value) not in constants:
                        constants[id(value)] = new = next(numbers)
                        name = called.get(id(value)) or name_of(value) or ""
                        boxes[new] = Box("constant", [name, f"{value.shape} {value.dtype}"], name=name)
                        boxes[new].values = [] if values is None else [_describe(value)]
                    arrows[-1].append(Arrow(constants[id(value)], number, label))
    for box in boxes.values():
        box.lines = [line for line in box.lines if line]
    return Picture(boxes, list(itertools.chain.from_iterable(reversed(arrows))))


class Values:
    """The data and the gradients of the parts of a graph, as far as they are known."""

    def __init__(self, parts: dict[Any, int], roots: list[Tensor], known: dict[str, Any]) -> None:
        self.data: dict[Any, Any] = {}
        for part in parts:
            if isinstance(part, Node):
                saved = dict(zip(part.operation.saved_names, part.saved or (), strict=False))
                if part.dtype is not None and saved.get("out") is not None:
                    self.data[part] = saved["out"]
                for _, parent, value in arguments(part):
                    if parent is not None and isinstance(value, np.ndarray | np.generic):
                        self.data[parent] = value
        for tensor in (*known.values(), *roots):
            if isinstance(tensor, Tensor) and tensor._node is not None:
                self.data[tensor._node] = tensor.data
        self.gradients = {part: part.grad for part in parts if isinstance(part, Leaf) and part.grad is not None}
        if len(roots) == 1 and roots[0].size == 1:
            watched: dict[Any, Any] = dict.fromkeys(part for part in parts if isinstance(part, Node))
            leaves = sweep({roots[0]._node: roots[0]._seed(None)}, retain_graph=True, watched=watched)
            self.gradients = {**watched, **leaves}

    def of(self, part: Any) -> list[str]:
        """The lines for a part in its box."""
        lines = [f"data {_describe(self.data[part])}"] if part in self.data else []
        gradient = self.gradients.get(part)
        if gradient is not None and part.dtype is not None:  # several results have a box each
            lines.append(f"gradient {_describe(gradient)}")
        return lines


def _identity(thing: Any) -> Any:
    """The node or leaf of a tensor, or else its array."""
    return _array(thing) if getattr(thing, "_node", None) is None else thing._node


def _array(thing: Any) -> Any:
    return thing._data if isinstance(thing, Tensor) else thing


def _shape(node: Node) -> str:
    return str(node.shape) if node.dtype is not None else ", ".join(str(shape) for shape, _ in node.shape)


def _describe(value: Any) -> str:
    value = np.asarray(getattr(value, "_data", value))
    if not value.ndim:
        return f"{value:.4g}"
    if value.size <= 6 and len(text := np.array2string(value, precision=4, separator=", ").replace("\n", "")) <= 40:
        return text
    if value.dtype.kind == "b":
        return f"{np.count_nonzero(value)} of {value.size} true"
    return f"from {value.min():.3g} to {value.max():.3g}, mean {value.mean():.3g}"
