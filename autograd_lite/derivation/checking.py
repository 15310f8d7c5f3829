"""Every formula is evaluated and compared with the engine's numbers before it is printed, also at other inputs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from autograd_lite.derivation.constants import Formula
from autograd_lite.derivation.formula import UnknownValueError, alike, evaluate, symbols
from autograd_lite.derivation.other_inputs import Trials


class WrongFormulaError(AssertionError):
    """A simplified formula has a wrong value: an error in this library. The formula is not printed."""


def agrees(formula: Formula, value: Any, dtype: Any, known: bool = False, seen: dict[int, Any] | None = None) -> bool:
    """Whether a formula has the given value, to the accuracy of the dtype.

    A value of None agrees with every formula. A formula whose value is unknown agrees unless it must be `known`.
    `seen` holds values of subformulas, by identity.
    """
    if value is None:
        return True
    seen = {} if seen is None else dict(seen)
    try:
        result = np.asarray(evaluate(formula, seen), np.float64)
    except UnknownValueError:
        return not known
    except Exception:  # an operation may reject these numbers in any way
        return False
    value = np.asarray(value, np.float64)
    if result.shape != value.shape:
        return False
    # Rounding errors are relative to the largest intermediate value: cancellation can leave a much smaller result.
    largest = max((_largest(part) for part in (*seen.values(), value)), default=0.0)
    digits = np.finfo(dtype if np.dtype(dtype).kind == "f" else np.float64).eps
    # Saved values are rounded already, and sums accumulate such errors.
    tolerance = min(1e4 * digits, 0.05) * largest
    with np.errstate(all="ignore"):
        near = np.abs(result - value) <= tolerance
    return bool(np.all(near | (result == value) | (np.isnan(result) & np.isnan(value))))


def _largest(value: Any) -> float:
    if not isinstance(value, np.ndarray | np.generic | int | float) or not np.size(value):
        return 0.0
    array = np.abs(np.asarray(value, np.float64))
    return float(np.max(array, where=np.isfinite(array), initial=0.0))


def holds(formula: Formula, trials: Trials, numbers: Mapping[int, Any]) -> bool:
    """Whether a formula has the given values at other inputs, in all trials that have not ended."""
    return all(
        agrees(formula, number, trials.dtype, known=True, seen=trials.values(formula, trial))
        for trial, number in numbers.items() if trial in trials.living
    )  # fmt: skip


def proved(
    forms: Iterable[Formula], written: Formula, value: Any, dtype: Any, what: str, trials: Trials,
    numbers: Mapping[int, Any] | None = None,
) -> Formula:  # fmt: skip
    """The first of the simplified `forms` that is true, at hand and at other inputs; else the formula as `written`.

    The values are those of the engine: `value` at hand, if it is known, and `numbers` in the trials, by default those
    of the formula as written. With infinite or NaN intermediate values a rewrite need not hold (0·∞), so the formula
    stays as written. Where all trials have ended, random numbers replace the symbols one by one.

    Raises
    ------
    WrongFormulaError
        If all values are finite and a simplified formula has another value at hand.
    """
    for form in forms:
        if alike(form, written):
            return form
        right = form.shape == written.shape and _is_right_at_hand(form, written, value, dtype)
        if right is None and not is_same(form, written, dtype, trials, numbers):
            raise WrongFormulaError(
                f"derive: the simplified formula for {what} has a wrong value; "
                "this is an error in autograd_lite, please report it"
            )
        if not right:  # near a pole, where rounding errors are large, too
            return written
        if is_same(form, written, dtype, trials, numbers):
            return form
    return written


def is_same(
    form: Formula, written: Formula, dtype: Any, trials: Trials, numbers: Mapping[int, Any] | None = None
) -> bool:
    """Whether two formulas have the same values at other inputs: those of the trials, or else random ones."""
    if alike(form, written):
        return True
    numbers = trials.computed(written) if numbers is None else numbers
    if not trials.living or not numbers:
        return all(_are_equal(form, written, dtype, _substitutes(written, near)) for near in (False, True))
    return holds(form, trials, numbers)


def _is_right_at_hand(form: Formula, written: Formula, value: Any, dtype: Any) -> bool | None:
    """Whether a simplified formula has the engine's value: else False if infinite values explain it, or None."""
    seen: dict[int, Any] = {}
    try:
        expected = evaluate(written, seen)
    except UnknownValueError:
        return True  # there is nothing to compare with
    except Exception:  # an operation may reject these numbers in any way
        return False
    value = expected if value is None else value
    if agrees(form, value, dtype) or agrees(form, value, dtype, seen=seen):
        return True
    numbers = [np.asarray(part) for part in seen.values() if isinstance(part, np.ndarray | np.generic)]
    if not all(np.isfinite(part).all() for part in numbers if part.dtype.kind == "f"):
        return False
    return None


def _substitutes(written: Formula, near: bool) -> dict[int, Any]:
    """Random numbers for the symbols of a formula, near their values or for those without one."""
    rng = np.random.default_rng(0)
    found: dict[int, Any] = {}
    for symbol in symbols(written):
        if symbol.value is None:
            found[id(symbol)] = rng.uniform(0.5, 1.5, symbol.shape)
        elif near and symbol.dtype.kind == "f":
            found[id(symbol)] = symbol.value + 1e-3 * rng.uniform(-1, 1, symbol.shape) * _largest(symbol.value)
    return found


def _are_equal(form: Formula, written: Formula, dtype: Any, values: dict[int, Any]) -> bool:
    try:
        expected = evaluate(written, dict(values))
    except Exception:  # an operation may reject these numbers in any way
        return False
    return agrees(form, expected, dtype, seen=values)
