"""Rows of one color share no column, and bands, blocks and full matrices take the fewest colors."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from autograd_lite.transforms.coloring import color_rows

PATTERNS = hnp.arrays(bool, st.tuples(st.integers(0, 7), st.integers(0, 7)))


def colored(pattern):
    rows = [np.flatnonzero(row) for row in pattern]
    starts = np.cumsum([0, *map(len, rows)])
    return color_rows(starts, np.concatenate([*rows, []]).astype(int), pattern.shape[1])


@given(PATTERNS)
def test_rows_of_one_color_share_no_column(pattern):
    colors = colored(pattern)
    assert colors.shape == pattern.shape[:1]
    for color in range(colors.max(initial=-1) + 1):
        assert (colors == color).any()
        assert pattern[colors == color].sum(axis=0).max(initial=0) <= 1


@given(PATTERNS)
def test_a_row_gets_at_most_one_color_more_than_it_has_neighbours(pattern):
    together = (pattern.astype(int) @ pattern.T.astype(int)) > 0
    for row, color in enumerate(colored(pattern)):
        assert color <= np.delete(together[row], row).sum()


@pytest.mark.parametrize("size", [6, 50])
@pytest.mark.parametrize(
    ("make", "count"),
    [
        (np.eye, 1),
        (lambda n: np.eye(n) + np.eye(n, k=1), 2),
        (lambda n: sum(np.eye(n, k=k) for k in (-1, 0, 1)), 3),
        (lambda n: sum(np.eye(n, k=k) for k in (-2, -1, 0, 1, 2)), 5),
        (lambda n: np.kron(np.eye(n), np.ones((4, 4))), 4),
        (lambda n: np.kron(np.eye(n), np.ones((4, 2))), 4),
        (lambda n: np.ones((n, 3)), None),
        (lambda n: np.zeros((n, n)), 1),
    ],
)
def test_the_fewest_colors(make, size, count):
    colors = colored(make(size) != 0)
    assert colors.max() + 1 == (size if count is None else count)
