"""The findings of the smallest counterexample that also hold for larger ones."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np

from autograd_lite.support.messages import show
from autograd_lite.testing.case import Case
from autograd_lite.testing.explanations import mismatch
from autograd_lite.testing.inputs import Inputs, NotFiniteError, read_inputs
from autograd_lite.testing.mismatch import Finding, GradientMismatch


def counterexample_error(case: Case, smallest: tuple[Any, ...], witnesses: list[tuple[Any, ...]]) -> Exception:
    """The error of the check for the smallest example, with the findings that also hold for the others."""
    error = _error(case, read_inputs(case.fn, smallest))
    if not isinstance(error, GradientMismatch):
        return error
    findings = error.findings
    for witness in witnesses:
        other = _error(case, read_inputs(case.fn, witness))
        if isinstance(other, GradientMismatch) and other.argument == error.argument and other.findings:
            findings = _common(findings, other.findings) or findings
    return GradientMismatch(
        error.subject, error.reference, error.argument, error.actual, error.expected, error.tolerance, findings
    )


def _error(case: Case, inputs: Inputs) -> Exception:
    references = case.references(inputs)
    try:
        returned = case.evaluate_formula(inputs)
    except Exception as error:
        return error.with_traceback(None)
    wrong = case.compare(inputs, references, returned).wrong
    if wrong is None:
        raise RuntimeError("the function or the formula returned another result than before; is one of them random?")
    if not np.isfinite(wrong[1]).all():
        return NotFiniteError(f"the formula returned {show(wrong[1])}")
    return mismatch(case, inputs, *wrong)


def _common(findings: tuple[Finding, ...], others: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """The findings in both tuples, where numbers in the text may differ."""
    common = []
    for finding in findings:
        alike = [other for other in others if _without_numbers(other) == _without_numbers(finding)]
        reasons = tuple(reason for reason in finding.reasons if any(reason in other.reasons for other in alike))
        if alike and bool(reasons) == bool(finding.reasons):
            common.append(replace(finding, reasons=reasons))
    return tuple(common)


def _without_numbers(finding: Finding) -> tuple[str, str]:
    return finding.kind, re.sub(r"[\d.]+(e[+-]?\d+)?", "#", finding.text)
