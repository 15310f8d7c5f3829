"""Which of the findings of a diagnosis hold at other settings: at generic inputs, and on other sides of branches."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from autograd_lite.support.conversion import NumberArray
from autograd_lite.testing.diagnosis.diagnosis import tried
from autograd_lite.testing.diagnosis.evidence import Evidence
from autograd_lite.testing.explaining.case_evidence import evidence_of
from autograd_lite.testing.explaining.setting import Setting
from autograd_lite.testing.mismatch import Finding

Diagnosis = Callable[[Evidence, NumberArray, NumberArray], tuple[Finding, ...]]


def confirmed(
    findings: Sequence[Finding], diagnosis: Diagnosis, others: list[Setting], position: int | None
) -> list[Finding]:
    """The findings that a diagnosis also gives at other settings, for the same argument."""
    found = list(findings)
    for setting in others:
        found = common(found, diagnosed(setting, diagnosis, position)) if found else []
    return found


def not_refuted(findings: list[Finding], sides: Sequence[Setting], position: int | None) -> list[Finding]:
    """The findings that are false on no side of a branch.

    Findings that a diagnosis does not give there are no false ones: the step that they name may have no effect.
    """
    found = findings
    for setting in telling(sides, position):
        for reference, claim in zip(setting.references, setting.claims(setting.returned), strict=True):
            if reference.position == position:
                evidence = evidence_of(setting.case, setting.inputs, reference)
                agree, disagree = tried(evidence, claim, reference.values)
                false = set(map(_statement, disagree))
                found = [f for f in found if common([f], agree) or not (_statement(f) in false or _has_amount(f))]
    return found


def telling(settings: Sequence[Setting], position: int | None) -> list[Setting]:
    """The settings where the derivative with respect to one argument is not zero."""
    return [s for s in settings if any(r.position == position and r.values.any() for r in s.references)]


def _has_amount(finding: Finding) -> bool:
    """Whether it is a mistake that is always one of those tried, if its number is not 1 or 0."""
    return finding.text.startswith(("it is ", "the sign is flipped", "the term ", "there is an extra term "))


def diagnosed(setting: Setting, diagnosis: Diagnosis, position: int | None) -> tuple[Finding, ...]:
    """The explanations for the same argument at another setting."""
    claims = setting.claims(setting.returned)
    for reference, claim in zip(setting.references, claims, strict=True):
        if reference.position == position:
            return diagnosis(evidence_of(setting.case, setting.inputs, reference), claim, reference.values)
    return ()


def common(findings: list[Finding], others: tuple[Finding, ...]) -> list[Finding]:
    """The findings in both, with their common reasons; a number must be the same, or have a common reason."""
    common = []
    for finding in findings:
        for other in others:
            reasons = tuple(reason for reason in finding.reasons if reason in other.reasons)
            if finding.text == other.text or (_statement(finding) == _statement(other) and not finding.reasons):
                is_measured = "times too" in finding.text and "times too" not in other.text
                text = _statement(finding) if is_measured else finding.text
                common.append(replace(finding, text=text, reasons=reasons))
                break
            if reasons and _without_numbers(finding) == _without_numbers(other):
                common.append(replace(finding, reasons=reasons))
                break
    return common


def _statement(finding: Finding) -> str:
    """What a finding says without what depends on the lengths of axes: shapes, and the size of its effect."""
    text = re.sub(r"(reshape|broadcasting to |the elements )[\d(),: ]*", r"\1 ", finding.text)
    return re.sub(r": it is [^ ]+ times too (large|small)$", "", text)


def _without_numbers(finding: Finding) -> tuple[str, str]:
    return finding.kind, re.sub(r"[\d.]+(e[+-]?\d+)?", "#", finding.text)
