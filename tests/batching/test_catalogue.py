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


def _test_of(check):
    """A test of its own for each check: Hypothesis nests the settings of all cases of one test."""

    @pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
    @given(data=st.data())
    @settings(max_examples=SAMPLES)
    def test(case, data):
        elements.loops.clear()
        operations.loops.clear()
        CHECKS[check](case, data.draw(case.samples), np.random.default_rng(0))
        # What is done element by element is listed, so that slowness cannot creep in.
        assert {*elements.loops, *operations.loops} <= set(BY_ELEMENTS.get(case.exported, ()))

    return test


test_rules_on_batches_of_cotangents = _test_of("rules")
test_results = _test_of("forward")
test_gradients_for_each_element = _test_of("vmap(grad)")
test_gradients_through_vmap = _test_of("grad(vmap)")
test_second_derivatives = _test_of("vmap(grad(grad))")


def test_only_operations_of_the_catalogue_are_listed():
    assert BY_ELEMENTS.keys() <= {case.exported for case in CASES}
