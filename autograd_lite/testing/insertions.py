"""Edits that put something into a formula: a missing function, factor, divisor or term, or another value in its place.

What may be missing is taken from a library: the inputs, and the intermediate values of the formula and of the function
that it belongs to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_lite.ops.layers.activation import sigmoid
from autograd_lite.support.conversion import NumberArray
from autograd_lite.testing.computation import Change, Computation
from autograd_lite.testing.edits import Edit, View, is_float, on_operand, then
from autograd_lite.testing.inputs import Inputs
from autograd_lite.testing.traced_array import trace

_PRODUCTS = (np.multiply, np.divide, np.negative)
_SUMS = (np.add, np.subtract)


@dataclass
class Library:
    """Values that may be missing in a formula, with their names."""

    names: list[str]
    shapes: list[tuple[int, ...]]
    parts: list[tuple[bool, int]]  # whether it is of the function, and the number of the call
    function: Computation | None
    functions: dict[str, Callable[[Any], Any]]  # elementwise functions of one operand

    def values(self, inputs: Inputs, formula_values: list[Any]) -> list[NumberArray]:
        """The values for some inputs, where those of the formula's calls are known."""
        own = [] if self.function is None else self.function.values(inputs.arrays(), {})
        return [np.asarray((own if of_function else formula_values)[number]) for of_function, number in self.parts]


def library(function: Callable[..., Any], inputs: Inputs, view: View) -> Library:
    """The values of the inputs, of the calls of the formula, and of those of the function; equal ones once."""
    computed = trace(function, inputs)
    made = Library([], [], [], computed, dict(_FUNCTIONS))
    seen: list[NumberArray] = []
    sources: list[tuple[bool, View]] = [(False, view)]
    if computed is not None:
        sources.append((True, View(computed)))
    for of_function, source in sources:
        for number, call in enumerate(source.calls):
            value = call.value
            if call.function is not None and number not in source.needed:
                continue
            if not isinstance(value, np.ndarray | float | np.floating) or np.asarray(value).dtype.kind != "f":
                continue
            array = np.asarray(value)
            if not array.size or not np.isfinite(array).all() or (array.size > 1 and np.ptp(array) == 0):
                continue
            if any(a.shape == array.shape and np.allclose(a, array, rtol=1e-9, atol=0) for a in seen):
                continue
            seen.append(array)
            made.names.append(source.text(number))
            made.shapes.append(array.shape)
            made.parts.append((of_function, number))
            if of_function and len(call.operands) >= 1:
                _collect_function(made, source, number)
    return made


def _collect_function(made: Library, source: View, number: int) -> None:
    call = source.calls[number]
    function: Any = call.function
    rest, options = call.operands[1:], call.options
    first = source.calls[call.operands[0]].value if type(call.operands[0]).__name__ == "Ref" else None
    if first is None or np.shape(first) != np.shape(call.value) or any(type(x).__name__ == "Ref" for x in rest):
        return
    if call.name not in ("_getitem", "add", "subtract", "multiply", "divide", "_astype", "transpose", "negative"):
        made.functions.setdefault(call.name, lambda x: function(x, *rest, **options))


_FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "exp": np.exp, "log": np.log, "sqrt": np.sqrt, "absolute value": np.abs, "sign": np.sign, "tanh": np.tanh,
    "sigmoid": sigmoid, "maximum(0, ·)": lambda x: np.maximum(x, 0), "1[· > 0]": lambda x: (x > 0).astype(float),
    "1 − ·": lambda x: 1 - x, "1 − ·²": lambda x: 1 - x**2, "· (1 − ·)": lambda x: x * (1 - x),
    "sum over axis 0": lambda x: x.sum(0), "sum over axis 1": lambda x: x.sum(1), "diagonal": lambda x: np.diag(x),
}  # fmt: skip


def insertions(view: View, given: Library) -> Iterator[Edit]:
    """All insertions, of functions first."""
    numbers = [number for number in sorted(view.needed) if is_float(view.calls[number].value)]
    for number in numbers:
        yield from _functions(view, number, given)
    for number in numbers:
        yield from _operands(view, number, given)


def _functions(view: View, number: int, given: Library) -> Iterator[Edit]:
    call = view.calls[number]
    written = view.text(number)
    for name, function in given.functions.items():
        kind = "indicator" if name in ("maximum(0, ·)", "1[· > 0]") else "missing function"
        text = f"{name} is missing around `{written}`"
        yield Edit(kind, text, 4, {number: then(call, function)}, ("function", name))
        uses = view.uses.get(number, [])
        if len(uses) > 1:
            for user, position in uses:
                where = view.where(user)
                yield Edit(kind, f"{name} is missing around `{written}`{where}", 4,
                           {user: on_operand(view.calls[user], position, function)}, ("function", name))  # fmt: skip


def _operands(view: View, number: int, given: Library) -> Iterator[Edit]:
    call = view.calls[number]
    users = {view.calls[user].function for user, _ in view.uses.get(number, ())}
    shape = np.shape(call.value)
    where = f" beside `{view.text(number)}`"
    for index, (name, other) in enumerate(zip(given.names, given.shapes, strict=True)):
        if name == view.text(number):
            where_name = ""
        if _fits(other, shape) and not users & set(_PRODUCTS):
            yield Edit(
                "missing factor",
                f"the factor `{name}` is missing{where}",
                4,
                {},
                (),
                _making(call, number, index, np.multiply),
            )
            yield Edit(
                "missing divisor",
                f"the divisor `{name}` is missing{where}",
                4,
                {},
                (),
                _making(call, number, index, np.divide),
            )
        if _fits(other, shape) and not users & set(_SUMS):
            yield Edit(
                "missing term", f"the term `{name}` is missing{where}", 4, {}, (), _making(call, number, index, np.add)
            )
            yield Edit(
                "missing term",
                f"the term −`{name}` is missing{where}",
                4,
                {},
                (),
                _making(call, number, index, np.subtract),
            )
        if other == shape and shape and name != view.text(number):
            yield Edit("other value", f"`{view.text(number)}` stands where `{name}` belongs", 5, {}, (),
                       _making(call, number, index, lambda x, v: v))  # fmt: skip
        if len(other) == 2 and len(shape) in (1, 2):
            for label, turn in (("", _same), ("ᵀ", np.transpose)):
                turned = other if turn is _same else other[::-1]
                if turned[1] == shape[0]:
                    yield Edit("missing factor", f"the factor `{name}`{label} is missing on the left of `{view.text(number)}`", 4, {}, (),
                               _making(call, number, index, lambda x, v, t=turn: t(v) @ x))  # fmt: skip
                if len(shape) == 2 and turned[0] == shape[1]:
                    yield Edit("missing factor", f"the factor `{name}`{label} is missing on the right of `{view.text(number)}`", 4, {}, (),
                               _making(call, number, index, lambda x, v, t=turn: x @ t(v)))  # fmt: skip


def _same(x: Any) -> Any:
    return x


def _making(
    call: Any, number: int, index: int, function: Callable[..., Any]
) -> Callable[[list[NumberArray]], dict[int, Change]]:
    def make(parts: list[NumberArray]) -> dict[int, Change]:
        value = parts[index]
        return {number: then(call, lambda x: function(x, value))}

    return make


def _fits(shape: tuple[int, ...], into: tuple[int, ...]) -> bool:
    try:
        return np.broadcast_shapes(shape, into) == into
    except ValueError:
        return False
