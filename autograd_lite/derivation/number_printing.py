"""How numbers are written: fractions, decimals, powers of ten, and numbers with a name such as π."""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction

from autograd_lite.derivation.constants import Constant
from autograd_lite.derivation.notation import NUMBERS, SIGNS, superscript

NEGATIVE, QUOTIENT, SIMPLE = range(3)


def number(e: Constant, latex: bool, lengths: Mapping[int, str], factor: bool = False) -> tuple[str, int]:
    """A number, and whether it is negative, a quotient with a slash, or simple. A factor is in parentheses.

    A fraction is in lowest terms, unless its denominator is the length of an axis that has a name.
    """
    if any(math.isclose(abs(e.value), known, rel_tol=1e-14) for known in NUMBERS):
        e = Constant(e.value)
    elif e.denominator not in lengths:
        e = in_lowest_terms(e)
    above, below = _digits(e.numerator, latex), lengths.get(e.denominator, str(e.denominator))
    minus = SIGNS["−"] if latex else "−"
    sign, above = (minus, above[1:]) if above[0] == "-" else ("", above)
    if e.denominator == 1:
        return sign + above, NEGATIVE if sign else SIMPLE
    if latex:
        return rf"{sign}\frac{{{above}}}{{{below}}}", NEGATIVE if sign else SIMPLE
    return (
        (f"{sign}({above}/{below})", SIMPLE) if factor else (f"{sign}{above}/{below}", NEGATIVE if sign else QUOTIENT)
    )


def _digits(value: float, latex: bool) -> str:
    for known, names in NUMBERS.items():
        if math.isclose(abs(value), known, rel_tol=1e-14):
            return "-" * (value < 0) + names[latex]
    text = repr(value)
    if "e" not in text:
        return text.replace("inf", r"\infty" if latex else "∞")
    mantissa, exponent = text.split("e")
    power = f"10^{{{int(exponent)}}}" if latex else "10" + superscript(str(int(exponent)))
    return power if mantissa == "1" else mantissa + (r" \cdot " if latex else "·") + power


def in_lowest_terms(number: Constant, longest: int = 12) -> Constant:
    """2/12 as 1/6, and a decimal longer than `longest` that is a fraction of small numbers as that fraction."""
    if isinstance(number.numerator, int):
        simple = Fraction(number.numerator, number.denominator)
        return Constant(simple.numerator, simple.denominator)
    value = number.value
    if math.isfinite(value):
        simple = Fraction(value).limit_denominator(999)
        if len(repr(value)) > longest and math.isclose(simple.numerator / simple.denominator, value, rel_tol=3e-16):
            return Constant(simple.numerator, simple.denominator)
    return Constant(value)
