"""The three update rules in NumPy, in place, for the step by hand and for libraries without optimizers."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from suite.cases import BETAS, EPS, LEARNING_RATES, MOMENTUM, Array

Update = Callable[[Iterable[Array]], None]


def update_rule(name: str, values: list[Array]) -> Update:
    """A function that updates `values` with gradients."""
    return {"sgd": sgd, "momentum": momentum, "adam": adam}[name](values)


def sgd(values: list[Array]) -> Update:
    """θ ← θ − lr·g."""
    rate = LEARNING_RATES["sgd"]

    def update(gradients: Iterable[Array]) -> None:
        for value, gradient in zip(values, gradients, strict=True):
            value -= rate * gradient

    return update


def momentum(values: list[Array]) -> Update:
    """v ← 0.9 v + g, θ ← θ − lr·v."""
    rate, velocities = LEARNING_RATES["momentum"], [np.zeros_like(value) for value in values]

    def update(gradients: Iterable[Array]) -> None:
        for value, velocity, gradient in zip(values, velocities, gradients, strict=True):
            velocity *= MOMENTUM
            velocity += gradient
            value -= rate * velocity

    return update


def adam(values: list[Array]) -> Update:
    """m ← β₁m + (1 − β₁)g, v ← β₂v + (1 − β₂)g², θ ← θ − lr·m̂/(√v̂ + eps) with m̂ = m/(1 − β₁ᵗ), v̂ = v/(1 − β₂ᵗ)."""
    rate, (beta1, beta2) = LEARNING_RATES["adam"], BETAS
    means, squares = ([np.zeros_like(value) for value in values] for _ in range(2))
    steps = 0

    def update(gradients: Iterable[Array]) -> None:
        nonlocal steps
        steps += 1
        rate_now, root_now = rate / (1 - beta1**steps), (1 - beta2**steps) ** 0.5
        for value, mean, square, gradient in zip(values, means, squares, gradients, strict=True):
            mean *= beta1
            mean += (1 - beta1) * gradient
            square *= beta2
            square += (1 - beta2) * gradient**2
            value -= rate_now * mean / (np.sqrt(square) / root_now + EPS)

    return update
