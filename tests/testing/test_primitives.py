"""check_primitive finds what is wrong with an operation, whatever it is, and is silent where nothing is."""

import numpy as np
import pytest

from autograd_lite import primitive
from autograd_lite.testing import GradientMismatch, check_primitive

X = np.array([[1.0, -2.0, 0.5], [0.3, 4.0, -1.0]])


def cube(**changes):
    declaration = {"forward": lambda x: x**3, "x": lambda g, x: g * 3 * x**2, **changes}
    return primitive(declaration.pop("forward"), name="cube", **declaration)


def test_right_operations_pass_and_the_samples_are_counted():
    assert check_primitive(cube(), [(X,)]) == 1
    assert check_primitive(cube(), [(X,), (X[0],)], elementwise=True) == 6  # each as a number and as nothing too
    product = primitive(lambda x, y: x * y, name="product", x=lambda g, y: g * y, y=lambda g, x: g * x)
    assert check_primitive(product, [(X, X + 1)], elementwise=True) == 5


def test_integers_and_options_are_passed_as_they_are():
    power = primitive(lambda x, n, *, scale=1.0: scale * x**n, name="power_of",
                      x=lambda g, x, n, scale: g * scale * n * x ** (n - 1))  # fmt: skip
    assert check_primitive(power, [(X, 3)], scale=2.0) == 1


def remembers(x):
    x += 0.0
    return x**3


@pytest.mark.parametrize(
    ("operation", "error", "message"),
    [
        (cube(x=lambda g, x: g * 2 * x**2), GradientMismatch, "cube"),
        (cube(x=lambda g, x: g * (3 * x**2 + 1e-3)), GradientMismatch, "cube"),
        (
            cube(forward=lambda x: np.asarray(x, np.float64) ** 3),
            AssertionError,
            "for float32 has dtype float64",
        ),
        (cube(forward=remembers), ValueError, "read-only"),
        (cube(x=lambda g, x: g * 3 * np.sort(x, axis=0) ** 2), GradientMismatch, "cube"),
    ],
)
def test_what_is_wrong_is_found(operation, error, message):
    with pytest.raises(error, match=message):
        check_primitive(operation, [(X,)])


def test_a_residual_with_a_wrong_formula_is_wrong_in_second_order_only():
    residuals = {"slope": lambda x: x * 0}
    operation = primitive(
        lambda x: (np.sin(x), np.cos(x)), name="wrong", residuals=residuals, x=lambda g, slope: g * slope
    )
    check_primitive(operation, [(X,)], order=1)
    with pytest.raises(GradientMismatch):
        check_primitive(operation, [(X,)], order=2)


def test_a_gradient_that_is_meant_to_differ_is_checked_for_all_else():
    straight_through = primitive(lambda x: np.round(x), name="straight_through", x=lambda g: g)
    check_primitive(straight_through, [(X,)], order=0)
    with pytest.raises(GradientMismatch):
        check_primitive(straight_through, [(X,)])


def test_the_sample_is_named():
    with pytest.raises(AssertionError) as caught:
        check_primitive(cube(forward=lambda x: np.asarray(x, np.float64) ** 3), [(X,)])
    assert "cube" in caught.value.__notes__[0]


def test_no_samples_are_an_error():
    with pytest.raises(ValueError, match="no samples"):
        check_primitive(cube(), [])
