"""The data that a diagnosis works on, and its only criterion: whether two arrays agree."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from autograd_lite.support.conversion import NumberArray


class Explanation(NamedTuple):
    """A possible mistake, with two arrays that agree if it is the only one.

    The arrays are the formula with the mistake corrected and the derivative, or the formula and the derivative with the
    mistake applied. A second mistake can be tried on the pair. An explanation whose arrays agree becomes a `Finding`.
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
    """Everything known besides the two arrays that are compared.

    Attributes
    ----------
    inputs : dict of str to array
        All numbers and arrays that the function was called with.
    argument : str or None
        The input that was differentiated.
    output_ndim : int
        The number of leading axes of a Jacobian that belong to the result of the function; 0 for a gradient.
    relative, absolute : float
        The tolerances of the comparison.
    intermediates : dict of str to array
        Further arrays, named by the user, that may be a factor.
    other_gradients : callable
        Returns the gradients with respect to the other inputs, by name.
    mistaken_gradients : callable
        Returns tuples (kind, text, cost, gradient): the derivative if one step of the chain rule were wrong.
    adjoints : callable
        Returns the gradients of a scalar with respect to intermediate values of the function, by their expressions.
    has_square : callable
        Returns whether the function squares something, so that its derivative has a factor 2.
    is_confirmed : bool
        Whether what is found is confirmed by other evidence, so that arrays of zeros say something too.
    """

    inputs: dict[str, NumberArray]
    argument: str | None
    output_ndim: int
    relative: float
    absolute: float
    intermediates: dict[str, NumberArray] = field(default_factory=dict)
    other_gradients: Callable[[], dict[str, NumberArray]] = dict
    mistaken_gradients: Callable[[], Iterable[tuple[str, str, int, NumberArray]]] = tuple
    adjoints: Callable[[], dict[str, NumberArray]] = dict
    has_square: Callable[[], bool] = bool
    is_confirmed: bool = False

    def close(self, actual: NumberArray, expected: NumberArray) -> NumberArray:
        """Whether the two agree, element by element."""
        allowed = tolerance(expected, self.relative, self.absolute)
        return np.asarray(np.abs(actual - expected) <= allowed)

    def is_told_by(self, *arrays: NumberArray) -> bool:
        """Whether arrays tell anything: each has elements that are not zero."""
        return self.is_confirmed or all(self.informative(array).any() for array in arrays)

    def agree(self, actual: NumberArray, expected: NumberArray) -> bool:
        """Whether the two have the same shape and agree in all elements."""
        return actual.shape == expected.shape and bool(self.close(actual, expected).all())

    def informative(self, *arrays: NumberArray) -> NumberArray:
        """Where at least one of the arrays is not zero: that 0 equals 0 is no evidence."""
        threshold = [np.abs(a) > tolerance(a, self.relative, self.absolute) for a in arrays]
        return np.asarray(np.logical_or.reduce(threshold))


def tolerance(expected: NumberArray, relative: float, absolute: float) -> float:
    """The largest allowed difference: relative to the largest element, as cancellation leaves small ones inexact."""
    return absolute + relative * float(np.max(np.abs(expected), initial=0.0))


def relative_error(actual: NumberArray, expected: NumberArray, relative: float, absolute: float) -> float:
    """The largest difference, scaled so that it is within the tolerance if it is at most `relative`."""
    difference = float(np.max(np.abs(actual - expected), initial=0.0))
    return relative * difference / tolerance(expected, relative, absolute) if difference else 0.0
