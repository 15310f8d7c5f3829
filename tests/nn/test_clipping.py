"""Gradients clipped by norm and by value."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_lite import Tensor
from autograd_lite.nn.utils import clip_grad_norm_, clip_grad_value_


def tensors(*gradients):
    made = [Tensor(np.zeros_like(g), requires_grad=True) for g in gradients]
    for tensor, gradient in zip(made, gradients, strict=True):
        tensor.grad = gradient
    return made


@given(st.integers(0, 2**32 - 1), st.sampled_from([1, 1.5, 2.0, 3, math.inf]), st.floats(0, 20),
       st.sampled_from([np.float32, np.float64]))  # fmt: skip
def test_all_gradients_are_scaled_by_one_factor_so_that_their_norm_fits(seed, p, max_norm, dtype):
    rng = np.random.default_rng(seed)
    gradients = [rng.normal(size=shape).astype(dtype) for shape in [(3,), (), (2, 2), (0,)]]
    parameters = tensors(*gradients)
    numbers = [abs(float(x)) for g in gradients for x in np.ravel(g)]
    norm = max(numbers) if p == math.inf else sum(x**p for x in numbers) ** (1 / p)
    assert clip_grad_norm_(parameters, max_norm, p) == pytest.approx(norm, rel=1e-12)
    factor = min(1, max_norm / (norm + 1e-6))
    for parameter, gradient in zip(parameters, gradients, strict=True):
        assert parameter.grad.dtype == dtype
        np.testing.assert_allclose(parameter.grad, gradient * factor, rtol=4 * np.finfo(dtype).eps, atol=0)


def test_the_gradients_are_changed_in_place_and_parameters_without_one_are_left_out():
    a, b = tensors([3.0], [4.0])
    array = a.grad
    assert clip_grad_norm_(iter([a, Tensor([1.0], requires_grad=True), b]), 1.0).item() == 5
    assert a.grad is array
    np.testing.assert_allclose([array[0], b.grad[0]], [0.6, 0.8], rtol=1e-6)
    assert clip_grad_norm_([Tensor([1.0], requires_grad=True)], 1.0) == 0
    (c,) = tensors([-7.0, 2.0])
    clip_grad_value_(c, 3)
    np.testing.assert_array_equal(c.grad, [-3, 2])


def test_no_power_overflows():
    (a,) = tensors(np.full(4, 1e30, np.float32))
    assert clip_grad_norm_(a, 1.0) == pytest.approx(2e30)
    np.testing.assert_allclose(a.grad, 0.5, rtol=1e-6)


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_norm_that_is_not_finite_can_be_an_error_and_never_goes_unnoticed(bad):
    (a,) = tensors([1.0, bad])
    with pytest.raises(RuntimeError, match=f"the norm of the gradients is {bad}"):
        clip_grad_norm_(a, 1.0, error_if_nonfinite=True)
    np.testing.assert_array_equal(a.grad, [1.0, bad])
    with np.errstate(invalid="ignore"):
        assert str(clip_grad_norm_(a, 1.0)) == str(bad)
    assert np.isnan(a.grad[1])


def test_gradients_that_are_tensors_are_clipped_too():
    x = Tensor([3.0], requires_grad=True)
    (x**2).sum().backward(create_graph=True)
    assert clip_grad_norm_(x, 1.5) == 6
    np.testing.assert_allclose(x.grad.data, [1.5], rtol=1e-6)


def test_a_graph_that_uses_a_gradient_notices_that_it_was_clipped():
    (a,) = tensors([3.0])
    y = (Tensor([2.0], requires_grad=True) * a.grad).sum()
    clip_grad_norm_(a, 1.0)
    with pytest.raises(RuntimeError, match="changed in place"):
        y.backward()


@pytest.mark.parametrize("limit", [-1.0, math.nan])
def test_limits_that_make_no_sense_are_named(limit):
    (a,) = tensors([3.0])
    with pytest.raises(ValueError, match="max_norm must be at least 0"):
        clip_grad_norm_(a, limit)
    with pytest.raises(ValueError, match="clip_value must be at least 0"):
        clip_grad_value_(a, limit)
    with pytest.raises(ValueError, match="norm_type must be positive"):
        clip_grad_norm_(a, 1.0, norm_type=0)
    np.testing.assert_array_equal(a.grad, [3.0])
