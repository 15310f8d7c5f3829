"""The vocabulary of matrix calculus in formulas: inverse, determinant, trace, norm, identity, diagonal.

Each function of NumPy or operation of the engine gets one form here, so that the rewrites have one form to match and
the printer one function to write. `total`, the sum, is in `formula`, the moves of axes are in `formula_array`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_lite.derivation.constants import Constant
from autograd_lite.derivation.contractions import contracted
from autograd_lite.derivation.formula import Call, call
from autograd_lite.derivation.formula_array import SPELLINGS, FormulaArray, apply
from autograd_lite.ops.lengths import euclidean
from autograd_lite.ops.linalg.contraction import _einsum
from autograd_lite.ops.linalg.norms import _power_norm

# -- functions that NumPy has under no name of their own -------------------------------------------------------------


def norm(x: Any, order: float) -> Any:
    """The norm (Σ |xᵢ|ᵖ)^(1/p) of all elements."""
    return np.linalg.norm(np.ravel(x), order)


def mean(x: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
    """The mean over some of the axes."""
    return np.mean(x, axis=axes, keepdims=keepdims)


def log_abs_det(x: Any) -> Any:
    """The logarithm of the absolute value of the determinant."""
    return np.linalg.slogdet(x)[1]


# -- one form for each -----------------------------------------------------------------------------------------------


def _square(x: Any) -> Any:
    if x.ndim < 2 or x.shape[-1] != x.shape[-2]:
        raise ValueError(f"a square matrix, not one of shape {x.shape}")
    return x


def _inverse(x: Any) -> Any:
    return FormulaArray(call(np.linalg.inv, (_square(x).formula,), shape=x.shape, dtype=x.dtype))


def _determinant(x: Any) -> Any:
    return FormulaArray(call(np.linalg.det, (_square(x).formula,), shape=x.shape[:-2], dtype=x.dtype))


def _log_abs_det(x: Any) -> Any:
    return FormulaArray(call(log_abs_det, (_square(x).formula,), shape=x.shape[:-2], dtype=x.dtype))


def _matrix_power(x: Any, n: int) -> Any:
    if n == 1:
        return x
    return _inverse(x) if n == -1 else power_of_matrix(_square(x), n)


def power_of_matrix(x: Any, n: int) -> Any:
    """The formula of a power of a matrix that is not the matrix itself or its inverse."""
    return FormulaArray(call(np.linalg.matrix_power, (x.formula, n), shape=x.shape, dtype=x.dtype))


def _solve(a: Any, b: Any) -> Any:
    if np.ndim(a) != 2 or np.ndim(b) not in (1, 2):
        return apply(np.linalg.solve, a, b)
    return _inverse(a) @ b


def _diag(x: Any, k: int = 0) -> Any:
    if x.ndim == 2:
        return _diagonal(x, k)
    return apply(np.diag, x, k) if k else FormulaArray(call(np.diag, (x.formula,), shape=x.shape * 2, dtype=x.dtype))


def _mean(x: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: bool = False) -> Any:
    """The mean of all elements as a number is a sum divided by their number; over axes, or kept, it is a mean."""
    axes = tuple(range(x.ndim)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    axes = tuple(sorted(a % x.ndim for a in axes)) if x.ndim else ()
    if (len(axes) == x.ndim and not (keepdims and x.size > 1)) or not axes:
        count = math.prod(x.shape[a] for a in axes)
        return np.sum(x, axis=axes, keepdims=keepdims) / count
    kept = (1 if a in axes else n for a, n in enumerate(x.shape) if keepdims or a not in axes)
    return FormulaArray(call(mean, (x.formula, axes, bool(keepdims)), shape=tuple(kept), dtype=x.dtype))


def _trace(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1, **others: Any) -> Any:
    if x.ndim != 2 or offset or {axis1 % 2, axis2 % 2} != {0, 1} or others:
        return apply(np.trace, x, offset, axis1, axis2, **others)
    return FormulaArray(call(np.trace, (x.formula,), shape=(), dtype=x.dtype))


def _diagonal(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    if x.ndim != 2 or offset or {axis1 % 2, axis2 % 2} != {0, 1}:
        return apply(np.diagonal, x, offset, axis1, axis2)
    return FormulaArray(call(np.diagonal, (x.formula,), shape=(min(x.shape),), dtype=x.dtype))


def _norm(x: Any, order: float, axis: Any, keepdims: bool) -> Any:
    """A norm of all elements is a norm; those along an axis are written out."""
    axes = axis if isinstance(axis, tuple) else tuple(range(x.ndim)) if axis is None else (axis,)
    if len({a % x.ndim for a in axes}) < x.ndim:
        if order == 2:
            return np.sqrt(np.sum(x**2, axis=axis, keepdims=keepdims))
        return np.sum(np.absolute(x) ** order, axis=axis, keepdims=keepdims) ** (Constant.of(1 / order).value)
    length = FormulaArray(call(norm, (x.formula, Constant.of(order).value), shape=(), dtype=x.dtype))
    return np.reshape(length, (1,) * x.ndim) if keepdims else length


SPELLINGS |= {
    np.linalg.inv: _inverse,
    np.linalg.det: _determinant,
    np.linalg.matrix_power: _matrix_power,
    np.linalg.solve: _solve,
    np.trace: _trace,
    np.diagonal: _diagonal,
    np.diag: _diag,
    np.mean: _mean,
    log_abs_det: _log_abs_det,
}

# Operations that are not NumPy functions.
OPERATIONS: dict[Any, Callable[..., Any]] = {
    _einsum.primitive: lambda *operands, inputs, output, **others: contracted(operands, inputs, output),  # type: ignore[attr-defined]
    euclidean.primitive: lambda x, axis, keepdims: _norm(x, 2, axis, keepdims),  # type: ignore[attr-defined]
    _power_norm.primitive: _norm,  # type: ignore[attr-defined]
}


def is_identity(e: Any) -> bool:
    """Whether a formula is the identity matrix."""
    return isinstance(e, Call) and e.function is np.eye
