"""Mistakes planted in formulas are named in the words of the formula, and every repair is right at other inputs."""

import numpy as np
import pytest

import autograd_lite as al
from autograd_lite.testing import GradientMismatch, check_closed_form
from autograd_lite.testing.comparing.case import Case
from autograd_lite.testing.comparing.inputs import Inputs, read_inputs
from autograd_lite.testing.explaining.other_settings import OtherSettings
from autograd_lite.testing.explaining.repairs import Repairs
from autograd_lite.testing.explaining.setting import Setting

inv = np.linalg.inv


def sig(z):
    return 1 / (1 + np.exp(-z))


def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def draws(*shapes, positive=()):
    rng = np.random.default_rng(3)
    arrays = [rng.normal(size=shape) for shape in shapes]
    return [np.abs(a) + 0.3 if i in positive else a for i, a in enumerate(arrays)]


def residual(w, X, y):
    return ((X @ w - y) ** 2).sum()


def network(W, V, X, Y):
    return ((np.tanh(X @ W) @ V - Y) ** 2).sum()


def network_gradient(W, V, X, Y, transpose=True, squared=True, term=True):
    A = np.tanh(X @ W)
    D = 2 * (A @ V - Y)
    B = D @ V.T if transpose else D @ V
    slope = 1 - A**2 if squared else 1 - A
    return X.T @ (B * slope) if term else X.T @ (B * slope) + 0.5 * W


LABELLED = [*draws((5, 4)), np.eye(4)[[0, 1, 2, 3, 1]]]

# Function, wrong formula, inputs, what the first sentence says.
PLANTED = {
    "transpose": (lambda X, A, B: (A @ X @ B).sum() ** 2 / 2,
                  lambda X, A, B: (A @ X @ B).sum() * A @ np.ones((3, 3)) @ B.T, draws((3, 3), (3, 3), (3, 3)),
                  "A must be transposed, in `(A @ X @ B).sum() * A`"),
    "transpose in every place": (lambda X, a: a @ np.linalg.inv(X) @ a, lambda X, a: -inv(X) @ np.outer(a, a) @ inv(X),
                                 [np.eye(3) * 2 + draws((3, 3))[0] / 4, draws((3,))[0]],
                                 "transpose"),
    "not transposed": (lambda X, A: np.trace(A @ X), lambda X, A: A, draws((3, 3), (3, 3)), "transpose"),
    "order": (lambda X, A, B: np.trace(A @ X.T @ B), lambda X, A, B: A @ B, draws((3, 3), (3, 3), (3, 3)),
              "the factors A and B are in the wrong order, in `A @ B`"),
    "sign of a term": (lambda x, a: (x**3 - a * x).sum(), lambda x, a: 3 * x**2 + a, draws((4,), (4,)),
                       "the sign of a is wrong, in `3 * x**2 + a`"),
    "exponent": (lambda s, x: (np.log(s) + x**2 / (2 * s**2)).sum(), lambda s, x: 1 / s - x**2 / s**2,
                 draws((4,), (4,), positive=[0]), "the exponent of s must be 3, not 2, in `s**2`"),
    "missing exponent": (np.tanh, lambda x: 1 - np.tanh(x), draws((5,)),
                         "the exponent of np.tanh(x) is wrong: it must be squared, in `1 - np.tanh(x)`"),
    "extra term": (network, lambda W, V, X, Y: network_gradient(W, V, X, Y, term=False),
                   draws((3, 4), (4, 4), (6, 3), (6, 4)), "the term 0.5 * W is one too many"),
    "in a helper function": (network, lambda W, V, X, Y: network_gradient(W, V, X, Y, transpose=False),
                             draws((3, 4), (4, 4), (6, 3), (6, 4)), "V must be transposed, in `D @ V`"),
    "exponent in a helper function": (network, lambda W, V, X, Y: network_gradient(W, V, X, Y, squared=False),
                                      draws((3, 4), (4, 4), (6, 3), (6, 4)), "it must be squared, in `1 - A`"),
    "extra factor": (lambda x, a: (a * x**2).sum(), lambda x, a: 2 * a * x * x, draws((4,), (4,)), "one too many"),
    "missing function": (lambda w, X, y: al.binary_cross_entropy_with_logits(X @ w, y, reduction="sum"),
                         lambda w, X, y: X.T @ (X @ w - y), [*draws((3,), (6, 3)), np.array([0.0, 1, 1, 0, 1, 0])],
                         "sigmoid"),
    "missing factor on the left": (residual, lambda w, X, y: 2 * (X @ w - y), draws((3,), (7, 3), (7,)),
                                   "the factor X"),
    "threshold": (lambda w, X, y: np.maximum(0, 1 - y * (X @ w)).sum(),
                  lambda w, X, y: -X.T @ (y * (y * (X @ w) < 0)),
                  [draws((3,))[0] / 4, draws((9, 3))[0], np.array([1.0, -1, 1, -1, 1, 1, -1, 1, -1])],
                  "the threshold 0 of the condition must be 1, in `y * (X @ w) < 0`"),
    "condition": (lambda x: np.maximum(x, 0).sum(), lambda x: (x < 0) * 1.0, draws((6,)), "where > belongs"),
    "axis": (lambda Z, C: (C * al.softmax(Z)).sum(),
             lambda Z, C: softmax(Z) * (C - (C * softmax(Z)).sum(axis=0, keepdims=True)), draws((4, 4), (4, 4)),
             "the sum is over axis 0 where axis 1 belongs, in `(C * softmax(Z)).sum(axis=0, keepdims=True)`"),
    "axis that is not given": (lambda Z, Y: al.cross_entropy(Z, Y),
                               lambda Z, Y: (np.exp(Z) / np.exp(Z).sum() - Y) / len(Z), LABELLED,
                               "the sum is over all axes where axis 1 with keepdims=True belongs"),
    "not normalized": (lambda Z, Y: al.cross_entropy(Z, Y), lambda Z, Y: (np.exp(Z) - Y) / len(Z), LABELLED,
                       "np.exp(Z) must be divided by its sum over axis 1, in `np.exp(Z) - Y`"),
    "columns not normalized": (lambda Z, Y: al.cross_entropy(Z.T, Y.T), lambda Z, Y: (np.exp(Z) - Y) / Z.shape[1],
                               [array.T for array in LABELLED], "np.exp(Z) must be divided by its sum over axis 0"),
    "sum for mean": (lambda x: ((x - x.mean()) ** 2).mean(), lambda x: 2 * (x - x.sum()) / x.size, draws((5,)),
                     "there is a sum where a mean belongs, in `x.sum()`"),
    "scaled term": (lambda w, X, y: ((X @ w - y) ** 2).mean() + 0.1 * (w @ w),
                    lambda w, X, y: 2 * X.T @ (X @ w - y) / len(y) + 0.1 * w, draws((3,), (7, 3), (7,)),
                    "the term 0.1 * w is 2 times too small"),
    "N for N - 1": (lambda x: ((x - x.mean()) ** 2).sum() / (len(x) - 1), lambda x: 2 * (x - x.mean()) / len(x),
                    draws((6,)), "N stands where N − 1 belongs"),
    "overwritten index": (lambda E, g: (g * E[np.array([0, 2, 2, 1])]).sum(),
                          lambda E, g: _overwritten(E, g), draws((3, 2), (4, 2)), "repeat"),
    "part of the data": (lambda w, X: ((X @ w) ** 2).sum(), lambda w, X: 2 * X[:-1].T @ (X[:-1] @ w),
                         draws((3,), (6, 3)), "only the part [:-1] of X along axis 0 is used"),
    "other value": (lambda g, x, m: (m * g * ((x - x.mean(0)) / (x.std(0) + 0.1))).sum(),
                    lambda g, x, m: (m * x).sum(0), draws((3,), (6, 3), (6, 3)),
                    "x stands where (x - x.mean(0)) / (x.std(0) + 0.1) belongs"),
    "missing divisor of an update": (lambda g, m, t: (0.9 * m + 0.1 * g) / (1 - 0.9**t),
                                     lambda g, m, t: 0.9 * m + 0.1 * g, [*draws((4,), (4,)), 3],
                                     "the divisor 1 - 0.9**t is missing"),
}  # fmt: skip


def _overwritten(E, g):
    d = np.zeros((3, 2))
    d[np.array([0, 2, 2, 1])] = g
    return d


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_mistake_is_named_first(name):
    function, wrong, inputs, sentence = PLANTED[name]
    with pytest.raises(GradientMismatch) as caught:
        check_closed_form(function, wrong, *inputs, wrt=None if "update" in name else 0)
    findings = [str(finding) for finding in caught.value.findings]
    assert any(sentence in text for text in findings[:2]), findings


@pytest.mark.parametrize("name", PLANTED)
def test_every_repair_is_right_at_other_inputs(name):
    function, wrong, values, _ = PLANTED[name]
    case = Case(function, wrong, None if "update" in name else 0)
    inputs = read_inputs(function, values)
    given = Setting(case, inputs)
    repairs = Repairs([given, *OtherSettings(given).generic])
    found = [*repairs._right(repairs.edits()), *repairs._right(repairs.insertions())]
    rng = np.random.default_rng(7)
    for _ in range(5):
        other = Inputs(inputs.names, tuple(_other(value, rng) for value in inputs.values))
        point = repairs._point(Setting(case, other))
        assert point is not None
        assert all(repairs._fits(edit, point) for edit in found), [edit.text for edit in found]


def _other(value, rng):
    if not isinstance(value, np.ndarray) or set(np.unique(value)) <= {-1.0, 0.0, 1.0}:
        return value
    return value * rng.uniform(0.7, 1.3, value.shape)


def test_all_arguments_are_looked_at():
    def gradient(W, b, X):
        D = np.tanh(X @ W + b)  # 1 − tanh² is forgotten in both
        return X.T @ D, D.sum(0)

    with pytest.raises(GradientMismatch) as caught:
        check_closed_form(
            lambda W, b, X: np.tanh(X @ W + b).sum(), gradient, *draws((3, 2), (2,), (6, 3)), wrt=("W", "b")
        )
    assert "1 − a²" in str(caught.value.findings[0]) or "tanh" in str(caught.value.findings[0])


def test_a_formula_of_many_calls_is_still_refuted():
    def long(x):
        total = np.zeros_like(x)
        for _ in range(500):
            total = total + x
        return total

    with pytest.raises(GradientMismatch):
        check_closed_form(lambda x: (x**2).sum(), long, draws((3,))[0])
