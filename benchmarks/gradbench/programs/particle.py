"""particle: the control w for which a charged particle passes through the origin, by descent through Euler's method.

The forces are gradients of a potential, so the descent differentiates gradients.
"""

from __future__ import annotations

from typing import Any

import numpy

from gradbench.library import Function, Library
from gradbench.programs.descent import descend

STEP = 0.1


def inputs(rng: numpy.random.Generator, rate: float) -> tuple[Any, ...]:
    start = (numpy.zeros(1) + rng.uniform(0, 0.05), numpy.array([0.0, 8.0]), numpy.array([0.75, 0.0]))
    return (*start, numpy.array([[10.0, 10.0], [10.0, 0.0]]), numpy.array([[0.0, -1.0], [0.0, 0.0]]))


def variant(library: Library, outer: Function, inner: Function, rate: float) -> Function:
    """The program with these gradients for the descent and for the forces."""
    np = library.np

    def particle(w: Any, position: Any, velocity: Any, charges: Any, moves: Any) -> Any:
        """Charges stand at `charges + w * moves`."""

        def miss(w: Any) -> Any:
            """The square of where the path meets the axis."""
            fixed, x, v = charges + w * moves, position, velocity

            def potential(x: Any) -> Any:
                return np.sum(1 / np.sqrt(np.sum((x - fixed) ** 2, 1)))

            while True:
                there = x + STEP * v
                if there[1] <= 0:
                    break
                x, v = there, v - STEP * inner(potential)(x)
            meeting = x - x[1] / v[1] * v
            return meeting[0] ** 2

        return descend(library, outer, miss, w, rate)[0]

    return particle


def derivative(library: Library, rate: float) -> Function:
    return variant(library, library.reverse, library.reverse, rate)
