"""Mistakes in the values that local derivatives use: a pre-activation for an activation, the state of another step.

The derivative of a product with respect to one operand is the other one. Here the other one is replaced by another
array of the same shape that occurs in the function, in one step, and in all evaluations of an expression in a loop.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from autograd_lite.core.graph import Node
from autograd_lite.support.conversion import NumberArray
from autograd_lite.testing.recorded import Change, Recorded, Step
from autograd_lite.testing.step_names import StepNames

_MOST = 8  # arrays that are tried in the place of one
_PRODUCTS = ("multiply", "matmul", "dot", "vecdot")


class WrongValue(NamedTuple):
    """A wrong value: a sentence, the steps that use it, and their contributions."""

    text: str
    steps: list[Step]
    changes: Mapping[tuple[Node, int], Change]


def wrong_values(recorded: Recorded, names: StepNames) -> Iterator[WrongValue]:
    """All replacements of one operand of a product."""
    results = {step.node: step.out for step in recorded.steps if isinstance(step.out, np.ndarray)}
    evaluations = _evaluations(recorded)
    together: dict[Any, list[tuple[Step, NumberArray]]] = defaultdict(list)
    for step in recorded.steps:
        other = _other(step)
        if other is None or other[1].ndim == 0:
            continue
        alike = [(n, v) for n, v in results.items() if v.shape == other[1].shape and not np.array_equal(v, other[1])]
        for node, value in sorted(alike, key=lambda pair: abs(pair[0].order - step.node.order))[:_MOST]:
            if names.value(node):
                text = f"`{names.value(node)}` stands where {{other}} belongs, in the derivative of {{step}}"
                yield WrongValue(text, [step], {(step.node, step.position): _with(step, other[0], value)})
            if evaluations.get(node, (None, 0))[1] == evaluations.get(step.node, (None, -1))[1]:
                together[recorded.places[step.node], step.position, recorded.places[node]].append((step, value))
    for (place, _, wrong), members in together.items():
        count = sum(other == place for other in recorded.places.values())
        if len(members) == count > 1:
            text = (
                f"`{wrong.text}` of the same evaluation stands where {{other}} belongs, in the derivative of {{step}}"
            )
            changes = {(s.node, s.position): _with(s, _other(s)[0], value) for s, value in members}  # type: ignore[index]
            yield WrongValue(text, [step for step, _ in members], changes)


def _other(step: Step) -> tuple[str, NumberArray] | None:
    """The other operand of a product: its name and value."""
    if step.name not in _PRODUCTS or step.argument not in ("x", "y"):
        return None
    name = "y" if step.argument == "x" else "x"
    return name, np.asarray(step.arguments[name])


def _with(step: Step, name: str, value: NumberArray) -> Change:
    return lambda g, c: step.pull(g, **{name: value})


def _evaluations(recorded: Recorded) -> dict[Node, tuple[Any, int]]:
    """For each step, its place and which of the evaluations of this place it is."""
    counts: dict[Any, int] = defaultdict(int)
    found = {}
    for node in reversed(recorded.nodes):
        key = recorded.places.get(node), node.operation.name
        if key[0] is not None:
            found[node] = key, counts[key]
            counts[key] += 1
    return found
