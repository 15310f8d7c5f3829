"""Compiled functions and plain ones while everything around them changes: equal to the last bit, or refused."""

import os

import pytest
from compiler import differential, random_programs

IS_THOROUGH = os.environ.get("HYPOTHESIS_PROFILE") == "thorough"


@pytest.mark.filterwarnings("ignore:compile. .* has been recorded")
@pytest.mark.filterwarnings("ignore:(overflow|invalid value) encountered")  # some steps diverge; their bits count
@pytest.mark.parametrize("seed", range(4))
def test_compiled_and_plain_steps_stay_equal(seed):
    counts = differential.run(seed, 2_500 if IS_THOROUGH else 60)
    assert counts["refused"] < counts["calls"] / 3


@pytest.mark.parametrize("seed", range(4))
def test_random_programs(seed):
    random_programs.run(seed, 2_500 if IS_THOROUGH else 40)
