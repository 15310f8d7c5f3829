"""Repairs: the smallest edits of a formula that make it right, at the given inputs and at generic ones.

The formula is recorded as a computation. Each edit of the tables is made in it, and the changed formula is compared
with the engine's derivative.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_lite.support.conversion import NumberArray
from autograd_lite.testing.computation import Computation
from autograd_lite.testing.edits import Edit, View, edits
from autograd_lite.testing.inputs import Inputs
from autograd_lite.testing.insertions import Library, insertions, library
from autograd_lite.testing.mismatch import Finding
from autograd_lite.testing.traced_array import trace

_MOST_CALLS = 400  # of a formula; longer ones are loops, in which an edit of one call explains nothing
_BUDGET = 60_000  # the most calls that are made by all edits together
_ENOUGH = 3

Compare = Callable[[Any], bool]


@dataclass
class Setting:
    """Inputs at which a repair must be right: the values of all calls, of the library, and the comparison."""

    inputs: Inputs
    fits: Compare
    values: list[Any]
    parts: list[NumberArray]


class Repairs:
    """The search for edits of one formula.

    Parameters
    ----------
    formula, function : callable
        The formula, and the function that it belongs to: its intermediate values may be missing in the formula.
    settings : iterable of (Inputs, callable)
        The given inputs and generic ones, each with the function that tells whether what a formula returns is right.
    """

    def __init__(
        self, formula: Callable[..., Any], function: Callable[..., Any], settings: Iterable[tuple[Inputs, Compare]]
    ) -> None:
        pairs = list(settings)
        self.settings: list[Setting] = []
        self._made = 0
        computation = trace(formula, pairs[0][0])
        if computation is None or len(computation.calls) > _MOST_CALLS:
            return
        self.computation = computation
        self.view = View(computation)
        library_of = library(function, pairs[0][0], computation, self.view)
        self.library: Library = library_of
        for inputs, fits in pairs:
            setting = self._setting(formula, inputs, fits)
            if setting is not None:
                self.settings.append(setting)

    def _setting(self, formula: Callable[..., Any], inputs: Inputs, fits: Compare) -> Setting | None:
        """The inputs with all values, or None if the computation does not give what the formula gives there."""
        with np.errstate(all="ignore"):
            try:
                values = self.computation.values(inputs.arrays(), {})
                returned = self.computation.rerun(values, {}, frozenset())
                if not _same(returned, formula(*inputs.arrays())):
                    return None
                return Setting(inputs, fits, values, self.library.values(inputs, values))
            except Exception:  # the formula may fail at other inputs in any way
                return None

    def find(self) -> list[Finding]:
        """The repairs of lowest cost, as findings; pairs of edits only if no single one is right."""
        if len(self.settings) < 2:
            return []
        with np.errstate(all="ignore"):
            singles = list(edits(self.view))
            found = self._right(singles)
            if not found:
                found = self._right(insertions(self.view, self.library))
            if not found:
                found = self._right(_pairs(singles))
        findings: dict[str, Finding] = {}
        for edit in sorted(found, key=lambda edit: edit.cost):
            findings.setdefault(edit.text, Finding(edit.kind, edit.text, (), edit.cost))
        return list(findings.values())[:_ENOUGH]

    def _right(self, candidates: Iterable[Edit]) -> list[Edit]:
        return [edit for edit in candidates if self._made < _BUDGET and all(self._fits(edit, s) for s in self.settings)]

    def _fits(self, edit: Edit, setting: Setting) -> bool:
        changes = edit.changes if edit.make is None else edit.make(setting.parts)
        self._made += sum(1 for number in self.view.needed if not self.computation.calls[number].below.isdisjoint(changes))
        try:
            return setting.fits(self.computation.rerun(setting.values, changes, self.view.needed))
        except Exception:  # the changed formula may fail in any way, mostly because shapes do not fit
            return False


def _pairs(singles: list[Edit]) -> Iterator[Edit]:
    """Two edits of the same kind at different calls."""
    for first, second in itertools.combinations(singles, 2):
        if first.kind == second.kind and first.kind in _IN_PAIRS and first.changes.keys().isdisjoint(second.changes):
            text = f"{first.text}, and {second.text}"
            yield Edit(first.kind, text, first.cost + second.cost, {**first.changes, **second.changes})


_IN_PAIRS = {"transpose", "extra factor", "extra term", "sign", "sum and mean", "exponent"}


def _same(first: Any, second: Any) -> bool:
    if isinstance(first, tuple | list):
        return (
            isinstance(second, tuple | list) and len(first) == len(second) and all(map(_same, first, second))
        )
    return np.shape(first) == np.shape(second) and bool(np.allclose(first, second, rtol=1e-9, atol=1e-12))
