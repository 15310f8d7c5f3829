"""Compiled functions and plain ones while everything around them changes: equal to the last bit, or refused."""

import os

import pytest
from compiler import differential, random_programs

IS_THOROUGH = os.environ.get("HYPOTHESIS_PROFILE") == "thorough"
seeds = pytest.mark.parametrize("seed", [0, 1, *(pytest.param(seed, marks=pytest.mark.exhaustive) for seed in (2, 3))])


@pytest.mark.filterwarnings("ignore:compile. .* has been recorded")
@pytest.mark.filterwarnings("ignore:(overflow|invalid value) encountered")  # some steps diverge; their bits count
@seeds
def test_compiled_and_plain_steps_stay_equal(seed):
    counts = differential.run(seed, 2_500 if IS_THOROUGH else 60)
    assert counts["refused"] < counts["calls"] / 3


@seeds
def test_random_programs(seed):
    random_programs.run(seed, 2_500 if IS_THOROUGH else 40)
