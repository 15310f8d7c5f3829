"""micrograd's demo on the scalars of any library: each weight is a node, each sum a chain of additions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from suite.cases import Scalars

Layers = list[list[tuple[list[Any], Any]]]


def spread(case: Scalars, scalar: Callable[[float], Any]) -> tuple[Layers, list[Any]]:
    """The weights of the case as scalars of a library, by layer and neuron and as a flat list."""
    layers = [[([scalar(w) for w in weights], scalar(bias)) for weights, bias in layer] for layer in case.weights()]
    return layers, [p for layer in layers for weights, bias in layer for p in (*weights, bias)]


def demo_loss(
    case: Scalars,
    layers: Layers,
    parameters: list[Any],
    points: list[list[float]],
    labels: list[float],
    relu: Callable[[Any], Any],
) -> Any:
    """The mean margin loss and the regularisation, as in micrograd's demo."""
    losses = [relu(1 + -y * score(layers, point, relu)) for point, y in zip(points, labels, strict=True)]
    return sum(losses) * (1.0 / len(losses)) + case.regularisation * sum(p * p for p in parameters)


def score(layers: Layers, x: list[Any], relu: Callable[[Any], Any]) -> Any:
    """The output of the network at one point."""
    for layer in layers[:-1]:
        x = [relu(neuron(weights, bias, x)) for weights, bias in layer]
    return neuron(*layers[-1][0], x)


def neuron(weights: list[Any], bias: Any, x: list[Any]) -> Any:
    return sum((w * x_i for w, x_i in zip(weights, x, strict=True)), bias)
