"""micrograd: its own network of scalars, and the loss and update of its demo."""

from __future__ import annotations

from typing import Any

from micrograd.nn import MLP

from suite.cases import Scalars
from suite.engine import Engine, Step


def scalar(case: Scalars) -> Step:
    model = MLP(case.sizes[0], list(case.sizes[1:]))
    for layer, values in zip(model.layers, case.weights(), strict=True):
        for neuron, (weights, bias) in zip(layer.neurons, values, strict=True):
            neuron.b.data = bias
            for weight, value in zip(neuron.w, weights, strict=True):
                weight.data = value

    def step(points: Any, labels: Any) -> Any:
        losses = [(1 + -y * model(point)).relu() for point, y in zip(points, labels, strict=True)]
        data_loss = sum(losses) * (1.0 / len(losses))
        loss = data_loss + case.regularisation * sum(p * p for p in model.parameters())
        model.zero_grad()
        loss.backward()
        for parameter in model.parameters():
            parameter.data -= case.learning_rate * parameter.grad
        return loss.data

    return step


ENGINE = Engine("micrograd", scalar=scalar)
