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


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
@given(data=st.data())
@settings(max_examples=SAMPLES)
def test_operations_are_right_on_batches(check, case, data):
    elements.loops.clear()
    operations.loops.clear()
    CHECKS[check](case, data.draw(case.samples), np.random.default_rng(0))
    # What is done element by element is listed, so that slowness cannot creep in.
    assert {*elements.loops, *operations.loops} <= set(BY_ELEMENTS.get(case.exported, ()))


def test_only_operations_of_the_catalogue_are_listed():
    assert BY_ELEMENTS.keys() <= {case.exported for case in CASES}
