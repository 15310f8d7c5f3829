"""One training step beside the same step written by hand in NumPy from the closed forms, interleaved in one run.

Two cases, float32, labels as integers: softmax regression 64 → 10 (batch 32, SGD), and an MLP 64 → 32 → 10 with a
sigmoid hidden layer (batch 20, momentum). The losses of both are compared before anything is timed. Reported are the
medians and their ratio.

    python benchmarks/step.py
"""

from __future__ import annotations

import argparse
import platform
import time
from collections.abc import Callable
from statistics import median

import numpy as np

import autograd_lite as al
from autograd_lite import nn, optim

Step = Callable[[], float]


def engine_step(model: nn.Module, optimizer: optim.Optimizer, x: np.ndarray, labels: np.ndarray) -> Step:
    """Forward, backward, update, as a user of the library writes it."""
    criterion = nn.CrossEntropyLoss()

    def step() -> float:
        loss = criterion(model(x), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return float(loss)

    return step


def softmax_regression(rng: np.random.Generator) -> tuple[Step, Step]:
    """W and b by SGD: ∂L/∂W = (P − Y)ᵀ X / N, ∂L/∂b = 1ᵀ(P − Y) / N."""
    x, labels, rows = rng.standard_normal((32, 64), np.float32), rng.integers(0, 10, 32), np.arange(32)
    model = nn.Linear(64, 10, rng=rng)
    weight, bias = model.weight.data.copy(), model.bias.data.copy()
    optimizer = optim.SGD(model.parameters(), lr=0.01)

    def by_hand() -> float:
        nonlocal weight, bias
        z = x @ weight.T + bias
        z -= z.max(axis=1, keepdims=True)
        p = np.exp(z)
        p /= p.sum(axis=1, keepdims=True)
        loss = -np.log(p[rows, labels]).mean()
        p[rows, labels] -= 1
        p /= 32
        weight -= 0.01 * (p.T @ x)
        bias -= 0.01 * p.sum(axis=0)
        return float(loss)

    return by_hand, engine_step(model, optimizer, x, labels)


def multilayer_perceptron(rng: np.random.Generator) -> tuple[Step, Step]:
    """Two layers by momentum: Δ₂ = (P − Y)/N, Δ₁ = (Δ₂ W₂) ⊙ A ⊙ (1 − A), ∂L/∂W = Δᵀ · input."""
    x, labels, rows = rng.standard_normal((20, 64), np.float32), rng.integers(0, 10, 20), np.arange(20)
    model = nn.Sequential(nn.Linear(64, 32, rng=rng), nn.Sigmoid(), nn.Linear(32, 10, rng=rng))
    values = [parameter.data.copy() for parameter in model.parameters()]
    velocities = [np.zeros_like(value) for value in values]
    optimizer = optim.SGD(model.parameters(), lr=0.01, momentum=0.9)

    def by_hand() -> float:
        w1, b1, w2, b2 = values
        a = 1 / (1 + np.exp(-(x @ w1.T + b1)))
        z = a @ w2.T + b2
        z -= z.max(axis=1, keepdims=True)
        p = np.exp(z)
        p /= p.sum(axis=1, keepdims=True)
        loss = -np.log(p[rows, labels]).mean()
        p[rows, labels] -= 1
        p /= 20
        delta = (p @ w2) * a * (1 - a)
        for value, velocity, gradient in zip(
            values, velocities, (delta.T @ x, delta.sum(axis=0), p.T @ a, p.sum(axis=0)), strict=True
        ):
            velocity *= 0.9
            velocity += gradient
            value -= 0.01 * velocity
        return float(loss)

    return by_hand, engine_step(model, optimizer, x, labels)


def interleaved(steps: list[Step], rounds: int) -> list[float]:
    """Median seconds of each step; every round runs all of them, so that a slow moment hits all."""
    times: list[list[float]] = [[] for _ in steps]
    for _ in range(rounds):
        for step, taken in zip(steps, times, strict=True):
            start = time.perf_counter()
            step()
            taken.append(time.perf_counter() - start)
    return [median(taken) for taken in times]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5000, help="how often each step is timed (default 5000)")
    arguments = parser.parse_args()
    print(f"autograd_lite {al.__version__}, NumPy {np.__version__}, Python {platform.python_version()}, float32")
    for case in (softmax_regression, multilayer_perceptron):
        steps = case(np.random.default_rng(0))
        for i in range(100):
            losses = [step() for step in steps]
            assert np.isclose(*losses, rtol=1e-4), f"step {i}: the losses differ, {losses}"
        by_hand, engine = interleaved(list(steps), arguments.rounds)
        print(f"{case.__name__.replace('_', ' '):24} by hand {by_hand * 1e6:6.1f} µs   "
              f"engine {engine * 1e6:6.1f} µs   ratio {engine / by_hand:.2f}")  # fmt: skip


if __name__ == "__main__":
    main()
