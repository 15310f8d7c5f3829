"""A part of a formula that is too large or too small by a constant: a term or a number in it.

The part is multiplied by two, and from the difference follows by which number it must be multiplied: exactly where the
formula is linear in the part, and otherwise the changed formula is wrong and the part is not named.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from autograd_lite.support.conversion import NumberArray
from autograd_lite.testing.computation import Call, Change, Ref
from autograd_lite.testing.edits import View, is_float, is_number, on_operand

_SUMS = (np.add, np.subtract)
_SIDE_BY_SIDE = (np.where, np.stack, np.concatenate, np.maximum, np.minimum)
_FACTORS = (np.multiply, np.divide)


class Part(NamedTuple):
    """A part of a formula: a term (in words), or a number with its value; and the call that is changed to scale it."""

    text: str
    where: str
    number: float | None
    call: int
    scaled: Callable[[float], Change]


def parts(view: View) -> Iterator[Part]:
    """The terms of sums, the arrays that are put side by side, and the numbers in products."""
    for number in sorted(view.needed):
        call = view.calls[number]
        if call.function in _SUMS or call.function in _SIDE_BY_SIDE:
            yield from _operands(view, number, call)
        elif call.function in _FACTORS:
            for position, operand in enumerate(call.operands):
                if is_number(operand):
                    yield Part(view.operand(number, position) or "", view.where(number), float(operand), number,
                               _scaling(call, position))  # fmt: skip


def _operands(view: View, number: int, call: Call) -> Iterator[Part]:
    for position, operand in enumerate(call.operands):
        if type(operand) is Ref and is_float(view.calls[operand].value):
            yield Part(view.operand(number, position) or "", view.where(number), None, number, _scaling(call, position))


def _scaling(call: Call, position: int) -> Callable[[float], Change]:
    return lambda factor: on_operand(call, position, lambda x: factor * x)


def fitted_factor(claims: NumberArray, doubled: NumberArray, expected: NumberArray, tolerance: float) -> float | None:
    """The factor that the part must have, from the formula's numbers with the part as it is and doubled."""
    response, wanted = doubled - claims, expected - claims
    square = float(np.sum(response * response))
    if not square or not np.isfinite(square):
        return None
    factor = float(np.sum(response * wanted)) / square
    if not (np.abs(factor * response - wanted) <= tolerance).all():
        return None
    return 1 + factor


def sentence(part: Part, factor: float) -> tuple[str, str]:
    """The kind of a mistake and the sentence that names it."""
    if part.number is not None:
        if np.isclose(factor, -1, rtol=1e-7):
            return "sign", f"the sign of the factor `{part.text}` is wrong{part.where}"
        return "number", f"`{part.text}` must be {factor * part.number:.6g}{part.where}"
    if abs(factor) < 1e-8:
        return "extra term", f"the term `{part.text}` is one too many{part.where}"
    if np.isclose(factor, -1, rtol=1e-7):
        return "sign", f"the sign of the term `{part.text}` is wrong{part.where}"
    size = abs(factor) if abs(factor) > 1 else 1 / abs(factor)
    flipped = "has the wrong sign and " if factor < 0 else ""
    times = f"{size:.6g} times too {'small' if abs(factor) > 1 else 'large'}"
    return "term factor", f"the term `{part.text}` {flipped}is {times}{part.where}"
