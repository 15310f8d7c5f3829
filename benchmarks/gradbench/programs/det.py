"""det: the gradient of a determinant that is expanded by minors, one number at a time."""

from __future__ import annotations

from typing import Any

import numpy

from gradbench.library import Function, Library


def inputs(rng: numpy.random.Generator, ell: int) -> tuple[Any, ...]:
    return (rng.normal(size=(ell, ell)),)


def derivative(library: Library, ell: int) -> Function:
    def determinant(matrix: Any) -> Any:
        entries = [[matrix[i, j] for j in range(ell)] for i in range(ell)]

        def minor(row: int, columns: tuple[int, ...]) -> Any:
            """The determinant of the rows from `row` on, in these columns."""
            if len(columns) == 1:
                return entries[row][columns[0]]
            total: Any = 0.0
            for place, column in enumerate(columns):
                term = entries[row][column] * minor(row + 1, columns[:place] + columns[place + 1 :])
                total = total - term if place % 2 else total + term
            return total

        return minor(0, tuple(range(ell)))

    return library.grad(determinant)
