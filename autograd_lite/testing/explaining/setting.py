"""A case at one set of inputs: the engine's derivatives there, and whether an array or a formula gives them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np

from autograd_lite.support.conversion import NumberArray
from autograd_lite.testing.comparing.case import Case
from autograd_lite.testing.comparing.comparison import Reference
from autograd_lite.testing.comparing.inputs import Inputs
from autograd_lite.testing.diagnosis.evidence import tolerance
from autograd_lite.testing.generic.generic_inputs import generic_array, generic_inputs, like, visible

_CONFIRMATIONS = 6
_DRAWS, _WANTED = 8, 2  # generic inputs that are drawn, until the wanted number of them is usable
_WIDE = 24  # draws that reach the branches of a function on both sides


class Setting:
    """A case at some inputs."""

    def __init__(self, case: Case, inputs: Inputs) -> None:
        self.case, self.inputs = case, inputs

    @cached_property
    def references(self) -> list[Reference]:
        """The engine's derivatives."""
        return self.case.references(self.inputs)

    @cached_property
    def returned(self) -> Any:
        """What the formula returns."""
        return self.case.evaluate_formula(self.inputs)

    def claims(self, returned: Any) -> list[NumberArray]:
        """What a formula returned, as arrays to compare with the references."""
        return self.case.claims(self.inputs, self.references, returned)

    def verdicts(self, returned: Any) -> list[bool]:
        """Whether what a formula returned is right, for each reference."""
        return [self._agree(c, r) for c, r in zip(self.claims(returned), self.references, strict=True)]

    def _agree(self, claim: NumberArray, reference: Reference) -> bool:
        allowed = tolerance(reference.values, self.case.rtol, self.case.atol)
        same_shape = claim.shape == reference.values.shape
        return same_shape and bool((np.abs(claim - reference.values) <= allowed).all())

    def is_right(self, returned: Any) -> bool:
        """Whether it is right for every argument: without the allowances of `compare` for rounding and kinks."""
        return all(self.verdicts(returned))

    @property
    def is_informative(self) -> bool:
        """Whether the derivatives are not all zero."""
        return any(np.abs(reference.values).max(initial=0) > self.case.atol for reference in self.references)

    @cached_property
    def verdict(self) -> bool | None:
        """Whether the formula is right; None where that says nothing: it fails, or the derivatives are zero."""
        try:
            return self.is_right(self.returned) if self.is_informative else None
        except Exception:  # function or formula may fail at other inputs in any way
            return None

    def has_shapes_of(self, other: Setting) -> bool:
        """Whether the inputs have the shapes of others."""
        shapes, others = ([getattr(x, "shape", None) for x in s.inputs.values] for s in (self, other))
        return shapes == others

    def numbers(self, returned: Any) -> tuple[NumberArray, NumberArray, NumberArray] | None:
        """All claims, the references, and the allowed differences, as flat arrays; None if a shape is wrong."""
        claims = self.claims(returned)
        if any(claim.shape != r.values.shape for claim, r in zip(claims, self.references, strict=True)):
            return None
        allowed = [np.full(r.values.size, tolerance(r.values, self.case.rtol, self.case.atol)) for r in self.references]
        expected = [r.values.ravel() for r in self.references]
        return np.concatenate([c.ravel() for c in claims]), np.concatenate(expected), np.concatenate(allowed)


def generic_settings(given: Setting, keep_special: bool) -> tuple[list[Setting], bool]:
    """The case at a few generic inputs at which the formula is wrong too; and whether it is right at some.

    With `keep_special`, inputs that are zero stay as they are.
    """
    wrong, right = list[Setting](), False
    for setting in itertools.islice(_drawn(given, keep_special, 0), _DRAWS):
        right |= setting.verdict is True
        if setting.verdict is False:
            wrong.append(setting)
        if len(wrong) == _WANTED:
            break
    if right and not wrong:  # it may be right on one side of a branch only
        wrong = list(itertools.islice((s for s in wide_settings(given) if s.verdict is False), _WANTED))
    return wrong, right


def wide_settings(given: Setting) -> Iterator[Setting]:
    """The case at generic inputs of order one that vary more than the given ones."""
    rng = np.random.default_rng(2)
    for _ in range(_WIDE):
        values = list(given.inputs.values)
        for i in given.inputs.floats():
            array = np.asarray(values[i])
            values[i] = like(values[i], generic_array(array, rng, visible(array), of_order_one=True))
        yield Setting(given.case, replace(given.inputs, values=tuple(values)))


def confirming_settings(given: Setting, keep_special: bool) -> list[Setting]:
    """The case at further generic inputs, whether the formula is right or wrong there."""
    drawn = itertools.islice(_drawn(given, keep_special, 1), _CONFIRMATIONS)
    return [setting for setting in drawn if setting.verdict is not None]


def _drawn(given: Setting, keep_special: bool, seed: int) -> Iterator[Setting]:
    rng = np.random.default_rng(seed)
    while True:
        drawn = generic_inputs(given.inputs, rng)
        if keep_special:
            pairs = zip(given.inputs.values, drawn.values, strict=True)
            drawn = replace(drawn, values=tuple(old if is_special(old) else new for old, new in pairs))
        yield Setting(given.case, drawn)


def is_special(value: Any) -> bool:
    """Whether an input is zero: a penalty or a bias that is meant to be left out."""
    return isinstance(value, np.ndarray | float) and bool(np.size(value)) and not np.any(value)


def setting_of_both_signs(given: Setting) -> Setting | None:
    """The case at generic inputs of both signs, if the function takes such inputs: it may not need the given signs."""
    rng = np.random.default_rng(1)
    values = list(given.inputs.values)
    for i in given.inputs.floats():
        kept = tuple(p for p in visible(np.asarray(values[i])) if p.name not in _SIGNS)
        values[i] = like(values[i], generic_array(np.asarray(values[i]), rng, kept))
    setting = Setting(given.case, replace(given.inputs, values=tuple(values)))
    return setting if setting.verdict is False else None


_SIGNS = {"between 0 and 1", "positive", "nonnegative", "negative", "increasing"}
