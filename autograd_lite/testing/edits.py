"""The table of edits: the small changes of a formula that turn a common mistake back into the right formula.

Each row takes a computation and a call of it, and yields edits: a sentence that names the mistake, and the call that
belongs in its place. Whether an edit makes the formula right is decided elsewhere, on the numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_lite.testing.computation import Call, Change, Computation, Ref, setitem

_PRODUCTS = (np.matmul, np.dot, np.outer, np.inner, np.vdot, np.linalg.multi_dot)


@dataclass(frozen=True)
class Edit:
    """A change of some calls, and the mistake that it corrects.

    Attributes
    ----------
    kind, text, cost
        Those of the finding.
    changes : dict of int to callable
        What takes the place of the calls.
    undoes : tuple
        Describes which kinds of edits can be made in every place at once: equal for those.
    """

    kind: str
    text: str
    cost: int
    changes: dict[int, Change]
    alike: tuple[Any, ...] = ()
    make: Callable[[list[Any]], dict[int, Change]] | None = None


class View:
    """A computation with names for its parts, in the words of the user's code."""

    def __init__(self, computation: Computation) -> None:
        self.calls = computation.calls
        self.names = computation.names
        self.needed = computation.needed()
        self.uses: dict[int, list[tuple[int, int]]] = {}
        for number in sorted(self.needed):
            for position, operand in enumerate(self.calls[number].operands):
                if type(operand) is Ref:
                    self.uses.setdefault(operand, []).append((number, position))

    def text(self, number: int) -> str:
        """The value of a call in the user's words: as it is written where it is used, else where it is computed."""
        call = self.calls[number]
        if call.function is None:
            return self.names[number]
        for user, position in self.uses.get(number, ()):
            written = self.operand(user, position, None)
            if written is not None:
                return written
        return call.place.text if call.place is not None and call.place.text else f"the result of {call.name}"

    def operand(self, number: int, position: int, default: str | None = "") -> str | None:
        """The operand of a call as it is written."""
        place = self.calls[number].place
        operands = place.operands if place is not None else ()
        if position < len(operands) and len(operands[position]) <= 60:
            return operands[position]
        operand = self.calls[number].operands[position] if position < len(self.calls[number].operands) else None
        return default if default is None else self.text(operand) if type(operand) is Ref else f"{operand}"

    def where(self, number: int) -> str:
        """The place of a call in the user's code: ``, in `A @ B```."""
        place = self.calls[number].place
        return f", in `{place.text}`" if place is not None and place.text else ""


Row = Callable[[View, int, Call], Iterator[Edit]]


# -- operands ------------------------------------------------------------------------------------------------------


def transposed(view: View, number: int, call: Call) -> Iterator[Edit]:
    """A matrix that must be transposed, in every use of it or in one."""
    if _ndim(call.value) != 2 or call.function in (np.transpose,) or number not in view.uses:
        return
    text = view.text(number)
    if call.function is None:
        change: Change = np.transpose
    else:
        change = then(call, np.transpose)
    if len(view.uses[number]) > 1:
        yield Edit("transpose", f"`{text}` must be transposed in every place", 3, {number: change}, ("T",))
    for user, position in view.uses[number]:
        if view.calls[user].function in (np.transpose, np.trace, np.sum):
            continue
        text = view.operand(user, position) or text
        where = view.where(user) if not view.where(user) == f", in `{text}`" else ""
        yield Edit("transpose", f"`{text}` must be transposed{where}", 2,
                   {user: on_operand(view.calls[user], position, np.transpose)}, ("T",))  # fmt: skip


def untransposed(view: View, number: int, call: Call) -> Iterator[Edit]:
    """A matrix that must not be transposed."""
    if call.function is np.transpose and _ndim(call.value) == 2:
        text = view.text(number)
        yield Edit("transpose", f"`{text}` must not be transposed", 2, {number: lambda x, *_: x}, ("not T",))


def reordered(view: View, number: int, call: Call) -> Iterator[Edit]:
    """A matrix product in the wrong order."""
    if call.function in _PRODUCTS and len(call.operands) >= 2:
        x, y = view.operand(number, 0), view.operand(number, 1)
        function = call.function
        text = f"the factors `{x}` and `{y}` are in the wrong order: the product does not commute"
        yield Edit("order", text, 2, {number: lambda x, y: function(y, x)}, ("order", function))


def alternatives(view: View, number: int, call: Call) -> Iterator[Edit]:
    """Another function of the same operands."""
    for function, phrase in _ALTERNATIVES.get(call.function, ()):
        yield Edit(_KINDS.get(function, "other function"), phrase + view.where(number), 3,
                   {number: _replaced(function)}, (call.function, function))  # fmt: skip


_ALTERNATIVES: dict[Any, list[tuple[Any, str]]] = {
    np.sum: [(np.mean, "there is a sum where a mean belongs")],
    np.mean: [(np.sum, "there is a mean where a sum belongs")],
    np.add: [(np.subtract, "the sign is wrong: minus belongs where plus stands")],
    np.subtract: [
        (np.add, "the sign is wrong: plus belongs where minus stands"),
        (lambda x, y: y - x, "the sign is flipped: the difference is taken the other way round"),
    ],
    np.multiply: [(np.divide, "there is a product where a quotient belongs: it must be divided")],
    np.divide: [
        (np.multiply, "there is a quotient where a product belongs: it must be multiplied, not divided"),
        (lambda x, y: y / x, "the quotient is upside down"),
    ],
    np.maximum: [(np.minimum, "there is a maximum where a minimum belongs")],
    np.minimum: [(np.maximum, "there is a minimum where a maximum belongs")],
    np.max: [(np.min, "there is a maximum where a minimum belongs")],
    np.min: [(np.max, "there is a minimum where a maximum belongs")],
    np.sin: [(np.cos, "there is sin where cos belongs")],
    np.cos: [(np.sin, "there is cos where sin belongs")],
    np.sinh: [(np.cosh, "there is sinh where cosh belongs")],
    np.cosh: [(np.sinh, "there is cosh where sinh belongs")],
    np.exp: [(lambda x: np.exp(-x), "the sign of the exponent is wrong")],
    setitem: [(None, "a repeated index overwrites: what is written to the same index must add up (np.add.at)")],
}  # fmt: skip
_COMPARISONS = {
    np.less: "<", np.less_equal: "≤", np.greater: ">", np.greater_equal: "≥", np.equal: "==", np.not_equal: "≠",
}  # fmt: skip
for _function, _sign in _COMPARISONS.items():
    _ALTERNATIVES[_function] = [
        (other, f"the condition has {_sign} where {sign} belongs") for other, sign in _COMPARISONS.items()
        if other is not _function
    ]  # fmt: skip


def _added(x: Any, index: Any, value: Any) -> Any:
    x = np.array(x)
    np.add.at(x, index, value)
    return x


_ALTERNATIVES[setitem] = [(_added, _ALTERNATIVES[setitem][0][1])]
_KINDS: dict[Any, str] = {
    np.add: "sign", np.subtract: "sign", _added: "repeated index", np.mean: "sum and mean", np.sum: "sum and mean",
    **dict.fromkeys(_COMPARISONS, "indicator"),
}  # fmt: skip


# -- powers --------------------------------------------------------------------------------------------------------


def exponents(view: View, number: int, call: Call) -> Iterator[Edit]:
    """Another exponent."""
    known = {np.square: 2.0, np.sqrt: 0.5, np.reciprocal: -1.0}
    exponent = known.get(call.function)
    if call.function is np.power and is_number(call.operands[1]):
        exponent = float(call.operands[1])
    if exponent is None:
        return
    base = view.operand(number, 0)
    for other in dict.fromkeys((exponent + 1, exponent - 1, -exponent, 2.0, 0.5, 1.0, 3.0, -1.0)):
        if other not in (exponent, 0):
            text = f"the exponent of `{base}` must be {other:g}, not {exponent:g}{view.where(number)}"
            yield Edit("exponent", text, 3, {number: lambda x, *_, p=other: x**p}, ("exponent", exponent, other))


def powers(view: View, number: int, call: Call) -> Iterator[Edit]:
    """A value that must be squared, inverted, under a root."""
    if not is_float(call.value) or (_ndim(call.value) == 2 and call.function is None):
        return
    if call.function in (np.square, np.sqrt, np.power, np.reciprocal):
        return
    text, uses = view.text(number), view.uses.get(number, [])
    for phrase, power in (
        ("must be squared", np.square),
        ("must be cubed", lambda x: x**3),
        ("must be under a square root", np.sqrt),
        ("must be inverted", np.reciprocal),
    ):
        yield Edit(
            "exponent",
            f"the exponent of `{text}` is wrong: it {phrase}",
            3,
            {number: then(call, power)},
            ("power", phrase),
        )
        if len(uses) > 1:
            for user, position in uses:
                change = on_operand(view.calls[user], position, power)
                yield Edit(
                    "exponent",
                    f"the exponent of `{view.operand(user, position)}` is wrong: it {phrase}{view.where(user)}",
                    3,
                    {user: change},
                    ("power", phrase),
                )


# -- too much ------------------------------------------------------------------------------------------------------


def dropped(view: View, number: int, call: Call) -> Iterator[Edit]:
    """A function, a factor or a term that must not be there."""
    function, operands = call.function, call.operands
    shape = _shape(call.value)
    for position, what in _DROPPED.get(function, {}).items():
        other = operands[1 - position]
        if len(operands) == 2:
            text = view.operand(number, position)
            kind = "extra term" if what == "term" else "extra factor"
            yield Edit(kind, f"the {what} `{text}` is one too many{view.where(number)}", 3,
                       {number: _kept(1 - position, shape)}, ("drop", function, position))  # fmt: skip
    if function in _DROPPED or not operands or type(operands[0]) is not Ref or function in (np.transpose,):
        return
    name = view.calls[number].name
    value = view.calls[operands[0]].value
    if function in (_getitem_of(call),):
        yield Edit("index", f"the index is one too many{view.where(number)}: all of `{view.operand(number, 0)}` is needed", 3,
                   {number: lambda x, *_: x}, ("drop", "index"))  # fmt: skip
    elif _shape(value) == shape and is_float(value):
        yield Edit("extra function", f"the {name} is one too many{view.where(number)}", 3,
                   {number: lambda x, *_, **__: x}, ("drop", function))  # fmt: skip


_DROPPED: dict[Any, dict[int, str]] = {
    np.multiply: {0: "factor", 1: "factor"}, np.matmul: {0: "factor", 1: "factor"}, np.divide: {1: "divisor"},
    np.add: {0: "term", 1: "term"}, np.subtract: {1: "term", 0: "term"}, np.maximum: {0: "maximum with", 1: "maximum with"},
    np.minimum: {0: "minimum with", 1: "minimum with"},
}  # fmt: skip


def _kept(position: int, shape: tuple[int, ...]) -> Change:
    def keep(*operands: Any) -> Any:
        value = operands[position]
        return np.broadcast_to(value, shape) if np.ndim(value) < len(shape) else value

    return keep


def _getitem_of(call: Call) -> Any:
    return call.function if call.name == "_getitem" else None


# -- numbers and options -------------------------------------------------------------------------------------------


def literals(view: View, number: int, call: Call) -> Iterator[Edit]:
    """Another number: 0 for 1, N − 1 for N."""
    for position, operand in enumerate(call.operands):
        if not is_number(operand) or call.function in (np.power,):
            continue
        written = view.operand(number, position, None) or f"{operand:g}"
        others = [0, 1, 2, 3, 0.5, -1, operand + 1, operand - 1, -operand, 2 * operand, operand / 2]
        for other in dict.fromkeys(others):
            if other != operand:
                compared = call.function in _COMPARISONS
                kind = "indicator" if compared else "number"
                what = f"the threshold {operand:g} must be {other:g}" if compared else f"`{written}` must be {other:g}"
                if other == operand + 1 and operand > 1 and "-" in written:
                    what = f"`{written}` = {operand:g} must be {other:g}: N − 1 stands where N belongs"
                elif other == operand - 1 and operand > 2 and "-" not in written:
                    what = f"`{written}` = {operand:g} must be {other:g}: N stands where N − 1 belongs"
                yield Edit(kind, f"{what}{view.where(number)}", 3,
                           {number: on_operand(call, position, lambda x, o=other: o)}, ("literal", operand, other))  # fmt: skip


def axes(view: View, number: int, call: Call) -> Iterator[Edit]:
    """Another axis, or another option."""
    operands, options = call.operands, call.options
    at = 1 if call.function in _REDUCTIONS and len(operands) > 1 else None
    axis = operands[1] if at else options.get("axis")
    if call.function in _REDUCTIONS and isinstance(axis, int) and type(operands[0]) is Ref:
        ndim = np.ndim(view.calls[operands[0]].value)
        for other in range(ndim):
            if other != axis % ndim:
                text = f"the {call.name} is over axis {axis} where axis {other} belongs{view.where(number)}"
                yield Edit("axis", text, 3, {number: _with_axis(call, other)}, ("axis", axis, other))
    for position, option in enumerate(operands):
        if isinstance(option, str) and option in ("valid", "same", "full"):
            for mode in ("valid", "same", "full"):
                if mode != option:
                    yield Edit("option", f"the mode '{option}' must be '{mode}'{view.where(number)}", 3,
                               {number: on_operand(call, position, lambda _, m=mode: m)}, ("mode",))  # fmt: skip


_REDUCTIONS = (np.sum, np.mean, np.max, np.min, np.prod, np.var, np.std, np.cumsum, np.flip)


def _with_axis(call: Call, axis: int) -> Change:
    function: Any = call.function

    def change(x: Any, *others: Any, **options: Any) -> Any:
        return function(x, *others[1:], **{**options, "axis": axis})

    return change


# -- helpers -------------------------------------------------------------------------------------------------------


def _shape(value: Any) -> tuple[int, ...] | None:
    """The shape of an array or a number, None for several results."""
    return np.shape(value) if isinstance(value, np.ndarray | np.generic | float | int) else None


def _ndim(value: Any) -> int | None:
    shape = _shape(value)
    return None if shape is None else len(shape)


def _replaced(function: Any) -> Change:
    return lambda *operands, **options: function(*operands, **options)


def then(call: Call, function: Callable[[Any], Any]) -> Change:
    original = call.function
    return function if original is None else lambda *operands, **options: function(original(*operands, **options))


def on_operand(call: Call, position: int, change: Callable[[Any], Any]) -> Change:
    function: Any = call.function

    def changed(*operands: Any, **options: Any) -> Any:
        new = list(operands)
        new[position] = change(new[position])
        return function(*new, **options)

    return changed


def is_number(value: Any) -> bool:
    return isinstance(value, int | float | np.number) and not isinstance(value, Ref | bool)


def is_float(value: Any) -> bool:
    return bool(isinstance(value, np.ndarray | np.floating | float) and np.asarray(value).dtype.kind == "f")


ROWS: tuple[Row, ...] = (transposed, untransposed, reordered, alternatives, exponents, powers, dropped, literals, axes)


def edits(view: View) -> Iterator[Edit]:
    """All edits of the table, in one place each and in every place alike."""
    alike: dict[tuple[Any, ...], list[Edit]] = {}
    for number in sorted(view.needed):
        for row in ROWS:
            for edit in row(view, number, view.calls[number]):
                yield edit
                alike.setdefault(edit.alike, []).append(edit)
    for group in alike.values():
        numbers = [number for edit in group for number in edit.changes]
        if 1 < len(numbers) <= 6 and len(set(numbers)) == len(numbers):
            changes = {number: change for edit in group for number, change in edit.changes.items()}
            first = group[0]
            yield Edit(first.kind, f"{first.text} ({len(numbers)} times)", first.cost + 1, changes, first.alike)
