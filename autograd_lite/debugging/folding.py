"""Large pictures, smaller: the operations of a module become one box.

A graph does not know modules. But nodes have the order in which they were recorded, and the calls of modules are nested
in time. So what was recorded between two uses of a module's parameters belongs to the module, unless another module of
the same depth was used in between. Boxes made of runs in the order of recording never form a circle.

What is computed from parameters alone is used like a parameter: a batch normalization reshapes its weight and its bias
first, and the operation on the data takes these. Rows of a table that are selected by indices are data.
"""

from __future__ import annotations

import weakref
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_lite.core.graph import Node
from autograd_lite.debugging.picture import Arrow, Box, Picture

LIMIT = 40  # boxes; a picture of more is folded


@dataclass
class _Run:
    """The numbers of operations that become one box: the first name of their module, and its type.

    `first` is the first operation that takes more than parameters.
    """

    name: str
    kind: str
    numbers: list[int]
    first: int | None = None


def folded(picture: Picture, parts: dict[Any, int], model: Any, depth: int | None) -> Picture:
    """The picture with a box for each module at this depth; by default at the greatest that makes it small enough."""
    if depth == 0 or (depth is None and len(picture.boxes) <= LIMIT):
        return picture
    names = _names(model)
    deepest = max((len(path) for paths in names.values() for path in paths), default=0)
    for tried in range(deepest, 0, -1) if depth is None else (depth,):
        result = _fold(picture, parts, list(_runs(parts, model, names, tried)), names)
        if depth is not None or len(result.boxes) <= LIMIT or tried == 1:
            return result
    return picture


def _names(model: Any) -> dict[int, list[tuple[str, ...]]]:
    """The paths of the modules that hold each parameter, by the identity of its leaf."""
    names: dict[int, list[tuple[str, ...]]] = {}
    for name, parameter in model.named_parameters(remove_duplicate=False):
        if parameter._node is not None:
            names.setdefault(id(parameter._node), []).append(tuple(name.split(".")[:-1]))
    return names


def _runs(parts: dict[Any, int], model: Any, names: dict[int, list[tuple[str, ...]]], depth: int) -> Iterator[_Run]:
    """The operations of each module at a depth, in the order of recording."""
    modules = dict(model.named_modules(remove_duplicate=False))
    owners = _Owners(names, depth)
    run = _Run("", "", [])
    waiting: list[int] = []  # operations without parameters since the last one with
    for node in sorted((part for part in parts if isinstance(part, Node)), key=lambda node: node.order):
        owner = owners.of(node)
        if owner is None:
            waiting.append(parts[node])
            continue
        if owner != run.name:
            if run.name:
                yield run
            run, waiting = _Run(owner, type(modules.get(owner)).__name__, []), []
        run.numbers += [*waiting, parts[node]]
        waiting = []
        if run.first is None and node not in owners.computed:
            run.first = parts[node]
    if run.name:
        yield run


class _Owners:
    """The modules at a depth whose parameters operations use, for operations in the order of recording.

    `computed` holds the operations whose arguments are all parameters, or computed from parameters, of one module.
    """

    def __init__(self, names: dict[int, list[tuple[str, ...]]], depth: int) -> None:
        self.names, self.depth = names, depth
        self.uses: Counter[int] = Counter()  # of each parameter so far: a shared one has a name for each
        self.computed: dict[Node, str] = {}

    def of(self, node: Node) -> str | None:
        """The module of a node: that of its last parameter, or else of what is computed from parameters."""
        owners = [self._of_argument(parent) for parent in node.parents]
        parameters = [o for o, parent in zip(owners, node.parents, strict=True) if id(parent) in self.names]
        found = [owner for owner in parameters or owners if owner is not None]
        if found and node.shape != () and all(owner == found[-1] for owner in owners) and not _takes_data(node):
            self.computed[node] = found[-1]
        return found[-1] if found else None

    def _of_argument(self, parent: Any) -> str | None:
        if id(parent) not in self.names:
            return self.computed.get(parent)
        paths = self.names[id(parent)]
        path = paths[min(self.uses[id(parent)], len(paths) - 1)]
        self.uses[id(parent)] += 1
        return ".".join(path[: self.depth])


def _takes_data(node: Node) -> bool:
    """Whether an argument without a derivative is an array, such as the indices of an embedding."""
    names = {*node.operation.arguments} - {*node.operation.differentiable}
    saved = zip(node.operation.saved_names, node.saved or (), strict=False)
    unsaved = zip(node.operation.unsaved_names, getattr(node, "unsaved", ()), strict=False)
    return any(_is_data(value) for name, value in (*saved, *unsaved) if name in names)


def _is_data(value: Any) -> bool:
    if isinstance(value, tuple):  # an index; or a reference to an array, with its shape
        return any(map(_is_data, value))
    return isinstance(value, list | np.ndarray | weakref.ref)


def _fold(picture: Picture, parts: dict[Any, int], runs: list[_Run], names: dict[int, list[Any]]) -> Picture:
    """The picture with one box in place of the operations of each run, and of what only runs use."""
    into = {number: run.numbers[-1] for run in runs for number in run.numbers}  # the last one has the result
    users: dict[int, set[int]] = {}
    for arrow in picture.arrows:
        users.setdefault(arrow.start, set()).add(into.get(arrow.end, -1))
    parameters = {number for part, number in parts.items() if id(part) in names}
    # Constants inside a module are masks and the like; those with a name and those of its first operation are inputs.
    first = {run.first for run in runs}
    given = {arrow.start for arrow in picture.arrows if arrow.end in first} - parameters
    hidden = {
        number
        for number, box in picture.boxes.items()
        if -1 not in users.get(number, {-1})
        and (number in parameters or (number not in given and box.kind == "constant" and not box.name))
    }
    arrows: dict[Any, Arrow] = {}
    held: dict[int, set[int]] = {run.numbers[-1]: set() for run in runs}
    for i, arrow in enumerate(picture.arrows):
        start, end = into.get(arrow.start, arrow.start), into.get(arrow.end, arrow.end)
        if arrow.start in parameters and end in held:
            held[end].add(arrow.start)
        if start in hidden or start == end:
            continue
        if end in held:  # an argument of one operation among several: once, without its name
            arrows[start, end] = Arrow(start, end)
        else:
            arrows[i] = Arrow(start, end, arrow.label)
    boxes = {n: box for n, box in picture.boxes.items() if into.get(n, n) == n and n not in hidden}
    for run in runs:
        last, count = run.numbers[-1], len(held[run.numbers[-1]])
        size = f"{_counted(len(run.numbers), 'operation')}, {_counted(count, 'parameter')}"
        is_result = any(picture.boxes[number].is_result for number in run.numbers)
        lines = [f"{run.name}: {run.kind}", picture.boxes[last].lines[-1], size]
        boxes[last] = Box("module", lines, picture.boxes[last].values, is_result)
    return Picture(boxes, list(arrows.values()))


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' * (number != 1)}"
