"""What a diagnosis has to go by, and how it decides: two arrays agree, or they do not."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

NumberArray = np.ndarray[Any, np.dtype[Any]]


class Explanation(NamedTuple):
    """A mistake that may have been made, as two arrays that must agree if it was, and it alone.

    Either the formula with the mistake put right against the derivative, or the formula against the derivative with
    the mistake made. Because a suspicion is again a pair of arrays, two of them can be combined.
    """

    kind: str
    text: str
    actual: NumberArray
    expected: NumberArray
    cost: int = 1
    reasons: tuple[str, ...] = ()
    hint: str = ""


@dataclass(frozen=True)
class Evidence:
    """What is known besides the two arrays.

    Attributes
    ----------
    inputs : dict of str to array
        All numbers that the function was called with.
    argument : str or None
        The input that was differentiated.
    output_ndim : int
        How many of the leading axes of a Jacobian belong to the function's result; 0 for a gradient.
    relative, absolute : float
        The tolerances of the comparison.
    intermediates : dict of str to array
        Further arrays that a factor may come from, named by the user.
    other_gradients : callable
        Gives the gradients with respect to the other inputs, by name.
    mistaken_gradients : callable
        Gives (kind, text, cost, gradient): what the derivative would be if one step back through the graph were wrong.
    """

    inputs: dict[str, NumberArray]
    argument: str | None
    output_ndim: int
    relative: float
    absolute: float
    intermediates: dict[str, NumberArray] = field(default_factory=dict)
    other_gradients: Callable[[], dict[str, NumberArray]] = dict
    mistaken_gradients: Callable[[], Iterable[tuple[str, str, int, NumberArray]]] = tuple

    def close(self, actual: NumberArray, expected: NumberArray) -> NumberArray:
        """Element by element, whether the two agree."""
        allowed = tolerance(expected, self.relative, self.absolute)
        return np.asarray(np.abs(actual - expected) <= allowed)

    def agree(self, actual: NumberArray, expected: NumberArray) -> bool:
        """Whether the two are the same array."""
        return actual.shape == expected.shape and bool(self.close(actual, expected).all())

    def informative(self, *arrays: NumberArray) -> NumberArray:
        """Where not all of the arrays are zero: 0 = 0 speaks for nothing."""
        threshold = [np.abs(a) > tolerance(a, self.relative, self.absolute) for a in arrays]
        return np.asarray(np.logical_or.reduce(threshold))


def tolerance(expected: NumberArray, relative: float, absolute: float) -> float:
    """How far elements may differ: relative to the largest of them, because small ones are what cancellation left."""
    return absolute + relative * float(np.max(np.abs(expected), initial=0.0))


def relative_error(actual: NumberArray, expected: NumberArray, relative: float, absolute: float) -> float:
    """The largest difference in such units that it is within the tolerance if it is at most `relative`."""
    difference = float(np.max(np.abs(actual - expected), initial=0.0))
    return relative * difference / tolerance(expected, relative, absolute) if difference else 0.0
