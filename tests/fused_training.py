"""Optimizers with and without fused updates, and training steps with the same gradients for both."""

import itertools

import numpy as np

from autograd_lite import Tensor, optim

OPTIMIZERS = {
    "sgd": (optim.SGD, {"lr": 0.1}),
    "sgd, decay": (optim.SGD, {"lr": 0.1, "weight_decay": 0.01}),
    "momentum": (optim.SGD, {"lr": 0.1, "momentum": 0.9}),
    "dampening": (optim.SGD, {"lr": 0.1, "momentum": 0.9, "dampening": 0.9, "weight_decay": 0.01}),
    "nesterov": (optim.SGD, {"lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 0.01}),
    "adam": (optim.Adam, {"lr": 0.01}),
    "adam, all": (optim.Adam, {"lr": 0.01, "betas": (0.8, 0.99), "eps": 1e-3, "weight_decay": 0.01}),
    "adam, amsgrad": (optim.Adam, {"lr": 0.01, "amsgrad": True, "betas": (0.5, 0.6), "maximize": True}),
    "adamax": (optim.Adamax, {"lr": 0.01, "weight_decay": 0.01}),
    "nadam": (optim.NAdam, {"lr": 0.01, "weight_decay": 0.01}),
    "radam": (optim.RAdam, {"lr": 0.01, "weight_decay": 0.01, "decoupled_weight_decay": True}),
    "adadelta": (optim.Adadelta, {"lr": 0.1, "eps": 1e-3, "weight_decay": 0.01}),
    "asgd": (optim.ASGD, {"lr": 0.01, "lambd": 0.01, "t0": 5, "weight_decay": 0.01}),
    "rprop": (optim.Rprop, {}),
    "adamw": (optim.AdamW, {"lr": 0.01}),
    "adamw, no decay": (optim.AdamW, {"lr": 0.01, "weight_decay": 0}),
    "rmsprop": (optim.RMSprop, {"lr": 0.01}),
    "rmsprop, all": (
        optim.RMSprop,
        {"lr": 0.01, "alpha": 0.9, "eps": 1e-3, "weight_decay": 0.01, "momentum": 0.5, "centered": True},
    ),
    "adagrad": (optim.Adagrad, {"lr": 0.1}),
    "adagrad, all": (
        optim.Adagrad,
        {"lr": 0.1, "lr_decay": 0.1, "weight_decay": 0.01, "initial_accumulator_value": 0.1, "eps": 1e-3},
    ),
}
SHAPES = [(33, 31), (5,), (), (7, 3), (0, 2)]
ROUNDING = {np.float16: 1e-2, np.float32: 1e-4, np.float64: 1e-12}


def made(kind, dtype=np.float32, shapes=SHAPES, **options):
    """Parameters with the same values in each call, and their optimizer."""
    rng = np.random.default_rng(0)
    parameters = [Tensor(rng.normal(size=shape), requires_grad=True, dtype=dtype) for shape in shapes]
    make, own = OPTIMIZERS[kind]
    return parameters, make(parameters, **own, **options)


def train(parameters, optimizer, steps, seed=1, change=lambda step: None):
    """Take steps by gradients that depend on the number of the step alone."""
    for step in range(steps):
        change(step)
        rng = np.random.default_rng([seed, step])
        for parameter in parameters:
            parameter.grad = rng.normal(size=parameter.shape).astype(parameter.dtype)
        optimizer.step()


def numbers(parameters, optimizer):
    """All values, step counts and arrays of the state."""
    state = optimizer.state_dict()["state"]
    return [*(p.data.copy() for p in parameters), *itertools.chain(*(entry.values() for entry in state.values()))]


def assert_close(found, expected, dtype=np.float32):
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=ROUNDING[dtype], atol=ROUNDING[dtype])
