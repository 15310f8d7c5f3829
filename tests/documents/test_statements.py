"""One test for each statement of the catalogue: no counterexample to any of its checks, in any of its layouts.

The tests are made from the catalogue in `examples/derivations`; their docstrings are the statements.
"""

from collections.abc import Callable

import pytest

from derivations import STATEMENTS, Statement


def _test_of(statement: Statement) -> Callable[[int], None]:
    @pytest.mark.parametrize("number", range(len(statement.checks)))
    def test(number: int) -> None:
        search = statement.checks[number].search(max_examples=25)
        assert search.counterexample is None, str(search.counterexample)
        assert search.examples >= 1
        assert search.largest_error < 1e-10

    test.__name__ = test.__qualname__ = statement.test_name
    test.__doc__ = str(statement)
    return test


globals().update({statement.test_name: _test_of(statement) for statement in STATEMENTS})


def test_all_rows_are_there():
    assert [statement.id for statement in STATEMENTS] == [f"D{n:02}" for n in range(1, 23)]
