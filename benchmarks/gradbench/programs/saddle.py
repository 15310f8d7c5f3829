"""saddle: min over x of max over y of x·x − y·y, by gradient descent within gradient descent."""

from __future__ import annotations

from typing import Any

import numpy

from gradbench.library import Function, Library
from gradbench.programs.descent import descend


def inputs(rng: numpy.random.Generator, rate: float) -> tuple[Any, ...]:
    return (rng.uniform(0.5, 1.5, 2),)


def variant(library: Library, outer: Function, inner: Function, rate: float) -> Function:
    """The program with these gradients for the descents."""
    np = library.np

    def f(x: Any, y: Any) -> Any:
        return np.sum(x * x) - np.sum(y * y)

    def saddle(start: Any) -> Any:
        def highest(x: Any) -> Any:
            return -descend(library, inner, lambda y: -f(x, y), start, rate)[1]

        x, _ = descend(library, outer, highest, start, rate)
        y, _ = descend(library, outer, lambda y: -f(x, y), start, rate)
        return np.concatenate([x, y])

    return saddle


def derivative(library: Library, rate: float) -> Function:
    return variant(library, library.reverse, library.reverse, rate)
