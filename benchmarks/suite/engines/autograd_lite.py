"""autograd_lite as its README shows it: modules, a loss, an optimizer; operations are recorded as they run."""

from __future__ import annotations

from typing import Any

import autograd_lite as al
from autograd_lite import nn, optim
from suite.cases import LEARNING_RATES, MOMENTUM, Network, Scalars
from suite.engine import Engine, Step
from suite.scalars import demo_loss, spread


def network(case: Network) -> Step:
    al.keep_freed_memory()
    layers: list[nn.Module] = []
    values = case.weights()
    for weight, bias in zip(values[::2], values[1::2], strict=True):
        layer = nn.Linear(*weight.shape)
        layer.load_state_dict({"weight": weight.T, "bias": bias})
        layers += [layer, nn.Sigmoid()]
    model, criterion, rate = nn.Sequential(*layers[:-1]), nn.CrossEntropyLoss(), LEARNING_RATES[case.update]
    optimizer: optim.Optimizer
    if case.update == "adam":
        optimizer = optim.Adam(model.parameters(), rate)
    else:
        optimizer = optim.SGD(model.parameters(), rate, momentum=MOMENTUM if case.update == "momentum" else 0)

    def step(x: Any, labels: Any) -> Any:
        optimizer.zero_grad()
        loss = criterion(model(x), labels)
        loss.backward()
        optimizer.step()
        return loss

    return step


def scalar(case: Scalars) -> Step:
    layers, parameters = spread(case, lambda value: al.Tensor(value, requires_grad=True))
    optimizer = optim.SGD(parameters, case.learning_rate)

    def step(points: Any, labels: Any) -> Any:
        optimizer.zero_grad()
        loss = demo_loss(case, layers, parameters, points, labels, al.relu)
        loss.backward()
        optimizer.step()
        return loss

    return step


ENGINE = Engine("autograd_lite", network, scalar)
