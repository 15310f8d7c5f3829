"""Norms, standard deviations and what stands on them, where squares overflow or underflow though the result does not.

All of them are homogeneous: f(2ᵏ x) = 2ᵏ f(x), with the same gradient, exactly as far as the numbers are not subnormal.
"""

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import Tensor, grad, hessian

BASE = np.array([1.0, -0.625, 0.375, 1.75, -1.25])
WEIGHTS = np.arange(5)

HOMOGENEOUS = {
    "norm": np.linalg.norm,
    "norm along an axis": lambda x: np.linalg.norm(x.reshape(1, -1), axis=1).sum(),
    "vector_norm": ag.vector_norm,
    "Frobenius norm": lambda x: np.linalg.norm(x.reshape(1, -1)),
    "3-norm": lambda x: np.linalg.norm(x, 3),
    "4-norm": lambda x: np.linalg.norm(x, 4),
    "minus 2-norm": lambda x: np.linalg.norm(x, -2),
    "hypot": lambda x: np.hypot(x[0], x[3]),
    "std": np.std,
    "std with ddof": lambda x: np.std(x, ddof=1),
    "nanstd": lambda x: np.nanstd(np.append(x, np.array(np.nan, x.dtype))),
}


def exponents(dtype):
    limits = np.finfo(dtype)
    return range(limits.minexp - limits.nmant + 3, limits.maxexp - 3, 1 if dtype is np.half else 9)


@pytest.mark.parametrize("dtype", [np.half, np.single, np.double])
@pytest.mark.parametrize("name", HOMOGENEOUS)
def test_scaling_laws_hold_over_the_whole_range(name, dtype):
    function, x, eps = HOMOGENEOUS[name], BASE.astype(dtype), float(np.finfo(dtype).eps)
    value, gradient = float(function(Tensor(x)).data), grad(function)(x).astype(float)
    for k in exponents(dtype):
        scaled = np.ldexp(x, k)
        subnormal = float(np.finfo(dtype).smallest_subnormal)
        np.testing.assert_allclose(
            np.ldexp(float(function(Tensor(scaled)).data), -k), value, rtol=64 * eps, atol=np.ldexp(subnormal, -k)
        )
        if np.array_equal(np.ldexp(scaled, -k), x):  # no digit was lost on the way
            np.testing.assert_allclose(grad(function)(scaled), gradient, rtol=0, atol=64 * eps)


@pytest.mark.parametrize("name", list(HOMOGENEOUS))
def test_hessians_scale_by_the_inverse(name):
    function = HOMOGENEOUS[name]
    for k in (-900, -400, 400, 900):
        found = hessian(function)(np.ldexp(BASE, k))
        np.testing.assert_allclose(np.ldexp(found, k), hessian(function)(BASE), rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("dtype", [np.half, np.single, np.double])
@pytest.mark.parametrize("axis", [None, 0, 1, (0, 1)])
def test_where_nothing_is_extreme_the_numbers_are_those_of_numpy(axis, dtype):
    x = np.random.default_rng(0).normal(size=(40, 30)).astype(dtype)
    exact = x.astype(np.result_type(dtype, np.single))
    for function in (np.linalg.norm, np.std, np.nanstd, np.var, np.nanvar):
        if function is not np.linalg.norm or axis != (0, 1):  # which squares magnitudes by another way
            expected = function(exact, axis=axis).astype(dtype)
            np.testing.assert_array_equal(function(Tensor(x), axis=axis).data, expected)
    if axis in (0, 1):
        for ord in (3, 1.5, -2):
            expected = np.linalg.norm(exact, ord, axis).astype(dtype)
            np.testing.assert_array_equal(np.linalg.norm(Tensor(x), ord, axis).data, expected)


@pytest.mark.parametrize("name", HOMOGENEOUS)
@pytest.mark.parametrize("k", [-900, 0, 900])
def test_lengths_of_negative_numbers_are_those_of_their_magnitudes(name, k):
    function, x = HOMOGENEOUS[name], np.ldexp(np.abs(BASE), k)
    np.testing.assert_allclose(function(Tensor(-x)).data, function(Tensor(x)).data, rtol=1e-15)
    np.testing.assert_allclose(grad(function)(-x), -grad(function)(x), rtol=1e-14, atol=1e-15)


@pytest.mark.parametrize("signs", [(1, 1), (-1, 1), (1, -1), (-1, -1)])
@pytest.mark.parametrize("point", [(3.0, 4.0), (3e200, 4e200), (3e-200, 4e-200), (3e200, 4.0), (3.0, 4e200)])
def test_hypot_and_arctan2_of_numbers_of_every_size_and_sign(point, signs):
    x, y = np.multiply(point, signs)
    unit = max(abs(x), abs(y))  # both formulas in this unit
    length = np.hypot(x / unit, y / unit)
    np.testing.assert_allclose(grad(np.hypot)(x, y), x / unit / length, rtol=1e-14)
    np.testing.assert_allclose(grad(np.hypot, 1)(x, y), y / unit / length, rtol=1e-14)
    np.testing.assert_allclose(grad(np.arctan2)(y, x), x / unit / length**2 / unit, rtol=1e-14)
    np.testing.assert_allclose(grad(np.arctan2, 1)(y, x), -y / unit / length**2 / unit, rtol=1e-14)


def test_each_slice_is_scaled_by_itself():
    x = np.array([[3e200, 4e200], [3.0, 4.0], [3e-200, 4e-200], [0.0, 0.0]])
    np.testing.assert_allclose(np.linalg.norm(Tensor(x), axis=1).data, [5e200, 5, 5e-200, 0], rtol=1e-15)
    expected = [[0.6, 0.8]] * 3 + [[0, 0]]
    np.testing.assert_allclose(grad(lambda x: np.linalg.norm(x, axis=1).sum())(x), expected, rtol=1e-14)


def test_the_largest_number_decides_a_p_norm_and_the_smallest_a_negative_one():
    x = np.array([[1e200, 1e40, 1e150], [3.0, 4.0, 5.0], [1e-200, 2e-200, 1e-290]])
    largest, smallest = np.abs(x).max(1), np.abs(x).min(1)
    for axis, rows in ((1, x), (0, x.T)):
        for ord in (3, 4, 0.5, -1.5):
            unit = largest if ord > 0 else smallest
            expected = np.sum((x / unit[:, None]) ** ord, axis=1) ** (1 / ord) * unit
            np.testing.assert_allclose(np.linalg.norm(Tensor(rows), ord, axis).data, expected, rtol=1e-14)
            slopes = np.sign(x) * (x / expected[:, None]) ** (ord - 1.0)
            found = grad(lambda x, ord=ord, axis=axis: np.linalg.norm(x, ord, axis).sum())(rows)
            np.testing.assert_allclose(found if axis else found.T, slopes, rtol=1e-13)


def test_p_norms_of_numbers_that_are_far_apart():
    np.testing.assert_allclose(np.linalg.norm(Tensor([1e300, 5e-324]), 0.5), 1e300, rtol=1e-14)
    np.testing.assert_allclose(np.linalg.norm(Tensor([1e300, 1e-300]), -0.5), 1e-300, rtol=1e-14)


@pytest.mark.filterwarnings("ignore:divide by zero:RuntimeWarning")
@pytest.mark.parametrize("ord", [0.5, 1, 2, 3, 4, -1, -2])
def test_norms_of_vectors_without_elements_are_those_of_numpy(ord):
    x = Tensor(np.zeros((2, 0)), requires_grad=True)
    result = np.linalg.norm(x, ord, axis=1)
    result.sum().backward()
    np.testing.assert_array_equal(result.data, np.linalg.norm(x.data, ord, axis=1))
    assert x.grad.shape == (2, 0)


def test_p_norms_of_integers_and_of_half_precision():
    assert np.linalg.norm(Tensor(np.full(9, 100, np.half)), 3).data == np.half(900 / 9 ** (2 / 3))
    assert np.linalg.norm(Tensor([3, 4]), 4).data == np.linalg.norm([3, 4], 4)


def test_derivations_write_the_plain_formulas():
    x = Tensor([[1.0, 2.0, 4.0], [0.5, 3.0, 2.0]], requires_grad=True)
    for function in (
        ag.norm,
        lambda x: ag.norm(x, axis=1).sum(),
        lambda x: ag.norm(x, 3, axis=1).sum(),
        lambda x: np.hypot(x[0], x[1]).sum(),
        lambda x: np.std(x, axis=0).sum(),
        np.var,
        lambda x: np.nanstd(x, axis=1).sum(),
    ):
        text = ag.derive(function(x), [x]).text()
        assert not any(
            word in text for word in ("printed_as", "frexp", "max(", "maximum", "e+", "norm(x /", "norm(x ⊙")
        )
    assert "L = Σ (|X|³ 1)^(2/3)" in ag.derive((ag.norm(x, 3, axis=1) ** 2).sum(), [x]).text()
    for function, gradient in (
        (ag.norm, "X / ‖X‖"),
        (lambda x: ag.norm(x, axis=1).sum(), "X / (√(X² 1)1ᵀ)"),
        (lambda x: ag.norm(x, 4, axis=1).sum(), "X³ / ((|X|⁴ 1)^(3/4)1ᵀ)"),
        (lambda x: np.hypot(x[0], x[1]).sum(), "∂L/∂U₂ = U₂ / U₃"),
        (lambda x: np.hypot(x[0], x[1]).sum(), "∂L/∂U₁ = U₁ / U₃"),
        (lambda x: np.std(x, axis=0).sum(), "(1/2)(X − mean₀(X)) / (1U₁ᵀ)"),
        (np.var, "(2/NK)(X − mean(X))"),
        (lambda x: np.nanstd(x, axis=1).sum(), "⊙ U₁)1ᵀ)"),
    ):
        assert gradient in ag.derive(function(x), [x]).text()


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
@pytest.mark.parametrize("special", [np.inf, -np.inf, np.nan])
@pytest.mark.parametrize("name", HOMOGENEOUS)
def test_infinities_and_nan_are_as_in_numpy(name, special):
    x = np.array([special, *BASE[1:]])
    np.testing.assert_array_equal(HOMOGENEOUS[name](Tensor(x)).data, HOMOGENEOUS[name](x))


def test_the_direction_of_a_point_whose_length_overflows():
    x = np.array(1.7e308)
    with np.errstate(over="ignore"):
        assert grad(lambda y: np.hypot(x, y))(x) == pytest.approx(0.5**0.5)
    assert grad(lambda y: np.arctan2(y, 1e200) * 1e200)(1e200) == pytest.approx(0.5)


def normalize(x, eps):
    """From the definition, in extended precision."""
    x = x.astype(np.longdouble)
    deviation = x - x.mean(-1, keepdims=True)
    return (deviation / np.sqrt((deviation**2).mean(-1, keepdims=True) + np.longdouble(eps))).astype(float)


@pytest.mark.parametrize("dtype", [np.half, np.single, np.double])
@pytest.mark.parametrize("eps", [0, 1e-5])
def test_layers_normalize_numbers_of_every_size(dtype, eps):
    x, tolerance = np.stack([BASE, 2 * BASE + 1, BASE[::-1]]).astype(dtype), 16 * np.finfo(dtype).eps
    for k in exponents(dtype)[2:-1]:
        scaled = np.ldexp(x, k)
        expected = normalize(scaled, eps)
        np.testing.assert_allclose(ag.layer_norm(scaled, 5, eps=eps), expected, atol=tolerance, rtol=tolerance)
        batch = ag.batch_norm(np.ascontiguousarray(scaled.T), None, None, training=True, eps=eps)
        np.testing.assert_allclose(batch.T, expected, atol=tolerance, rtol=tolerance)


@pytest.mark.parametrize("k", [-300, -120, 0, 120, 600])
def test_the_gradient_of_normalized_numbers_scales_by_the_inverse(k):
    loss = lambda x: (ag.layer_norm(x, 5, eps=0) ** 3 * WEIGHTS).sum()  # noqa: E731
    np.testing.assert_allclose(np.ldexp(grad(loss)(np.ldexp(BASE, k)), k), grad(loss)(BASE), rtol=1e-12, atol=1e-12)
    if abs(k) < 400:
        found = np.ldexp(hessian(loss)(np.ldexp(BASE, k)), 2 * k)
        np.testing.assert_allclose(found, hessian(loss)(BASE), rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("eps", [0.0, 0.25, 2.0**-20])
@pytest.mark.parametrize("k", [-60, 0, 60])
def test_second_derivatives_of_normalized_numbers_of_every_size(k, eps):
    """In single precision, against double precision, in which no square is extreme."""
    x, eps = np.ldexp(BASE, k), eps * 4.0**k if k >= 0 else eps
    loss = lambda x: (ag.layer_norm(x, 5, eps=eps) ** 3 * WEIGHTS.astype(x.dtype)).sum()  # noqa: E731
    found, expected = hessian(loss)(x.astype(np.single)), hessian(loss)(x)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=2e-5 * np.abs(expected).max())


def test_running_statistics_of_extreme_batches():
    x = np.array([[1e30], [3e30]], np.single)
    mean, variance = np.zeros(1), np.ones(1)
    with np.errstate(over="ignore"):  # the variance of these is infinite in single precision, as is their square
        ag.batch_norm(x, mean, variance, training=True)
    assert mean == pytest.approx(2e29)
    assert variance == np.inf
