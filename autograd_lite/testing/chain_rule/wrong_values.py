"""Mistakes in the values that local derivatives use: a pre-activation for an activation, the state of another step.

The derivative of a product with respect to one operand is the other one. Here the other one is replaced by another
array of the same shape that occurs in the function, in one step, and in all evaluations of an expression in a loop.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from autograd_lite.core.graph import Node
from autograd_lite.support.conversion import NumberArray
from autograd_lite.testing.chain_rule.recorded import Change, Recorded, Step
from autograd_lite.testing.chain_rule.step_names import StepNames

_MOST = 8  # arrays that are tried in the place of one
_PRODUCTS = ("multiply", "matmul", "dot", "vecdot")


class WrongValue(NamedTuple):
    """A wrong value: a sentence, the steps that use it, and their contributions."""

    text: str
    steps: list[Step]
    changes: Mapping[tuple[Node, int], Change]


def wrong_values(recorded: Recorded, names: StepNames) -> Iterator[WrongValue]:
    """All replacements of one operand of a product."""
    evaluations = _evaluations(recorded)
    results = _by_shape(recorded)
    together: dict[Any, list[tuple[Step, NumberArray]]] = defaultdict(list)
    for step in recorded.steps:
        other = _other(step)
        if other is None or other[1].ndim == 0:
            continue
        for written, value in [pair for pair in recorded.constants if pair[1].shape == other[1].shape][:_MOST]:
            if not np.array_equal(value, other[1]):
                template = f"{_literal(written)} stands where {{plain}} belongs, in the derivative of {{step}}"
                yield WrongValue(template, [step], {(step.node, step.position): _with(step, other[0], value)})
        for node, value in _near(results.get(other[1].shape, []), step.node):
            text = names.value(node)
            if text is None or np.array_equal(value, other[1]):
                continue
            template = f"{_literal(text)} stands where {{plain}} belongs, in the derivative of {{step}}"
            yield WrongValue(template, [step], {(step.node, step.position): _with(step, other[0], value)})
            if evaluations.get(node) == evaluations.get(step.node) is not None:
                together[recorded.places[step.node], step.position, recorded.places[node]].append((step, value))
    counts = Counter(recorded.places.values())
    for (place, _, wrong), members in together.items():
        if len(members) == counts[place] > 1:
            what = f"{_literal(wrong.text)} of the same evaluation"
            text = f"{what} stands where {{plain}} belongs, in the derivative of {{step}}"
            changes = {(s.node, s.position): _with(s, _other(s)[0], value) for s, value in members}  # type: ignore[index]
            yield WrongValue(text, [step for step, _ in members], changes)


def _other(step: Step) -> tuple[str, NumberArray] | None:
    """The other operand of a product: its name and value."""
    if step.name not in _PRODUCTS or step.argument not in ("x", "y"):
        return None
    name = "y" if step.argument == "x" else "x"
    return name, np.asarray(step.arguments[name])


def _literal(text: str) -> str:
    """A text of the user as a part of a template."""
    return text.replace("{", "{{").replace("}", "}}")


def _with(step: Step, name: str, value: NumberArray) -> Change:
    return lambda g, c: step.pull(g, **{name: value})


def _by_shape(recorded: Recorded) -> dict[tuple[int, ...], list[tuple[Node, NumberArray]]]:
    """The results of all steps, latest first, by their shapes."""
    found: dict[tuple[int, ...], dict[Node, NumberArray]] = defaultdict(dict)
    for step in recorded.steps:
        if isinstance(step.out, np.ndarray):
            found[step.out.shape][step.node] = step.out
    return {shape: list(results.items()) for shape, results in found.items()}


def _near(results: list[tuple[Node, NumberArray]], node: Node) -> list[tuple[Node, NumberArray]]:
    """The results that were recorded shortly before and after a node, latest first."""
    middle = bisect_left(results, -node.order, key=lambda result: -result[0].order)
    return results[max(0, middle - _MOST // 2) : middle + _MOST // 2]


def _evaluations(recorded: Recorded) -> dict[Node, int]:
    """For each step, which of the evaluations of its place it is."""
    counts: dict[Any, int] = defaultdict(int)
    found = {}
    for node in reversed(recorded.nodes):
        if node in recorded.places:
            key = recorded.places[node], node.operation.name
            found[node] = counts[key]
            counts[key] += 1
    return found
