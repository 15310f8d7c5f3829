"""HIPS autograd: a loss in `autograd.numpy`, `value_and_grad`, and the update in plain NumPy."""

from __future__ import annotations

from typing import Any

import autograd.numpy as anp
from autograd import value_and_grad

from suite.cases import Network
from suite.engine import Engine, Step
from suite.updates import update_rule


def network(case: Network) -> Step:
    values = case.weights()
    update = update_rule(case.update, values)
    rows = anp.arange(case.batch_size)

    def loss(values: Any, x: Any, labels: Any) -> Any:
        *hidden, (last_weight, last_bias) = zip(values[::2], values[1::2], strict=True)
        for weight, bias in hidden:
            x = 1 / (1 + anp.exp(-(anp.dot(x, weight) + bias)))
        logits = anp.dot(x, last_weight) + last_bias
        logits = logits - anp.max(logits, axis=1, keepdims=True)
        return anp.mean(anp.log(anp.sum(anp.exp(logits), axis=1)) - logits[rows, labels])

    loss_and_gradients = value_and_grad(loss)

    def step(x: Any, labels: Any) -> Any:
        value, gradients = loss_and_gradients(values, x, labels)
        update(gradients)
        return value

    return step


ENGINE = Engine("HIPS autograd", network)
