"""A formula that is right at the given inputs is tested at others: hidden mistakes are found, conditions are named."""

import warnings

import numpy as np
import pytest

import autograd_lite as al
from autograd_lite.testing import GradientMismatch, NotGeneralWarning, check_closed_form

RNG = np.random.default_rng(1)
A, W, X, Y, B = (RNG.normal(size=shape) for shape in ((3, 3), (3, 2), (6, 3), (6, 2), (2,)))
V, U, C = RNG.normal(size=3), RNG.normal(size=3), RNG.normal(size=6)
POSITIVE = RNG.uniform(0.5, 2, 3)
COVARIANCE = A @ A.T / 3 + np.eye(3)
ONE_HOT = np.eye(3)[[0, 1, 2, 1, 0, 2]]
BINARY, SIGNS = np.array([0.0, 1, 1, 0, 1, 0]), np.array([1.0, -1, -1, 1, 1, -1])
inv = np.linalg.inv


def softmax(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def sigma(x):
    return 1 / (1 + np.exp(-x))


def layer(W, b, X):
    return al.tanh(X @ W + b).sum()


def ridge(w, X, y, c):
    return ((X @ w - y) ** 2).sum() + c * (w @ w)


# Function, wrong formula, inputs that hide the mistake, what the finding names.
HIDDEN = {
    "a bias of zeros": (layer, lambda W, b, X: X.T @ (1 - np.tanh(X @ W) ** 2), (W, np.zeros(2), X), "'b' is all zero"),
    "a bias of zeros, by name": (
        lambda W, b: al.sigmoid(W @ b).sum(), lambda W, b: W * 0 + 0 * b, (A, np.zeros(3)), None,
    ),
    "weights that start at zero": (
        ridge, lambda w, X, y, c: 2 * X.T @ (X @ w - y), (np.zeros(3), X, C, 0.3), "'w' is all zero",
    ),
    "a regularisation of zero": (
        ridge, lambda w, X, y, c: 2 * X.T @ (X @ w - y), (V, X, C, 0.0), "'c' is zero",
    ),
    "weights of ones": (
        lambda x, c: (c * x**2).sum(), lambda x, c: 2 * x, (V, np.ones(3)), "'c' is all one",
    ),
    "a constant vector": (
        lambda x: x.sum() ** 2, lambda x: 2 * x * x.size, (np.full(4, 1.5),), "'x' is constant",
    ),
    "an identity for the covariance": (
        lambda x, S: 0.5 * x @ np.linalg.solve(S, x), lambda x, S: x, (V, np.eye(3)), "'S' is the identity",
    ),
    "magnitudes far apart": (
        lambda x: (x**2).sum(), lambda x: np.array([2, 5]) * x, (np.array([1e6, 1e-6]),), "very different magnitude",
    ),
    "two inputs that hide it together": (
        lambda x, a, b: (x * x + a * b * x).sum(), lambda x, a, b: 2 * x, (V, np.zeros(3), np.zeros(3)),
        "'a' is all zero and 'b' is all zero",
    ),
    "a value": (lambda x, b: x + b, lambda x, b: x, (V, np.zeros(3)), "'b' is all zero"),
}  # fmt: skip
del HIDDEN["a bias of zeros, by name"]
WITH_RESPECT_TO = {"a value": None}


@pytest.mark.parametrize("name", HIDDEN)
def test_a_mistake_hidden_by_accidental_values_is_a_mismatch(name):
    fn, closed_form, inputs, text = HIDDEN[name]
    with pytest.raises(GradientMismatch) as caught:
        check_closed_form(fn, closed_form, *inputs, wrt=WITH_RESPECT_TO.get(name, 0))
    mismatch = caught.value
    assert mismatch.findings[0].kind == "hidden"
    assert "right at the given inputs, but not in general" in mismatch.findings[0].text
    assert text in mismatch.findings[0].text


@pytest.mark.parametrize("name", HIDDEN)
def test_the_numbers_of_a_hidden_mistake_are_those_at_its_inputs(name):
    fn, closed_form, inputs, _ = HIDDEN[name]
    wrt = WITH_RESPECT_TO.get(name, 0)
    with pytest.raises(GradientMismatch) as caught:
        check_closed_form(fn, closed_form, *inputs, wrt=wrt)
    mismatch = caught.value
    np.testing.assert_array_equal(mismatch.actual, closed_form(*mismatch.inputs))
    expected = fn(*mismatch.inputs) if wrt is None else al.grad(fn)(*mismatch.inputs)
    np.testing.assert_allclose(mismatch.expected, expected)
    changed = [np.any(np.asarray(new) != old) for new, old in zip(mismatch.inputs, inputs, strict=True)]
    assert 0 < sum(changed) <= 2
    with pytest.raises(GradientMismatch):  # at these inputs the check fails without a second look
        check_closed_form(fn, closed_form, *mismatch.inputs, wrt=wrt)


def test_a_hidden_mistake_is_explained_at_the_other_inputs():
    with pytest.raises(GradientMismatch, match=r"the term 0\.6·w is missing"):
        check_closed_form(ridge, lambda w, X, y, c: 2 * X.T @ (X @ w - y), np.zeros(3), X, C, 0.3)


# Function, formula that is right under a condition, inputs that fulfil it, the condition, what states it.
CONDITIONAL = {
    "symmetric": (lambda x, A: x @ A @ x, lambda x, A: 2 * A @ x, (V, A + A.T), "A = Aᵀ", {"A": "symmetric"}),
    "symmetric, as a positive definite one": (
        lambda S, x: x @ np.linalg.solve(S, x), lambda S, x: -np.outer(inv(S) @ x, inv(S) @ x), (COVARIANCE, V),
        "S = Sᵀ", {"S": "positive definite"},
    ),
    "symmetric, as a diagonal one": (
        lambda x, A: x @ A @ x, lambda x, A: 2 * A @ x, (V, np.diag(POSITIVE)), "A = Aᵀ", {"A": "symmetric"},
    ),
    "antisymmetric": (lambda x, A: x @ A @ x, lambda x, A: 0 * x, (V, A - A.T), "A = −Aᵀ", {"A": "antisymmetric"}),
    "positive": (
        lambda x: al.absolute(x).sum(), np.ones_like, (POSITIVE,), "x > 0", {"x": "positive"},
    ),
    "nonnegative": (
        lambda x, c: (c * al.absolute(c) * x).sum(), lambda x, c: c**2, (V, np.array([0.0, 1.5, 2.5])), "c ≥ 0",
        {"c": "nonnegative"},
    ),
    "active units only": (
        lambda W, X: al.relu(X @ W).sum(), lambda W, X: X.T @ np.ones((6, 2)), (np.abs(W), np.abs(X)), "W > 0",
        {"W": "positive", "X": "positive"},
    ),
    "binary": (
        lambda y, x: (y**3 * x).sum(), lambda y, x: 3 * y * x, (BINARY, C), "0 and 1", {"y": "binary"},
    ),
    "binary, all of them zero": (
        lambda x, y: (y * y * x).sum(), lambda x, y: y, (C, np.zeros(6)), "0 and 1", {"y": "binary"},
    ),
    "binary, all of them one": (
        lambda x, y: (y * y * x).sum(), lambda x, y: y, (C, np.ones(6)), "0 and 1", {"y": "binary"},
    ),
    "orthonormal": (
        lambda x, Q: ((Q @ x) ** 2).sum(), lambda x, Q: 2 * x, (V, np.linalg.qr(A)[0]), "orthonormal",
        {"Q": "orthonormal"},
    ),
    "unit norm": (
        lambda x, u: (u @ u) * x.sum(), lambda x, u: np.ones(3), (V, U / np.linalg.norm(U)), "norm of u is one",
        {"u": "unit norm"},
    ),
    "centred": (
        lambda w, X: (X @ w).var(), lambda w, X: 2 * X.T @ (X @ w) / len(X), (V, X - X.mean(axis=0)),
        "columns of X sum to zero", {"X": "centred columns"},
    ),
    "weights that sum to one": (
        lambda p: al.log(p.sum()) + (p**2).sum(), lambda p: 1 + 2 * p, (np.array([0.2, 0.5, 0.3]),), "sum to one",
        {"p": "probabilities"},
    ),
    "zero diagonal": (
        lambda x, A: x @ A @ x, lambda x, A: (A + A.T) @ x - 2 * np.diag(A) * x, (V, A * (1 - np.eye(3))),
        "diagonal of A is zero", {"A": "zero diagonal"},
    ),
    "triangular": (
        lambda L: al.log(al.absolute(np.linalg.det(L))), lambda L: np.diag(1 / np.diag(L)) + np.tril(inv(L).T, -1),
        (np.triu(A) + np.diag(np.sign(np.diag(A))),), None, {"L": "triangular"},
    ),
    "one sample": (
        lambda w, X, y: ((X @ w - y) ** 2).mean(), lambda w, X, y: 2 * X.T @ (X @ w - y), (V, X[:1], C[:1]),
        "the leading axis of 'X' and 'y' has length 1", {"X": "fixed"},
    ),
    "one class": (
        lambda z, y: al.cross_entropy(z, y), lambda z, y: (softmax(z) - np.eye(3)[0]) / len(z), (X, np.zeros(6, int)),
        "all elements of 'y' are 0", {"y": "fixed"},
    ),
    "one class, any": (
        lambda z, y: al.cross_entropy(z, y), lambda z, y: (softmax(z) - np.eye(3)[y[0]]) / len(z),
        (X, np.zeros(6, int)), "all elements of 'y' are the same", {"y": "fixed"},
    ),
    "weights of one": (
        lambda w, x, e: (e * (w * x) ** 2).sum(), lambda w, x, e: 2 * w * (x**2).sum(), (0.6, V, np.ones(3, int)),
        "all elements of 'e' are 1", {"e": "fixed"},
    ),
    "one row": (
        lambda W, b, X: ((X @ W + b) ** 2).sum(), lambda W, b, X: 2 * np.repeat(X.T @ (X @ W + b), W.shape[1], axis=1)
        if b.size == 1 else X.T @ (X @ W), (W[:, :1], B[:1], X), "axis 1 of 'W' and axis 0 of 'b' have length 1",
        {"W": "fixed", "b": "fixed"},
    ),
    "not as many rows as columns": (
        lambda w, X: ((X @ w) ** 2).sum(), lambda w, X: 2 * (X if len(X) == len(w) else X.T) @ (X @ w),
        (V[:2], X[:1, :2]),
        "it is wrong, for example, where 'X' has shape (2, 2)", {"X": "fixed"},
    ),
    "a mask of ones": (
        lambda x, m: al.where(m, x**2, 0.0).sum(), lambda x, m: 2 * x, (V, np.ones(3, bool)), "'m' are True",
        {"m": "fixed"},
    ),
    "one number": (lambda x, p: (x**p).sum(), lambda x, p: 2 * x, (V, 2.0), "'p' than the given 2.0", {"p": "fixed"}),
    "saturated": (
        lambda x: al.tanh(x).sum(), lambda x: 0 * x, (1e6 * np.sign(V) + V,), "other numbers in 'x'", {"x": "fixed"},
    ),
    "small numbers": (lambda x: al.sin(x).sum(), lambda x: np.ones(3), (1e-8 * V,), "other numbers", {"x": "fixed"}),
    "active units by a large bias": (
        lambda W, X, b: al.relu(X @ W + b).sum(), lambda W, X, b: X.T @ np.ones((6, 2)), (W, X, 50 + B),
        "it is wrong, for example, at W = ", {"b": "fixed", "W": "fixed", "X": "fixed"},
    ),
    "an inverse that is passed": (
        lambda x, A, B: (x @ A @ B).sum(), lambda x, A, B: np.ones(3), (V, A, inv(A)), "'A' than the given ones or 'B'",
        {"A": "fixed", "B": "fixed"},
    ),
    "an outer array": (
        lambda x: al.where(np.array(V) > 0, x, -x), lambda x: np.where(x > 0, 1.0, -1.0), (V,), "other numbers in 'x'",
        {"x": lambda x: np.abs(x) * np.sign(V)},
    ),
    "sorted": (
        lambda x: np.sort(x) @ np.array([1.0, 2.0, 3.0]), lambda x: np.array([1.0, 2.0, 3.0]), (np.sort(V),),
        "increasing", {"x": "increasing"},
    ),
}  # fmt: skip
del CONDITIONAL["triangular"]


@pytest.mark.parametrize("name", CONDITIONAL)
def test_a_condition_is_named_in_a_warning(name):
    fn, closed_form, inputs, condition, _ = CONDITIONAL[name]
    with pytest.warns(NotGeneralWarning, match="right here, but not in general") as caught:
        check_closed_form(fn, closed_form, *inputs)
    (warning,) = caught
    assert condition in str(warning.message)
    assert warning.filename == __file__


@pytest.mark.parametrize("name", CONDITIONAL)
def test_a_stated_constraint_ends_the_warning(name):
    fn, closed_form, inputs, _, constraints = CONDITIONAL[name]
    check_closed_form(fn, closed_form, *inputs, constraints=constraints)


def huber(w, X, y, d):
    r = X @ w - y
    return al.where(al.absolute(r) <= d, r**2 / 2, d * (al.absolute(r) - d / 2)).mean()


# Formulas that are right on some sides of the branches only.
ONE_SIDED = {
    "no sign": lambda w, X, y, d: X.T @ np.where(abs(X @ w - y) <= d, X @ w - y, -d) / len(y),
    "no absolute value": lambda w, X, y, d: X.T @ np.where(X @ w - y <= d, X @ w - y, d) / len(y),
    "another limit": lambda w, X, y, d: X.T @ np.clip(X @ w - y, -1.5 * d, 1.5 * d) / len(y),
    "a literal limit": lambda w, X, y, d: X.T @ np.clip(X @ w - y, -1, 1) / len(y),
}


def one_residual(y):
    return np.array([0.5, -1.0, 0.3]), np.array([[1.0, 0.7, -0.4]]), np.array([y]), 0.9


@pytest.mark.parametrize(("name", "y"), [
    (name, y) for name, formula in ONE_SIDED.items() for y in (2.0, -2.4, 0.3, -0.3)
    if np.allclose(al.grad(huber)(*one_residual(y)), formula(*one_residual(y)))
])  # fmt: skip
def test_a_property_that_does_not_suffice_is_not_given_as_the_condition(name, y):
    inputs = one_residual(y)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            check_closed_form(huber, ONE_SIDED[name], *inputs)
        except GradientMismatch:
            return
    assert not any("it needs" in str(warning.message) for warning in caught)


# Right formulas with inputs that are special in some way: nothing is said.
GENERAL = {
    "bias of zeros": (layer, lambda W, b, X: X.T @ (1 - np.tanh(X @ W + b) ** 2), (W, np.zeros(2), X)),
    "weights of zeros": (ridge, lambda w, X, y, c: 2 * X.T @ (X @ w - y) + 2 * c * w, (np.zeros(3), X, C, 0.3)),
    "symmetric": (lambda x, A: x @ A @ x, lambda x, A: (A + A.T) @ x, (V, A + A.T)),
    "determinant": (lambda X: np.linalg.slogdet(X)[1], lambda X: inv(X).T, (COVARIANCE,)),
    "logarithm": (lambda s: al.log(s).sum(), lambda s: 1 / s, (POSITIVE,)),
    "one-hot targets": (lambda z, Y: al.cross_entropy(z, Y), lambda z, Y: (softmax(z) - Y) / len(z), (X, ONE_HOT)),
    "as many samples as classes": (
        lambda z, Y: al.cross_entropy(z, Y), lambda z, Y: (softmax(z) - Y) / len(z), (A, np.eye(3)),
    ),
    "targets of a single class": (
        lambda z, Y: al.cross_entropy(z, Y), lambda z, Y: (softmax(z) - Y) / len(z), (A, np.eye(3)[[1, 1, 1]]),
    ),
    "labels of one class": (
        lambda z, y: al.cross_entropy(z, y), lambda z, y: (softmax(z) - np.eye(3)[y]) / len(z), (X, np.full(6, 2)),
    ),
    "one index": (lambda x, i: x[i].sum(), lambda x, i: np.bincount(i, minlength=3) * 1.0, (V, np.array([2, 2]))),
    "binary targets": (
        lambda z, y: al.binary_cross_entropy_with_logits(z, y), lambda z, y: (sigma(z) - y) / 6, (C, BINARY),
    ),
    "squares of binary targets": (lambda x, y: (y * y * x).sum(), lambda x, y: y, (C, BINARY)),
    "labels of ±1": (
        lambda w, X, y: al.maximum(0, 1 - y * (X @ w)).sum(), lambda w, X, y: -X.T @ (y * (y * (X @ w) < 1)),
        (V, X, SIGNS),
    ),
    "squares of labels of ±1": (lambda z, y: ((y - z) ** 2).sum(), lambda z, y: 2 * z - 2 * y, (C, SIGNS)),
    "one sample": (lambda w, X, y: ((X @ w - y) ** 2).mean(), lambda w, X, y: 2 * X.T @ (X @ w - y) / len(y),
                   (V, X[:1], C[:1])),
    "a row": (lambda X, b: (X * b).sum(), lambda X, b: np.broadcast_to(b, X.shape), (X, V[None])),
    "a formula with its shape": (lambda x: (x**2).sum(), lambda x: np.full((1, 3), 2.0) * x, (V[None],)),
    "one element": (lambda x: (x**2).sum(), lambda x: 2 * x, (np.array([1.5]),)),
    "integers": (lambda X: (X**2).sum(), lambda X: 2 * X, (np.array([[1.0, 2.0], [3.0, 4.0]]),)),
    "a whole exponent": (lambda x, p: (x**p).sum(), lambda x, p: p * x ** (p - 1), (V, 3.0)),
    "relu": (lambda x: al.relu(x).sum(), lambda x: (x > 0) * 1.0, (POSITIVE,)),
    "empty": (lambda x: x.sum(), np.ones_like, (np.zeros((0, 3)),)),
    "large logits": (lambda z: al.logsumexp(z), softmax, (np.array([800.0, -700.0, 3.0]),)),
    "a limit": (
        lambda x, d: al.where(al.absolute(x) <= d, 0.5 * x**2, d * (al.absolute(x) - 0.5 * d)).sum(),
        lambda x, d: np.clip(x, -d, d), (V, 0.7),
    ),
    "a limit of zero": (
        lambda x, d: al.where(al.absolute(x) <= d, 0.5 * x**2, d * (al.absolute(x) - 0.5 * d)).sum(),
        lambda x, d: np.clip(x, -d, d), (V, 0.0),
    ),
    "a formula with a smaller domain": (lambda x: (x**2).sum(), lambda x: 2 * np.sqrt(x) ** 2, (POSITIVE,)),
    "a number": (lambda x: x * x, lambda x: 2 * x, (3.0,)),
    "zero": (lambda x: x * x, lambda x: 2 * x, (0.0,)),
    "unit vector": (lambda x: x / np.linalg.norm(x), lambda x: (np.eye(3) - np.outer(x, x) / (x @ x))
                    / np.linalg.norm(x), (V / np.linalg.norm(V),)),
    "value": (al.softmax, softmax, (X,), None),
    "no float that may be drawn": (lambda x, i: x[i].sum(), lambda x, i: np.bincount(i, minlength=3) * 1.0,
                                   (V, np.array([0, 2, 2]))),
}  # fmt: skip


@pytest.mark.parametrize("name", GENERAL)
def test_nothing_is_said_of_a_formula_that_is_right_in_general(name):
    fn, closed_form, inputs, *wrt = GENERAL[name]
    check_closed_form(fn, closed_form, *inputs, wrt=wrt[0] if wrt else 0)  # warnings are errors


def test_the_same_check_gives_the_same_result():
    texts = []
    for _ in range(2):
        with pytest.raises(GradientMismatch) as caught:
            check_closed_form(layer, lambda W, b, X: X.T @ (1 - np.tanh(X @ W) ** 2), W, np.zeros(2), X)
        texts.append(str(caught.value))
    assert texts[0] == texts[1]


def test_a_function_that_fails_at_other_inputs_says_nothing():
    def only_these(x, b):
        if np.asarray(b).any():
            raise ValueError("b must be zero")
        return (x * x).sum() + (x * b).sum()

    check_closed_form(only_these, lambda x, b: 2 * x, V, np.zeros(3))


def test_warnings_of_the_function_at_other_inputs_are_not_shown():
    def talkative(x, b):
        if np.asarray(b).any():
            warnings.warn("b is not zero", UserWarning, stacklevel=2)
        return (x * x).sum() + b.sum()

    check_closed_form(talkative, lambda x, b: 2 * x, V, np.zeros(3))


def test_the_given_inputs_do_not_change():
    x, b = V.copy(), np.zeros(3)
    check_closed_form(lambda x, b: (x * x + b).sum(), lambda x, b: 2 * x, x, b)
    np.testing.assert_array_equal(x, V)
    assert not b.any()


# -- constraints ---------------------------------------------------------------------------------------------------


def check(constraints, **inputs):
    values = {"x": V, "A": A, "n": 3, **inputs}
    return check_closed_form(lambda x, A, n: x @ A @ x * n, lambda x, A, n: n * (A + A.T) @ x, *values.values(),
                             constraints=constraints)  # fmt: skip


def test_several_constraints_of_one_input():
    check({"A": ("symmetric", "positive definite"), "x": ["fixed"], "n": "fixed"}, A=COVARIANCE)


def test_a_callable_makes_the_inputs_satisfy_the_constraint():
    seen = []

    def scaled(A):
        seen.append(A)
        return A / np.abs(A).sum()

    def fn(x, A):
        return x @ A @ x / al.absolute(A).sum()

    check_closed_form(fn, lambda x, A: (A + A.T) @ x, V, scaled(A), constraints={"A": scaled})
    assert len(seen) > 1
    with pytest.warns(NotGeneralWarning):
        check_closed_form(fn, lambda x, A: (A + A.T) @ x, V, scaled(A))


@pytest.mark.parametrize(
    ("constraints", "kind", "message"),
    [
        ("symmetric", TypeError, "constraints must be a mapping from names of inputs to constraints, not 'symmetric'"),
        ({"B": "symmetric"}, ValueError, "constraints name the input 'B'; there are x, A, n"),
        ({0: "symmetric"}, ValueError, "constraints name the input 0"),
        ({"A": "round"}, ValueError, 'must be a callable or one of "fixed", "integer", '),
        ({"A": 3}, TypeError, "must be a name, a tuple of names or a callable, not 3"),
        ({"A": (3,)}, TypeError, "must be a name, a tuple of names or a callable"),
        ({"A": "symmetric"}, ValueError, "{'A': 'symmetric'}, but this does not hold for the given 'A'"),
        ({"x": ("fixed", "positive")}, ValueError, "{'x': 'positive'}, but this does not hold"),
        ({"A": lambda A: A[0]}, TypeError, "must return an array of shape (3, 3), not an array of shape (3,)"),
        ({"A": lambda A: None}, TypeError, "NoneType"),
    ],
)
def test_bad_constraints_are_named(constraints, kind, message):
    with pytest.raises(kind) as caught:
        check(constraints)
    assert message in str(caught.value)
