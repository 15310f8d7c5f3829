"""`verdict` says what the checks say: it returns what they return, raise and warn of."""

import warnings

import numpy as np
import pytest

from autograd_lite.testing import (
    GradientMismatch,
    NotDifferentiableWarning,
    NotGeneralWarning,
    StepMismatch,
    check_closed_form,
    check_steps,
    verdict,
)

X, A = np.array([1.0, 2.0, 4.0]), np.array([[2.0, 0.5, 0.0], [0.5, 1.0, 0.3], [0.0, 0.3, 1.0]])


def mean_square(x):
    return (x**2).mean()


def quadratic(x, A):
    return x @ A @ x


LINES = {"s": lambda x: x**2, "dx": lambda x: 2 * x / len(x)}


@pytest.mark.parametrize("name", [None, "x", 0])
def test_a_right_formula_has_the_error_that_the_check_returns(name):
    formula = mean_square if name is None else lambda x: 2 * x / 3
    found = verdict(mean_square, formula, X, wrt=name)
    assert found
    assert (found.largest_error, found.mismatch) == (check_closed_form(mean_square, formula, X, wrt=name), None)
    assert str(found).startswith("right, largest relative error ")
    assert float(str(found).split()[-1]) == pytest.approx(found.largest_error, rel=0.1)


def test_a_wrong_formula_has_the_message_that_the_check_raises():
    with pytest.raises(GradientMismatch) as raised:
        check_closed_form(mean_square, lambda x: 2 * x, X)
    found = verdict(mean_square, lambda x: 2 * x, X)
    assert not found
    assert found.largest_error is None
    assert str(found) == str(raised.value)
    assert found._repr_html_() == raised.value._repr_html_()


def test_lines_of_a_derivation_are_judged_as_by_check_steps():
    found = verdict(mean_square, LINES, X)
    assert found
    assert found.largest_error == check_steps(mean_square, LINES, X).largest_error
    assert verdict(mean_square, list(LINES.items()), X) == found
    wrong = LINES | {"dx": lambda x: 2 * x}
    with pytest.raises(StepMismatch) as raised:
        check_steps(mean_square, wrong, X)
    assert str(verdict(mean_square, wrong, X)) == str(raised.value)


def test_a_condition_is_a_line_of_the_verdict_and_no_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = verdict(quadratic, lambda x, A: 2 * A @ x, X, A)
    with pytest.warns(NotGeneralWarning) as warned:
        check_closed_form(quadratic, lambda x, A: 2 * A @ x, X, A)
    assert found.caveats == (str(warned[0].message),)
    assert str(found).split("\n")[1:] == list(found.caveats)
    assert verdict(quadratic, lambda x, A: 2 * A @ x, X, A, constraints={"A": "symmetric"}).caveats == ()


def test_a_kink_is_a_line_of_the_verdict():
    x = np.array([0.0, 1.0])  # one-sided: the engine has 0 there
    with pytest.warns(NotDifferentiableWarning) as warned:
        check_closed_form(np.abs, lambda x: np.where(x < 0, -1.0, 1.0), x)
    assert verdict(np.abs, lambda x: np.where(x < 0, -1.0, 1.0), x).caveats[0] == str(warned[0].message)


def test_warnings_of_functions_of_the_user_remain_warnings():
    def formula(x):
        warnings.warn("of the user", UserWarning, stacklevel=1)
        return 2 * x / 3

    with pytest.warns(UserWarning, match="of the user") as warned:
        assert verdict(mean_square, formula, X)
    assert {warning.filename for warning in warned} == {__file__}


def test_html_of_a_right_formula_shows_the_text_and_no_markup_of_it():
    def named(x, A):
        return 2 * A @ x

    named.__name__ = "<b>"
    html = verdict(quadratic, named, X, A)._repr_html_()
    assert "right, largest relative error" in html
    assert "<b>" not in html
    assert "&lt;b&gt;" in html


def test_errors_of_the_functions_are_raised():
    with pytest.raises(ZeroDivisionError):
        verdict(mean_square, lambda x: 1 / 0, X)
