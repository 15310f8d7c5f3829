"""Scalar values in a function, as factors that a formula may have left out: norms, determinants, parameters."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from autograd_lite.support.conversion import NumberArray
from autograd_lite.testing.chain_rule.recorded import Recorded, Step
from autograd_lite.testing.chain_rule.step_names import StepNames, has_names

# Arguments that may be numbers, of operations that multiply by them or have them as an exponent.
_NUMBERS = {"power": ("y",), "matrix_power": ("n",), "multiply": ("x", "y"), "divide": ("x", "y")}
_UNCHANGED = ("getitem", "reshape", "negative", "variable")  # their results are values of other steps

_SQUARE = ("**2`", "** 2`")
_KINDS = {"missing": "missing", "one too many": "extra"}


class Quantity(NamedTuple):
    """A number in a function: its name, where it is used, its value, and whether it is a divisor there."""

    name: str
    where: str
    value: float
    is_divisor: bool = False


def scaled_gradients(recorded: Recorded, names: StepNames) -> Iterator[tuple[str, str, int, NumberArray]]:
    """The gradient times each quantity and over it; also for its square, its root and twice the quantity."""
    right = recorded.right.reshape(recorded.shape + recorded.argument.shape)
    for name, where, value, is_divisor in _quantities(recorded, names):
        # The root of a square is |s| and not s, which is what one leaves out.
        has_root = value > 0 and not name.endswith(_SQUARE)
        for label, factor, cost in (
            (name, value, 3), (f"2·{name}", 2 * value, 4), (f"{name}²", value**2, 4),
            *([(f"√{name}", np.sqrt(value), 4)] if has_root else []),
        ):  # fmt: skip
            inverse = f"1/{label}" if is_divisor else label
            larger, smaller = ("missing", "one too many") if is_divisor else ("one too many", "missing")
            yield f"{_KINDS[larger]} factor", f"the factor {inverse}{where} is {larger}", cost, right * factor
            yield f"{_KINDS[smaller]} factor", f"the factor {inverse}{where} is {smaller}", cost, right / factor


def _quantities(recorded: Recorded, names: StepNames) -> Iterator[Quantity]:
    seen: set[str] = set()
    for quantity in _all(recorded, names):
        if quantity.value and abs(abs(quantity.value) - 1) > 1e-9 and quantity.name not in seen:
            seen.add(quantity.name)
            yield quantity


def _all(recorded: Recorded, names: StepNames) -> Iterator[Quantity]:
    for step in recorded.steps:
        text = names.value(step.node)
        if text and not step.has_several_results and np.size(step.out) == 1 and step.name not in _UNCHANGED:
            yield Quantity(f"`{text}`", "", _number(step.out))
        for name in _NUMBERS.get(step.name, ()):
            number, text = step.arguments.get(name), names.operand(step.node, name)
            # a factor that is written as a number belongs to one step
            if text and number is not None and np.size(number) == 1 and _is_constant(step, name) and has_names(text):
                where = f" ({names.where(step).removeprefix(', ')})"
                yield Quantity(f"`{text}`", where, _number(number), (step.name, name) == ("divide", "y"))


def _number(number: NumberArray) -> float:
    return float(np.reshape(number, ()))


def _is_constant(step: Step, name: str) -> bool:
    operation = step.node.operation
    return name not in operation.differentiable or step.node.parents[operation.differentiable.index(name)] is None
