"""One-sided derivatives, where a function has no derivative: the engine's derivatives just beside the point."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from autograd_lite.support.conversion import NumberArray
from autograd_lite.testing.comparing.inputs import Inputs

Derivative = Callable[[Inputs], NumberArray]

_STEPS = (1e-9, 1e-8, 1e-7)  # relative; a kink is within the smallest one
_STEADY = 1e-3  # a one-sided derivative changes by less, relative to it, between the steps
_DIVERGES = 0.2  # of a smooth derivative, the change over the smallest step is a hundredth of that over the largest one
_SMOOTH = 1e-5  # a smaller relative change of the derivative over such a step is no kink


class OneSided(NamedTuple):
    """The derivatives with respect to one element of an input, at the point and just beside it.

    Attributes
    ----------
    left, right : array
        The one-sided derivatives of the elements of the result; NaN where they do not exist.
    error : array
        The estimated error of both.
    kink : array of bool
        Where the function has no derivative: the derivatives on both sides differ from each other or from the one at
        the point itself, which is a convention there.
    singular : array of bool
        Where it has none, and one on a side does not exist either.
    near_a_pole : array of bool
        Where it is larger than on both sides, so that formulas for it lose their digits.
    """

    left: NumberArray
    right: NumberArray
    error: NumberArray
    kink: NumberArray
    singular: NumberArray
    near_a_pole: NumberArray

    def includes(self, slope: NumberArray, allowed: float) -> NumberArray:
        """Whether a number is one of the two derivatives or between them, up to the error and what is allowed."""
        low, high = np.minimum(self.left, self.right), np.maximum(self.left, self.right)
        return np.asarray((slope >= low - self.error - allowed) & (slope <= high + self.error + allowed))


def one_sided(
    derivative: Derivative, inputs: Inputs, position: int, index: tuple[int, ...], here: NumberArray,
    negligible: NumberArray | float = 0.0,
) -> OneSided:  # fmt: skip
    """The one-sided derivatives with respect to one element of an input.

    Parameters
    ----------
    derivative : callable
        The derivative at other inputs, with the axes of the input last.
    inputs : Inputs
    position, index
        The input and its element.
    here : array
        The derivative at the inputs.
    negligible : array or float, optional
        Derivatives on both sides that differ by no more are taken for equal: they differ by rounding errors.
    """
    x = np.asarray(inputs.values[position], dtype=np.float64)
    size = abs(float(x[index])) or min(1.0, float(np.max(np.abs(x)))) or 1.0
    at: Any = (..., *index)

    def sides(step: float) -> tuple[NumberArray, NumberArray]:
        """The derivatives at both sides; outside the domain, that of the other side."""
        left, right = beside(-step * size), beside(step * size)
        return np.where(np.isnan(left), right, left), np.where(np.isnan(right), left, right)

    def beside(step: float) -> NumberArray:
        moved = x.copy()
        moved[index] += step
        values = list(inputs.values)
        values[position] = moved if isinstance(values[position], np.ndarray) else float(moved)
        try:
            return np.asarray(derivative(replace(inputs, values=tuple(values)))[at])
        except Exception:  # outside the domain
            return np.full(here[at].shape, np.nan)

    left, right = sides(_STEPS[0])
    gap = np.maximum(np.abs(right - left), np.maximum(np.abs(here[at] - left), np.abs(here[at] - right)))
    extent = np.maximum(np.abs(left), np.abs(right))
    near_a_pole = np.abs(here[at]) > 1.01 * extent  # or near the end of the domain; a convention is between the sides
    jumps = (gap > np.maximum(_SMOOTH * extent, negligible)) & ~near_a_pole
    if not jumps.any():
        return OneSided(left, right, gap, jumps, jumps, near_a_pole)
    errors = [np.abs(far_left - left) + np.abs(far_right - right) for far_left, far_right in map(sides, _STEPS[1:])]
    error = np.maximum(*errors)  # rounding errors of two steps may be equal
    kink = jumps & (gap > 10 * error) & (error <= _STEADY * extent)
    return OneSided(left, right, error, kink, jumps & (gap > _DIVERGES * error) & ~kink, near_a_pole)
