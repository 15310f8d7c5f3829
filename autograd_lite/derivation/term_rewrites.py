"""Rewrites of sums: like terms are collected, and factors that two products of matrices have in common."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_lite.derivation.constants import Constant, Formula
from autograd_lite.derivation.formula import Call, alike, call, split_constant
from autograd_lite.derivation.matrix_rewrites import Product, as_power, factors_of, power_of, product_of

Terms = list[tuple[int, Any]]  # the terms of a sum with their signs


def _is(function: Any, x: Any) -> bool:
    return isinstance(x, Call) and x.function is function


def like_terms(e: Call) -> Formula | None:
    """a X + Y + b X = (a + b) X + Y, where X X and X² are alike."""
    if e.function not in (np.add, np.subtract):
        return None
    terms = _terms(e)
    for i, (sign, term) in enumerate(terms):
        for j, (other_sign, other) in enumerate(terms[i + 1 :], start=i + 1):
            (a, x), (b, y) = split_constant(term), split_constant(other)
            if x.shape == e.shape and _is_alike(x, y):
                number = call(np.add if sign == other_sign else np.subtract, (a, b))
                shorter = x if len(factors_of(x)) <= len(factors_of(y)) else y
                merged = call(np.multiply, (number, shorter))
                return _sum([*terms[:i], (sign, merged), *terms[i + 1 : j], *terms[j + 1 :]])
    return None


def _is_alike(x: Any, y: Any) -> bool:
    if alike(x, y):
        return True
    left, right = _single_factors(x), _single_factors(y)
    return len(left) == len(right) > 1 and all(map(alike, left, right))


def _single_factors(e: Any) -> Product:
    """The factors of a product of matrices, with powers written out."""
    result: Product = []
    for factor in factors_of(e):
        base, turned, exponent = as_power(factor)
        result += [power_of(base, turned, 1)] * exponent if exponent > 1 else [factor]
    return result


def common_factor(e: Call) -> Formula | None:
    """A X + B X = (A + B) X, and X A + X B = X (A + B), for any two terms of a sum with equal numbers before them."""
    if e.function not in (np.add, np.subtract) or e.ndim not in (1, 2):
        return None
    terms = _terms(e)
    if any(term.shape != e.shape for _, term in terms):
        return None
    for i, (sign, term) in enumerate(terms):
        for j, (other_sign, other) in enumerate(terms[i + 1 :], start=i + 1):
            factored = _factored(term, other, np.add if sign == other_sign else np.subtract)
            if factored is not None:
                return _sum([*terms[:i], (sign, factored), *terms[i + 1 : j], *terms[j + 1 :]])
    return None


def _terms(e: Any, sign: int = 1) -> Terms:
    """The terms of a sum with their signs."""
    if _is(np.add, e) or _is(np.subtract, e):
        other = -sign if e.function is np.subtract else sign
        return [*_terms(e.operands[0], sign), *_terms(e.operands[1], other)]
    if _is(np.multiply, e) and alike(e.operands[0], Constant(-1)):
        return _terms(e.operands[1], -sign)
    return [(sign, e)]


def _sum(terms: Terms) -> Formula:
    """The sum, which begins with a positive term if there is one."""
    terms = sorted(terms, key=lambda term: -term[0]) if terms[0][0] < 0 else terms
    sign, result = terms[0]
    result = result if sign > 0 else call(np.multiply, (Constant(-1), result))
    for sign, term in terms[1:]:
        result = call(np.add if sign > 0 else np.subtract, (result, term))
    return result  # type: ignore[no-any-return]


def _scaled(e: Any) -> tuple[Any, Any]:
    """The number before a product, and the product."""
    if _is(np.multiply, e) and e.operands[0].shape == () and e.shape != ():
        return e.operands[0], e.operands[1]
    return Constant(1), e


def _factored(x: Any, y: Any, function: Any) -> Formula | None:
    """The sum or difference of two products of matrices that differ in one factor, the first or the last."""
    (number, x), (other, y) = _scaled(x), _scaled(y)
    left, right = factors_of(x), factors_of(y)
    if not alike(number, other) or min(len(left), len(right)) < 2:
        return None
    ends, starts = _common(left[::-1], right[::-1]), _common(left, right)
    if len(left) == len(right) == ends + 1:
        result = product_of([call(function, (left[0], right[0])), *left[1:]])
    elif len(left) == len(right) == starts + 1:
        result = product_of([*left[:-1], call(function, (left[-1], right[-1]))])
    else:
        return None
    return result if alike(number, Constant(1)) else call(np.multiply, (number, result))


def _common(left: Product, right: Product) -> int:
    """How many factors the two have in common at the beginning, at most all but one of each."""
    count = 0
    for x, y in zip(left[:-1], right[:-1], strict=False):
        if not alike(x, y):
            break
        count += 1
    return count


TERM_REWRITES = (like_terms, common_factor)
