"""A line search for the strong Wolfe conditions, with cubic interpolation."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from autograd_lite.support.conversion import NumberArray

# The conditions of Nocedal and Wright (3.7), with the constants that they recommend for quasi-Newton methods.
DECREASE = 1e-4
CURVATURE = 0.9


class Point(NamedTuple):
    """A function along a direction: its value, its gradient, and its slope, the gradient times the direction."""

    step: float
    loss: float
    gradient: NumberArray
    slope: float


def strong_wolfe(
    at: Callable[[float], Point], start: Point, step: float, *, scale: float, tolerance: float, most: int
) -> tuple[Point, int]:
    """A point with loss ≤ start.loss + 1e-4·step·start.slope and |slope| ≤ 0.9·|start.slope|, near a minimum.

    Steps grow until two points enclose such a point; then this bracket shrinks. A loss that is not a number counts as
    infinite.

    Parameters
    ----------
    at : callable
        The point at a step.
    start : Point
        The point at step 0, with a negative slope.
    step : float
        The first step to try.
    scale : float
        The largest component of the direction: the bracket is small enough if scale times its width is below
        `tolerance`.
    tolerance : float
    most : int
        How many points are tried after the first. Then the best one of the bracket is returned.

    Returns
    -------
    Point, int
        The point, and how often `at` was called.

    References
    ----------
    Nocedal and Wright, "Numerical optimization" (2006), algorithms 3.5 and 3.6.
    """

    def is_flat(point: Point) -> bool:
        return abs(point.slope) <= -CURVATURE * start.slope

    def is_below(point: Point) -> bool:
        return point.loss <= start.loss + DECREASE * point.step * start.slope

    before, here, tried = start, at(step), 0
    bracket = [start, here]
    while tried < most:
        bracket = [before, here]
        if not is_below(here) or (tried > 1 and here.loss >= before.loss):
            break
        if is_flat(here):
            return here, tried + 1
        if here.slope >= 0:
            break
        following = minimum_of_cubic(before, here, here.step + 0.01 * (here.step - before.step), 10 * here.step)
        before, here, tried = here, at(following), tried + 1
    else:
        bracket = [start, here]

    low, is_slow = _lowest(bracket), False
    while tried < most and abs(bracket[1].step - bracket[0].step) * scale >= tolerance:
        step, is_slow = _between(bracket, is_slow)
        here, tried = at(step), tried + 1
        if not is_below(here) or here.loss >= bracket[low].loss:
            bracket[1 - low] = here
            low = _lowest(bracket)
            continue
        if is_flat(here):
            return here, tried + 1
        if here.slope * (bracket[1 - low].step - bracket[low].step) >= 0:
            bracket[1 - low] = bracket[low]
        bracket[low] = here
    return bracket[low], tried + 1


def _lowest(bracket: list[Point]) -> int:
    """The number of the point with the lower loss, of equal ones the first."""
    losses = [np.inf if np.isnan(point.loss) else point.loss for point in bracket]
    return losses.index(min(losses))


def _between(bracket: list[Point], is_slow: bool) -> tuple[float, bool]:
    """The next step in a bracket, and whether it is close to an end of it, where progress would be slow.

    The second such step in a row is replaced by one at a tenth of the width.
    """
    low, high = sorted(point.step for point in bracket)
    step, margin = minimum_of_cubic(bracket[0], bracket[1], low, high), 0.1 * (high - low)
    if min(high - step, step - low) >= margin:
        return step, False
    if is_slow or not low < step < high:
        return (high - margin if abs(high - step) < abs(step - low) else low + margin), False
    return step, True


def minimum_of_cubic(one: Point, other: Point, lower: float, upper: float) -> float:
    """The minimum, in the bounds, of the cubic that has the values and slopes of two points; if none, the middle.

    Examples
    --------
    >>> def at(x):  # (x − 1)²
    ...     return Point(x, (x - 1) ** 2, None, 2 * (x - 1))
    >>> minimum_of_cubic(at(0.0), at(3.0), 0.0, 3.0)
    1.0
    """
    left, right = (one, other) if one.step <= other.step else (other, one)
    width = np.float64(right.step - left.step)
    with np.errstate(all="ignore"):
        mean = left.slope + right.slope - 3 * (right.loss - left.loss) / width
        root = np.sqrt(mean * mean - left.slope * right.slope)
        place = right.step - width * ((right.slope + root - mean) / (right.slope - left.slope + 2 * root))
    return (lower + upper) / 2 if np.isnan(place) else float(min(max(place, lower), upper))
