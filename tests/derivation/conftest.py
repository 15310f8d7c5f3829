"""A random generator for each test of derivations."""

import numpy as np
import pytest


@pytest.fixture
def rng():
    return np.random.default_rng(0)
