"""Edits: small changes of a formula, each of which turns a common mistake back into what is right.

Each row of the table in `edit_table` is a function of a formula and one of its calls. It yields edits: what takes the
place of the call, and a sentence that names the mistake. Whether an edit makes the formula right is decided on the
numbers, in `repairs`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_lite.ops.elementwise.hyperbolic import tanh
from autograd_lite.ops.layers.activation import sigmoid, softmax
from autograd_lite.support.conversion import NumberArray
from autograd_lite.testing.formulas.computation import Call, Change, Ref, additem, getitem, setitem
from autograd_lite.testing.formulas.written_formula import WrittenFormula, is_number

PRODUCTS = (np.matmul, np.dot, np.outer, np.inner, np.vdot, np.kron)
POWERS: dict[Any, float] = {np.square: 2.0, np.sqrt: 0.5, np.reciprocal: -1.0}
COMPARISONS: dict[Any, str] = {
    np.less: "<", np.less_equal: "≤", np.greater: ">", np.greater_equal: "≥", np.equal: "=", np.not_equal: "≠",
}  # fmt: skip


@dataclass(frozen=True)
class Edit:
    """A change of some calls, and the mistake that it corrects.

    Attributes
    ----------
    kind, text, cost
        Those of the finding.
    changes : dict of int to callable
        What takes the place of each changed call.
    alike : tuple
        Equal for edits that do the same at different calls, and can be made in every place.
    make : callable, optional
        In place of `changes` for what depends on the inputs: they are made from the values of a library.
    """

    kind: str
    text: str
    cost: int
    changes: dict[int, Change]
    alike: tuple[Any, ...] = ()
    make: Callable[[list[NumberArray]], dict[int, Change]] | None = None


Row = Callable[[WrittenFormula, int, Call], Iterator[Edit]]


def then(call: Call, function: Callable[[Any], Any]) -> Change:
    """The call followed by a function of its value."""
    original = call.function
    return function if original is None else lambda *operands, **options: function(original(*operands, **options))


def on_operand(call: Call, position: int, change: Callable[[Any], Any]) -> Change:
    """The call with one of its operands changed."""
    function: Any = call.function

    def changed(*operands: Any, **options: Any) -> Any:
        new = list(operands)
        new[position] = change(new[position])
        return function(*new, **options)

    return changed


def at_value(
    formula: WrittenFormula, number: int, change: Callable[[Any], Any]
) -> Iterator[tuple[str, str, dict[int, Change]]]:
    """The change of a value in each single use of it, and in all uses: as it is written, where, and the changes."""
    call, uses = formula.calls[number], formula.uses.get(number, [])
    for user, position in uses:
        change_of_use = on_operand(formula.calls[user], position, change)
        yield formula.operand(user, position), formula.where(user), {user: change_of_use}
    if len(uses) > 1 or (not uses and number in formula.needed):
        where = " in every place" if len(uses) > 1 else ""
        yield formula.text(number), where, {number: then(call, change)}


# -- matrices --------------------------------------------------------------------------------------------------------


def transposed(formula: WrittenFormula, number: int, call: Call) -> Iterator[Edit]:
    """A matrix that must be transposed, or must not be."""
    if not isinstance(call.value, np.ndarray) or call.value.ndim != 2:
        return
    if call.function is np.transpose:
        text = f"{formula.text(number)} must not be transposed"
        yield Edit("transpose", text, 2, {number: lambda x, *_: x}, ("untransposed",))
        return
    for text, where, changes in at_value(formula, number, np.transpose):
        if all(formula.calls[user].function not in (np.transpose, np.trace) for user in changes):
            yield Edit("transpose", f"{text} must be transposed{where}", 2, changes, ("transposed",))


def reordered(formula: WrittenFormula, number: int, call: Call) -> Iterator[Edit]:
    """The factors of a matrix product in the other order."""
    if call.function in PRODUCTS and len(call.operands) == 2:
        function: Any = call.function
        x, y = formula.operand(number, 0), formula.operand(number, 1)
        text = f"the factors {x} and {y} are in the wrong order{formula.where(number)}"
        yield Edit("order", text, 2, {number: lambda x, y: function(y, x)}, ("order", function))


# -- functions -------------------------------------------------------------------------------------------------------


def _matrix_square(x: Any, *_: Any) -> Any:
    if np.ndim(x) != 2:
        raise ValueError("only a matrix has a square that is not that of its elements")
    return x @ x


# For each comparison, those with which it is confused: turned round, and with or without equality.
_CONFUSED: tuple[tuple[Any, ...], ...] = (
    (np.greater, np.less_equal), (np.greater_equal, np.less), (np.less, np.greater_equal),
    (np.less_equal, np.greater), (np.not_equal,), (np.equal,),
)  # fmt: skip
_ALTERNATIVES: dict[Any, list[tuple[Any, str, str]]] = {
    np.sum: [(np.mean, "sum and mean", "there is a sum where a mean belongs")],
    np.mean: [(np.sum, "sum and mean", "there is a mean where a sum belongs")],
    np.add: [(np.subtract, "sign", "the sign is wrong: minus belongs where plus stands")],
    np.subtract: [
        (np.add, "sign", "the sign is wrong: plus belongs where minus stands"),
        (lambda x, y: y - x, "sign", "the sign is flipped: the difference is taken the other way round"),
    ],
    np.negative: [(np.positive, "sign", "the sign is wrong: the minus is one too many")],
    np.multiply: [
        (np.divide, "quotient", "there is a product where a quotient belongs: divide, not multiply"),
        (np.matmul, "product", "there is an elementwise product where a matrix product belongs"),
    ],
    np.matmul: [(np.multiply, "product", "there is a matrix product where an elementwise product belongs")],
    np.outer: [(np.multiply, "product", "there is an outer product where an elementwise product belongs")],
    np.linalg.inv: [(np.reciprocal, "inverse", "there is a matrix inverse where 1/x of each element belongs")],
    np.reciprocal: [(np.linalg.inv, "inverse", "there is 1/x of each element where a matrix inverse belongs")],
    np.square: [(_matrix_square, "product", "each element is squared where a matrix product belongs")],
    np.divide: [
        (np.multiply, "quotient", "there is a quotient where a product belongs: multiply, not divide"),
        (lambda x, y: y / x, "quotient", "the quotient is upside down"),
        (lambda x, y: x * np.linalg.inv(y), "inverse", "there is 1/x of each element where a matrix inverse belongs"),
    ],
    np.maximum: [(np.minimum, "extremum", "there is a maximum where a minimum belongs")],
    np.minimum: [(np.maximum, "extremum", "there is a minimum where a maximum belongs")],
    np.max: [(np.min, "extremum", "there is a maximum where a minimum belongs")],
    np.min: [(np.max, "extremum", "there is a minimum where a maximum belongs")],
    np.sin: [(np.cos, "other function", "there is sin where cos belongs")],
    np.cos: [(np.sin, "other function", "there is cos where sin belongs")],
    np.sinh: [(np.cosh, "other function", "there is sinh where cosh belongs")],
    np.cosh: [(np.sinh, "other function", "there is cosh where sinh belongs")],
    sigmoid: [
        (tanh, "other function", "there is sigmoid where tanh belongs"),
        (softmax, "other function", "there is sigmoid where softmax belongs"),
    ],
    softmax: [(sigmoid, "other function", "there is softmax where sigmoid belongs")],
    tanh: [(sigmoid, "other function", "there is tanh where sigmoid belongs")],
    np.tanh: [(sigmoid, "other function", "there is tanh where sigmoid belongs")],
    setitem: [(additem, "repeated index", "an index that repeats overwrites: its values must add up, as by np.add.at")],
    **{
        function: [(other, "indicator", f"the condition has {sign} where {COMPARISONS[other]} belongs")
                   for other in others]
        for (function, sign), others in zip(COMPARISONS.items(), _CONFUSED, strict=True)
    },
}  # fmt: skip


def replaced(formula: WrittenFormula, number: int, call: Call) -> Iterator[Edit]:
    """Another function of the same operands."""
    for function, kind, phrase in _ALTERNATIVES.get(call.function, ()):
        text = phrase + formula.where(number)
        yield Edit(
            kind, text, 3, {number: lambda *x, f=function, **options: f(*x, **options)}, (call.function, function)
        )


def without_function(formula: WrittenFormula, number: int, call: Call) -> Iterator[Edit]:
    """A function, or an index, that must not be there."""
    if not call.operands or type(call.operands[0]) is not Ref or call.function in (*_WITH_ROWS, *_WORDS, *COMPARISONS):
        return
    inner = formula.operand(number, 0)
    if call.function is getitem:
        kind, text = _index(call.operands[1], inner, formula.operand(number, 1))
    elif _same_shape(formula.calls[call.operands[0]].value, call.value):
        kind, text = "extra function", f"the {call.name} is one too many"
    else:
        return
    text += formula.where(number)
    yield Edit(kind, text, 3, {number: lambda x, *_, **__: x}, ("without", call.name, str(call.operands[1:])))


def _same_shape(first: Any, second: Any) -> bool:
    return getattr(first, "shape", ()) == getattr(second, "shape", None)


_WITH_ROWS = {np.transpose, np.negative, np.square, np.sqrt, np.reciprocal, np.power}


def _index(index: Any, array: str, written: str) -> tuple[str, str]:
    """What an index does that is one too many."""
    items = index if isinstance(index, tuple) else (index,)
    slices = [(axis, item) for axis, item in enumerate(items) if isinstance(item, slice)]
    if any(isinstance(item.step, int) and item.step < 0 for _, item in slices):
        return "flip", f"{array} is flipped by the index [{written}]"
    if all(item is None or (isinstance(item, slice) and item == slice(None)) for item in items):
        return "new axis", f"the new axis of {array} is one too many"
    axis = next((axis for axis, item in slices if item != slice(None)), 0)
    return "part used", f"only the part [{written}] of {array} along axis {axis} is used, but all of it is needed"


_LINEAR = {
    np.multiply,
    np.divide,
    np.negative,
    np.matmul,
    np.dot,
    np.outer,
    np.sum,
    np.mean,
    np.transpose,
    np.reshape,
    getitem,
}


def negated(formula: WrittenFormula, number: int, call: Call) -> Iterator[Edit]:
    """The sign of what a function is applied to, or of a term; that of a factor is the sign of the product."""
    users = [user for user, _ in formula.uses.get(number, ())]
    is_argument = any(formula.calls[user].function not in _LINEAR or formula.is_in_helper(user) for user in users)
    if formula.is_float(number) and is_argument and call.function is not None and not formula.is_in_helper(number):
        text = f"the sign of {formula.text(number)} is wrong"
        yield Edit("sign", text, 3, {number: then(call, np.negative)}, ("negated",))


# -- factors and terms -----------------------------------------------------------------------------------------------

_WORDS: dict[Any, dict[int, str]] = {
    np.multiply: {0: "factor", 1: "factor"}, np.matmul: {0: "factor", 1: "factor"}, np.divide: {1: "divisor"},
    np.add: {0: "term", 1: "term"}, np.subtract: {1: "term"},
    np.maximum: {0: "maximum with", 1: "maximum with"}, np.minimum: {0: "minimum with", 1: "minimum with"},
}  # fmt: skip


def without_operand(formula: WrittenFormula, number: int, call: Call) -> Iterator[Edit]:
    """A factor, a divisor or a term that must not be there."""
    if call.function not in _WORDS:
        return
    shape = np.shape(call.value)
    for position, word in _WORDS[call.function].items():
        if len(call.operands) != 2:
            return
        if (
            call.function in (np.add, np.subtract)
            and is_number(call.operands[1 - position])
            and _is_factor(formula, number)
        ):
            continue  # what is left is a number, and the whole factor is one too many
        text = f"the {word} {formula.operand(number, position)} is one too many{formula.where(number)}"
        kind = "extra term" if word == "term" else "extra factor"
        alike = ("without operand", call.function, position)
        yield Edit(kind, text, 3, {number: _kept(1 - position, shape)}, alike)


def _is_factor(formula: WrittenFormula, number: int) -> bool:
    return any(formula.calls[user].function is np.multiply for user, _ in formula.uses.get(number, ()))


def _kept(position: int, shape: tuple[int, ...]) -> Change:
    def keep(*operands: Any) -> Any:
        value = operands[position]
        return np.broadcast_to(value, shape) if np.ndim(value) < len(shape) else value

    return keep
