"""Eigenvalues of symmetric matrices and singular values of all matrices.

A leading `...` in shapes stands for any number of axes. For all operations here:

- NumPy reads one triangle of a symmetric matrix. The gradient is symmetric: it is right for changes that keep the
  matrix symmetric, as in JAX and PyTorch.
- The signs of eigenvectors and singular vectors are arbitrary. Gradients through them are meaningful only for functions
  that do not depend on these signs.

The vectors of values that coincide have no derivative: the backward pass raises LinAlgError and never divides by a gap
within rounding. This must happen exactly when the vectors are used. A gradient of zero for them does not show that they
were not used, so each result is an operation of its own, with the results of NumPy as further arguments.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_lite.core.grad_mode import is_grad_enabled
from autograd_lite.core.numpy_protocols import numpy_operations
from autograd_lite.core.primitive import primitive
from autograd_lite.core.tensor import Array, Tensor
from autograd_lite.ops.composition import composed
from autograd_lite.ops.linalg.decompositions import rounding, symmetrized
from autograd_lite.ops.linalg.solving import adjoint
from autograd_lite.support.conversion import strip, whole
from autograd_lite.support.messages import show

__all__ = ["eigh", "eigvalsh", "svd", "svdvals"]


def _inverse_gaps(values: Array, squared: bool, rows: int, columns: int) -> Array:
    """1 / (xⱼ − xᵢ), or 1 / (xⱼ² − xᵢ²), at row i and column j; zero on the diagonal."""
    n = values.shape[-1]
    x, eye = strip(values), np.eye(n, dtype=values.dtype)
    gaps = np.abs(x[..., None, :] - x[..., :, None])
    if np.any(whole((gaps <= rounding(x, rows, columns)[..., None]) & (eye == 0))):
        raise np.linalg.LinAlgError(
            f"{'svd' if squared else 'eigh'}: no derivative of the {'singular ' if squared else 'eigen'}vectors, "
            f"because two {'singular values' if squared else 'eigenvalues'} coincide"
        )
    row, column = np.expand_dims(values, -2), np.expand_dims(values, -1)
    differences = (row - column) * (row + column) if squared else row - column
    return (1 - eye) / (differences + eye)


def _between(left: Array, diagonal: Array, right: Array) -> Array:
    """U diag(d) Vᵀ."""
    return np.matmul(left * np.expand_dims(diagonal, -2), right)


def _eigenvectors_rule(g: Array, a: Array, w: Array, v: Array) -> Array:
    values, vectors = _eigenvalues(a, w, v), _eigenvectors(a, w, v)
    inner = _inverse_gaps(values, False, *v.shape[-2:]) * np.matmul(adjoint(vectors), g)
    return np.matmul(np.matmul(vectors, symmetrized(inner)), adjoint(vectors))


def _eigenvalues_rule(g: Array, a: Array, w: Array, v: Array) -> Array:
    vectors = _eigenvectors(a, w, v)
    return _between(vectors, g, adjoint(vectors))


@primitive(name="eigh", a=_eigenvalues_rule)
def _eigenvalues(a: Array, w: Array, v: Array) -> Array:
    return w


@primitive(name="eigh", a=_eigenvectors_rule)
def _eigenvectors(a: Array, w: Array, v: Array) -> Array:
    return v


def _triangle(UPLO: str) -> Any:
    if UPLO not in ("L", "U", "l", "u"):
        raise ValueError(f'UPLO must be "L" or "U", not {show(UPLO)}')
    return UPLO


_eigh = primitive(lambda a, UPLO: np.linalg.eigh(a, _triangle(UPLO)), name="eigh", outputs=2)


def eigh(a: Array, UPLO: str = "L") -> Any:
    """The eigenvalues w (..., n), ascending, and eigenvectors V (..., n, n) of symmetric matrices, as an EighResult.

    ∂/∂A = V (diag(g_w) + F ∘ Vᵀ g_V) Vᵀ with Fᵢⱼ = 1/(wⱼ − wᵢ) off the diagonal (Giles 2008, 3.1), symmetrised.

    `UPLO` names the triangle of A that is read; the gradient is symmetric in both cases. Where eigenvalues coincide,
    the gradient of eigenvalues alone is right for functions that treat them alike; eigenvectors have none. The signs of
    eigenvectors are arbitrary, so only functions that do not depend on them have a gradient.

    Raises
    ------
    LinAlgError
        If a matrix is not square; in the backward pass, if eigenvectors are used and eigenvalues coincide.

    Examples
    --------
    >>> eigh(Tensor([[2.0, 0.0], [0.0, 1.0]])).eigenvalues
    Tensor([1., 2.])
    """
    if not isinstance(a, Tensor):
        return _eigh(a, UPLO)
    results: Any = _eigh(a.detach(), UPLO)
    found = strip(tuple(results))
    return type(results)(_eigenvalues(a, *found), _eigenvectors(a, *found))


numpy_operations[np.linalg.eigh] = eigh


def _eigvalsh_rule(g: Array, a: Array, UPLO: str) -> Array:
    v = eigh(a, UPLO).eigenvectors
    return _between(v, g, adjoint(v))


@primitive(numpy=np.linalg.eigvalsh, a=_eigvalsh_rule)
def eigvalsh(a: Array, UPLO: str = "L") -> Array:
    """The eigenvalues of symmetric matrices, ascending. ∂/∂A = V diag(g) Vᵀ, with the eigenvectors V of `eigh`.

    Shapes (..., n, n) give (..., n). Where eigenvalues coincide this is right for functions that treat them alike, such
    as their sum; second derivatives raise LinAlgError there.

    Examples
    --------
    >>> eigvalsh(Tensor([[2.0, 0.0], [0.0, 1.0]]))
    Tensor([1., 2.])
    """
    return np.linalg.eigvalsh(a, _triangle(UPLO))


def _complement(q: Array, g: Array, s: Array, rows: int, columns: int) -> Array:
    """(I − Q Qᵀ) g S⁻¹: the part of the gradient outside the space that the vectors span."""
    if np.any(whole(strip(s) <= rounding(strip(s), rows, columns))):
        raise np.linalg.LinAlgError("svd: no derivative of the singular vectors, because a singular value is zero")
    return (g - np.matmul(q, np.matmul(adjoint(q), g))) / np.expand_dims(s, -2)


def _left_rule(g: Array, a: Array, u: Array, s: Array, vh: Array) -> Array:
    rows, columns = a.shape[-2:]
    u, s, vh = _left(a, u, s, vh), _singular(a, u, s, vh), _right(a, u, s, vh)
    inner = np.matmul(adjoint(u), g)
    inner = _inverse_gaps(s, True, rows, columns) * (inner - adjoint(inner)) * np.expand_dims(s, -2)
    turned = np.matmul(u, inner)
    return np.matmul(turned + _complement(u, g, s, rows, columns) if rows > columns else turned, vh)


def _right_rule(g: Array, a: Array, u: Array, s: Array, vh: Array) -> Array:
    """The rule for the left vectors of the transposed matrix, transposed."""
    return adjoint(_left_rule(adjoint(g), adjoint(a), adjoint(vh), s, adjoint(u)))


def _singular_rule(g: Array, a: Array, u: Array, s: Array, vh: Array) -> Array:
    return _between(_left(a, u, s, vh), g, _right(a, u, s, vh))


@primitive(name="svd", a=_left_rule)
def _left(a: Array, u: Array, s: Array, vh: Array) -> Array:
    return u


@primitive(name="svd", a=_singular_rule)
def _singular(a: Array, u: Array, s: Array, vh: Array) -> Array:
    return s


@primitive(name="svd", a=_right_rule)
def _right(a: Array, u: Array, s: Array, vh: Array) -> Array:
    return vh


_svd_thin = primitive(lambda a: np.linalg.svd(a, full_matrices=False), name="svd", outputs=3)
_svd_full = primitive(lambda a: np.linalg.svd(a), name="svd", outputs=3)
_svd_hermitian = primitive(lambda a, full: np.linalg.svd(a, full, hermitian=True), name="svd", outputs=3)
_svdvals_hermitian = primitive(lambda a: np.linalg.svd(a, compute_uv=False, hermitian=True), name="svd")


def _svd(a: Array) -> Any:
    if not isinstance(a, Tensor):
        return _svd_thin(a)
    results: Any = _svd_thin(a.detach())
    found = strip(tuple(results))
    return type(results)(_left(a, *found), _singular(a, *found), _right(a, *found))


@composed(numpy=np.linalg.svd)
def svd(a: Array, full_matrices: bool = True, compute_uv: bool = True, hermitian: bool = False) -> Any:
    """U, the singular values s in descending order, and Vᵀ, with A = U diag(s) Vᵀ, as an SVDResult.

    ::

        ∂/∂A = U (F ∘ (Uᵀg_U − g_UᵀU) S + S F ∘ (Vᵀg_V − g_VᵀV) + diag(g_s)) Vᵀ
               + (I − UUᵀ) g_U S⁻¹ Vᵀ + U S⁻¹ g_Vᵀ (I − VVᵀ)

    with Fᵢⱼ = 1/(sⱼ² − sᵢ²) off the diagonal (Townsend 2016, Differentiating the singular value decomposition).

    Parameters
    ----------
    a : array (..., m, n)
    full_matrices : bool, default True
        As in NumPy, and the same as False for square matrices. For others the vectors that complete U or Vᵀ are
        arbitrary and have no derivative: pass False.
    compute_uv : bool, default True
        With False only s, as `svdvals`.
    hermitian : bool, default False
        Not for tensors that require gradients; use `eigh`.

    Returns
    -------
    U (..., m, k), s (..., k), Vᵀ (..., k, n) with k = min(m, n)
        Signs of singular vectors are arbitrary (in pairs): only functions that do not depend on them have a gradient.

    Raises
    ------
    TypeError
        If there is no derivative with these arguments and `a` requires gradients.
    LinAlgError
        In the backward pass, if singular vectors are used and singular values coincide (or, unless A is square, one is
        zero). The gradient of singular values alone exists if a function treats equal ones alike and uses no more of
        those that are zero.

    Examples
    --------
    >>> svd(Tensor([[0.0, 2.0], [1.0, 0.0]])).S
    Tensor([2., 1.])
    """
    if not isinstance(a, Tensor):
        return np.linalg.svd(a, full_matrices, compute_uv, hermitian)  # type: ignore[call-overload]
    rectangular = a.ndim >= 2 and a.shape[-2] != a.shape[-1] and full_matrices and compute_uv
    if a.requires_grad and is_grad_enabled() and (hermitian or rectangular):
        use = "hermitian=True has no derivative; use eigh" if hermitian else (
            f"full_matrices=True has no derivative for shape {a.shape}: the vectors that complete U or Vᵀ are "
            "arbitrary; use full_matrices=False"
        )  # fmt: skip
        raise TypeError(f"svd: {use}, or pass the tensor with .detach()")
    if hermitian:
        return _svd_hermitian(a, full_matrices) if compute_uv else _svdvals_hermitian(a)
    return svdvals(a) if not compute_uv else _svd_full(a) if rectangular else _svd(a)


def _svdvals_rule(g: Array, x: Array) -> Array:
    u, _, vh = _svd(x)
    return _between(u, g, vh)


@primitive(numpy=np.linalg.svdvals, x=_svdvals_rule)
def svdvals(x: Array) -> Array:
    """The singular values of matrices, in descending order. ∂/∂x = U diag(g) Vᵀ, with the U and Vᵀ of `svd`.

    Shapes (..., m, n) give (..., min(m, n)). Their sum is the nuclear norm, the first of them the spectral norm. Where
    some coincide the gradient is right for functions that treat them alike; second derivatives raise LinAlgError there.
    At a singular value of zero it is one of the subgradients.

    Examples
    --------
    >>> svdvals(Tensor([[0.0, 2.0], [1.0, 0.0]]))
    Tensor([2., 1.])
    """
    return np.linalg.svdvals(x)


def _refuse_eig(a: Array) -> Any:
    raise TypeError(
        "eig, eigvals: the eigenvalues of a matrix that is not symmetric are complex, and tensors hold real numbers; "
        "for symmetric matrices use eigh or eigvalsh"
    )


numpy_operations[np.linalg.eig] = numpy_operations[np.linalg.eigvals] = _refuse_eig
