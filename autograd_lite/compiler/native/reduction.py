"""x = n ln 2 + r: what all functions made of eˣ begin and end with."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

from autograd_lite.compiler.native.coefficients import EXP, LN_2, layout
from autograd_lite.compiler.native.intrinsics import Inlined, bits, from_bits, inlined, polynomial, select


@inlined
def clip(x: Any, low: Any, high: Any) -> Any:
    """x within bounds; NaN stays."""
    x = select(x > high, high, x)
    return select(x < low, low, x)


def to_integer(real: Any) -> Any:
    """A number to add to x: the sum has the nearest integer n in its lowest bits, as n + 2 · bias, which is positive.

    A conversion to an integer would raise a flag for NaN, and not all processors have one for vectors.
    """
    mantissa, bias = layout(real)
    return real(1.5 * 2**mantissa + 2 * bias)


@cache
def power_of_two(real: Any) -> Inlined:
    """2ⁿ⁺ᵉ for a rounded n, where it is a normal number."""
    mantissa, bias = layout(real)

    @inlined
    def power(rounded: Any, e: Any) -> Any:
        return from_bits((bits(rounded) + (e - bias)) << mantissa, rounded)

    return power


@cache
def scaling(real: Any) -> Inlined:
    """p · 2ⁿ for p near 1, by two factors: the first product is exact, the second rounds, underflows or overflows."""
    mantissa, _ = layout(real)

    @inlined
    def scale(p: Any, rounded: Any) -> Any:
        n = bits(rounded) & 0xFFF
        half = n >> 1
        return p * from_bits(half << mantissa, p) * from_bits((n - half) << mantissa, p)

    return scale


@cache
def reduction(real: Any) -> Inlined:
    """x = n ln 2 + r, |r| ≤ ln 2 / 2, and eʳ = 1 + r + tail: n, rounded, r and the tail."""
    shift, per_ln_2, (high, low), coefficients = to_integer(real), real(math.log2(math.e)), LN_2[real], EXP[real]

    @inlined
    def reduce(x: Any) -> Any:
        rounded = x * per_ln_2 + shift
        n = rounded - shift
        r = (x - n * high) - n * low
        return rounded, r, r * r * polynomial(r, coefficients)

    return reduce
