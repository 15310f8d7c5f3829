"""Every operation of the catalogue has the values of its definition, and their first and second derivatives."""

import catalogue
import hypothesis.strategies as st
import numpy as np
import pytest
from catalogue import CASES, samples
from catalogue.comparing import assert_close, every_case, gradients, leaves, numerical_gradients, numerical_slopes
from catalogue.functional import WITHOUT_CASE
from hypothesis import given, settings

import autograd_lite as ag
from autograd_lite import Tensor
from autograd_lite.core.tensor import backward_with_graph
from autograd_lite.nn import functional as F  # noqa: N812


def contraction(cotangent, array) -> float:
    return np.sum(np.multiply(cotangent, array)[np.asarray(cotangent) != 0])


def test_every_exported_operation_is_in_the_catalogue():
    exported = {name for name in dir(ag) if "autograd_lite.ops" in str(getattr(getattr(ag, name), "__module__", ""))}
    tested = {case.exported for case in CASES if "." not in case.exported} | catalogue.WITHOUT_DERIVATIVE
    assert exported == tested | set(catalogue.ALIASES)
    assert all(getattr(ag, alias) is getattr(ag, name) for alias, name in catalogue.ALIASES.items())


def test_every_function_of_nn_functional_is_in_the_catalogue():
    tested = {case.exported.removeprefix("F.") for case in CASES}
    assert set(F.__all__) <= tested | WITHOUT_CASE


def test_every_rule_of_an_exported_operation_is_differentiated_by_the_catalogue():
    """A case for which an argument with a rule is always static would leave that rule untested."""
    declared, tested = set(), set()

    def record(case):
        @given(case.samples)
        @settings(max_examples=1)
        def record_one(sample):
            node = case.operation(*leaves(sample.arrays), **sample.static)._node
            name, arguments = node.operation.name, node.operation.differentiable
            declared.update((name, argument) for argument in arguments)
            tested.update((name, argument) for argument, parent in zip(arguments, node.parents, strict=False) if parent)

        record_one()

    for case in CASES:
        record(case)
    assert declared == tested


@every_case
@given(data=st.data())
def test_values_and_dtype_are_those_of_the_definition(case, data):
    """Arrays give an array with the numbers of the tensor that tensors give."""
    sample = data.draw(case.samples)
    expected = case.reference(*sample.arrays, **sample.static)
    result = case.operation(*map(Tensor, sample.arrays), **sample.static)
    assert_close(result.data, expected, 1e-12)
    assert result.dtype == np.asarray(expected).dtype

    of_arrays = case.operation(*sample.arrays, **sample.static)
    assert isinstance(of_arrays, np.ndarray | np.generic)
    if case.name.startswith("power: ") and np.lib.NumpyVersion(np.__version__) < "2.3.0":
        # There array ** -1 and array ** 0.5 round differently from np.power, which is what a tensor's ** computes.
        np.testing.assert_array_max_ulp(of_arrays, result.data)
    else:
        np.testing.assert_array_equal(of_arrays, result.data)


@every_case
@given(data=st.data())
def test_gradients_agree_with_numerical_derivatives_of_the_definition(case, data):
    sample = data.draw(case.samples)
    value = np.asarray(case.reference(*sample.arrays, **sample.static))
    cotangent = samples.real(data.draw(samples.generators), value.shape)
    numerical = numerical_gradients(
        lambda *arrays: contraction(cotangent, case.reference(*arrays, **sample.static)), sample.arrays
    )
    for gradient, expected in zip(gradients(case, *sample, cotangent), numerical, strict=True):
        assert_close(gradient, expected, 1e-6)


@pytest.mark.parametrize("case", [c for c in CASES if c.order > 1], ids=lambda case: case.name)
@given(data=st.data())
@settings(max_examples=settings.default.max_examples // 2)
def test_second_derivatives_agree_with_numerical_derivatives_of_the_gradients(case, data):
    sample, rng = data.draw(case.samples), data.draw(samples.generators)
    cotangent = samples.real(rng, np.shape(case.reference(*sample.arrays, **sample.static)))
    directions = [samples.real(rng, array.shape) for array in sample.arrays]

    tensors, upstream = leaves(sample.arrays), Tensor(cotangent, requires_grad=True)
    collected = backward_with_graph(case.operation(*tensors, **sample.static), upstream)
    first = [collected[tensor._node] for tensor in tensors]
    for gradient, expected in zip(first, gradients(case, *sample, cotangent), strict=True):
        assert_close(gradient.data, expected, 1e-12)
    total = sum((gradient * direction).sum() for gradient, direction in zip(first, directions, strict=True))
    total.backward()

    def along_directions(*arrays):
        found = gradients(case, arrays[:-1], sample.static, arrays[-1])
        return sum(np.sum(gradient * direction) for gradient, direction in zip(found, directions, strict=True))

    inputs = (*sample.arrays, cotangent)
    others = [samples.real(rng, array.shape) for array in inputs]
    slopes = numerical_slopes(along_directions, inputs, others)
    for tensor, other, expected in zip([*tensors, upstream], others, slopes, strict=True):
        gradient = np.zeros(tensor.shape) if tensor.grad is None else tensor.grad  # linear: there is no second one
        assert_close(np.sum(gradient * other), expected, 1e-5)


SHAPES = [(), (3,), (1,), (2, 3), (2, 1), (1, 3), (0,), (2, 0), (4, 1, 3), (1, 1, 1)]


@pytest.mark.parametrize("case", [c for c in CASES if len(c.domains) > 1], ids=lambda case: case.name)
def test_the_gradient_of_a_broadcast_operand_is_the_sum_over_its_repetitions(case):
    """Against the same operation on operands repeated by hand, for all pairs of shapes that broadcast."""
    rng = np.random.default_rng(0)
    for left in SHAPES:
        for right in SHAPES:
            try:
                shape = np.broadcast_shapes(left, right)
            except ValueError:
                continue
            operand_shapes = (left, right, shape)[: len(case.domains)]
            arrays = [domain(rng, shape) for domain, shape in zip(case.domains, operand_shapes, strict=True)]
            cotangent = rng.normal(size=shape)
            repeated = [np.array(np.broadcast_to(array, shape)) for array in arrays]
            for array, found, whole in zip(
                arrays, gradients(case, arrays, {}, cotangent), gradients(case, repeated, {}, cotangent), strict=True
            ):
                rows = whole.reshape((1,) * (len(shape) - whole.ndim) + whole.shape)
                padded = (1,) * (len(shape) - array.ndim) + array.shape
                axes = tuple(axis for axis in range(len(shape)) if padded[axis] == 1)
                assert_close(found, rows.sum(axis=axes, keepdims=True).reshape(array.shape), 1e-12)


@pytest.mark.parametrize(
    "operation", [ag.softmax, ag.log_softmax, ag.logsumexp, ag.sum, ag.prod], ids=lambda f: f.__name__
)
def test_a_reduction_over_an_axis_of_length_zero_is_silent(operation):
    x = Tensor(np.ones((2, 0)), requires_grad=True)
    operation(x, axis=1).sum().backward()
    assert x.grad.shape == (2, 0)
