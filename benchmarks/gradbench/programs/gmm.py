"""gmm: the gradient of the log-posterior of a Gaussian mixture with a Wishart prior, as ADBench defines it.

The inverse covariance factor of a part is a lower triangular matrix: the logarithms q of its diagonal come first, then
the entries below the diagonal, column by column.
"""

from __future__ import annotations

import math
from typing import Any

import numpy

from gradbench.library import Function, Library

GAMMA, M = 1.0, 0  # the Wishart prior


def inputs(rng: numpy.random.Generator, n: int, k: int, d: int) -> tuple[Any, ...]:
    factor = rng.normal(size=(k, d + d * (d - 1) // 2)) * 0.3
    return rng.normal(size=k), rng.normal(size=(k, d)), factor, rng.normal(size=(n, d))


def places(d: int) -> Any:
    """Where each entry of a strictly lower triangular matrix stands in the packed columns, which end with a zero."""
    count = d * (d - 1) // 2
    found = numpy.full((d, d), count)
    rows, columns = numpy.triu_indices(d, 1)
    found[columns, rows] = numpy.arange(count)
    return found


def log_gamma(a: float, d: int) -> float:
    """The logarithm of the multivariate gamma function."""
    return d * (d - 1) / 4 * math.log(math.pi) + sum(math.lgamma(a - i / 2) for i in range(d))


def derivative(library: Library, n: int, k: int, d: int) -> Function:
    np, where = library.np, places(d)
    freedom = d + M + 1
    constant = -n * d / 2 * math.log(2 * math.pi)
    constant -= k * (freedom * d * math.log(GAMMA / math.sqrt(2)) - log_gamma(freedom / 2, d))

    def log_sum_exp(x: Any) -> Any:
        largest = np.max(x, 0)
        return largest + np.log(np.sum(np.exp(x - largest), 0))

    def log_posterior(alphas: Any, means: Any, factors: Any, points: Any) -> Any:
        q, below = factors[:, :d], factors[:, d:]
        lower = np.concatenate([below, np.zeros((k, 1))], 1)[:, where]
        centred = points - means[:, None]
        scaled = np.exp(q)[:, None] * centred + centred @ np.swapaxes(lower, 1, 2)
        inner = (alphas + np.sum(q, 1))[:, None] - 0.5 * np.sum(scaled**2, 2)
        squares = np.sum(np.exp(2 * q)) + np.sum(below**2)
        prior = 0.5 * GAMMA**2 * squares - M * np.sum(q)
        return np.sum(log_sum_exp(inner)) - n * log_sum_exp(alphas) + prior + constant

    return library.grad(log_posterior, 3)
