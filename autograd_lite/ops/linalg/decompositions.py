"""Triangular decompositions of matrices: Cholesky and QR.

A leading `...` in shapes stands for any number of axes.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_lite.core.grad_mode import is_grad_enabled
from autograd_lite.core.primitive import primitive
from autograd_lite.core.tensor import Array, Tensor
from autograd_lite.ops.composition import composed
from autograd_lite.ops.linalg.solving import adjoint
from autograd_lite.support.conversion import strip
from autograd_lite.support.messages import show

__all__ = ["cholesky", "qr"]


def symmetrized(x: Array) -> Array:
    """(X + Xᵀ) / 2."""
    return (x + adjoint(x)) / 2


def rounding(s: Any, rows: int, columns: int) -> Any:
    """A bound of the rounding error of values computed from a matrix: some units in the last place of the largest.

    `s` are the eigenvalues or singular values of a matrix of the given shape, or other values of their size.
    """
    return 8 * max(rows, columns, 1) * np.finfo(s.dtype).eps * np.max(np.abs(s), axis=-1, keepdims=True, initial=0)


def _cholesky_rule(g: Array, out: Array, upper: bool) -> Array:
    if upper:
        g, out = adjoint(g), adjoint(out)
    n = out.shape[-1]
    half = np.tril(np.ones((n, n), dtype=out.dtype)) - np.eye(n, dtype=out.dtype) / 2
    inner = symmetrized(half * np.matmul(adjoint(out), g))
    return np.linalg.solve(adjoint(out), adjoint(np.linalg.solve(adjoint(out), inner)))


@primitive(numpy=np.linalg.cholesky, a=_cholesky_rule)
def cholesky(a: Array, *, upper: bool = False) -> Array:
    """The lower triangular L with L Lᵀ = A, or with `upper` the upper triangular Lᵀ.

    ∂/∂A = L⁻ᵀ sym(Φ(Lᵀ g)) L⁻¹, where Φ takes the lower triangle with half the diagonal (Murray 2016, Differentiation
    of the Cholesky decomposition, eq. 10).

    Shapes (..., n, n) give (..., n, n). The gradient is symmetric, although NumPy reads one triangle of A only.

    Raises
    ------
    LinAlgError
        If a matrix is not square, or not positive definite.

    Examples
    --------
    >>> cholesky(Tensor([[4.0, 2.0], [2.0, 5.0]]))
    Tensor([[2., 0.],
            [1., 2.]])
    """
    return np.linalg.cholesky(a, upper=upper)


def _tall_qr_rule(g_q: Array, g_r: Array, q: Array, r: Array) -> Array:
    diagonal = np.abs(np.diagonal(strip(r), axis1=-2, axis2=-1))
    if np.any(diagonal <= rounding(diagonal, *q.shape[-2:])):
        raise np.linalg.LinAlgError("qr: no derivative, because up to rounding the columns are linearly dependent")
    n = r.shape[-1]
    lower = np.tril(np.ones((n, n), dtype=r.dtype))
    m = lower * (np.matmul(r, adjoint(g_r)) - np.matmul(adjoint(g_q), q))
    m = m + adjoint(m * (lower - np.eye(n, dtype=r.dtype)))
    return adjoint(np.linalg.solve(r, adjoint(g_q + np.matmul(q, m))))


def _qr_rule(g: Any, a: Array, out: Any) -> Array:
    (g_q, g_r), (q, r) = g, out
    rows, columns = a.shape[-2:]
    if rows >= columns:
        return _tall_qr_rule(g_q, g_r, q, r)
    g_rest = g_r[..., rows:]  # A = (X, Y) with a square X: the part of R below Y is Qᵀ Y
    g_q = g_q + np.matmul(a[..., rows:], adjoint(g_rest))
    square = _tall_qr_rule(g_q, g_r[..., :rows], q, r[..., :rows])
    return np.concatenate([square, np.matmul(q, g_rest)], axis=-1)


@primitive(name="qr", outputs=2, a=_qr_rule)
def _qr(a: Array) -> Any:
    return np.linalg.qr(a)


_qr_complete = primitive(lambda a: np.linalg.qr(a, "complete"), name="qr", outputs=2)


@composed(numpy=np.linalg.qr)
def qr(a: Array, mode: str = "reduced") -> Any:
    """Q with orthonormal columns and R upper triangular with Q R = A, as a QRResult.

    ∂/∂A = (g_Q + Q copyltu(M)) R⁻ᵀ with M = R g_Rᵀ − g_Qᵀ Q, where copyltu mirrors the lower triangle (Walter and
    Lehmann 2018, Algorithmic differentiation of linear algebra functions, QR).

    Parameters
    ----------
    a : array (..., m, n)
        To be differentiated, its first min(m, n) columns must be linearly independent.
    mode : {"reduced", "complete", "r"}
        "reduced": Q is (..., m, k), R is (..., k, n) with k = min(m, n). "r": only that R. "complete": Q is
        (..., m, m); for m > n its last columns are arbitrary, so it has no derivative then.

    Raises
    ------
    TypeError
        If `mode` is "complete" for m > n and `a` requires gradients, or is only supported for arrays ("raw").
    LinAlgError
        In the backward pass, if the columns are linearly dependent.

    Examples
    --------
    >>> abs(qr(Tensor([[3.0, 1.0], [4.0, 2.0]])).R[0, 0]).item()
    5.0
    """
    if not isinstance(a, Tensor):
        return np.linalg.qr(a, mode)  # type: ignore[call-overload]
    if mode in ("reduced", "r"):
        factors: Any = _qr(a)
        return factors if mode == "reduced" else factors.R
    if mode != "complete":
        raise TypeError(f"qr: mode {show(mode)} is not possible for tensors; use 'reduced', 'complete' or 'r'")
    if a.ndim >= 2 and a.shape[-2] <= a.shape[-1]:
        return _qr(a)
    if a.requires_grad and is_grad_enabled():
        raise TypeError(
            f"qr: mode 'complete' has no derivative for shape {a.shape}: the columns of Q that complete it are "
            "arbitrary; use mode 'reduced', or pass the tensor with .detach()"
        )
    return _qr_complete(a)
