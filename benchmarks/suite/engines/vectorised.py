"""micrograd's demo by hand with matrices: all points and all neurons of a layer in one NumPy call, in float64.

What the demo costs without the condition that each weight is a separate scalar. The points and labels are lists, as for
the other engines, and become arrays in the step.
"""

from __future__ import annotations

import numpy as np

from suite.cases import Scalars
from suite.engine import Engine, Step


def scalar(case: Scalars) -> Step:
    """Δ = −y/N where the margin is positive; ∂L/∂W = Δᵀ A and ∂L/∂b = 1ᵀ Δ; below, Δ ← (Δ W) ⊙ (A > 0)."""
    layers = case.weights()
    weights = [np.array([row for row, _ in layer]) for layer in layers]
    biases = [np.array([bias for _, bias in layer]) for layer in layers]
    rate, decay = case.learning_rate, 2 * case.regularisation

    def step(points: list[list[float]], labels: list[float]) -> float:
        a, y = np.array(points), np.array(labels)
        activations = [a]
        for weight, bias in zip(weights[:-1], biases[:-1], strict=True):
            a = np.maximum(a @ weight.T + bias, 0)
            activations.append(a)
        margins = 1 - y * (a @ weights[-1].T + biases[-1])[:, 0]
        loss = np.maximum(margins, 0).mean() + decay / 2 * sum(np.vdot(p, p) for p in (*weights, *biases))

        delta = np.where(margins > 0, -y / len(y), 0)[:, None]
        for weight, bias, a in zip(weights[::-1], biases[::-1], activations[::-1], strict=True):
            below = (delta @ weight) * (a > 0)
            weight -= rate * (delta.T @ a + decay * weight)
            bias -= rate * (delta.sum(axis=0) + decay * bias)
            delta = below
        return float(loss)

    return step


ENGINE = Engine("by hand, vectorised", scalar=scalar)
