"""What tests of gradients share: tensors to differentiate, gradients in two ways, and their comparison."""

import numpy as np
import pytest

from autograd_lite import Tensor
from autograd_lite.testing.comparing.numerical import numerical_gradient
from catalogue import CASES, Case

every_case = pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])


def assert_close(actual, expected, tolerance):
    """Relative to the largest element: rounding of a sum is relative to its terms, not to what is left of them."""
    assert np.shape(actual) == np.shape(expected)
    if np.size(expected):
        with np.errstate(invalid="ignore"):  # −∞ where there is nothing to sum
            scale = max(1, np.nanmax(np.abs(np.where(np.isfinite(expected), expected, 0))))
        np.testing.assert_allclose(actual, expected, rtol=0, atol=tolerance * scale)


def leaves(arrays) -> list[Tensor]:
    return [Tensor(array, requires_grad=True) for array in arrays]


def gradients(case: Case, arrays, static, cotangent) -> list[np.ndarray]:
    tensors = leaves(arrays)
    case.operation(*tensors, **static).backward(cotangent)
    return [tensor.grad for tensor in tensors]


def numerical_gradients(function, arrays) -> list[np.ndarray]:
    """The gradient of a number function(*arrays) with respect to each array."""

    def with_respect_to(i):
        return numerical_gradient(lambda x: function(*arrays[:i], x, *arrays[i + 1 :]), arrays[i]).gradient

    return [with_respect_to(i) for i in range(len(arrays))]


def numerical_slopes(function, arrays, directions) -> list[float]:
    """The derivative of a number function(*arrays) along a direction of each array: far fewer calls than gradients."""

    def along(i):
        def moved(t):
            return function(*arrays[:i], arrays[i] + t * directions[i], *arrays[i + 1 :])

        return numerical_gradient(moved, np.zeros(())).gradient

    return [along(i) for i in range(len(arrays))]
