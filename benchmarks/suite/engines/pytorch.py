"""PyTorch, eager, with its default number of threads and optimizers with `fused=True`, the fastest variant."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn, optim

from suite.cases import LEARNING_RATES, MOMENTUM, Network, Scalars
from suite.engine import Engine, Step
from suite.scalars import demo_loss, spread


def network(case: Network) -> Step:
    layers: list[nn.Module] = []
    values = case.weights()
    for weight, bias in zip(values[::2], values[1::2], strict=True):
        layer = nn.Linear(*weight.shape)
        layer.load_state_dict({"weight": torch.from_numpy(weight.T), "bias": torch.from_numpy(bias)})
        layers += [layer, nn.Sigmoid()]
    model, criterion, rate = nn.Sequential(*layers[:-1]), nn.CrossEntropyLoss(), LEARNING_RATES[case.update]
    optimizer: optim.Optimizer
    if case.update == "adam":
        optimizer = optim.Adam(model.parameters(), rate, fused=True)
    else:
        momentum = MOMENTUM if case.update == "momentum" else 0
        optimizer = optim.SGD(model.parameters(), rate, momentum=momentum, fused=True)

    def step(x: Any, labels: Any) -> Any:
        optimizer.zero_grad()
        loss = criterion(model(x), labels)
        loss.backward()
        optimizer.step()
        return loss

    return step


def scalar(case: Scalars) -> Step:
    layers, parameters = spread(case, lambda value: torch.tensor(value, dtype=torch.float64, requires_grad=True))
    optimizer = optim.SGD(parameters, case.learning_rate, fused=True)

    def step(points: Any, labels: Any) -> Any:
        optimizer.zero_grad()
        loss = demo_loss(case, layers, parameters, points, labels, torch.relu)
        loss.backward()
        optimizer.step()
        return loss

    return step


ENGINE = Engine("PyTorch", network, scalar, torch.from_numpy, torch.Tensor.item)
