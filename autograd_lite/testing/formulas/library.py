"""The library of a formula: values and functions that may be missing in it.

They are the inputs, and the intermediate values of the formula and of the function that it belongs to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from autograd_lite.support.conversion import NumberArray
from autograd_lite.testing.comparing.inputs import Inputs
from autograd_lite.testing.formulas.computation import Call, Computation, Ref, getitem, refs
from autograd_lite.testing.formulas.edits import POWERS
from autograd_lite.testing.formulas.traced_array import retraced, trace
from autograd_lite.testing.formulas.written_formula import WrittenFormula, is_number

IN_PRODUCTS = {np.multiply, np.divide, np.negative}
IN_SUMS = {np.add, np.subtract}


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
    is_length : bool
        Whether it is the length of an axis.
    """

    name: str
    definition: str
    shape: tuple[int, ...]
    of_function: bool
    number: int
    derived: Callable[[NumberArray], NumberArray] = np.asarray
    is_length: bool = False

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
        That of the function `source`.
    entries : list of Entry
    functions : dict of str to callable
        Elementwise functions of one argument, by name.
    """

    source: Callable[..., Any]
    function: Computation | None
    entries: list[Entry] = field(default_factory=list)
    functions: dict[str, Callable[[Any], Any]] = field(default_factory=dict)

    def values(self, inputs: Inputs, of_formula: list[Any]) -> list[NumberArray]:
        """The values for some inputs, with the values of the formula's calls for them."""
        again = self.function and retraced(self.function, self.source, inputs)
        own = [call.value for call in again.calls] if again else []
        return [e.derived(np.asarray((own if e.of_function else of_formula)[e.number])) for e in self.entries]


def library(function: Callable[..., Any], inputs: Inputs, formula: WrittenFormula) -> Library:
    """The library of a formula and its function; equal values are in it once."""
    computed = trace(function, inputs)
    made, seen = Library(function, computed), list[NumberArray]()
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
                if source.calls[number].function is None:
                    made.entries += _lengths(entry)
            if source is not formula:
                _collect(made.functions, source, source.calls[number])
    return made


def _lengths(entry: Entry) -> Iterator[Entry]:
    """The lengths of the axes of an input."""
    for axis in range(len(entry.shape)):
        name = f"the length of axis {axis} of {entry.name}"
        derived = lambda array, i=axis: np.asarray(float(array.shape[i]))  # noqa: E731
        yield entry._replace(name=name, definition=name, shape=(), derived=derived, is_length=True)


def _results(source: WrittenFormula) -> set[int]:
    """The calls that give the function's result, or its last step from an input: ``p − lr·g`` has the step ``lr·g``.

    That they belong in the place of a wrong result is true, and says nothing.
    """
    found = set(map(int, refs(source.returned)))
    for number in list(found):
        call = source.calls[number]
        if call.function in IN_SUMS and any(source.calls[ref].function is None for ref in refs(call.operands)):
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


_NOT_MISSING = {getitem, np.astype, np.transpose, np.negative, np.power, *IN_SUMS, *IN_PRODUCTS, *POWERS}


def _collect(functions: dict[str, Callable[[Any], Any]], source: WrittenFormula, call: Call) -> None:
    """The function of a call that has one array as its operand and gives one of the same shape."""
    function: Any = call.function
    if function is None or function in _NOT_MISSING or type(call.operands[0]) is not Ref:
        return
    rest, options = call.operands[1:], call.options
    same_shape = getattr(source.calls[call.operands[0]].value, "shape", ()) == getattr(call.value, "shape", None)
    if same_shape and not any(type(operand) is Ref for operand in (*rest, *options.values())):
        functions.setdefault(call.name, lambda x: function(x, *rest, **options))
