"""Parts of a formula that are too large or too small by a constant: terms, and numbers in products.

A part is multiplied by two. From the change of the result follows the number by which it must be multiplied, where the
formula is linear in the part.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from autograd_lite.support.conversion import NumberArray
from autograd_lite.testing.formulas.computation import Call, Change, Ref
from autograd_lite.testing.formulas.edits import on_operand
from autograd_lite.testing.formulas.written_formula import WrittenFormula, is_number

_SUMS = (np.add, np.subtract)
_SIDE_BY_SIDE = (np.where, np.stack, np.concatenate, np.maximum, np.minimum)
_PRODUCTS = (np.multiply, np.divide)


class Part(NamedTuple):
    """A part of a formula: a term, or a number with its value.

    ``scaled(factor)`` is what takes the place of the call in which the part is multiplied by the factor.
    """

    text: str
    where: str
    number: float | None
    call: int
    position: int
    scaled: Callable[[float], Change]

    @property
    def is_literal(self) -> bool:
        """Whether the number is written as a number, and is not the value of an expression."""
        return self.text.replace(".", "").removeprefix("-").isdigit()


def parts(formula: WrittenFormula) -> Iterator[Part]:
    """The terms of sums, the arrays that are put side by side, and the numbers in products."""
    for number in sorted(formula.needed, reverse=True):
        call = formula.calls[number]
        if formula.is_repeated(number):
            continue  # whoever corrects the place corrects all of its evaluations
        for position, operand in enumerate(call.operands):
            in_sum = call.function in _SUMS or call.function in _SIDE_BY_SIDE
            is_term = in_sum and type(operand) is Ref and formula.is_float(operand)
            is_factor = call.function in _PRODUCTS and is_number(operand)
            if is_term or is_factor:
                value = float(operand) if is_factor else None
                text, where = formula.operand(number, position), formula.where(number)
                yield Part(text, where, value, number, position, _scaling(call, position))


def _scaling(call: Call, position: int) -> Callable[[float], Change]:
    return lambda factor: on_operand(call, position, lambda x: factor * x)


def fitted_factor(
    claims: NumberArray, doubled: NumberArray, expected: NumberArray, allowed: NumberArray
) -> float | None:
    """The factor that a part must have: from the numbers with the part as it is, and with it doubled."""
    response, wanted = doubled - claims, expected - claims
    square = float(np.sum(response * response))
    if not square or not np.isfinite(square):
        return None
    factor = float(np.sum(response * wanted)) / square
    return 1 + factor if (np.abs(factor * response - wanted) <= allowed).all() else None


def size(factor: float) -> float:
    """The factor or its reciprocal, whichever is larger; 0 for a part that must not be there."""
    return max(abs(factor), 1 / abs(factor)) if abs(factor) > 1e-9 else 0.0


def sentence(part: Part, factor: float, reasons: tuple[str, ...], is_constant: bool) -> tuple[str, str] | None:
    """The kind of the mistake and the sentence that names it; None if the factor is not worth a sentence.

    A factor that is not constant has reasons: the lengths that it is at all inputs.
    """
    flipped, amount = factor < 0, size(factor)
    if is_constant and np.isclose(amount, 2):
        reasons = ()
    if not amount:
        return None if part.number is not None else ("extra term", f"the term {part.text} is one too many{part.where}")
    if np.isclose(amount, 1, rtol=1e-7) and flipped:
        return ("sign", f"the sign of {part.text} is wrong{part.where}")
    direction = "small" if abs(factor) > 1 else "large"
    times = f"{amount:.6g} times too {direction}" if is_constant else f"too {direction} by the factor N"
    because = f", which is {' or '.join(reasons)}" if reasons else ""
    sign = "has the wrong sign and " if flipped else ""
    kind = "term" if part.number is None else "number"
    if reasons and not (part.is_literal and not is_constant):  # a number that is written is no length
        return kind, f"{_named(part)} {sign}is {times}{because}{part.where}"
    if part.number is None:
        return (kind, f"{_named(part)} {sign}is {times}{part.where}") if _is_simple(factor) else None
    right = factor * part.number
    if (
        not is_constant or not _is_simple(right) or abs(right) == 1 or not part.is_literal
    ):  # one that is too many has its own sentence
        return None
    return kind, f"{part.text} must be {right:.6g}{part.where}"


def quotient(part: Part, right: NumberArray, lengths: Sequence[dict[str, int]]) -> str:
    """What belongs in the place of ``2 / D``: one of the numbers that are written, divided by a length or times it.

    `right` is what the part must be at each setting, and `lengths` are the lengths by name there. Empty if it is none.
    """
    written = {1.0, *map(float, re.findall(r"\d+\.?\d*", part.text))}
    for name in lengths[0]:
        values = np.array([known.get(name, 0) for known in lengths], float)
        if not values.all() or len({*values}) == 1:
            continue
        for word, constants in (("divided by", right * values), ("times", right / values)):
            if np.allclose(constants, constants[0], rtol=1e-6) and np.isclose([*written], abs(constants[0])).any():
                amount = f"{constants[0]:.6g} {word} {name}".removeprefix("1 times ")
                return f"{part.text} must be {amount}{part.where}"
    return ""


def _named(part: Part) -> str:
    return f"the term {part.text}" if part.number is None else part.text


def _is_simple(number: float) -> bool:
    """Whether it, or its reciprocal, is a small whole number of halves, thirds or quarters."""
    return any(
        np.isclose(x * n, round(x * n), rtol=1e-9, atol=0) and 0 < abs(round(x * n)) <= 20
        for x in (number, 1 / number)
        for n in range(1, 5)
    )
