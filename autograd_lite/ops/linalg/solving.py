"""Linear systems: inverses, determinants, powers. All operations are batched.

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
from autograd_lite.support.conversion import strip, to_array
from autograd_lite.support.messages import show

__all__ = ["det", "inv", "matrix_power", "slogdet", "solve", "tensorinv", "tensorsolve"]

numpy_queries.add(np.linalg.matrix_rank)


def adjoint(x: Array) -> Array:
    """The last two axes swapped."""
    return np.swapaxes(x, -1, -2)


def _as_matrix(number: Array) -> Array:
    return np.expand_dims(number, (-2, -1))


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


# -- determinants --------------------------------------------------------------------------------------------------


def _svd_and_orientation(a: Any) -> tuple[Any, Any, Any, Any]:
    """A = U S Vᵀ, and det U · det V = ±1."""
    u, s, vh = np.linalg.svd(a)
    return u, s, vh, np.linalg.slogdet(u)[0] * np.linalg.slogdet(vh)[0]


def _products_without_one(s: Any) -> Any:
    """For each number the product of all others, without a division."""
    return np.prod(np.where(np.eye(s.shape[-1], dtype=bool), 1, s[..., None, :]), axis=-1)


def _products_without_two(s: Any) -> Any:
    """For each pair of numbers the product of all others. The diagonal, the product of all but one, is not used."""
    n = s.shape[-1]
    rows = [_products_without_one(np.where(np.arange(n) == i, 1, s)) for i in range(n)]
    return np.stack(rows, axis=-2) if n else np.zeros((*s.shape, 0))


def _cofactor_of_regular(a: Any) -> Any:
    """A⁻ᵀ det A, 4 times faster than from the singular values; None if a matrix is too close to a singular one."""
    if not a.size:
        return None
    det, limits = np.linalg.det(a), np.finfo(a.dtype)
    size = np.abs(det)
    if np.any(~((size > math.sqrt(limits.tiny)) & (size < math.sqrt(limits.max)))):
        return None
    inverse = np.linalg.inv(a)
    condition = np.abs(a).sum(-1).max(-1) * np.abs(inverse).sum(-1).max(-1)  # in the norm of row sums
    if np.any(~(condition < limits.eps ** (-1 / 3))):
        return None
    return adjoint(inverse) * _as_matrix(det)


def _change_rule(g: Array, a: Array) -> Array:
    return _cofactor_change(g, a)


@primitive(name="cofactor", a=_change_rule)
def _cofactor(a: Array) -> Array:
    """The gradient of the determinant: A⁻ᵀ det A, defined for singular A too."""
    regular = _cofactor_of_regular(a)
    if regular is not None:
        return regular
    u, s, vh, sign = _svd_and_orientation(a)
    return np.matmul(u * (np.expand_dims(sign, -1) * _products_without_one(s))[..., None, :], vh)


def _third_derivative(g: Array, change: Array, a: Array) -> Array:
    """The third derivative of the determinant, from the inverse; NaN for a matrix too close to a singular one."""
    s = np.linalg.svdvals(strip(a))
    bad = np.min(s, -1, initial=np.inf) <= np.max(s, -1, initial=0) * np.finfo(s.dtype).eps ** 0.25
    bad = _as_matrix(bad)
    x = adjoint(np.linalg.inv(np.where(bad, np.eye(s.shape[-1], dtype=s.dtype), a)))
    inner_g, inner_change = _as_matrix(np.sum(g * x, (-2, -1))), _as_matrix(np.sum(change * x, (-2, -1)))
    step_g = np.matmul(np.matmul(x, adjoint(g)), x)
    step_change = np.matmul(np.matmul(x, adjoint(change)), x)
    total = (inner_g * inner_change - _as_matrix(np.sum(g * step_change, (-2, -1)))) * x
    total = total - inner_g * step_change - inner_change * step_g
    total = total + np.matmul(np.matmul(step_change, adjoint(g)), x) + np.matmul(np.matmul(x, adjoint(g)), step_change)
    return np.where(bad, np.nan, _as_matrix(np.linalg.det(a)) * total)


@primitive(name="cofactor_change", change=_change_rule, a=_third_derivative)
def _cofactor_change(change: Array, a: Array) -> Array:
    """The derivative of the cofactors of `a` in the direction `change`. It is a symmetric map, so it is its own rule.

    In the basis of the singular vectors it consists of products of all singular values but two.
    """
    u, s, vh, sign = _svd_and_orientation(a)
    inside = np.matmul(np.matmul(adjoint(u), change), adjoint(vh))
    products = _products_without_two(s)
    diagonal = np.sum(products * np.einsum("...ii->...i", inside)[..., None, :], axis=-1)
    changed = np.eye(s.shape[-1], dtype=s.dtype) * diagonal[..., None, :] - products * adjoint(inside)
    return _as_matrix(sign) * np.matmul(np.matmul(u, changed), vh)


@primitive(numpy=np.linalg.det, a=lambda g, a: _as_matrix(g) * _cofactor(a))
def det(a: Array) -> Array:
    """The determinant. ∂/∂A = g · cofactors of A, which is g det(A) A⁻ᵀ where A has an inverse (Giles 2008, 2.2.1).

    First and second derivatives come from the singular value decomposition without a division, so they are right for
    matrices of any rank. Those of order three and higher need the inverse; they are NaN for a matrix whose condition
    number is above 8e3 (in float32: 50).

    Shapes (..., n, n) give (...).

    Raises
    ------
    LinAlgError
        If a matrix is not square.

    Examples
    --------
    >>> a = Tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    >>> det(a).backward()
    >>> a.grad.round(6) + 0.0
    array([[ 4., -3.],
           [-2.,  1.]])
    """
    return np.linalg.det(a)


@primitive(numpy=np.linalg.slogdet, outputs=2, a=lambda g, a: _as_matrix(g[1]) * adjoint(np.linalg.inv(a)))
def slogdet(a: Array) -> Any:
    """The sign of the determinant and the logarithm of its absolute value. ∂ logabsdet/∂A = g A⁻ᵀ (Giles 2008, 2.2.1).

    Shapes (..., n, n) give a SlogdetResult of two results of shape (...). The gradient of the sign is zero.

    Raises
    ------
    LinAlgError
        If a matrix is not square; in the backward pass, if it is singular.

    Examples
    --------
    >>> slogdet(Tensor([[0.0, 1.0], [1.0, 0.0]]))
    SlogdetResult(sign=Tensor(-1.), logabsdet=Tensor(0.))
    """
    return np.linalg.slogdet(a)


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
