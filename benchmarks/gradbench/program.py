"""The interface of a program, and the list of the twelve."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any, ClassVar

import numpy as np

from gradbench.library import Library


@dataclass(frozen=True)
class GradBench:
    """A program of GradBench at one size: the file of this name in `gradbench/programs`.

    Such a file has `inputs(rng, **size)`, which returns arrays; the function itself; and `derivative(library, **size)`,
    which returns the function from these arrays to what GradBench asks for.
    """

    name: str
    title: str
    size: dict[str, Any]
    small: dict[str, Any]  # for tests
    branches: bool = False  # on numbers that it computes, so it cannot be recorded
    kind: ClassVar[str] = "program"
    check_steps: ClassVar[int] = 2

    def batches(self) -> list[tuple[Any, ...]]:
        """Two sets of inputs."""
        rng = np.random.default_rng(0)
        return [self.module.inputs(rng, **self.size) for _ in range(2)]

    def derivative(self, library: Library) -> Callable[..., Any]:
        return self.module.derivative(library, **self.size)  # type: ignore[no-any-return]

    def reduced(self) -> GradBench:
        """The same program at the size for tests."""
        return replace(self, size=self.small)

    @property
    def module(self) -> Any:
        return import_module(f"gradbench.programs.{self.name}")


GRADBENCH: dict[str, GradBench] = {
    program.name: program
    for program in (
        GradBench("hello", "gradient of x²", {}, {}),
        GradBench("lse", "gradient of log Σ exp x, 10,000 numbers", {"n": 10_000}, {"n": 7}),
        GradBench("llsq", "gradient of a fit, 2,000 points, 64 powers", {"n": 2000, "m": 64}, {"n": 9, "m": 3}),
        GradBench("ode", "gradient through Runge–Kutta, 20 equations, 10 steps", {"n": 20, "s": 10}, {"n": 4, "s": 3}),
        GradBench("det", "gradient of a determinant by minors, 5×5", {"ell": 5}, {"ell": 4}),
        GradBench(
            "kmeans", "Newton direction, 1,000 points, 10 centroids, 8 axes",
            {"n": 1000, "k": 10, "d": 8}, {"n": 30, "k": 3, "d": 2},
        ),
        GradBench(
            "gmm", "gradient of a Gaussian mixture, 1,000 points, 5 parts, 10 axes",
            {"n": 1000, "k": 5, "d": 10}, {"n": 6, "k": 2, "d": 3},
        ),
        GradBench(
            "lstm", "gradient of a diagonal LSTM, 2 layers of width 14, 10 steps",
            {"layers": 2, "length": 10, "width": 14}, {"layers": 2, "length": 4, "width": 3},
        ),
        GradBench(
            "ht", "Jacobian of a hand model, 22 bones, 100 points, 28 columns",
            {"vertices": 500, "points": 100}, {"vertices": 12, "points": 3},
        ),
        GradBench(
            "ba", "Jacobian blocks of bundle adjustment, 1,000 observations",
            {"cameras": 21, "positions": 300, "observations": 1000}, {"cameras": 2, "positions": 3, "observations": 5},
        ),
        GradBench("saddle", "a saddle point by nested descent", {"rate": 0.1}, {"rate": 0.2}, branches=True),
        GradBench("particle", "a particle's path, optimized", {"rate": 0.01}, {"rate": 0.01}, branches=True),
    )
}  # fmt: skip
