"""GradientMismatch: an assertion with all its facts, a message to act on, and no more than that."""

import pickle

import numpy as np
import pytest

import autograd_lite as al
from autograd_lite.testing import Finding, GradientMismatch, check_closed_form

X = np.array([[1.0, -2.0], [0.5, 4.0]])


def caught(closed_form, fn=lambda x: (x**2).sum(), *inputs, **options):
    with pytest.raises(GradientMismatch) as error:
        check_closed_form(fn, closed_form, *(inputs or (X,)), **options)
    return error.value


def test_it_has_the_facts():
    wrong = caught(lambda x: 2 * x + [[0, 0], [0, 1.5]])
    assert isinstance(wrong, AssertionError)
    assert wrong.argument == "x"
    assert wrong.index == (1, 1)
    assert (wrong.actual_value, wrong.expected_value) == (9.5, 8.0)
    assert wrong.absolute_error == 1.5
    assert wrong.relative_error == pytest.approx(1.5 / 9.5)
    assert wrong.actual_shape == wrong.expected_shape == (2, 2)
    assert (wrong.expected == 2 * X).all()
    assert wrong.tolerance == pytest.approx(8e-10, rel=0.01)
    assert not wrong.is_shape_error
    assert all(isinstance(finding, Finding) for finding in wrong.findings)


def test_wrong_shape_has_no_numbers():
    wrong = caught(lambda x: x[:, 0])
    assert wrong.is_shape_error
    assert (wrong.actual_shape, wrong.expected_shape) == ((2,), (2, 2))
    assert wrong.index is wrong.actual_value is wrong.relative_error is None
    assert "wrong shape: (2,), expected (2, 2)" in str(wrong)


def test_message_can_be_acted_on():
    message = str(caught(lambda x: 2 * x.T))
    assert message.startswith("closed_form disagrees with the derivative of fn with respect to 'x'\n")
    assert "largest difference at [0, 1]: 1.0, expected -4.0" in message
    assert "2 of 4 elements differ, shape (2, 2)" in message
    assert "1. it is the transpose of the expected array" in message


def test_message_calls_functions_by_their_names():
    def loss(weights):
        return (weights**2).sum()

    def my_gradient(weights):
        return weights

    wrong = caught(my_gradient, loss, X)
    assert str(wrong).startswith("my_gradient disagrees with the derivative of loss with respect to 'weights'")


def test_jacobians_and_values_are_called_so():
    assert "the Jacobian of softmax" in str(caught(lambda x: x, al.softmax, X[0]))
    wrong = caught(lambda x: x, al.softmax, X[0], wrt=None)
    assert "the value of softmax" in str(wrong)
    assert wrong.argument is None


def test_second_of_several_arguments_is_named():
    wrong = caught(lambda x, y: (y, -x), lambda x, y: (x * y).sum(), X, X + 1, wrt=("x", "y"))
    assert wrong.argument == "y"


def test_long_arrays_are_abbreviated_and_long_lists_cut():
    x = np.random.default_rng(0).normal(size=(100, 50))
    assert len(str(caught(lambda x: np.cos(x**2), lambda x: (x**2).sum(), x))) < 2000


def test_it_can_be_pickled():
    wrong = caught(lambda x: x)
    again = pickle.loads(pickle.dumps(wrong))
    assert str(again) == str(wrong)
    assert again.findings == wrong.findings
