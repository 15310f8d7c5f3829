"""The exponential of matrices, batched."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_lite.core.primitive import primitive
from autograd_lite.core.tensor import Array
from autograd_lite.ops.linalg.solving import adjoint
from autograd_lite.support.conversion import strip, to_floats, whole

__all__ = ["expm"]

# The coefficients of the Padé approximant of degree 13 of the exponential, and the norm of matrices up to which it is
# exact to rounding in double precision.
_PADE = (
    64764752532480000.0, 32382376266240000.0, 7771770303897600.0, 1187353796428800.0, 129060195264000.0,
    10559470521600.0, 670442572800.0, 33522128640.0, 1323241920.0, 40840800.0, 960960.0, 16380.0, 182.0, 1.0,
)  # fmt: skip
_LARGEST = 5.371920351148152


def _norm(a: Any) -> Any:
    """The largest sum of magnitudes in a column, of each matrix, with axes of length one."""
    return np.max(np.sum(np.abs(a), axis=-2, keepdims=True), axis=-1, keepdims=True, initial=0)


def _derivative(g: Array, a: Array) -> Array:
    """The derivative at Aᵀ in the direction G: the upper right block of exp [[Aᵀ, G], [0, Aᵀ]].

    G is scaled to norm 1, because the larger the norm, the more rounding errors.
    """
    n, scale = a.shape[-1], _norm(strip(g))
    scale = np.where((scale > 0) & np.isfinite(scale), scale, np.asarray(1, scale.dtype))
    transposed = adjoint(a)
    above = np.concatenate([transposed, g / scale], axis=-1)
    below = np.concatenate([np.zeros_like(strip(g)), transposed], axis=-1)
    return expm(np.concatenate([above, below], axis=-2))[..., :n, n:] * scale


@primitive(a=_derivative)
def expm(a: Array) -> Array:
    """The exponential of a matrix, Σ Aᵏ / k!, by scaling and squaring (Higham 2005, The scaling and squaring method).

    The gradient is the derivative of the exponential at Aᵀ in the direction g, which is a block of the exponential of a
    matrix twice as large (Al-Mohy & Higham 2009, Computing the Fréchet derivative of the matrix exponential, eq. 1.2).
    Rounding errors grow with the norm of the matrix, also where its powers are small: with 1e6 above the diagonal and
    zeros elsewhere, ten digits are left.

    Shapes (..., n, n) give (..., n, n). Integers are converted to float64.

    Raises
    ------
    LinAlgError
        If a matrix is not square.

    Examples
    --------
    >>> expm(Tensor([[0.0, 1.0], [0.0, 0.0]]))
    Tensor([[1., 1.],
            [0., 1.]])
    """
    a = to_floats(a)
    if a.ndim < 2 or a.shape[-1] != a.shape[-2]:
        raise np.linalg.LinAlgError(f"a of shape {a.shape} does not consist of square matrices")
    norm = _norm(a)
    squarings = np.maximum(np.ceil(np.log2(np.where((norm > 0) & np.isfinite(norm), norm, 1) / _LARGEST)), 0)
    out = _pade(a / np.exp2(squarings).astype(a.dtype))
    for done in range(int(np.max(whole(squarings), initial=0))):
        out = np.where(done < squarings, np.matmul(out, out), out)
    return out


def _pade(a: Any) -> Any:
    """The quotient of two polynomials that is the exponential of small matrices."""
    eye = np.eye(a.shape[-1], dtype=a.dtype)
    a2 = np.matmul(a, a)
    a4 = np.matmul(a2, a2)
    a6 = np.matmul(a2, a4)
    c = [a.dtype.type(number) for number in _PADE]
    odd = np.matmul(a6, c[13] * a6 + c[11] * a4 + c[9] * a2) + c[7] * a6 + c[5] * a4 + c[3] * a2 + c[1] * eye
    even = np.matmul(a6, c[12] * a6 + c[10] * a4 + c[8] * a2) + c[6] * a6 + c[4] * a4 + c[2] * a2 + c[0] * eye
    odd = np.matmul(a, odd)
    return np.linalg.solve(even - odd, even + odd)
