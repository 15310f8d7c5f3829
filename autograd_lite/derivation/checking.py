"""No formula is printed that is not true: each is evaluated and compared with the numbers of the engine."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_lite.derivation.expression import Expression, UnknownValueError, evaluate, symbols


class WrongFormulaError(AssertionError):
    """A formula came out wrong: an error in this library, which is never printed as mathematics."""


def agrees(
    formula: Expression, value: Any, dtype: Any, known: bool = False, seen: dict[int, Any] | None = None
) -> bool:
    """Whether a formula has the given value, to the accuracy of the dtype.

    What nobody knows is not contradicted, unless it must be `known`. `seen` holds values of parts, by identity.
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
    # Rounding is relative to the largest number on the way: what is left of a difference can be much smaller.
    largest = max((_largest(part) for part in (*seen.values(), value)), default=0.0)
    digits = np.finfo(dtype if np.dtype(dtype).kind == "f" else np.float64).eps
    # Values that the engine kept were rounded there already; sums add up such errors.
    tolerance = min(1e4 * digits, 0.05) * largest
    with np.errstate(all="ignore"):
        near = np.abs(result - value) <= tolerance
    return bool(np.all(near | (result == value) | (np.isnan(result) & np.isnan(value))))


def _largest(value: Any) -> float:
    if not isinstance(value, np.ndarray | np.generic | int | float) or not np.size(value):
        return 0.0
    array = np.abs(np.asarray(value, np.float64))
    return float(np.max(array, where=np.isfinite(array), initial=0.0))


def proved(simple: Expression, written: Expression, value: Any, dtype: Any, what: str) -> Expression:
    """The simplified formula, if it has the value of the engine and of what was written first.

    Where numbers are infinite, 0·∞ among them, what is right for all others need not be: the formula stays as written.
    Values that nobody knows are stood in for by any numbers.

    Raises
    ------
    WrongFormulaError
        If the formula came out wrong.
    """
    rng = np.random.default_rng(0)
    unknown = [symbol for symbol in symbols((simple, written)) if symbol.value is None]
    standing_in: dict[int, Any] = {id(symbol): rng.uniform(0.5, 1.5, symbol.shape) for symbol in unknown}
    seen = dict(standing_in)
    try:
        expected = evaluate(written, seen)
    except Exception:  # an operation that does not take these numbers: there is nothing to compare with
        return written
    if unknown or value is None:
        value = expected
    if simple.shape == written.shape and agrees(simple, value, dtype, seen=standing_in):
        return simple
    numbers = [np.asarray(part) for part in seen.values() if isinstance(part, np.ndarray | np.generic)]
    if not all(np.isfinite(part).all() for part in numbers if part.dtype.kind == "f"):
        return written
    raise WrongFormulaError(
        f"derive: the simplified formula for {what} does not have the value that it should have; "
        "this is an error in autograd_lite.symbolic, please report it"
    )
