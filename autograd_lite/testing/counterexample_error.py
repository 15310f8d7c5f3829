"""The error of a check for the smallest counterexample, with explanations that hold for larger ones too."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from autograd_lite.support.messages import show
from autograd_lite.testing.comparing.case import Case, formula_name
from autograd_lite.testing.comparing.inputs import read_inputs
from autograd_lite.testing.mismatch import Finding
from autograd_lite.testing.refutation import refutation


def counterexample_error(case: Case, smallest: tuple[Any, ...], examples: Iterable[tuple[Any, ...]]) -> Exception:
    """The error for the smallest example. `examples` are larger ones."""
    inputs = read_inputs(case.fn, smallest)
    references = case.references(inputs)
    try:
        comparison = case.compare(inputs, references, case.evaluate_formula(inputs))
    except Exception as error:
        return error.with_traceback(None)
    if comparison.wrong is None:
        raise RuntimeError("the function or the formula returned another result than before; is one of them random?")
    return refutation(case, inputs, references, comparison, [read_inputs(case.fn, example) for example in examples])


def failure(case: Case, inputs: tuple[Any, ...], error: Exception) -> Finding:
    """The last finding of a mismatch: at other inputs the formula fails."""
    names = read_inputs(case.fn, inputs).names
    where = ", ".join(f"{name} = {show(value)}" for name, value in zip(names, inputs, strict=True))
    what = str(error).replace("; there is nothing to compare", "")  # here there is: the mismatch
    return Finding("failure", f"at {where} {formula_name(case.closed_form)} fails: {what}", cost=9)
