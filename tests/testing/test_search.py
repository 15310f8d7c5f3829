"""find_counterexample at kinks, singular points and large numbers: no right formula is refuted, every wrong one is."""

import numpy as np
import pytest
from hypothesis import strategies as st

import autograd_lite as al
from autograd_lite.testing import find_counterexample, strategies

arrays, logits = strategies.arrays, strategies.logits
inv, det, norm = np.linalg.inv, np.linalg.det, np.linalg.norm
VECTOR, PAIR = arrays((3,)), (arrays((3,)), arrays((3,)))
SQUARE = arrays((2, 2)) | arrays((3, 3))
POSITIVE = arrays((3,), 0.1, 3)
INTEGERS = arrays((4,)).map(np.round)  # with many ties
LARGE = logits().map(lambda z: 200 * z)
TIMES = arrays((5,)).map(lambda x: 1.6e9 + x)


def softmax(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def one_hot_max(x):
    return np.eye(x.size)[x.argmax()]


def ranks(x):
    return np.argsort(np.argsort(x, kind="stable"), kind="stable")


def pool(x):
    return al.maximum(x[:2], x[2:]).sum()


def hinge(w, X, y):
    return al.maximum(0, 1 - y * (X @ w)).sum()


HINGE = (arrays((2,)), arrays((3, 2)), st.sampled_from([np.array(y) for y in ([1.0, -1, 1], [-1.0, -1, 1])]))

# Function, right formula, wrong formula, strategies.
TABLE = {
    "abs": (lambda x: al.absolute(x).sum(), lambda x: np.where(x > 0, 1.0, -1.0), lambda x: np.ones(3), VECTOR),
    "relu, one at zero": (lambda x: al.relu(x).sum(), lambda x: (x >= 0) * 1.0, lambda x: (x >= 1) * 1.0, VECTOR),
    "elementwise relu": (al.relu, lambda x: (x >= 0) * 1.0, lambda x: (x <= 0) * 1.0, VECTOR),
    "maximum of two": (
        lambda x, y: al.maximum(x, y).sum(), lambda x, y: (x >= y) * 1.0, lambda x, y: (x <= y) * 1.0, PAIR,
    ),
    "minimum of two": (
        lambda x, y: al.minimum(x, y).sum(), lambda x, y: (x < y) * 1.0, lambda x, y: (x > y) * 1.0, PAIR,
    ),
    "clip": (
        lambda x: al.clip(x, -1, 1).sum(), lambda x: (np.abs(x) <= 1) * 1.0, lambda x: (x <= 1) * 1.0, VECTOR,
    ),
    "hinge": (
        hinge, lambda w, X, y: -X.T @ (y * (y * (X @ w) <= 1)), lambda w, X, y: -X.T @ (y * (y * (X @ w) <= 0)), HINGE,
    ),
    "squared hinge": (
        lambda x: (al.maximum(0, 1 - x) ** 2).sum(), lambda x: -2 * np.maximum(0, 1 - x), lambda x: -2 * (1 - x),
        VECTOR,
    ),
    "largest element": (lambda x: x.max(), one_hot_max, lambda x: np.eye(x.size)[x.argmin()], INTEGERS),
    "smallest element, all of them": (
        lambda x: x.min(), lambda x: (x == x.min()) * 1.0, lambda x: (x == x.max()) * 1.0, INTEGERS,
    ),
    "spread": (
        lambda x: x.max() - x.min(), lambda x: one_hot_max(x) - one_hot_max(-x),
        lambda x: one_hot_max(x) + one_hot_max(-x), INTEGERS,
    ),
    "max pooling": (
        pool, lambda x: np.r_[x[:2] > x[2:], x[:2] <= x[2:]] * 1.0, lambda x: np.r_[x[:2] > x[2:], x[:2] > x[2:]] * 1.0,
        INTEGERS,
    ),
    "weighted sorted": (
        lambda x: np.sort(x) @ np.arange(4.0), lambda x: 1.0 * ranks(x), lambda x: 3.0 - ranks(x), INTEGERS,
    ),
    "norm": (
        lambda x: norm(x), lambda x: x / norm(x), lambda x: x / norm(x) ** 2, VECTOR,
    ),
    "norm, zero at zero": (
        lambda x: norm(x), lambda x: x / max(norm(x), 1e-300), lambda x: 2 * x, VECTOR,
    ),
    "unit vector": (
        lambda x: x / norm(x), lambda x: np.eye(3) / norm(x) - np.outer(x, x) / norm(x) ** 3,
        lambda x: np.eye(3) / norm(x), VECTOR,
    ),
    "x |x|": (lambda x: (x * al.absolute(x)).sum(), lambda x: 2 * np.abs(x), lambda x: 2 * x, VECTOR),
    "x to the x": (
        lambda x: (x**x).sum(), lambda x: x**x * (np.log(x) + 1), lambda x: x * x ** (x - 1), VECTOR,
    ),
    "logarithm": (lambda x: al.log(x).sum(), lambda x: 1 / x, lambda x: 1 / x**2, VECTOR),
    "square root": (lambda x: al.sqrt(x).sum(), lambda x: 0.5 / np.sqrt(x), lambda x: 1 / np.sqrt(x), VECTOR),
    "quotient": (
        lambda x, y: (x / y).sum(), lambda x, y: 1 / y, lambda x, y: x / y, PAIR,
    ),
    "inverse": (
        lambda X: inv(X).sum(), lambda X: -np.outer(inv(X).T.sum(1), inv(X).T.sum(0)),
        lambda X: np.outer(inv(X).T.sum(1), inv(X).T.sum(0)), SQUARE,
    ),
    "determinant": (lambda X: det(X), lambda X: det(X) * inv(X).T, lambda X: det(X) * inv(X), SQUARE),
    "logarithm of the determinant": (
        lambda X: np.linalg.slogdet(X)[1], lambda X: inv(X).T, lambda X: inv(X), SQUARE,
    ),
    "solution": (
        lambda A, b: np.linalg.solve(A, b).sum(), lambda A, b: -np.outer(inv(A).T.sum(1), inv(A) @ b),
        lambda A, b: -np.outer(inv(A) @ b, inv(A).T.sum(1)), st.tuples(arrays((2, 2)), arrays((2,))),
    ),
    "softmax, large logits": (
        lambda z: al.cross_entropy(z, np.zeros(len(z), int)), lambda z: (softmax(z) - np.eye(z.shape[1])[0]) / len(z),
        lambda z: softmax(z) - np.eye(z.shape[1])[0], LARGE,
    ),
    "log-sum-exp, large logits": (
        lambda z: al.logsumexp(z, axis=-1).sum(), softmax, lambda z: softmax(z.T).T, LARGE,
    ),
    "cancellation": (
        lambda x: ((x - x.mean()) ** 2).sum(), lambda x: 2 * (x - x.mean()), lambda x: 2.01 * (x - x.mean()), TIMES,
    ),
    "variance": (
        lambda x: x.var(), lambda x: 2 * (x - x.mean()) / x.size, lambda x: 2 * (x - x.mean()) / (x.size - 1), TIMES,
    ),
    "expm1 over x": (
        lambda x: al.expm1(x).sum(), lambda x: 1 + (np.exp(x) - 1), lambda x: np.exp(x) - 1, VECTOR,
    ),
    "median": (
        lambda x: np.sort(x)[2:4].mean(), lambda x: ((ranks(x) == 2) + (ranks(x) == 3)) / 2,
        lambda x: ((ranks(x) == 2) + (ranks(x) == 3)) * 1.0, arrays((6,)).map(np.round),
    ),
    "a difference of kinks": (
        lambda x: (al.relu(x) - al.relu(-x)).sum(), np.ones_like, lambda x: np.sign(x), VECTOR,
    ),
    "product": (
        lambda x: al.prod(x), lambda x: np.array([x[1] * x[2], x[0] * x[2], x[0] * x[1]]), lambda x: x, VECTOR,
    ),
    "huber": (
        lambda x: al.where(al.absolute(x) <= 1, 0.5 * x**2, al.absolute(x) - 0.5).sum(), lambda x: np.clip(x, -1, 1),
        lambda x: np.sign(x), VECTOR,
    ),
    "total variation": (
        lambda x: al.absolute(x[1:] - x[:-1]).sum(),
        lambda x: np.r_[0, np.sign(x[1:] - x[:-1])] - np.r_[np.sign(x[1:] - x[:-1]), 0],
        lambda x: np.r_[0, np.sign(x[1:] - x[:-1])], INTEGERS,
    ),
}  # fmt: skip


def search(name, closed_form):
    fn, _, _, given = TABLE[name]
    return find_counterexample(fn, closed_form, *(given if isinstance(given, tuple) else (given,)))


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", TABLE)
def test_a_right_formula_is_not_refuted(name):
    found = search(name, TABLE[name][1])
    assert found is None, str(found)


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", TABLE)
def test_a_wrong_formula_is_refuted(name):
    assert search(name, TABLE[name][2]) is not None


def test_there_are_more_than_thirty_of_both():
    assert len(TABLE) > 30
