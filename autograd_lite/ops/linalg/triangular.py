"""Triangular systems, and systems whose matrix was decomposed by `cholesky`. All operations are batched.

A leading `...` in shapes stands for any number of axes; where two operands have them, they broadcast.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_lite.core.primitive import primitive
from autograd_lite.core.tensor import Array, Tensor
from autograd_lite.ops.arrays.shape import squeeze
from autograd_lite.ops.composition import composed
from autograd_lite.ops.linalg.solving import adjoint
from autograd_lite.support.conversion import to_array, whole
from autograd_lite.support.half_precision import HALF
from autograd_lite.support.messages import show

__all__ = ["cholesky_solve", "solve_triangular"]

# SciPy's names; the conjugate of a real matrix is the matrix.
_TRANSPOSED = {0: False, 1: True, 2: True, "N": False, "T": True, "C": True}


@functools.cache
def _of_scipy() -> Callable[..., Any] | None:
    """SciPy's function, in a time that grows with n² instead of n³; None without SciPy."""
    try:
        from scipy.linalg import solve_triangular
    except ImportError:
        return None
    return solve_triangular


def _triangle(a: Array, lower: bool, unit_diagonal: bool) -> Array:
    """The part of the matrices that is read, without a diagonal of ones."""
    return np.tril(a, -1 if unit_diagonal else 0) if lower else np.triu(a, 1 if unit_diagonal else 0)


def _is_transposed(trans: Any) -> bool:
    if not isinstance(trans, int | str) or trans not in _TRANSPOSED:
        raise ValueError(f"trans must be 0, 1, 2, 'N', 'T' or 'C', not {show(trans)}")
    return _TRANSPOSED[trans]


def _rule(g: Array, a: Array, out: Array, lower: bool, trans: int | str, unit_diagonal: bool) -> tuple[Array, Array]:
    vector, transposed = out.ndim < a.ndim, _is_transposed(trans)
    if vector:
        g, out = np.expand_dims(g, -1), np.expand_dims(out, -1)
    right = solve_triangular(a, g, lower=lower, trans=int(not transposed), unit_diagonal=unit_diagonal)
    product = np.matmul(out, adjoint(right)) if transposed else np.matmul(right, adjoint(out))
    return -_triangle(product, lower, unit_diagonal), np.squeeze(right, -1) if vector else right


@primitive(joint=(("a", "b"), _rule))
def solve_triangular(
    a: Array, b: Array, *, lower: bool = False, trans: int | str = 0, unit_diagonal: bool = False
) -> Array:
    """The solution X of A X = B for a triangular A.

    ∂/∂B = A⁻ᵀ g, and ∂/∂A is the triangle of −(∂/∂B) Xᵀ (Giles 2008, Collected matrix derivative results, 2.3.1).
    It is `scipy.linalg.solve_triangular`, which is called for single matrices where SciPy is installed.

    Parameters
    ----------
    a : array (..., n, n)
        Only one triangle is read. The other one has gradient 0.
    b : array (n,) or (..., n, k)
        One vector if it has one axis, otherwise matrices, as for `solve`.
    lower : bool, default False
        Whether the lower triangle is read.
    trans : {0, 1, 2, "N", "T", "C"}, default 0
        With 1, 2, "T" or "C" the system is Aᵀ X = B.
    unit_diagonal : bool, default False
        Whether the diagonal consists of ones, and is not read.

    Returns
    -------
    array (..., n) or (..., n, k)

    Raises
    ------
    LinAlgError
        If a matrix is not square, or has a zero on the diagonal.
    ValueError
        If the shapes do not match, or for another `trans`.

    Examples
    --------
    >>> solve_triangular(Tensor([[2.0, 0.0], [1.0, 4.0]]), Tensor([2.0, 5.0]), lower=True)
    Tensor([1., 1.])
    """
    transposed, a, b = _is_transposed(trans), to_array(a), to_array(b)
    if a.ndim < 2 or a.shape[-1] != a.shape[-2]:
        raise np.linalg.LinAlgError(f"a of shape {a.shape} does not consist of square matrices")
    if not unit_diagonal and np.any(whole(np.diagonal(a, axis1=-2, axis2=-1)) == 0):
        raise np.linalg.LinAlgError("Singular matrix: a zero on the diagonal")
    fits = a.ndim == 2 and b.ndim in (1, 2) and b.shape[0] == len(a) and b.size
    by_scipy = _of_scipy() if fits and not hasattr(a, "held") and not hasattr(b, "held") else None
    if by_scipy is not None and a.dtype.kind == b.dtype.kind == "f" and HALF not in (a.dtype, b.dtype):
        return by_scipy(a, b, int(transposed), lower, unit_diagonal, check_finite=False)
    matrix = _triangle(a, lower, unit_diagonal)
    if unit_diagonal:
        matrix = matrix + np.eye(a.shape[-1], dtype=a.dtype)
    return np.linalg.solve(adjoint(matrix) if transposed else matrix, b)


@composed
def cholesky_solve(b: Array, L: Array, upper: bool = False) -> Tensor:
    """The solution X of A X = B with A = L Lᵀ, where L is ``cholesky(A)``, from two triangular systems.

    The derivatives are those of `solve_triangular`. It is `cholesky_solve` of PyTorch, and
    ``scipy.linalg.cho_solve((L, True), b)``.

    Parameters
    ----------
    b : array (n,) or (..., n, k)
    L : array (..., n, n)
        Its lower triangle is read. With `upper` it is the upper triangular factor of A = Lᵀ L.
    upper : bool, default False

    Returns
    -------
    array (..., n) or (..., n, k)

    Raises
    ------
    LinAlgError
        If a matrix is not square, or has a zero on the diagonal.
    ValueError
        If the shapes do not match.

    Examples
    --------
    >>> cholesky_solve(Tensor([2.0, 4.0]), Tensor([[1.0, 0.0], [0.0, 2.0]]))
    Tensor([2., 1.])
    """
    upper = bool(upper)
    b, L = to_array(b), to_array(L)
    half: Any = solve_triangular(L, b, lower=not upper, trans=int(upper))
    if b.ndim == 1 and half.ndim > 1:  # one vector for a stack of matrices
        half = np.expand_dims(half, -1)
        half = solve_triangular(L, half, lower=not upper, trans=int(not upper))
        return squeeze(half, -1)
    return solve_triangular(L, half, lower=not upper, trans=int(not upper))
