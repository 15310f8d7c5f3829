"""lse: the gradient of log Σ exp xᵢ, written with its maximum so that nothing overflows."""

from __future__ import annotations

from typing import Any

import numpy

from gradbench.library import Function, Library


def inputs(rng: numpy.random.Generator, n: int) -> tuple[Any, ...]:
    return (rng.normal(size=n),)


def derivative(library: Library, n: int) -> Function:
    np = library.np

    def log_sum_exp(x: Any) -> Any:
        largest = np.max(x)
        return largest + np.log(np.sum(np.exp(x - largest)))

    return library.grad(log_sum_exp)
