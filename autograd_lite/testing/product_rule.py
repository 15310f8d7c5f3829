"""The derivative of a product taken as the product of the derivatives, f'·g' for f'·g + f·g', and that of a quotient.

The mistake is no change of one contribution, because it mixes two. It is computed from the parts of the gradient that
pass through the one and the other operand, which are G·f'·g and G·f·g' where all steps are elementwise.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from autograd_lite.core.graph import Node
from autograd_lite.support.conversion import NumberArray
from autograd_lite.testing.recorded import Recorded, Step
from autograd_lite.testing.step_names import StepNames
from autograd_lite.testing.wrong_derivatives import slope_of

_RULES = {
    "multiply": "the derivative of a product is taken as f'·g' instead of f'·g + f·g'",
    "divide": "the derivative of a quotient is taken as f'/g' instead of (f'·g − f·g')/g²",
}


def products_of_derivatives(recorded: Recorded, names: StepNames) -> Iterator[tuple[str, str, int, NumberArray]]:
    """The gradients if the product rule or the quotient rule is not applied, for each product of elementwise steps."""
    right = recorded.right.reshape(recorded.shape + recorded.argument.shape)
    elementwise = _elementwise_nodes(recorded)
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
