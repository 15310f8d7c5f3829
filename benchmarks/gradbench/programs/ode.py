"""ode: the gradient of the last component of y(2), where y₀′ = x₀ and yᵢ′ = xᵢ yᵢ₋₁, by the Runge–Kutta method."""

from __future__ import annotations

from typing import Any

import numpy

from gradbench.library import Function, Library


def inputs(rng: numpy.random.Generator, n: int, s: int) -> tuple[Any, ...]:
    return (rng.uniform(0.5, 1.5, n),)


def derivative(library: Library, n: int, s: int) -> Function:
    np, h = library.np, 2.0 / s

    def last(x: Any) -> Any:
        def slope(y: Any) -> Any:
            return np.concatenate([x[:1], x[1:] * y[:-1]])

        y = 0.0 * x
        for _ in range(s):
            k1 = slope(y)
            k2 = slope(y + h / 2 * k1)
            k3 = slope(y + h / 2 * k2)
            k4 = slope(y + h * k3)
            y = y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
        return y[-1]

    return library.grad(last)
