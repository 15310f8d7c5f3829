"""The explanations of a mismatch: from its arrays, its formula, its function and its inputs; tested at other inputs."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from dataclasses import replace
from functools import cache

import numpy as np

from autograd_lite.support.conversion import NumberArray
from autograd_lite.testing.case import Case, Reference, formula_name
from autograd_lite.testing.conditions import conditions, weak_conditions
from autograd_lite.testing.diagnosis import diagnose
from autograd_lite.testing.evaluation import as_array, derivatives, tensor_result
from autograd_lite.testing.evidence import Evidence, tolerance
from autograd_lite.testing.inputs import Inputs, function_name
from autograd_lite.testing.mismatch import Finding, GradientMismatch
from autograd_lite.testing.recorded import Recorded, has_square
from autograd_lite.testing.repairs import Repairs
from autograd_lite.testing.setting import Setting, generic_settings, setting_of_both_signs
from autograd_lite.testing.wrong_steps import mistaken_gradients

_GENERIC = 2
_SIMPLE = 6  # the highest cost of a single mistake


def mismatch(case: Case, inputs: Inputs, reference: Reference, claim: NumberArray) -> GradientMismatch:
    """The error for a formula that gives `claim` in place of a reference, with its explanations."""
    fn, argument = function_name(case.fn), None
    what = f"the value of {fn}"
    if reference.position is not None:
        argument = inputs.names[reference.position]
        kind = "Jacobian" if reference.output_shape else "derivative"
        what = f"the {kind} of {fn} with respect to {argument!r}"
    findings = explain(case, inputs, reference, claim)
    allowed = tolerance(reference.values, case.rtol, case.atol)
    error = GradientMismatch(formula_name(case.closed_form), what, argument, claim, reference.values, allowed, findings)
    error.inputs = inputs.values
    return error


def explain(case: Case, inputs: Inputs, reference: Reference, claim: NumberArray) -> tuple[Finding, ...]:
    """The explanations that hold at the given inputs and at generic ones, simplest first."""
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what function and formula warn of at other inputs is no concern of the user
        return tuple(_explain(case, inputs, reference, claim))


def _explain(case: Case, inputs: Inputs, reference: Reference, claim: NumberArray) -> Iterator[Finding]:
    given = Setting(case, inputs)
    others, right_elsewhere = generic_settings(case, inputs, _GENERIC)
    if right_elsewhere and not others:
        yield _RIGHT_ELSEWHERE
        yield from _other_arguments(given, reference)
        return
    found = list(diagnose(evidence_of(case, inputs, reference), claim, reference.values))
    if not others:
        yield from found
        yield from _other_arguments(given, reference)
        return
    found = _common(found, _diagnosed(others[0], reference.position))
    both_signs = setting_of_both_signs(case, inputs)
    if both_signs is not None:
        found = _common(found, _diagnosed(both_signs, reference.position)) or found
    repairs = Repairs([given, *others], both_signs)

    def is_right(special: Inputs) -> bool:
        setting = Setting(case, special)
        return setting.is_informative and setting.is_right(setting.returned)

    other_inputs = [setting.inputs for setting in others]
    used = repairs.used() if repairs.known else set(range(len(inputs.names)))
    found += repairs.small() + conditions(other_inputs, used, is_right, repairs.where_used)
    if not _explained(found):
        found += repairs.large()
    if not _explained(found):
        found += weak_conditions(other_inputs, used, is_right)
    yield from _simplest(sorted(found, key=lambda finding: finding.cost))
    yield from _other_arguments(given, reference)


_RIGHT_ELSEWHERE = Finding(
    "special",
    "it is right at generic inputs of the same shapes: the given ones are special, such as a kink or a tie",
    cost=1,
)


def _other_arguments(setting: Setting, reference: Reference) -> Iterator[Finding]:
    """Which of the other arguments are wrong too, and which are right."""
    if len(setting.references) == 1:
        return
    names: dict[bool, list[str]] = {True: [], False: []}
    for other, is_right in zip(setting.references, setting.verdicts(setting.returned), strict=True):
        if other.position is not None and other.position != reference.position:
            names[is_right].append(repr(setting.inputs.names[other.position]))
    words = {False: "it is wrong too", True: "it is right"}
    texts = [f"with respect to {', '.join(names[key])} {words[key]}" for key in (False, True) if names[key]]
    yield Finding("part", "; ".join(texts), cost=9)


def _explained(findings: list[Finding]) -> bool:
    """Whether one of them says what is wrong, and is not a combination of two that may be chance."""
    return any(
        finding.kind != "part"
        and finding.cost <= _SIMPLE
        and (finding.reasons or finding.kind not in ("factor", "sign + factor"))
        for finding in findings
    )


def _simplest(findings: list[Finding]) -> Iterator[Finding]:
    """The findings that are about as simple as the simplest, with the simplest of each kind, and the places."""
    simplest: dict[str, int] = {}
    lowest = min((finding.cost for finding in findings if finding.kind != "part"), default=0)
    for finding in findings:
        if finding.kind == "part" or finding.cost <= min(lowest + 1, simplest.setdefault(finding.kind, finding.cost)):
            yield finding


def _diagnosed(setting: Setting, position: int | None) -> tuple[Finding, ...]:
    """The explanations for the same argument at another setting."""
    claims = setting.claims(setting.returned)
    for reference, claim in zip(setting.references, claims, strict=True):
        if reference.position == position:
            return diagnose(evidence_of(setting.case, setting.inputs, reference), claim, reference.values)
    return ()


def _common(findings: list[Finding], others: tuple[Finding, ...]) -> list[Finding]:
    """The findings in both, with their common reasons; a number must be the same, or have a common reason."""
    common = []
    for finding in findings:
        for other in others:
            reasons = tuple(reason for reason in finding.reasons if reason in other.reasons)
            if finding.text == other.text and (reasons or not finding.reasons):
                common.append(replace(finding, reasons=reasons))
                break
            if reasons and _without_numbers(finding) == _without_numbers(other):
                common.append(replace(finding, reasons=reasons))
                break
    return common


def _without_numbers(finding: Finding) -> tuple[str, str]:
    return finding.kind, re.sub(r"[\d.]+(e[+-]?\d+)?", "#", finding.text)


# -- the evidence of a diagnosis ---------------------------------------------------------------------------------------


def evidence_of(case: Case, inputs: Inputs, reference: Reference) -> Evidence:
    """What a diagnosis of one derivative works on."""
    named = case.intermediates(*inputs.arrays()) if case.intermediates else {}
    intermediates = {name: as_array(value, f"intermediates: {name!r} is") for name, value in named.items()}
    size, position = len(reference.output_shape), reference.position
    argument = None if position is None else inputs.names[position]
    evidence = Evidence(inputs.numbers(), argument, size, case.rtol, case.atol, intermediates)
    if position is None:
        return evidence
    recorded = cache(lambda: Recorded(case.fn, inputs, position))
    return replace(
        evidence,
        has_square=lambda: has_square(recorded()),
        other_gradients=cache(lambda: _other_gradients(case, inputs, position)),
        mistaken_gradients=cache(lambda: tuple(mistaken_gradients(recorded(), inputs.names[position]))),
    )


def _other_gradients(case: Case, inputs: Inputs, position: int) -> dict[str, NumberArray]:
    others = [i for i in inputs.floats() if i != position]
    try:
        result, tensors = tensor_result(case.fn, inputs, inputs.floats())
        return {inputs.names[i]: jacobian for i, jacobian in derivatives(result, tensors, others).items()}
    except Exception:  # they are only evidence, and fn need not have these gradients
        return {}
