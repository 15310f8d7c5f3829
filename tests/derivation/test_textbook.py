"""`derive` prints functions of matrix calculus as a textbook writes them, at whatever inputs."""

import functools
import inspect
import re

import numpy as np
import pytest
from derivation.helpers import lines
from derivation.textbook_functions import FUNCTIONS
from matplotlib.mathtext import MathTextParser

from autograd_lite import Tensor, derive
from autograd_lite.derivation.formula import evaluate, symbols

BY_NAME = {case.name: case for case in FUNCTIONS}
each = pytest.mark.parametrize("case", FUNCTIONS, ids=[case.name for case in FUNCTIONS])


def tensors_of(case, seed):
    wrt = case.wrt.split()
    return {
        name: Tensor(array, requires_grad=name in wrt, name=name) if array.dtype.kind == "f" else array
        for name, array in case.draw(seed).items()
    }


def derivation_of(case, seed):
    return _derived(case.name, seed)


@functools.cache
def _derived(name, seed):
    case = BY_NAME[name]
    tensors = tensors_of(case, seed)
    loss = case.function(*[tensors[name] for name in inspect.signature(case.function).parameters])
    return derive(loss, {name: tensors[name] for name in case.wrt.split()}, tensors)


@each
@pytest.mark.parametrize("seed", [0, 3])
def test_the_lines_are_these_at_any_inputs(case, seed):
    assert lines(derivation_of(case, seed)) == case.lines


def test_most_are_as_in_a_textbook():
    assert len(FUNCTIONS) >= 55
    assert sum(not case.textbook for case in FUNCTIONS) >= 45


@each
def test_the_last_form_has_the_numbers_of_central_differences(case):
    derivation, drawn, step = derivation_of(case, 3), case.draw(3), 1e-6

    def value(name, array):
        return float(np.asarray(case.function(*[Tensor(array) if part == name else Tensor(drawn[part])
                                                if drawn[part].dtype.kind == "f" else drawn[part]
                                                for part in inspect.signature(case.function).parameters])))  # fmt: skip

    for name in case.wrt.split():
        expected = np.empty(drawn[name].shape)
        for place in np.ndindex(*expected.shape):
            moved = np.zeros(expected.shape)
            moved[place] = step
            expected[place] = (value(name, drawn[name] + moved) - value(name, drawn[name] - moved)) / (2 * step)
        printed = evaluate(derivation[f"∂L/∂{name}"].formulas[-1])
        np.testing.assert_allclose(np.broadcast_to(printed, expected.shape), expected, rtol=1e-5, atol=1e-6)


# Names of functions in Python, options, and constants without a name are no mathematics.
FOREIGN = re.compile(
    r"matrix_power|slogdet|normalize|scatter|None|False|True|\bC₁|trace|inv\(|norm\(|solve|where|_|'|pullback|expand"
)


@each
def test_no_python_is_printed(case):
    derivation = derivation_of(case, 0)
    assert not FOREIGN.search(derivation.text())
    parser = MathTextParser("path")
    body = derivation.latex().removeprefix("\\begin{aligned}\n").removesuffix("\n\\end{aligned}")
    for line in body.split(" \\\\\n"):
        if "cases" not in line:  # which matplotlib does not know
            parser.parse(f"${line.replace('&', ' ')}$")


@each
def test_the_lines_are_true_at_other_inputs(case):
    """The lines of a derivation at some inputs, evaluated at others, give the gradient there."""
    derivation, tensors = derivation_of(case, 0), tensors_of(case, 5)
    loss = case.function(*[tensors[name] for name in inspect.signature(case.function).parameters])
    loss.backward()
    values = {name: tensor.data if isinstance(tensor, Tensor) else tensor for name, tensor in tensors.items()}
    for line in derivation.steps:
        for formula in line.formulas:
            unknown = [symbol for symbol in symbols(formula) if symbol.name not in values]
            seen = {id(symbol): values.get(symbol.name, symbol.value) for symbol in symbols(formula)}
            value = evaluate(formula, seen)
            if line.left in values and not unknown:
                np.testing.assert_allclose(value, values[line.left], rtol=1e-9, atol=1e-9)
            values[line.left] = value
        if line.gradient:
            values[line.gradient] = line.scale.value * values[line.left]
    if case.name != "mixture of two":  # 1 − w is a constant with a name of its own
        for name in case.wrt.split():
            printed = np.broadcast_to(values[f"∂L/∂{name}"], tensors[name].shape)
            np.testing.assert_allclose(printed, tensors[name].grad, rtol=1e-9, atol=1e-9)
