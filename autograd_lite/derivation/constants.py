"""Constants of formulas: numbers as fractions, and their arithmetic."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Shape = tuple[int, ...]


class Formula:
    """A formula, with the shape and dtype of its value."""

    __slots__ = ("dtype", "shape")
    shape: Shape
    dtype: Any

    @property
    def ndim(self) -> int:
        return len(self.shape)


class Constant(Formula):
    """A number, kept as a fraction: 2/32 is not reduced to 1/16, because the 32 is the length of an axis."""

    __slots__ = ("denominator", "numerator")

    def __init__(self, numerator: float, denominator: int = 1) -> None:
        if isinstance(numerator, float) and numerator.is_integer() and abs(numerator) < 1e15:
            numerator = int(numerator)
        if denominator != 1 and isinstance(numerator, int) and numerator % denominator == 0:
            numerator, denominator = numerator // denominator, 1
        self.numerator = numerator
        self.denominator = denominator
        self.shape = ()
        self.dtype = None  # as for a Python number, the dtype is that of the other operand

    @classmethod
    def of(cls, value: Any) -> Constant:
        """A Python or NumPy number as a constant; an integral float becomes an int."""
        value = value.item() if hasattr(value, "item") else value
        if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
            value = int(value)
        return cls(int(value) if isinstance(value, bool) else value)

    @property
    def value(self) -> float:
        return self.numerator if self.denominator == 1 else self.numerator / self.denominator


def _fraction(product: float, denominator: int) -> Constant:
    return Constant(-product, -denominator) if denominator < 0 else Constant(product, denominator)


def _quotient(x: Constant, y: Constant) -> Constant | None:
    if isinstance(y.numerator, int) and y.numerator:
        return _fraction(x.numerator * y.denominator, x.denominator * y.numerator)
    return Constant.of(x.value / y.value) if y.value else None


def _sum(x: Constant, y: Constant, sign: int) -> Constant:
    """x ± y; the denominator stays if both have it, because it is the length of an axis."""
    if x.denominator == y.denominator != 1:
        return Constant(x.numerator + sign * y.numerator, x.denominator)
    return Constant.of(x.value + sign * y.value)


FOLDED: dict[Any, Callable[..., Constant | None]] = {
    np.add: lambda x, y: _sum(x, y, 1),
    np.subtract: lambda x, y: _sum(x, y, -1),
    np.multiply: lambda x, y: _fraction(x.numerator * y.numerator, x.denominator * y.denominator),
    np.divide: _quotient,
    np.negative: lambda x: Constant(-x.numerator, x.denominator),
    np.square: lambda x: _fraction(x.numerator**2, x.denominator**2),
}
