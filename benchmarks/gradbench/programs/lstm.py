"""lstm: the gradient of the loss of an LSTM whose weight matrices are diagonal, as ADBench defines it."""

from __future__ import annotations

from typing import Any

import numpy

from gradbench.library import Function, Library


def inputs(rng: numpy.random.Generator, layers: int, length: int, width: int) -> tuple[Any, ...]:
    """The weights and biases of the layers, weights of input and output, initial hidden and cell states, a sequence."""
    shapes = (2 * layers, 4 * width), (3, width), (2 * layers, width), (length, width)
    return tuple(rng.normal(size=shape) for shape in shapes)


def derivative(library: Library, layers: int, length: int, width: int) -> Function:
    np = library.np

    def sigmoid(x: Any) -> Any:
        return 1 / (1 + np.exp(-x))

    def loss(main: Any, extra: Any, state: Any, sequence: Any) -> Any:
        gates = [part.reshape(4, width) for part in main]
        hidden, cell = [state[2 * i] for i in range(layers)], [state[2 * i + 1] for i in range(layers)]
        total = 0.0
        for t in range(length - 1):
            x = sequence[t] * extra[0]
            for i in range(layers):
                weight, bias = gates[2 * i], gates[2 * i + 1]
                forget, output = sigmoid(x * weight[0] + bias[0]), sigmoid(x * weight[2] + bias[2])
                enter, change = sigmoid(hidden[i] * weight[1] + bias[1]), np.tanh(hidden[i] * weight[3] + bias[3])
                cell[i] = cell[i] * forget + enter * change
                x = hidden[i] = output * np.tanh(cell[i])
            predicted = x * extra[1] + extra[2]
            total = total + np.sum(sequence[t + 1] * (predicted - np.log(np.sum(np.exp(predicted)) + 2)))
        return -total / ((length - 1) * width)

    return library.grad(loss, 2)
