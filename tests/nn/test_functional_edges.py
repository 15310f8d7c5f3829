"""Edges of functional forms: what broadcasts, what an array can hold, kinks, arrays without axes."""

import numpy as np
import pytest

from autograd_lite import Tensor, grad, nn
from autograd_lite.nn import functional


@pytest.mark.parametrize("dim", [0, 1, -1])
@pytest.mark.parametrize("shape", [(1, 4), (3, 1), (4,), (1, 1)])
def test_cosine_similarity_of_vectors_that_broadcast_is_that_of_the_broadcast_vectors(shape, dim):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(3, 4)), rng.normal(size=shape)
    full = np.broadcast_to(y, x.shape)
    expected = (x * full).sum(dim) / np.sqrt((x**2).sum(dim) * (full**2).sum(dim))
    np.testing.assert_allclose(functional.cosine_similarity(x, y, dim), expected)
    np.testing.assert_allclose(functional.cosine_similarity(y, x, dim), expected)


@pytest.mark.parametrize("name", ["elu", "celu", "selu", "silu", "mish", "hardswish", "hardsigmoid", "leaky_relu"])
def test_inplace_does_not_truncate_results_to_integers(name):
    x = np.array([-1, 1])
    with pytest.raises(TypeError, match=f"{name}: inplace=True cannot write numbers of dtype float64 into .* int64"):
        getattr(functional, name)(x, inplace=True)
    np.testing.assert_array_equal(x, [-1, 1])


def test_inplace_keeps_integers_where_the_result_is_made_of_integers():
    x = np.array([-1, 9])
    assert functional.relu6(x, inplace=True) is x
    np.testing.assert_array_equal(x, [0, 6])


def test_inplace_writes_results_of_another_precision():
    x = np.array([-1.0, 1.0], np.float32)
    np.testing.assert_array_equal(functional.threshold(x, 0.0, np.float64(0.25), inplace=True), np.float32([0.25, 1.0]))


def test_dropout_in_place_of_integers_is_refused_before_anything_is_drawn():
    rng = np.random.default_rng(0)
    with pytest.raises(TypeError, match="dropout: inplace=True cannot write numbers of dtype float64"):
        functional.dropout(np.array([1, 2]), 0.5, True, True, rng=rng)
    assert rng.random() == np.random.default_rng(0).random()


@pytest.mark.parametrize(
    ("dtype", "value"),
    [("uint8", -1), ("uint8", 256), ("int8", 128), ("int64", np.inf), ("int64", 0.5), ("bool", 2), ("int64", 2.0**63)],
)
def test_pad_refuses_a_value_that_the_dtype_does_not_hold(dtype, value):
    with pytest.raises(ValueError, match=f"pad: value=.* is no number of dtype {dtype}"):
        functional.pad(np.zeros(2, dtype), (1, 1), value=value)


@pytest.mark.parametrize(("dtype", "value"), [("uint8", 255), ("int8", -128), ("bool", 1), ("int64", 2.0)])
def test_pad_with_a_value_that_the_dtype_holds(dtype, value):
    out = functional.pad(np.zeros(1, dtype), (1, 0), value=value)
    assert out.dtype == dtype
    assert out[0] == value


def test_hardswish_is_constant_and_linear_outside_including_the_kinks():
    x = np.array([-3.0, 3.0])
    np.testing.assert_array_equal(grad(lambda x: functional.hardswish(x).sum())(x), [0.0, 1.0])
    np.testing.assert_array_equal(grad(lambda x: grad(lambda x: functional.hardswish(x).sum())(x).sum())(x), [0.0, 0.0])


@pytest.mark.parametrize("dim", [None, 0, -1])
def test_softmax_of_a_number(dim):
    x = Tensor(3.0, requires_grad=True)
    for function, value in ((functional.softmax, 1.0), (functional.log_softmax, 0.0), (functional.softmin, 1.0)):
        out = function(x, dim)
        assert out.shape == ()
        assert out.item() == value
        out.backward()
    assert x.grad == 0


def test_weights_of_multilabel_soft_margin_loss_have_the_shape_of_the_scores():
    with pytest.raises(ValueError, match=r"weight of shape \(5,\) does not broadcast to input of shape \(2, 3\)"):
        functional.multilabel_soft_margin_loss(np.zeros((2, 3)), np.zeros((2, 3)), weight=np.ones(5))
    with pytest.raises(ValueError, match=r"weight of shape \(4, 2, 3\) does not broadcast"):
        functional.multilabel_soft_margin_loss(np.zeros((2, 3)), np.zeros((2, 3)), weight=np.ones((4, 2, 3)))


def test_instance_norm_of_single_values_names_the_shape_that_was_passed():
    with pytest.raises(ValueError, match=r"instance_norm: x of shape \(2, 3, 1, 1\) has 1 value per channel"):
        functional.instance_norm(np.zeros((2, 3, 1, 1)))


@pytest.mark.parametrize("padding", [0, 1])
@pytest.mark.parametrize(("stride", "dilation"), [(1, 1), (2, 1), (3, 2)])
def test_output_size_of_a_transposed_convolution_is_a_size_that_the_convolution_takes_to_the_input(
    stride, dilation, padding
):
    layer = nn.ConvTranspose1d(1, 1, 3, stride=stride, padding=padding, dilation=dilation, rng=0)
    shortest = layer(np.zeros((1, 1, 4))).shape[-1]
    for size in range(shortest, shortest + stride):
        assert layer(np.zeros((1, 1, 4)), output_size=[size]).shape == (1, 1, size)
        assert layer(np.zeros((1, 1, 4)), output_size=(1, 1, size)).shape == (1, 1, size)
        forward = functional.conv1d(np.zeros((1, 1, size)), np.ones((1, 1, 3)), None, stride, padding, dilation)
        assert forward.shape == (1, 1, 4)
    for size in (shortest - 1, shortest + stride):
        with pytest.raises(ValueError, match=rf"ConvTranspose1d: output_size \({size},\) is not between"):
            layer(np.zeros((1, 1, 4)), output_size=size)


INF = np.inf


@pytest.mark.parametrize(
    ("name", "options", "x", "values", "slopes"),
    [
        ("hardsigmoid", (), [-INF, -5, -3, 0, 3, 5, INF], [0, 0, 0, 0.5, 1, 1, 1], [0, 0, 0, 1 / 6, 0, 0, 0]),
        ("hardswish", (), [-INF, -5, -3, 0, 3, 5, INF], [0, 0, 0, 0, 3, 5, INF], [0, 0, 0, 0.5, 1, 1, 1]),
        ("hardswish", (), [-2, -1, 2.5], [-1 / 3, -1 / 3, 2.5 * 5.5 / 6], [-1 / 6, 1 / 6, 4 / 3]),
        ("hardshrink", (0.5,), [-INF, -1, -0.5, 0.25, 0.5, 1], [-INF, -1, 0, 0, 0, 1], [1, 1, 0, 0, 0, 1]),
        ("softshrink", (0.5,), [-INF, -1, -0.5, 0.25, 0.5, 1], [-INF, -0.5, 0, 0, 0, 0.5], [1, 1, 0, 0, 0, 1]),
        ("threshold", (0.5, 9.0), [-INF, 0.25, 0.5, 1, INF], [9, 9, 9, 1, INF], [0, 0, 0, 1, 1]),
        ("celu", (2.0,), [-INF, -4, 0, 1, 1e6], [-2, 2 * np.expm1(-2), 0, 1, 1e6], [0, np.exp(-2), 1, 1, 1]),
        ("elu", (2.0,), [-INF, -1, 0, 1, 1e6], [-2, 2 * np.expm1(-1), 0, 1, 1e6], [0, 2 * np.exp(-1), 2, 1, 1]),
        ("selu", (), [-INF, 0, 1e6], [-1.758099340847376, 0, 1050700.9873554804],
         [0, 1.758099340847376, 1.0507009873554804]),
        ("prelu", (np.array([0.25]),), [-4, 0, 4], [-1, 0, 4], [0.25, 0.25, 1]),
        ("mish", (), [-INF, -1e300, 1e300, INF], [0, 0, 1e300, INF], [0, 0, 1, 1]),
        ("softplus", (), [-INF, -1e300, 1e300, INF], [0, 0, 1e300, INF], [0, 0, 1, 1]),
    ],
)  # fmt: skip
def test_values_and_slopes_at_kinks_and_limits_are_those_of_pytorch(name, options, x, values, slopes):
    x = Tensor(np.array(x, float), requires_grad=True)
    out = getattr(functional, name)(x, *options)
    np.testing.assert_allclose(out.data, values, rtol=1e-14)
    out.backward(np.ones(out.shape))
    np.testing.assert_allclose(x.grad, slopes, rtol=1e-14)


def test_slopes_of_halves_are_rounded_once():
    x = np.linspace(-6, 6, 97)
    exact = grad(lambda x: functional.mish(x).sum())(x.astype(np.float16).astype(float))
    np.testing.assert_array_equal(
        grad(lambda x: functional.mish(x).sum())(x.astype(np.float16)), exact.astype(np.float16)
    )


def test_nan_is_silent_in_softplus():
    assert np.isnan(functional.softplus(np.array([np.nan, 1.0]))[0])


@pytest.mark.parametrize("options", [("a", 0.0), (0.0, "a"), (None, 0.0)])
def test_a_threshold_is_a_number(options):
    with pytest.raises(ValueError, match=r"threshold: (threshold|value) must be a number"):
        functional.threshold(np.zeros(2), *options)


def test_the_first_nan_of_a_window_is_its_largest_element():
    x = np.array([[1.0, np.nan, np.nan, 3.0, 5.0, 4.0]])
    out, places = functional.max_pool1d(x, 3, return_indices=True)
    np.testing.assert_array_equal(out, [[np.nan, 5.0]])
    np.testing.assert_array_equal(places, [[1, 4]])
