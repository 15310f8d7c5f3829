"""kmeans: the Newton direction J / H of Σᵢ minⱼ |Cⱼ − Pᵢ|² with respect to the centroids C.

The Hessian is diagonal, so its product with ones is its diagonal.
"""

from __future__ import annotations

from typing import Any

import numpy

from gradbench.library import Function, Library


def inputs(rng: numpy.random.Generator, n: int, k: int, d: int) -> tuple[Any, ...]:
    points = rng.normal(size=(n, d))
    return points[:k] + 0.01 * rng.normal(size=(k, d)), points  # each centroid is close to a point


def derivative(library: Library, n: int, k: int, d: int) -> Function:
    np = library.np

    def cost(centroids: Any, points: Any) -> Any:
        squares = np.sum(points**2, 1)[:, None] + np.sum(centroids**2, 1) - 2 * points @ centroids.T
        return np.sum(np.min(squares, 1))

    gradient, product = library.grad(cost), library.hvp(cost)
    ones = np.ones((k, d))
    return lambda centroids, points: gradient(centroids, points) / product(centroids, ones, points)
