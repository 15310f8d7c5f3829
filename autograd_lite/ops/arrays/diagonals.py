"""Triangles and diagonals of matrices, and Vandermonde matrices."""

from __future__ import annotations

from operator import index
from typing import Any

import numpy as np

from autograd_lite.core.numpy_protocols import numpy_operations
from autograd_lite.core.primitive import primitive
from autograd_lite.core.tensor import Array, Tensor
from autograd_lite.ops.arrays.indexing import scatter
from autograd_lite.ops.arrays.shape import ravel
from autograd_lite.ops.composition import composed
from autograd_lite.support.conversion import to_array

__all__ = ["diag", "diagflat", "diagonal", "tril", "triu", "vander"]


def _matrices(x: Array) -> Array:
    if not np.ndim(x):
        raise ValueError("x of shape () has no axis for a diagonal")
    return x


@primitive(numpy=np.tril, x=lambda g, k: np.tril(g, k))
def tril(x: Array, k: int = 0) -> Array:
    """The matrices with zeros above the diagonal k. The gradient there is 0.

    Examples
    --------
    >>> tril(Tensor([[1.0, 2.0], [3.0, 4.0]]))
    Tensor([[1., 0.],
            [3., 4.]])
    """
    return np.tril(_matrices(x), index(k))


@primitive(numpy=np.triu, x=lambda g, k: np.triu(g, k))
def triu(x: Array, k: int = 0) -> Array:
    """The matrices with zeros below the diagonal k. The gradient there is 0.

    Examples
    --------
    >>> triu(Tensor([[1.0, 2.0], [3.0, 4.0]]))
    Tensor([[1., 2.],
            [0., 4.]])
    """
    return np.triu(_matrices(x), index(k))


@primitive(x=lambda g, offset, axis1, axis2: np.diagonal(g, offset, axis1, axis2))
def _from_diagonal(x: Array, shape: tuple[int, ...], offset: int, axis1: int, axis2: int) -> Array:
    """Zeros of `shape` with x on the diagonal: the transpose of `diagonal`."""
    out, places = np.zeros_like(x, shape=shape), np.arange(x.shape[-1])
    np.moveaxis(out, (axis1, axis2), (-2, -1))[..., places + max(-offset, 0), places + max(offset, 0)] = x
    return out


@primitive(
    numpy=np.diagonal,
    x=lambda g, x_shape, offset, axis1, axis2: _from_diagonal(g, x_shape, offset, axis1, axis2),
)
def diagonal(x: Array, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Array:
    """The elements on a diagonal of the matrices in two axes, along a new last axis. All others have gradient 0.

    Examples
    --------
    >>> diagonal(Tensor([[1.0, 2.0], [3.0, 4.0]]))
    Tensor([1., 4.])
    """
    return np.diagonal(x, offset, axis1, axis2)


@composed(numpy=np.diag)
def diag(x: Array, k: int = 0) -> Tensor:
    """The matrix with x on its diagonal k, or the diagonal k of a matrix. The gradient is the other of the two.

    Examples
    --------
    >>> diag(Tensor([1.0, 2.0]))
    Tensor([[1., 0.],
            [0., 2.]])
    """
    x = to_array(x)
    if x.ndim == 2:
        return diagonal(x, k)
    if x.ndim != 1:
        raise ValueError(f"diag: x must have one axis or two, not shape {x.shape}")
    k = index(k)
    n, places = x.shape[0] + abs(k), np.arange(x.shape[0])
    return scatter(x, (places + max(-k, 0), places + max(k, 0)), (n, n))


@composed(numpy=np.diagflat)
def diagflat(x: Array, k: int = 0) -> Tensor:
    """The matrix with all elements of x on its diagonal k. The gradient is that diagonal.

    Examples
    --------
    >>> diagflat(Tensor([[1.0, 2.0]]))
    Tensor([[1., 0.],
            [0., 2.]])
    """
    return diag(ravel(x), k)


def _powers_rule(g: Array, x: Array, increasing: bool) -> Array:
    exponents = np.arange(g.shape[-1]) if increasing else np.arange(g.shape[-1])[::-1]
    slopes = exponents * np.expand_dims(x, -1) ** np.maximum(exponents - 1, 0)
    return np.sum(g * slopes, axis=-1)


@primitive(numpy=np.vander, x=_powers_rule)
def vander(x: Array, N: Any = None, increasing: bool = False) -> Array:
    """The matrix of powers of x, one a column, from the highest to x⁰. ∂xⁿ/∂x = n xⁿ⁻¹.

    Examples
    --------
    >>> vander(Tensor([2.0, 3.0]), 3)
    Tensor([[4., 2., 1.],
            [9., 3., 1.]])
    """
    return np.vander(x, N, increasing)


def _diagonal_of_last_axes(x: Array, /, *, offset: int = 0) -> Array:
    return diagonal(x, offset, -2, -1)


numpy_operations[np.linalg.diagonal] = _diagonal_of_last_axes
