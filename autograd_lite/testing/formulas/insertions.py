"""Edits that put something into a formula: a missing function, factor, divisor or term, or another value.

What may be missing is in the `library`.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from autograd_lite.ops.layers.activation import sigmoid
from autograd_lite.support.conversion import NumberArray
from autograd_lite.testing.formulas.computation import Call, Change
from autograd_lite.testing.formulas.edit_table import merged_by_place
from autograd_lite.testing.formulas.edits import Edit, at_value, on_operand, then
from autograd_lite.testing.formulas.library import IN_PRODUCTS, IN_SUMS, Entry, Library
from autograd_lite.testing.formulas.written_formula import WrittenFormula, is_number

# -- functions -------------------------------------------------------------------------------------------------------

_FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "exp is missing around {}": np.exp, "log is missing around {}": np.log, "sqrt is missing around {}": np.sqrt,
    "the absolute value is missing around {}": np.abs, "sign is missing around {}": np.sign,
    "tanh is missing around {}": np.tanh, "sigmoid is missing around {}": sigmoid,
    "the factor 1 − {p} is missing{where}": lambda x: x * (1 - x),
    "1 − {p} belongs in the place of {p}{where}": lambda x: 1 - x,
    "1 − {p}² belongs in the place of {p}{where}": lambda x: 1 - x**2,
    "the sum over axis 0 is missing: of {}": lambda x: x.sum(0),
    "the sum over axis 1 is missing: of {}": lambda x: x.sum(1),
    "{} must be divided by its sum over axis 0": lambda x: x / x.sum(0),
    "{} must be divided by its sum over axis 1": lambda x: x / x.sum(1, keepdims=True),
    "the matrix inverse is missing around {}": np.linalg.inv,
    "only the diagonal is needed: of {}": lambda x: np.diag(x), "the trace is needed: of {}": lambda x: np.trace(x),
}  # fmt: skip
_INDICATORS: dict[str, Callable[[Any], Any]] = {
    "the maximum with 0 is missing around {}": lambda x: np.maximum(x, 0),
    "the indicator 1[{p} > 0] belongs in the place of {p}{where}": lambda x: (x > 0).astype(float),
    "the indicator 1[{p} > 0] is missing{where}": lambda x: x * (x > 0),
}


def missing_functions(formula: WrittenFormula, given: Library) -> Iterator[Edit]:
    """A function that is missing around a value, in one use of it or in all."""
    own = {f"{name} is missing around {{}}": function for name, function in given.functions.items()}
    table = {**_FUNCTIONS, **own, **_INDICATORS}
    yield from merged_by_place(formula, _around(formula, table))


def _around(formula: WrittenFormula, table: dict[str, Callable[[Any], Any]]) -> Iterator[Edit]:
    for number in sorted(formula.needed, reverse=True):
        if formula.is_float(number):
            for phrase, function in table.items():
                kind = "indicator" if phrase in _INDICATORS else "missing function"
                for text, where, changes in at_value(formula, number, function):
                    yield Edit(kind, _phrase(phrase, text) + where, 4 + phrase.startswith("sign"), changes)


def _phrase(template: str, text: str) -> str:
    """The sentence on a value: a name stands for itself, and an expression for p in it."""
    name, meaning = (text, "") if text.isidentifier() else ("p", f", where p = {text}")
    return template.format(text, p=name, where=meaning)


# -- values ----------------------------------------------------------------------------------------------------------


def missing_values(formula: WrittenFormula, given: Library) -> Iterator[Edit]:
    """A factor, divisor or term of the library that is missing, or a value that belongs in another one's place."""
    yield from _exchanged(formula, given)
    yield from _replaced_numbers(formula, given)
    for number in sorted(formula.needed, reverse=True):
        if formula.is_float(number) and not formula.is_repeated(number):
            for index, entry in enumerate(given.entries):
                yield from _replaced(formula, number, index, entry)
                for kind, text, function in (*_elementwise(formula, number, entry), *_matrices(formula, number, entry)):
                    yield Edit(kind, text, 4, {}, (), _with_value(formula.calls[number], number, index, function))


def _exchanged(formula: WrittenFormula, given: Library) -> Iterator[Edit]:
    """Two inputs of the same shape that are exchanged."""
    own = ((i, entry) for i, entry in enumerate(given.entries) if not entry.of_function and entry.derived is np.asarray)
    inputs = [(i, entry) for i, entry in own if formula.calls[entry.number].function is None]
    for (i, x), (j, y) in itertools.combinations(inputs, 2):
        if x.shape == y.shape:
            numbers = (x.number, i), (y.number, j)

            def make(values: list[NumberArray], pairs: Any = numbers) -> dict[int, Change]:
                (first, own), (second, other) = pairs
                return {first: lambda _: values[other], second: lambda _: values[own]}

            yield Edit("exchanged", f"{x.name} and {y.name} are exchanged", 4, {}, (), make)


def _replaced(formula: WrittenFormula, number: int, index: int, entry: Entry) -> Iterator[Edit]:
    """Another value of the same shape, in one use or in all."""
    written, shape = formula.text(number), np.shape(formula.calls[number].value)
    if entry.shape != shape or not shape or entry.name == written or entry.derived is not np.asarray:
        return
    text, uses = f"stands where {entry.definition} belongs", formula.uses.get(number, [])
    yield Edit(
        "other value", f"{written} {text}", 5, {}, (), _with_value(formula.calls[number], number, index, _second)
    )
    for user, position in uses if len(uses) > 1 else ():

        def make(values: list[NumberArray], user: int = user, position: int = position) -> dict[int, Change]:
            return {user: on_operand(formula.calls[user], position, lambda _: values[index])}

        yield Edit("other value", f"{formula.operand(user, position)} {text}{formula.where(user)}", 5, {}, (), make)


def _replaced_numbers(formula: WrittenFormula, given: Library) -> Iterator[Edit]:
    """A number that is computed in another way: the sum of a mask in place of its size."""
    scalars = [(i, e) for i, e in enumerate(given.entries) if not e.shape and (e.derived is np.asarray or e.is_length)]
    for user in sorted(formula.needed, reverse=True):
        call = formula.calls[user]
        for position, operand in enumerate(call.operands):
            for index, entry in scalars if is_number(operand) and not formula.is_repeated(user) else ():

                def make(
                    values: list[NumberArray], user: int = user, position: int = position, index: int = index
                ) -> Any:
                    return {user: on_operand(formula.calls[user], position, lambda _: values[index])}

                text = f"{formula.operand(user, position)} stands where {entry.definition} belongs{formula.where(user)}"
                yield Edit("other value", text, 5, {}, (), make)


def _second(x: Any, value: Any) -> Any:
    return value


# The kind of a mistake, its sentence, and the function of the value and the entry that corrects it.
_Row = tuple[str, str, Callable[..., Any]]


def _elementwise(formula: WrittenFormula, number: int, entry: Entry) -> Iterator[_Row]:
    written, into = formula.text(number), np.shape(formula.calls[number].value)
    if not _fits(entry.shape, into) or entry.name == written:
        return
    users, value = {formula.calls[user].function for user, _ in formula.uses.get(number, ())}, entry.definition
    if not users & IN_PRODUCTS:
        yield "missing factor", f"the factor {value} is missing, of {written}", np.multiply
        yield "missing divisor", f"the divisor {value} is missing, of {written}", np.divide
    if not users & IN_SUMS:
        yield "missing term", f"the term {value} is missing: it is added to {written}", np.add
        yield "missing term", f"the term −{value} is missing: it is subtracted from {written}", np.subtract


def _matrices(formula: WrittenFormula, number: int, entry: Entry) -> Iterator[_Row]:
    """A missing factor of a matrix product, on either side."""
    written, into = formula.text(number), np.shape(formula.calls[number].value)
    if len(entry.shape) != 2 or len(into) not in (1, 2) or entry.derived is not np.asarray:
        return
    rows, columns = entry.shape
    text = "the factor {} is missing on the {} of {}"
    if columns == into[0]:
        yield "missing factor", text.format(entry.definition, "left", written), lambda x, m: m @ x
    if rows == into[0]:
        yield "missing factor", text.format(entry.transpose, "left", written), lambda x, m: m.T @ x
    if len(into) == 2 and rows == into[1]:
        yield "missing factor", text.format(entry.definition, "right", written), lambda x, m: x @ m
    if len(into) == 2 and columns == into[1]:
        yield "missing factor", text.format(entry.transpose, "right", written), lambda x, m: x @ m.T


def _with_value(
    call: Call, number: int, index: int, function: Callable[..., Any]
) -> Callable[[list[NumberArray]], dict[int, Change]]:
    def make(values: list[NumberArray]) -> dict[int, Change]:
        value = values[index]
        return {number: then(call, lambda x: function(x, value))}

    return make


def _fits(shape: tuple[int, ...], into: tuple[int, ...]) -> bool:
    try:
        return np.broadcast_shapes(shape, into) == into
    except ValueError:
        return False
