"""The explanations of a mismatch, each of them tested at other inputs.

Three sources give explanations:

- `diagnosis`: the arrays (a sign, a factor, a transpose), and the steps of the chain rule in the function,
- `repairs`: edits of the formula,
- `conditions`: what the formula takes for granted about the inputs.

What is reported holds at the given inputs and at others: generic numbers, other lengths of the axes, other integers. A
search finds the smallest inputs, where little shows; its larger examples tell what generic inputs are. If nothing holds
so, inputs that keep special values, such as zeros, are tried, and the given lengths alone, which is said then.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import NamedTuple

import numpy as np

from autograd_lite.support.conversion import NumberArray
from autograd_lite.testing.comparing.case import Case, formula_name
from autograd_lite.testing.comparing.comparison import Reference
from autograd_lite.testing.comparing.inputs import Inputs, function_name
from autograd_lite.testing.diagnosis.diagnosis import pairs_of_mistakes, single_mistakes
from autograd_lite.testing.diagnosis.evidence import tolerance
from autograd_lite.testing.explaining.case_evidence import evidence_of
from autograd_lite.testing.explaining.conditions import conditions, weak_conditions
from autograd_lite.testing.explaining.confirmation import common, confirmed, diagnosed, not_refuted, telling
from autograd_lite.testing.explaining.other_settings import OtherSettings, usable_examples
from autograd_lite.testing.explaining.repairs import Repairs
from autograd_lite.testing.explaining.setting import Setting
from autograd_lite.testing.mismatch import Finding, GradientMismatch
from autograd_lite.testing.mismatch_derivation import derivation_of

_OF_A_KIND = 2
_SIMPLE = 6  # the highest cost of a single mistake
_RIGHT_ELSEWHERE = Finding(
    "special",
    "it is right at generic inputs of the same shapes: the given ones are special (a kink, a tie, lost digits)",
    cost=1,
)
_INTEGERS = "this holds for the given integers only"
_LENGTHS = "this holds for the given lengths of the axes only"
_EQUAL_LENGTHS = "this holds while axes of equal length keep one length"
_ZERO = Finding("zero", "it is zero everywhere, and the derivative is not")
_ZERO_HERE = Finding("zero", "it is zero here, and the derivative is not")


def mismatch(
    case: Case, inputs: Inputs, reference: Reference, claim: NumberArray, examples: Sequence[Inputs] = ()
) -> GradientMismatch:
    """The error for a formula that gives `claim` in place of a reference, with its explanations.

    `examples` are further inputs at which the formula is wrong, the most varied first.
    """
    fn, argument = function_name(case.fn), None
    what = f"the value of {fn}"
    if reference.position is not None:
        argument = inputs.names[reference.position]
        kind = "Jacobian" if reference.output_shape else "derivative"
        what = f"the {kind} of {fn} with respect to {argument!r}"
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what function and formula warn of at other inputs is no concern of the user
        findings = _explain(Setting(case, inputs), reference, claim, examples)
    allowed = tolerance(reference.values, case.rtol, case.atol)
    error = GradientMismatch(formula_name(case.closed_form), what, argument, claim, reference.values, allowed, findings)
    error.inputs = inputs.values
    if reference.position is not None:
        error.derivation_source = partial(derivation_of, case.fn, inputs, reference.position)
    return error


def _explain(
    given: Setting, reference: Reference, claim: NumberArray, examples: Sequence[Inputs]
) -> tuple[Finding, ...]:
    others, position = OtherSettings(given, usable_examples(given, examples)), reference.position
    evidence = evidence_of(given.case, given.inputs, reference)
    known_wrong = replace(evidence, is_confirmed=bool(others.examples))  # so that zeros say something too
    at_hand = single_mistakes(known_wrong, claim, reference.values)
    if others.examples and others.generic:
        at_hand = _in_numbers_of(at_hand, diagnosed(others.generic[0], single_mistakes, position))
    verdicts = tuple(_verdicts([given, *others.generic], position))
    if others.are_right:
        return (_RIGHT_ELSEWHERE, *verdicts)
    is_zero = _is_zero(given, position)
    if is_zero and all(_is_zero(s, position) for s in (*others.generic, *others.wide()) if s.verdict is False):
        return (_ZERO, *verdicts)
    contrived, is_tested = list[Finding](), False
    for attempt in _attempts(others):
        is_tested = True
        found = attempt.limited(_holding(given, attempt, position, at_hand))
        if _explained(found):
            return (*_simplest(found), *verdicts)
        contrived = contrived or ([] if all(finding.kind == "part" for finding in found) else found)
    if not is_tested:
        return (*_simplest(list(single_mistakes(evidence, claim, reference.values))), *verdicts)
    places = [finding for finding in at_hand if finding.kind == "part"]
    found = contrived or confirmed(places, single_mistakes, others.generic, position)
    zero = [_ZERO_HERE] if is_zero and not contrived else []
    return (*zero, *_simplest(found), *verdicts)


def _in_numbers_of(given: tuple[Finding, ...], generic: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """The findings at generic inputs, with the numbers at the given ones; those of amounts must be found there too."""
    found = list[Finding]()
    for finding in generic:
        same = common(list(given), (finding,))
        found += same[:1] or ([] if "times too" in finding.text else [finding])
    return tuple(found)


class _Attempt(NamedTuple):
    """Settings at which explanations must hold, how they were drawn, and what they leave as it is."""

    settings: list[Setting]
    draws: OtherSettings
    only: str = ""
    is_large: bool = True  # whether functions and values are searched that may be missing

    def limited(self, findings: list[Finding]) -> list[Finding]:
        """The findings, with what they are limited to. A label is one only if other integers are."""
        if not self.only:
            return findings
        dropped = ("label", "part") if self.only == _INTEGERS else ("part",)
        return [
            replace(f, limit=f"{f.limit}; {self.only}" if f.limit else self.only)
            for f in findings
            if f.kind not in dropped
        ]


def _attempts(others: OtherSettings) -> Iterator[_Attempt]:
    """The other settings at which explanations must hold, the most demanding first.

    What holds only for the given lengths or integers says so.
    """
    generic, signs = others.generic, others.of_both_signs()
    lengths, integers = others.of_other_lengths(), others.of_other_integers()
    if signs:
        yield _Attempt([*lengths, *generic, *signs, *integers], others)
    if generic:
        yield _Attempt([*lengths, *generic, *integers], others)
    if others.has_special:
        special = OtherSettings(others.given, others.examples, keep_special=True)
        if special.generic:
            yield _Attempt([*special.of_other_lengths(), *special.generic, *special.of_other_integers()], special)
    if generic and integers:
        yield _Attempt([*lengths, *generic], others, _INTEGERS)
    if generic and lengths:
        together = others.of_other_lengths(together=True)
        if together:
            yield _Attempt([*together, *generic, *integers], others, _EQUAL_LENGTHS)
        yield _Attempt([*generic, *integers], others, _LENGTHS, is_large=False)


def _holding(given: Setting, attempt: _Attempt, position: int | None, at_hand: tuple[Finding, ...]) -> list[Finding]:
    """The explanations that hold at the given inputs and at all others. Contrived ones only if there are no others."""
    others, draws = attempt.settings, attempt.draws
    found = confirmed(at_hand, single_mistakes, others, position)
    found = not_refuted(found, draws.on_all_sides, position) if found else []
    repairs = Repairs([*others, given], draws.confirming)
    found += repairs.small()

    def is_right(special: Inputs) -> bool | None:
        setting = Setting(given.case, special)
        return setting.is_right(setting.returned) if setting.is_informative else None

    def further() -> Iterator[Inputs]:
        return (setting.inputs for setting in (given, *draws.on_all_sides, *draws.wide()))

    inputs = [setting.inputs for setting in others]
    used = repairs.used() if repairs.known else set(range(len(given.inputs.names)))
    found += conditions(inputs, further, used, is_right, repairs.where_used)
    if not _explained(found) and attempt.is_large:
        found += repairs.large()
    if not _explained(found):
        pairs = diagnosed(given, pairs_of_mistakes, position)
        found += confirmed(pairs, pairs_of_mistakes, [*others, *telling(draws.on_all_sides, position)], position)
    if not _explained(found):
        found += weak_conditions(inputs, further, is_right)
    return found


def _is_zero(setting: Setting, position: int | None) -> bool:
    """Whether the formula is zero there, with the right shape."""
    claims = zip(setting.references, setting.claims(setting.returned), strict=True)
    return any(r.position == position and c.shape == r.values.shape and not c.any() for r, c in claims)


def _verdicts(settings: Sequence[Setting], position: int | None) -> Iterator[Finding]:
    """Which of the other arguments are wrong too, and which are right at all settings."""
    given = settings[0]
    if len(given.references) == 1:
        return
    names: dict[bool, list[str]] = {True: [], False: []}
    verdicts = zip(*(setting.verdicts(setting.returned) for setting in settings), strict=True)
    for other, are_right in zip(given.references, verdicts, strict=True):
        if other.position is not None and other.position != position:
            names[all(are_right)].append(repr(given.inputs.names[other.position]))
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
