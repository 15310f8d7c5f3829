"""The diagnosis names the mistake that was planted, and claims nothing that the numbers do not show."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd_lite as al
from autograd_lite.testing import GradientMismatch, check_closed_form, strategies

RNG = np.random.default_rng(1)
X, W, B = RNG.normal(size=(5, 2)), RNG.normal(size=(2, 3)), RNG.normal(size=3)
Y, LABELS = np.eye(3)[[0, 2, 1, 0, 1]], np.array([0, 2, 1, 0, 1])
H, S = RNG.normal(size=(3, 4)), RNG.normal(size=(5, 3))
SQUARE, CUBE = RNG.normal(size=(3, 3)), RNG.normal(size=(2, 3, 4))


def softmax(z):
    return np.exp(z) / np.exp(z).sum(axis=-1, keepdims=True)


def sigma(x):
    return 1 / (1 + np.exp(-x))


def mismatch(fn, closed_form, *inputs, **options):
    with pytest.raises(GradientMismatch) as caught:
        check_closed_form(fn, closed_form, *inputs, **options)
    return caught.value


def total(X, Y, W, b):
    return al.cross_entropy(X @ W + b, Y, reduction="sum")


def average(X, Y, W, b):
    return al.cross_entropy(X @ W + b, Y)


def entropy(z, y):
    return -(y * al.log_softmax(z)).sum()


def error(X, Y, W, b):
    return softmax(X @ W + b) - Y


DATA = (X, Y, W, B)


def network(X, U, V):
    return (al.tanh(al.sigmoid(X @ U) @ V) ** 2).sum()


def network_gradient(X, U, V, sigmoid_factor=1.0, tanh_factor=1.0):
    A = sigma(X @ U)
    T = np.tanh(A @ V)
    Delta = 2 * T * (1 - T**2) ** tanh_factor
    return X.T @ ((Delta @ V.T) * (A * (1 - A)) ** sigmoid_factor)


def ridge(w, X, y, penalty):
    return ((X @ w - y) ** 2).sum() + penalty * (w @ w)


RIDGE = (RNG.normal(size=2), X, S[:, 0], 0.3)

# What is planted: kind of finding, a piece of its text, function, wrong formula, inputs, wrt.
PLANTED = [
    ("sign", "the sign is flipped", total, lambda X, Y, W, b: -X.T @ error(X, Y, W, b), DATA, "W"),
    ("factor", "5 times too large", average, lambda X, Y, W, b: X.T @ error(X, Y, W, b), DATA, "W"),
    ("factor", "5 times too small", total, lambda X, Y, W, b: X.T @ error(X, Y, W, b) / 5, DATA, "W"),
    ("factor", "2 in the derivative of a square", lambda x: (x**2).sum(), lambda x: x, (S,), 0),
    ("factor", "2 in the derivative of a square", lambda x: (x**2).sum() / 2, lambda x: 2 * x, (S,), 0),
    ("factor", "the number of elements of 'x'", lambda x: x.mean(), np.ones_like, (S,), 0),
    ("factor", "half the length of axis 0", lambda x: (x**2).mean(), lambda x: x, (RNG.normal(size=7),), 0),
    ("factor", "3.33333 times too large", lambda x: 0.3 * al.sin(x), np.cos, (S[0],), 0),
    ("sign + factor", "flipped and it is 5 times", average, lambda X, Y, W, b: -X.T @ error(X, Y, W, b), DATA, "W"),
    ("transpose", "transpose", total, lambda X, Y, W, b: error(X, Y, W, b).T @ X, DATA, "W"),
    ("transpose", "transpose", lambda A, x: x @ A @ A @ x, lambda A, x: _quadratic(A, x).T, (SQUARE, B), "A"),
    ("transpose", "transposed Jacobian", lambda A, x: A @ x, lambda A, x: A.T, (SQUARE, B), "x"),
    ("transpose", "transposed Jacobian", lambda A, x: A @ x, lambda A, x: A.T, (H, S[0, :1].repeat(4)), "x"),
    ("transpose", "other order", lambda x: (x**2).sum(), lambda x: 2 * x.transpose(2, 0, 1), (CUBE,), 0),
    ("transpose + factor", "and it is 5 times", average, lambda X, Y, W, b: error(X, Y, W, b).T @ X, DATA, "W"),
    ("transpose + sign", "and the sign", total, lambda X, Y, W, b: -error(X, Y, W, b).T @ X, DATA, "W"),
    ("transpose", "np.transpose(..., (1, 0, 3, 2))", lambda x: (x**2).sum(), lambda x: 2 * x.transpose(1, 0, 3, 2),
     (RNG.normal(size=(2, 2, 3, 3)),), 0),
    ("flip", "flipped along axis 0", lambda w, x, G: (G * np.correlate(x, w, "valid")).sum(),
     lambda w, x, G: np.correlate(x, G, "valid")[::-1], (B, RNG.normal(size=7), RNG.normal(size=5)), 0),
    ("flip", "a rotation by 180°", lambda w, G: (G * w**2).sum(), lambda w, G: (2 * G * w)[..., ::-1, ::-1],
     (CUBE, CUBE + 1), 0),
    ("order", "X Xᵀ stands where XᵀX belongs", lambda W, X: np.trace(X.T @ X @ W),
     lambda W, X: X @ X.T, (RNG.normal(size=(2, 2)), X), 0),
    ("missing factor", "the factor Xᵀ is missing on the left", lambda w, X, y: 0.5 * ((X @ w - y) ** 2).sum(),
     lambda w, X, y: X @ w - y, (W[:, 0], X, Y[:, 0]), 0),
    ("extra factor", "the factor A is one too many", lambda x, A: (x**3 * A.sum()).sum(),
     lambda x, A: A @ (3 * x**2 * A.sum()), (B, SQUARE), 0),
    ("wrong argument", "the derivative with respect to 'y' instead of 'x'", lambda x, y: (x**2 * y).sum(),
     lambda x, y: x**2, (S, S + 1), 0),
    ("shape", "only its diagonal is the derivative", lambda d, A: np.linalg.slogdet(np.diag(d) + A @ A.T)[1],
     lambda d, A: np.linalg.inv(np.diag(d) + A @ A.T), (np.ones(3), SQUARE), 0),
    ("shape", "only the diagonal of the derivative", lambda A, d: (np.diagonal(A) ** 2 * d).sum(),
     lambda A, d: 2 * np.diagonal(A) * d, (SQUARE, B), 0),
    ("shape", "a full convolution where a valid one belongs", lambda w, x, G: (G * np.correlate(x, w, "valid")).sum(),
     lambda w, x, G: np.correlate(x, G, "full"), (B, RNG.normal(size=7), RNG.normal(size=5)), 0),
    ("summed", "summed over axis 0, 1, 2", lambda x: (x**3).sum(), lambda x: (3 * x**2).sum(), (CUBE,), 0),
    ("unsummed", "the sum over axis 0 is missing", total, error, DATA, "b"),
    ("unsummed", "the sum over axis 0", total, lambda *d: np.einsum("nd,nk->ndk", d[0], error(*d)), DATA, "W"),
    ("unsummed + factor", "and it is 5 times too large", average, error, DATA, "b"),
    ("unsummed + sign", "flipped, and the sum over axis 0 is missing (the batch is not summed), which is axis 0",
     total, lambda *d: -error(*d), DATA, "b"),
    ("summed", "summed over axis 0", lambda x: (x**2).sum(), lambda x: 2 * x.sum(axis=0), (S,), 0),
    ("reshape", "reshape(3,)", total, lambda *d: error(*d).sum(axis=0, keepdims=True), DATA, "b"),
    ("broadcast", "broadcasting to (5, 3)", lambda x: 3 * x.sum(), lambda x: 3.0, (S,), 0),
    ("broadcast", "broadcasting to (5, 3)", lambda x, b: (x * b).sum(), lambda x, b: b, (S, B), 0),
    ("missing slice", "the first slice along axis 1", lambda W, x: ((W[:, 1:] @ x + W[:, :1]) ** 2).sum(),
     lambda W, x: 2 * (W[:, 1:] @ x + W[:, :1]) @ x.T, (SQUARE, S[:2]), "W"),
    ("diagonal", "diagonal of the Jacobian of softmax", al.softmax, lambda z: softmax(z) * (1 - softmax(z)), (B,), 0),
    ("diagonal", "right only on the diagonal", lambda A, x: A @ x, lambda A, x: np.diag(np.diag(A)), (SQUARE, B), "x"),
    ("label", "only at the label 'y'", entropy, lambda z, y: softmax(z) - 1, (B, Y[0]), 0),
    ("label", "only at the label 'target'", al.cross_entropy, lambda z, y: (softmax(z) - 1) / 5, (S, LABELS), 0),
    ("label", "only at the label 'y'", lambda T, a, y: al.cross_entropy(T @ a, y),
     lambda T, a, y: np.outer(softmax(T @ a) - 1, a), (SQUARE, B, 1), "T"),
    ("label", "outside the label 'target'", al.cross_entropy, lambda z, y: softmax(z) / 5, (S, LABELS), 0),
    ("sign + label", "flipped at the label", entropy, lambda z, y: softmax(z) + y * (1 - 2 * softmax(z)), (B, Y[0]), 0),
    ("part", "except in row 1", total, lambda *d: d[0].T @ error(*d) * [[1.0], [0.7]], DATA, "W"),
    ("part", "except in column 0", total, lambda *d: d[0].T @ error(*d) * [0.5, 1, 1], DATA, "W"),
    ("part", "only in column 2", total, lambda *d: d[0].T @ error(*d) * [0.5, 0.2, 1], DATA, "W"),
    ("part", "except at [3, 1]", lambda x: (x**2).sum(), lambda x: 2 * x + 0.1 * (x == x[3, 1]), (S,), 0),
    ("part", "except in element 2", lambda x: (x**2).sum(), lambda x: 2 * x * [1, 1, 3], (B,), 0),
    ("missing factor", "the derivative of sigmoid", network, lambda *d: network_gradient(*d, 0), (X, W, H), "U"),
    ("missing factor", "the derivative of tanh", network, lambda *d: network_gradient(*d, 1, 0), (X, W, H), "U"),
    ("doubled factor", "sigmoid is applied twice", network, lambda *d: network_gradient(*d, 2), (X, W, H), "U"),
    ("missing factor + factor", "and it is 2 times", network, lambda *d: network_gradient(*d, 0) / 2, (X, W, H), "U"),
    ("missing factor", "sigmoid'(x) is missing", lambda x: 2 * al.sigmoid(x).sum(), lambda x: 2 + 0 * x, (S,), 0),
    ("doubled factor", "one factor sigmoid' too many",
     lambda w, X, y: al.binary_cross_entropy_with_logits(X @ w, y, reduction="sum"),
     lambda w, X, y: X.T @ ((sigma(X @ w) - y) * sigma(X @ w) * (1 - sigma(X @ w))), (W[:, 0], X, Y[:, 0]), 0),
    ("missing factor", "the factor c is missing", lambda x, c: (c * x**2).sum(), lambda x, c: 2 * x, (B, SQUARE[0]), 0),
    ("missing term", "the term 0.6·w is missing, which is 2·penalty·w", ridge,
     lambda w, X, y, c: 2 * X.T @ (X @ w - y), RIDGE, 0),
    ("missing term", "the term 0.3·w is missing, which is penalty·w", ridge,
     lambda w, X, y, c: 2 * X.T @ (X @ w - y) + c * w, RIDGE, 0),
    ("extra term", "an extra term 0.3·w, which is penalty·w", ridge,
     lambda w, X, y, c: 2 * X.T @ (X @ w - y) + 3 * c * w, RIDGE, 0),
    ("extra term", "an extra term ∂f/∂y", lambda x, y: (x**2 * y).sum(), lambda x, y: 2 * x * y + x**2, (S, S + 1), 0),
    ("missing term", "the term 1 is missing", lambda x: (x**2 + x).sum(), lambda x: 2 * x, (S,), 0),
    ("missing term", "multiply (operand `al.sin(x)`) is left out", lambda x: (x * al.sin(x)).sum(), np.sin, (S,), 0),
]  # fmt: skip


def _quadratic(A, x):
    return np.outer(x, A @ x) + np.outer(A.T @ x, x)


@pytest.mark.parametrize("number", range(len(PLANTED)))
def test_planted_mistake_is_found(number):
    kind, text, fn, closed_form, inputs, wrt = PLANTED[number]
    findings = mismatch(fn, closed_form, *inputs, wrt=wrt).findings
    assert any(finding.kind == kind and text in str(finding) for finding in findings), list(map(str, findings))


@pytest.mark.parametrize("number", [n for n, planted in enumerate(PLANTED) if planted[0] in ("sign", "transpose")])
def test_simplest_explanation_comes_first(number):
    kind, _, fn, closed_form, inputs, wrt = PLANTED[number]
    findings = mismatch(fn, closed_form, *inputs, wrt=wrt).findings
    assert findings[0].kind == kind
    assert [finding.cost for finding in findings] == sorted(finding.cost for finding in findings)


@pytest.mark.parametrize("wanted", [(), (1,), (3,), (3, 1), (3, 3), (2, 3), (2, 3, 4)])
@pytest.mark.parametrize("shape", [(), (1,), (3,), (1, 3), (3, 3), (3, 2), (4, 3, 2), (3, 3, 3, 3)])
def test_every_wrong_shape_is_reported(shape, wanted):
    x, claim = RNG.normal(size=wanted), RNG.normal(size=shape)
    if shape != wanted:
        found = mismatch(lambda x, A: (x**2).sum() + A.sum(), lambda x, A: claim, x, SQUARE)
        assert not any(finding.kind != "broadcast" for finding in found.findings) or claim.size == 1


def test_square_is_no_reason_where_nothing_is_squared():
    findings = mismatch(lambda x: al.sin(x).sum(), lambda x: 2 * np.cos(x), S).findings
    assert not any("square" in str(finding) for finding in findings)


def test_ambiguous_number_lists_all_that_it_may_be():
    findings = mismatch(lambda x, y: (x * y).mean(), lambda x, y: y, B, 2 * B).findings
    assert findings[0].reasons == ("the length of axis 0 of 'x'", "the length of axis 0 of 'y'")


def test_a_multiple_of_the_claim_is_a_factor_and_not_a_missing_term():
    findings = mismatch(lambda x: (x**2).sum(), lambda x: x, np.array([2.0])).findings
    texts = [str(finding) for finding in findings]
    assert any("2 in the derivative of a square" in text for text in texts)
    assert not any("the term" in text for text in texts)
    assert "factor" in findings[0].kind


def test_unknown_factor_in_a_single_number_is_not_claimed():
    findings = mismatch(lambda x: 0.377 * x, lambda x: 0.7, 2.0).findings
    assert not any("factor" in finding.kind for finding in findings)


@pytest.mark.parametrize("closed_form", [lambda x: np.zeros(x.shape), lambda x: np.zeros((2, *x.shape))])
def test_nothing_but_that_is_claimed_of_zeros(closed_form):
    findings = mismatch(lambda x: (x**2).sum(), closed_form, S).findings
    assert {str(finding) for finding in findings} <= {"it is zero everywhere, and the derivative is not"}


def test_nothing_is_claimed_where_the_derivative_is_zero():
    assert mismatch(lambda x: (x**2).sum(), lambda x: np.ones(x.shape), np.zeros(4)).findings == ()


def test_nothing_is_claimed_of_nonsense():
    wrong = np.random.default_rng(5).normal(size=S.shape)
    found = mismatch(lambda x: (x**2).sum(), lambda x: wrong, S)
    assert found.findings == ()
    assert "No known mistake explains it" in str(found)
    assert "actual/expected" in str(found)
    assert "actual−expected" in str(found)


def test_intermediates_of_the_user_are_tried():
    found = mismatch(
        lambda x, a: (al.erf(a * x) ** 2).sum(),
        lambda x, a: 2 * x * np.arange(1.0, 4),
        B, np.ones(3),
        intermediates=lambda x, a: {"secret": a * _true_slope(a * x) / (2 * x * np.arange(1.0, 4))},
    )  # fmt: skip
    assert any("the factor secret is missing" in str(finding) for finding in found.findings)


def _true_slope(x):
    return 2 * al.erf(x) * 2 / np.sqrt(np.pi) * np.exp(-(x**2))


@given(strategies.arrays(), st.sampled_from([-1.0, 2.0, 0.5, -3.0]))
def test_every_factor_is_explained_wherever_the_gradient_is_not_zero(x, factor):
    if not np.any(x):
        return
    findings = mismatch(lambda x: (x**2).sum(), lambda x: factor * 2 * x, x).findings
    assert findings or (abs(factor) == 3.0 and np.count_nonzero(x) == 1)


def test_a_formula_without_any_resemblance_on_a_deep_network_is_explained_by_nothing():
    def deep(x, *weights):
        for w in weights:
            x = al.tanh(x @ w)
        return (x**2).sum()

    weights = [RNG.normal(size=(8, 8)) for _ in range(20)]
    found = mismatch(deep, lambda x, *weights: x, RNG.normal(size=(16, 8)), *weights)
    assert not found.findings
