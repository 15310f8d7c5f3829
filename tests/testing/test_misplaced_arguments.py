"""Parameters in another order, or function and formula in each other's place: said first, and only if it is so."""

import numpy as np
import pytest

from autograd_lite.testing import GradientMismatch, check_closed_form, check_gradients, check_steps, find_counterexample

RNG = np.random.default_rng(0)
X, Y, W = RNG.normal(size=(5, 3)), RNG.normal(size=5), RNG.normal(size=3)
A, B, C = RNG.normal(size=(3, 3, 3))
NOTE = "the formula has the parameters (X, y, w), and the function has them in the order (w, X, y): inputs are passed"


def loss(w, X, y):
    return ((X @ w - y) ** 2).sum()


def gradient(X, y, w):
    return 2 * X.T @ (X @ w - y)


def traces(P, Q, R):
    return (P @ Q @ Q @ R).sum()


def gradient_of_traces(R, P, Q):
    return np.outer(np.ones(3), Q @ Q @ R @ np.ones(3))


def wrong_gradient_of_traces(R, P, Q):
    return 3 * gradient_of_traces(R, P, Q)


def notes(error):
    return "\n".join(getattr(error, "__notes__", ()))


@pytest.mark.parametrize("inputs", [(W, X, Y), (W, X[:4], Y[:4])])
def test_an_error_of_a_formula_with_another_order_has_a_note(inputs):
    with pytest.raises(ValueError, match="matmul") as caught:
        check_closed_form(loss, gradient, *inputs)
    assert NOTE in notes(caught.value)


def test_an_error_of_the_function_called_in_the_order_of_the_formula_has_a_note():
    with pytest.raises(ValueError, match="matmul") as caught:
        check_closed_form(loss, gradient, Y, W, X)
    assert NOTE in notes(caught.value)


def test_an_error_of_a_formula_with_the_same_order_has_no_such_note():
    with pytest.raises(ValueError, match="matmul") as caught:
        check_closed_form(loss, lambda w, X, y: X @ X, W, X, Y)
    assert "order" not in notes(caught.value)


def test_an_error_of_a_formula_with_other_names_has_no_such_note():
    with pytest.raises(ValueError, match="matmul") as caught:
        check_closed_form(loss, lambda data, y, w: data @ data, X, X, Y, wrt="w")
    assert "order" not in notes(caught.value)


def test_a_mismatch_says_the_order_first_and_nothing_else_if_the_formula_is_right_by_name():
    with pytest.raises(GradientMismatch) as caught:
        check_closed_form(traces, gradient_of_traces, A, B, C)
    assert [finding.kind for finding in caught.value.findings] == ["order"]
    assert str(caught.value.findings[0]).endswith(
        "(R, P, Q), and the function has them in the order (P, Q, R): inputs are passed by position; "
        "called by name it is right"
    )


def test_a_mismatch_says_the_order_first_and_that_it_is_not_all_if_the_formula_is_wrong_by_name_too():
    with pytest.raises(GradientMismatch) as caught:
        check_closed_form(traces, wrong_gradient_of_traces, A, B, C)
    assert caught.value.findings[0].kind == "order"
    assert str(caught.value.findings[0]).endswith("called by name it is wrong too")


def test_a_right_formula_may_have_its_parameters_in_any_order():
    assert check_closed_form(lambda a, b: (a * b).sum(), lambda b, a: a, W, W + 1) < 1e-10  # a is the second input


@pytest.mark.parametrize(
    "formula",
    [
        lambda w, X, y: X.T @ (X @ w - y),  # the same order, and wrong
        lambda v, X, y: X.T @ (X @ v - y),  # other names
        lambda *inputs: inputs[0],  # names that say nothing
    ],
)
def test_nothing_is_said_about_the_order_where_it_is_the_same_or_not_known(formula):
    with pytest.raises(GradientMismatch) as caught:
        check_closed_form(loss, formula, W, X, Y)
    assert "order" not in [finding.kind for finding in caught.value.findings]


def test_a_counterexample_has_the_order_first():
    strategies = pytest.importorskip("hypothesis.strategies")
    numbers = strategies.floats(0.5, 2)
    found = find_counterexample(lambda a, b: a * a * b, lambda b, a: 2 * a * b * b / a * a / b, numbers, numbers)
    assert found is None  # right in any order

    found = find_counterexample(lambda a, b: a * a * a * b, lambda b, a: 3 * a * a * b, numbers, numbers)
    assert found.error.findings[0].kind == "order"
    assert str(found.error.findings[0]).endswith("called by name it is right")


def test_lines_of_a_derivation_take_their_parameters_by_name():
    lines = {"r": lambda y, X, w: X @ w - y, "∂L/∂r": lambda r: 2 * r, "∂L/∂w": lambda dr, X: X.T @ dr}
    assert [line.verdict for line in check_steps(loss, lines, W, X, Y)] == ["occurs", "right", "right"]


# -- function and formula swapped -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fn", "formula", "inputs"),
    [
        (lambda x: (x**2).sum(), lambda x: 2 * x, (W,)),
        (loss, lambda w, X, y: 2 * X.T @ (X @ w - y), (W, X, Y)),
        (lambda x: x @ A @ x, lambda x: (A + A.T) @ x, (W,)),
    ],
)
def test_a_formula_in_place_of_the_function_is_recognized(fn, formula, inputs):
    with pytest.raises(GradientMismatch) as caught:
        check_closed_form(formula, fn, *inputs)
    assert [str(finding) for finding in caught.value.findings] == [
        "its derivative is the function: the function is the first argument, and the formula the second"
    ]


def test_a_formula_with_another_explanation_is_not_said_to_be_swapped():
    """The derivative of sin is cos, so a wrong sign in the derivative of cos looks like a swap."""
    with pytest.raises(GradientMismatch) as caught:
        check_closed_form(lambda x: np.cos(x), lambda x: np.sin(x), W)
    assert "swapped" not in [finding.kind for finding in caught.value.findings]


def test_inputs_in_place_of_the_function_are_refused():
    with pytest.raises(TypeError, match="check_gradients: the function must be callable, not ndarray"):
        check_gradients(W, lambda x: x.sum())
