"""docs/numpy.md is what the code says, and long enough."""

import numpy_table


def test_the_page_is_up_to_date():
    assert numpy_table.PAGE.read_text() == numpy_table.page(), "run: python tests/numpy_table.py"


def test_at_least_150_functions_of_numpy_are_right_to_second_order():
    assert sum(row[1] == "yes" and int(row[2]) >= 2 for row in numpy_table.rows()) >= 150
