"""Training steps for libraries with modules and optimizers that have PyTorch's names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from suite.cases import LEARNING_RATES, MOMENTUM, Array, Network, Scalars
from suite.engine import Step
from suite.scalars import demo_loss, spread


def network_step(case: Network, nn: Any, optim: Any, convert: Callable[[Array], Any], **options: Any) -> Step:
    """The step of a network with layers from `nn` and an optimizer from `optim`, which gets the options."""
    layers: list[Any] = []
    values = case.weights()
    for weight, bias in zip(values[::2], values[1::2], strict=True):
        layer = nn.Linear(*weight.shape)
        layer.load_state_dict({"weight": convert(weight.T), "bias": convert(bias)})
        layers += [layer, nn.Sigmoid()]
    model, criterion, rate = nn.Sequential(*layers[:-1]), nn.CrossEntropyLoss(), LEARNING_RATES[case.update]
    if case.update == "adam":
        optimizer = optim.Adam(model.parameters(), rate, **options)
    else:
        momentum = MOMENTUM if case.update == "momentum" else 0
        optimizer = optim.SGD(model.parameters(), rate, momentum=momentum, **options)
    return training_step(lambda x, labels: criterion(model(x), labels), optimizer)


def scalar_step(case: Scalars, scalar: Callable[[float], Any], relu: Any, optim: Any, **options: Any) -> Step:
    """The step of micrograd's demo on the scalars of a library."""
    layers, parameters = spread(case, scalar)
    optimizer = optim.SGD(parameters, case.learning_rate, **options)
    return training_step(lambda x, labels: demo_loss(case, layers, parameters, x, labels, relu), optimizer)


def training_step(loss_of: Callable[..., Any], optimizer: Any) -> Step:
    """Forward, backward and update, as users of these libraries write them."""

    def step(*batch: Any) -> Any:
        optimizer.zero_grad()
        loss = loss_of(*batch)
        loss.backward()
        optimizer.step()
        return loss

    return step
