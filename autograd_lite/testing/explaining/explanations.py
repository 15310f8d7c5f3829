"""The explanations of a mismatch, each of them tested at other inputs.

Three sources give explanations:

- `diagnosis`: the arrays (a sign, a factor, a transpose), and the steps of the chain rule in the function,
- `repairs`: edits of the formula,
- `conditions`: what the formula takes for granted about the inputs.

What is reported holds at the given inputs and at others. The others are tried in turn, until something holds: the
witnesses of a search, with other shapes; generic inputs; generic inputs that keep special values, such as zeros.
"""

from __future__ import annotations

import itertools
import re
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from autograd_lite.support.conversion import NumberArray
from autograd_lite.testing.comparing.case import Case, formula_name
from autograd_lite.testing.comparing.comparison import Reference
from autograd_lite.testing.comparing.inputs import Inputs, function_name
from autograd_lite.testing.diagnosis.diagnosis import pairs_of_mistakes, single_mistakes
from autograd_lite.testing.diagnosis.evidence import Evidence, tolerance
from autograd_lite.testing.explaining.case_evidence import evidence_of
from autograd_lite.testing.explaining.conditions import conditions, weak_conditions
from autograd_lite.testing.explaining.repairs import Repairs
from autograd_lite.testing.explaining.setting import (
    Setting,
    confirming_settings,
    generic_settings,
    is_special,
    setting_of_both_signs,
    wide_settings,
)
from autograd_lite.testing.mismatch import Finding, GradientMismatch
from autograd_lite.testing.mismatch_derivation import derivation_of

Diagnosis = Callable[[Evidence, NumberArray, NumberArray], tuple[Finding, ...]]
_WITNESSES, _OF_A_KIND = 2, 2
_SIMPLE = 6  # the highest cost of a single mistake
_RIGHT_ELSEWHERE = Finding(
    "special",
    "it is right at generic inputs of the same shapes: the given ones are special (a kink, a tie, lost digits)",
    cost=1,
)


def mismatch(
    case: Case, inputs: Inputs, reference: Reference, claim: NumberArray, witnesses: Sequence[Inputs] = ()
) -> GradientMismatch:
    """The error for a formula that gives `claim` in place of a reference, with its explanations.

    `witnesses` are further inputs at which the formula is wrong.
    """
    fn, argument = function_name(case.fn), None
    what = f"the value of {fn}"
    if reference.position is not None:
        argument = inputs.names[reference.position]
        kind = "Jacobian" if reference.output_shape else "derivative"
        what = f"the {kind} of {fn} with respect to {argument!r}"
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what function and formula warn of at other inputs is no concern of the user
        findings = _explain(Setting(case, inputs), reference, claim, witnesses)
    allowed = tolerance(reference.values, case.rtol, case.atol)
    error = GradientMismatch(formula_name(case.closed_form), what, argument, claim, reference.values, allowed, findings)
    error.inputs = inputs.values
    if reference.position is not None:
        error.derivation_source = partial(derivation_of, case.fn, inputs, reference.position)
    return error


def _explain(
    given: Setting, reference: Reference, claim: NumberArray, witnesses: Sequence[Inputs]
) -> tuple[Finding, ...]:
    if claim.shape == reference.values.shape and not claim.any():
        return (Finding("zero", "it is zero everywhere, and the derivative is not"), *_verdicts(given, reference))
    at_hand = single_mistakes(evidence_of(given.case, given.inputs, reference), claim, reference.values)
    verdicts = list(_verdicts(given, reference))
    generic, right = generic_settings(given, keep_special=False)
    if right and not generic:
        return (_RIGHT_ELSEWHERE, *verdicts)
    found, contrived = list(at_hand), list[Finding]()
    for others, keep_special in _attempts(given, generic, witnesses):
        if keep_special and contrived:
            break
        found = _holding(given, others, keep_special, reference.position, at_hand)
        if _explained(found):
            return (*_simplest(found), *verdicts)
        contrived = contrived or ([] if all(finding.kind == "part" for finding in found) else found)
    found = contrived or found
    return (*_simplest(found), *verdicts)


def _attempts(
    given: Setting, generic: list[Setting], witnesses: Sequence[Inputs]
) -> Iterator[tuple[list[Setting], bool]]:
    """The other settings at which explanations must hold, the most demanding first; and whether special values stay."""
    found = (Setting(given.case, inputs) for inputs in witnesses)
    wrong = list(itertools.islice((setting for setting in found if setting.verdict is False), _WITNESSES))
    if wrong:
        yield [*generic[:1], *wrong], False
    both_signs = setting_of_both_signs(given)
    if generic and both_signs is not None:
        yield [*generic, both_signs], False
    if generic:
        yield generic, False
    if any(map(is_special, given.inputs.values)):
        special, _ = generic_settings(given, keep_special=True)
        if special:
            yield special, True


def _holding(
    given: Setting, others: list[Setting], keep_special: bool, position: int | None, at_hand: tuple[Finding, ...]
) -> list[Finding]:
    """The explanations that hold at the given inputs and at all others. Contrived ones only if there are no others."""
    found = _confirmed(at_hand, single_mistakes, others, position)
    repairs = Repairs([given, *others], lambda: confirming_settings(given, keep_special))
    found += repairs.small()
    of_same_shapes = [setting.inputs for setting in others if setting.has_shapes_of(given)]

    def is_right(special: Inputs) -> bool | None:
        setting = Setting(given.case, special)
        return setting.is_right(setting.returned) if setting.is_informative else None

    def further() -> Iterator[Inputs]:
        return (setting.inputs for setting in (given, *wide_settings(given)))

    if of_same_shapes:
        used = repairs.used() if repairs.known else set(range(len(given.inputs.names)))
        found += conditions(of_same_shapes, further, used, is_right, repairs.where_used)
    if not _explained(found):
        found += repairs.large()
    if not _explained(found):
        pairs = _diagnosed(given, pairs_of_mistakes, position)
        found += _confirmed(pairs, pairs_of_mistakes, others, position)
    if not _explained(found) and of_same_shapes:
        found += weak_conditions(of_same_shapes, further, is_right)
    return found


def _confirmed(
    findings: Sequence[Finding], diagnosis: Diagnosis, others: list[Setting], position: int | None
) -> list[Finding]:
    """The findings that a diagnosis also gives at other settings, for the same argument."""
    found = list(findings)
    for setting in others:
        found = _common(found, _diagnosed(setting, diagnosis, position)) if found else []
    return found


def _verdicts(setting: Setting, reference: Reference) -> Iterator[Finding]:
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


# -- which explanations are reported ---------------------------------------------------------------------------------


def _explained(findings: list[Finding]) -> bool:
    """Whether one of them says what is wrong, and is not a combination of two that may be chance."""
    return any(
        finding.kind != "part"
        and finding.cost <= _SIMPLE
        and (finding.reasons or finding.kind not in ("factor", "sign + factor"))
        for finding in findings
    )


def _simplest(found: list[Finding]) -> Iterator[Finding]:
    """The findings that are about as simple as the simplest, at most two of a kind, and the places that are right."""
    findings = [f for f in found if not _is_coincidence(f, found) and not any(_says_more(other, f) for other in found)]
    simplest: dict[str, list[int]] = {}
    lowest = min((finding.cost for finding in findings if finding.kind != "part"), default=0)
    for finding in sorted(findings, key=lambda finding: finding.cost):
        costs = simplest.setdefault(finding.kind, [])
        if finding.kind == "part" or (
            finding.cost <= lowest + 1 and (not costs or (len(costs) < _OF_A_KIND and finding.cost == costs[0]))
        ):
            costs.append(finding.cost)
            yield finding


def _says_more(finding: Finding, other: Finding) -> bool:
    """Whether a finding is the other one, with the place in the code."""
    return finding.text.startswith(f"{other.text}, in `")


def _is_coincidence(finding: Finding, others: list[Finding]) -> bool:
    """Whether a number is a length by chance only: a step of the function that knows no length explains it."""
    amount = next((f.text for f in others if f.kind == "factor" and finding.text.endswith(f.text)), "")
    explained = [f.text for f in others if amount and f.text.endswith(f": {amount}") and not _COUNT.search(f.text)]
    counts = all(reason.startswith(("the length", "the number", "√", "N/(N")) for reason in finding.reasons)
    is_mean = amount.endswith("small") and _COUNT.search(finding.text)  # 1/N that nobody has written
    return bool(explained) and bool(is_mean or (finding.reasons and counts))


_COUNT = re.compile(r"\b(mean|sum|1/N)\b")


def _diagnosed(setting: Setting, diagnosis: Diagnosis, position: int | None) -> tuple[Finding, ...]:
    """The explanations for the same argument at another setting."""
    claims = setting.claims(setting.returned)
    for reference, claim in zip(setting.references, claims, strict=True):
        if reference.position == position:
            return diagnosis(evidence_of(setting.case, setting.inputs, reference), claim, reference.values)
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
