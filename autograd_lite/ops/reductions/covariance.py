"""Covariances, correlation coefficients, and the values of polynomials."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from autograd_lite.core.numpy_protocols import numpy_operations
from autograd_lite.core.tensor import Array, Tensor
from autograd_lite.ops.arrays.indexing import clip
from autograd_lite.ops.arrays.shape import astype, concatenate, reshape
from autograd_lite.ops.composition import composed
from autograd_lite.support.conversion import strip, to_array
from autograd_lite.support.messages import show

__all__ = ["corrcoef", "cov", "polyval"]


def _variables(m: Array, y: Array, rowvar: bool, dtype: Any) -> Array:
    """All variables as rows."""
    rows = []
    for name, given in (("m", m), ("y", y)):
        if given is None:
            continue
        x = to_array(given)
        if x.ndim > 2:
            raise ValueError(f"{name} has more than 2 axes: its shape is {x.shape}")
        is_one = x.ndim < 2
        x = reshape(x, (1, x.size)) if is_one else x
        are_rows = rowvar or (is_one if name == "m" else x.shape[0] == 1)
        rows.append(x if are_rows else np.transpose(x))
    joined = concatenate(rows, 0) if len(rows) > 1 else rows[0]
    return _converted(joined, np.result_type(joined.dtype, np.float64) if dtype is None else np.dtype(dtype))


def _converted(x: Array, dtype: Any) -> Array:
    return x if x.dtype == dtype else astype(x, dtype)


def _weights(name: str, weights: Any, observations: int) -> Any:
    weights = to_array(weights)
    if weights.ndim != 1 or len(weights) != observations:
        raise ValueError(f"{name} of shape {weights.shape} for {observations} observations")
    if np.any(strip(weights) < 0):
        raise ValueError(f"{name} cannot be negative")
    return weights


@composed(numpy=np.cov)
def cov(
    m: Array, y: Array = None, rowvar: bool = True, bias: bool = False, ddof: int | None = None, fweights: Any = None,
    aweights: Array = None, *, dtype: Any = None,
) -> Tensor:  # fmt: skip
    """The matrix of covariances, Σₙ (xᵢₙ − μᵢ)(xⱼₙ − μⱼ) / (N − 1), of variables that are the rows of m.

    Parameters
    ----------
    m, y : array of one or two axes
        The variables, and further ones.
    rowvar : bool, default True
        False if the variables are columns.
    bias : bool, default False
        Whether to divide by N; `ddof` is another number to subtract from N.
    fweights : array of int (N,), optional
        How often each observation is counted.
    aweights : array (N,), optional
        The weight of each observation.
    dtype : dtype, optional
        Of the result; float64 by default, as in NumPy.

    Raises
    ------
    ValueError
        If an array has more than two axes, or weights have another shape or are negative.
    TypeError
        If `fweights` are no integers.

    Examples
    --------
    >>> cov(Tensor([[1.0, 2.0, 3.0], [1.0, 0.0, 2.0]]))
    Tensor([[1. , 0.5],
            [0.5, 1. ]])
    """
    if ddof is not None and ddof != int(ddof):
        raise ValueError(f"ddof must be an integer, not {show(ddof)}")
    x, ddof = _variables(m, y, rowvar, dtype), int(not bias) if ddof is None else int(ddof)
    observations, weights = x.shape[1], None
    if fweights is not None:
        counts = _weights("fweights", np.asarray(strip(fweights), float), observations)
        if np.any(counts != np.around(counts)):
            raise TypeError("fweights must be integers")
        weights = counts
    if aweights is not None:
        aweights = _weights("aweights", aweights, observations)
        weights = aweights if weights is None else weights * aweights
    if weights is None:
        total, freedom = observations, observations - ddof
        mean = np.mean(x, axis=1, keepdims=True)
    else:
        total = np.sum(weights)
        mean = np.sum(x * weights, axis=1, keepdims=True) / total
        freedom = total - (ddof if aweights is None else ddof * np.sum(weights * aweights) / total)
    if strip(freedom) <= 0:
        warnings.warn("Degrees of freedom <= 0 for slice", RuntimeWarning, stacklevel=3)
        freedom = 0.0
    x = _converted(x - mean, x.dtype)
    product = np.matmul(x, np.transpose(x if weights is None else x * weights))
    return np.squeeze(_converted(product * np.true_divide(1, freedom), product.dtype))


@composed(numpy=np.corrcoef)
def corrcoef(x: Array, y: Array = None, rowvar: bool = True, *, dtype: Any = None) -> Tensor:
    """The matrix of correlation coefficients, cᵢⱼ / √(cᵢᵢ cⱼⱼ) with the covariances c of `cov`.

    Examples
    --------
    >>> corrcoef(Tensor([[1.0, 2.0, 3.0], [1.0, 0.0, 2.0]]))
    Tensor([[1. , 0.5],
            [0.5, 1. ]])
    """
    covariance = cov(x, y, rowvar, dtype=dtype)
    if covariance.ndim == 0:
        return covariance / covariance
    deviation = np.sqrt(np.diagonal(covariance))
    quotient = covariance / np.expand_dims(deviation, 1) / np.expand_dims(deviation, 0)
    return clip(quotient, -1, 1)


def polyval(p: Array, x: Array) -> Tensor:
    """The value of the polynomial p₀ xⁿ + p₁ xⁿ⁻¹ + ... + pₙ at x, by Horner's scheme.

    Parameters
    ----------
    p : array (n + 1, ...) or sequence of arrays
        The coefficients, the highest first.
    x : array

    Raises
    ------
    TypeError
        If x is a polynomial itself.

    Examples
    --------
    >>> polyval(Tensor([1.0, 2.0]), Tensor([3.0, 4.0]))
    Tensor([5., 6.])
    """
    if isinstance(x, np.poly1d):  # which would be read as the array of its coefficients
        raise TypeError("polyval: x is a polynomial; write p(x) with np.poly1d of arrays")
    return _horner(p, x)


def _by_horner(p: Array, x: Array) -> Any:
    x = to_array(x)
    if x.dtype.kind not in "fiub":
        raise TypeError(f"x must hold real numbers, not {x.dtype}")
    value: Array = np.zeros(x.shape, x.dtype)
    for coefficient in p:
        value = value * x + coefficient
    return value


_by_horner.__name__ = "polyval"  # in errors
_horner = composed(_by_horner)
numpy_operations[np.polyval] = polyval
