"""A training run in plain NumPy, from the formulas: the reference for the library."""

import copy

import numpy as np

MOMENTUM, BETAS, EPS = 0.9, (0.9, 0.999), 1e-8


def sgd(w, g, state, lr, step):
    """With momentum."""
    velocity = MOMENTUM * state["momentum_buffer"] + g
    return w - lr * velocity, {"momentum_buffer": velocity}


def adam(w, g, state, lr, step):
    first = BETAS[0] * state["exp_avg"] + (1 - BETAS[0]) * g
    second = BETAS[1] * state["exp_avg_sq"] + (1 - BETAS[1]) * g**2
    denominator = np.sqrt(second / (1 - BETAS[1] ** step)) + EPS
    return w - lr * first / (1 - BETAS[0] ** step) / denominator, {"exp_avg": first, "exp_avg_sq": second}


RULES = {"SGD": (sgd, ["momentum_buffer"]), "Adam": (adam, ["exp_avg", "exp_avg_sq"])}


class PlainTraining:
    """Two layers with tanh between, mean squared errors, an optimizer, an order of the data.

    Attributes
    ----------
    weights, gradients : list of array
        Weight and bias of each layer. A gradient can be None.
    steps, states : list
        What the optimizer remembers of each of them.
    lr : float
    rng : numpy.random.Generator
        Of the order of the data.
    rest : array or None
        The samples that are still to come in the epoch under way; None if none is.
    """

    def __init__(self, weights, kind, lr, seed):
        self.rule, names = RULES[kind]
        self.weights, self.gradients = weights, [None] * len(weights)
        self.steps = [0] * len(weights)
        self.states = [{name: np.zeros_like(w) for name in names} for w in weights]
        self.lr, self.rng, self.rest = lr, np.random.default_rng(seed), None

    def loss_and_gradients(self, x, y):
        first, first_bias, last, last_bias = self.weights
        hidden = np.tanh(x @ first.T + first_bias)
        errors = hidden @ last.T + last_bias - y
        slope = 2 * errors / errors.size
        before = slope @ last * (1 - hidden**2)
        return (errors**2).mean(), [before.T @ x, before.sum(axis=0), slope.T @ hidden, slope.sum(axis=0)]

    def accumulate(self, gradients):
        self.gradients = [g if own is None else own + g for own, g in zip(self.gradients, gradients, strict=True)]

    def step(self):
        for i, gradient in enumerate(self.gradients):
            if gradient is not None:
                self.steps[i] += 1
                self.weights[i], self.states[i] = self.rule(
                    self.weights[i], gradient, self.states[i], self.lr, self.steps[i]
                )

    def next_batch(self, samples, batch_size, drop_last):
        """The indices of the next samples; None at the end of an epoch."""
        if self.rest is None:
            self.rest = self.rng.permutation(samples)
            if drop_last:
                self.rest = self.rest[: samples // batch_size * batch_size]
        batch, self.rest = self.rest[:batch_size], self.rest[batch_size:]
        if len(batch):
            return batch
        self.rest = None
        return None

    def snapshot(self):
        return copy.deepcopy(self)
