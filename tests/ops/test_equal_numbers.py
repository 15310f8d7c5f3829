"""Spreads of equal numbers, and reductions of too few numbers or of one."""

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import Tensor, grad, hessian

# -- equal numbers -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.half, np.single, np.double])
@pytest.mark.parametrize("function", [np.std, np.var, np.nanstd, np.nanvar])
def test_equal_numbers_have_no_deviation_however_their_mean_rounds(function, dtype):
    for n in (2, 3, 6, 7, 10, 49, 1000):
        for number in (0.1, 0.7, 1e3 / 7, 3e4 / 7, 1e-3 / 7):
            x = np.full((2, n), number, dtype)
            assert not grad(lambda x: function(x, axis=1).sum())(x).any()
            exact = x.astype(np.result_type(dtype, np.single))  # of half precision NumPy adds up the rounded numbers
            np.testing.assert_array_equal(function(Tensor(x), axis=1).data, function(exact, axis=1).astype(dtype))


@pytest.mark.parametrize("function", [np.std, np.nanstd])
def test_small_deviations_of_large_numbers_keep_their_gradient(function):
    x = 1e9 + 1e-6 * np.random.default_rng(0).normal(size=20)
    exact = x - x[0]
    deviation = exact - exact.mean()
    expected = deviation / (20 * np.sqrt((deviation**2).mean()))
    np.testing.assert_allclose(grad(function)(x), expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("dtype", [np.single, np.double])
def test_layer_and_batch_norm_make_equal_numbers_zero(dtype):
    for n in (3, 7, 100):
        x = np.full((n, n), 1e30 if dtype is np.double else 1e9 / 7, dtype)
        assert not ag.layer_norm(x, n).any()
        assert not ag.batch_norm(x, None, None, training=True).any()


# -- too few numbers ---------------------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("function", [np.var, np.std, np.nanvar, np.nanstd])
@pytest.mark.parametrize(("shape", "ddof"), [((1,), 1), ((2,), 2), ((2,), 5), ((2, 1), 1), ((0,), 0), ((0, 2), 0)])
def test_without_degrees_of_freedom_there_is_no_number(function, shape, ddof):
    x = np.arange(float(np.prod(shape))).reshape(shape)
    axis = len(shape) - 1 if shape != (0, 2) else 0
    expected = function(x, axis=axis, ddof=ddof)
    np.testing.assert_array_equal(function(Tensor(x), axis=axis, ddof=ddof).data, expected)
    total = lambda x: function(x, axis=axis, ddof=ddof).sum()  # noqa: E731
    assert not np.isfinite(grad(total)(x)).any()
    assert not np.isfinite(hessian(total)(x)).any()


@pytest.mark.parametrize("name", [
    "sum", "prod", "max", "min", "ptp", "nansum", "nanprod", "nanmean", "nanmax", "nanmin", "nanvar", "nanstd",
    "cumsum", "cumprod", "nancumsum", "nancumprod",
])  # fmt: skip
@pytest.mark.parametrize("axis", [0, -1])
def test_a_number_has_an_axis_for_the_functions_for_which_numpy_says_so(name, axis):
    function, x = getattr(np, name), np.array(3.0)
    np.testing.assert_array_equal(function(Tensor(x), axis=axis).data, function(x, axis=axis))
    slope = 0 if name in ("ptp", "nanvar", "nanstd") else 1
    assert grad(lambda x: function(x, axis=axis).sum())(x) == slope
    square = lambda x: (function(x, axis=axis) ** 2).sum()  # noqa: E731
    assert grad(grad(square))(x) == 2 * slope


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("base", [0.0, [0.0, 2.0]])
@pytest.mark.parametrize("exponent", [-1, -2, -0.5, -1.0, np.int64(-1), np.array(-2), np.array([-1, -3])])
def test_a_negative_power_of_zero_is_infinite_and_so_is_its_slope(base, exponent):
    x = np.array(base)
    np.testing.assert_array_equal((Tensor(x) ** exponent).data, x**exponent)
    gradient = grad(lambda x: (x**exponent).sum())(x)
    assert gradient.flat[0] == -np.inf
    np.testing.assert_allclose(gradient.flat[1:], (exponent * x ** (exponent - 1.0)).flat[1:] if x.ndim else [])
