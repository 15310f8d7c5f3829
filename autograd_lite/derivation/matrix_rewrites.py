"""Rewrites of matrix calculus: products of matrices, powers, inverses, transposes and determinants.

Each takes the formula of a call and returns it in another form, or None where it does not apply. A vector is a column.
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from autograd_lite.derivation.constants import Constant, Formula
from autograd_lite.derivation.formula import Call, alike, call, evaluate
from autograd_lite.derivation.formula_array import FormulaArray
from autograd_lite.derivation.vocabulary import is_identity, log_abs_det, power_of_matrix

Product = list[Any]  # the factors of a product of matrices, the last of which may be a vector


def _is(function: Any, x: Any) -> bool:
    return isinstance(x, Call) and x.function is function


def _array(e: Formula) -> Any:
    return FormulaArray(e)


def _applied(function: Any, e: Formula) -> Formula:
    """The formula of a function of one argument."""
    return function(FormulaArray(e)).formula  # type: ignore[no-any-return]


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
    """(X⁻¹)⁻¹ = X, (Xᵏ)⁻¹ = X⁻ᵏ, (Xᵀ)⁻¹ = (X⁻¹)ᵀ and (Xᵀ)ᵏ = (Xᵏ)ᵀ; the inverse of the identity is the identity."""
    if e.function not in (np.linalg.inv, np.linalg.matrix_power) or e.ndim != 2:
        return None
    x, *exponent = e.operands
    if is_identity(x):
        return x  # type: ignore[no-any-return]
    if _is(np.linalg.inv, x) and not exponent:
        return x.operands[0]  # type: ignore[no-any-return]
    if _is(np.linalg.matrix_power, x) and not exponent:
        return power_of(x.operands[0], False, -x.operands[1])
    if _is(np.transpose, x):
        inner = call(e.function, (x.operands[0], *exponent), shape=e.shape, dtype=e.dtype)
        return call(np.transpose, (inner, (1, 0)))
    return None


def symmetric_transposed(e: Call) -> Formula | None:
    """Xᵀ = X for I, diag(x), Aᵀ A, sums of such matrices, and their powers and inverses."""
    return e.operands[0] if e.function is np.transpose and e.ndim == 2 and _is_symmetric(e.operands[0]) else None


def _is_symmetric(x: Any) -> bool:
    if not isinstance(x, Call):
        return False
    if is_identity(x) or x.function is np.diag:
        return True
    if x.function in (np.linalg.inv, np.linalg.matrix_power):
        return _is_symmetric(x.operands[0])
    if x.function is np.add and any(_is(np.transpose, part) for part in x.operands):
        left, right = (part.operands[0] if _is(np.transpose, part) else part for part in x.operands)
        one_is_turned = sum(_is(np.transpose, part) for part in x.operands) == 1
        if one_is_turned and alike(left, right):
            return True
    if x.function in (np.add, np.subtract, np.multiply):
        return all(_is_symmetric(part) or (part.shape == () and x.function is np.multiply) for part in x.operands)
    factors = factors_of(x)
    return x.ndim == 2 and len(factors) > 1 and all(map(_is_mirrored, factors, factors[::-1]))


def _is_mirrored(factor: Any, mirrored: Any) -> bool:
    """Whether a factor is the transpose of the one at the mirrored place."""
    if _is(np.transpose, mirrored):
        return alike(factor, mirrored.operands[0])
    if _is(np.transpose, factor):
        return alike(factor.operands[0], mirrored)
    return alike(factor, mirrored) and _is_symmetric(factor)


def diagonals(e: Call) -> Formula | None:
    """A vector on the diagonal of zeros is diag(x), and the elements on a diagonal are diag(X); diag(1) is I."""
    x: Any = e.operands[0] if e.operands else None
    if e.function is np.diag and _is(np.broadcast_to, x) and alike(x.operands[0], Constant(1)):
        return call(np.eye, (e.shape[0],))
    square = len(set(e.shape)) == 1 and e.ndim == 2
    if square and e.name == "from_diagonal" and e.operands[2] == 0 and e.operands[3:] in ((0, 1), (1, 0)):
        return _applied(np.diag, x)
    if square and e.name == "scatter" and _names_diagonal(e.operands[1], e.shape[0]) and x.shape == e.shape[:1]:
        return _applied(np.diag, x)
    taken_from_matrix = e.function is operator.getitem and isinstance(x, Formula) and x.ndim == 2
    if taken_from_matrix and x.shape[0] == x.shape[1] and _names_diagonal(e.operands[1], x.shape[0]):
        return _applied(np.diagonal, x)
    if e.function is np.diagonal and len(e.operands) == 1 and _is(np.diag, x) and len(x.operands) == 1:
        return x.operands[0]  # type: ignore[no-any-return]
    return None


def _names_diagonal(index: Any, n: int) -> bool:
    """Whether an index names the elements (0, 0), (1, 1), ... of a matrix."""
    if not isinstance(index, tuple) or len(index) != 2:
        return False
    places: Any = [getattr(part, "value", part) for part in index]
    return all(np.array_equal(part, np.arange(n)) for part in places)


# -- products --------------------------------------------------------------------------------------------------------


def factors_of(e: Any) -> Product:
    """The factors of a product of matrices from left to right."""
    if _is(np.matmul, e) and e.operands[0].ndim == 2 and e.operands[1].ndim in (1, 2):
        return [f for x in e.operands for f in factors_of(x)]
    return [e]


def product_of(factors: Product) -> Formula:
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


def as_power(e: Any) -> tuple[Any, bool, int]:
    """Base, whether transposed, and exponent, of X, Xᵀ, X⁻¹, X⁻ᵀ, Xᵏ and (Xᵏ)ᵀ."""
    if _is(np.transpose, e) and not is_identity(e):
        base, turned, exponent = as_power(e.operands[0])
        return base, not turned, exponent
    if _is(np.linalg.inv, e) and e.ndim == 2:
        return e.operands[0], False, -1
    if _is(np.linalg.matrix_power, e) and e.ndim == 2:
        return e.operands[0], False, e.operands[1]
    return e, False, 1


def power_of(base: Any, turned: bool, exponent: int) -> Formula:
    """The formula of a power of a matrix, the inverse of `as_power`."""
    x: Any = _array(base)
    if exponent == 0:
        return call(np.eye, (base.shape[0],))
    power: Any = x if exponent == 1 else np.linalg.inv(x) if exponent == -1 else power_of_matrix(x, exponent)
    return (power.T if turned else power).formula  # type: ignore[no-any-return]


def product(e: Call) -> Formula | None:
    """I X = X, X⁻¹ X = I, and Xⁿ Xᵏ = Xⁿ⁺ᵏ where one of the two is a power already."""
    if e.function is not np.matmul or e.operands[0].ndim != 2 or e.operands[1].ndim not in (1, 2):
        return None
    factors: Product = []
    written = factors_of(e)
    for factor in written:
        if is_identity(factor):
            continue
        if factors and factor.ndim == 2:
            (x, turned, n), (y, also, k) = as_power(factors[-1]), as_power(factor)
            if turned == also and (n, k) not in ((1, 1), (-1, -1)) and alike(x, y):
                factors.pop()
                if n + k:
                    factors.append(power_of(x, turned, n + k))
                continue
        factors.append(factor)
    if len(factors) == len(written):
        return None
    return product_of(factors) if factors else call(np.eye, (e.shape[0],))


def vector_as_matrix(e: Call) -> Formula | None:
    """(A x)ᵀ = xᵀ Aᵀ, for a row that is made of a vector, and back; the matrix stays in front in a column."""
    if e.function is np.reshape and e.ndim == 1 and _is(np.matmul, e.operands[0]) and e.operands[0].shape[:1] == (1,):
        left, right = e.operands[0].operands
        if left.ndim == right.ndim == 2:
            vector = call(np.reshape, (left, left.shape[1:]))
            return call(np.matmul, (call(np.transpose, (right, (1, 0))), vector))
    if e.function is not np.reshape or e.ndim != 2 or 1 not in e.shape or e.shape == (1, 1):
        return None
    x = e.operands[0]
    if x.ndim != 1 or not _is(np.matmul, x) or x.operands[0].ndim != 2:
        return None
    matrix, vector = x.operands
    if e.shape[1] == 1:
        return call(np.matmul, (matrix, call(np.reshape, (vector, (*vector.shape, 1)))))
    return call(np.matmul, (call(np.reshape, (vector, (1, *vector.shape))), call(np.transpose, (matrix, (1, 0)))))


def dot(e: Call) -> Formula | None:
    """(A x)ᵀ y = xᵀ Aᵀ y."""
    if e.function is not np.matmul or e.shape != () or not _is(np.matmul, x := e.operands[0]):
        return None
    matrix, vector = x.operands
    return call(np.matmul, (vector, call(np.matmul, (call(np.transpose, (matrix, (1, 0))), e.operands[1]))))


MATRIX_REWRITES = (
    identity_mask, determinants, diagonals, inverses, symmetric_transposed, product, vector_as_matrix, dot,
)  # fmt: skip
