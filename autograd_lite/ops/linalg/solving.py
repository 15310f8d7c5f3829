"""Linear systems: inverses, solutions, powers. All operations are batched.

A leading `...` in shapes stands for any number of axes; where two operands have them, they broadcast. As in NumPy, a
matrix that is not square raises LinAlgError, and so does an exactly singular one where the inverse is needed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from autograd_lite.core.numpy_protocols import numpy_queries
from autograd_lite.core.primitive import primitive
from autograd_lite.core.tensor import Array, Tensor
from autograd_lite.ops.composition import composed
from autograd_lite.support.conversion import to_array
from autograd_lite.support.messages import show

__all__ = ["inv", "matrix_power", "solve", "tensorinv", "tensorsolve"]

numpy_queries.add(np.linalg.matrix_rank)


def adjoint(x: Array) -> Array:
    """The last two axes swapped."""
    return np.swapaxes(x, -1, -2)


@primitive(numpy=np.linalg.inv, a=lambda g, out: -np.matmul(np.matmul(adjoint(out), g), adjoint(out)))
def inv(a: Array) -> Array:
    """The inverse, A⁻¹. ∂/∂A = −A⁻ᵀ g A⁻ᵀ (Giles 2008, Collected matrix derivative results, 2.2.3).

    Shapes (..., n, n) give (..., n, n).

    Raises
    ------
    LinAlgError
        If a matrix is not square, or is singular.

    Examples
    --------
    >>> inv(Tensor([[2.0, 0.0], [0.0, 4.0]]))
    Tensor([[0.5 , 0.  ],
            [0.  , 0.25]])
    """
    return np.linalg.inv(a)


def _solve_rule(g: Array, a: Array, out: Array) -> tuple[Array, Array]:
    vector = out.ndim < a.ndim
    if vector:
        g, out = np.expand_dims(g, -1), np.expand_dims(out, -1)
    right = np.linalg.solve(adjoint(a), g)
    return -np.matmul(right, adjoint(out)), np.squeeze(right, -1) if vector else right


@primitive(numpy=np.linalg.solve, joint=(("a", "b"), _solve_rule))
def solve(a: Array, b: Array) -> Array:
    """The solution X of A X = B. ∂/∂B = A⁻ᵀ g, ∂/∂A = −(∂/∂B) Xᵀ (Giles 2008, 2.3.1).

    Parameters
    ----------
    a : array (..., n, n)
    b : array (n,) or (..., n, k)
        One vector if it has one axis, as in NumPy 2; otherwise matrices.

    Returns
    -------
    array (..., n) or (..., n, k)

    Raises
    ------
    LinAlgError
        If a matrix is not square, or is singular.
    ValueError
        If the shapes do not match.

    Examples
    --------
    >>> solve(Tensor([[2.0, 0.0], [0.0, 4.0]]), Tensor([1.0, 2.0]))
    Tensor([0.5, 0.5])
    """
    return np.linalg.solve(a, b)


# -- powers and tensors --------------------------------------------------------------------------------------------


def _power_rule(g: Array, a: Array, n: int) -> Array:
    """By repeated squaring: Aⁿ = B B with B = A^(n/2) for even n, Aⁿ = Aⁿ⁻¹ A for odd n."""
    if n == 0:
        return np.where(np.zeros(g.shape, dtype=bool), g, 0.0)
    if n < 0:
        inverse = np.linalg.inv(a)
        return -np.matmul(np.matmul(adjoint(inverse), _power_rule(g, inverse, -n)), adjoint(inverse))
    if n == 1:
        return g
    if n % 2:
        rest = np.matmul(adjoint(np.linalg.matrix_power(a, n - 1)), g)
        return rest + _power_rule(np.matmul(g, adjoint(a)), a, n - 1)
    half = adjoint(np.linalg.matrix_power(a, n // 2))
    return _power_rule(np.matmul(g, half) + np.matmul(half, g), a, n // 2)


@primitive(numpy=np.linalg.matrix_power, a=_power_rule)
def matrix_power(a: Array, n: int) -> Array:
    """Aⁿ for an integer n; of the inverse if n is negative. ∂/∂A = Σ (Aᵀ)ᵏ g (Aᵀ)ⁿ⁻¹⁻ᵏ over k from 0 to n − 1.

    Shapes (..., m, m) give (..., m, m).

    Raises
    ------
    LinAlgError
        If a matrix is not square, or n is negative and it is singular.
    TypeError
        If n is not an integer.

    Examples
    --------
    >>> matrix_power(Tensor([[1.0, 1.0], [0.0, 1.0]]), 3)
    Tensor([[1., 3.],
            [0., 1.]])
    """
    return np.linalg.matrix_power(a, n)


@composed(numpy=np.linalg.tensorinv)
def tensorinv(a: Array, ind: int = 2) -> Tensor:
    """The inverse of an array as a linear map from its axes from `ind` on to those before. The derivative is inv's.

    Raises
    ------
    LinAlgError
        If the map is not square, or is singular.
    ValueError
        If `ind` is not positive.

    Examples
    --------
    >>> tensorinv(Tensor([[[2.0, 0.0]], [[0.0, 4.0]]]), ind=1).shape
    (1, 2, 2)
    """
    a = to_array(a)
    if ind <= 0:
        raise ValueError(f"tensorinv: ind must be positive, not {show(ind)}")
    rows = math.prod(a.shape[:ind])
    if rows != math.prod(a.shape[ind:]):
        raise np.linalg.LinAlgError(f"tensorinv: shapes {a.shape[:ind]} and {a.shape[ind:]} differ in size")
    inverse: Any = np.linalg.inv(np.reshape(a, (rows, rows)))
    return inverse.reshape(a.shape[ind:] + a.shape[:ind])


@composed(numpy=np.linalg.tensorsolve)
def tensorsolve(a: Array, b: Array, axes: Sequence[int] | None = None) -> Tensor:
    """The x of tensordot(a, x, x.ndim) = b, after moving `axes` of `a` to the end. The derivatives are solve's.

    Raises
    ------
    LinAlgError
        If the map is not square, or is singular.

    Examples
    --------
    >>> tensorsolve(Tensor([[[2.0, 0.0]], [[0.0, 4.0]]]), Tensor([2.0, 4.0]))
    Tensor([[1., 1.]])
    """
    a, b = to_array(a), to_array(b)
    order = list(range(a.ndim))
    for axis in axes or ():
        axis = normalize_axis_index(axis, a.ndim)
        order.remove(axis)
        order.append(axis)
    a = np.transpose(a, order)
    shape = a.shape[b.ndim - a.ndim :]
    if a.size != math.prod(shape) ** 2:
        raise np.linalg.LinAlgError(
            f"tensorsolve: a of shape {a.shape} is not square as a map of arrays of shape {shape}"
        )
    columns = math.prod(shape)
    solution: Any = np.linalg.solve(np.reshape(a, (columns, columns)), np.ravel(b))
    return solution.reshape(shape)
