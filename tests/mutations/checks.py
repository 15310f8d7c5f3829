"""The checks of the derivations once more, each without a search for its simplest counterexample: that takes long.

For the mutants alone; `tests/documents` is what tests the derivations.
"""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograd_lite.testing.closed_form import Case
from autograd_lite.testing.counterexample import Search
from derivations import DOCUMENT_ERRORS, STATEMENTS

CHECKS = {f"{row.id}[{number}]": check for row in STATEMENTS for number, check in enumerate(row.checks)}
CHECKS |= {f"{error.id} (corrected)": error.correction for error in DOCUMENT_ERRORS}


@pytest.mark.parametrize("check", CHECKS.values(), ids=CHECKS)
@given(data=st.data())
@settings(max_examples=40)
def test_no_example_refutes_the_closed_form(check, data):
    inputs = data.draw(st.tuples(*check.inputs))
    if len(inputs) == 1 and isinstance(inputs[0], tuple):
        (inputs,) = inputs
    assert not Search(Case(check.fn, check.closed_form, check.wrt)).refutes(inputs)
