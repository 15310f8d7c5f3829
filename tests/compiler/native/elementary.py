"""What the tests of elementary functions share: exact values, loops over arrays, numbers to test at.

It imports numba and mpmath, which may not be installed, so tests import it after they have asked for both.
"""

import math
from functools import cache

import mpmath
import numba
import numpy as np
import pytest

from autograd_lite.compiler.native import functions

EXACT = {
    "exp": mpmath.exp,
    "quiet_exp": mpmath.exp,
    "exp2": lambda x: mpmath.power(2, x),
    "expm1": mpmath.expm1,
    "log": mpmath.log,
    "log1p": mpmath.log1p,
    "log2": lambda x: mpmath.log(x, 2),
    "log10": mpmath.log10,
    "tanh": mpmath.tanh,
    "sinh": mpmath.sinh,
    "cosh": mpmath.cosh,
    "sin": mpmath.sin,
    "cos": mpmath.cos,
    "arctan": mpmath.atan,
    "erf": mpmath.erf,
}
NUMPY = {name: getattr(np, name) for name in EXACT if hasattr(np, name)}
NUMPY |= {"quiet_exp": np.exp, "erf": lambda x: np.array([math.erf(number) for number in x]).astype(x.dtype)}
BINARY = ["logaddexp", "power"]
LOWEST = {"log": 0, "log2": 0, "log10": 0, "log1p": -1}  # the domain begins above

every_function = pytest.mark.parametrize("name", EXACT)
both_types = pytest.mark.parametrize("real", [np.float32, np.float64], ids=["float32", "float64"])


@cache
def clearing_and_testing():
    """The C functions that clear and test the flags of floating-point operations."""
    signature = numba.int32(numba.int32)
    return [numba.types.ExternalFunction(name, signature) for name in ("feclearexcept", "fetestexcept")]


@cache
def loop(name, real):
    """A function that fills an array with the values at the elements of others, and returns the flags."""
    (clear, test), function = clearing_and_testing(), getattr(functions, f"{name}_{real.__name__}")
    if name in BINARY:

        @numba.njit(error_model="numpy")
        def fill(x, y, out):
            clear(255)
            for i in range(len(x)):
                out[i] = function(x[i], y[i])
            return test(255)
    else:

        @numba.njit(error_model="numpy")
        def fill(x, out):
            clear(255)
            for i in range(len(x)):
                out[i] = function(x[i])
            return test(255)

    return fill


def evaluate(name, *arguments):
    out = np.empty_like(arguments[0])
    loop(name, out.dtype.type)(*arguments, out)
    return out


def neighbours(numbers, real):
    """Numbers rounded to a format, with the three numbers on either side of each."""
    patterns = np.array(numbers, real).view(f"i{real().itemsize}")
    return (patterns[:, None] + np.arange(-3, 4, dtype=patterns.dtype)).ravel().view(real)


@cache
def near_quarter_turns(real):
    """For each binade up to the bound, the numbers that are closest to a multiple of π/2: by its continued fraction."""
    digits, found = np.finfo(real).nmant + 1, []
    bound = getattr(functions, f"SIN_COS_BOUND_{real.__name__.upper()}")
    with mpmath.workprec(200):
        for exponent in range(1 - digits, int(math.log2(bound)) - digits + 2):
            ratio = mpmath.ldexp(mpmath.pi / 2, -exponent)  # m · 2^exponent ≈ n π/2 where m / n ≈ ratio
            (p, before_p), (q, before_q), rest = (1, 0), (0, 1), ratio
            while True:
                whole = int(mpmath.floor(rest))
                (p, before_p), (q, before_q) = (whole * p + before_p, p), (whole * q + before_q, q)
                if p >= 2**digits:
                    break
                found.append(math.ldexp(p, exponent))
                rest = 1 / (rest - whole)
    return np.array([x for x in found if x <= bound], real)


def samples(name, real, per_binade, rng):
    """Numbers from all binades and from where functions change or end, inside the domain and up to the bound."""
    limits = np.finfo(real)
    exponents = np.arange(2 * limits.maxexp - 1, dtype=f"i{real().itemsize}")[:, None] << limits.nmant
    mantissas = rng.integers(0, 1 << limits.nmant, (len(exponents), per_binade), dtype=exponents.dtype)
    top = math.log(limits.max)
    positive = [
        (exponents | mantissas).ravel().view(real),
        rng.uniform(0, 2, 200).astype(real),
        rng.uniform(0, top, 200).astype(real),
        np.abs(1 + rng.choice([-1, 1], 200) * 2.0 ** -rng.uniform(0, limits.nmant, 200)).astype(real),
        neighbours([top, top / math.log(2), top + math.log(2), -math.log(limits.smallest_subnormal)], real),
        neighbours([0.25, 0.35, 0.5, 0.55, 0.75, 1, 2, math.sqrt(0.5), math.sqrt(2), 4, 6, 20], real),
        neighbours([math.log(2) / 2, math.tan(math.pi / 8), math.tan(3 * math.pi / 8)], real),
        near_quarter_turns(real),
    ]
    x = np.concatenate([*positive, *(-part for part in positive)])
    if name in ("sin", "cos"):
        x = x[np.abs(x) <= getattr(functions, f"SIN_COS_BOUND_{real.__name__.upper()}")]
    return x[x > LOWEST.get(name, -np.inf)]


def largest_error(found, exact):
    """In units of the last place of the exact values; infinity counts as the number after the largest."""
    limits = np.finfo(found.dtype)
    end, errors = mpmath.ldexp(1, limits.maxexp), []
    for number, value in zip(found.tolist(), exact, strict=True):
        value = max(-end, min(end, value))
        exponent = max(mpmath.frexp(value)[1] - 1, limits.minexp) if value else limits.minexp
        number = max(-end, min(end, mpmath.mpf(number)))
        errors.append(abs(number - value) / mpmath.ldexp(1, min(exponent, limits.maxexp - 1) - limits.nmant))
    assert not any(map(mpmath.isnan, errors))
    return max(errors)


def special(real):
    limits = np.finfo(real)
    bound = getattr(functions, f"SIN_COS_BOUND_{real.__name__.upper()}")
    positive = [0, limits.smallest_subnormal, limits.smallest_normal, 0.5, 1, 3, bound / 2, 90, 800, limits.max, np.inf]
    return np.array([*positive, *(-number for number in positive), np.nan], real)
