"""Kinks in the steps of a derivation: whether a derivative that the engine does not give is a one-sided one.

The derivative with respect to an intermediate value cannot be taken numerically in a function that computes the value
itself. But around a kink the function is smooth almost everywhere, and the derivatives there have the one-sided
derivatives as their limits.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from autograd_lite.testing.comparing.case import Case
from autograd_lite.testing.comparing.inputs import Inputs

_DRAWS = 16
_STEP = 1e-7  # relative to the largest element of an input
_LIMIT = 1e-4  # how far a derivative there may be from its limit, relative to the largest


def inputs_beside_a_kink(case: Case, inputs: Inputs) -> Inputs | None:
    """Inputs beside the given ones, if the formula is right there and what it gives here lies between the derivatives.

    None if the formula is wrong beside the given inputs too, or gives something else here.
    """
    rng = np.random.default_rng(0)
    here = case.claims(inputs, case.references(inputs), case.evaluate_formula(inputs))[0]
    derivatives = []
    beside = inputs
    for _ in range(_DRAWS):
        beside = replace(inputs, values=tuple(_moved(value, rng) for value in inputs.values))
        try:
            references = case.references(beside)
            comparison = case.compare(beside, references, case.evaluate_formula(beside))
        except Exception:  # the function may not be defined there
            return None
        if comparison.wrong or comparison.undecided or comparison.caveats:
            return None
        derivatives.append(references[0].values)
    lowest, highest = np.min(derivatives, axis=0), np.max(derivatives, axis=0)
    tolerance = _LIMIT * max(np.abs(lowest).max(initial=0), np.abs(highest).max(initial=0))
    if here.shape != lowest.shape or not ((here >= lowest - tolerance) & (here <= highest + tolerance)).all():
        return None
    return beside


def _moved(value: Any, rng: np.random.Generator) -> Any:
    """An array or a number a little beside a given one."""
    if isinstance(value, np.ndarray) and value.dtype.kind == "f":
        return value + _STEP * (np.abs(value).max(initial=0) or 1.0) * rng.normal(size=value.shape)
    return value + _STEP * (abs(value) or 1.0) * rng.normal() if isinstance(value, float) else value
