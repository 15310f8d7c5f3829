"""Derivatives of order three and four: nested `grad` against definitions, known formulas and the order below."""

import math

import hypothesis.strategies as st
import numpy as np
import pytest
from catalogue import CASES
from hypothesis import given, settings

import autograd_lite as ag
from autograd_lite import Tensor, grad
from autograd_lite.testing.comparing.numerical import numerical_gradient


def derivative(function, order):
    """The derivative of a function of one number, as a function of floats."""
    for _ in range(order):
        function = grad(function)
    return lambda x: float(function(np.float64(x)))


LOWER = {
    "det: rank n - 1", "det: rank n - 2",  # the third derivative for singular matrices is NaN, as its page says
    "cond: sums",  # rows whose sums are close to each other, so kinks
}  # fmt: skip

# Chebyshev's points for a polynomial of degree 23 on an interval in which no sample of the catalogue meets a kink.
TIMES = 0.1 * np.cos(np.pi * (np.arange(24) + 0.5) / 24)


@pytest.mark.exhaustive
@pytest.mark.parametrize("case", [c for c in CASES if c.order > 1 and c.name not in LOWER], ids=lambda case: case.name)
@given(data=st.data())
@settings(max_examples=2)
def test_every_operation_is_right_to_fourth_order(case, data):
    """Along a curve whose derivatives of all orders are `velocities`, against the polynomial through the definition."""
    arrays, static = data.draw(case.samples.filter(lambda sample: all(array.size for array in sample.arrays)))
    rng = np.random.default_rng(0)
    velocities = [rng.uniform(-0.1, 0.1, array.shape) for array in arrays]
    weights = rng.uniform(-1, 1, np.shape(case.reference(*arrays, **static)))

    def on_the_curve(function, time, exp):
        moved = [array + velocity * (exp(time) - 1) for array, velocity in zip(arrays, velocities, strict=True)]
        return (weights * function(*moved, **static)).sum()

    values = [on_the_curve(case.reference, time, np.exp) for time in TIMES]
    polynomial = np.polynomial.Chebyshev.fit(TIMES, values, len(TIMES) - 1)
    for order, tolerance in [(3, 1e-7), (4, 1e-5)]:
        expected = polynomial.deriv(order)(0.0)
        found = derivative(lambda time: on_the_curve(case.operation, time, ag.exp), order)(0.0)
        assert found == pytest.approx(expected, rel=tolerance, abs=tolerance * max(1, *np.abs(values)))


@pytest.mark.parametrize(
    ("function", "formulas", "points"),
    [
        (ag.sin, [np.cos, lambda x: -np.sin(x), lambda x: -np.cos(x), np.sin], [-1.0, 0.0, 2.0]),
        (ag.exp2, [lambda x, n=n: 2**x * math.log(2) ** n for n in (1, 2, 3, 4)], [-1.0, 0.0, 2.0]),
        (ag.log2, [lambda x, n=n: -math.factorial(n - 1) * (-x) ** -n / math.log(2) for n in (1, 2, 3, 4)], [0.5, 2.0]),
        (ag.log10, [lambda x, n=n: -math.factorial(n - 1) * (-x) ** -n / math.log(10) for n in (1, 2, 3)], [0.5, 2.0]),
        (ag.reciprocal, [lambda x, n=n: math.factorial(n) * (-1) ** n * x ** -(n + 1) for n in (1, 2, 3)], [-2, 0.5]),
        (ag.cbrt, [lambda x: np.cbrt(x) / x / 3, lambda x: -2 / 9 * np.cbrt(x) / x**2,
                   lambda x: 10 / 27 * np.cbrt(x) / x**3, lambda x: -80 / 81 * np.cbrt(x) / x**4], [-8.0, 0.5]),
        (ag.tan, [lambda x: 1 + np.tan(x) ** 2, lambda x: 2 * np.tan(x) * (1 + np.tan(x) ** 2),
                  lambda x: (1 + np.tan(x) ** 2) * (2 + 6 * np.tan(x) ** 2)], [-1.0, 0.0, 0.5]),
        (ag.arctan, [lambda x: 1 / (1 + x * x), lambda x: -2 * x / (1 + x * x) ** 2,
                     lambda x: (6 * x * x - 2) / (1 + x * x) ** 3,
                     lambda x: 24 * x * (1 - x * x) / (1 + x * x) ** 4], [-2.0, 0.0, 0.7]),
        (ag.arcsin, [lambda x: (1 - x * x) ** -0.5, lambda x: x * (1 - x * x) ** -1.5,
                     lambda x: (1 + 2 * x * x) * (1 - x * x) ** -2.5,
                     lambda x: (9 * x + 6 * x**3) * (1 - x * x) ** -3.5], [-0.7, 0.0, 0.3]),
        (ag.arcsinh, [lambda x: (1 + x * x) ** -0.5, lambda x: -x * (1 + x * x) ** -1.5,
                      lambda x: (2 * x * x - 1) * (1 + x * x) ** -2.5,
                      lambda x: (9 * x - 6 * x**3) * (1 + x * x) ** -3.5], [-2.0, 0.0, 0.3]),
        (ag.sinh, [np.cosh, np.sinh, np.cosh, np.sinh], [-1.0, 0.0, 2.0]),
        # the Taylor coefficients (−1)ᵏ π²ᵏ/(2k + 1)!
        (ag.sinc, [lambda x, n=n: 0 if n % 2 else (-1) ** (n // 2) * math.pi**n / (n + 1) for n in range(1, 9)], [0.0]),
        (lambda x: ag.hypot(x, 1.0), [lambda x: x / np.hypot(x, 1), lambda x: np.hypot(x, 1) ** -3,
                                      lambda x: -3 * x * np.hypot(x, 1) ** -5,
                                      lambda x: (12 * x * x - 3) * np.hypot(x, 1) ** -7], [-1.0, 0.0, 2.0]),
        (lambda x: ag.logaddexp(x, 0.0), [lambda x: 1 / (1 + np.exp(-x)),
                                          lambda x: 1 / (2 * np.cosh(x / 2)) ** 2], [-30.0, 0.0, 1.0, 700.0]),
        (lambda x: ag.floor(x) * x**3, [lambda x: 3 * np.floor(x) * x**2, lambda x: 6 * np.floor(x) * x,
                                        lambda x: 6 * np.floor(x), lambda x: 0], [-1.5, 2.5]),
        (lambda x: ag.norm(ag.stack([x, x * 0]), 4), [lambda x: 1, lambda x: 0, lambda x: 0, lambda x: 0], [2.0]),
    ],
)  # fmt: skip
def test_derivatives_agree_with_their_formulas(function, formulas, points):
    for order, formula in enumerate(formulas, start=1):
        for x in points:
            assert derivative(function, order)(x) == pytest.approx(formula(x), rel=1e-10, abs=1e-10)


POWERS = np.random.default_rng(0).permutation(24).reshape(2, 3, 4) / 4
SMOOTH = {
    "exp2": (ag.exp2, 0.3), "logaddexp2": (lambda x: ag.logaddexp2(x, 0.4), 0.3), "cbrt": (ag.cbrt, 1.3),
    "float_power": (lambda x: ag.float_power(x, 2.5), 1.3), "exponent": (lambda x: ag.float_power(1.7, x), 0.3),
    "tan": (ag.tan, 0.3), "arccos": (ag.arccos, 0.3), "arccosh": (ag.arccosh, 1.7), "arctanh": (ag.arctanh, 0.3),
    "cosh": (ag.cosh, 0.3), "tanh": (ag.tanh, 0.3), "arctan2 of y": (lambda y: ag.arctan2(y, -0.8), 0.3),
    "arctan2 of x": (lambda x: ag.arctan2(0.5, x), -0.3), "hypot": (lambda x: ag.hypot(x, x * x), 0.7),
    "sinc": (ag.sinc, 0.2), "sinc near its series": (ag.sinc, 0.318), "sinc far": (ag.sinc, 2.3),
    "fmod": (lambda x: ag.fmod(7.3, x) ** 4, 1.7), "remainder": (lambda x: ag.remainder(x, 2.0) ** 5, 3.3),
    "modf": (lambda x: ag.modf(x)[0] ** 5, 1.3), "frexp": (lambda x: ag.frexp(x)[0] ** 5, 1.3),
    "copysign": (lambda x: ag.copysign(x**5, -1.0), 0.7),
    "cumprod": (lambda x: ag.cumprod(ag.stack([x, x * x, ag.sin(x)])).sum(), 0.6),
    "cumprod with a zero": (lambda x: ag.cumprod(ag.stack([x, x - 0.5, x * x, ag.exp(x)])).sum(), 0.5),
    "nanstd": (lambda x: ag.nanstd(ag.stack([x, x * x, x**3, ag.log(x * 0 - 1)])), 0.6),
    "norm": (lambda x: ag.norm(ag.stack([x, x * x, x * 0])), 0.6),
    "norm 3": (lambda x: ag.norm(ag.stack([x, x * x - 0.2]), 3), 0.6),
    "norm 6": (lambda x: ag.norm(ag.stack([x - 0.6, x * x]), 6), 0.6),
    "norm 4 beside a zero": (lambda x: ag.norm(ag.stack([x - 0.6, x * x]), 4), 0.6),
    "power through exponent zero": (lambda x: ag.power(x + 1.3, x - 0.3), 0.3),
    "average": (lambda x: ag.average(ag.stack([x, x * x]), weights=ag.stack([ag.exp(x), x])), 0.6),
    "median": (lambda x: ag.median(ag.stack([x**5, x**6, x, x * 0])), 0.6),
    "trapezoid": (lambda x: ag.trapezoid(ag.stack([x, x * x]), ag.stack([ag.exp(x), ag.sin(x)])), 0.6),
    "gradient": (lambda x: (ag.gradient(ag.stack([x, x**3, x**5])) ** 2).sum(), 0.6),
    "max_pool2d": (lambda x: (ag.max_pool2d(x**POWERS, 2, 1) ** 2).sum(), 0.6),
    "avg_pool2d": (lambda x: (ag.avg_pool2d(x**POWERS, 2, 1) ** 2).sum(), 0.6),
    "running maximum": (lambda x: np.maximum.accumulate(ag.stack([x**5, x**6, x**4])).sum(), 0.6),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore:invalid value")
@pytest.mark.parametrize("name", SMOOTH)
def test_each_order_is_the_derivative_of_the_order_below(name):
    function, x = SMOOTH[name]
    for order in (1, 2, 3, 4):
        expected = numerical_gradient(lambda t, n=order - 1: derivative_or_value(function, n)(t), np.float64(x), 0.01)
        assert derivative(function, order)(x) == pytest.approx(float(expected.gradient), rel=1e-6, abs=1e-7)


def derivative_or_value(function, order):
    return derivative(function, order) if order else lambda x: float(function(np.float64(x)))


def test_sinc_keeps_its_digits_through_every_order_on_both_sides_of_the_series():
    """Against the integral ∫₀¹ (πt)ⁿ cos(πxt + nπ/2) dt, by Gauss's rule with 60 points."""
    nodes, weights = np.polynomial.legendre.leggauss(60)
    t, weights = (nodes + 1) / 2, weights / 2
    for order in range(1, 11):
        for x in [0.0, 1e-12, 1e-3, 0.1, 0.25, 0.318, 0.319, 0.4, 0.5, 0.7, 1.0, 3.7]:
            expected = np.sum(weights * (np.pi * t) ** order * np.cos(np.pi * x * t + order * np.pi / 2))
            assert derivative(ag.sinc, order)(x) == pytest.approx(expected, rel=0, abs=2e-14 * np.pi**order)


def test_cumprod_has_mixed_derivatives_at_zeros():
    x = Tensor([0.0, 0.0, 2.0])
    hessian = np.asarray(ag.hessian(lambda x: ag.cumprod(x).sum())(x))
    np.testing.assert_array_equal(hessian, [[0, 3, 0], [3, 0, 0], [0, 0, 0]])
