"""Where a formula makes its first NaN or infinity, in the words of the user's code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_lite.support.messages import show
from autograd_lite.testing.comparing.inputs import Inputs
from autograd_lite.testing.formulas.computation import Call, Ref
from autograd_lite.testing.formulas.traced_array import trace
from autograd_lite.testing.formulas.written_formula import WrittenFormula


def first_non_finite(formula: Callable[..., Any], inputs: Inputs) -> str:
    """The first call of a formula whose value is not finite although its operands are; empty if there is none.

    For ``m / (1 - 0.9**t)`` at t = 0 it is ``m / (1 - 0.9**t) is inf, with m = array([1., 1.]) and 1 - 0.9**t = 0.0``.
    """
    computation = trace(formula, inputs)
    if computation is None:
        return ""
    written = WrittenFormula(computation, formula)
    for number, call in enumerate(computation.calls):
        if call.function is not None and not _is_finite(call.value):
            operands = [_value(operand, computation.calls) for operand in call.operands]
            if all(map(_is_finite, operands)):
                bad = np.asarray(call.value)[~np.isfinite(call.value)].flat[0]
                given = [
                    f"{name} = {show(value, 40)}"
                    for position, value in enumerate(operands)
                    if (name := written.operand(number, position)) and name != str(value) and _is_number(value)
                ]
                what = f"{call.place.text} is" if call.place is not None else f"{call.name} gives"
                return f"{what} {bad}" + (f", with {' and '.join(given)}" if given else "")
            return ""
    return ""


def _value(operand: Any, calls: list[Call]) -> Any:
    value = calls[operand].value if type(operand) is Ref else operand
    return value.item() if isinstance(value, np.ndarray) and not value.ndim else value


def _is_number(value: Any) -> bool:
    return isinstance(value, np.ndarray | np.generic | float | int) and np.asarray(value).dtype.kind in "fiub"


def _is_finite(value: Any) -> bool:
    return not _is_number(value) or bool(np.isfinite(value).all())
