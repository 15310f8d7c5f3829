"""Large pictures, smaller: the operations of a module become one box.

A graph does not know modules. But nodes have the order in which they were recorded, and the calls of modules are nested
in time. So what was recorded between two uses of a module's parameters belongs to the module, unless another module of
the same depth was used in between. Boxes made of runs in the order of recording never form a circle.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from autograd_lite.core.graph import Node
from autograd_lite.debugging.picture import Arrow, Box, Picture

LIMIT = 40  # boxes; a picture of more is folded


@dataclass
class _Run:
    """The numbers of operations that become one box: the first name of their module, and its type."""

    name: str
    kind: str
    numbers: list[int]


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
    nodes = sorted((part for part in parts if isinstance(part, Node)), key=lambda node: node.order)
    uses: Counter[int] = Counter()  # of each parameter so far: a shared one has a name for each
    run = _Run("", "", [])
    waiting: list[int] = []  # operations without parameters since the last one with
    for node in nodes:
        owner = None
        for parent in node.parents:
            if id(parent) in names:
                paths = names[id(parent)]
                owner = ".".join(paths[min(uses[id(parent)], len(paths) - 1)][:depth])
                uses[id(parent)] += 1
        if owner is None:
            waiting.append(parts[node])
        elif owner == run.name:
            run.numbers += [*waiting, parts[node]]
            waiting = []
        else:
            if run.name and len(run.numbers) > 1:
                yield run
            run, waiting = _Run(owner, type(modules.get(owner)).__name__, [parts[node]]), []
    if run.name and len(run.numbers) > 1:
        yield run


def _fold(picture: Picture, parts: dict[Any, int], runs: list[_Run], names: dict[int, list[Any]]) -> Picture:
    """The picture with one box in place of the operations of each run, and of what only runs use."""
    into = {number: run.numbers[-1] for run in runs for number in run.numbers}  # the last one has the result
    users: dict[int, set[int]] = {}
    for arrow in picture.arrows:
        users.setdefault(arrow.start, set()).add(into.get(arrow.end, -1))
    parameters = {number for part, number in parts.items() if id(part) in names}
    # Constants inside a module are masks and the like; those with a name and those of its first operation are inputs.
    first = {run.numbers[0] for run in runs}
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
        size = f"{len(run.numbers)} operations, {count} parameter{'s' * (count != 1)}"
        is_result = any(picture.boxes[number].is_result for number in run.numbers)
        lines = [f"{run.name}: {run.kind}", picture.boxes[last].lines[-1], size]
        boxes[last] = Box("module", lines, picture.boxes[last].values, is_result)
    return Picture(boxes, list(arrows.values()))
