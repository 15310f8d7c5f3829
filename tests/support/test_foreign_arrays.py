"""Arrays of other kinds as arguments of operations: read as their numbers, or a TypeError that names the type."""

import itertools
from functools import partial

import numpy as np
import pytest
from catalogue.arguments import DIRECT, OTHERS, function, one_sample, parameters_of
from catalogue.foreign import READ, REFUSED

from autograd_lite import Tensor


def call_of(case):
    """An operation with right arguments, and the names of those that are arrays."""
    sample, parameters = one_sample(case), parameters_of(case.operation)
    operands = dict(zip(parameters, sample.arrays, strict=False))
    arrays = [*operands, *(name for name, value in sample.static.items() if isinstance(value, np.ndarray))]
    return case.operation, {**operands, **sample.static}, arrays


def call_by_name(name):
    arguments = OTHERS[name]
    arrays = [key for key, value in arguments.items() if isinstance(value, np.ndarray)]
    return function(name), arguments, [key for key in arrays if not key.startswith("running")]


# Samples are drawn by the tests: drawing those of all operations would delay the start of every process.
CALLS = {case.name: partial(call_of, case) for case in DIRECT}
CALLS |= {f"{name} (by name)": partial(call_by_name, name) for name in OTHERS}
every_call = pytest.mark.parametrize("call", CALLS)


def first(result):
    return first(result[0]) if isinstance(result, tuple | list) else result


def copied(arguments):
    return {name: value.copy() if isinstance(value, np.ndarray) else value for name, value in arguments.items()}


def values_and_gradients(function, arguments, with_tensors):
    """The result and the gradients of the arguments that are named, which are made tensors."""
    arguments = copied(arguments)
    leaves = {name: Tensor(arguments[name], requires_grad=True) for name in with_tensors}
    result = first(function(**{**arguments, **leaves}))
    if isinstance(result, Tensor):
        assert type(result._data) is np.ndarray or isinstance(result._data, np.generic)
        if result.requires_grad:
            result.backward(np.ones(result.shape))
            assert all(leaf.grad is None or type(leaf.grad) is np.ndarray for leaf in leaves.values())
    else:
        assert type(result) is np.ndarray or isinstance(result, np.generic)
    return [np.asarray(getattr(result, "data", result)), *(leaf.grad for leaf in leaves.values())]


@every_call
def test_what_can_be_read_is_read(call):
    function, arguments, arrays = CALLS[call]()
    for kind, name in itertools.product(READ, arrays):
        value = arguments[name]
        if kind == "list" and (name != "x" or not value.ndim):
            continue  # options have their own meaning of lists
        foreign = {**arguments, name: READ[kind](value.copy())}
        recordable = [other for other in arrays if other != name and is_operand(function, arguments, other)]
        for tensors in ([], recordable):
            found = values_and_gradients(function, foreign, tensors)
            expected = values_and_gradients(function, arguments, tensors)
            for actual, wanted in zip(found, expected, strict=True):
                np.testing.assert_array_equal(actual, wanted, err_msg=f"{name} as {kind}")


def is_operand(function, arguments, name) -> bool:
    try:
        values_and_gradients(function, arguments, [name])
    except TypeError:
        return False
    return True


@every_call
def test_what_cannot_be_read_is_refused(call):
    function, arguments, arrays = CALLS[call]()
    for (kind, (make, message)), name in itertools.product(REFUSED.items(), arrays):
        foreign = make(arguments[name].copy())
        if foreign is None:
            continue
        recordable = [other for other in arrays if other != name and is_operand(function, arguments, other)]
        for tensors in ([], recordable):
            if kind == "objects" and (not tensors or name not in ("x", "y", "a", "b", "target", "weight")):
                continue  # arrays in, arrays out; and NumPy reads conditions and indices of objects
            with pytest.raises(TypeError, match=message):
                values_and_gradients(function, {**arguments, name: foreign}, tensors)
