"""Hooks on the gradients of tensors, and gradients that results keep."""

import gc
import weakref

import numpy as np
import pytest

from autograd_lite import Tensor, compile, grad
from autograd_lite.core.hooks import hooked


def test_a_hook_sees_the_sum_over_all_uses_once_also_of_those_before_it_was_registered():
    x = Tensor([1.0, 2.0], requires_grad=True)
    y = x * 2
    before = (y * y).sum()
    seen = []
    y.register_hook(seen.append)
    (before + (3 * y).sum()).backward()
    np.testing.assert_array_equal(seen, [2 * y.data + 3])
    np.testing.assert_array_equal(x.grad, 2 * (2 * y.data + 3))


@pytest.mark.parametrize("on_leaf", [True, False])
def test_what_hooks_return_takes_the_place_of_the_gradient_in_order_until_they_are_removed(on_leaf):
    x = Tensor([1.0, 2.0], requires_grad=True)

    def run():
        x.grad = None
        y = x if on_leaf else x * 1
        handles = [y.register_hook(lambda g: g + 1), y.register_hook(lambda g: 10 * g), y.register_hook(lambda g: None)]
        (3 * y).sum().backward()
        return handles

    handles = run()
    np.testing.assert_array_equal(x.grad, [40, 40])
    for handle in handles:
        handle.remove()
        handle.remove()
    x.grad = None
    (3 * x).sum().backward()
    np.testing.assert_array_equal(x.grad, [3, 3])


def test_a_hook_on_a_leaf_sees_each_backward_pass_alone():
    x, seen = Tensor([1.0], requires_grad=True), []
    with x.register_hook(seen.append):
        for _ in range(2):
            (2 * x).sum().backward()
    (2 * x).sum().backward()
    np.testing.assert_array_equal(np.ravel(seen), [2, 2])
    assert x.grad == 6


def test_a_hook_may_change_what_it_gets_without_changing_the_gradient():
    x = Tensor([1.0], requires_grad=True)
    x.register_hook(lambda g: g.fill(7))
    (2 * x).sum().backward()
    assert x.grad == 2


def test_with_create_graph_a_hook_gets_a_tensor_that_can_be_differentiated():
    x = Tensor([3.0], requires_grad=True)
    y = x * x
    y.register_hook(lambda g: g * x)
    y.sum().backward(create_graph=True)
    np.testing.assert_array_equal(x.grad.data, [18])  # 2x · x
    first, x.grad = x.grad, None
    first.sum().backward()
    np.testing.assert_array_equal(x.grad, [12])


def test_hooks_run_inside_transforms():
    def f(x):
        y = x * x
        y.register_hook(lambda g: 2 * g)
        return y

    assert grad(f)(3.0) == 12


def test_a_result_keeps_the_sum_of_its_gradients():
    x = Tensor([1.0, 2.0], requires_grad=True)
    y = x * 3
    assert y.grad is None
    y.retain_grad()
    y.retain_grad()
    loss = (y * y).sum()
    loss.backward(retain_graph=True)
    np.testing.assert_array_equal(y.grad, [6, 12])
    loss.backward()
    np.testing.assert_array_equal(y.grad, [12, 24])
    x.retain_grad()
    np.testing.assert_array_equal(x.grad, [36, 72])


def test_hooks_and_kept_gradients_go_with_their_tensor():
    def node_of_result():
        y = Tensor([1.0], requires_grad=True) * 2
        y.retain_grad()
        y.register_hook(lambda g: g * y)  # the hook refers to the tensor
        y.sum().backward()
        return weakref.ref(y._node)

    gc.collect()
    count = len(hooked)
    node = node_of_result()
    gc.collect()
    assert node() is None
    assert len(hooked) == count


def test_wrong_hooks_are_refused():
    x = Tensor([1.0, 2.0], requires_grad=True)
    with pytest.raises(RuntimeError, match="register_hook: this tensor does not require gradients"):
        Tensor([1.0]).register_hook(print)
    with pytest.raises(RuntimeError, match="retain_grad: this tensor does not require gradients"):
        Tensor([1.0]).retain_grad()
    with pytest.raises(TypeError, match="register_hook: the hook must be callable, not int"):
        x.register_hook(3)
    with x.register_hook(lambda g: g[:1]), pytest.raises(ValueError, match=r"returned the shape \(1,\) for \(2,\)"):
        x.sum().backward()
    assert x.grad is None


def test_compile_refuses_hooks():
    x = Tensor([1.0], requires_grad=True)

    def step(a):
        (x * a).sum().backward()

    with (
        x.register_hook(lambda g: None),
        pytest.raises(RuntimeError, match="a hook on a gradient would not be repeated"),
    ):
        compile(step)(np.ones(1))


def test_requires_grad_returns_the_tensor():
    x = Tensor([1.0])
    assert x.requires_grad_() is x
    assert x.requires_grad
    assert not x.requires_grad_(False).requires_grad
