"""A case at one set of inputs: the engine's derivatives there, and whether an array or a formula gives them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any

import numpy as np

from autograd_lite.support.conversion import NumberArray
from autograd_lite.testing.case import Case, Reference
from autograd_lite.testing.evidence import tolerance
from autograd_lite.testing.generic_inputs import generic_inputs
from autograd_lite.testing.inputs import Inputs

_DRAWS = 8  # of generic inputs, until the wanted number is usable


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

    def is_right(self, returned: Any) -> bool:
        """Whether it is right for every argument."""
        return self.case.compare(self.inputs, self.references, returned)[1] is None

    @property
    def is_informative(self) -> bool:
        """Whether the derivatives are not all zero."""
        return any(np.abs(reference.values).max(initial=0) > self.case.atol for reference in self.references)

    def numbers(self, returned: Any) -> tuple[NumberArray, NumberArray, NumberArray] | None:
        """All claims, the references, and the allowed differences, as flat arrays; None if a shape is wrong."""
        claims = self.claims(returned)
        if any(claim.shape != r.values.shape for claim, r in zip(claims, self.references, strict=True)):
            return None
        allowed = [np.full(r.values.size, tolerance(r.values, self.case.rtol, self.case.atol)) for r in self.references]
        expected = [r.values.ravel() for r in self.references]
        return np.concatenate([c.ravel() for c in claims]), np.concatenate(expected), np.concatenate(allowed)


def generic_settings(case: Case, inputs: Inputs, count: int) -> list[Setting]:
    """The case at generic inputs at which the formula is wrong too: at most `count`."""
    return list(_usable(case, inputs, count))


def _usable(case: Case, inputs: Inputs, count: int) -> Iterator[Setting]:
    rng = np.random.default_rng(0)
    found = 0
    for _ in range(_DRAWS):
        setting = Setting(case, generic_inputs(inputs, rng))
        try:
            usable = setting.is_informative and not setting.is_right(setting.returned)
        except Exception:  # function or formula may fail at other inputs in any way
            continue
        if usable:
            yield setting
            found += 1
            if found == count:
                return
