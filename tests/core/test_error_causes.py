"""Errors in differentiated functions arrive, whatever led to them."""

import warnings

import numpy as np
import pytest

from autograd_lite import Tensor, grad


def test_an_overflow_that_numpy_makes_an_error_leaves_a_transform():
    with np.errstate(all="raise"), pytest.raises(FloatingPointError, match="overflow") as caught:
        grad(np.exp)(1000.0)
    assert caught.value.__cause__ is not caught.value


def test_a_warning_that_is_made_an_error_leaves_a_transform():
    with warnings.catch_warnings(action="error"), pytest.raises(RuntimeWarning, match="overflow"):
        grad(lambda x: x.sum())(np.full(2, 3e38, np.float32))


def test_an_error_of_an_operation_is_not_its_own_cause():
    with np.errstate(all="raise"), pytest.raises(FloatingPointError) as caught:
        np.exp(Tensor(1000.0, requires_grad=True))
    assert caught.value.__cause__ is not caught.value


def test_errors_that_cause_each_other_leave_a_transform():
    first, second = ValueError("first"), ValueError("second")
    first.__cause__, second.__cause__ = second, first

    def fails(x):
        raise first

    with pytest.raises(ValueError, match="first"):
        grad(fails)(1.0)
