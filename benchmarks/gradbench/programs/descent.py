"""Gradient descent with the step control that GradBench's nested programs use."""

from __future__ import annotations

from typing import Any

from gradbench.library import Function, Library


def descend(library: Library, gradient: Function, f: Function, start: Any, rate: float = 1e-5) -> Any:
    """Where f is least, and its value there.

    The rate is doubled after ten steps that succeed in a row, and halved after one that does not. The descent ends
    where the gradient or a step is at most 10⁻⁵ long. GradBench's first rate is 10⁻⁵; a larger one needs fewer steps.
    """

    def length(v: Any) -> Any:
        return library.np.sqrt(library.np.sum(v * v))

    x, value, slope, successes = start, f(start), gradient(f)(start), 0
    while length(slope) > 1e-5:
        if successes == 10:
            rate, successes = 2 * rate, 0
        moved = x - rate * slope
        if length(x - moved) <= 1e-5:
            break
        value_there = f(moved)
        if value_there < value:
            x, value, slope, successes = moved, value_there, gradient(f)(moved), successes + 1
        else:
            rate, successes = rate / 2, 0
    return x, value
