"""check_closed_form: right formulas pass, whatever the shapes; what cannot be checked is named and is no mismatch."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd_lite as al
from autograd_lite import Tensor
from autograd_lite.testing import GradientMismatch, check_closed_form, strategies

RNG = np.random.default_rng(0)
X, W, B = RNG.normal(size=(4, 2)), RNG.normal(size=(2, 3)), RNG.normal(size=3)
Y, LABELS = np.eye(3)[[0, 2, 1, 0]], np.array([0, 2, 1, 0])
Z, V = RNG.normal(size=(4, 3)), RNG.normal(size=5)
P = RNG.uniform(0.2, 0.8, size=(4, 3))


def softmax(z):
    return np.exp(z) / np.exp(z).sum(axis=-1, keepdims=True)


def sigma(x):
    return 1 / (1 + np.exp(-x))


# Function, formula, inputs, wrt: all of them right.
RIGHT = [
    (lambda x: (x**2).sum(), lambda x: 2 * x, (Z,), 0),
    (lambda x: (x**3).mean(), lambda x: 3 * x**2 / x.size, (Z,), 0),
    (lambda x: x.sum(axis=0) @ x.sum(axis=0), lambda x: 2 * np.tile(x.sum(axis=0), (len(x), 1)), (Z,), 0),
    (lambda x: x**2, lambda x: 2 * x, (Z,), 0),
    (lambda x: x**2, lambda x: 2 * np.diag(x), (V,), 0),
    (lambda x: x * x, lambda x: 2 * x, (3.0,), 0),
    (al.sin, np.cos, (V,), 0),
    (al.cos, lambda x: -np.sin(x), (V,), 0),
    (al.tanh, lambda x: 1 - np.tanh(x) ** 2, (Z,), 0),
    (al.exp, np.exp, (V,), 0),
    (al.log, lambda x: 1 / x, (P,), 0),
    (al.sqrt, lambda x: 0.5 / np.sqrt(x), (P,), 0),
    (al.softplus, sigma, (Z,), 0),
    (al.relu, lambda x: (x > 0).astype(float), (Z,), 0),
    (al.absolute, np.sign, (Z,), 0),
    (al.expm1, np.exp, (V,), 0),
    (al.log1p, lambda x: 1 / (1 + x), (P,), 0),
    (al.erf, lambda x: 2 / math.sqrt(math.pi) * np.exp(-(x**2)), (V,), 0),
    (lambda x: al.log_softmax(x), lambda x: np.eye(5) - softmax(x), (V,), 0),
    (lambda x: al.logsumexp(x), softmax, (V,), 0),
    (lambda x: x.max(), lambda x: (x == x.max()).astype(float), (V,), 0),
    (lambda x: x.min(), lambda x: (x == x.min()).astype(float), (V,), 0),
    (lambda x: x.prod(), lambda x: x.prod() / x, (V,), 0),
    (lambda x: x.var(), lambda x: 2 * (x - x.mean()) / x.size, (V,), 0),
    (lambda x: x.std(), lambda x: (x - x.mean()) / (x.size * x.std()), (V,), 0),
    (lambda x: x[1], lambda x: np.eye(5)[1], (V,), 0),
    (lambda x: x[[0, 0, 2]].sum(), lambda x: np.array([2.0, 0, 1, 0, 0]), (V,), 0),
    (lambda x: x.reshape(6, 2).sum(), np.ones_like, (Z,), 0),
    (lambda x: x.T @ np.ones(4), lambda x: np.einsum("ij,k->ikj", np.eye(3), np.ones(4)), (Z,), 0),
    (lambda x: al.concatenate([x, 2 * x]).sum(), lambda x: 3 * np.ones(5), (V,), 0),
    (lambda x: al.where(x > 0, x, -x), lambda x: np.where(x > 0, 1.0, -1.0), (V,), 0),
    (lambda x, y: (x * y).sum(), lambda x, y: y, (Z, P), "x"),
    (lambda x, y: (x * y).sum(), lambda x, y: x, (Z, P), "y"),
    (lambda x, y: (x * y).sum(), lambda x, y: (y, x), (Z, P), ("x", "y")),
    (lambda x, y: (x * y).sum(), lambda x, y: (x, y), (Z, P), (1, 0)),
    (lambda x, y: (x / y).sum(), lambda x, y: -x / y**2, (Z, P), -1),
    (lambda x, y: x**y, lambda x, y: y * x ** (y - 1), (P, Z), 0),
    (lambda x, y: (x**y).sum(), lambda x, y: x**y * np.log(x), (P, Z), 1),
    (lambda x, y: (x + y).sum(), lambda x, y: np.full(3, 4.0), (Z, B), "y"),
    (lambda A, x: (A @ x).sum(), lambda A, x: A.sum(axis=0), (Z, B), "x"),
    (lambda A, x: A @ x, lambda A, x: A, (Z, B), "x"),
    (lambda A, x: x @ A @ x, lambda A, x: (A + A.T) @ x, (Z[:3], B), "x"),
    (lambda A, x: x @ A @ x, lambda A, x: np.outer(x, x), (Z[:3], B), "A"),
    (lambda X, W: (X @ W).sum(), lambda X, W: X.T @ np.ones((4, 3)), (X, W), "W"),
    (lambda X, W: ((X @ W) ** 2).mean(), lambda X, W: 2 * X.T @ X @ W / 12, (X, W), "W"),
    (lambda X, W, Y: al.mse_loss(X @ W, Y), lambda X, W, Y: 2 * X.T @ (X @ W - Y) / 12, (X, W, Y), "W"),
    (lambda z, y: al.cross_entropy(z, y), lambda z, y: (softmax(z) - np.eye(3)[y]) / 4, (Z, LABELS), 0),
    (lambda z, y: al.cross_entropy(z, y), lambda z, y: (softmax(z) - y) / 4, (Z, Y), 0),
    (lambda z, y: al.binary_cross_entropy(al.sigmoid(z), y), lambda z, y: (sigma(z) - y) / 12, (Z, P), 0),
    (lambda *w: sum(a.sum() ** 2 for a in w), lambda *w: [2 * a.sum() * np.ones(a.shape) for a in w], (V, Z), "w"),
    (lambda x, c: (c * x * x).sum(), lambda x, c: 2 * c * x, (V, 0.1), 0),
    (lambda x, c: (c * x * x).sum(), lambda x, c: (x * x).sum(), (V, 0.1), "c"),
    (lambda x, n: x**n, lambda x, n: n * x ** (n - 1), (V, 3), 0),
    (lambda x, axis: x.sum(axis=axis) @ np.ones(4), lambda x, axis: np.ones((4, 3)), (Z, 1), 0),
    (lambda x: x.sum(keepdims=True), np.ones_like, (Z,), 0),
    (lambda x: x.sum(keepdims=True), lambda x: np.ones((1, 1, 4, 3)), (Z,), 0),
    (lambda x: x * 1.0, lambda x: np.ones((0, 3)), (np.zeros((0, 3)),), 0),
    (lambda x: 2 * x, lambda x: 2, (1.5,), 0),
    (lambda x: x, lambda x: np.eye(5), (V,), 0),
    (lambda x, y: x - y, lambda x, y: (np.eye(5), -np.eye(5)), (V, 2 * V), ("x", "y")),
    (al.softmax, softmax, (Z,), None),
    (lambda x: x.numpy().sum() > 1e9, lambda x: False, (Z,), None),
]


@pytest.mark.parametrize("number", range(len(RIGHT)))
def test_right_formula_passes(number):
    fn, closed_form, inputs, wrt = RIGHT[number]
    assert 0 <= check_closed_form(fn, closed_form, *inputs, wrt=wrt) <= 1e-10


def test_there_are_more_than_fifty_of_them():
    assert len(RIGHT) > 50


@given(strategies.datasets(), st.data())
def test_right_formula_passes_under_hypothesis(data, draw):
    X, Y = data
    W = draw.draw(strategies.arrays((X.shape[1], Y.shape[1])))
    check_closed_form(
        lambda X, W, Y: al.cross_entropy(X @ W, Y),
        lambda X, W, Y: X.T @ (softmax(X @ W) - Y) / len(X),
        X,
        W,
        Y,
        wrt="W",
    )


def test_inputs_of_every_kind():
    for x in ([1.0, 2.0], np.array([1, 2], np.float32), Tensor([1.0, 2.0]), Tensor([1.0, 2.0], requires_grad=True)):
        check_closed_form(lambda x: (x**2).sum(), lambda x: 2 * x, x)
    check_closed_form(lambda x: x**2, lambda x: 2 * x, np.float32(3))


def test_formula_gets_arrays_and_cannot_change_the_inputs():
    x = np.ones(3)

    def closed_form(x):
        assert type(x) is np.ndarray
        x *= 2
        return x

    check_closed_form(lambda x: (x**2).sum(), closed_form, x)
    assert (x == 1).all()


def test_works_inside_no_grad():
    with al.no_grad():
        check_closed_form(al.sin, np.cos, V)


# -- what cannot be checked ----------------------------------------------------------------------------------------

NOISE, COUNT = np.random.default_rng(0), itertools.count(2)
BAD = [
    ("floating-point", TypeError, lambda x: x**2, lambda x: 2 * x, (np.arange(3),), 0),
    ("floating-point", TypeError, lambda x: x**2, lambda x: 2 * x, (3,), 0),
    ("floating-point", TypeError, lambda z, y: al.cross_entropy(z, y), lambda z, y: z, (Z, LABELS), "y"),
    ("floating-point", TypeError, lambda z, y: al.cross_entropy(z, y), lambda z, y: z, (Z, LABELS), (0, 1)),
    ("no such input", ValueError, lambda x: x**2, lambda x: 2 * x, (V,), "y"),
    ("there are 1 inputs", ValueError, lambda x: x**2, lambda x: 2 * x, (V,), 1),
    ("twice", ValueError, lambda x: x**2, lambda x: 2 * x, (V,), (0, "x")),
    ("no input", ValueError, lambda x: x**2, lambda x: 2 * x, (V,), ()),
    ("wrt must be a position", TypeError, lambda x: x**2, lambda x: 2 * x, (V,), 1.5),
    ("cannot take 2 inputs", TypeError, lambda x: x**2, lambda x: 2 * x, (V, V), 0),
    ("returned ndarray", TypeError, lambda x: x.numpy() ** 2, lambda x: 2 * x, (V,), 0),
    ("returned None", TypeError, lambda x: None, lambda x: 2 * x, (V,), 0),
    ("dtype int64", TypeError, lambda x: x.astype(int), lambda x: 2 * x, (V,), 0),
    ("does not depend", ValueError, lambda x: Tensor(1.0), lambda x: 2 * x, (V,), 0),
    ("does not depend", ValueError, lambda x: x.detach() ** 2, lambda x: 2 * x, (V,), 0),
    ("does not depend on 'y'", ValueError, lambda x, y: x.sum(), lambda x, y: (x, y), (V, V), ("x", "y")),
    ("two different results", ValueError, lambda x: x * NOISE.normal(), lambda x: x, (V,), 0),
    ("two different results", ValueError, lambda x: NOISE.normal(), lambda x: x, (V,), None),
    ("returned a Tensor", TypeError, lambda x: (x**2).sum(), lambda x: Tensor(2 * x), (V,), 0),
    ("returned None", TypeError, lambda x: (x**2).sum(), lambda x: None, (V,), 0),
    ("returned str", TypeError, lambda x: (x**2).sum(), lambda x: "2x", (V,), 0),
    ("returned complex", TypeError, lambda x: (x**2).sum(), lambda x: 2j, (V,), 0),
    ("tuple of 2", TypeError, lambda x, y: (x * y).sum(), lambda x, y: y, (V, V), ("x", "y")),
    ("tuple of 2", TypeError, lambda x, y: (x * y).sum(), lambda x, y: (y,), (V, V), ("x", "y")),
    ("input 'x' is nan at [1]", ValueError, lambda x: x**2, lambda x: 2 * x, (np.array([1.0, np.nan]),), 0),
    ("input 'x' is inf", ValueError, lambda x: x**2, lambda x: 2 * x, (np.inf,), 0),
    ("result of fn is nan", ValueError, lambda x: al.log(x).sum(), lambda x: 1 / x, (-P,), 0),
    ("derivative of fn with respect to 'x' is inf", ValueError, lambda x: al.sqrt(x).sum(), np.sqrt, (np.zeros(2),), 0),
    ("returned list", TypeError, lambda x: (x**2).sum(), lambda x: [[1, 2], [3]], (V,), 0),
    ("returned generator", TypeError, lambda x: (x**2).sum(), lambda x: (2 * a for a in x), (V,), 0),
    ("returned dict", TypeError, lambda x: (x**2).sum(), lambda x: {"x": 2 * x}, (V,), 0),
    ("array of dtype object", TypeError, lambda x: (x**2).sum(), lambda x: (2 * x).astype(object), (V,), 0),
    ("array of dtype <U1", TypeError, lambda x: (x**2).sum(), lambda x: np.array(list("abcde")), (V,), 0),
    ("array of dtype complex128", TypeError, lambda x: (x**2).sum(), lambda x: 2 * x + 0j, (V,), 0),
    ("a masked array", TypeError, lambda x: (x**2).sum(), lambda x: np.ma.masked_less(2 * x, 0), (V,), 0),
    (
        "cannot take 1 inputs, as the function does: missing a required argument: 'y'",
        TypeError,
        lambda x: (x**2).sum(),
        lambda x, y: 2 * x,
        (V,),
        0,
    ),
    ("cannot take 1 inputs", TypeError, lambda x: (x**2).sum(), lambda: 2, (V,), 0),
    (
        "closed_form gave two different results",
        ValueError,
        lambda x: (x**2).sum(),
        lambda x: NOISE.normal(size=5),
        (V,),
        0,
    ),
    (
        "closed_form gave two different results",
        ValueError,
        lambda x: (x**2).sum(),
        lambda x: 2 * x * next(COUNT),
        (V,),
        0,
    ),
    ("what closed_form returned is nan", ValueError, lambda x: x.sum(), lambda x: 0 / (x - x), (V,), 0),
    ("what closed_form returned is inf", ValueError, lambda x: x.sum(), lambda x: 1 / (x - x), (V,), 0),
]


@pytest.mark.parametrize("number", range(len(BAD)))
def test_what_cannot_be_checked_is_named(number):
    message, kind, fn, closed_form, inputs, wrt = BAD[number]
    with pytest.raises(kind) as caught:
        check_closed_form(fn, closed_form, *inputs, wrt=wrt)
    assert message in str(caught.value)
    assert not isinstance(caught.value, GradientMismatch)


def test_an_error_of_the_formula_comes_through_with_a_note():
    with pytest.raises(ZeroDivisionError) as caught:
        check_closed_form(lambda x: x.sum(), lambda x: 1 // 0, V)
    assert "raised by closed_form, for inputs x (5,)" in caught.value.__notes__


def test_a_result_of_another_shape_is_a_mismatch_that_says_so():
    for closed_form, x in ((lambda x: 2 * x[0], V[:1]), (lambda x: np.array([2 * x]), 3.0), (lambda x: 2, V)):
        with pytest.raises(GradientMismatch, match="wrong shape"):
            check_closed_form(lambda x: (x**2).sum(), closed_form, x)


def test_a_formula_that_is_right_only_once_is_named():
    calls = itertools.count()
    with pytest.raises(ValueError, match="gave two different results for the same inputs"):
        check_closed_form(lambda x: (x**2).sum(), lambda x: (2 + (next(calls) > 0)) * x, V)


def test_a_function_that_changes_after_some_calls_is_named():
    calls = itertools.count()
    with pytest.raises(ValueError, match="gave two different results for the same inputs"):
        check_closed_form(lambda x: (x**2).sum() * (1 + (next(calls) > 2)), lambda x: 3 * x, V)


def test_a_wrong_formula_that_changes_its_inputs_is_told_which():
    def closed_form(x, y, n):
        x *= 2
        y -= y.mean()
        return 3 * x**2 * y

    with pytest.raises(GradientMismatch) as caught:
        check_closed_form(lambda x, y, n: (x**3 * y).sum(), closed_form, V, 2 * V, np.arange(3))
    last = caught.value.findings[-1]
    assert last.kind == "in place"
    assert last.text.startswith("closed_form changes its input 'x' and 'y' in place")


def test_a_right_formula_may_change_its_inputs():
    check_closed_form(lambda x: (x**2).sum(), lambda x: np.multiply(x, 2, out=x), V)


def test_lists_and_booleans_are_read_as_arrays():
    check_closed_form(lambda x: (x**2).sum(), lambda x: list(2 * x), V)
    check_closed_form(lambda x: x.sum(), lambda x: x == x, V)
