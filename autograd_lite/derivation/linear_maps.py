"""Reading the matrix of a linear map off its formula: Xᵀ(s ⊙ (X V)) is Xᵀ diag(s) X.

A vector that is linear in V is read as a sum of terms: multiples of V, diag(v) V, u (rᵀV) and M V. A scalar that is
linear in V is read as r, with the value rᵀV.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from autograd_lite.derivation.constants import Constant, Formula
from autograd_lite.derivation.formula import Call, Symbol, call, symbols, total


class NotReadError(ValueError):
    """A formula is not linear in V, or has a form that is not known here."""


@dataclass(frozen=True)
class _Term:
    """c V, diag(v) V, u rᵀV or M V, each with a scalar factor c; all of V, v, u, r, M are formulas."""

    scalar: Formula = Constant(1)  # noqa: RUF009 - it is never modified
    diagonal: Formula | None = None
    column: Formula | None = None
    row: Formula | None = None
    matrix: Formula | None = None

    def scaled(self, c: Formula) -> _Term:
        return replace(self, scalar=_times(c, self.scalar))

    def by_diagonal(self, v: Formula) -> _Term:
        """diag(v) times the term."""
        if self.column is not None:
            return replace(self, column=_times(v, self.column))
        if self.matrix is not None:
            return replace(self, matrix=_product(_diag(v), self.matrix))
        return replace(self, diagonal=v if self.diagonal is None else _times(v, self.diagonal))

    def by_matrix(self, a: Formula) -> _Term:
        """A times the term."""
        if self.column is not None:
            return replace(self, column=_product(a, self.column))
        if self.matrix is not None:
            return replace(self, matrix=_product(a, self.matrix))
        matrix = a if self.diagonal is None else _product(a, _diag(self.diagonal))
        return replace(self, diagonal=None, matrix=matrix)

    def with_row(self, u: Formula) -> Formula:
        """The r of the scalar uᵀ(term) = rᵀV."""
        if self.column is not None and self.row is not None:
            r = _times(_product(u, self.column), self.row)
        elif self.matrix is not None:
            r = _product(_transpose(self.matrix), u)
        else:
            r = u if self.diagonal is None else _times(self.diagonal, u)
        return _times(self.scalar, r)

    def as_matrix(self, n: int) -> Formula:
        """The matrix of the term."""
        if self.column is not None and self.row is not None:
            column = call(np.reshape, (self.column, (*self.column.shape, 1)))
            matrix = _product(column, call(np.reshape, (self.row, (1, *self.row.shape))))
        elif self.matrix is not None:
            matrix = self.matrix
        else:
            matrix = call(np.eye, (n,), shape=(n, n), dtype=float) if self.diagonal is None else _diag(self.diagonal)
        return _times(self.scalar, matrix)


def _times(x: Formula, y: Formula) -> Formula:
    return y if isinstance(x, Constant) and x.value == 1 else call(np.multiply, (x, y))


def _product(x: Formula, y: Formula) -> Formula:
    return call(np.matmul, (x, y))


def _transpose(x: Formula) -> Formula:
    return call(np.transpose, (x, (1, 0)))


def _diag(v: Formula) -> Formula:
    return call(np.diag, (v,), shape=v.shape * 2, dtype=v.dtype)


def matrix_of(formula: Formula, v: Symbol) -> Formula:
    """The matrix M of a formula M V, for vectors.

    Raises
    ------
    NotReadError
        If the formula has a form that is not known here.
    """
    terms = _vector(formula, v)
    matrix = terms[0].as_matrix(v.shape[0])
    for term in terms[1:]:
        matrix = call(np.add, (matrix, term.as_matrix(v.shape[0])))
    return matrix


def _vector(e: Any, v: Symbol) -> list[_Term]:
    """The terms of a vector that is linear in V; of its elements, if it is a column or a row."""
    if e is v:
        return [_Term()]
    if not isinstance(e, Call) or v not in symbols(e) or math.prod(e.shape) != max((*e.shape, 1)):
        raise NotReadError
    x, y = (*e.operands, None)[:2]
    n = max((*e.shape, 1))
    if e.function in (np.add, np.subtract):
        sign = Constant(1 if e.function is np.add else -1)
        return _broadcast(x, v, n) + [term.scaled(sign) for term in _broadcast(y, v, n)]
    if e.function is np.negative:
        return [term.scaled(Constant(-1)) for term in _vector(x, v)]
    if e.function is np.multiply:
        factor, linear = (x, y) if v in symbols(y) else (y, x)
        return _multiplied(factor, _broadcast(linear, v, n), v, n)
    if e.function is np.divide and v not in symbols(y):
        return _multiplied(call(np.divide, (Constant(1), y)), _broadcast(x, v, n), v, n)
    if e.function is np.matmul and y.ndim == 1 and x.ndim == 2 and v not in symbols(x):
        return [term.by_matrix(x) for term in _vector(y, v)]
    if e.function in (np.reshape, np.broadcast_to) and math.prod(x.shape) in (1, n):
        return _broadcast(x, v, n)
    raise NotReadError


def _multiplied(factor: Formula, terms: list[_Term], v: Symbol, n: int) -> list[_Term]:
    if v in symbols(factor):
        raise NotReadError
    if math.prod(factor.shape) == 1:
        return [term.scaled(_as_number(factor)) for term in terms]
    if factor.shape != (n,):
        factor = call(np.reshape, (factor, (n,)))
    return [term.by_diagonal(factor) for term in terms]


def _broadcast(e: Any, v: Symbol, n: int) -> list[_Term]:
    """The terms of an operand; a scalar, also one with axes, is repeated n times."""
    return [_ones(e, v, n)] if math.prod(e.shape) == 1 and n > 1 else _vector(e, v)


def _ones(e: Formula, v: Symbol, n: int) -> _Term:
    return _Term(column=call(np.broadcast_to, (Constant(1), (n,))), row=_scalar(e, v))


def _scalar(e: Any, v: Symbol) -> Formula:
    """The r of a scalar rᵀV."""
    if not isinstance(e, Call) or v not in symbols(e) or (e.function is np.matmul and e.shape):
        raise NotReadError
    x, y = (*e.operands, None)[:2]
    if e.function in (np.add, np.subtract):
        return call(e.function, (_scalar(x, v), _scalar(y, v)))
    if e.function is np.negative:
        return _times(Constant(-1), _scalar(x, v))
    if e.function is np.multiply:
        factor, linear = (x, y) if v in symbols(y) else (y, x)
        if v in symbols(factor):
            raise NotReadError
        return _times(_as_number(factor), _scalar(linear, v))
    if e.function is np.divide and v not in symbols(y):
        return call(np.divide, (_scalar(x, v), _as_number(y)))
    if e.function is np.matmul and (x.ndim, y.ndim) == (1, 1):
        fixed, linear = (x, y) if v in symbols(y) else (y, x)
        return _sum_of([term.with_row(fixed) for term in _vector(linear, v)])
    if e.function is total and x.ndim == 1 and y == (0,):
        ones = call(np.broadcast_to, (Constant(1), x.shape))
        return _sum_of([term.with_row(ones) for term in _vector(x, v)])
    if e.function in (np.reshape, np.broadcast_to) and math.prod(x.shape) == 1:
        return _scalar(x, v)
    raise NotReadError


def _as_number(e: Formula) -> Formula:
    return e if e.shape == () else call(np.reshape, (e, ()))


def _sum_of(parts: list[Formula]) -> Formula:
    result = parts[0]
    for part in parts[1:]:
        result = call(np.add, (result, part))
    return result
