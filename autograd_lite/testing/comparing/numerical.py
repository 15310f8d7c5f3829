"""Numerical derivatives: central differences, extrapolated to step zero, with an error estimate."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from autograd_lite.ops.composition import naming
from autograd_lite.support.arguments import describe
from autograd_lite.support.checks import check_positive
from autograd_lite.support.conversion import as_numbers
from autograd_lite.testing.comparing.inputs import check_functions

FloatArray = np.ndarray[Any, np.dtype[np.float64]]

_LEVELS = 7
_AGREEING = 1e-10  # relative to the derivative


class NumericalGradient(NamedTuple):
    """A gradient and the estimated error of each element."""

    gradient: FloatArray
    error: FloatArray


def numerical_gradient(function: Callable[[FloatArray], float], x: Any, step: float = 0.02) -> NumericalGradient:
    """The gradient of a scalar function of one array by extrapolated central differences.

    Every element is changed by ±h for h = step·max(1, |x|), h/2, h/4, ... The differences are extrapolated to h → 0
    (Richardson). The result is the extrapolation that differs least from its predecessors (Ridders), before rounding
    errors dominate; no smaller step follows once ten digits agree and another step has not improved them. Where a
    function is not differentiable, `error` is large.

    Parameters
    ----------
    function : callable
        A function of an array of the shape of x that returns a number.
    x : array
        The point, of any shape, () and empty included.
    step : float, default 0.02
        The largest step, relative to max(1, |x|).

    Returns
    -------
    NumericalGradient
        `gradient` and `error`, of the shape of x.

    References
    ----------
    Ridders, "Accurate computation of F'(x) and F'(x)F''(x)" (1982).

    Examples
    --------
    >>> numerical_gradient(lambda x: np.sum(x**3), np.array([1.0, 2.0])).gradient.round(10)
    array([ 3., 12.])
    """
    check_functions("numerical_gradient", function)
    check_positive("numerical_gradient", step=step)
    with naming("numerical_gradient"):
        point = np.array(as_numbers(x), dtype=np.float64)
    gradient, error = np.empty_like(point), np.empty_like(point)
    with np.errstate(all="ignore"):  # a large step may leave the domain; a NaN is never the best value
        for index in np.ndindex(point.shape):
            gradient[index], error[index] = _partial_derivative(function, point, index, step)
    return NumericalGradient(gradient, error)


def _partial_derivative(
    function: Callable[[FloatArray], float], point: FloatArray, index: tuple[int, ...], step: float
) -> tuple[float, float]:
    h = step * max(1.0, abs(point[index]))
    best, best_error = np.nan, np.inf
    previous: list[float] = []
    for _ in range(_LEVELS):
        row, before = [_central_difference(function, point, index, h)], best_error
        for k, coarser in enumerate(previous, start=1):  # each column eliminates one more even power of h
            row.append(row[-1] + (row[-1] - coarser) / (4**k - 1))
            error = max(abs(row[-1] - row[-2]), abs(row[-1] - coarser))
            if error < best_error:
                best, best_error = row[-1], error
        if before == best_error <= _AGREEING * abs(best):  # a quarter less calls
            break
        previous, h = row, h / 2
    return best, best_error


def _central_difference(
    function: Callable[[FloatArray], float], point: FloatArray, index: tuple[int, ...], h: float
) -> float:
    forward, backward = point.copy(), point.copy()
    forward[index] += h
    backward[index] -= h
    above, below = function(forward), function(backward)
    try:
        return float(above - below) / float(forward[index] - backward[index])
    except TypeError as error:
        raise TypeError(f"numerical_gradient: the function must return a number, not {describe(above)}") from error
