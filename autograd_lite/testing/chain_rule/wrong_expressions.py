"""Mistakes in the derivative h' of a whole expression of elementwise steps.

The derivative of a product may be taken as the product of the derivatives, f'·g' for f'·g + f·g', and that of a
quotient alike; or the value of the expression stands where its derivative belongs, or the derivative is left out. These
are no changes of one contribution. They are computed from the parts of the gradient that pass through a step: with the
gradient G of a product, G·f'·g and G·f·g' where all steps are elementwise.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from autograd_lite.core.graph import Node
from autograd_lite.support.conversion import NumberArray
from autograd_lite.testing.chain_rule.recorded import Recorded, Step
from autograd_lite.testing.chain_rule.step_names import StepNames
from autograd_lite.testing.chain_rule.wrong_derivatives import slope_of

_RULES = {
    "multiply": "the derivative of a product is taken as f'·g' instead of f'·g + f·g'",
    "divide": "the derivative of a quotient is taken as f'/g' instead of (f'·g − f·g')/g²",
}


def mistakes_in_expressions(recorded: Recorded, names: StepNames) -> Iterator[tuple[str, str, int, NumberArray]]:
    """For each mistake: its kind, a sentence, its cost, and the resulting gradient."""
    right = recorded.right.reshape(recorded.shape + recorded.argument.shape)
    elementwise = _elementwise_nodes(recorded)
    yield from _values_for_derivatives(recorded, names, elementwise)
    for first, second in zip(recorded.steps, recorded.steps[1:], strict=False):
        if first.node is not second.node or first.name not in _RULES or first.node not in elementwise:
            continue
        through_f, through_g = (
            right - recorded.gradient({(step.node, step.position): lambda g, c: 0 * c}) for step in (first, second)
        )
        product = recorded.incoming(first.node) * first.out
        wrong = through_f * through_g / product if first.name == "multiply" else -through_f / through_g * product
        wrong = np.where(product == 0, 0, wrong)  # off the diagonal of a Jacobian
        if np.isfinite(wrong).all():
            text = f"{_RULES[first.name]}{names.where(first)}"
            yield "product rule", text, 4, right - through_f - through_g + wrong


def _values_for_derivatives(
    recorded: Recorded, names: StepNames, elementwise: set[Node]
) -> Iterator[tuple[str, str, int, NumberArray]]:
    """The value of an expression of several steps for its derivative, or nothing in the place of its derivative."""
    right = recorded.right.reshape(recorded.shape + recorded.argument.shape)
    for node in recorded.nodes:
        steps = [step for step in recorded.steps if step.node is node]
        text = names.value(node)
        if node not in elementwise or text is None or all(step.parent is recorded.argument for step in steps):
            continue
        rest = recorded.gradient({(step.node, step.position): lambda g, c: 0 * c for step in steps})
        incoming = recorded.incoming(node)
        for kind, what, wrong in (
            ("wrong factor", f"the value of `{text}` stands where its derivative belongs", incoming * steps[0].out),
            ("missing factor", f"the derivative of `{text}` is left out", incoming),
        ):
            if np.isfinite(wrong).all() and not np.allclose(rest + wrong, right, rtol=1e-12):
                yield kind, what, 5, rest + wrong


def _elementwise_nodes(recorded: Recorded) -> set[Node]:
    """The nodes that depend on the argument only through elementwise steps without broadcasting."""
    steps: dict[Node, list[Step]] = {}
    for step in recorded.steps:
        steps.setdefault(step.node, []).append(step)
    found: set[Node] = set()
    for node in reversed(recorded.nodes):
        if node.shape == recorded.argument.shape and all(
            (step.parent is recorded.argument or step.parent in found) and slope_of(step) is not None
            for step in steps.get(node, [])
        ):
            found.add(node)
    return found
