"""docs/numpy.md is what the code says, and long enough."""

import re

import numpy as np
import numpy_table
import pytest


def test_the_page_is_up_to_date():
    found = numpy_table.PAGE.read_text()
    listed = re.search(r"that of NumPy (\d+\.\d+)", found)[1]
    if not np.__version__.startswith(f"{listed}."):
        pytest.skip(f"the page lists the functions of NumPy {listed}, and others have others")
    assert found == numpy_table.page(), "run: python tests/numpy_table.py"


def test_at_least_150_functions_of_numpy_are_right_to_second_order():
    assert sum(row[1] == "yes" and int(row[2]) >= 2 for row in numpy_table.rows()) >= 150
