"""ba: the nonzero blocks of the Jacobian of bundle adjustment, as ADBench defines it.

An observation has two residuals, which depend on 11 numbers of its camera, 3 of its position and its weight, and one
that depends on its weight. All observations are computed at once. They do not depend on each other's numbers, so the
gradient of a sum over observations is made of their gradients: two of them give all blocks.
"""

from __future__ import annotations

from typing import Any

import numpy

from gradbench.library import Function, Library


def inputs(rng: numpy.random.Generator, cameras: int, positions: int, observations: int) -> tuple[Any, ...]:
    """Cameras, positions, weights, measured features, and the camera and the position of each observation."""
    camera = rng.normal([0.0] * 6 + [1.0] + [0.0] * 4, 0.1, (cameras, 11))
    place = rng.normal([0.0, 0.0, 10.0], 1.0, (positions, 3))
    number = numpy.arange(observations)
    weights, features = rng.uniform(0.5, 1.5, observations), rng.normal(size=(observations, 2))
    return camera, place, weights, features, number % cameras, number % positions


def derivative(library: Library, cameras: int, positions: int, observations: int) -> Function:
    np = library.np

    def rotated(axis: Any, x: Any) -> Any:
        """x, rotated about the axis by its length (the formula of Rodrigues)."""
        angle = np.sqrt(np.sum(axis**2, 1))[:, None]
        w = axis / angle
        along = np.sum(w * x, 1)[:, None]
        (a, b, c), (p, q, r) = ([m[:, i] for i in range(3)] for m in (w, x))
        cross = np.stack([b * r - c * q, c * p - a * r, a * q - b * p], 1)
        return x * np.cos(angle) + cross * np.sin(angle) + w * along * (1 - np.cos(angle))

    def reprojection(variables: Any, features: Any) -> Any:
        """The residuals of all observations; a row of variables is a camera, a position and a weight."""
        camera, position, weight = variables[:, :11], variables[:, 11:14], variables[:, 14:]
        seen = rotated(camera[:, :3], position - camera[:, 3:6])
        flat = seen[:, :2] / seen[:, 2:]
        square = np.sum(flat**2, 1)[:, None]
        distorted = flat * (1 + camera[:, 9:10] * square + camera[:, 10:11] * square**2)
        return weight * (distorted * camera[:, 6:7] + camera[:, 7:9] - features)

    first = library.grad(lambda variables, features: np.sum(reprojection(variables, features)[:, 0]))
    second = library.grad(lambda variables, features: np.sum(reprojection(variables, features)[:, 1]))
    regularization = library.grad(lambda weights: np.sum(1 - weights**2))

    def blocks(camera: Any, place: Any, weights: Any, features: Any, cameras: Any, places: Any) -> Any:
        variables = np.concatenate([camera[cameras], place[places], weights[:, None]], 1)
        return np.stack([first(variables, features), second(variables, features)], 1), regularization(weights)

    return blocks


def sparse(blocks: Any, weights: Any, camera: Any, place: Any, cameras: int, positions: int) -> tuple[Any, ...]:
    """Rows, columns and values of the Jacobian from its blocks, and the camera and position of each observation."""
    number = numpy.arange(len(blocks))
    columns = numpy.concatenate([
        11 * camera[:, None] + numpy.arange(11),
        11 * cameras + 3 * place[:, None] + numpy.arange(3),
        11 * cameras + 3 * positions + number[:, None],
    ], 1)  # fmt: skip
    rows = numpy.broadcast_to((2 * number[:, None] + [0, 1])[:, :, None], blocks.shape)
    return (
        numpy.concatenate([rows.ravel(), 2 * len(blocks) + number]),
        numpy.concatenate([numpy.broadcast_to(columns[:, None], blocks.shape).ravel(), columns[:, -1]]),
        numpy.concatenate([blocks.ravel(), weights]),
    )
