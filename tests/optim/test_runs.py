"""Runs: updating several parameters at once gives the bits of updating each alone."""

import numpy as np
import pytest

from autograd_lite import Tensor, optim
from autograd_lite.optim import bucket

OPTIMIZERS = {
    "sgd": lambda p: optim.SGD(p, lr=0.1),
    "momentum": lambda p: optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.01),
    "adam": lambda p: optim.Adam(p, lr=0.1, weight_decay=0.01),
    "adamw": lambda p: optim.AdamW(p, lr=0.1),
    "rmsprop": lambda p: optim.RMSprop(p, lr=0.1, momentum=0.5, centered=True),
    "adagrad": lambda p: optim.Adagrad(p, lr=0.1),
}
SHAPES = [(33, 31), (5,), (), (40, 50), (7, 3), (0, 2)]


def train(make, dtype, steps=4):
    """Values and state after a few steps on fixed gradients, of which some are missing in the third step."""
    rng = np.random.default_rng(0)
    parameters = [Tensor(rng.normal(size=shape), requires_grad=True, dtype=dtype) for shape in SHAPES]
    optimizer = make(parameters)
    for step in range(steps):
        for i, parameter in enumerate(parameters):
            gradient = rng.normal(size=parameter.shape).astype(dtype)
            parameter.grad = None if step == 2 and i in (0, 1) else gradient.T.copy().T if gradient.ndim else gradient
        kept = [None if p.grad is None else p.grad.copy() for p in parameters]
        optimizer.step()
        for parameter, gradient in zip(parameters, kept, strict=True):
            np.testing.assert_array_equal(parameter.grad, gradient)  # an update only reads it
    state = optimizer.state_dict()["state"]
    return [p.data.copy() for p in parameters], [array for entry in state.values() for array in entry.values()]


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("kind", OPTIMIZERS)
def test_updating_several_parameters_at_once_changes_no_bit(kind, dtype, monkeypatch):
    monkeypatch.setattr(bucket, "SMALL", -1)
    alone, alone_state = train(OPTIMIZERS[kind], dtype)
    for small in (0, 600, 10**6):
        monkeypatch.setattr(bucket, "SMALL", small)
        values, state = train(OPTIMIZERS[kind], dtype)
        for found, expected in zip([*values, *state], [*alone, *alone_state], strict=True):
            np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("small", [0, 600, 10**6])
def test_every_element_is_updated_exactly_once(small, monkeypatch):
    class Count(optim.Optimizer):
        def check(self, options):
            pass

        def update(self, run, options):
            run.values += 1

    monkeypatch.setattr(bucket, "SMALL", small)
    parameters = [Tensor(np.zeros(shape), requires_grad=True) for shape in SHAPES]
    for parameter in parameters:
        parameter.grad = np.zeros(parameter.shape)
    Count(parameters, {}).step()
    for parameter in parameters:
        np.testing.assert_array_equal(parameter.data, np.ones(parameter.shape))


@pytest.mark.parametrize("count", [1, 1000, 10**6])
def test_an_update_obeys_the_errstate_of_the_caller(count):
    w = Tensor(np.zeros(count), requires_grad=True)
    w.grad = np.zeros(count)
    optimizer = optim.Adam([w], eps=0)
    with np.errstate(invalid="ignore"):
        optimizer.step()
    with np.errstate(invalid="raise"), pytest.raises(FloatingPointError):
        optimizer.step()


def test_state_keeps_the_order_of_the_parameters_whatever_their_size(monkeypatch):
    monkeypatch.setattr(bucket, "SMALL", 64)
    shapes = [(30, 2), (3,), (50,), (2, 2)]
    parameters = [Tensor(np.zeros(shape), requires_grad=True) for shape in shapes]
    optimizer = optim.Adam(parameters)
    for number, parameter in enumerate(parameters):
        parameter.grad = np.full(parameter.shape, number + 1.0)
    optimizer.step()
    state = optimizer.state_dict()["state"]
    for number, shape in enumerate(shapes):
        np.testing.assert_allclose(state[number]["exp_avg"], np.full(shape, 0.1 * (number + 1)))
