"""Edits that put something into a formula: a missing function, factor, divisor or term, or another value.

What may be missing is in a library: the inputs, and the intermediate values of the formula and of the function that it
belongs to.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from autograd_lite.ops.layers.activation import sigmoid
from autograd_lite.support.conversion import NumberArray
from autograd_lite.testing.comparing.inputs import Inputs
from autograd_lite.testing.formulas.computation import Call, Change, Computation, Ref, getitem, refs
from autograd_lite.testing.formulas.edits import POWERS, Edit, at_value, merged_by_place, on_operand, then
from autograd_lite.testing.formulas.traced_array import trace
from autograd_lite.testing.formulas.written_formula import WrittenFormula, is_number

_IN_PRODUCTS = {np.multiply, np.divide, np.negative}
_IN_SUMS = {np.add, np.subtract}


class Entry(NamedTuple):
    """A value of the library.

    Attributes
    ----------
    name, definition : str
        How it is written, and the same with what it is if that is the name of a variable.
    shape : tuple of int
    of_function, number : bool, int
        Whether it is a value of the function (else of the formula), and the number of the call.
    derived : callable
        The function of the value of this call.
    """

    name: str
    definition: str
    shape: tuple[int, ...]
    of_function: bool
    number: int
    derived: Callable[[NumberArray], NumberArray] = np.asarray

    @property
    def transpose(self) -> str:
        """How the transpose is written."""
        name = self.name
        if name.endswith(".T"):
            return name.removesuffix(".T")
        turned = f"{name}.T" if name.replace("_", "").isalnum() or name.endswith(")") else f"({name}).T"
        return turned + (f", {self.definition}," if self.definition != name else "")


@dataclass
class Library:
    """Values that may be missing in a formula.

    Attributes
    ----------
    function : Computation or None
        That of the function.
    entries : list of Entry
    functions : dict of str to callable
        Elementwise functions of one argument, by name.
    """

    function: Computation | None
    entries: list[Entry] = field(default_factory=list)
    functions: dict[str, Callable[[Any], Any]] = field(default_factory=dict)

    def values(self, inputs: Inputs, of_formula: list[Any]) -> list[NumberArray]:
        """The values for some inputs, with the values of the formula's calls for them."""
        own = self.function.values(inputs.arrays()) if self.function is not None else []
        return [e.derived(np.asarray((own if e.of_function else of_formula)[e.number])) for e in self.entries]


def library(function: Callable[..., Any], inputs: Inputs, formula: WrittenFormula) -> Library:
    """The library of a formula and its function; equal values are in it once."""
    computed = trace(function, inputs)
    made, seen = Library(computed), list[NumberArray]()
    if computed is not None:
        operands = (operand for call in computed.calls for operand in call.operands)
        formula.numbers = tuple(dict.fromkeys(float(x) for x in operands if is_number(x)))
    written = [formula] if computed is None else [formula, WrittenFormula(computed, function)]
    for source in written:
        results = _results(source) if source is not formula else set[int]()
        for number in sorted(source.needed - results):
            if source.is_local(number):
                continue
            array = np.asarray(source.calls[number].value if source.is_float(number) else 0)
            is_plain = array.dtype.kind != "f" or not array.size or (array.size > 1 and np.ptp(array) == 0)
            if is_plain or not np.isfinite(array).all():
                continue
            if not any(a.shape == array.shape and np.allclose(a, array, rtol=1e-9, atol=0) for a in seen):
                seen.append(array)
                names = source.text(number), source.defined(number)
                entry = Entry(*names, array.shape, source is not formula, number)
                made.entries += [entry, *_derived(entry, array)]
            if source is not formula:
                _collect(made.functions, source, source.calls[number])
    return made


def _results(source: WrittenFormula) -> set[int]:
    """The calls that give the function's result, or its last step from an input: ``p − lr·g`` has the step ``lr·g``.

    That they belong in the place of a wrong result is true, and says nothing.
    """
    found = set(map(int, refs(source.returned)))
    for number in list(found):
        call = source.calls[number]
        if call.function in _IN_SUMS and any(source.calls[ref].function is None for ref in refs(call.operands)):
            found |= {int(ref) for ref in refs(call.operands) if source.calls[ref].function is not None}
    return found


def _derived(entry: Entry, array: NumberArray) -> Iterator[Entry]:
    """The square of a value, and what belongs to probabilities and to the values of tanh."""
    rows: list[tuple[str, Callable[[NumberArray], NumberArray]]] = [("{}²", np.square)]
    if ((array > 0) & (array < 1)).all():
        rows += [("(1 − {})", lambda p: 1 - p), ("{0} (1 − {0})", lambda p: p * (1 - p))]
    elif (np.abs(array) < 1).all():
        rows.append(("(1 − {}²)", lambda a: 1 - a * a))
    short = entry.name if entry.name.replace("_", "").isalnum() else f"({entry.name})"
    where = f", where {entry.definition}" if entry.definition != entry.name else ""
    for name, function in rows:
        yield entry._replace(name=name.format(short), definition=name.format(short) + where, derived=function)


_NOT_MISSING = {getitem, np.astype, np.transpose, np.negative, np.power, *_IN_SUMS, *_IN_PRODUCTS, *POWERS}


def _collect(functions: dict[str, Callable[[Any], Any]], source: WrittenFormula, call: Call) -> None:
    """The function of a call that has one array as its operand and gives one of the same shape."""
    function: Any = call.function
    if function is None or function in _NOT_MISSING or type(call.operands[0]) is not Ref:
        return
    rest, options = call.operands[1:], call.options
    same_shape = getattr(source.calls[call.operands[0]].value, "shape", ()) == getattr(call.value, "shape", None)
    if same_shape and not any(type(operand) is Ref for operand in (*rest, *options.values())):
        functions.setdefault(call.name, lambda x: function(x, *rest, **options))


# -- functions -------------------------------------------------------------------------------------------------------

_FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "exp is missing around {}": np.exp, "log is missing around {}": np.log, "sqrt is missing around {}": np.sqrt,
    "the absolute value is missing around {}": np.abs, "sign is missing around {}": np.sign,
    "tanh is missing around {}": np.tanh, "sigmoid is missing around {}": sigmoid,
    "the factor 1 − p is missing, where p = {}": lambda x: x * (1 - x),
    "it must be 1 − p, where p = {}": lambda x: 1 - x, "it must be 1 − a², where a = {}": lambda x: 1 - x**2,
    "the sum over axis 0 is missing: of {}": lambda x: x.sum(0),
    "the sum over axis 1 is missing: of {}": lambda x: x.sum(1),
    "the matrix inverse is missing around {}": np.linalg.inv,
    "only the diagonal is needed: of {}": lambda x: np.diag(x), "the trace is needed: of {}": lambda x: np.trace(x),
}  # fmt: skip
_INDICATORS: dict[str, Callable[[Any], Any]] = {
    "the maximum with 0 is missing around {}": lambda x: np.maximum(x, 0),
    "the indicator 1[x > 0] belongs in the place of x = {}": lambda x: (x > 0).astype(float),
    "the indicator 1[x > 0] is missing, where x = {}": lambda x: x * (x > 0),
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
                    yield Edit(kind, phrase.format(text) + where, 4 + phrase.startswith("sign"), changes)


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
    scalars = [(i, e) for i, e in enumerate(given.entries) if not e.shape and e.derived is np.asarray]
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
    if not users & _IN_PRODUCTS:
        yield "missing factor", f"the factor {value} is missing, of {written}", np.multiply
        yield "missing divisor", f"the divisor {value} is missing, of {written}", np.divide
    if not users & _IN_SUMS:
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
