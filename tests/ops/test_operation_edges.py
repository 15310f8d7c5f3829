"""Where mathematics leaves a choice or floating point runs out: kinks, ties, zeros, infinities, integers, nothing."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite import Tensor


def gradient(function, values):
    x = Tensor(values, requires_grad=True)
    function(x).sum().backward()
    return x.grad.tolist()


@pytest.mark.parametrize(
    ("function", "values", "expected"),
    [
        (ag.relu, [-1.0, 0.0, 1.0], [0, 0, 1]),
        (ag.absolute, [-2.0, 0.0, 2.0], [-1, 0, 1]),
        (ag.sign, [-2.0, 0.0, 2.0], [0, 0, 0]),
        (lambda x: x.clip(-1, 1), [-2.0, -1.0, 0.0, 1.0, 2.0], [0, 1, 1, 1, 0]),
        (lambda x: x.max(), [1.0, 3.0, 3.0, 2.0], [0, 0.5, 0.5, 0]),
        (lambda x: x.min(axis=1), [[1.0, 1.0], [2.0, 1.0]], [[0.5, 0.5], [0, 1]]),
        (lambda x: ag.maximum(x, 1.0), [0.0, 1.0, 2.0], [0, 0.5, 1]),
        (lambda x: ag.minimum(1.0, x), [0.0, 1.0, 2.0], [1, 0.5, 0]),
        (lambda x: ag.maximum(x, x), [1.0, 2.0], [1, 1]),
        (lambda x: 3 * ag.maximum(x, 1.0), [0.0, 1.0, 2.0], [0, 1.5, 3]),
        (lambda low: ag.clip(1.0, low), [0.0, 1.0, 2.0], [0, 0, 1]),
        (lambda low: ag.clip(1.0, low, 2.0), [0.0, 1.0, 1.5, 2.0, 3.0], [0, 0, 1, 1, 0]),
        (lambda high: ag.clip(1.0, None, high), [0.0, 1.0, 2.0], [1, 0, 0]),
        (lambda high: ag.clip(1.0, 0.0, high), [-1.0, 0.5, 1.0, 2.0], [1, 1, 0, 0]),
        (lambda high: ag.clip(1.0, 2.0, high), [0.0, 1.0, 1.5, 2.0, 3.0], [1, 1, 1, 0, 0]),
        (ag.logsumexp, [-np.inf, -np.inf], [0, 0]),
        (lambda x: x.std(axis=0), [[1.0, 1.0], [1.0, 3.0]], [[0, -0.5], [0, 0.5]]),
        (lambda x: x**0, [0.0, 2.0], [0, 0]),
        (lambda x: x**1, [0.0, 2.0], [1, 1]),
        (lambda x: x**2, [0.0, -2.0], [0, -4]),
        (lambda x: x ** np.array([0.0, 1.0, 2.0]), [0.0, 0.0, 0.0], [0, 1, 0]),
        (lambda x: 0.0**x, [0.0, 1.0, 2.0], [0, 0, 0]),
        (lambda x: x.prod(), [0.0, 2.0, 3.0], [6, 0, 0]),
        (lambda x: x.prod(), [0.0, 2.0, 0.0], [0, 0, 0]),
        (lambda x: ag.where(x > 1, x, 0.0), [1.0, 2.0], [0, 1]),
        (lambda x: x[[0, 0, 1]], [1.0, 2.0], [2, 1]),
    ],
)
def test_kinks_ties_and_zeros(function, values, expected):
    assert gradient(function, values) == expected


@given(st.floats(allow_nan=False, width=64))
def test_erf_agrees_with_the_c_library_to_the_last_digits(x):
    assert ag.erf(x) == pytest.approx(math.erf(x), rel=4e-16, abs=0)


@pytest.mark.parametrize(("dtype", "digits"), [(np.float32, 3.5), (np.float16, 0.51)])
def test_erf_of_narrow_numbers_is_rounded_in_the_last_digits_only(dtype, digits):
    x = np.concatenate([np.geomspace(6e-5, 65000, 20_000), np.linspace(0, 5, 20_000), [np.inf]]).astype(dtype)
    exact = np.array([math.erf(number) for number in x])
    for sign in (1, -1):
        error = np.abs(sign * ag.erf(sign * x).astype(float) - exact)
        assert (error <= digits * np.spacing(exact.astype(dtype)).astype(float)).all()
    assert ag.erf(x)[-1] == 1


LARGE = [-np.finfo(float).max, -1e4, -800.0, -40.0, 0.0, 40.0, 800.0, 1e4, np.finfo(float).max]


@pytest.mark.parametrize(
    "function",
    [
        ag.sigmoid, ag.softplus, ag.tanh, ag.erf, ag.relu,
        lambda x: ag.logsumexp(ag.stack([x, x * 0.5]), axis=0) * 1e-300,
        lambda x: ag.softmax(ag.stack([x * 0.5, -x * 0.5]), axis=0),
        lambda x: ag.log_softmax(ag.stack([x * 0.5, x * 0.25]), axis=0) * 1e-300,
        lambda x: ag.cross_entropy(ag.stack([x * 0.5, -x * 0.25], axis=1), [0] * x.size, reduction="none") * 1e-300,
        lambda x: ag.binary_cross_entropy_with_logits(x, np.ones(x.shape), reduction="none") * 1e-300,
    ],
)  # fmt: skip
def test_finite_and_silent_for_finite_input_however_large(function):
    x = Tensor(LARGE, requires_grad=True)
    result = function(x)
    result.sum().backward()
    assert np.isfinite(result.data).all()
    assert np.isfinite(x.grad).all()


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
@pytest.mark.parametrize("function", [ag.sigmoid, ag.softplus, ag.softmax, ag.tanh, ag.erf])
def test_narrow_floats_are_finite_and_silent_at_their_ends(function, dtype):
    x = Tensor([-np.finfo(dtype).max / 2, -12, 0, 12, np.finfo(dtype).max / 2], dtype=dtype, requires_grad=True)
    result = function(x)
    result.sum().backward()
    assert result.dtype == dtype
    assert np.isfinite(result.data).all()
    assert np.isfinite(x.grad).all()


@pytest.mark.parametrize(
    ("function", "x", "expected"),
    [
        (ag.sigmoid, -745.0, 0.0),
        (ag.sigmoid, -1000, 0.0),
        (ag.sigmoid, -50.0, 1.9287498479639178e-22),
        (ag.softplus, -50.0, 1.9287498479639178e-22),
        (ag.log1p, 1e-20, 1e-20),
        (ag.expm1, 1e-20, 1e-20),
        (lambda x: ag.binary_cross_entropy_with_logits(np.array(x), np.array(1.0)), 50.0, 1.9287498479639178e-22),
    ],
)
def test_small_results_keep_their_digits(function, x, expected):
    assert float(function(x)) == pytest.approx(expected, rel=1e-14, abs=1e-300)


@pytest.mark.parametrize("gap", [5.0, 20.0, 50.0])
def test_the_gradient_of_a_certain_cross_entropy_is_exact_to_rounding_of_one(gap):
    x = Tensor([gap, 0.0], requires_grad=True)
    ag.cross_entropy(x, 0).backward()
    np.testing.assert_allclose(x.grad, [-1 / (1 + np.exp(gap)), 1 / (1 + np.exp(gap))], rtol=0, atol=2e-16)


def test_binary_cross_entropy_is_finite_at_certainty():
    p = Tensor([0.0, 1.0, 0.0, 1.0], requires_grad=True)
    losses = ag.binary_cross_entropy(p, [0.0, 1.0, 1.0, 0.0], reduction="none")
    assert losses.tolist() == [0, 0, 100, 100]
    losses.sum().backward()
    np.testing.assert_allclose(p.grad, [0, 0, -1e12, 1e12])


@pytest.mark.parametrize(
    "loss",
    [lambda x: ag.mse_loss(x, np.ones((0, 2))), lambda x: ag.cross_entropy(x, np.ones(0, int))],
    ids=["mse_loss", "cross_entropy"],
)
def test_the_mean_of_no_losses_is_nan_with_a_warning_as_in_numpy_and_its_gradient_is_empty(loss):
    x = Tensor(np.ones((0, 2)), requires_grad=True)
    with pytest.warns(RuntimeWarning, match="invalid value"):
        result = loss(x)
    result.backward()
    assert np.isnan(result.item())
    assert x.grad.shape == (0, 2)


def test_numpys_rules_decide_the_dtype_of_a_loss():
    x, target = np.array([0.5], np.float32), np.array([1.0])
    assert ag.mse_loss(Tensor(x), target).dtype == np.float64
    assert ag.mse_loss(Tensor(x), target.astype(np.float32)).dtype == np.float32
    assert ag.mse_loss(Tensor(x), target.astype(int)).dtype == np.float32


@pytest.mark.parametrize(
    "function",
    [ag.sum, ag.mean, ag.max, ag.prod, ag.exp, ag.sigmoid, ag.relu, ag.softmax, ag.tanh, ag.erf, ag.logsumexp, ag.sqrt],
    ids=lambda function: function.__name__,
)
def test_nan_is_passed_on(function):
    result = function(Tensor([1.0, np.nan], requires_grad=True))
    assert np.isnan(result.data).any()


@pytest.mark.parametrize("function", [ag.max, ag.min])
def test_the_gradient_of_an_extreme_that_is_nan_is_nan_and_silent(function):
    assert np.isnan(gradient(function, [1.0, np.nan])).all()


@pytest.mark.parametrize(
    "function",
    [ag.exp, ag.log1p, ag.sqrt, ag.sigmoid, ag.softplus, ag.tanh, ag.erf, ag.softmax, ag.log_softmax, ag.logsumexp,
     ag.mean, ag.var, ag.std, lambda x: ag.divide(1, x), lambda x: ag.cross_entropy(x, 0),
     lambda x: ag.binary_cross_entropy_with_logits(x, np.zeros(3)), lambda x: ag.mse_loss(x, np.zeros(3))],
)  # fmt: skip
@pytest.mark.parametrize("dtype", [int, np.uint8, np.int32])
def test_integers_are_numbers(function, dtype):
    result = function(Tensor([1, 2, 3], dtype=dtype))
    assert result.dtype.kind == "f"
    np.testing.assert_allclose(result.data, function(Tensor([1.0, 2.0, 3.0])).data, rtol=1e-2)
    assert not result.requires_grad


@pytest.mark.parametrize(
    ("x", "weight"), [((2, 0), (3, 0)), ((0,), (3, 0)), ((2, 4, 0), (3, 0)), ((0, 2), (3, 2)), ((2, 2), (0, 2)),
                      ((5, 2, 2), (0, 2)), ((4, 0, 2), (3, 2))]
)  # fmt: skip
def test_linear_maps_of_nothing(x, weight):
    x, weight, bias = (Tensor(np.ones(shape), requires_grad=True) for shape in (x, weight, weight[:1]))
    result = ag.linear(x, weight, bias)
    assert result.shape == (*x.shape[:-1], weight.shape[0])
    result.sum().backward()
    assert (x.grad.shape, weight.grad.shape, bias.grad.shape) == (x.shape, weight.shape, bias.shape)
    assert (bias.grad == math.prod(x.shape[:-1])).all()


@pytest.mark.parametrize("convert", [list, tuple, np.array])
def test_operands_are_lists_tuples_and_arrays_alike(convert):
    numbers = [1.0, 2.0]
    x = Tensor([3.0, 4.0], requires_grad=True)
    for result in (
        x ** convert(numbers), convert(numbers) ** x, x @ convert(numbers), convert(numbers) * x, x / convert(numbers),
        ag.maximum(x, convert(numbers)), ag.linear(x, convert([convert(numbers)]), convert([0.5])),
        ag.mse_loss(convert(numbers), x), ag.binary_cross_entropy_with_logits(convert(numbers), x / 4),
        ag.cross_entropy(convert(numbers), x), ag.clip(x, convert(numbers), convert([3.5, 5.0])),
        ag.where(convert([True, False]), x, convert(numbers)), ag.concatenate([x, convert(numbers)]),
        ag.nll_loss(-ag.stack([x, x]), convert([0, 1])), ag.cross_entropy(ag.stack([x, x]), convert([0, 1])),
    ):  # fmt: skip
        x.zero_grad()
        result.sum().backward()
        assert np.isfinite(x.grad).all()


def test_indices_can_be_tensors():
    x = Tensor(np.arange(6.0).reshape(2, 3), requires_grad=True)
    rows, columns, mask = Tensor([0, 1, 1]), Tensor([2, 0, 0]), Tensor([True, False])
    assert x[rows].shape == (3, 3)
    assert x[rows, columns].tolist() == [2, 3, 3]
    assert x[mask].tolist() == [[0, 1, 2]]
    x[rows, columns].sum().backward()
    assert x.grad.tolist() == [[0, 0, 1], [2, 0, 0]]


def test_one_hot():
    assert ag.one_hot([0, 2], 3).tolist() == [[1, 0, 0], [0, 0, 1]]
    assert ag.one_hot(1, 2).tolist() == [0, 1]
    assert ag.one_hot(Tensor([[0], [1]]), 2).shape == (2, 1, 2)
    assert ag.one_hot(np.array([], int), 3).shape == (0, 3)
    assert ag.one_hot([0], 2, dtype=np.float32).dtype == np.float32


def test_the_gradient_of_a_transposed_convolution_leaves_out_the_padding_of_the_output():
    rng = np.random.default_rng(0)
    x, weight = Tensor(rng.normal(size=(2, 2, 4, 3)), requires_grad=True), rng.normal(size=(2, 2, 3, 2))
    out = ag.conv_transpose2d(x, weight, None, dilation=2, output_padding=1)
    g = rng.normal(size=out.shape)
    (out * g).sum().backward()
    np.testing.assert_allclose(x.grad, ag.conv2d(g[..., :-1, :-1], weight, None, dilation=2).data, rtol=1e-12)
