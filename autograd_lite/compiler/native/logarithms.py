"""Logarithms, without branches. Each takes a NumPy type and returns the function for it."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np

from autograd_lite.compiler.native.coefficients import LN_2, LOG, LOG2_E, LOG10_2, LOG10_E, integer, layout, pattern
from autograd_lite.compiler.native.exponentials import build_exp
from autograd_lite.compiler.native.intrinsics import Inlined, bits, from_bits, inlined, polynomial, select


@cache
def splitting_normal(real: Any) -> Inlined:
    """x = 2ᵏ (1 + f), √½ ≤ 1 + f < √2, for a normal x > 0: k as a float, and 1 + f."""
    mantissa, bias = layout(real)
    one, least = pattern(real(1)), pattern(real(math.sqrt(0.5)))
    magic, magic_bits = real(2.0**mantissa + bias), pattern(real(2.0**mantissa))
    mask, integer_type = (1 << mantissa) - 1, integer(real)

    @inlined
    def split(x: Any) -> Any:
        shifted = integer_type(bits(x) + (one - least))  # its exponent is k + bias
        k = from_bits((shifted >> mantissa) | magic_bits, x) - magic
        return k, from_bits((shifted & mask) + least, x)

    return split


@cache
def _series(real: Any) -> Inlined:
    """f − ln(1 + f) = f²/2 − s (f²/2 + s² P(s²)), s = f / (2 + f), with the special values of ln(x).

    The quotient is −1/0 = −∞ for x = 0 and 0/0 = NaN for x < 0, which raises the flags.
    """
    coefficients = LOG[real]

    @inlined
    def series(f: Any, x: Any) -> Any:
        positive = x > real(0)
        numerator = select(positive, f, select(x == real(0), real(-1), x - x))
        s = numerator / select(positive, real(2) + f, real(0))
        half, square = real(0.5) * f * f, s * s
        return half - s * (half + square * polynomial(square, coefficients))

    return series


@cache
def splitting(real: Any) -> Inlined:
    """k and f of |x| = 2ᵏ (1 + f), where x may be subnormal; finite numbers for 0."""
    split, mantissa = splitting_normal(real), layout(real)[0]
    normal, factor, exponent = np.finfo(real).smallest_normal, real(2.0 ** (mantissa + 1)), real(mantissa + 1)

    @inlined
    def split_any(x: Any) -> Any:
        subnormal = abs(x) < normal
        k, fraction = split(abs(x) * select(subnormal, factor, real(1)))
        return k - select(subnormal, exponent, real(0)), fraction - real(1)

    return split_any


@cache
def _logarithm(real: Any) -> Inlined:
    """k, f and f − ln(1 + f) of x = 2ᵏ (1 + f)."""
    split, series = splitting(real), _series(real)

    @inlined
    def logarithm(x: Any) -> Any:
        k, f = split(x)
        return k, f, series(f, x)

    return logarithm


def build_log(real: Any) -> Inlined:
    """ln x = k ln 2 + ln(1 + f). Largest errors: 0.87 and 0.77 ulp."""
    logarithm, (high, low), infinity = _logarithm(real), LN_2[real], real(np.inf)

    @inlined
    def log(x: Any) -> Any:
        k, f, rest = logarithm(x)
        return select(x < infinity, k * high + (f - (rest - k * low)), x)

    return log


def build_log2(real: Any) -> Inlined:
    """log₂ x = k + (f − rest) / ln 2, rest = f − ln(1 + f). Largest errors: 1.03 and 0.92 ulp."""
    logarithm, (factor, factor_low), infinity = _logarithm(real), LOG2_E[real], real(np.inf)

    @inlined
    def log2(x: Any) -> Any:
        k, f, rest = logarithm(x)
        return select(x < infinity, k + (f * factor + (f * factor_low - rest * factor)), x)

    return log2


def build_log10(real: Any) -> Inlined:
    """log₁₀ x = k log₁₀ 2 + (f − rest) / ln 10. Largest errors: 1.02 and 0.86 ulp."""
    logarithm, (factor, factor_low), infinity = _logarithm(real), LOG10_E[real], real(np.inf)
    high, low = LOG10_2[real]

    @inlined
    def log10(x: Any) -> Any:
        k, f, rest = logarithm(x)
        tail = k * low + (f * factor_low - rest * factor)
        return select(x < infinity, k * high + (f * factor + tail), x)

    return log10


def build_log1p(real: Any) -> Inlined:
    """ln(1 + x) = k ln 2 + ln(1 + f): what is lost when 1 + x is rounded is added to f.

    Largest errors: 1.44 and 1.19 ulp.
    """
    split, series, (high, low), infinity = splitting_normal(real), _series(real), LN_2[real], real(np.inf)
    two, tiny = pattern(real(2)), real(2.0 ** -(layout(real)[0] + 2))

    @inlined
    def log1p(x: Any) -> Any:
        u = real(1) + x
        v = u - real(1)
        lost = (real(1) - (u - v)) + (x - v)
        inside = select(u > real(0), u, real(1))
        k, fraction = split(inside)
        scale = from_bits(bits(fraction) - bits(inside) + two, x)  # 2¹⁻ᵏ, which is 0 for the greatest k, and not 2⁻ᵏ
        f = (fraction - real(1)) + real(0.5) * lost * scale
        rest = series(f, u)
        result = select(u < infinity, k * high + (f - (rest - k * low)), u)
        return select(abs(x) < tiny, x, result)

    return log1p


def build_logaddexp(real: Any) -> Inlined:
    """ln(eˣ + eʸ) = max + ln(1 + e^(−|x − y|)). Errors below 2 ulp of the larger of result and arguments."""
    exp, log1p = build_exp(real), build_log1p(real)

    @inlined
    def logaddexp(x: Any, y: Any) -> Any:
        distance = select(x == y, real(0), abs(x - y))  # two infinities may be equal
        return select(x > y, x, y) + log1p(exp(-distance))

    return logaddexp
