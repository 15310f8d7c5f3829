"""The first NaN or infinity of a formula is found, in the words of the code."""

import numpy as np
import pytest

from autograd_lite.testing import check_closed_form, find_counterexample, strategies
from autograd_lite.testing.comparing.inputs import read_inputs
from autograd_lite.testing.formulas.non_finite import first_non_finite


def first(formula, *inputs):
    return first_non_finite(formula, read_inputs(formula, inputs))


def test_the_first_call_is_named_not_a_later_one():
    def formula(x, a):
        ratio = x / a
        return np.exp(ratio) + np.log(ratio)

    assert (
        first(formula, np.ones(2), np.array([1.0, 0.0]))
        == "x / a is inf, with x = array([1., 1.]) and a = array([1., 0.])"
    )


def test_a_logarithm_of_a_negative_number():
    assert first(lambda x: 1 + np.log(x), -1.0) == "np.log(x) is nan, with x = -1.0"


def test_a_division_by_zero_after_zero_steps():
    def formula(m, steps):
        for t in range(steps):
            m = m / (1 - 0.9**t)
        return m

    assert first(formula, np.ones(1), 2) == "m / (1 - 0.9**t) is inf, with m = array([1.]) and 1 - 0.9**t = 0.0"


def test_nothing_is_named_if_all_is_finite():
    assert first(lambda x: x / 2, 1.0) == ""


def test_the_check_shows_it():
    def formula(x):
        return x / x * 2 * x

    with pytest.raises(ValueError, match=r"formula returned is nan.*nothing to compare: x / x is nan, with x = "):
        check_closed_form(lambda x: (x**2).sum(), formula, np.zeros(2))


def test_a_counterexample_shows_it():
    found = find_counterexample(lambda x: (x**2).sum(), lambda x: 2 * x**2 / x, strategies.arrays((2,)))
    assert "2 * x**2 / x is nan" in str(found.error)
