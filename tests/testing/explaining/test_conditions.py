"""A formula that is right only where an input is special is told so, with the condition."""

import numpy as np
import pytest

from autograd_lite.testing import GradientMismatch, check_closed_form

RNG = np.random.default_rng(1)
A, B = RNG.normal(size=(3, 3)), RNG.normal(size=(3, 3))
b, c, x = RNG.normal(size=3), RNG.normal(size=3), RNG.normal(size=3)


def findings(function, formula, *inputs, wrt=0):
    with pytest.raises(GradientMismatch) as caught:
        check_closed_form(function, formula, *inputs, wrt=wrt)
    return [str(finding) for finding in caught.value.findings]


@pytest.mark.parametrize(("function", "formula", "inputs"), [
    (lambda X, A: np.trace(X.T @ A @ X), lambda X, A: 2 * A @ X, (B, A)),
    (lambda x, A: (x @ A @ x) ** 2, lambda x, A: 4 * (x @ A @ x) * A @ x, (x, A)),
    (lambda X, A: np.linalg.det(X.T @ A @ X),
     lambda X, A: 2 * np.linalg.det(X.T @ A @ X) * A @ X @ np.linalg.inv(X.T @ A @ X), (B[:, :2], A)),
])  # fmt: skip
def test_right_only_for_a_symmetric_matrix(function, formula, inputs):
    assert findings(function, formula, *inputs)[0] == "it is right where A is symmetric, A = Aᵀ, and not in general"


@pytest.mark.parametrize(("function", "formula", "inputs", "text"), [
    (lambda x, A, b: ((A @ x + b) ** 2).sum(), lambda x, A, b: 2 * A.T @ (A @ x), (x, A, b),
     "b is left out, in `A @ x + b`: it is right where b = 0"),
    (lambda x, A, b: (b * np.tanh(A @ x)).sum(), lambda x, A, b: A.T @ (1 - np.tanh(A @ x) ** 2), (x, A, b),
     "b is left out, in `b * np.tanh(A @ x)`: it is right where b = 1"),
    (lambda w, A, lam: ((A @ w) ** 2).sum() + lam * (w @ w), lambda w, A, lam: 2 * A.T @ (A @ w), (x, A, 0.3),
     "lam is left out, in `lam * (w @ w)`: it is right where lam = 0"),
    (lambda x, A, b, c: (A @ x + b) @ (A @ x + c), lambda x, A, b, c: 2 * A.T @ (A @ x), (x, A, b, c),
     "b and c are left out: it is right where b = 0 and c = 0"),
])  # fmt: skip
def test_an_input_that_is_left_out_is_named_with_its_place(function, formula, inputs, text):
    assert text in findings(function, formula, *inputs)


def test_right_only_if_matrices_commute():
    texts = findings(lambda X, A: np.trace(A @ X @ X @ X), lambda X, A: 3 * (A @ X @ X).T, B, A)
    assert "order" in texts[0]


def test_right_only_for_orthonormal_columns():
    def function(W, X):
        return ((X @ W @ W.T) ** 2).sum()

    W, X = RNG.normal(size=(3, 2)), RNG.normal(size=(5, 3))
    texts = findings(lambda W, X: np.trace(W.T @ X.T @ X @ W @ W.T @ W), lambda W, X: 2 * X.T @ X @ W
                     + 2 * W @ (W.T @ X.T @ X @ W), W, X)  # fmt: skip
    assert any("orthonormal" in text for text in texts), texts


def test_a_condition_that_the_inputs_have_is_not_given_as_the_reason():
    S = A + A.T
    texts = findings(lambda x, S: x @ S @ x, lambda x, S: S @ x, x, S)
    assert not any("symmetric" in text for text in texts)
