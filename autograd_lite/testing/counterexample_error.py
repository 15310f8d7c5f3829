"""The error of a check for the smallest counterexample, with explanations that hold for larger ones too."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from autograd_lite.support.messages import show
from autograd_lite.testing.case import Case
from autograd_lite.testing.explanations import mismatch
from autograd_lite.testing.inputs import NotFiniteError, read_inputs


def counterexample_error(case: Case, smallest: tuple[Any, ...], witnesses: Iterable[tuple[Any, ...]]) -> Exception:
    """The error for the smallest example. `witnesses` are larger ones."""
    inputs = read_inputs(case.fn, smallest)
    references = case.references(inputs)
    try:
        returned = case.evaluate_formula(inputs)
    except Exception as error:
        return error.with_traceback(None)
    wrong = case.compare(inputs, references, returned).wrong
    if wrong is None:
        raise RuntimeError("the function or the formula returned another result than before; is one of them random?")
    if not np.isfinite(wrong[1]).all():
        return NotFiniteError(f"the formula returned {show(wrong[1])}")
    return mismatch(case, inputs, *wrong, [read_inputs(case.fn, witness) for witness in witnesses])
