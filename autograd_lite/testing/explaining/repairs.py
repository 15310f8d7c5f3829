"""Repairs: the smallest edits of a formula that make it right, at the given inputs and at generic ones.

The formula is recorded as a computation. Each edit of the tables is made in it, and the changed formula is compared
with the engine's derivatives with respect to all arguments.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from autograd_lite.support.conversion import NumberArray
from autograd_lite.testing.diagnosis.evidence import Evidence
from autograd_lite.testing.diagnosis.mistakes import meanings
from autograd_lite.testing.explaining.setting import Setting
from autograd_lite.testing.formulas.computation import Change, Computation
from autograd_lite.testing.formulas.edit_table import edits
from autograd_lite.testing.formulas.edits import Edit
from autograd_lite.testing.formulas.insertions import missing_functions, missing_values
from autograd_lite.testing.formulas.library import Library, library
from autograd_lite.testing.formulas.scales import Part, fitted_factor, parts, quotient, sentence, size
from autograd_lite.testing.formulas.traced_array import retraced, trace
from autograd_lite.testing.formulas.written_formula import WrittenFormula
from autograd_lite.testing.mismatch import Finding

_MOST_CALLS = 400  # of a formula; longer ones are loops, in which an edit of one call explains nothing
_BUDGET = 40_000  # the most calls that all edits of one kind make together, some tenths of a second
_LARGE = 500  # elements, above which a call takes longer
_SAME_CALLS = "this holds where the formula makes the same calls as here"
_IN_PAIRS = {"transpose", "extra factor", "extra term", "sign", "sum and mean", "exponent"}


@dataclass
class _Point:
    """A setting with the computation of the formula there, the values of all calls, and those of the library."""

    setting: Setting
    computation: Computation
    values: list[Any]
    parts: list[NumberArray]


class Repairs:
    """The edits of one formula that are right at all settings, in the words and numbers of the first.

    The last setting is the given one. `confirming` returns more settings, for edits that are right at the others: a
    condition may decide alike at a few inputs.
    """

    def __init__(self, settings: list[Setting], confirming: Callable[[], list[Setting]] = list) -> None:
        case, inputs = settings[0].case, settings[0].inputs
        self._points: list[_Point] = []
        self._made, self._more, self._other_calls = 0, confirming, False
        computation = trace(case.closed_form, inputs)
        if computation is None or len(computation.calls) > _MOST_CALLS:
            return
        self.computation: Computation = computation
        sizes = [np.size(call.value) for call in computation.calls if isinstance(call.value, np.ndarray)]
        self._weight = 1 + max(sizes, default=0) // _LARGE
        self._formula = WrittenFormula(computation, case.closed_form)
        self._library: Library = library(case.fn, inputs, self._formula)
        with np.errstate(all="ignore"):
            points = [self._point(setting) for setting in settings]
        if points[-1] is not None:  # what is said must hold at the given inputs
            self._points = [point for point in points if point is not None]

    def _point(self, setting: Setting) -> _Point | None:
        """The setting with all values, or None if the computation is another one there."""
        try:
            again = retraced(self.computation, setting.case.closed_form, setting.inputs)
            values = [call.value for call in again.calls] if again else []
            if again is None or not _same(again.result(values), setting.returned):
                return None
            return _Point(setting, again, values, self._library.values(setting.inputs, values))
        except Exception:  # the formula may fail at other inputs in any way
            return None

    @property
    def known(self) -> bool:
        """Whether the formula is known as a computation, at more than one setting."""
        return len(self._points) > 1

    def used(self) -> set[int]:
        """The positions of the inputs that the formula depends on."""
        return {number for number in self._formula.needed if self.computation.calls[number].function is None}

    def where_used(self, position: int) -> str:
        """The first place in the function where an input is used: ``, in `a * x```."""
        if not self.known or self._library.function is None:
            return ""
        function = WrittenFormula(self._library.function, self._points[0].setting.case.fn)
        return next((function.where(user) for user, _ in function.uses.get(position, ())), "")

    @cached_property
    def _confirming(self) -> list[_Point]:
        with np.errstate(all="ignore"):
            points = [self._point(setting) for setting in self._more()]
        self._other_calls = any(point is None for point in points)
        return [point for point in points if point is not None]

    # -- the search ------------------------------------------------------------------------------------------------

    def small(self) -> list[Finding]:
        """Edits of single calls, in one place or in all places alike, and parts with another factor."""
        with np.errstate(all="ignore"):
            return self._findings([*self._right(self.edits()), *self._scaled()])

    def large(self) -> list[Finding]:
        """Missing functions; if there is none, two edits of the same kind; else missing values."""
        with np.errstate(all="ignore"):
            found = self._right(missing_functions(self._formula, self._library) if self.known else ())
            found = found or self._right(self._pairs())
            return self._findings(
                found or self._right(missing_values(self._formula, self._library) if self.known else ())
            )

    def _findings(self, found: Iterable[Edit]) -> list[Finding]:
        """The findings, limited where the formula has branches of Python that could not be followed."""
        findings: dict[str, Finding] = {}
        limit = _SAME_CALLS if self._other_calls else ""
        for edit in sorted(found, key=lambda edit: (edit.cost, len(edit.text))):  # small expressions first
            findings.setdefault(edit.text, Finding(edit.kind, edit.text, (), edit.cost, limit=limit))
        return list(findings.values())

    def _pairs(self) -> Iterator[Edit]:
        """Two edits of the same kind at different calls; or a sum that is missing, and an axis that is one too many."""
        small = list(self.edits())
        alike = (pair for pair in itertools.combinations(small, 2) if pair[0].kind == pair[1].kind in _IN_PAIRS)
        inserted = missing_functions(self._formula, self._library) if self.known else ()
        sums = [edit for edit in inserted if "the sum over axis" in edit.text]
        shapes = itertools.product(sums, [edit for edit in small if edit.kind == "new axis"])
        for first, second in itertools.chain(alike, shapes):
            if first.changes.keys().isdisjoint(second.changes):
                text, cost = f"{first.text}, and {second.text}", first.cost + second.cost + 2
                yield Edit(first.kind, text, cost, {**first.changes, **second.changes})

    def edits(self) -> Iterator[Edit]:
        """All small edits."""
        return edits(self._formula) if self.known else iter(())

    def insertions(self) -> Iterator[Edit]:
        """All insertions."""
        if self.known:
            yield from missing_functions(self._formula, self._library)
            yield from missing_values(self._formula, self._library)

    def _right(self, candidates: Iterable[Edit]) -> list[Edit]:
        self._made = 0
        found = [edit for edit in candidates if self._made < _BUDGET and all(self._fits(edit, p) for p in self._points)]
        return [edit for edit in found if all(self._fits(edit, point) for point in self._confirming)]

    def _fits(self, edit: Edit, point: _Point) -> bool:
        changed = self._changed(point, edit.changes if edit.make is None else edit.make(point.parts))
        try:
            return changed is not None and point.setting.is_right(changed)
        except Exception:  # the changed formula may return anything
            return False

    def _changed(self, point: _Point, changes: dict[int, Change]) -> Any:
        """What the changed formula returns; None if it fails, mostly because shapes do not fit."""
        self._made += self.computation.cost(changes, self._formula.needed) * self._weight
        try:
            return point.computation.changed(point.values, changes, self._formula.needed)
        except Exception:
            return None

    def _scaled(self) -> Iterator[Edit]:
        """Parts of the formula that must be multiplied by a number: the same at all settings, or a known quantity."""
        for part in parts(self._formula) if self.known else ():
            factors = list[float]()
            for point in self._points:
                factor = self._factor(part, point)
                if factor is None:
                    break
                factors.append(factor)
            else:
                found = list(self._scaled_edit(part, factors))
                if found and all(self._has_factor(part, point, factors) for point in self._confirming):
                    yield from found

    def _scaled_edit(self, part: Part, factors: list[float]) -> Iterator[Edit]:
        """The edit, if the factor is the same at all settings, or is the same length at all of them."""
        known = [set(self._lengths(point, size(factor))) for point, factor in zip(self._points, factors, strict=True)]
        reasons = tuple(sorted(set.intersection(*known)))
        is_constant = np.allclose(factors, factors[0], rtol=1e-6, atol=1e-9)
        if not is_constant and not reasons and part.number is not None:
            given = [point.computation.calls[part.call].operands[part.position] for point in self._points]
            lengths = [point.setting.inputs.lengths() for point in self._points]
            text = quotient(part, np.multiply(factors, given), lengths)
            if text:
                yield Edit("number", text, 4, {})
        if not is_constant and (not reasons or len({factor > 0 for factor in factors}) > 1):
            return
        named = sentence(part, factors[0], reasons, is_constant)
        if named is not None:
            yield Edit(named[0], named[1], 4 if "which is" in named[1] else 3, {})

    def _has_factor(self, part: Part, point: _Point, factors: list[float]) -> bool:
        """Whether a part must be multiplied, at another point of the same shapes, by the same number as at the others.

        Points of other shapes say nothing: the number may be a length.
        """
        lengths = point.setting.inputs.lengths()
        pairs = zip(self._points, factors, strict=True)
        alike = [factor for other, factor in pairs if other.setting.inputs.lengths() == lengths]
        changed = self._changed(point, {part.call: part.scaled(alike[0])}) if alike else None
        try:
            return not alike or point.setting.is_right(changed)
        except Exception:  # the changed formula may return anything
            return False

    @staticmethod
    def _lengths(point: _Point, number: float) -> tuple[str, ...]:
        """The lengths that have a value."""
        case = point.setting.case
        evidence = Evidence(point.setting.inputs.numbers(), None, 0, case.rtol, case.atol)
        return tuple(reason for reason in meanings(evidence, number) if reason.startswith("the length"))

    def _factor(self, part: Part, point: _Point) -> float | None:
        numbers = point.setting.numbers
        try:
            now, doubled = numbers(point.setting.returned), numbers(self._changed(point, {part.call: part.scaled(2.0)}))
            if now is None or doubled is None:
                return None
            factor = fitted_factor(now[0], doubled[0], now[1], now[2])
            if factor is None or not point.setting.is_right(self._changed(point, {part.call: part.scaled(factor)})):
                return None
            return factor
        except Exception:  # the changed formula may return anything
            return None


def _same(first: Any, second: Any) -> bool:
    if isinstance(first, tuple | list):
        return isinstance(second, tuple | list) and len(first) == len(second) and all(map(_same, first, second))
    return np.shape(first) == np.shape(second) and bool(np.allclose(first, second, rtol=1e-9, atol=1e-12))
