"""Coloring of a sparsity pattern: which rows of a sparse matrix can be computed together."""

from __future__ import annotations

from typing import Any

import numpy as np


def color_rows(starts: Any, columns: Any, width: int) -> Any:
    """A color for each row, so that rows of one color have no column in common; colors are 0, 1, 2, ...

    The sum of the rows of one color contains each of their entries by itself. Rows are colored greedily, those that
    share columns with most others first.

    Parameters
    ----------
    starts, columns : arrays of int
        The columns of row i are ``columns[starts[i] : starts[i + 1]]``, as in SciPy's CSR format.
    width : int
        How many columns there are.

    References
    ----------
    Curtis, Powell, Reid (1974): On the estimation of sparse Jacobian matrices. Coleman, Moré (1983): Estimation of
    sparse Jacobian matrices and graph coloring problems.

    Examples
    --------
    >>> color_rows(np.array([0, 1, 3, 4]), np.array([0, 0, 1, 1]), 2)  # rows {0}, {0, 1}, {1}
    array([1, 0, 1])
    """
    in_column = np.bincount(columns, minlength=width)
    sharing = np.concatenate([[0], np.cumsum(in_column[columns] - 1)])
    degrees = sharing[starts[1:]] - sharing[starts[:-1]]
    colors = np.zeros(len(degrees), int)
    taken = [0] * width  # bit c of a column: one of its rows has color c
    for row in np.argsort(-degrees, kind="stable").tolist():
        own = columns[starts[row] : starts[row + 1]].tolist()
        used = 0
        for column in own:
            used |= taken[column]
        first_free = ~used & (used + 1)
        for column in own:
            taken[column] |= first_free
        colors[row] = first_free.bit_length() - 1
    return colors
