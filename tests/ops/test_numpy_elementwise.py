"""Elementwise functions, reductions and scans keep to NumPy's values, shapes, dtypes, arguments and errors."""

import math
import operator

import hypothesis.extra.numpy as hnp
import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import assume, given

import autograd_lite as ag
from autograd_lite import Tensor

UNARY = [
    np.exp2, np.log2, np.log10, np.reciprocal, np.cbrt, np.positive, np.fabs, np.conjugate, np.tan, np.arcsin,
    np.arccos, np.arctan, np.sinh, np.cosh, np.arcsinh, np.arccosh, np.arctanh, np.deg2rad, np.rad2deg, np.degrees,
    np.radians, np.sinc, np.floor, np.ceil, np.rint, np.trunc, np.round, np.around, np.fix, np.nan_to_num, np.modf,
    np.frexp, np.real, np.real_if_close,
]  # fmt: skip
BINARY = [
    np.arctan2, np.hypot, np.logaddexp, np.logaddexp2, np.fmax, np.fmin, np.float_power, np.true_divide, np.remainder,
    np.mod, np.fmod, np.floor_divide, np.heaviside, np.copysign, np.divmod,
]  # fmt: skip
REDUCTIONS = [
    np.cumsum, np.cumprod, np.nancumsum, np.nancumprod, np.nansum, np.nanmean, np.nanprod, np.nanmax, np.nanmin,
    np.nanvar, np.nanstd, np.average, np.ptp, np.median, np.nanmedian, np.linalg.norm, np.diff, np.trapezoid,
    np.trace, np.ediff1d, np.gradient, np.add.accumulate, np.multiply.accumulate, np.maximum.accumulate,
    np.minimum.accumulate, np.logaddexp.reduce, lambda x, **o: np.quantile(x, 0.3, **o),
    lambda x, **o: np.percentile(x, [10, 90], **o), lambda x, **o: np.nanquantile(x, 0.3, **o),
]  # fmt: skip
DTYPES = [np.float64, np.float32, np.float16, np.int64, np.int8, np.uint8, np.bool_]
NUMBERS = np.array([0, 1, -1, 2, 3, -0.5, np.nan, np.inf, -np.inf, 0.25, 100])


def outcome(function, *args, **options):
    """What a call gives: its arrays, or the type of its error."""
    with np.errstate(all="ignore"):
        try:
            result = function(*args, **options)
        except Exception as error:
            return type(error)
    return result if isinstance(result, tuple) else (result,)


def assert_same(function, *arrays, **options):
    expected = outcome(function, *arrays, **options)
    actual = outcome(function, *map(Tensor, arrays), **options)
    if isinstance(expected, type):
        assert isinstance(actual, type)
        assert issubclass(actual, expected) or issubclass(expected, actual) or {actual, expected} <= {
            ValueError, IndexError, TypeError, np.exceptions.AxisError}  # fmt: skip
        return
    assert not isinstance(actual, type), actual
    for got, want in zip(actual, expected, strict=True):
        got = got.data if isinstance(got, Tensor) else np.asarray(got)
        assert (got.shape, got.dtype) == (np.shape(want), np.asarray(want).dtype)
        np.testing.assert_allclose(got.astype(float), np.asarray(want, float), rtol=1e-3 if got.itemsize < 4 else 1e-6)


def arrays(shape, dtype):
    numbers = NUMBERS[np.isfinite(NUMBERS)] if np.dtype(dtype).kind != "f" else NUMBERS
    with np.errstate(all="ignore"):
        pool = numbers.astype(dtype)
    return st.lists(st.sampled_from(range(len(pool))), min_size=math.prod(shape), max_size=math.prod(shape)).map(
        lambda chosen: pool[np.array(chosen, int)].reshape(shape)
    )


shapes = hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("function", UNARY, ids=lambda f: f.__name__)
@given(data=st.data())
def test_functions_of_one_argument(function, data):
    assert_same(function, data.draw(arrays(data.draw(shapes), data.draw(st.sampled_from(DTYPES)))))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("function", BINARY, ids=lambda f: f.__name__)
@given(data=st.data())
def test_functions_of_two_arguments(function, data):
    dtypes = st.sampled_from(DTYPES)
    left, right = (data.draw(arrays(data.draw(shapes), data.draw(dtypes))) for _ in range(2))
    assert_same(function, left, right)
    if function is not np.divmod:
        assert_same(function.outer, left, right)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("function", REDUCTIONS, ids=lambda f: f.__name__)
@given(data=st.data())
def test_reductions(function, data):
    array = data.draw(arrays(data.draw(shapes), data.draw(st.sampled_from(DTYPES[:5]))))
    options = {}
    name = getattr(function, "__name__", "")
    if function not in (np.trace, np.ediff1d) and data.draw(st.booleans()):
        options["axis"] = data.draw(st.integers(-3, 3))
    if name in ("nanvar", "nanstd") and array.dtype.kind != "f":
        assume(array.ndim)  # of a number NumPy takes axis 0, of an integer not
    if name.startswith("nan") and "cum" not in name and data.draw(st.booleans()):
        options["keepdims"] = data.draw(st.booleans())
    assert_same(function, array, **options)


def gradient(function, values):
    x = Tensor(values, requires_grad=True)
    result = function(x)
    result.backward(np.ones(result.shape))
    return x.grad.tolist()


INF = np.inf


@pytest.mark.parametrize(
    ("function", "values", "expected"),
    [
        (lambda x: ag.hypot(x, 0.0), [0.0, 2.0, -2.0], [0, 1, -1]),
        (lambda x: ag.hypot(0.0, x), [0.0, 2.0, -2.0], [0, 1, -1]),
        (lambda x: ag.hypot(x, x), [1e-200, 1e200], [math.sqrt(2)] * 2),
        (lambda x: ag.arctan2(x, 0.0), [0.0, 2.0], [0, 0]),
        (lambda x: ag.arctan2(x, 1e200), [1e200], [0.5e-200]),
        (lambda x: ag.arctan2(x, 1e-200), [1e-200], [0.5e200]),
        (lambda x: ag.logaddexp(x, [0.0, -INF, INF, -INF, INF]), [-INF, 1.0, INF, -INF, 0.0], [0, 1, 0.5, 0, 0]),
        (lambda x: ag.logaddexp(x, [0.0, 2000.0, -2000.0]), [INF, 0.0, 0.0], [1, 0, 1]),
        (lambda x: ag.logsumexp(x), [INF, 1000.0, -INF], [1, 0, 0]),
        (lambda x: ag.logsumexp(x, axis=0), [[INF, -INF, 0.0, INF], [INF, -INF, 0.0, 0.0]],
         [[0.5, 0, 0.5, 1], [0.5, 0, 0.5, 0]]),
        (lambda x: ag.maximum(x, [2.0, np.nan]) * 3, [np.nan, 1.0], [np.nan, np.nan]),
        (lambda x: ag.minimum([2.0, np.nan, np.nan], x), [np.nan, 1.0, np.nan], [np.nan] * 3),
        (lambda x: ag.fmax(x, [1.0, np.nan, np.nan, 2.0]), [np.nan, 1.0, np.nan, 2.0], [0, 1, 0, 0.5]),
        (lambda x: ag.fmin(x, [1.0, np.nan, np.nan, 2.0]), [np.nan, 1.0, np.nan, 2.0], [0, 1, 0, 0.5]),
        (lambda x: ag.copysign(x, [-1.0, 1.0, -0.0]), [2.0, 0.0, -2.0], [-1, 0, 1]),
        (lambda x: ag.heaviside([0.0, 1.0, -1.0], x), [2.0, 2.0, 2.0], [1, 0, 0]),
        (ag.nan_to_num, [1.0, np.nan, INF, -INF], [1, 0, 0, 0]),
        (ag.fabs, [-2.0, 0.0, 2.0], [-1, 0, 1]),
        (lambda x: ag.ldexp(x, [1, -2]), [1.0, 1.0], [2, 0.25]),
        (ag.sinc, [0.0], [0]),
        (lambda x: ag.remainder([7.0, -7.0], x), [3.0, 3.0], [-2, 3]),
        (lambda x: ag.fmod([7.0, -7.0], x), [3.0, 3.0], [-2, 2]),
        (lambda x: ag.fmod(1.0, x), [0.1, INF], [-9, 0]),
        (ag.floor, [0.5, 1.0], [0, 0]),
        (ag.cumprod, [2.0, 0.0, 0.0, 3.0], [1, 2, 0, 0]),
        (ag.nansum, [1.0, np.nan], [1, 0]),
        (ag.nanprod, [0.0, np.nan, 3.0], [3, 0, 0]),
        (ag.nanmean, [1.0, np.nan, 3.0], [0.5, 0, 0.5]),
        (ag.nanmax, [3.0, np.nan, 3.0, 1.0], [0.5, 0, 0.5, 0]),
        (ag.nanvar, [1.0, np.nan, 3.0], [-1, 0, 1]),
        (ag.nanstd, [2.0, np.nan, 2.0], [0, 0, 0]),
        (ag.ptp, [1.0, 1.0, 4.0], [-0.5, -0.5, 1]),
        (ag.median, [3.0, 1.0, 2.0, 9.0], [0.5, 0, 0.5, 0]),
        (ag.median, [1.0, 1.0, 1.0], [0, 1, 0]),
        (lambda x: ag.median(x, axis=0), [[np.nan, 1.0], [2.0, 3.0]], [[np.nan, 0.5], [np.nan, 0.5]]),
        (ag.nanmedian, [3.0, np.nan, 2.0], [0.5, 0, 0.5]),
        (lambda x: ag.quantile(x, [0, 1]), [3.0, 1.0, 2.0], [1, 1, 0]),
        (lambda x: ag.nanquantile(x, 0.25, axis=1), [[1.0, np.nan, 2.0], [1.0, 2.0, 3.0]],
         [[0.75, 0, 0.25], [0.5, 0.5, 0]]),
        (np.maximum.accumulate, [1.0, 3.0, 3.0, 2.0], [1, 3, 0, 0]),
        (np.minimum.accumulate, [1.0, 3.0, 1.0, 0.5], [3, 0, 0, 1]),
        (np.maximum.accumulate, [1.0, np.nan, 2.0], [1, 2, 0]),
        (np.minimum.accumulate, [np.nan, 1.0, np.nan], [3, 0, 0]),
        (ag.norm, [0.0, 0.0], [0, 0]),
        (lambda x: ag.norm(x, 1), [0.0, -2.0], [0, -1]),
        (lambda x: ag.norm(x, 3), [0.0, -2.0], [0, -1]),
        (lambda x: ag.norm(x, 3), [0.0, 0.0], [0, 0]),
        (lambda x: ag.norm(x, 0), [0.0, 2.0], [0, 0]),
        (lambda x: ag.norm(x, INF), [2.0, -2.0], [0.5, -0.5]),
        (lambda x: np.multiply.outer(x, [1.0, 2.0]), [1.0, 1.0], [3, 3]),
        (lambda x: np.divide.outer([4.0], x), [1.0, 2.0], [-4, -1]),
        (lambda x: np.logaddexp.reduce(x), [0.0, 0.0], [0.5, 0.5]),
        (lambda x: ag.average(x, returned=True)[0], [1.0, 3.0], [0.5, 0.5]),
        (lambda x: ag.cumulative_sum(x, include_initial=True), [1.0, 3.0], [2, 1]),
    ],
)  # fmt: skip
def test_gradients_at_kinks_ties_zeros_and_infinities(function, values, expected):
    np.testing.assert_allclose(gradient(function, values), expected, rtol=1e-14)


METHODS_OF_QUANTILES = [
    "linear", "lower", "higher", "midpoint", "nearest", "inverted_cdf", "averaged_inverted_cdf",
    "closest_observation", "interpolated_inverted_cdf", "hazen", "weibull", "median_unbiased", "normal_unbiased",
]  # fmt: skip


@pytest.mark.parametrize("method", METHODS_OF_QUANTILES)
@given(n=st.integers(1, 9), q=st.floats(0, 1), seed=st.integers(0, 1000))
def test_a_quantile_is_the_sum_of_elements_weighted_with_its_gradient(method, n, q, seed):
    """By every method it is linear in the sorted elements, so the gradient gives the value back."""
    x = Tensor(np.random.default_rng(seed).normal(size=n), requires_grad=True)
    result = np.quantile(x, q, method=method)
    result.backward()
    assert result.item() == pytest.approx(float(x.grad @ x.data), rel=1e-9, abs=1e-9)
    assert x.grad.sum() == pytest.approx(1)


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda x: np.tan(x, where=[True, False]), "where"),
        (lambda x: np.tan(x, subok=False), "subok"),
        (lambda x: np.cumsum(x, dtype=np.float32), "dtype"),
        (lambda x: np.nansum(x, initial=1.0), "initial"),
        (lambda x: np.nansum(x, where=[True, False]), "where"),
        (lambda x: np.quantile(x, 0.5, weights=x, method="inverted_cdf"), "weights"),
        (lambda x: np.median(x, overwrite_input=True), "overwrite_input"),
        (lambda x: np.median(x, out=np.zeros(())), "out"),
        (lambda x: np.quantile([1.0, 2.0], x[0] * 0), "q"),
        (lambda x: np.nan_to_num(x, copy=False), "copy"),
        (lambda x: np.gradient(x, x[0]), "spacing"),
        (lambda x: np.multiply.at(x, 0, 1), "multiply.at"),
        (lambda x: np.subtract.reduceat(x, [0]), "subtract.reduceat"),
        (lambda x: np.logaddexp.reduce(x, initial=0.0), "initial"),
        (lambda x: np.add.accumulate(x, out=np.zeros(2)), "out"),
        (lambda x: np.nanquantile(x, [[0.5]], axis=()), "axis"),
    ],
)
def test_what_is_left_out_is_refused_by_name(call, name):
    with pytest.raises(TypeError, match=name):
        call(Tensor([1.0, 2.0], requires_grad=True))


@pytest.mark.parametrize("operation", [operator.floordiv, operator.mod, divmod])
def test_quotients_as_operators(operation):
    x = Tensor([7.0, -7.0], requires_grad=True)
    for got, want in [(operation(x, 3), operation(x.data, 3)), (operation(30, x), operation(30, x.data)),
                      (operation(np.array([5.0, 1.0]), x), operation(np.array([5.0, 1.0]), x.data))]:  # fmt: skip
        for result, expected in zip(got, want, strict=True) if operation is divmod else [(got, want)]:
            assert isinstance(result, Tensor)
            np.testing.assert_array_equal(result.data, expected)


def test_quotients_in_place():
    x = Tensor([7.0, -7.0])
    values = x.data
    x //= 2
    assert values.tolist() == [3, -4]
    x %= 3
    assert values.tolist() == [0, 2]


def test_the_conjugate_as_a_method():
    assert Tensor([1.0, -2.0]).conj().tolist() == [1, -2]


def test_python_rounds_a_tensor():
    assert round(Tensor([1.26, 2.5])).tolist() == [1, 2]
    assert round(Tensor([1.26, 2.5]), 1).tolist() == [1.3, 2.5]
    assert Tensor([12.6]).round(-1).tolist() == [10]


def test_the_spacing_of_a_numerical_gradient():
    f, points = np.array([[1.0, 2.0, 4.0], [0.0, 1.0, 5.0], [2.0, 2.0, 1.0]]), np.array([0.0, 0.5, 2.0])
    for args, options in [((), {}), ((2.0,), {}), ((2.0, points), {}), ((points,), {"axis": 1}),
                          ((points, points), {"edge_order": 2}), ((0.5,), {"edge_order": 2, "axis": -1})]:  # fmt: skip
        result, expected = (
            np.gradient(Tensor(f, requires_grad=True), *args, **options),
            np.gradient(f, *args, **options),
        )
        if not isinstance(expected, tuple):
            result, expected = (result,), (expected,)
        for got, want in zip(result, expected, strict=True):
            np.testing.assert_allclose(got.data, want, rtol=1e-14)
            assert got.requires_grad


@pytest.mark.parametrize("options", [{"n": 0}, {"n": 2}, {"prepend": 0.0}, {"append": [[9.0], [8.0]]}, {"axis": 0}])
def test_differences(options):
    values = np.array([[1.0, 4.0, 9.0], [2.0, 3.0, 5.0]])
    x = Tensor(values, requires_grad=True)
    result = np.diff(x, **options)
    np.testing.assert_array_equal(result.data, np.diff(values, **options))
    assert result.requires_grad


@pytest.mark.parametrize("weights", [np.array([1.0, 2.0, 3.0]), np.ones((2, 3)) * [[1.0], [2.0]]])
def test_averages(weights):
    values = np.arange(6.0).reshape(2, 3)
    x, w = Tensor(values, requires_grad=True), Tensor(weights, requires_grad=True)
    got, total = np.average(x, axis=1, weights=w, returned=True)
    want, sums = np.average(values, axis=1, weights=weights, returned=True)
    np.testing.assert_allclose(got.data, want)
    np.testing.assert_allclose(total.data, sums)
    got.sum().backward()
    assert x.grad.shape == values.shape
    assert w.grad.shape == weights.shape
    with pytest.raises(ZeroDivisionError):
        np.average(x, weights=weights * 0, axis=1)
