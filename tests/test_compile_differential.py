"""Compiled steps beside plain ones while everything around them changes: equal to the last bit, or refused."""

import os

import pytest
from differential import run

STEPS = 10_000 if os.environ.get("HYPOTHESIS_PROFILE") == "thorough" else 240


@pytest.mark.filterwarnings("ignore:compile. .* has been recorded")
@pytest.mark.parametrize("seed", range(4))
def test_two_worlds_stay_equal(seed):
    counts = run(seed, STEPS // 4)
    assert counts["refused"] < counts["calls"] / 3
