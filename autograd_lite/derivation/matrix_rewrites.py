"""Rewrites of matrix calculus: products of matrices, powers, inverses, determinants, and sums of products.

Each takes the formula of a call and returns it in another form, or None where it does not apply. A vector is a column.
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from autograd_lite.derivation.formula import Call, Constant, Formula, alike, call, evaluate
from autograd_lite.derivation.formula_array import FormulaArray
from autograd_lite.derivation.vocabulary import is_identity, log_abs_det, power_of_matrix

Product = list[Any]  # the factors of a product of matrices, the last of which may be a vector


def _is(function: Any, x: Any) -> bool:
    return isinstance(x, Call) and x.function is function


def _array(e: Formula) -> Any:
    return FormulaArray(e)


def identity_mask(e: Call) -> Formula | None:
    """A number on the diagonal and 0 elsewhere is a multiple of the identity matrix."""
    if e.function is not np.where or not is_identity(e.operands[0]) or e.shape != e.operands[0].shape:
        return None
    _, number, other = e.operands
    if not alike(other, Constant(0)) or any(n != 1 for n in number.shape):
        return None
    eye = call(np.eye, e.operands[0].operands)
    return call(np.multiply, (number if number.shape == () else call(np.reshape, (number, ())), eye))


def determinants(e: Call) -> Formula | None:
    """ln |det X| for the second result of slogdet; cofactors are det(X) X⁻ᵀ where X has an inverse."""
    if e.function is operator.getitem and e.operands[1] == 1 and getattr(e.operands[0], "name", "") == "slogdet":
        return call(log_abs_det, (e.operands[0].operands[0],), shape=e.shape, dtype=e.dtype)
    if e.name == "cofactor" and e.ndim == 2 and _has_inverse(x := e.operands[0]):
        return (np.linalg.det(_array(x)) * np.linalg.inv(_array(x)).T).formula  # type: ignore[no-any-return]
    if e.function in (np.linalg.det, log_abs_det) and _is(np.transpose, x := e.operands[0]) and e.shape == ():
        return call(e.function, x.operands[:1], shape=e.shape, dtype=e.dtype)
    return None


def _has_inverse(x: Formula) -> bool:
    try:
        return bool(np.linalg.cond(evaluate(x)) < 1e8)
    except Exception:  # a value is unknown, or is no matrix of finite numbers
        return False


def inverses(e: Call) -> Formula | None:
    """(X⁻¹)⁻¹ = X, (Xᵀ)⁻¹ = (X⁻¹)ᵀ and (Xᵀ)ᵏ = (Xᵏ)ᵀ; the inverse of the identity is the identity."""
    if e.function not in (np.linalg.inv, np.linalg.matrix_power) or e.ndim != 2:
        return None
    x, *exponent = e.operands
    if is_identity(x):
        return x  # type: ignore[no-any-return]
    if _is(np.linalg.inv, x) and not exponent:
        return x.operands[0]  # type: ignore[no-any-return]
    if _is(np.transpose, x):
        inner = call(e.function, (x.operands[0], *exponent), shape=e.shape, dtype=e.dtype)
        return call(np.transpose, (inner, (1, 0)))
    return None


def identity_transposed(e: Call) -> Formula | None:
    """Iᵀ = I."""
    return e.operands[0] if e.function is np.transpose and is_identity(e.operands[0]) else None


# -- products --------------------------------------------------------------------------------------------------------


def _factors(e: Any) -> Product:
    if _is(np.matmul, e) and e.operands[0].ndim == 2 and e.operands[1].ndim in (1, 2):
        return [f for x in e.operands for f in _factors(x)]
    return [e]


def _product(factors: Product) -> Formula:
    """The product, from the right if it ends with a vector, else from the left."""
    if factors[-1].ndim == 1:
        result = factors[-1]
        for factor in factors[-2::-1]:
            result = call(np.matmul, (factor, result))
        return result  # type: ignore[no-any-return]
    result = factors[0]
    for factor in factors[1:]:
        result = call(np.matmul, (result, factor))
    return result  # type: ignore[no-any-return]


def _as_power(e: Any) -> tuple[Any, bool, int]:
    """Base, whether transposed, and exponent, of X, Xᵀ, X⁻¹, X⁻ᵀ, Xᵏ and (Xᵏ)ᵀ."""
    if _is(np.transpose, e) and not is_identity(e):
        base, turned, exponent = _as_power(e.operands[0])
        return base, not turned, exponent
    if _is(np.linalg.inv, e) and e.ndim == 2:
        return e.operands[0], False, -1
    if _is(np.linalg.matrix_power, e) and e.ndim == 2:
        return e.operands[0], False, e.operands[1]
    return e, False, 1


def _power(base: Any, turned: bool, exponent: int) -> Formula:
    x = _array(base)
    if exponent == 0:
        return call(np.eye, (base.shape[0],))
    power = x if exponent == 1 else np.linalg.inv(x) if exponent == -1 else power_of_matrix(x, exponent)
    return (power.T if turned else power).formula  # type: ignore[no-any-return]


def product(e: Call) -> Formula | None:
    """I X = X, X⁻¹ X = I, and Xⁿ Xᵏ = Xⁿ⁺ᵏ where one of the two is a power already."""
    if e.function is not np.matmul or e.operands[0].ndim != 2 or e.operands[1].ndim not in (1, 2):
        return None
    factors: Product = []
    written = _factors(e)
    for factor in written:
        if is_identity(factor):
            continue
        if factors and factor.ndim == 2:
            (x, turned, n), (y, also, k) = _as_power(factors[-1]), _as_power(factor)
            if turned == also and (n, k) not in ((1, 1), (-1, -1)) and alike(x, y):
                factors.pop()
                if n + k:
                    factors.append(_power(x, turned, n + k))
                continue
        factors.append(factor)
    if len(factors) == len(written):
        return None
    return _product(factors) if factors else call(np.eye, (e.shape[0],))


def row(e: Call) -> Formula | None:
    """(A x)ᵀ = xᵀ Aᵀ, for a row that is made of a vector."""
    if e.function is not np.reshape or e.ndim != 2 or e.shape[0] != 1 or e.operands[0].ndim != 1 or e.shape[1] == 1:
        return None
    x = e.operands[0]
    if not _is(np.matmul, x) or x.operands[0].ndim != 2:
        return None
    matrix, vector = x.operands
    return call(np.matmul, (call(np.reshape, (vector, (1, *vector.shape))), call(np.transpose, (matrix, (1, 0)))))


def dot(e: Call) -> Formula | None:
    """(A x)ᵀ y = xᵀ Aᵀ y."""
    if e.function is not np.matmul or e.shape != () or not _is(np.matmul, x := e.operands[0]):
        return None
    matrix, vector = x.operands
    return call(np.matmul, (vector, call(np.matmul, (call(np.transpose, (matrix, (1, 0))), e.operands[1]))))


def common_factor(e: Call) -> Formula | None:
    """A X + B X = (A + B) X, and X A + X B = X (A + B)."""
    if e.function not in (np.add, np.subtract) or e.ndim not in (1, 2) or any(x.shape != e.shape for x in e.operands):
        return None
    left, right = map(_factors, e.operands)
    if min(len(left), len(right)) < 2:
        return None
    ends = _common(left[::-1], right[::-1])
    if ends:
        inner = call(e.function, (_product(left[:-ends]), _product(right[:-ends])))
        return _product([inner, *left[-ends:]])
    starts = _common(left, right)
    if starts:
        inner = call(e.function, (_product(left[starts:]), _product(right[starts:])))
        return _product([*left[:starts], inner])
    return None


def _common(left: Product, right: Product) -> int:
    """How many factors the two have in common at the beginning, at most all but one of each."""
    count = 0
    for x, y in zip(left[:-1], right[:-1], strict=False):
        if not alike(x, y):
            break
        count += 1
    return count


MATRIX_REWRITES = (
    identity_mask, determinants, inverses, identity_transposed, product, row, dot, common_factor,
)  # fmt: skip
