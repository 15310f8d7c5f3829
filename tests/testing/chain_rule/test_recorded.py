"""Recorded functions: gradients with changed contributions, and mistakes in every operation of the catalogue."""

import hypothesis.strategies as st
import numpy as np
import pytest
from catalogue.comparing import every_case
from hypothesis import given, settings

import autograd_lite as al
from autograd_lite.testing.chain_rule.recorded import Recorded, has_square
from autograd_lite.testing.chain_rule.wrong_steps import mistaken_gradients
from autograd_lite.testing.comparing.inputs import read_inputs

RNG = np.random.default_rng(2)
X, Y = RNG.normal(size=(3, 4)), RNG.normal(size=(3, 4))


def recorded(fn, *inputs, position=0):
    return Recorded(fn, read_inputs(fn, inputs), position)


def edges(found, name):
    return [(step.node, step.position) for step in found.steps if step.name == name]


@pytest.mark.exhaustive
@every_case
@given(data=st.data())
@settings(max_examples=3)
def test_mistakes_in_every_operation_are_arrays_that_differ_from_the_gradient(case, data):
    sample = data.draw(case.samples)

    def weighted(*arrays):
        result = case.operation(*arrays, **sample.static)
        results = result if isinstance(result, tuple | list) else [result]
        floats = [r for r in results if isinstance(r, al.Tensor) and r._node is not None]
        return sum((r * np.cos(np.arange(1.0, 1 + r.size)).reshape(r.shape)).sum() for r in floats)

    read = read_inputs(weighted, sample.arrays)
    for position in read.floats():
        if np.size(read.values[position]) == 0:
            continue
        found = Recorded(weighted, read, position)
        for kind, text, cost, gradient in mistaken_gradients(found, read.names[position]):
            assert gradient.shape == np.shape(read.values[position])
            assert np.isfinite(gradient).all()
            assert kind
            assert cost > 0
            assert "{" not in text.split("`")[0], text


def test_contributions_that_are_replaced_by_themselves_change_nothing():
    found = recorded(lambda x, y: np.exp(x * y) @ (x.T + y.T) / (1 + x**2).sum(), X, Y)
    gradient = found.gradient({(step.node, step.position): lambda g, c: c for step in found.steps})
    np.testing.assert_allclose(gradient, found.right.reshape(gradient.shape), rtol=1e-14)


def test_zero_contribution_is_that_of_a_detached_operand():
    def fn(x, y):
        return (np.exp(x * y) * np.sin(x)).sum(axis=1)

    def detached(x, y):
        return (np.exp(x * y) * np.sin(x).detach()).sum(axis=1)

    found = recorded(fn, X, Y)
    gradient = found.gradient({edge: lambda g, c: 0 * c for edge in edges(found, "sin")})
    np.testing.assert_allclose(gradient, recorded(detached, X, Y).right.reshape(gradient.shape), rtol=1e-12)


def test_changes_of_several_steps_build_on_each_other():
    """Each change acts on the gradient that the changed steps before it pass on."""
    found = recorded(lambda x: np.sin(np.sin(np.sin(x) * 2) * 3).sum(), X)
    gradient = found.gradient({edge: lambda g, c: g for edge in edges(found, "sin")})
    np.testing.assert_allclose(gradient, np.full(X.shape, 6.0), rtol=1e-14)


def test_operations_with_several_results():
    A = X[:, :3] + 3 * np.eye(3)
    found = recorded(lambda a: np.linalg.slogdet(a)[1] + (a**2).sum(), A)
    (edge,) = edges(found, "slogdet")
    np.testing.assert_allclose(found.gradient({edge: lambda g, c: 0 * c}), 2 * A, rtol=1e-14)
    np.testing.assert_allclose(found.gradient({edge: lambda g, c: c.T}), 2 * A + np.linalg.inv(A), rtol=1e-12)


@pytest.mark.parametrize(
    ("fn", "expected"),
    [
        (lambda x, y: (x**2).sum(), True),
        (lambda x, y: (x * x).sum(), True),
        (lambda x, y: np.linalg.norm(x), True),
        (lambda x, y: np.trace(x @ x.T), True),
        (lambda x, y: (x * y).sum(), False),
        (lambda x, y: (np.sin(x) + x).sum(), False),
        (lambda x, y: (x**3).sum(), False),
    ],
)
def test_whether_something_is_squared(fn, expected):
    assert has_square(recorded(fn, X, Y)) is expected
