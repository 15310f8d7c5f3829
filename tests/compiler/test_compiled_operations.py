"""Every operation of the catalogue inside a compiled function: the same numbers as outside, to the last bit."""

import numpy as np
import pytest
from catalogue import CASES
from compiler.agreement import assert_agree
from hypothesis import given, settings

from autograd_lite import CompileError, Tensor, compile


def assert_identical(actual, expected):
    actual, expected = np.asarray(actual), np.asarray(expected)
    assert (actual.shape, actual.dtype) == (expected.shape, expected.dtype)
    assert_agree(actual, expected)


# What depends on values in Python, outside of any operation: the check of the weights, the number of elements left.
REFUSED = {
    "average", "cov: with weights", "piecewise", "trim_zeros", "unique", "qr", "qr: r", "cond", "cond: sums",
}  # fmt: skip


@pytest.mark.parametrize("case", [case for case in CASES if case.name not in REFUSED], ids=lambda case: case.name)
def test_replay_gives_the_numbers_of_the_function_itself(case):
    @given(case.samples)
    @settings(max_examples=2)
    def check(sample):
        def value_and_gradients(*arrays):
            tensors = [Tensor(array, requires_grad=True) for array in arrays]
            out = case.operation(*tensors, **sample.static)
            out.backward(np.cos(np.arange(out.size)).reshape(out.shape))
            return out, [tensor.grad for tensor in tensors]

        compiled = compile(value_and_gradients)
        other = [array * 1.0625 for array in sample.arrays]
        for arrays in sample.arrays, sample.arrays, sample.arrays, other:
            expected, actual = value_and_gradients(*arrays), compiled(*arrays)
            assert_identical(actual[0].data, expected[0].data)
            for ours, theirs in zip(actual[1], expected[1], strict=True):
                assert_identical(ours, theirs)

    check()


@pytest.mark.parametrize("case", [case for case in CASES if case.name in REFUSED], ids=lambda case: case.name)
def test_what_decides_on_values_is_refused_or_right(case):
    @given(case.samples)
    @settings(max_examples=2)
    def check(sample):
        compiled = compile(lambda *arrays: case.operation(*map(Tensor, arrays), **sample.static))
        for _ in range(3):
            try:
                assert_identical(compiled(*sample.arrays).data, case.operation(*sample.arrays, **sample.static))
            except CompileError:
                continue

    check()


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2), (1, 2, 0)])
def test_arrays_that_the_function_makes_may_have_any_order_in_memory(order):
    base = np.arange(24.0).reshape(2, 3, 4).transpose(order)

    def function(x):
        return x * base.copy(order="K")[0] + base.copy(order="K")[-1]  # NumPy alone: constants of the program

    compiled = compile(function)
    for factor in range(4):
        x = np.full(base.shape[1:], float(factor))
        assert_agree(compiled(x), function(x))
