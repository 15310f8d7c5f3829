"""All small edits of a formula: at single places, and alike in every place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from autograd_lite.testing.formulas.edits import (
    Edit,
    Row,
    negated,
    reordered,
    replaced,
    transposed,
    without_function,
    without_operand,
)
from autograd_lite.testing.formulas.number_edits import exponents, numbers, options
from autograd_lite.testing.formulas.written_formula import WrittenFormula

ROWS: tuple[Row, ...] = (
    transposed, reordered, replaced, negated, without_function, without_operand, exponents, numbers, options,
)  # fmt: skip


def edits(formula: WrittenFormula) -> Iterator[Edit]:
    """All edits of the table: at single places, and alike in every place."""
    alike: dict[tuple[Any, ...], list[Edit]] = {}
    rows = ((row, number) for number in sorted(formula.needed, reverse=True) for row in ROWS)
    found = (edit for row, number in rows for edit in row(formula, number, formula.calls[number]))
    for edit in merged_by_place(formula, found):
        yield edit
        alike.setdefault(edit.alike, []).append(edit)
    for group in alike.values():
        changes = {number: change for edit in group for number, change in edit.changes.items()}
        if len(group) > 1 and len(changes) == sum(len(edit.changes) for edit in group):
            first = group[0]
            places = f" and in {len(group) - 1} other place{'s' * (len(group) > 2)}"
            yield replace(first, text=first.text + places, cost=first.cost + 1, changes=changes)


def merged_by_place(formula: WrittenFormula, found: Iterable[Edit]) -> Iterator[Edit]:
    """The edits, where those of one place that is evaluated several times are one: in a loop, or in a function.

    Whoever corrects the place corrects all of its evaluations.
    """
    groups: dict[tuple[Any, ...], list[Edit]] = {}
    for edit in found:
        key: Any = edit.text, frozenset(id(formula.calls[number].place) for number in edit.changes)
        while any(not edit.changes.keys().isdisjoint(other.changes) for other in groups.get(key, ())):
            key = (*key, 0)  # another operand of the same call, written alike
        groups.setdefault(key, []).append(edit)
    for group in groups.values():
        changes = {number: change for edit in group for number, change in edit.changes.items()}
        in_helpers = all(map(formula.is_in_helper, changes))  # a function of one's own is right, most often
        yield replace(group[0], changes=changes, cost=group[0].cost + in_helpers)
