"""The rounding error of a comparison, estimated from how it changes when the inputs change by next to nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from autograd_lite.support.conversion import NumberArray
from autograd_lite.testing.comparing.inputs import Inputs

Result = Callable[[Inputs], NumberArray]

_EPSILON = float(np.finfo(np.float64).eps)
# How much the inputs change: relative to their size, and to 1 for those that are smaller. The larger changes are for
# errors that are the same for neighbouring numbers: those of exp(x) − 1 at a small x. Over these, a smooth difference
# may change as well; so the inputs change one way and the other, for which its two changes cancel.
_CHANGES = ((2 * _EPSILON, 0.0, False), (0.0, 2 * _EPSILON, False), (1e-10, 0.0, True))
_SAMPLES = 4
_LARGEST_CODE = 1000
# A change of the result that is still next to nothing, relative to its largest element, or to the difference: the
# derivative of what cancels is a rounding error, and changes as a whole.
_NEGLIGIBLE = 1e-3
_FACTOR = 10  # an error is rarely more than ten times as large as its changes


class RoundingError(NamedTuple):
    """The estimated rounding error of the difference between a formula and a derivative.

    Attributes
    ----------
    error : array
        The estimate, element by element.
    unstable : array of bool
        Where a change in the last digits of the inputs changes the derivative itself, by an amount that matters for the
        difference: no number there can be trusted.
    noisy : array of bool
        Where it changes the claim, and not the derivative: the claim has lost its digits.
    """

    error: NumberArray
    unstable: NumberArray
    noisy: NumberArray


def rounding_error(
    derivative: Result, formula: Result, inputs: Inputs, expected: NumberArray, claim: NumberArray, allowed: float,
    changes: tuple[tuple[float, float, bool], ...] = _CHANGES,
) -> RoundingError:  # fmt: skip
    """How much the difference between claim and derivative changes with the last digits of the inputs.

    A mistake makes a difference that hardly changes. Rounding errors are another number each time.

    Parameters
    ----------
    derivative, formula : callable
        Return the derivative and the claim at other inputs.
    inputs, expected, claim
        The inputs, the derivative and the claim there.
    allowed : float
        A difference that needs no explanation.
    changes : tuple of triples, optional
        How much the inputs change, relative to their size, and at least; and whether one way and the other. By default
        for the precision of float64.
    """
    rng = np.random.default_rng(0)
    with np.errstate(all="ignore"):
        difference = claim - expected
    spread, unstable, noisy = np.zeros(expected.shape), np.zeros(expected.shape, bool), np.zeros(expected.shape, bool)
    negligible = max(_NEGLIGIBLE, 100 * changes[0][0])
    sizes = [negligible * np.max(np.abs(array), initial=0.0) for array in (expected, claim)]
    steady_below = np.fmax(sizes[0], _NEGLIGIBLE * np.where(np.isfinite(difference), np.abs(difference), 0.0))
    for sample in range(_SAMPLES):
        for relative, absolute, twice in changes:
            beside = _changed(inputs, relative, absolute, rng)[: 1 + twice]
            results = _results(derivative, formula, beside, expected.shape)
            if not results:
                continue
            with np.errstate(all="ignore"):
                steady = np.all([np.abs(moved - expected) <= steady_below for moved, _ in results], axis=0)
                change = np.abs(sum(other - moved for moved, other in results) / len(results) - difference)
                noisy |= steady & ~(np.abs(results[0][1] - claim) <= sizes[1])
            unstable |= ~steady & (relative == changes[0][0])
            spread = np.where(steady, np.fmax(spread, change), spread)
        unexplained = ~(np.abs(difference) <= allowed + _FACTOR * spread) & ~unstable
        clear = (sample > 0) | (np.abs(difference) > sizes[0])  # a small error may happen not to change
        hopeless = clear & ~(np.abs(difference) <= 1000 * spread)
        if (unexplained & hopeless).any() or not unexplained.any():
            break
    return RoundingError(_FACTOR * spread, unstable, noisy)


def _changed(inputs: Inputs, relative: float, absolute: float, rng: np.random.Generator) -> tuple[Inputs, Inputs]:
    """Inputs that are changed by different amounts, and by the opposite ones.

    Equal amounts, or powers of two, would repeat the rounding errors.
    """
    changed: list[list[Any]] = [list(inputs.values), list(inputs.values)]
    for i in inputs.floats():
        given = inputs.values[i]
        array = np.asarray(given)
        amounts = rng.choice([-1.0, 1.0], array.shape) * rng.uniform(0.5, 1.5, array.shape)
        amounts = np.where(_is_code(array), 0.0, amounts) * np.maximum(relative * np.abs(array), absolute)
        for values, new in zip(changed, (array + amounts, array - amounts), strict=True):
            values[i] = new if isinstance(given, np.ndarray) else float(new)
    return replace(inputs, values=tuple(changed[0])), replace(inputs, values=tuple(changed[1]))


def _is_code(array: NumberArray) -> NumberArray:
    """Which numbers have no last digits: 0 and ±1, and all of them if they are small integers, such as labels."""
    integers = (array == np.rint(array)) & (np.abs(array) < _LARGEST_CODE)
    return np.asarray(integers & (integers.all() | (np.abs(array) <= 1)))


def _results(
    derivative: Result, formula: Result, inputs: tuple[Inputs, ...], shape: tuple[int, ...]
) -> list[tuple[NumberArray, NumberArray]]:
    """Derivative and claim at each of the inputs; empty if one is outside the domain of function or formula."""
    try:
        found = [(derivative(each), formula(each)) for each in inputs]
    except Exception:
        return []
    return found if all(array.shape == shape for pair in found for array in pair) else []
