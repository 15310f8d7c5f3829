"""MyGrad: its fused sigmoid and cross-entropy; memory guarding is off, as its documentation advises for speed."""

from __future__ import annotations

from typing import Any

import mygrad as mg
from mygrad.nnet.activations import relu, sigmoid
from mygrad.nnet.losses import softmax_crossentropy

from suite.cases import Network, Scalars
from suite.engine import Engine, Step
from suite.scalars import demo_loss, spread
from suite.updates import update_rule

mg.turn_memory_guarding_off()


def network(case: Network) -> Step:
    parameters = [mg.tensor(value) for value in case.weights()]
    update = update_rule(case.update, [parameter.data for parameter in parameters])
    *hidden, (last_weight, last_bias) = zip(parameters[::2], parameters[1::2], strict=True)

    def step(x: Any, labels: Any) -> Any:
        for weight, bias in hidden:
            x = sigmoid(mg.matmul(x, weight) + bias)
        loss = softmax_crossentropy(mg.matmul(x, last_weight) + last_bias, labels)
        loss.backward()
        update([parameter.grad for parameter in parameters])
        return loss

    return step


def scalar(case: Scalars) -> Step:
    layers, parameters = spread(case, mg.tensor)

    def step(points: Any, labels: Any) -> Any:
        loss = demo_loss(case, layers, parameters, points, labels, relu)
        loss.backward()
        for parameter in parameters:
            parameter.data -= case.learning_rate * parameter.grad
        return loss

    return step


ENGINE = Engine("MyGrad", network, scalar)
