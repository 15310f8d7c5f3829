"""Programs of the functions of `nn.functional` give what the functions give, at other inputs as well."""

import numpy as np
import pytest
from catalogue.arguments import one_sample
from catalogue.functional import CASES

from autograd_lite import Tensor, compile, value_and_grad
from autograd_lite.nn import functional as F  # noqa: N812


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_a_program_of_each_function_is_right_at_other_inputs(case):
    sample = one_sample(case)
    function = value_and_grad(
        lambda *arrays: (case.operation(*arrays, **sample.static) ** 2).sum(), argnums=tuple(range(len(sample.arrays)))
    )
    program = compile(function)
    for factor in (1.0, 1.0, 0.9, 0.5):  # scaled inputs are valid too, and choose other branches
        arrays = [factor * array for array in sample.arrays]
        value, gradients = function(*arrays)
        replayed, others = program(*arrays)
        np.testing.assert_allclose(replayed, value, rtol=1e-12)
        for gradient, other in zip(gradients, others, strict=True):
            np.testing.assert_allclose(other, gradient, rtol=1e-10, atol=1e-12)


def test_a_program_never_counts_ignored_labels():
    """Neither one that was recorded with ignored labels, nor one that was recorded without."""
    x, w = np.random.default_rng(0).normal(size=(3, 2)), np.ones((2, 2))
    without, *others = np.array([0, 1, 1]), np.array([0, -100, 1]), np.array([-100, 1, 0])
    function = value_and_grad(lambda w, labels: F.cross_entropy(x @ w, labels))
    for batches in ([without] * 5 + others, [*others, without, *others]):
        program = compile(function)
        for labels in batches:
            value, gradient = program(w, labels)
            expected, right = function(w, labels)
            np.testing.assert_allclose(value, expected, rtol=1e-12)
            np.testing.assert_allclose(gradient, right, rtol=1e-12, atol=1e-15)


def test_channels_are_drawn_anew_in_each_replay():
    program = compile(lambda x: F.dropout2d(x, 0.5, rng=None))
    drawn = {tuple(np.ravel(program(np.ones((1, 8, 1, 1))))) for _ in range(4)}
    assert len(drawn) > 1


def test_what_is_written_in_place_is_written_in_each_replay():
    def step(x):
        y = x * 2
        F.relu(y, inplace=True)
        return (y * y).sum()

    program, x = compile(value_and_grad(step)), np.array([-1.0, 3.0])
    for _ in range(3):
        value, gradient = program(x)
        assert value == 36
        np.testing.assert_array_equal(gradient, [0, 24])
    assert isinstance(step(Tensor(x)), Tensor)
