"""Where numbers end: activations at ±∞ and beyond what exponentials hold, and 0 · ln 0 = 0 in losses."""

import math
import warnings

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import grad, hessian

INF = math.inf
DTYPES = [np.float16, np.float32, np.float64]


def sigma(x):
    return math.exp(x) / (1 + math.exp(x)) if x < 0 else 1 / (1 + math.exp(-x))


def phi(x):
    return math.erfc(-x / math.sqrt(2)) / 2


def tanh_gelu(x):
    return x * sigma(2 * math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)) if abs(x) < 40 else max(x, 0.0)


def derivative(f):
    """By central differences of fourth order."""
    return lambda x, h=1e-3: (f(x - 2 * h) - 8 * f(x - h) + 8 * f(x + h) - f(x + 2 * h)) / (12 * h)


# The function, the same in Python's numbers, and the limits of value and derivative on the left and on the right.
ACTIVATIONS = {
    "sigmoid": (ag.sigmoid, sigma, (0, 0), (1, 0)),
    "silu": (ag.silu, lambda x: x * sigma(x), (0, 0), (INF, 1)),
    "gelu": (ag.gelu, lambda x: x * phi(x), (0, 0), (INF, 1)),
    "gelu by tanh": (lambda x: ag.gelu(x, "tanh"), tanh_gelu, (0, 0), (INF, 1)),
    "softplus": (ag.softplus, lambda x: max(x, 0) + math.log1p(math.exp(-abs(x))), (0, 0), (INF, 1)),
    "elu": (ag.elu, lambda x: x if x > 0 else math.expm1(x), (-1, 0), (INF, 1)),
    "relu": (ag.relu, lambda x: max(x, 0), (0, 0), (INF, 1)),
    "hardtanh": (ag.hardtanh, lambda x: min(max(x, -1), 1), (-1, 0), (1, 0)),
    "tanh": (np.tanh, math.tanh, (-1, 0), (1, 0)),
    "erf": (ag.erf, math.erf, (-1, 0), (1, 0)),
    "logaddexp": (lambda x: np.logaddexp(x, x.dtype.type(0)), lambda x: max(x, 0) + math.log1p(math.exp(-abs(x))),
                  (0, 0), (INF, 1)),
}  # fmt: skip


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_at_infinity_and_far_out_are_the_limits_and_no_warnings(name, dtype):
    function, _, left, right = ACTIVATIONS[name]
    largest = np.finfo(dtype).max
    for x, (value, slope) in [
        (-INF, left),
        (-largest, left),
        (-1e4, left),
        (1e4, right),
        (largest, right),
        (INF, right),
    ]:
        x = np.array([x], dtype)
        value = x if value == INF else value
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            np.testing.assert_array_equal(function(x), value)
            np.testing.assert_array_equal(grad(lambda x: function(x).sum())(x), slope)
            np.testing.assert_array_equal(grad(lambda x: grad(lambda x: function(x).sum())(x).sum())(x), 0)


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_nan_stays_nan(name, dtype):
    x = np.array([np.nan, 0.5], dtype)
    with np.errstate(invalid="ignore"):  # NumPy's own functions may warn
        value = ACTIVATIONS[name][0](x)
    assert np.isnan(value).tolist() == [True, False]


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_values_and_slopes_are_exact_to_the_dtype(name, dtype):
    function, formula, *_ = ACTIVATIONS[name]
    points = [-30.0, -17.0, -9.5, -5.2, -3.0, -0.7, -0.01, 0.3, 1.5, 4.0, 11.5, 30.0]
    x = np.array(points, dtype)
    exact = [float(v) for v in x]
    eps = float(max(np.finfo(dtype).eps, 1e-13))
    smallest = float(np.finfo(dtype).smallest_subnormal)
    if name.startswith("gelu"):  # 1 + erf has the digits of 1
        smallest += 20 * float(np.finfo(np.promote_types(dtype, np.float32)).eps)
    np.testing.assert_allclose(
        function(x).astype(float), list(map(formula, exact)), rtol=4 * eps, atol=4e-16 + smallest
    )
    slopes = grad(lambda x: function(x).sum())(x).astype(float)
    np.testing.assert_allclose(
        slopes, list(map(derivative(formula), exact)), rtol=8 * eps, atol=1e-11 + smallest + eps * (name[:4] != "gelu")
    )


# -- 0 · ln 0 ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_classes_that_are_impossible_and_not_asked_for_take_no_part(dtype):
    rng = np.random.default_rng(0)
    few, rows = rng.normal(size=(4, 3)).astype(dtype), rng.dirichlet(np.ones(3), 4).astype(dtype)
    more = np.insert(few, 1, -INF, axis=1)
    padded = np.insert(rows, 1, 0, axis=1)

    def losses(z, y):
        yield lambda z: ag.cross_entropy(z, y, reduction="sum")
        yield lambda z: ag.kl_div(ag.log_softmax(z, 1), y, reduction="sum")
        yield lambda z: ag.kl_div(
            ag.log_softmax(few if z.shape[1] == 3 else more, 1), ag.softmax(z, 1) * 0 + y, reduction="sum"
        )
        yield lambda z: ag.cross_entropy(few if z.shape[1] == 3 else more, ag.softmax(z, 1), reduction="sum")
        yield lambda z: ag.kl_div(ag.log_softmax(z, 1), ag.log_softmax(z * 0.5, 1), reduction="sum", log_target=True)
        yield lambda z: ag.nll_loss(ag.log_softmax(z, 1), np.full(4, z.shape[1] - 1), reduction="sum")

    for small, large in zip(losses(few, rows), losses(more, padded), strict=True):
        eps = np.finfo(dtype).eps  # terms of size one cancel in a divergence, so an absolute error is rounding too
        np.testing.assert_allclose(large(more), small(few), rtol=8 * eps, atol=2 * eps)
        slopes, expected = grad(large)(more), grad(small)(few)
        np.testing.assert_array_equal(slopes[:, 1], 0)
        np.testing.assert_allclose(np.delete(slopes, 1, axis=1), expected, rtol=0, atol=8 * np.finfo(dtype).eps)


@pytest.mark.parametrize("log_target", [False, True])
def test_second_derivatives_where_both_probabilities_are_zero_are_zero(log_target):
    y = np.array([0.0, 0.25, 0.75])
    x = np.array([-INF, -1.0, -0.5])
    with np.errstate(divide="ignore"):
        target = np.log(y) if log_target else y
    for argument, function in [
        (x, lambda x: ag.kl_div(x, target, reduction="sum", log_target=log_target)),
        (target, lambda t: ag.kl_div(x, t, reduction="sum", log_target=log_target)),
        (x, lambda z: ag.cross_entropy(z, y)),
        (y, lambda y: ag.cross_entropy(x, y)),
    ]:
        slopes, curvature = grad(function)(argument), hessian(function)(argument)
        assert slopes[0] == 0
        np.testing.assert_array_equal([curvature[0], curvature[:, 0]], 0)
        assert np.isfinite(slopes).all()
        assert np.isfinite(curvature).all()


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_infinite_logits_of_right_answers_cost_nothing_and_of_others_infinitely_much(dtype):
    z = np.array([INF, -INF, INF, -INF, INF, 0], dtype)
    y = np.array([1, 0, 0, 1, 0.5, 0.5], dtype)
    costs = ag.binary_cross_entropy_with_logits(z, y, reduction="none")
    np.testing.assert_allclose(costs, [0, 0, INF, INF, INF, math.log(2)], rtol=1e-3)

    def loss(z):
        return ag.binary_cross_entropy_with_logits(z, y, reduction="sum")

    np.testing.assert_array_equal(grad(loss)(z), [0, 0, 1, -1, 0.5, 0])
    np.testing.assert_array_equal(np.diag(hessian(loss)(z)), [0, 0, 0, 0, 0, 0.25])


def test_what_is_impossible_and_asked_for_costs_infinitely_much():
    assert ag.cross_entropy(np.array([[-INF, 0.0]]), np.array([[0.5, 0.5]])) == INF
    assert ag.cross_entropy(np.array([[-INF, 0.0]]), [0]) == INF
    assert ag.kl_div(np.array([-INF, 0.0]), np.array([0.5, 0.5]), reduction="sum") == INF
    assert ag.nll_loss(np.array([[-INF, 0.0]]), [0]) == INF
