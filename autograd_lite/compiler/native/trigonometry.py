"""sin, cos and arctan, without branches. Each takes a NumPy type and returns the function for it."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np

from autograd_lite.compiler.native.coefficients import ARCTAN, COS, HALF_PI, QUARTER_PI_LOW, QUARTERS, SIN
from autograd_lite.compiler.native.intrinsics import Inlined, bits, copysign, from_bits, inlined, polynomial, select


def sin_cos_bound(real: Any) -> Any:
    """The largest |x| for which sin and cos are computed; beyond, they are NaN, with the flag for invalid values."""
    return real(QUARTERS[real] * math.pi / 2)


@cache
def _quadrants(real: Any) -> Inlined:
    """|x| = n π/2 + r, |r| ≤ π/4: n modulo 4, sin(r) and cos(r). Beyond the bound, as of infinity: NaN, and invalid."""
    to_integer, bound, infinity = 1.5 * 2.0**52, sin_cos_bound(real), real(np.inf)
    per_quarter, (first, second, third), sines, cosines = 2 / math.pi, HALF_PI[real], SIN[real], COS[real]

    @inlined
    def quadrants(x: Any) -> Any:
        a = abs(x)
        a = np.float64(select(a > bound, infinity, a))
        rounded = a * per_quarter + to_integer
        n = rounded - to_integer
        r = real(((a - n * first) - n * second) - n * third)
        square = r * r
        sine = r + r * square * polynomial(square, sines)
        cosine = (real(1) - real(0.5) * square) + square * square * polynomial(square, cosines)
        return bits(rounded), sine, cosine

    return quadrants


def build_sin(real: Any) -> Inlined:
    """± sin(r) or ± cos(r), by the quadrant; sin(−x) = −sin(x). Largest errors: 1.58 and 1.52 ulp."""
    quadrants, left = _quadrants(real), int(np.finfo(real).bits) - 2

    @inlined
    def sin(x: Any) -> Any:
        n, sine, cosine = quadrants(x)
        value = select(n & 1 == 0, sine, cosine)
        negative = (n & 2) << left  # the bit of the sign
        return from_bits(bits(value) ^ negative ^ bits(x) ^ bits(abs(x)), x)

    return sin


def build_cos(real: Any) -> Inlined:
    """± cos(r) or ± sin(r), by the quadrant; cos(−x) = cos(x). Largest errors: 1.59 and 1.48 ulp."""
    quadrants, left = _quadrants(real), int(np.finfo(real).bits) - 2

    @inlined
    def cos(x: Any) -> Any:
        n, sine, cosine = quadrants(x)
        value = select(n & 1 == 0, cosine, sine)
        negative = ((n + 1) & 2) << left
        return from_bits(bits(value) ^ negative, x)

    return cos


def build_arctan(real: Any) -> Inlined:
    """n π/4 + y + y³ P(y²), |y| ≤ tan(π/8): y = x, from tan(π/8) (x − 1)/(x + 1), from tan(3π/8) −1/x.

    Largest errors: 1.88 and 1.73 ulp.
    """
    coefficients, high = ARCTAN[real], real(math.pi / 4)
    low, near, far = QUARTER_PI_LOW[real], real(math.tan(math.pi / 8)), real(math.tan(3 * math.pi / 8))

    @inlined
    def arctan(x: Any) -> Any:
        a = abs(x)
        n = select(a > far, real(2), select(a > near, real(1), real(0)))
        numerator = select(a > far, real(-1), select(a > near, a - real(1), a))
        denominator = select(a > far, a, select(a > near, a + real(1), real(1)))
        y = numerator / denominator
        return copysign(n * high + (y + (y * (y * y) * polynomial(y * y, coefficients) + n * low)), x)

    return arctan
