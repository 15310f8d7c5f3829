"""ht: the Jacobian of the distances between measured points and points on the surface of a posed hand, as in ADBench.

A point on the surface is given by a triangle and two of its barycentric coordinates. A residual depends on no other
point's coordinates, so two columns that move the coordinates of all points at once hold all their derivatives. The
Jacobian has these two columns and one for each of the 26 parameters of the pose.
"""

from __future__ import annotations

from typing import Any

import numpy

from gradbench.library import Function, Library

# Wrist, four bones of each of five fingers, forearm.
PARENTS = [-1, *(0 if bone == 0 else 4 * finger + bone for finger in range(5) for bone in range(4)), 0]
BONES = len(PARENTS)


def angles_in_pose() -> Any:
    """Which of 20 finger parameters is each of the three angles of a bone; 20 stands for zero."""
    places = numpy.full((BONES, 3), 20)
    for finger in range(5):
        for joint, axes in enumerate(((0, 1), (2,), (3,))):
            for axis, number in enumerate(axes):
                places[4 * finger + joint + 2, axis] = 4 * finger + number
    return places


def inputs(rng: numpy.random.Generator, vertices: int, points: int) -> tuple[Any, ...]:
    """Coordinates and pose (28 + 2 per point), and the model: bones, vertices, weights, triangles, measured points."""
    pose = numpy.concatenate([[0.0, 0.0], rng.normal(size=26) * 0.3])
    relatives = numpy.tile(numpy.eye(4), (BONES, 1, 1))
    relatives[:, :3, 3] = rng.normal(size=(BONES, 3))
    absolutes: list[Any] = []
    for bone, parent in enumerate(PARENTS):
        absolutes.append(relatives[bone] if parent < 0 else absolutes[parent] @ relatives[bone])
    base = numpy.concatenate([rng.normal(size=(3, vertices)), numpy.ones((1, vertices))])
    weights = rng.dirichlet(numpy.ones(BONES), vertices).T
    triangles = rng.integers(vertices, size=(3, points))
    coordinates, measured = rng.uniform(0, 0.5, (2, points)), rng.normal(size=(3, points))
    return pose, coordinates, relatives, numpy.linalg.inv(absolutes), base, weights, triangles, measured


def derivative(library: Library, vertices: int, points: int) -> Function:
    np, places = library.np, angles_in_pose()

    def matrices(entries: list[list[Any]]) -> Any:
        return np.stack([np.stack(row, -1) for row in entries], -2)

    def bone_rotations(angles: Any) -> Any:
        """Rz Ry Rx of the angles x, z, y of each bone."""
        cos, sin = np.cos(angles), np.sin(angles)
        (cx, cz, cy), (sx, sz, sy) = ([m[:, i] for i in range(3)] for m in (cos, sin))
        one, zero = 0 * cx + 1, 0 * cx
        return matrices([
            [cz * cy, cz * sy * sx - sz * cx, cz * sy * cx + sz * sx, zero],
            [sz * cy, sz * sy * sx + cz * cx, sz * sy * cx - cz * sx, zero],
            [-sy, cy * sx, cy * cx, zero],
            [zero, zero, zero, one],
        ])  # fmt: skip

    def rotation(axis: Any) -> Any:
        """About the axis, by its length, which is not zero."""
        angle = np.sqrt(np.sum(axis**2))
        x, y, z = [axis[i] / angle for i in range(3)]
        c, s = np.cos(angle), np.sin(angle)
        return matrices([
            [x * x + (1 - x * x) * c, x * y * (1 - c) - z * s, x * z * (1 - c) + y * s],
            [x * y * (1 - c) + z * s, y * y + (1 - y * y) * c, y * z * (1 - c) - x * s],
            [x * z * (1 - c) - y * s, z * y * (1 - c) + x * s, z * z + (1 - z * z) * c],
        ])  # fmt: skip

    def residuals(
        pose: Any,
        coordinates: Any,
        relatives: Any,
        inverses: Any,
        base: Any,
        weights: Any,
        triangles: Any,
        measured: Any,
    ) -> Any:
        angles = np.concatenate([pose[8:], np.zeros(1)])[places]
        posed = relatives @ bone_rotations(angles)
        absolutes: list[Any] = []
        for bone, parent in enumerate(PARENTS):
            absolutes.append(posed[bone] if parent < 0 else absolutes[parent] @ posed[bone])
        transforms = (np.stack(absolutes) @ inverses)[:, :3]
        skinned = np.sum((transforms @ base) * weights[:, None], 0)
        surface = rotation(pose[2:5]) @ skinned + pose[5:8][:, None]
        u, v = coordinates[0] + pose[0], coordinates[1] + pose[1]
        a, b, c = [surface[:, triangles[i]] for i in range(3)]
        return (measured - (u * a + v * b + (1 - u - v) * c)).T.reshape(-1)

    return library.jacobian(residuals)
