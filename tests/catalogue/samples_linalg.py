"""Sample inputs for linear algebra: matrices whose singular values or eigenvalues are known and well apart."""

from collections.abc import Callable
from typing import Any

import hypothesis.extra.numpy as hnp
import hypothesis.strategies as st
import numpy as np

from catalogue.samples import Domain, Sample, Shape, generators, nonzero, real


def orthogonal(rng: np.random.Generator, shape: Shape) -> np.ndarray:
    return np.linalg.qr(rng.normal(size=shape))[0]


def regular(rng: np.random.Generator, shape: Shape) -> np.ndarray:
    """Matrices of any shape with singular values 0.8, 1.4, 2.0 and so on."""
    *batch, rows, columns = shape
    rank = min(rows, columns)
    u = orthogonal(rng, (*batch, rows, rows))[..., :rank]
    v = orthogonal(rng, (*batch, columns, columns))[..., :rank]
    return (u * (0.8 + 0.6 * np.arange(rank))) @ np.swapaxes(v, -1, -2)


def with_eigenvalues(eigenvalues: Callable[[np.ndarray], np.ndarray]) -> Domain:
    """Symmetric matrices whose eigenvalues are the given function of 0, 1, 2 and so on."""

    def domain(rng: np.random.Generator, shape: Shape) -> np.ndarray:
        v = orthogonal(rng, shape)
        a = (v * eigenvalues(np.arange(shape[-1]))) @ np.swapaxes(v, -1, -2)
        return (a + np.swapaxes(a, -1, -2)) / 2

    return domain


positive_definite = with_eigenvalues(lambda i: 0.8 + 0.6 * i)
symmetric = with_eigenvalues(lambda i: (-1.0) ** i * (0.7 + 0.5 * i))


def of_lower_rank(deficit: int) -> Domain:
    """Square matrices whose smallest singular values are exactly zero, up to rounding."""

    def domain(rng: np.random.Generator, shape: Shape) -> np.ndarray:
        rank = max(shape[-1] - deficit, 0)
        left = regular(rng, (*shape[:-1], rank))
        return left @ regular(rng, (*shape[:-2], rank, shape[-1]))

    return domain


sides = st.integers(0, 3)
batches = hnp.array_shapes(min_dims=0, max_dims=2, min_side=0, max_side=2)


@st.composite
def matrices(draw: st.DrawFn, domain: Domain, rows: Any = None, min_side: int = 0, **static: Any) -> Sample:
    """A stack of matrices, square unless `rows` gives their number for a number of columns."""
    columns = draw(st.integers(min_side, 3))
    shape = (*draw(batches), columns if rows is None else draw(rows(columns)), columns)
    drawn = {name: draw(st.sampled_from(values)) for name, values in static.items()}
    return Sample((domain(draw(generators), shape),), drawn)


def wide(columns: int) -> st.SearchStrategy[int]:
    return st.integers(0, columns)


def any_rows(columns: int) -> st.SearchStrategy[int]:
    return sides


def some_rows(columns: int) -> st.SearchStrategy[int]:
    return st.integers(1, 3)


@st.composite
def systems(draw: st.DrawFn) -> Sample:
    """Square matrices and right-hand sides, one vector or matrices, whose leading axes broadcast."""
    rng, n = draw(generators), draw(sides)
    drawn = draw(hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=2, min_side=0, max_side=2))
    left, right = drawn.input_shapes
    b = (n,) if draw(st.booleans()) else (*right, n, draw(sides))
    return Sample((regular(rng, (*left, n, n)), real(rng, b)), {})


@st.composite
def triangular_systems(draw: st.DrawFn, **static: Any) -> Sample:
    """Square matrices with any numbers in both triangles and a large diagonal, and right-hand sides."""
    rng, n = draw(generators), draw(sides)
    drawn = draw(hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=2, min_side=0, max_side=2))
    left, right = drawn.input_shapes
    b = (n,) if draw(st.booleans()) else (*right, n, draw(sides))
    diagonal = np.eye(n) * nonzero(rng, (*left, n, 1))
    a = real(rng, (*left, n, n)) / 2 * (1 - np.eye(n)) + diagonal
    return Sample((a, real(rng, b)), {name: draw(st.sampled_from(values)) for name, values in static.items()})


@st.composite
def tensor_maps(draw: st.DrawFn, solve: bool) -> Sample:
    """Arrays that are square as linear maps between arrays; with a right-hand side to `solve`."""
    rng = draw(generators)
    to, of = draw(st.sampled_from([((2, 2), (4,)), ((3,), (3,)), ((1, 2), (2, 1)), ((4,), (2, 2)), ((2,), (1, 2))]))
    size = int(np.prod(to))
    a = regular(rng, (size, size)).reshape(to + of)
    if not solve:
        return Sample((a,), {"ind": len(to)})
    if draw(st.booleans()) and len(of) == 1:  # the axis of the unknown first
        return Sample((np.moveaxis(a, -1, 0).copy(), real(rng, to)), {"axes": (0,)})
    return Sample((a, real(rng, to)), {"axes": None})


@st.composite
def vector_pairs(draw: st.DrawFn) -> Sample:
    """Two stacks of vectors that are not short."""
    rng, batch = draw(generators), draw(batches)
    return Sample(tuple(nonzero(rng, (*batch, draw(st.integers(1, 3)))) for _ in range(2)), {})


@st.composite
def least_squares(draw: st.DrawFn, overdetermined: bool = False) -> Sample:
    """A matrix of full rank and right-hand sides."""
    rng, columns = draw(generators), draw(st.integers(1, 3))
    rows = columns + draw(st.integers(1, 2)) if overdetermined else draw(st.integers(1, 4))
    b = draw(st.sampled_from([(rows,), (rows, 1), (rows, 2)]))
    return Sample((regular(rng, (rows, columns)), real(rng, b)), {})
