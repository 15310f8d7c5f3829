"""Rewrites that depend on shapes and axes: of functions that move, repeat or sum elements.

Each takes the formula of a call and returns it in another form, or None where it does not apply.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd_lite.derivation.constants import Constant, Formula
from autograd_lite.derivation.formula import Call, Symbol, alike, call, symbols, total
from autograd_lite.derivation.vocabulary import mean

_MOVES = (total, np.transpose, np.reshape, np.broadcast_to)
_PLACES = (np.transpose, np.reshape, np.broadcast_to)
_ELEMENTWISE = (np.add, np.subtract, np.multiply, np.divide)


def _is(function: Any, x: Any) -> bool:
    return isinstance(x, Call) and x.function is function


def without_effect(e: Call) -> Formula | None:
    """Removes a transpose, reshape, broadcast or sum that changes nothing, and merges two in a row."""
    x: Any = e.operands[0] if e.operands else None
    if e.function in (np.reshape, np.broadcast_to) and x.shape == e.shape:
        return x  # type: ignore[no-any-return]
    if e.function is np.transpose and e.operands[1] == tuple(range(e.ndim)):
        return x  # type: ignore[no-any-return]
    if e.function is total and not e.operands[1]:
        return x  # type: ignore[no-any-return]
    if e.function is np.transpose and _is(np.transpose, x):
        return call(np.transpose, (x.operands[0], tuple(x.operands[1][axis] for axis in e.operands[1])))
    if e.function is np.reshape and _is(np.reshape, x):
        return call(np.reshape, (x.operands[0], e.shape))
    if e.function is np.transpose and _is(np.reshape, x) and x.operands[0].ndim == 1 and 1 in e.shape:
        return call(np.reshape, (x.operands[0], e.shape))  # the transpose of a column is a row
    if e.function is np.broadcast_to and _is(np.reshape, x) and x.operands[0].shape == ():
        return call(np.broadcast_to, (x.operands[0], e.shape))
    if e.function in (np.square, np.power) and _is(np.reshape, x) and all(y.shape == () for y in e.operands[1:]):
        return call(np.reshape, (call(e.function, (x.operands[0], *e.operands[1:])), e.shape))
    if e.function in _PLACES and _is(np.broadcast_to, x) and x.operands[0].ndim > 0 and _is_number(x.operands[0]):
        return call(np.broadcast_to, (call(np.reshape, (x.operands[0], ())), e.shape))
    if e.function is np.reshape and e.shape == () and _is(total, x):
        return _whole_sum(x.operands[0])
    if e.function is total and e.shape == () and _is(np.reshape, x):
        return _whole_sum(x.operands[0])
    if e.function in _PLACES and _is(np.broadcast_to, x) and x.operands[0].shape == ():
        return call(np.broadcast_to, (x.operands[0], e.shape))
    return None


def _is_number(x: Formula) -> bool:
    return math.prod(x.shape) == 1


def _whole_sum(x: Any) -> Formula:
    return call(total, (x, tuple(range(x.ndim)), False))


def numbers_out(e: Call) -> Formula | None:
    """f(a x) = a f(x), for functions that only move or sum elements."""
    x: Any = e.operands[0] if e.operands else None
    if e.function in _MOVES and _is(np.multiply, x) and x.operands[0].shape == ():
        return call(np.multiply, (x.operands[0], call(e.function, (x.operands[1], *e.operands[1:]), e.options)))
    if e.function in _MOVES and _is(np.divide, x) and x.operands[1].shape == () and x.shape == x.operands[0].shape:
        return call(np.divide, (call(e.function, (x.operands[0], *e.operands[1:])), x.operands[1]))
    if e.function is np.broadcast_to and isinstance(x, Constant) and x.value not in (0, 1):
        return call(np.multiply, (x, call(np.broadcast_to, (Constant(1), e.shape))))
    return None


def new_axes(e: Call) -> Formula | None:
    """The transpose of an index that only adds axes of length one is a change of shape."""
    if e.name == "scatter":
        x, index = e.operands[:2]
        parts = index if isinstance(index, tuple) else (index,)
        if all(part is None or part is Ellipsis or _is_whole(part) for part in parts):
            return call(np.reshape, (x, e.shape))
    return None


def _is_whole(part: Any) -> bool:
    return isinstance(part, slice) and part == slice(None)


def broadcast_by_itself(e: Call) -> Formula | None:
    """x ⊙ broadcast(y) = x ⊙ y, where x has the shape of the result; likewise for a reshaped scalar y."""
    if e.function not in _ELEMENTWISE:
        return None
    for i, operand in enumerate(e.operands):
        part: Any = operand
        is_number = _is(np.multiply, part) and isinstance(part.operands[0], Constant) and _is_all(1, part.operands[1])
        if is_number and e.function in (np.add, np.subtract) and e.operands[1 - i].shape == e.shape:
            return call(e.function, tuple(part.operands[0] if i == j else x for j, x in enumerate(e.operands)))
        if _is(np.broadcast_to, operand) or (_is(np.reshape, operand) and operand.operands[0].shape == ()):
            operands = tuple(operand.operands[0] if i == j else other for j, other in enumerate(e.operands))
            plain = call(e.function, operands)
            if plain.shape == e.shape:
                return plain
    return None


def ones(e: Call) -> Formula | None:
    """x ⊙ 1 repeats x, and a column times the number 1 is that column."""
    if e.function is np.multiply:
        for x, y in (e.operands, e.operands[::-1]):
            if _is_all(1, x) and x.shape == e.shape != () and not isinstance(y, Constant):
                return y if y.shape == e.shape else call(np.broadcast_to, (y, e.shape))
    if e.function is np.matmul:
        for x, y in (e.operands, e.operands[::-1]):
            if x.shape == (1, 1) and y.shape == e.shape and _is_all(1, x):
                return y  # type: ignore[no-any-return]
    return None


def sums(e: Call) -> Formula | None:
    """A product with a vector of ones is a sum. A sum of Aᵀ is a sum of A. The rows of probabilities sum to 1."""
    x: Any = e.operands[0] if e.operands else None
    if e.function is np.matmul:
        y = e.operands[1]
        if x.ndim == 2 and y.ndim == 1 and _is_all(1, y):
            return call(total, (x, (1,), False))
        if x.ndim == 1 and y.ndim == 2 and _is_all(1, x):
            return call(total, (y, (0,), False))
    if e.function is not total:
        return None
    if _is(np.transpose, x) and x.ndim == 2 and not e.operands[2]:
        return call(total, (x.operands[0], tuple(x.operands[1][axis] for axis in e.operands[1]), False))
    if _is(total, x) and e.shape == () and not x.operands[2]:
        inner = x.operands[0]
        return call(total, (inner, tuple(range(inner.ndim)), False))
    if _is(np.broadcast_to, x) and isinstance(x.operands[0], Constant) and len(e.operands[1]) == x.ndim == 1:
        return call(np.reshape, (call(np.multiply, (x.operands[0], Constant(x.shape[0]))), e.shape))
    if _is(np.broadcast_to, x) and not isinstance(x.operands[0], Constant):
        return _sum_of_repeated(e, x.operands[0])
    if _is(np.multiply, x) and x.ndim == 2 and len(e.operands[1]) == 1 and not e.operands[2]:
        return _sum_with_vector(x, e.operands[1][0])
    if all(x.shape[axis] == 1 for axis in e.operands[1]):
        return call(np.reshape, (x, e.shape))
    if isinstance(x, Symbol) and x.in_simplex and e.operands[1] == (x.ndim - 1,):
        return call(np.broadcast_to, (Constant(1), e.shape)) if e.shape else Constant(1)
    return None


def _sum_of_repeated(e: Call, repeated: Formula) -> Formula | None:
    """The sum of n equal slices is n times a slice, and the sum of a repeated array is a repeated sum."""
    x, axes, _ = e.operands
    padded = (1,) * (x.ndim - repeated.ndim) + repeated.shape
    copies = tuple(axis for axis in axes if padded[axis] == 1 != x.shape[axis])
    repeated_axes = any(n == 1 != m for n, m in zip(padded, x.shape, strict=True))
    if not repeated_axes or math.prod(x.shape) == 0:
        return None
    slices = call(np.reshape, (repeated, padded))
    rest = call(total, (slices, tuple(axis for axis in axes if axis not in copies), True))
    spread = call(np.broadcast_to, (rest, tuple(1 if axis in axes else n for axis, n in enumerate(x.shape))))
    count = math.prod(x.shape[axis] for axis in copies)
    return call(np.multiply, (Constant(count), call(np.reshape, (spread, e.shape))))


def _sum_with_vector(product: Call, axis: int) -> Formula | None:
    """(X ⊙ 1bᵀ) 1 = X b, and 1ᵀ(X ⊙ a1ᵀ) = Xᵀ a."""
    for x, vector in (product.operands, product.operands[::-1]):
        if x.shape != product.shape or vector.shape == product.shape or vector.shape[:1] == product.shape[:1] == (1,):
            continue
        if axis == 1 and vector.shape in ((x.shape[1],), (1, x.shape[1])):
            return call(np.matmul, (x, call(np.reshape, (vector, x.shape[1:]))))
        if axis == 0 and vector.shape == (x.shape[0], 1):
            return call(np.matmul, (call(np.transpose, (x, (1, 0))), call(np.reshape, (vector, x.shape[:1]))))
    return None


def repeated_mean(e: Call) -> Formula | None:
    """A sum over axes that is repeated along them and divided by their length is a mean."""
    if (
        e.function is not np.multiply
        or not isinstance(e.operands[0], Constant)
        or not _is(np.broadcast_to, e.operands[1])
    ):
        return None
    number, repeated = e.operands
    x = repeated.operands[0]
    while _is(np.reshape, x):
        x = x.operands[0]
    if not _is(total, x) or x.operands[0].shape != e.shape or len(x.operands[1]) == e.ndim:
        return None
    summed, axes, _ = x.operands
    count = math.prod(e.shape[axis] for axis in axes)
    kept = tuple(1 if axis in axes else n for axis, n in enumerate(e.shape))
    if number.denominator % count or count == 1 or repeated.operands[0].shape not in (kept, kept[1:]):
        return None
    if repeated.operands[0].shape == kept[1:] and axes != (0,):
        return None
    average = call(mean, (summed, axes, True), shape=kept, dtype=e.dtype)
    factor = Constant(number.numerator, number.denominator // count)
    return call(np.multiply, (factor, call(np.broadcast_to, (average, e.shape))))


def nothing(e: Call) -> Formula | None:
    """0 x = 0 and x + 0 = x."""
    if e.function is total and _is_all(0, e.operands[0]):
        return call(np.broadcast_to, (Constant(0), e.shape)) if e.shape else Constant(0)
    if e.function not in (np.multiply, np.matmul, np.add, np.subtract):
        return None
    zero = [alike(x, Constant(0)) or _is_all(0, x) for x in e.operands if isinstance(x, Formula)]
    if e.function in (np.multiply, np.matmul) and any(zero):
        return call(np.broadcast_to, (Constant(0), e.shape)) if e.shape else Constant(0)
    if e.function in (np.add, np.subtract) and zero[1] and e.operands[0].shape == e.shape:
        return e.operands[0]  # type: ignore[no-any-return]
    if e.function is np.add and zero[0] and e.operands[1].shape == e.shape:
        return e.operands[1]  # type: ignore[no-any-return]
    return None


def _is_all(number: int, x: Any) -> bool:
    return _is(np.broadcast_to, x) and alike(x.operands[0], Constant(number))


def outer_product(e: Call) -> Formula | None:
    """A column times a row is the outer product x yᵀ. A vector is a column, so xᵀA is Aᵀx."""
    if e.function is np.multiply and e.ndim == 2:
        column, row = e.operands
        if column.shape == (e.shape[0], 1) and row.shape in ((1, e.shape[1]), (e.shape[1],)) and 1 not in e.shape:
            return call(np.matmul, (column, call(np.reshape, (row, (1, e.shape[1])))))
    if e.function is np.matmul and (e.operands[0].ndim, e.operands[1].ndim) == (1, 2):  # a vector is a column
        return call(np.matmul, (call(np.transpose, (e.operands[1], (1, 0))), e.operands[0]))
    if e.function is np.reshape and _is(np.matmul, x := e.operands[0]) and x.ndim == 2:
        matrix, column = x.operands
        if e.ndim == 1 and column.shape[1:] == (1,):
            return call(np.matmul, (matrix, call(np.reshape, (column, column.shape[:1]))))
    return None


def ordered_product(e: Call) -> Formula | None:
    """Elementwise factors in textbook order: the incoming gradient, then symbols and functions, then sums.

    A factor and the same factor in a denominator cancel.
    """
    if e.function is not np.multiply or any(x.shape == () for x in e.operands):
        return None
    factors = _cancelled(_factors(e))
    ranks = [_rank(factor) for factor in factors]
    if 0 in ranks or all(rank == 2 or isinstance(factor, Symbol) for rank, factor in zip(ranks, factors, strict=True)):
        factors.sort(key=_rank)
    product = factors[-1]
    for factor in factors[-2::-1]:
        product = call(np.multiply, (factor, product))
    return None if alike(product, e) or product.shape != e.shape else product


def _factors(e: Any) -> list[Any]:
    return [f for x in e.operands for f in _factors(x)] if _is(np.multiply, e) else [e]


def _cancelled(factors: list[Any]) -> list[Any]:
    for i, quotient in enumerate(factors):
        if not _is(np.divide, quotient):
            continue
        rest = [*factors[:i], *factors[i + 1 :]]
        for divisor in _factors(quotient.operands[1]):
            place = next((j for j, factor in enumerate(rest) if alike(factor, divisor)), None)
            if place is None:
                break
            del rest[place]
        else:
            return _cancelled([quotient.operands[0], *rest])
    return factors


def _rank(factor: Any) -> int:
    if _is(np.add, factor) or _is(np.subtract, factor):
        return 2
    return 0 if any(symbol.name[:1] in "∂Δ" for symbol in symbols(factor) if symbol.name) else 1


SHAPE_REWRITES = (
    without_effect,
    new_axes,
    numbers_out,
    broadcast_by_itself,
    nothing,
    ones,
    repeated_mean,
    sums,
    outer_product,
    ordered_product,
)
