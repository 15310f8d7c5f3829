"""Numbers of Python and scalars of NumPy stand wherever arrays may: values and gradients are those of 0-d arrays."""

import inspect
from functools import partial

import numpy as np
import pytest
from catalogue.arguments import DIRECT, OTHERS, one_sample, parameters_of

import autograd_lite as ag
from autograd_lite import Tensor, grad

NUMBERS = [2, -1, 0.5, 1.0, 0.0, True, np.float32(0.5), np.float64(0.5), np.int64(1)]


def operands_of(function):
    """The names of the arguments with a rule, and of those that composed functions differentiate."""
    primitive = getattr(function, "primitive", None)
    if primitive is not None:
        return [name for name in primitive.differentiable if name != primitive.variadic]
    return [p.name for p in inspect.signature(function).parameters.values() if p.annotation == "Array"]


def arguments_of(case):
    sample, parameters = one_sample(case), parameters_of(case.operation)
    return {**dict(zip(parameters, sample.arrays, strict=False)), **sample.static}


# Operations with several operands, and what gives the right arguments.
CALLS = {case.name: (case.operation, partial(arguments_of, case)) for case in DIRECT}
CALLS |= {f"{name} (by name)": (getattr(ag, name), partial(dict, OTHERS[name])) for name in OTHERS if hasattr(ag, name)}
CALLS = {name: call for name, call in CALLS.items() if len(operands_of(call[0])) > 1}


def first(result):
    return first(result[0]) if isinstance(result, tuple | list) else result


def derivatives(function, arguments, others):
    """The result, its gradients with respect to `others`, and those of the sum of their squares."""
    leaves = {name: Tensor(np.asarray(arguments[name], float), requires_grad=True) for name in others}
    result = first(function(**{**arguments, **leaves}))
    if not isinstance(result, Tensor) or not result.requires_grad:
        return []
    found = grad(result.sum(), list(leaves.values()), create_graph=True)
    squares = sum(((g * g).sum() for g in found), start=0 * sum(leaf.sum() for leaf in leaves.values()))
    second = grad(squares, list(leaves.values()))
    return [result.data, *(g.data for g in found), *(g.data for g in second)]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("call", CALLS)
def test_a_number_in_the_place_of_an_operand_is_a_0d_array(call):
    function, made = CALLS[call]
    arguments, operands = made(), operands_of(function)
    for name in operands:
        others = [other for other in operands if other != name and arguments.get(other) is not None]
        for scalars in (False, True):  # the other operands as they are, and as single numbers too
            given = {**arguments, **dict.fromkeys(others, 0.75)} if scalars else arguments
            for number in NUMBERS:
                try:
                    expected = derivatives(function, {**given, name: np.asarray(number)}, others)
                except (ValueError, TypeError, IndexError, ZeroDivisionError) as error:
                    with pytest.raises(type(error)):
                        derivatives(function, {**given, name: number}, others)
                    continue
                found = derivatives(function, {**given, name: number}, others)
                assert len(found) == len(expected)
                for actual, wanted in zip(found, expected, strict=True):
                    tolerance = 1e-3 if number is True else 1e-12  # NumPy takes an array of booleans for float16
                    np.testing.assert_allclose(actual, wanted, rtol=tolerance, atol=tolerance)


def slope_of(function, at, step=1e-6):
    return (np.sum(function(at + step)) - np.sum(function(at - step))) / (2 * step)


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
@pytest.mark.parametrize("function", [np.dot, np.convolve, np.multiply, np.power, np.outer, np.inner, np.kron])
@pytest.mark.parametrize("number", NUMBERS)
def test_numbers_beside_vectors(function, number):
    values = np.array([0.5, 1.5, 2.0])
    for call in (lambda x: function(x, number), lambda x: function(number, x)):
        x = Tensor(values, requires_grad=True)
        result = call(x)
        np.testing.assert_array_equal(result.data, call(values))
        result.sum().backward()
        expected = [
            slope_of(lambda v, i=i, call=call: call(np.where(np.arange(3) == i, v, values)), values[i])
            for i in range(3)
        ]
        np.testing.assert_allclose(x.grad, expected, rtol=1e-6, atol=1e-8)


LOSSES = ["mse_loss", "l1_loss", "huber_loss", "kl_div", "binary_cross_entropy", "binary_cross_entropy_with_logits",
          "hinge_loss"]  # fmt: skip


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("number", [1, 1.0, True, 0.5])
def test_losses_between_a_number_and_a_tensor(loss, number):
    function, p = getattr(ag, loss), 0.25
    sign = -1 if loss == "kl_div" else 1  # its first argument is a logarithm
    if loss == "hinge_loss" and number == 0.5:
        return  # labels are -1 and 1
    x = Tensor(sign * p, requires_grad=True)
    function(x, number).backward()
    slope = slope_of(lambda v: function(v, np.array(float(number))), np.array(sign * p))
    assert x.grad == pytest.approx(slope, abs=1e-8)
    if loss != "hinge_loss":  # which has no rule for its labels
        target = Tensor(p, requires_grad=True)
        function(sign * number, target).backward()
        slope = slope_of(lambda v: function(np.array(float(sign * number)), v), np.array(p))
        assert target.grad == pytest.approx(slope, abs=1e-8)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_a_number_of_python_takes_the_dtype_of_what_it_is_computed_with(dtype):
    x = Tensor(np.ones(2, dtype), requires_grad=True)
    for y in (x * 2.0, x + 1, np.where([True, False], x, 2.0), np.clip(x, 0.0, 3.0), ag.mse_loss(x.sum(), 3.0)):
        assert y.dtype == dtype
        x.zero_grad()
        y.sum().backward()
        assert x.grad.dtype == dtype
