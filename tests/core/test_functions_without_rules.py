"""A function without a derivative rule says so, and what its error names exists and works."""

import re

import numpy as np
import pytest
import scipy.special

import autograd_lite
from autograd_lite import Tensor
from autograd_lite.core.numpy_protocols import numpy_operations, numpy_queries
from autograd_lite.support.missing_rules import path_of, without_rule
from autograd_lite.testing import check_primitive

NAMES = {"numpy": np, "scipy": scipy, "autograd_lite": autograd_lite}


def functions():
    """NumPy's functions that tensors dispatch, and the ufuncs of SciPy, that have no rule."""
    modules = (np, np.linalg, np.fft, scipy.special)
    found = [getattr(module, name) for module in modules for name in dir(module) if not name.startswith("_")]
    found = [
        function
        for function in found
        if isinstance(function, np.ufunc) or (hasattr(function, "_implementation") and callable(function))
    ]
    unique = {id(function): function for function in found}.values()
    return [function for function in unique if function not in numpy_operations and function not in numpy_queries]


FUNCTIONS = functions()
METHODS_OF_UFUNCS = ("at", "reduce", "accumulate", "reduceat", "outer")


def test_there_are_many():
    assert len(FUNCTIONS) > 150
    assert {np.packbits, np.fft.fft, scipy.special.dawsn, scipy.special.wofz} <= set(FUNCTIONS)


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: path_of(function) or function.__name__)
def test_what_the_error_names_can_be_evaluated(function):
    message = without_rule(function)
    if " has complex" in message:
        assert eval(message.partition(" has complex")[0], NAMES) is function
        return
    path = message.partition(" has no derivative rule")[0]
    assert eval(path, NAMES) is function
    declared(message, function)


def test_the_filter_and_the_spectrum_that_the_error_of_a_transform_shows_are_right():
    names = {**NAMES, "__name__": __name__}
    for code in re.findall(r"\b(\w+ = autograd_lite\.primitive\(.*?\))(?:, or|, and)", without_rule(np.fft.rfft)):
        exec(code, names)
    x, response = np.random.default_rng(0).normal(size=(2, 8)), np.array([1.0, 0.7, 0.2 - 0.1j, 0.1j, 0.0])
    check_primitive(names["low_pass"], [(x, response)])
    check_primitive(names["cosines"], [(x,)])
    np.testing.assert_allclose(names["low_pass"](x, response), np.fft.irfft(np.fft.rfft(x) * response))


METHODS = [(ufunc, method) for ufunc in (np.add, np.hypot, scipy.special.hyp2f1) for method in METHODS_OF_UFUNCS]


@pytest.mark.parametrize(("ufunc", "method"), METHODS)
def test_so_can_what_is_said_of_methods_of_ufuncs(ufunc, method):
    message = without_rule(ufunc, method)
    assert eval(message.partition(" has no derivative rule")[0], NAMES) == getattr(ufunc, method)
    if (ufunc, method) not in numpy_operations:
        declared(message, (ufunc, method))


def declared(message, function):
    instead = re.search(r"use (autograd_lite\.\w+), or", message)
    if instead:
        assert callable(eval(instead[1], NAMES))
        return
    declaration = re.search(r"declare one with (.*), or use \.numpy\(\) for the values$", message)[1]
    before = dict(numpy_operations)
    numpy_operations.pop(function, None)  # which another test may have declared
    try:
        operation = eval(declaration, NAMES)
        assert numpy_operations[function] is operation
    finally:
        numpy_operations.clear()
        numpy_operations.update(before)


@pytest.mark.parametrize("name", ["dawsn", "cosm1", "struve", "boxcox", "hyp2f1"])
def test_a_ufunc_of_scipy_says_it_when_it_meets_a_tensor(name):
    function = getattr(scipy.special, name)
    x = Tensor([0.1, 0.2], requires_grad=True)
    with pytest.raises(TypeError) as error:
        function(*[x] * function.nin)
    assert str(error.value) == without_rule(function)
    assert str(error.value).startswith(f"scipy.special.{name} has no derivative rule")


def test_a_declared_function_works():
    message = without_rule(scipy.special.cosm1)
    assert "autograd_lite.primitive(scipy.special.cosm1, x=lambda g, x: ...)" in message
    try:
        autograd_lite.primitive(scipy.special.cosm1, x=lambda g, x: -g * np.sin(x))
        x = Tensor([1.5, 2.5], requires_grad=True)
        scipy.special.cosm1(x).sum().backward()
        np.testing.assert_allclose(x.grad, -np.sin(x.data))
    finally:
        del numpy_operations[scipy.special.cosm1]


def test_functions_of_users_and_methods_of_ufuncs():
    x = Tensor([1.0, 2.0], requires_grad=True)
    own = np.frompyfunc(lambda value: value, 1, 1)
    with pytest.raises(TypeError, match=r"no derivative rule for tensors; declare one with autograd_lite\.primitive"):
        own(x)
    with pytest.raises(TypeError, match=r"numpy\.hypot\.accumulate has no derivative rule for tensors; declare one"):
        np.hypot.accumulate(x)


# -- libraries that convert what they are given -------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore")
def test_a_plot_of_tensors_says_how_to_get_their_values():
    pyplot = pytest.importorskip("matplotlib.pyplot")
    pyplot.switch_backend("agg")
    x, recorded = Tensor([1.0, 2.0]), Tensor([1.0, 2.0], requires_grad=True)
    figure, axes = pyplot.subplots()
    try:
        line = axes.plot(x, x * 2)[0]
        np.testing.assert_array_equal(line.get_ydata(), [2, 4])
        for draw in (axes.plot, axes.scatter, axes.bar):
            with pytest.raises((TypeError, RuntimeError), match=r"\.numpy\(\)"):
                draw(x, recorded)
            draw(recorded.numpy(), recorded.detach())
    finally:
        pyplot.close(figure)
