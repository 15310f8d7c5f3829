"""Why two derivatives differ: every mistake in the tables is tried on the numbers, and those that fit are reported."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from autograd_lite.testing.evidence import Evidence, Explanation, NumberArray
from autograd_lite.testing.mismatch import Finding
from autograd_lite.testing.mistakes import FITTED, FIXED, Mistake, constant_factor, transposed
from autograd_lite.testing.places import flipped_in_places, right_in_part, right_in_places

_SINGLE = (*FITTED, *FIXED, right_in_places, flipped_in_places)
# What may come on top of another mistake is little, and only one of the two may have a number fitted: otherwise pairs
# would explain everything.
_SECOND = (constant_factor, transposed, flipped_in_places)


def diagnose(evidence: Evidence, actual: NumberArray, expected: NumberArray) -> tuple[Finding, ...]:
    """All explanations of a mismatch, simplest first: single mistakes, or if there is none, pairs of them.

    Where it is right is told in any case. Arrays of zeros fit every explanation, so nothing is claimed of them.
    """
    if not evidence.informative(actual).any() or not evidence.informative(expected).any():
        return ()
    with np.errstate(all="ignore"):
        found = list(_single(evidence, _SINGLE, actual, expected)) or list(_pairs(evidence, actual, expected))
        found += _single(evidence, (right_in_part,), actual, expected)
    findings: dict[str, Finding] = {}
    for s in sorted(found, key=lambda s: s.cost):
        findings.setdefault(s.text, Finding(s.kind, s.text, s.reasons, s.cost, s.hint))
    return tuple(findings.values())


def _single(
    evidence: Evidence, hypotheses: tuple[Mistake, ...], actual: NumberArray, expected: NumberArray
) -> Iterator[Explanation]:
    for suspicion in _suspicions(evidence, hypotheses, actual, expected):
        if evidence.agree(suspicion.actual, suspicion.expected):
            yield suspicion


def _pairs(evidence: Evidence, actual: NumberArray, expected: NumberArray) -> Iterator[Explanation]:
    for first in _suspicions(evidence, FIXED, actual, expected):
        if evidence.informative(first.expected).sum() < 2:
            continue  # with one number to explain, some pair of mistakes always does
        for second in _single(evidence, _SECOND, first.actual, first.expected):
            text = f"{first.text}, and {second.text}"
            kind, cost = f"{first.kind} + {second.kind}", first.cost + second.cost
            yield second._replace(kind=kind, text=text, cost=cost, reasons=second.reasons or first.reasons)


def _suspicions(
    evidence: Evidence, hypotheses: tuple[Mistake, ...], actual: NumberArray, expected: NumberArray
) -> Iterator[Explanation]:
    """The suspicions that change something and leave something to compare."""
    for hypothesis in hypotheses:
        for s in hypothesis(evidence, actual, expected):
            changed = s.actual.shape != actual.shape or s.expected.shape != expected.shape
            changed = changed or not (evidence.agree(s.actual, actual) and evidence.agree(s.expected, expected))
            if changed and evidence.informative(s.actual).any() and evidence.informative(s.expected).any():
                yield s
