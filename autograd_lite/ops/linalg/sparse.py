"""Products of sparse matrices of SciPy with tensors: ``S @ x`` and ``x @ S``. The sparse matrix is a constant."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_lite.core.primitive import primitive
from autograd_lite.core.tensor import Array
from autograd_lite.ops.composition import composed
from autograd_lite.ops.linalg.matmul import matmul

__all__: list[str] = []


class Constant:
    """A sparse matrix as an option of an operation."""

    def __init__(self, matrix: Any) -> None:
        self.matrix = matrix

    def transposed(self) -> Constant:
        """The transpose, which shares the numbers."""
        return Constant(self.matrix.T)

    def __repr__(self) -> str:
        return f"<sparse matrix of shape {self.matrix.shape}>"


def is_sparse(value: Any) -> bool:
    """Whether a value is a sparse matrix or array of SciPy, found without importing SciPy."""
    return type(value).__module__.startswith("scipy.sparse") and hasattr(value, "tocsr")


def _transposed_product(g: Array, constant: Constant) -> Array:
    return _product(constant.transposed(), g)


@primitive(name="sparse_matmul", x=_transposed_product)
def _product(constant: Constant, x: Array) -> Array:
    return constant.matrix @ x


@composed
def sparse_matmul(matrix: Constant, x: Array) -> Array:
    """The product of a sparse matrix with a vector or matrix. ∂/∂x = Sᵀ g."""
    if x.ndim not in (1, 2):
        raise ValueError(f"a sparse matrix of shape {matrix.matrix.shape} is multiplied with vectors and matrices, "
                         f"not with x of shape {x.shape}")  # fmt: skip
    if matrix.matrix.ndim == 1:
        return _product(Constant(matrix.matrix.reshape(1, -1).tocsr()), x)[0]
    if matrix.matrix.ndim > 2:
        raise ValueError(f"sparse arrays have one or two axes here, not the shape {matrix.matrix.shape}")
    return _product(matrix, x)


def product(x: Any, y: Any) -> Any:
    """``x @ y``, where one may be sparse."""
    try:
        return matmul(x, y)
    except TypeError:
        if is_sparse(y):
            return _from_the_right(x, y)
        if is_sparse(x):
            return sparse_matmul(Constant(x), y)
        raise


def _from_the_right(x: Array, matrix: Any) -> Array:
    """``x @ S`` is ``(Sᵀ @ xᵀ)ᵀ``."""
    found = sparse_matmul(Constant(matrix.T), np.transpose(x))
    return np.transpose(found) if found.ndim == 2 else found
