"""The error for a formula that disagrees: the mismatch with its explanation, or what keeps it from being one."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np

from autograd_lite.support.conversion import NumberArray
from autograd_lite.testing.comparing.argument_order import in_order_of, order_of_parameters
from autograd_lite.testing.comparing.case import Case, formula_name
from autograd_lite.testing.comparing.comparison import Comparison, Reference
from autograd_lite.testing.comparing.inputs import Inputs, NotFiniteError, function_name, refuse_non_finite
from autograd_lite.testing.comparing.rounding import rounding_error
from autograd_lite.testing.diagnosis.evidence import tolerance
from autograd_lite.testing.explaining.explanations import mismatch
from autograd_lite.testing.formulas.non_finite import first_non_finite
from autograd_lite.testing.mismatch import Finding, GradientMismatch

_SINGLE = 1e-3  # larger relative differences are no rounding errors of float32
_PRECISIONS = {"float32": float(np.finfo(np.float32).eps), "float16": float(np.finfo(np.float16).eps)}


def refutation(
    case: Case,
    inputs: Inputs,
    references: list[Reference],
    comparison: Comparison,
    examples: Sequence[Inputs] = (),
) -> GradientMismatch | ValueError:
    """The error for a comparison with a wrong claim. `examples` are further inputs at which it is wrong.

    It is a ValueError if the claim is not finite.
    """
    assert comparison.wrong is not None
    reference, claim = comparison.wrong
    name, k = formula_name(case.closed_form), [other.position for other in references].index(reference.position)
    try:
        refuse_non_finite(claim, f"what {name} returned")
    except NotFiniteError as problem:
        place = first_non_finite(case.closed_form, inputs)
        return NotFiniteError(f"{problem}: {place}" if place else str(problem))
    error = mismatch(case, inputs, reference, claim, examples)
    precision = _low_precision(case, inputs, references, k, claim)
    if precision:
        error.findings = (precision,)
    error.findings += tuple(_changed_inputs(case, inputs))
    error.findings = tuple(_misplaced(case, inputs, error.findings))
    return error


def _misplaced(case: Case, inputs: Inputs, findings: tuple[Finding, ...]) -> Iterator[Finding]:
    """The findings, after one for parameters in another order, or for function and formula that are swapped."""
    order = order_of_parameters(case.fn, case.closed_form)
    if order:
        by_name = case._replace(closed_form=in_order_of(case.fn, case.closed_form))
        is_right = _is_right(by_name, inputs)
        yield Finding("order", f"{order}; called by name it is {'right' if is_right else 'wrong too'}", cost=0)
        if is_right:
            return
    if not findings and _is_right(case._replace(fn=case.closed_form, closed_form=case.fn), inputs):
        text = "its derivative is the function: the function is the first argument, and the formula the second"
        yield Finding("swapped", text, cost=0)
    yield from findings


def _is_right(case: Case, inputs: Inputs) -> bool:
    try:
        comparison = case.compare(inputs, case.references(inputs), case.evaluate_formula(inputs))
    except Exception:  # it may fail in any way
        return False
    return comparison.wrong is None and not comparison.undecided


def _changed_inputs(case: Case, inputs: Inputs) -> Iterator[Finding]:
    """A finding for arrays that the formula changes in place."""
    arrays = inputs.arrays()
    case.evaluate_formula(inputs, arrays)
    changed = [
        repr(key)
        for key, before, after in zip(inputs.names, inputs.values, arrays, strict=True)
        if isinstance(before, np.ndarray) and not np.array_equal(before, after)
    ]
    if changed:
        name = formula_name(case.closed_form)
        text = f"{name} changes its input {' and '.join(changed)} in place, and goes on with other numbers"
        yield Finding("in place", text, cost=9)


def _low_precision(
    case: Case, inputs: Inputs, references: list[Reference], k: int, claim: NumberArray
) -> Finding | None:
    """The finding that all differences are rounding errors of a lower precision, in the formula or in the function.

    They change with the last digits of that precision.
    """
    expected = references[k].values
    if claim.shape != expected.shape:
        return None
    allowed, difference = tolerance(expected, case.rtol, case.atol), np.abs(claim - expected)
    lowest = _lowest_precision(case, inputs)
    for dtype, epsilon in _PRECISIONS.items():
        changes = ((2 * epsilon, 0.0, True), (0.0, 2 * epsilon, True))
        derivative, formula = partial(case.derivative, k=k), partial(case.claim, references, k)
        error = rounding_error(derivative, formula, inputs, expected, claim, allowed, changes).error
        explained = difference <= allowed + error
        is_small = np.max(difference) <= _SINGLE * np.max(np.abs(expected), initial=0.0)
        known = dtype in lowest or (dtype == "float32" and is_small and explained.flat[np.argmax(difference)])
        if known and (explained | (difference <= epsilon * np.max(np.abs(expected), initial=0.0))).all():
            who = lowest.get(dtype, f"{formula_name(case.closed_form)} or {function_name(case.fn)}")
            rtol = 10.0 ** math.ceil(math.log10(np.max(difference) / np.max(np.abs(expected), initial=1e-300)))
            text = (
                f"only rounding: {who} computes in {dtype}, with errors of this size; rtol={rtol:.0e} allows for them"
            )
            return Finding("rounding", text, cost=0)
    return None


def _lowest_precision(case: Case, inputs: Inputs) -> dict[str, str]:
    """The name of the formula, or else of the function, by the dtype of its result."""
    with np.errstate(all="ignore"):
        result = case.fn(*inputs.tensors(()))
    returned = case.evaluate_formula(inputs)
    items = returned if isinstance(returned, tuple | list) else (returned,)
    dtypes = {str(getattr(result, "dtype", "")): function_name(case.fn)}
    return dtypes | {str(getattr(item, "dtype", "")): formula_name(case.closed_form) for item in items}
