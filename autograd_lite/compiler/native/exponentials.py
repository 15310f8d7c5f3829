"""Functions made of eˣ, without branches. Each takes a NumPy type and returns the function for it."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np

from autograd_lite.compiler.native.coefficients import (
    ERF,
    ERF_BOUNDS,
    EXP2,
    LOG_ERFC,
    SINH,
    TANH_DENOMINATOR,
    TANH_NUMERATOR,
    layout,
)
from autograd_lite.compiler.native.intrinsics import Inlined, copysign, inlined, polynomial, select
from autograd_lite.compiler.native.reduction import clip, power_of_two, reduction, scaling, to_integer


def _exponential(real: Any, highest: Any) -> Inlined:
    """eˣ = 2ⁿ eʳ for x up to a bound, beyond which the result is that at the bound."""
    mantissa, bias = layout(real)
    reduce, scale, one = reduction(real), scaling(real), real(1)
    lowest = real(-(bias + mantissa + 1) * math.log(2))

    @inlined
    def exponential(x: Any) -> Any:
        rounded, r, tail = reduce(clip(x, lowest, highest))
        return scale(one + (r + tail), rounded)

    return exponential


@cache
def build_exp(real: Any) -> Inlined:
    """eˣ; the last factor overflows. Largest errors: 1.05 and 0.98 ulp."""
    _, bias = layout(real)
    return _exponential(real, real((bias + 2) * math.log(2)))


def build_quiet_exp(real: Any) -> Inlined:
    """eˣ without the flag for overflow, for code under `np.errstate(over="ignore")`. Errors as `exp`."""
    end, infinity = math.log(np.finfo(real).max), real(np.inf)
    highest = real(end) if float(real(end)) <= end else np.nextafter(real(end), real(0))
    exponential = _exponential(real, highest)

    @inlined
    def quiet_exp(x: Any) -> Any:
        return select(x > highest, infinity, exponential(x))

    return quiet_exp


def build_exp2(real: Any) -> Inlined:
    """2ˣ = 2ⁿ 2ʳ, |r| ≤ 1/2. Largest errors: 0.97 and 1.00 ulp."""
    mantissa, bias = layout(real)
    shift, scale, coefficients = to_integer(real), scaling(real), EXP2[real]
    lowest, highest = real(-(bias + mantissa + 1)), real(bias + 2)

    @inlined
    def exp2(x: Any) -> Any:
        x = clip(x, lowest, highest)
        rounded = x + shift
        r = x - (rounded - shift)
        return scale(real(1) + r * polynomial(r, coefficients), rounded)

    return exp2


def build_expm1(real: Any) -> Inlined:
    """eˣ − 1 = 2 ((s − 1/2 + s r) + s tail), s = 2ⁿ⁻¹, since 2ⁿ may overflow. Largest errors: 1.33 and 1.53 ulp."""
    mantissa, bias = layout(real)
    reduce, power = reduction(real), power_of_two(real)
    lowest, highest = real(-(mantissa + 5) * math.log(2)), real((bias + 1.4) * math.log(2))
    tiny = real(2.0 ** -(mantissa + 2))

    @inlined
    def expm1(x: Any) -> Any:
        rounded, r, tail = reduce(clip(x, lowest, highest))
        s = power(rounded, -1)
        result = real(2) * (((s - real(0.5)) + s * r) + s * tail)
        return select(abs(x) < tiny, x, result)

    return expm1


def build_tanh(real: Any) -> Inlined:
    """x + x³ P(x²)/Q(x²) up to 0.55, 1 − 2/(e²ˣ + 1) from there: one quotient. Largest errors: 1.50 and 1.40 ulp."""
    reduce, power = reduction(real), power_of_two(real)
    numerators, denominators = TANH_NUMERATOR[real], TANH_DENOMINATOR[real]
    end = real(20)  # from here tanh is 1

    @inlined
    def tanh(x: Any) -> Any:
        a = select(abs(x) > end, end, abs(x))
        rounded, r, tail = reduce(a + a)
        e = (real(1) + (r + tail)) * power(rounded, 0)
        square, small = a * a, a < real(0.55)
        numerator = select(small, a * square * polynomial(square, numerators), real(-2))
        denominator = select(small, polynomial(square, denominators), e + real(1))
        return copysign(select(small, a, real(1)) + numerator / denominator, x)

    return tanh


def build_erf(real: Any) -> Inlined:
    """x + x P(x²) up to a bound, 1 − e^(−Q(x)) from there. Largest errors: 1.43 and 1.24 ulp."""
    reduce, power = reduction(real), power_of_two(real)
    (split, end), near, far = ERF_BOUNDS[real], ERF[real], LOG_ERFC[real]

    @inlined
    def erf(x: Any) -> Any:
        a = select(abs(x) > end, end, abs(x))
        rounded, r, tail = reduce(-polynomial(a, far))
        erfc = (real(1) + (r + tail)) * power(rounded, 0)
        return copysign(select(a < split, a + a * polynomial(a * a, near), real(1) - erfc), x)

    return erf


def build_sinh(real: Any) -> Inlined:
    """x + x³ P(x²) up to 1, (eˣ − e⁻ˣ)/2 from there. Largest errors: 1.62 and 1.49 ulp."""
    _, bias = layout(real)
    reduce, power, coefficients = reduction(real), power_of_two(real), SINH[real]
    highest = real((bias + 2.4) * math.log(2))

    @inlined
    def sinh(x: Any) -> Any:
        a = select(abs(x) > highest, highest, abs(x))
        rounded, r, tail = reduce(a)
        quarter = (real(1) + (r + tail)) * power(rounded, -2)  # eˣ/4, because eˣ/2 may overflow
        far = real(2) * (quarter - real(0.0625) / quarter)
        near = a + a * (a * a) * polynomial(a * a, coefficients)
        return copysign(select(a < real(1), near, far), x)

    return sinh


def build_cosh(real: Any) -> Inlined:
    """(eˣ + e⁻ˣ)/2. Largest errors: 1.51 and 1.44 ulp."""
    _, bias = layout(real)
    reduce, power = reduction(real), power_of_two(real)
    highest = real((bias + 2.4) * math.log(2))

    @inlined
    def cosh(x: Any) -> Any:
        rounded, r, tail = reduce(select(abs(x) > highest, highest, abs(x)))
        quarter = (real(1) + (r + tail)) * power(rounded, -2)
        return real(2) * (quarter + real(0.0625) / quarter)

    return cosh
