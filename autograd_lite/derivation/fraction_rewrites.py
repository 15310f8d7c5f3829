"""Products and quotients of numbers or of elements: equal factors merge into a power, or cancel."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_lite.derivation.constants import Constant, Formula
from autograd_lite.derivation.formula import Call, alike, call, total
from autograd_lite.derivation.formula_array import FormulaArray
from autograd_lite.derivation.rules import probabilities, sigma

Powers = list[tuple[Any, int]]  # the factors of a product with their exponents


def _is(function: Any, x: Any) -> bool:
    return isinstance(x, Call) and x.function is function


def _factors(e: Any, exponent: int = 1) -> Powers:
    if _is(np.multiply, e):
        return [f for x in e.operands for f in _factors(x, exponent)]
    if _is(np.divide, e):
        return _factors(e.operands[0], exponent) + _factors(e.operands[1], -exponent)
    if _is(np.square, e):
        return _factors(e.operands[0], 2 * exponent)
    if _is(np.power, e) and isinstance(e.operands[1], Constant) and isinstance(e.operands[1].value, int):
        return _factors(e.operands[0], e.operands[1].value * exponent)
    return [(e, exponent)]


def merged_powers(e: Call) -> Formula | None:
    """xⁿ · y · xᵏ = xⁿ⁺ᵏ · y, also where one of the powers is in a denominator."""
    if e.function not in (np.multiply, np.divide):
        return None
    written = _factors(e)
    factors: Powers = []
    for base, exponent in written:
        place = next((i for i, (other, _) in enumerate(factors) if _is_same(base, other)), None)
        if place is None:
            factors.append((base, exponent))
        else:
            factors[place] = (base, factors[place][1] + exponent)
    if len(factors) == len(written):
        return None
    above = _product([power(base, n) for base, n in factors if n > 0])
    below = _product([power(base, -n) for base, n in factors if n < 0])
    result = above if below is None else call(np.divide, (Constant(1) if above is None else above, below))
    if result is None:
        result = Constant(1)
    if result.shape == e.shape:
        return result
    if result.shape == ():
        return call(np.multiply, (result, call(np.broadcast_to, (Constant(1), e.shape))))
    return None


def logistic_product(e: Call) -> Formula | None:
    """σ(x) · e⁻ˣ = σ(−x)."""
    if e.function is not np.multiply:
        return None
    factors = [(base, exponent) for base, exponent in _factors(e) if exponent == 1]
    if len(factors) != len(_factors(e)):
        return None
    bases = [base for base, _ in factors]
    for i, base in enumerate(bases):
        if getattr(base, "name", "") != "sigmoid" or not isinstance(base, Call):
            continue
        negative = call(np.multiply, (Constant(-1), base.operands[0]))
        for j, other in enumerate(bases):
            if _is(np.exp, other) and alike(other.operands[0], negative):
                swapped = sigma(FormulaArray(negative)).formula
                rest = [swapped if k == i else b for k, b in enumerate(bases) if k != j]
                result = _product(rest)
                return result if result is not None and result.shape == e.shape else None
    return None


def softmax_quotient(e: Call) -> Formula | None:
    """eˣ / Σ eˣ is the softmax of x."""
    if e.function is not np.divide or not _is(np.exp, e.operands[0]):
        return None
    above, below = e.operands
    while _is(np.reshape, below) or _is(np.broadcast_to, below):
        below = below.operands[0]
    if not _is(total, below) or not alike(below.operands[0], above) or len(below.operands[1]) != 1:
        return None
    (axis,) = below.operands[1]
    kept = tuple(1 if i == axis else n for i, n in enumerate(above.shape))
    if above.ndim > 1 and e.operands[1].shape != kept:
        return None
    return probabilities(FormulaArray(above.operands[0]), axis).formula  # type: ignore[no-any-return]


def _is_same(x: Any, y: Any) -> bool:
    return not isinstance(x, Constant) and alike(x, y)


def power(base: Formula, exponent: int) -> Formula:
    """The formula of an integer power."""
    if exponent == 1:
        return base
    return call(np.square, (base,)) if exponent == 2 else call(np.power, (base, Constant(exponent)))


def _product(factors: list[Formula]) -> Formula | None:
    if not factors:
        return None
    product = factors[-1]
    for factor in factors[-2::-1]:
        product = call(np.multiply, (factor, product))
    return product
