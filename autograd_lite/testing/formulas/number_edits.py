"""Edits of exponents, numbers and options: those off by one, missing powers, another axis."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from autograd_lite.ops.layers.activation import log_softmax, softmax
from autograd_lite.ops.reductions.reduction import logsumexp
from autograd_lite.testing.formulas.computation import Call, Change, Ref
from autograd_lite.testing.formulas.edits import COMPARISONS, POWERS, Edit, at_value, on_operand
from autograd_lite.testing.formulas.written_formula import WrittenFormula, is_number


def exponents(formula: WrittenFormula, number: int, call: Call) -> Iterator[Edit]:
    """Another exponent, or one that is missing."""
    given = POWERS.get(call.function)
    if call.function is np.power and is_number(call.operands[1]):
        given = float(call.operands[1])
    if given is not None:
        for right in dict.fromkeys((given + 1, given - 1, -given, 1.0, 2.0, 3.0, 0.5, -1.0)):
            if right not in (given, 0):
                base = formula.operand(number, 0)
                text = f"the exponent of {base} must be {right:g}, not {given:g}{formula.where(number)}"
                text += formula.meaning(call.operands[0])
                yield Edit("exponent", text, 3, {number: lambda x, *_, p=right: x**p}, ("exponent", given, right))
        return
    users = [formula.calls[user].function for user, _ in formula.uses.get(number, [])]
    if not formula.is_float(number) or all(user in POWERS or user is np.power for user in users):
        return
    for what, power in _MISSING_POWERS.items():
        for text, where, changes in at_value(formula, number, power):
            if all(formula.calls[user].function not in POWERS for user in changes):
                yield Edit(
                    "exponent", f"the exponent of {text} is wrong: it must be {what}{where}", 3, changes, (what,)
                )


_MISSING_POWERS: dict[str, Callable[[Any], Any]] = {
    "squared": np.square, "cubed": lambda x: x**3, "under a square root": np.sqrt, "in the denominator": np.reciprocal,
}  # fmt: skip


def numbers(formula: WrittenFormula, number: int, call: Call) -> Iterator[Edit]:
    """Another number: one of the function, one that is off by one, another threshold."""
    for position, given in enumerate(call.operands):
        if type(given) is Ref and _is_scalar_input(formula.calls[given]) and isinstance(call.function, np.ufunc):
            yield from _beside(formula, number, position)
        if not is_number(given) or call.function is np.power or not isinstance(call.function, np.ufunc):
            continue
        written, where = formula.operand(number, position), formula.where(number)
        is_product = call.function in (np.multiply, np.divide)
        near = () if is_product else (0, 1, -1, 0.5, 2, given + 1, given - 1, -given)
        choices = (*formula.numbers, *near) if _is_literal(written) else ()
        for right in dict.fromkeys((*choices, given + 1, given - 1)):
            if right == given or (right in (0, 1) and is_product):  # a factor that is one too many has its own sentence
                continue
            kind, text = "number", f"{written} must be {right:g}"
            if call.function in COMPARISONS:
                kind, text = "indicator", f"the threshold {written} of the condition must be {right:g}"
            elif right not in choices and given > 2:
                yield _offset(number, call, position, written, right - given, where)
                continue
            elif right not in choices:
                continue
            changed = on_operand(call, position, _constant(right))
            yield Edit(kind, text + where, 3, {number: changed}, ("number", given, right))


def _offset(number: int, call: Call, position: int, written: str, step: float, where: str) -> Edit:
    """A number that is one too small or too large, whatever it is."""
    stands, belongs = ("N − 1", "N") if step > 0 else ("N", "N − 1")
    text = f"{written} is one too {'small' if step > 0 else 'large'}: {stands} stands where {belongs} belongs"
    changed = on_operand(call, position, partial(np.add, step))
    return Edit("number", text + where, 3, {number: changed}, ("offset", written, step))


def _beside(formula: WrittenFormula, number: int, position: int) -> Iterator[Edit]:
    """A scalar input plus or minus one."""
    call, written = formula.calls[number], formula.operand(number, position)
    for step in (1, -1):
        right = f"{written} {'+' if step > 0 else '−'} 1"
        changed = on_operand(call, position, partial(np.add, step))
        text = f"{written} must be {right}{formula.where(number)}"
        yield Edit("number", text, 3, {number: changed}, ("offset", written, step))


def _is_scalar_input(call: Call) -> bool:
    return call.function is None and np.ndim(call.value) == 0


def _is_literal(written: str) -> bool:
    try:
        float(written)
    except ValueError:
        return False
    return True


_ALONG_AXIS = (
    np.sum, np.mean, np.max, np.min, np.prod, np.var, np.std, np.cumsum, np.cumprod, np.flip, softmax, log_softmax,
    logsumexp,
)  # fmt: skip


def options(formula: WrittenFormula, number: int, call: Call) -> Iterator[Edit]:
    """Another axis, or another mode of a convolution."""
    function: Any = call.function
    if function in _ALONG_AXIS and type(call.operands[0]) is Ref:
        axis = call.operands[1] if len(call.operands) > 1 else call.options.get("axis")
        ndim = np.ndim(formula.calls[call.operands[0]].value)
        if isinstance(axis, int) or (axis is None and ndim > 1):
            given = "all axes" if axis is None else f"axis {axis}"
            for right in set(range(ndim)) - ({axis % ndim} if isinstance(axis, int) else set()):
                text = f"the {call.name} is over {given} where axis {right} belongs{formula.where(number)}"
                yield Edit("axis", text, 3, {number: _over(function, axis=right)}, ("axis", axis, right))
                if not call.options.get("keepdims"):
                    kept = _over(function, axis=right, keepdims=True)
                    text = text.replace(" belongs", " with keepdims=True belongs", 1)
                    yield Edit("axis", text, 4, {number: kept}, ("axis, kept", axis, right))
    for position, given in enumerate(call.operands):
        for mode in _MODES if isinstance(given, str) and given in _MODES else ():
            text = f"the mode '{given}' must be '{mode}'{formula.where(number)}"
            yield Edit("mode", text, 3, {number: on_operand(call, position, _constant(mode))}, ("mode", given, mode))


_MODES = ("valid", "same", "full")


def _over(function: Any, **given: Any) -> Change:
    return lambda x, *_, **options: function(x, **{**options, **given})


def _constant(value: Any) -> Callable[[Any], Any]:
    return lambda _: value
