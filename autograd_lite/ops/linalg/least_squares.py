"""Pseudoinverse, least squares and condition number of matrices of any shape."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from autograd_lite.core.grad_mode import is_grad_enabled
from autograd_lite.core.primitive import primitive
from autograd_lite.core.tensor import Array, Tensor
from autograd_lite.ops.composition import composed
from autograd_lite.ops.linalg.decompositions import rounding, symmetrized
from autograd_lite.ops.linalg.solving import adjoint
from autograd_lite.ops.linalg.spectral import svdvals
from autograd_lite.support.conversion import strip, whole
from autograd_lite.support.messages import show

__all__ = ["cond", "lstsq", "pinv"]


def _refuse_doubtful_rank(name: str, a: Any, cutoff: Any) -> None:
    """LinAlgError unless `cutoff` drops just the singular values within rounding: the formulas need a known rank."""
    s = np.linalg.svdvals(a)
    kept = s > np.asarray(cutoff)[..., None] * np.max(s, axis=-1, keepdims=True, initial=0)
    if np.any(whole(kept != (s > rounding(s, *a.shape[-2:])))):
        raise np.linalg.LinAlgError(
            f"{name}: no derivative, because the rank is not certain: rcond={cutoff} drops singular values that are "
            "more than rounding, or keeps some that may be no more; pass an rcond between the two"
        )


def _lower(a: Array) -> Array:
    """The symmetric matrices whose lower triangles are those of `a`."""
    n = a.shape[-1]
    lower, eye = np.tril(np.ones((n, n), dtype=bool)), np.eye(n, dtype=bool)
    return np.where(lower, a, 0.0) + adjoint(np.where(lower & ~eye, a, 0.0))


def _pinv_rule(g: Array, a: Array, out: Array, rcond: Any, hermitian: bool, rtol: Any) -> Array:
    if hermitian:
        a = _lower(a)
    cutoff = rtol if rcond is None and rtol is not np._NoValue else rcond
    if cutoff is None:
        cutoff = 1e-15 if rtol is np._NoValue else max(a.shape[-2:]) * np.finfo(a.dtype).eps
    _refuse_doubtful_rank("pinv", strip(a), cutoff)
    p, q, h = out, adjoint(out), adjoint(g)
    total = -np.matmul(np.matmul(q, g), q)
    left = np.matmul(np.matmul(h, p), q)  # gᵀ P Pᵀ
    right = np.matmul(np.matmul(q, p), h)  # Pᵀ P gᵀ
    total = total + left - np.matmul(a, np.matmul(p, left)) + right - np.matmul(np.matmul(right, p), a)
    return symmetrized(total) if hermitian else total


@primitive(numpy=np.linalg.pinv, a=_pinv_rule)
def pinv(a: Array, rcond: Any = None, hermitian: bool = False, *, rtol: Any = np._NoValue) -> Array:
    """The pseudoinverse P of matrices of any shape and rank.

    ∂/∂A = −Pᵀ g Pᵀ + (I − A P) gᵀ P Pᵀ + Pᵀ P gᵀ (I − P A) (Golub and Pereyra 1973, The differentiation of
    pseudo-inverses, eq. 4.12).

    Shapes (..., m, n) give (..., n, m). The formula is for changes that keep the rank. Where the rank is not full, the
    pseudoinverse is discontinuous in other directions.

    Parameters
    ----------
    a : array (..., m, n)
    rcond, rtol : float or array, optional
        Singular values up to this fraction of the largest count as zero; the defaults are those of NumPy.
    hermitian : bool, default False
        Read the lower triangle of symmetric matrices only; the gradient is symmetric then.

    Raises
    ------
    LinAlgError
        In the backward pass, if the rank is not certain: if singular values above rounding count as zero, or some
        within rounding do not (as in float32 with the default of rcond).

    Examples
    --------
    >>> pinv(Tensor([[2.0], [0.0]]))
    Tensor([[0.5, 0. ]])
    """
    options = {} if rtol is np._NoValue else {"rtol": rtol}
    return np.linalg.pinv(a, rcond, hermitian, **options)


class _Fit(NamedTuple):
    x: Any
    residuals: Any
    rank: Any
    s: Any


def _lstsq_rule(g: Any, a: Array, b: Array, out: Any, rcond: Any) -> tuple[Array, Array]:
    (g_x, g_squares, _, g_s), (x, squares) = g, out[:2]
    eps = np.finfo(out[3].dtype).eps
    cutoff = max(a.shape) * eps if rcond is None else eps if rcond < 0 else rcond
    _refuse_doubtful_rank("lstsq", strip(a), cutoff)
    vector = b.ndim == 1
    if vector:
        g_x, x, b = np.expand_dims(g_x, -1), np.expand_dims(x, -1), np.expand_dims(b, -1)
    p = np.linalg.pinv(a, rcond=cutoff)
    rest = b - np.matmul(a, x)
    g_b = np.matmul(adjoint(p), g_x)
    turned = np.matmul(p, g_b)  # P Pᵀ g
    g_a = np.matmul(rest, adjoint(turned)) - np.matmul(g_b, adjoint(x))
    null = g_x - np.matmul(adjoint(a), g_b)  # (I − P A) g
    g_a = g_a + np.matmul(np.matmul(adjoint(p), x), adjoint(null))
    if squares.size:
        scaled = 2 * rest * g_squares
        g_a, g_b = g_a - np.matmul(scaled, adjoint(x)), g_b + scaled
    if np.any(strip(g_s)) or getattr(g_s, "requires_grad", False):
        u, _, vh = np.linalg.svd(a, full_matrices=False)
        g_a = g_a + np.matmul(u * g_s, vh)
    return g_a, np.squeeze(g_b, -1) if vector else g_b


@primitive(name="lstsq", outputs=4, joint=(("a", "b"), _lstsq_rule))
def _lstsq(a: Array, b: Array, rcond: Any) -> _Fit:
    x, residuals, rank, s = np.linalg.lstsq(a, b, rcond)
    return _Fit(x, residuals, np.asarray(rank), s)


@composed(numpy=np.linalg.lstsq)
def lstsq(a: Array, b: Array, rcond: float | None = None) -> tuple[Any, Any, Any, Any]:
    """The x of smallest norm that minimises ‖b − A x‖, with the sums of squares, the rank and the singular values of A.

    With P the pseudoinverse of A and r = b − A x: ∂/∂b = Pᵀ g, ∂/∂A = r (P Pᵀ g)ᵀ − (Pᵀ g) xᵀ + Pᵀ x ((I − P A) g)ᵀ
    (Golub and Pereyra 1973, The differentiation of pseudo-inverses). Sums of squares and singular values have gradients
    too. If the rank is not full, gradients are for changes that keep it.

    Parameters
    ----------
    a : array (m, n)
    b : array (m,) or (m, k)
    rcond : float, optional
        Singular values up to this fraction of the largest count as zero; by default max(m, n) units in the last place.

    Returns
    -------
    x : array (n,) or (n, k)
    residuals : array (1,), (k,) or, unless m > n and the rank is full, (0,)
    rank : int
    s : array (min(m, n),)

    Raises
    ------
    LinAlgError
        If the shapes do not match; in the backward pass, if the rank is not certain, as for `pinv`.
    TypeError
        If one operand is a tensor and the other one complex.

    Examples
    --------
    >>> lstsq(Tensor([[1.0], [1.0]]), Tensor([1.0, 3.0]))[0]
    Tensor([2.])
    """
    if not isinstance(a, Tensor) and not isinstance(b, Tensor):
        return np.linalg.lstsq(a, b, rcond)
    if np.iscomplexobj(a) or np.iscomplexobj(b):
        raise TypeError("lstsq: the result is complex, but tensors hold real numbers")
    x, residuals, rank, s = _lstsq(a, b, rcond)
    return x, residuals, rank.data[()], s


def _norm(x: Array, p: Any) -> Array:
    """The norms of matrices other than 2 and -2."""
    if p == "nuc":
        return np.sum(svdvals(x), axis=-1)
    if p == "fro":
        return np.sqrt(np.sum(x * x, axis=(-2, -1)))
    if p not in (1, -1, np.inf, -np.inf):
        raise ValueError(f"cond: p={show(p)} is not a norm of matrices")
    sums = np.sum(np.abs(x), axis=-2 if abs(p) == 1 else -1)
    return np.max(sums, axis=-1) if p > 0 else np.min(sums, axis=-1)


_cond_without_derivative = primitive(lambda x, p: np.linalg.cond(x, p), name="cond")


@composed(numpy=np.linalg.cond)
def cond(x: Array, p: Any = None) -> Tensor:
    """The condition number of matrices: the ratio of the largest to the smallest singular value, or ‖x‖ₚ ‖x⁻¹‖ₚ.

    Its derivatives are those of `svdvals` and `inv`.

    Parameters
    ----------
    x : array (..., m, n)
        Square unless `p` is None, 2 or -2.
    p : {None, 2, -2, 1, -1, inf, -inf, "fro", "nuc"}, optional
        The norm; None is 2; for -2 the ratio is inverted.

    Raises
    ------
    LinAlgError
        If a matrix is empty, or not square for a norm that needs the inverse; if a matrix is singular and `x` requires
        gradients, because the infinite condition number has none.

    Examples
    --------
    >>> cond(Tensor([[2.0, 0.0], [0.0, 4.0]]))
    Tensor(2.)
    """
    if not isinstance(x, Tensor):
        return np.linalg.cond(x, p)
    if not (x.requires_grad and is_grad_enabled()):
        return _cond_without_derivative(x, p)
    values = np.linalg.cond(x.data, p)
    if not np.all(np.isfinite(values)):
        raise np.linalg.LinAlgError("cond: there is no derivative at a singular matrix, or one with NaN")
    if p in (None, 2, -2):
        s = svdvals(x)
        return s[..., -1] / s[..., 0] if p == -2 else s[..., 0] / s[..., -1]
    return _norm(x, p) * _norm(np.linalg.inv(x), p)
