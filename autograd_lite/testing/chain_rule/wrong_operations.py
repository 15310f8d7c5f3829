"""The table of mistakes that concern all contributions of one operation at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from autograd_lite.core.graph import Node
from autograd_lite.testing.chain_rule.recorded import Change, Recorded, Step


class WrongOperation(NamedTuple):
    """A wrong derivative of an operation: kind, sentence, cost, one of its steps, and the changes in all of them."""

    kind: str
    text: str
    cost: int
    step: Step
    changes: Mapping[tuple[Node, int], Change]


def wrong_operations(recorded: Recorded) -> Iterator[WrongOperation]:
    """All mistakes in the table, for all operations."""
    steps: dict[Node, list[Step]] = {}
    for step in recorded.steps:
        steps.setdefault(step.node, []).append(step)
    for node, members in steps.items():
        if node.operation.name in _BY_NAME and members[0].arguments:
            yield from _BY_NAME[node.operation.name](node, members)


def _divide(node: Node, steps: list[Step]) -> Iterator[WrongOperation]:
    y = steps[0].arguments["y"]
    if len(steps) > 1:
        text = (
            "the denominator is not squared: the derivative of {step} is multiplied by the denominator once too often"
        )
        yield _of_all("exponent", text, 4, node, steps, lambda g, c: c * y)
    text = "the derivative of {step} is divided once more by the denominator"
    yield _of_all("exponent", text, 5, node, steps, lambda g, c: c / y)


def _where(node: Node, steps: list[Step]) -> Iterator[WrongOperation]:
    condition = np.asarray(steps[0].arguments["condition"], bool)
    for name, holds in (("x", True), ("y", False)):
        text = f"the condition of {{step}} is ignored, as if it were {'true' if holds else 'false'} everywhere"
        changes: dict[tuple[Node, int], Change] = {
            (node, step.position): (lambda g, c: g) if step.argument == name else (lambda g, c: 0 * c) for step in steps
        }
        yield WrongOperation("condition", text, 3, steps[0], changes)
    text = "the condition of {step} is turned round"
    changes = {
        (node, step.position): _masked(condition if step.argument == "y" else ~condition) for step in steps
    }  # fmt: skip
    yield WrongOperation("condition", text, 3, steps[0], changes)


def _masked(mask: Any) -> Change:
    return lambda g, c: g * mask


def _maximum(node: Node, steps: list[Step]) -> Iterator[WrongOperation]:
    if len(steps) < 2:
        return
    for chosen in steps:
        text = f"the condition of {{step}} is ignored, as if the operand {chosen.argument!r} were the result everywhere"
        changes: dict[tuple[Node, int], Change] = {
            (node, step.position): (lambda g, c: g) if step is chosen else (lambda g, c: 0 * c) for step in steps
        }
        yield WrongOperation("condition", text, 3, steps[0], changes)


def _of_all(kind: str, text: str, cost: int, node: Node, steps: list[Step], change: Change) -> WrongOperation:
    return WrongOperation(kind, text, cost, steps[0], {(node, step.position): change for step in steps})


_BY_NAME: dict[str, Any] = {"divide": _divide, "maximum": _maximum, "minimum": _maximum, "where": _where}
