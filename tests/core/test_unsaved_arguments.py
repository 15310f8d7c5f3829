"""A node refers weakly to the arguments that it does not save: it can tell what they were, and keeps none alive."""

import gc
import weakref

import numpy as np

import autograd_lite as ag
from autograd_lite import Tensor


def unsaved(result):
    return dict(zip(result._node.operation.unsaved_names, result._node.unsaved, strict=True))


def test_an_array_that_is_not_saved_is_known_and_not_kept_alive():
    x, array = Tensor([1.0, 2.0], requires_grad=True), np.array([3.0, 4.0])
    total, difference = x + array, array - x
    assert unsaved(total)["x"] is None
    assert unsaved(total)["y"]() is array
    assert unsaved(difference)["x"]() is array
    alive = weakref.ref(array)
    del array
    gc.collect()
    assert alive() is None
    assert unsaved(total)["y"]() is None
    (total * difference).sum().backward()
    np.testing.assert_array_equal(x.grad, [-2.0, -4.0])


def test_the_values_of_a_constant_tensor_are_known():
    x, constant = Tensor([1.0, 2.0], requires_grad=True), Tensor([3.0, 4.0])
    assert unsaved(x - constant)["y"]() is constant.data


def test_numbers_and_options_are_known():
    x = Tensor([1.0, 2.0], requires_grad=True)
    assert unsaved(x + 2) == {"x": None, "y": 2}
    assert unsaved(ag.round(x, 1)) == {"decimals": 1}
    assert unsaved(ag.linear(x, Tensor(np.ones((3, 2)))))["bias"] is None


def test_shapes_are_known_where_broadcasting_does_not_tell_them():
    x, bias = Tensor(np.ones((4, 2)), requires_grad=True), np.zeros(3)
    reference, shape = unsaved(ag.linear(x, np.ones((3, 2)), bias))["bias"]
    assert reference() is bias
    assert shape == (3,)
    joined = ag.concatenate([x, np.ones((1, 2)), x])
    first, (gone, shape), last = unsaved(joined)["arrays"]
    assert (first, gone(), shape, last) == (None, None, (1, 2), None)


def test_what_is_saved_is_not_noted_again():
    x, y = Tensor([1.0, 2.0], requires_grad=True), np.array([3.0, 4.0])
    assert (x * y)._node.operation.unsaved_names == ()
    assert not hasattr((x * y)._node, "unsaved")


def test_a_leaf_refers_weakly_to_its_tensor():
    x = Tensor([1.0], requires_grad=True)
    y, leaf = x * 2, x._node
    assert leaf.tensor() is x
    del x
    gc.collect()
    assert leaf.tensor() is None
    y.backward()
    np.testing.assert_array_equal(leaf.grad, [2.0])
