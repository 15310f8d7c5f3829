"""Every operation under vmap, against a loop over the elements: rules, results, gradients, second derivatives."""

import hypothesis.strategies as st
import numpy as np
import pytest
from batching.by_elements import BY_ELEMENTS
from batching.checks import CHECKS
from catalogue import CASES
from hypothesis import given, settings

from autograd_lite.batching import elements, operations

# Cases differ more than the samples of one, so each case gets few.
SAMPLES = max(2, settings.default.max_examples // 4)


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
@given(data=st.data())
@settings(max_examples=SAMPLES)
def test_every_operation_is_right_under_vmap(case, data):
    sample = data.draw(case.samples)
    for name, check in CHECKS.items():
        elements.loops.clear()
        operations.loops.clear()
        try:
            check(case, sample, np.random.default_rng(0))
        except Exception as error:
            error.add_note(f"in the check of {name}")
            raise
        # What is done element by element is listed, so that slowness cannot creep in.
        assert {*elements.loops, *operations.loops} <= set(BY_ELEMENTS.get(case.exported, ()))


def test_only_operations_of_the_catalogue_are_listed():
    assert BY_ELEMENTS.keys() <= {case.exported for case in CASES}
