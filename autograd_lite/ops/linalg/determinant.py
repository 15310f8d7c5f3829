"""Determinants, and their derivatives to third order, for regular and for singular matrices. All are batched.

A leading `...` in shapes stands for any number of axes. As in NumPy, a matrix that is not square raises LinAlgError.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd_lite.core.primitive import primitive
from autograd_lite.core.tensor import Array
from autograd_lite.ops.linalg.solving import adjoint
from autograd_lite.support.conversion import strip

__all__ = ["det", "slogdet"]


def _as_matrix(number: Array) -> Array:
    return np.expand_dims(number, (-2, -1))


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
