"""Whether a formula that is right at the given inputs is right in general, tested at other inputs.

Special inputs hide mistakes: a bias that is zero, a matrix that is symmetric, a batch of one sample. Two kinds of them
are distinguished:

- *Accidental values*: an input that is zero, constant or an identity matrix, or has magnitudes far apart. A formula is
  not meant for these only. If it is wrong as soon as they are replaced, it is wrong.
- *Properties* that may be meant: symmetric, positive, one-hot, ..., or a relation between inputs. If the formula is
  wrong without one of these, a warning names it.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from autograd_lite.support.conversion import NumberArray
from autograd_lite.support.messages import show
from autograd_lite.testing.comparing.case import Case, formula_name
from autograd_lite.testing.comparing.comparison import Reference
from autograd_lite.testing.comparing.inputs import Inputs, function_name
from autograd_lite.testing.explaining.explanations import mismatch
from autograd_lite.testing.generic.accidents import accident, readable
from autograd_lite.testing.generic.constraints import Constraints
from autograd_lite.testing.generic.elsewhere import Elsewhere
from autograd_lite.testing.generic.generic_inputs import visible
from autograd_lite.testing.generic.needed_labels import needed_label
from autograd_lite.testing.generic.needed_lengths import needed_length
from autograd_lite.testing.generic.properties import PROPERTIES, Property
from autograd_lite.testing.generic.relaxations import RELAXATIONS, without
from autograd_lite.testing.mismatch import Finding, GradientMismatch

_DRAWS_OF_ORDER_ONE = 2  # a single one may have all its units active
_CONFIRMATIONS, _WIDE = 4, 20  # further draws that confirm that a property suffices, and those of order one


def look_again(case: Case, inputs: Inputs, references: list[Reference], constraints: Constraints) -> str | None:
    """Test a formula that is right at these inputs at generic ones.

    Returns
    -------
    str or None
        The condition that the given inputs fulfil and without which the formula is wrong.

    Raises
    ------
    GradientMismatch
        If it is wrong as soon as accidental values are replaced.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what the function warns of at other inputs is no concern of the user
        condition = _condition(case, inputs, references, constraints)
        numbers, names = _integers_as_floats(case, inputs, constraints)
        if condition or not names:
            return condition
        try:
            return _condition(case, numbers, references, constraints)
        except GradientMismatch:  # an integer may be meant to be what it is
            stated = ", ".join(f"{name!r}: 'fixed'" for name in names)
            return (f"it is wrong for other values of the integers in {' and '.join(map(repr, names))}. "
                    f"If these are meant, state it: constraints={{{stated}}}")  # fmt: skip


def _condition(case: Case, inputs: Inputs, references: list[Reference], constraints: Constraints) -> str | None:
    again = _SecondLook(case, inputs, references, constraints)
    return (again.condition() if again.redrawn else None) or needed_label(again) or needed_length(again)


def _integers_as_floats(case: Case, inputs: Inputs, constraints: Constraints) -> tuple[Inputs, list[str]]:
    """The inputs with floats for the integers that function and formula take as numbers; and the names of these.

    Both raise an error for floats in the place of labels, axes and lengths.
    """
    names: list[str] = []
    for i, value in enumerate(inputs.values):
        is_array = isinstance(value, np.ndarray) and value.dtype.kind in "iu" and value.size > 0
        if i in constraints.fixed or not (is_array or (isinstance(value, int) and not isinstance(value, bool))):
            continue
        values = list(inputs.values)
        values[i] = value.astype(np.float64) if is_array else float(value)
        changed = replace(inputs, values=tuple(values))
        try:
            if case.compare(changed, case.references(changed), case.evaluate_formula(changed)).wrong is None:
                inputs, names = changed, [*names, inputs.names[i]]
        except Exception:  # the integers are labels, axes or lengths
            continue
    return inputs, names


class _SecondLook(Elsewhere):
    """The conditions under which a formula is right, and the mistakes that accidental values hide."""

    def condition(self) -> str | None:
        """The condition that the given numbers fulfil, and without which the formula is wrong."""
        free = self.draw(self.free)
        in_general = self.verdict(free).holds
        if not in_general:
            self.refuse_state()
            self.examine_accidents()
            needed = self.needed_property()
            if needed or in_general is False:
                return needed or f"it is wrong, for example, at {self._shown(free)}"
        self.of_order_one = True
        for _ in range(_DRAWS_OF_ORDER_ONE):
            others = self.draw(self.free if in_general else self.kept)
            if self.verdict(others).holds is False:
                return self.needed_property() or f"it is wrong, for example, at {self._shown(others)}"
        return None

    def refuse_state(self) -> None:
        """Raise ValueError if the formula is no longer right at the given inputs, where it was."""
        if self.verdict(self.inputs).holds is False:
            names = f"{function_name(self.case.fn)} or {formula_name(self.case.closed_form)}"
            raise ValueError(f"{names} gave two different results for the same inputs; it must not keep a state")

    # -- accidental values -----------------------------------------------------------------------------------------

    def examine_accidents(self) -> None:
        """Raise the mismatch if the formula is wrong when accidental values alone are replaced."""
        accidents = {i: text for i in self.redrawn if (text := accident(self.array(i)))}
        candidates = [(i,) for i in accidents] + ([tuple(accidents)] if len(accidents) > 1 else [])
        for positions in candidates:
            others = self._refutation(positions)
            if others is not None:
                raise self._hidden(*others, {i: accidents[i] for i in positions})

    def _refutation(self, positions: tuple[int, ...]) -> tuple[Inputs, Reference, NumberArray] | None:
        """Inputs with other values at these positions, if the formula is wrong whatever these inputs are meant to be.

        A vector of zeros may stand for any numbers, but also for nonnegative ones, or for zeros and ones; a matrix of
        zeros for a symmetric one. The formula must not be right in any of these readings; if it is, that is how the
        inputs are read from then on.
        """
        found = None
        for reading in self._readings(positions):
            inputs = readable(self.draw(reading), self.inputs)
            if any(accident(np.asarray(inputs.values[i])) for i in positions):
                continue
            holds, wrong = self.verdict(inputs)
            if holds:
                self.kept.update((i, visible(np.asarray(inputs.values[i]))) for i in positions)
                return None
            if wrong is not None and found is None:
                found = (inputs, *wrong)
        return found

    def _readings(self, positions: tuple[int, ...]) -> Iterable[dict[int, tuple[Property, ...]]]:
        yield {i: self.free[i] for i in positions}
        for prop in PROPERTIES:
            if all(prop.holds(self.array(i)) for i in positions):
                yield {i: (*self.stated[i], prop) for i in positions}

    def _hidden(
        self, inputs: Inputs, reference: Reference, claim: NumberArray, accidents: dict[int, str]
    ) -> GradientMismatch:
        error = mismatch(self.case, inputs, reference, claim)
        names = self.inputs.names
        what = " and ".join(f"{names[i]!r} {text}" for i, text in accidents.items())
        stated = self._as_constraints((i, "fixed") for i in accidents)
        text = (f"it is right at the given inputs, but not in general: there, {what}; "
                f"if that is meant, state it: constraints={stated}")  # fmt: skip
        error.findings = (Finding("hidden", text, cost=0), *error.findings)
        error.reference += f" at {', '.join(f'{names[i]} = {show(inputs.values[i])}' for i in accidents)}"
        error.reference += ", the others as given" if len(accidents) < len(names) else ""
        return error

    # -- properties ------------------------------------------------------------------------------------------------

    def needed_property(self) -> str | None:
        """The condition that the formula needs, in words, with the constraint that states it."""
        typical = self.draw(self.kept)
        holds = self.verdict(typical).holds
        if holds is False:
            return self._needs_numbers(typical)
        base = typical if holds else self.inputs
        needed = [(i, prop) for i in self.redrawn for prop in self._needed(i, base)]
        if needed:
            wrong = self._wrong_with(needed)
            if wrong is not None:
                return self._needs_numbers(wrong)
            conditions = " and ".join(prop.text.format(self.inputs.names[i]) for i, prop in needed)
            stated = self._as_constraints((i, prop.name) for i, prop in needed)
            verb = "suffices" if any(self._is_right_without(each, needed) for each in needed) else "needs"
            return f"it {verb} that {conditions}. If that is meant, state it: constraints={stated}"
        return None

    def _with(self, needed: list[tuple[int, Property]]) -> dict[int, tuple[Property, ...]]:
        return {i: (*self.free[i], *(p for j, p in needed if i == j)) for i in self.redrawn}

    def _is_right_without(self, one: tuple[int, Property], needed: list[tuple[int, Property]]) -> bool:
        """Whether the formula is right at some inputs that have all of the properties except one."""
        enough, (i, prop) = self._with([each for each in needed if each != one]), one
        draws = [self.draw(enough) for _ in range(_CONFIRMATIONS)]
        return any(not prop.holds(np.asarray(x.values[i])) and self.verdict(x).holds is True for x in draws)

    def _wrong_with(self, needed: list[tuple[int, Property]]) -> Inputs | None:
        """Inputs that have these properties and at which the formula is wrong; their numbers vary more and more."""
        enough = self._with(needed)
        given = self.of_order_one
        try:
            for draw in range(_CONFIRMATIONS + _WIDE):
                self.of_order_one = given or draw >= _CONFIRMATIONS
                inputs = self.draw(enough)
                if self.verdict(inputs).holds is False:
                    return inputs
            return None
        finally:
            self.of_order_one = given

    def _needed(self, i: int, base: Inputs) -> list[Property]:
        """The properties of an input without which the formula is wrong."""
        found: list[Property] = []
        failed: list[set[str]] = []
        implied: list[Property] = []
        stated = {p.name for p in self.stated[i]}
        for relaxation in RELAXATIONS:
            own = next((p for name in relaxation.names for p in self.kept[i] if p.name == name), None)
            if own is None or own.name in stated or any(relaxation.dropped >= smaller for smaller in failed):
                continue
            remaining = without(self.kept[i], relaxation.dropped - stated, self.is_data(i))
            if own in remaining:
                implied.append(own)
                continue
            inputs, holds = self.told({i: remaining}, base)
            if own.holds(np.asarray(inputs.values[i])):
                implied.append(own)
            elif holds is False:
                failed.append(relaxation.dropped)
                found.append(own)
        return found or self._sufficient(i, implied, base)

    def _sufficient(self, i: int, implied: list[Property], base: Inputs) -> list[Property]:
        """The weakest of some properties that suffices alone, if the formula is wrong without all of them.

        They are those that others imply: a diagonal matrix is symmetric.
        """
        if implied and self.told({i: self.free[i]}, base)[1] is False:
            for prop in reversed(implied):
                if self.told({i: (*self.free[i], prop)}, base)[1]:
                    return [prop]
        return []

    def _needs_numbers(self, wrong: Inputs) -> str:
        """The condition if there is another relation between the inputs, or within one of them."""
        alone = [i for i in self.redrawn if self.verdict(self.draw({i: self.kept[i]})).holds is False]
        names, stated = self.inputs.names, self._as_constraints((i, "fixed") for i in alone or self.redrawn)
        meant = "that is meant" if len(alone or self.redrawn) == 1 else "these inputs belong together"
        if not alone:
            return f"it is wrong, for example, at {self._shown(wrong)}. If {meant}, state it: constraints={stated}"
        which = " or ".join(f"'{names[i]}' than the given" + self._short(i) for i in alone)
        return f"it is wrong for other numbers in {which}. If {meant}, state it: constraints={stated}"

    def _short(self, i: int) -> str:
        return f" {show(self.inputs.values[i])}" if self.array(i).size == 1 else " ones"

    def _shown(self, inputs: Inputs) -> str:
        """The inputs in a sentence."""
        return ", ".join(f"{name} = {show(value)}" for name, value in zip(inputs.names, inputs.values, strict=True))

    def _as_constraints(self, needed: Iterable[tuple[int, str]]) -> str:
        """The value of ``constraints=`` that states them."""
        names: dict[str, list[str]] = {}
        for i, name in needed:
            names.setdefault(self.inputs.names[i], []).append(name)
        return repr({key: found[0] if len(found) == 1 else tuple(found) for key, found in names.items()})
