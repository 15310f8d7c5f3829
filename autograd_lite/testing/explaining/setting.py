"""A case at one set of inputs: the engine's derivatives there, and whether an array or a formula gives them."""

from __future__ import annotations

import copy
from functools import cached_property
from typing import Any

import numpy as np

from autograd_lite.support.conversion import NumberArray
from autograd_lite.testing.comparing.case import Case
from autograd_lite.testing.comparing.comparison import Reference
from autograd_lite.testing.comparing.inputs import Inputs
from autograd_lite.testing.diagnosis.evidence import tolerance

_LOOSE = 1e-4  # of the largest element; where terms cancel, five digits may be left


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

    def right_shapes(self) -> list[bool]:
        """Whether what the formula returns has the right shape, for each reference."""
        claims = self.claims(self.returned)
        return [claim.shape == r.values.shape for claim, r in zip(claims, self.references, strict=True)]

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

    def loosely(self) -> Setting:
        """The setting with a tolerance for digits that are lost there: what a mistake changes is more."""
        loose = copy.copy(self)
        loose.case = self.case._replace(rtol=max(self.case.rtol, _LOOSE))
        return loose

    def numbers(self, returned: Any) -> tuple[NumberArray, NumberArray, NumberArray] | None:
        """All claims, the references, and the allowed differences, as flat arrays; None if a shape is wrong."""
        claims = self.claims(returned)
        if any(claim.shape != r.values.shape for claim, r in zip(claims, self.references, strict=True)):
            return None
        allowed = [np.full(r.values.size, tolerance(r.values, self.case.rtol, self.case.atol)) for r in self.references]
        expected = [r.values.ravel() for r in self.references]
        return np.concatenate([c.ravel() for c in claims]), np.concatenate(expected), np.concatenate(allowed)
