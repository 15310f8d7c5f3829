"""Scalar values in a function, as factors that a formula may have left out: norms, determinants, parameters."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from autograd_lite.support.conversion import NumberArray
from autograd_lite.testing.recorded import Recorded, Step
from autograd_lite.testing.step_names import StepNames, has_names

# Arguments that may be numbers, of operations that multiply by them or have them as an exponent.
_NUMBERS = {"power": ("y",), "matrix_power": ("n",), "multiply": ("x", "y"), "divide": ("x", "y")}
_UNCHANGED = ("getitem", "reshape", "negative", "variable")  # their results are values of other steps


class Quantity(NamedTuple):
    """A number in a function: its name, where it is used, and its absolute value."""

    name: str
    where: str
    value: float


def scaled_gradients(recorded: Recorded, names: StepNames) -> Iterator[tuple[str, str, int, NumberArray]]:
    """The gradient times each quantity and over it; also for its square, its root and twice the quantity."""
    right = recorded.right.reshape(recorded.shape + recorded.argument.shape)
    for name, where, value in _quantities(recorded, names):
        for label, factor, cost in (
            (name, value, 3), (f"2·{name}", 2 * value, 4), (f"{name}²", value**2, 4), (f"√{name}", np.sqrt(value), 4),
        ):  # fmt: skip
            yield "extra factor", f"the factor {label}{where} is one too many", cost, right * factor
            yield "missing factor", f"the factor {label}{where} is missing", cost, right / factor


def _quantities(recorded: Recorded, names: StepNames) -> Iterator[Quantity]:
    seen: set[str] = set()
    for quantity in _all(recorded, names):
        if quantity.value > 0 and abs(quantity.value - 1) > 1e-9 and quantity.name not in seen:
            seen.add(quantity.name)
            yield quantity


def _all(recorded: Recorded, names: StepNames) -> Iterator[Quantity]:
    for step in recorded.steps:
        text = names.value(step.node)
        if text and not step.has_several_results and np.size(step.out) == 1 and step.name not in _UNCHANGED:
            yield Quantity(f"`{text}`", "", _magnitude(step.out))
        for name in _NUMBERS.get(step.name, ()):
            number, text = step.arguments.get(name), names.operand(step.node, name)
            # a factor that is written as a number belongs to one step
            if text and number is not None and np.size(number) == 1 and _is_constant(step, name) and has_names(text):
                yield Quantity(f"`{text}`", f" ({names.where(step).removeprefix(', ')})", _magnitude(number))


def _magnitude(number: NumberArray) -> float:
    return abs(float(np.reshape(number, ())))


def _is_constant(step: Step, name: str) -> bool:
    operation = step.node.operation
    return name not in operation.differentiable or step.node.parents[operation.differentiable.index(name)] is None
