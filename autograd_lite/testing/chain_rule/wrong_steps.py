"""The gradient that results if one step of the chain rule is wrong, or the same step in every place.

A derivation on paper applies one local derivative after another, as the engine does, and may have one of them wrong. So
for every step and every mistake in the table of `wrong_derivatives` the gradient is computed with this mistake: in this
step alone, in all steps of the same operation, and in all evaluations of one expression. If the formula equals such a
gradient, it explains the mismatch.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator, Mapping
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from autograd_lite.core.graph import Node
from autograd_lite.support.conversion import NumberArray
from autograd_lite.testing.chain_rule.recorded import Change, Recorded, Step
from autograd_lite.testing.chain_rule.scalar_quantities import scaled_gradients
from autograd_lite.testing.chain_rule.step_names import StepNames
from autograd_lite.testing.chain_rule.wrong_derivatives import Wrong, wrong_derivatives
from autograd_lite.testing.chain_rule.wrong_derivatives_by_name import wrong_derivatives_by_name
from autograd_lite.testing.chain_rule.wrong_expressions import mistakes_in_expressions
from autograd_lite.testing.chain_rule.wrong_operations import wrong_operations
from autograd_lite.testing.chain_rule.wrong_values import wrong_values

_BUDGET = 15_000  # the most rules that are applied, in some tenths of a second
_COST_OF_NUMBERS = 3
_LONG_LOOP = 8  # in longer ones, single evaluations are considered only at both ends
# Along a chain of steps without a branch these mistakes have one effect, whichever the step.
_CHAINS = ("missing term", "sign")
_ARITHMETIC = ("add", "divide", "matmul", "multiply", "power", "subtract", "sum")
# Operations in which one makes the same mistake.
_FAMILIES = {name: family for family in (("mean", "var", "std"), ("softmax", "log_softmax")) for name in family}


class Candidate(NamedTuple):
    """A mistake.

    Attributes
    ----------
    kind, cost
        Those of the explanation.
    text : callable
        Returns its sentence.
    changes : dict
        The changed contributions.
    group : hashable
        Of the mistakes in one group with the same gradient, only the simplest counts.
    is_fixed : bool
        Whether a constant factor between the wrong and the right gradient would be the same at other inputs.
    """

    kind: str
    text: Callable[[], str]
    cost: int
    changes: Mapping[tuple[Node, int], Change]
    group: Hashable
    is_fixed: bool = False


def mistaken_gradients(recorded: Recorded, argument: str) -> Iterator[tuple[str, str, int, NumberArray]]:
    """For every mistake in the steps of a function: its kind, a sentence, its cost, and the resulting gradient."""
    with np.errstate(all="ignore"):
        names = StepNames(recorded, argument)
        yield from scaled_gradients(recorded, names)
        yield from mistakes_in_expressions(recorded, names)
        seen: dict[Hashable, list[NumberArray]] = defaultdict(list)
        for candidate in sorted(_candidates(recorded, names), key=_order):
            if recorded.work > _BUDGET:
                return
            gradient = _gradient(recorded, candidate)
            if gradient is not None and not _is_known(gradient, seen[candidate.group]):
                times = _times(recorded, gradient) if candidate.is_fixed else ""
                # Where a number is explained, the explanation is as simple as the number alone.
                cost = min(candidate.cost, _COST_OF_NUMBERS) if times else candidate.cost
                yield candidate.kind, candidate.text() + times, cost, gradient


def _order(candidate: Candidate) -> tuple[bool, int]:
    """Cheap ones first, but before all those in every evaluation of a long loop, where the budget is soon used up."""
    return len(candidate.changes) <= _LONG_LOOP, candidate.cost


def _gradient(recorded: Recorded, candidate: Candidate) -> NumberArray | None:
    """The gradient with a mistake; None if shapes do not fit, or if it changes nothing."""
    try:
        gradient = recorded.gradient(candidate.changes)
    except Exception:  # the rules of a user's operation may raise anything
        return None
    right = recorded.right.reshape(gradient.shape)
    return gradient if np.isfinite(gradient).all() and not _are_equal(gradient, right) else None


def _is_known(gradient: NumberArray, others: list[NumberArray]) -> bool:
    """Whether a simpler mistake gives the same gradient; else it is kept for later ones."""
    known = any(_are_equal(gradient, other) for other in others)
    if not known:
        others.append(gradient)
    return known


def _are_equal(first: NumberArray, second: NumberArray) -> bool:
    largest = np.max(np.abs(second), initial=0.0)
    return bool(np.max(np.abs(first - second), initial=0.0) <= 1e-12 * largest)


def _times(recorded: Recorded, gradient: NumberArray) -> str:
    """By which factor a gradient is too large or too small; empty if there is no such factor."""
    right = recorded.right.reshape(gradient.shape)
    factor = np.sum(gradient * right) / np.sum(right * right)
    if factor <= 0 or not np.allclose(gradient, factor * right, rtol=1e-9, atol=1e-12 * np.max(np.abs(gradient))):
        return ""
    return f": it is {max(factor, 1 / factor):.6g} times too {'large' if factor > 1 else 'small'}"


# -- candidates ----------------------------------------------------------------------------------------------------


def _candidates(recorded: Recorded, names: StepNames) -> Iterator[Candidate]:
    together: dict[Hashable, list[tuple[Step, Wrong]]] = defaultdict(list)
    expressions = _expressions(recorded)
    for step in recorded.steps:
        place, family = recorded.places.get(step.node), _FAMILIES.get(step.name)
        is_single = names.is_shown(step, _LONG_LOOP)
        for wrong in (*wrong_derivatives(step), *wrong_derivatives_by_name(step)):
            if is_single:
                yield _candidate(names, [(step, wrong)], wrong.cost)
            for alike in (step.name, (step.name, place), expressions[step.node], *([family] if family else [])):
                together[alike, step.argument, wrong.text].append((step, wrong))
    for operation in wrong_operations(recorded):
        if names.is_shown(operation.step, _LONG_LOOP):
            text = partial(_sentence_of_operation, names, operation.text, operation.step)
            yield Candidate(operation.kind, text, operation.cost, operation.changes, (operation.step.node.order,))
    for template, steps, changes in wrong_values(recorded, names):
        if len(steps) > 1 or names.is_shown(steps[0], _LONG_LOOP):
            yield Candidate("wrong value", partial(_sentence, names, template, steps), 5, changes, "wrong value")
    seen = set()
    for members in together.values():
        key = frozenset((step.node, step.position, wrong.text) for step, wrong in members)
        if len(members) > 1 and key not in seen:
            seen.add(key)
            cost = members[0][1].cost + _cost_of_repetition(recorded, members)
            yield _candidate(names, members, cost)
            if len(members) > 2 and len({recorded.places.get(step.node) for step, _ in members}) == 1:
                for some in (members[1:], members[:-1]):  # in a loop, all except the last evaluation, or the first
                    yield _candidate(names, some, cost + 1)


def _sentence(names: StepNames, template: str, steps: list[Step]) -> str:
    other = names.other_of_all(steps)
    return template.format(step=names.of_all(steps), other=other, plain=other.strip("`")) + names.where(*steps)


def _sentence_of_operation(names: StepNames, template: str, step: Step) -> str:
    return template.format(step=names.operation(step.node)) + names.where(step)


def _cost_of_repetition(recorded: Recorded, members: list[tuple[Step, Wrong]]) -> int:
    """One makes the same mistake where one expression is evaluated again, but rarely in unrelated sums and products."""
    alike = len({recorded.places.get(step.node) for step, _ in members}) == 1
    return 1 if alike or members[0][0].name not in _ARITHMETIC else 4


def _candidate(names: StepNames, members: list[tuple[Step, Wrong]], cost: int) -> Candidate:
    wrong, steps = members[0][1], [step for step, _ in members]
    changes = {(step.node, step.position): wrong.change for step, wrong in members}
    group = wrong.kind if wrong.kind in _CHAINS else tuple(sorted(step.node.order for step in steps))
    is_fixed = wrong.is_number and all(map(names.has_number, steps))
    return Candidate(wrong.kind, partial(_sentence, names, wrong.text, steps), cost, changes, group, is_fixed)


def _expressions(recorded: Recorded) -> dict[Node, Hashable]:
    """Equal keys for nodes that compute the same: the same operation of the same parents, with the same result."""
    keys: dict[Any, Hashable] = {}
    results = {step.node: step.out for step in recorded.steps}
    for node in reversed(recorded.nodes):
        out = results.get(node)
        value = out.tobytes() if isinstance(out, np.ndarray | np.generic) else node.order
        keys[node] = hash((node.operation.name, tuple(keys.get(parent, parent) for parent in node.parents), value))
    return keys
