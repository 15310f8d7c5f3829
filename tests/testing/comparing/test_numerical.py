"""The numerical derivative that everything is compared with is itself compared with exact derivatives."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_lite.testing.comparing.numerical import numerical_gradient


@pytest.mark.parametrize(
    ("function", "derivative"),
    [
        (np.sin, np.cos),
        (np.exp, np.exp),
        (np.tanh, lambda x: 1 / np.cosh(x) ** 2),
        (lambda x: x**5, lambda x: 5 * x**4),
        (lambda x: 1 / (1 + x * x), lambda x: -2 * x / (1 + x * x) ** 2),
        (lambda x: np.ones_like(x), lambda x: 0 * x),
    ],
)
@given(x=st.floats(-3, 3))
def test_smooth_functions_are_differentiated_to_ten_digits_and_the_error_says_so(function, derivative, x):
    gradient, error = numerical_gradient(lambda v: function(v), x)
    exact = derivative(x)
    assert abs(gradient - exact) <= 1e-10 * max(1, abs(exact))
    assert error <= 1e-8 * max(1, abs(exact))


@given(st.lists(st.floats(-2, 2), max_size=5))
def test_every_partial_derivative_stands_at_its_element(values):
    x = np.array(values)
    weights = np.arange(1, len(x) + 1)
    gradient = numerical_gradient(lambda v: np.sum(weights * v**2), x).gradient
    np.testing.assert_allclose(gradient, 2 * weights * x, atol=1e-9)


@pytest.mark.parametrize("shape", [(), (0,), (2, 0), (1,), (2, 3), (1, 2, 2)])
def test_the_gradient_has_the_shape_of_the_point(shape):
    found = numerical_gradient(lambda x: np.sum(np.exp(x)), np.zeros(shape))
    assert found.gradient.shape == found.error.shape == shape
    np.testing.assert_allclose(found.gradient, np.ones(shape), atol=1e-10)


@pytest.mark.parametrize(
    ("function", "x"), [(np.abs, 0.001), (lambda x: np.maximum(x, 0), 0.0), (lambda x: np.sign(x), 0.0)]
)
def test_a_kink_or_a_step_shows_in_the_error(function, x):
    """At x = 0 the central difference of max(x, 0) is 1/2 at every step: only one-sided differences could tell."""
    gradient, error = numerical_gradient(function, x)
    exact_on_either_side = {-1.0, 0.0, 0.5, 1.0}
    assert error > 1e-6 or any(math.isclose(gradient, value, abs_tol=1e-9) for value in exact_on_either_side)


def test_steps_that_leave_the_domain_are_not_used():
    gradient = numerical_gradient(np.log, 0.005).gradient
    assert gradient == pytest.approx(200, rel=1e-6)


@pytest.mark.parametrize("x", [1e3, -1e6, 1e8])
def test_the_step_grows_with_large_numbers(x):
    assert numerical_gradient(lambda v: v * v, x).gradient == pytest.approx(2 * x, rel=1e-9)


def test_the_point_is_not_changed_and_integers_are_taken():
    x = np.array([1, 2])
    assert numerical_gradient(lambda v: np.sum(v**2), x).gradient.tolist() == pytest.approx([2, 4])
    assert x.tolist() == [1, 2]
