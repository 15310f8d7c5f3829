"""Every formula is evaluated and compared with the engine's numbers before it is printed."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_lite.derivation.formula import Formula, UnknownValueError, evaluate, symbols


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
    except (TypeError, ValueError, IndexError, np.linalg.LinAlgError):
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


def _agree_elsewhere(x: Formula, y: Formula, rng: Any) -> bool:
    """Whether two formulas agree on random numbers of the same shapes."""
    real = [symbol for symbol in symbols((x, y)) if symbol.dtype.kind == "f"]
    for _ in range(3):
        seen: dict[int, Any] = {id(symbol): rng.uniform(0.5, 1.5, symbol.shape) for symbol in real}
        seen |= {id(symbol): seen[id(symbol)] / seen[id(symbol)].sum(-1, keepdims=True)
                 for symbol in real if symbol.in_simplex}  # fmt: skip
        try:
            expected = evaluate(y, seen)
        except Exception:  # an operation may reject these numbers
            return False
        if x.shape != y.shape or not np.isfinite(expected).all() or not agrees(x, expected, float, True, seen):
            return False
    return True


def proved(simple: Formula, written: Formula, value: Any, dtype: Any, what: str) -> Formula:
    """The formula `simple` if it has the engine's value, else `written`, the formula before simplification.

    With infinite or NaN intermediate values a rewrite need not hold (0·∞), so the formula stays as written. Unknown
    values are replaced by random numbers, and the two formulas are compared with each other.

    Raises
    ------
    WrongFormulaError
        If all values are finite and the simplified formula has another value.
    """
    rng = np.random.default_rng(0)
    unknown = [symbol for symbol in symbols((simple, written)) if symbol.value is None]
    substitutes: dict[int, Any] = {id(symbol): rng.uniform(0.5, 1.5, symbol.shape) for symbol in unknown}
    seen = dict(substitutes)
    try:
        expected = evaluate(written, seen)
    except Exception:  # an operation may reject these numbers: there is nothing to compare with
        return written
    if unknown or value is None:
        value = expected
    if simple.shape == written.shape and agrees(simple, value, dtype, seen=substitutes):
        return simple
    numbers = [np.asarray(part) for part in seen.values() if isinstance(part, np.ndarray | np.generic)]
    if not all(np.isfinite(part).all() for part in numbers if part.dtype.kind == "f"):
        return written
    if _agree_elsewhere(simple, written, rng):  # rounding errors are large at the current numbers
        return simple if agrees(simple, value, dtype, seen=seen) else written
    raise WrongFormulaError(
        f"derive: the simplified formula for {what} has a wrong value; "
        "this is an error in autograd_lite, please report it"
    )
