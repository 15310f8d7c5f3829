"""The baseline: derivatives derived on paper and written in NumPy; for the scalar case, in Python floats."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from suite.cases import LEARNING_RATES, Array, Network, Scalars
from suite.engine import Engine, Step
from suite.updates import update_rule


def network(case: Network) -> Step:
    """Δ = (P − Y)/N at the logits; ∂L/∂W = Aᵀ Δ and ∂L/∂b = 1ᵀ Δ at every layer; below it, Δ ← (Δ Wᵀ) ⊙ A ⊙ (1 − A)."""
    if len(case.sizes) == 2 and case.update == "sgd":
        return softmax_regression(case)
    values = case.weights()
    weights, biases = values[::2], values[1::2]
    update = update_rule(case.update, values)
    depth, N, rows = len(weights), case.batch_size, np.arange(case.batch_size)

    def step(x: Array, labels: Array) -> Any:
        activations = [x]
        for i in range(depth - 1):
            x = 1 / (1 + np.exp(-(x @ weights[i] + biases[i])))
            activations.append(x)
        z = x @ weights[-1] + biases[-1]
        z -= z.max(axis=1, keepdims=True)
        p = np.exp(z)
        p /= p.sum(axis=1, keepdims=True)
        loss = -np.log(p[rows, labels]).mean()

        p[rows, labels] -= 1
        p /= N
        delta, gradients = p, []
        for i in range(depth - 1, -1, -1):
            a = activations[i]
            gradients += [delta.sum(axis=0), a.T @ delta]
            if i:
                delta = (delta @ weights[i].T) * a * (1 - a)
        update(gradients[::-1])
        return loss

    return step


def softmax_regression(case: Network) -> Step:
    """The same for one layer, W ← W − lr·Xᵀ(P − Y)/N, without the loops, which would take a tenth of its time."""
    (weight, bias), rate = case.weights(), LEARNING_RATES["sgd"]
    N, rows = case.batch_size, np.arange(case.batch_size)

    def step(x: Array, labels: Array) -> Any:
        nonlocal weight, bias
        z = x @ weight + bias
        z -= z.max(axis=1, keepdims=True)
        p = np.exp(z)
        p /= p.sum(axis=1, keepdims=True)
        loss = -np.log(p[rows, labels]).mean()
        p[rows, labels] -= 1
        p /= N
        weight -= rate * (x.T @ p)
        bias -= rate * p.sum(axis=0)
        return loss

    return step


def scalar(case: Scalars) -> Step:
    """The chain rule for each neuron and each number: z = Σ w x + b, a = max(0, z)."""
    layers = [[([*weights], bias) for weights, bias in layer] for layer in case.weights()]
    weights = [[row for row, _ in layer] for layer in layers]
    biases = [[bias for _, bias in layer] for layer in layers]
    rate, decay = case.learning_rate, 2 * case.regularisation

    def forward(x: list[float]) -> list[list[float]]:
        activations = [x]
        for rows, offsets in zip(weights[:-1], biases[:-1], strict=True):
            x = [max(0.0, dot(row, x) + b) for row, b in zip(rows, offsets, strict=True)]
            activations.append(x)
        return activations

    def step(points: list[list[float]], labels: list[float]) -> float:
        w_grads = [[[decay * w for w in row] for row in rows] for rows in weights]
        b_grads = [[decay * b for b in offsets] for offsets in biases]
        margins = 0.0
        for point, y in zip(points, labels, strict=True):
            activations = forward(point)
            margin = 1 - y * (dot(weights[-1][0], activations[-1]) + biases[-1][0])
            if margin <= 0:
                continue
            margins += margin
            delta = [-y / len(labels)]
            for rows, w_grad, b_grad, a in zip(
                weights[::-1], w_grads[::-1], b_grads[::-1], activations[::-1], strict=True
            ):
                below = [0.0] * len(a)
                for j, d in enumerate(delta):
                    if d:
                        b_grad[j] += d
                        row, gradient = rows[j], w_grad[j]
                        for i, a_i in enumerate(a):
                            gradient[i] += d * a_i
                            below[i] += d * row[i]
                delta = [d if a_i > 0 else 0.0 for d, a_i in zip(below, a, strict=True)]
        loss = margins / len(labels) + decay / 2 * sum(p * p for p in numbers())
        for rows, offsets, w_grad, b_grad in zip(weights, biases, w_grads, b_grads, strict=True):
            for row, gradient in zip(rows, w_grad, strict=True):
                row[:] = [w - rate * g for w, g in zip(row, gradient, strict=True)]
            offsets[:] = [b - rate * g for b, g in zip(offsets, b_grad, strict=True)]
        return loss

    def numbers() -> Iterator[float]:
        for rows, offsets in zip(weights, biases, strict=True):
            yield from offsets
            for row in rows:
                yield from row

    return step


def dot(u: list[float], v: list[float]) -> float:
    return sum([a * b for a, b in zip(u, v, strict=True)])


ENGINE = Engine("by hand", network, scalar)
