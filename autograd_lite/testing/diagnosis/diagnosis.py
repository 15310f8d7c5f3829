"""Diagnosis: all known mistakes are tried on the numbers, and those that explain a mismatch become findings."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from autograd_lite.support.conversion import NumberArray
from autograd_lite.testing.diagnosis.evidence import Evidence, Explanation
from autograd_lite.testing.diagnosis.mistaken_terms import (
    activation_alone,
    additive_term,
    array_factor,
    other_argument,
    scaled_step,
    unfinished,
    wrong_step,
)
from autograd_lite.testing.diagnosis.mistakes import (
    Mistake,
    constant_factor,
    flipped,
    missing_matrix,
    missing_slice,
    reshaped,
    summed,
    transposed,
    unsummed,
    with_too_many,
)
from autograd_lite.testing.diagnosis.places import flipped_in_places, right_in_part, right_in_places, scaled_in_part
from autograd_lite.testing.mismatch import Finding

# Mistakes with a number that is fitted to the data, mistakes without one, and places.
_FITTED: tuple[Mistake, ...] = (constant_factor, additive_term)
_FIXED: tuple[Mistake, ...] = (
    transposed, flipped, reshaped, unsummed, summed, with_too_many, missing_slice, array_factor, missing_matrix,
    other_argument, wrong_step,
)  # fmt: skip
_PLACES: tuple[Mistake, ...] = (right_in_places, flipped_in_places, scaled_in_part, right_in_part)
_SINGLE = (*_FITTED, scaled_step, *_FIXED, unfinished, activation_alone, *_PLACES)
# Few mistakes are tried as the second of a pair, and only one of the two may have a fitted number: otherwise some pair
# would explain any mismatch.
_SECOND = (constant_factor, transposed, flipped_in_places)


def diagnose(evidence: Evidence, actual: NumberArray, expected: NumberArray) -> tuple[Finding, ...]:
    """All explanations of a mismatch, simplest first: single mistakes, or if none fits, pairs of them.

    The elements that are right are reported in any case. Arrays of zeros agree with every explanation, so there are no
    findings for them.
    """
    single = single_mistakes(evidence, actual, expected)
    if any(finding.kind != "part" for finding in single):
        return single
    return (*pairs_of_mistakes(evidence, actual, expected), *single)


def single_mistakes(evidence: Evidence, actual: NumberArray, expected: NumberArray) -> tuple[Finding, ...]:
    """The single mistakes that explain a mismatch, and the elements that are right."""
    return _findings(evidence, actual, expected, lambda: _single(evidence, _SINGLE, actual, expected))


def pairs_of_mistakes(evidence: Evidence, actual: NumberArray, expected: NumberArray) -> tuple[Finding, ...]:
    """The pairs of mistakes that explain a mismatch."""
    return _findings(evidence, actual, expected, lambda: _pairs(evidence, actual, expected))


def tried(
    evidence: Evidence, actual: NumberArray, expected: NumberArray
) -> tuple[tuple[Finding, ...], tuple[Finding, ...]]:
    """The mistakes that are consistent with two arrays, even if they change nothing there, and those that are not."""
    found: tuple[list[Finding], list[Finding]] = [], []
    with np.errstate(all="ignore"):
        for mistake in _SINGLE:
            for e in mistake(evidence, actual, expected):
                refuted = not evidence.agree(e.actual, e.expected)
                found[refuted].append(Finding(e.kind, e.text, e.reasons, e.cost, e.hint))
    return tuple(found[0]), tuple(found[1])


def _findings(
    evidence: Evidence, actual: NumberArray, expected: NumberArray, explanations: Callable[[], Iterator[Explanation]]
) -> tuple[Finding, ...]:
    if not evidence.is_told_by(actual, expected):
        return ()
    findings: dict[str, Finding] = {}
    with np.errstate(all="ignore"):
        for e in sorted(explanations(), key=lambda e: e.cost):
            findings.setdefault(e.text, Finding(e.kind, e.text, e.reasons, e.cost, e.hint))
    return tuple(findings.values())


def _single(
    evidence: Evidence, mistakes: tuple[Mistake, ...], actual: NumberArray, expected: NumberArray
) -> Iterator[Explanation]:
    for explanation in _explanations(evidence, mistakes, actual, expected):
        if evidence.agree(explanation.actual, explanation.expected):
            yield explanation


def _pairs(evidence: Evidence, actual: NumberArray, expected: NumberArray) -> Iterator[Explanation]:
    for first in _explanations(evidence, _FIXED, actual, expected):
        if evidence.informative(first.expected).sum() < 2:
            continue  # some pair of mistakes explains any single number
        for second in _single(evidence, _SECOND, first.actual, first.expected):
            if first.kind == "missing term" and second.text == "it is 2 times too large":
                text = (
                    f"{first.text}, and the other one is doubled: right only where they are equal (symmetric matrices?)"
                )
                yield second._replace(kind=first.kind, text=text, cost=first.cost, reasons=())
                continue
            swapped = first.reasons and not second.reasons  # the reasons follow the text that they explain
            text = f"{second.text}, and {first.text}" if swapped else f"{first.text}, and {second.text}"
            kind, cost = f"{first.kind} + {second.kind}", first.cost + second.cost
            yield second._replace(kind=kind, text=text, cost=cost, reasons=second.reasons or first.reasons)


def _explanations(
    evidence: Evidence, mistakes: tuple[Mistake, ...], actual: NumberArray, expected: NumberArray
) -> Iterator[Explanation]:
    """The explanations that change an array and leave something to compare."""
    for mistake in mistakes:
        for e in mistake(evidence, actual, expected):
            changed = not (evidence.agree(e.actual, actual) and evidence.agree(e.expected, expected))
            if changed and evidence.is_told_by(e.actual, e.expected):
                yield e
