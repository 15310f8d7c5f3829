"""``grad(output, inputs)`` and ``backward(create_graph=True)``: gradients of tensors with a graph of their own."""

import numpy as np

import autograd_lite as ag
from autograd_lite import Tensor, grad


def test_grad_of_tensors_reaches_leaves_and_intermediates_and_touches_no_grad():
    x = Tensor(3.0, requires_grad=True)
    y = x * x
    at_x, at_y = grad(y * y, [x, y], retain_graph=True)
    assert (at_x.item(), at_y.item(), x.grad) == (108, 18, None)
    assert grad(y, y).item() == 1


def test_grad_of_tensors_can_be_differentiated_again():
    x = Tensor([1.0, 2.0], requires_grad=True)
    first = grad(x**4, x, gradient=[1.0, 1.0], create_graph=True)
    second = grad(first, x, gradient=[1.0, 1.0], create_graph=True)
    third = grad(second.sum(), x)
    assert (first.tolist(), second.tolist(), third.tolist()) == ([4, 32], [12, 48], [24, 48])


def test_grad_of_a_tensor_that_does_not_depend_on_an_input_is_zero():
    x, other = Tensor(1.0, requires_grad=True), Tensor([1.0, 2.0], requires_grad=True)
    assert grad(x * x, other).tolist() == [0, 0]


def test_backward_can_record_itself():
    x = Tensor([1.0, 2.0], requires_grad=True)
    (x**3).sum().backward(create_graph=True)
    assert isinstance(x.grad, Tensor)
    penalty = (x.grad**2).sum()  # Σ 9x⁴
    x.zero_grad()
    penalty.backward()
    np.testing.assert_allclose(x.grad, 36 * x.data**3)


def test_recorded_gradients_accumulate_and_optimizers_take_them():
    x = Tensor([1.0, 2.0], requires_grad=True)
    optimizer = ag.optim.SGD([x], lr=1.0)
    (x**2).sum().backward()
    (x**2).sum().backward(create_graph=True)
    assert x.grad.tolist() == [4, 8]
    optimizer.step()
    np.testing.assert_array_equal(x.data, [-3, -6])
