"""Printer: formulas as strings, in Unicode for a terminal or in LaTeX for a notebook."""

from __future__ import annotations

import math
import operator
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_lite.derivation.constants import Constant, Formula
from autograd_lite.derivation.formula import Call, total
from autograd_lite.derivation.matrix_printing import (
    MATRIX_HANDLERS,
    NAMED_HANDLERS,
    base_of_power,
    is_statistic,
    power,
)
from autograd_lite.derivation.notation import (
    subscript,
    superscript,
)
from autograd_lite.derivation.number_printing import in_lowest_terms
from autograd_lite.derivation.plain_printing import ATOM, FUNCTION, MATRIX, PRODUCT, SUM, Piece, PlainPrinter
from autograd_lite.derivation.vocabulary import log_abs_det

_CONDITIONS = {
    np.equal: "=", np.not_equal: "≠", np.less: "<", np.less_equal: "≤", np.greater: ">", np.greater_equal: "≥",
    np.logical_and: "∧", np.logical_or: "∨",
}  # fmt: skip


@dataclass
class Printer(PlainPrinter):
    """Prints formulas in the notation of mathematics."""

    def _handler(self, e: Call) -> Any:
        return _HANDLERS.get(e.function) or NAMED_HANDLERS.get(e.name) or _NAMED_HANDLERS.get(e.name)

    # -- elementwise ---------------------------------------------------------------------------------------------

    def _spread(self, e: Any, to: Formula, level: int) -> str:
        """An operand broadcast to the shape of the result, by a product with a column or a row of ones."""
        if is_statistic(e):
            while isinstance(e, Call) and e.function is np.reshape:
                (e,) = e.operands[:1]
            return self.at(e, level)
        if to.ndim != 2 or e.shape == to.shape or math.prod(e.shape) == 1:
            return self.at(e, level)
        if e.shape[-1] == to.shape[1]:  # a vector or a row
            row = self.transposed(e) if e.ndim == 1 else self.at(e, MATRIX)
            return self._in((self._ones() + row if not self.latex else f"{self._ones()} {row}", MATRIX), level)
        column = self.at(e, MATRIX)
        return self._in((column + (" " if self.latex or column[-1] in "1ᵀ" else "") + self._ones(True), MATRIX), level)

    def _ones(self, row: bool = False) -> str:
        return (r"\mathbf{1}" + "^{\\top}" * row) if self.latex else "1" + "ᵀ" * row

    def _add(self, e: Call) -> Piece:
        x, y = e.operands
        left, right = self._spread(x, e, SUM), self._spread(y, e, SUM)
        minus, bare = self._sign("−"), right.removeprefix(self._sign("−"))
        joined = f"{left} {minus} {bare}" if right != bare else f"{left} + {right}"
        return joined, SUM

    def _subtract(self, e: Call) -> Piece:
        x, y = e.operands
        return f"{self._spread(x, e, SUM)} {self._sign('−')} {self._spread(y, e, PRODUCT)}", SUM

    def _multiply(self, e: Call) -> Piece:
        x, y = e.operands
        if y.shape == e.shape and _is_one(x):
            return self.piece(y)
        if x.shape == e.shape and _is_one(y):
            return self.piece(x)
        if isinstance(x, Constant) and y.shape == e.shape:
            if x.value == -1:
                return self._sign("−") + self.at(y, PRODUCT), SUM
            number = self._number(x, factor=True)[0]
            return self._beside(number, self.at(y, PRODUCT)), SUM if number.startswith(self._sign("−")) else PRODUCT
        if x.shape == () and y.shape == e.shape:
            return self._beside(self._alone(x, FUNCTION), self.at(y, PRODUCT)), PRODUCT

        def factor(operand: Any) -> str:
            text, level = self.piece(operand)
            if operand.shape == e.shape and isinstance(operand, Call) and operand.function is np.multiply:
                return text if level == PRODUCT else self.parentheses(text)
            return self._spread(operand, e, FUNCTION)

        left = self._function(x)[0] if _is_log(x) and x.shape == e.shape else factor(x)
        return f"{left} {self._sign('⊙')} {factor(y)}", PRODUCT

    def _alone(self, e: Any, level: int) -> str:
        """A left factor: a function that has no parentheses gets them, since ln A x is the logarithm of A x."""
        is_open = _is_log(e) or (isinstance(e, Call) and e.function is np.sqrt and not self.latex)
        return self.parentheses(self.text(e)) if is_open else self.at(e, level)

    def _divide(self, e: Call) -> Piece:
        x, y = e.operands
        if self.latex:
            return rf"\frac{{{self._spread(x, e, SUM)}}}{{{self._spread(y, e, SUM)}}}", ATOM
        level = ATOM if _is_log(x) else MATRIX
        if isinstance(x, Call) and x.function is np.multiply and x.operands[0].shape == () and x.shape == e.shape:
            level = PRODUCT if not isinstance(x.operands[1], Call) or x.operands[1].function is np.matmul else level
        return f"{self._spread(x, e, level)} / {self._spread(y, e, ATOM)}", PRODUCT

    def _power(self, e: Call) -> Piece:
        base, exponent = e.operands if len(e.operands) == 2 else (e.operands[0], Constant(2))
        if isinstance(exponent, Constant):
            text = self._number(in_lowest_terms(exponent, longest=1))[0]
        else:
            text = self.text(exponent)
        below = base_of_power(self, base)
        if self.matrix_powers and base.ndim > 1:
            odot = self._sign("⊙")
            return (rf"{{{below}}}^{{{odot} {text}}}" if self.latex else f"{below}^({odot}{text})"), ATOM
        if self.latex:
            return rf"{{{below}}}^{{{text}}}", ATOM
        if isinstance(exponent, Constant) and isinstance(exponent.value, int):
            return below + superscript(text.replace("−", "-")), ATOM
        return f"{below}^({text})", ATOM

    def _logarithm(self, e: Call) -> Piece:
        text, level = self.piece(e.operands[0])
        return (f"{self.word('log')} {text}", FUNCTION) if level == ATOM else self._function(e)

    def _square_root(self, e: Call) -> Piece:
        if self.latex:
            return rf"\sqrt{{{self.text(e.operands[0])}}}", ATOM
        return "√" + self.at(e.operands[0], ATOM), ATOM

    def _absolute(self, e: Call) -> Piece:
        return f"|{self.text(e.operands[0])}|", ATOM

    def _indicator(self, e: Call) -> Piece:
        return f"{self._ones()}[{self._condition(e)}]", ATOM

    def _condition(self, e: Any) -> str:
        """A condition inside the brackets of its indicator."""
        if not isinstance(e, Call) or e.function not in _CONDITIONS:
            return self.text(e) if isinstance(e, Formula) else self._plain(e)
        if e.function in (np.logical_and, np.logical_or):
            x, y = (self._condition(operand) for operand in e.operands)
        else:
            x, y = (self._spread(operand, e, SUM) for operand in e.operands)
        return f"{x} {self._sign(_CONDITIONS[e.function])} {y}"

    def _where(self, e: Call) -> Piece | None:
        """x ⊙ 1[c] where the other choice is 0, else both cases."""
        if len(e.operands) != 3:
            return None
        condition, *choices = e.operands
        x, y = (part if isinstance(part, Formula) else Constant.of(part) for part in choices)
        holds = self.at(condition, ATOM)
        zero = [isinstance(part, Constant) and part.value == 0 for part in (x, y)]
        if zero == [False, True] and _is_one(x):
            return holds, ATOM
        if zero == [False, True]:
            return f"{self._spread(x, e, FUNCTION)} {self._sign('⊙')} {holds}", PRODUCT
        if zero == [True, False] and _is_one(y):
            return f"1 {self._sign('−')} {holds}", SUM
        if zero == [True, False]:
            return f"{self._spread(y, e, FUNCTION)} {self._sign('⊙')} (1 {self._sign('−')} {holds})", PRODUCT
        when, first, second = self._condition(condition), self._spread(x, e, SUM), self._spread(y, e, SUM)
        if self.latex:
            return rf"\begin{{cases}} {first} & \text{{if }} {when} \\ {second} & \text{{else}} \end{{cases}}", ATOM
        return f"{{{first} if {when}, else {second}}}", ATOM

    # -- matrices ------------------------------------------------------------------------------------------------

    def _as_column(self, e: Any) -> Piece:
        """A vector as a column: a sum over rows is Xᵀ 1 where it is a factor or is transposed."""
        before, self._as_columns = self._as_columns, self._as_columns or e.ndim == 1
        piece = self.piece(e)
        self._as_columns = before
        return piece

    def _column(self, e: Any, level: int) -> str:
        return self._in(self._as_column(e), level)

    def transposed(self, e: Any) -> str:
        """The transpose of a matrix or of a vector, which is a column."""
        if isinstance(e, Call) and e.function is total and e.ndim == 1 and e.operands[0].ndim == 2:
            x, axes = e.operands[:2]
            return self._beside(self._ones(row=True), self.at(x, MATRIX) if axes == (0,) else self.transposed(x))
        if isinstance(e, Call) and e.function is np.linalg.inv:
            return power(self, e.operands[0], -1, transposed=True)[0]
        text = self._column(e, ATOM)
        if text.startswith("∂") or (self.latex and isinstance(e, Call) and e.function is np.divide):
            text = self.parentheses(text)
        return rf"{{{text}}}^{{\top}}" if self.latex else text + "ᵀ"

    def _transpose(self, e: Call) -> Piece | None:
        return (self.transposed(e.operands[0]), ATOM) if e.ndim == 2 else None

    def _matmul(self, e: Call) -> Piece | None:
        x, y = e.operands
        if x.ndim > 2 or y.ndim > 2:
            return f"{self.at(x, MATRIX)} {self.at(y, MATRIX)}", MATRIX
        left = self.transposed(x) if x.ndim == 1 else self._alone(x, MATRIX)
        return self._beside(left, self._column(y, MATRIX)), MATRIX

    def _total(self, e: Call) -> Piece | None:
        x, axes = e.operands[:2]
        if len(axes) == x.ndim:
            return f"{self._sign('Σ')} {self.at(x, PRODUCT)}", PRODUCT
        if x.ndim == 2:
            if axes == (0,) and not self._as_columns:
                return self._beside(self._ones(row=True), self.at(x, MATRIX)), MATRIX
            column = self.transposed(x) if axes == (0,) else self._alone(x, MATRIX)
            return column + (" " if column[-1] != ")" or self.latex else "") + self._ones(), MATRIX
        places = ",".join(map(str, axes))
        sign = rf"\sum_{{{places}}}" if self.latex else "Σ" + subscript(places)
        return f"{sign} {self.at(x, PRODUCT)}", PRODUCT

    def _reshape(self, e: Call) -> Piece | None:
        x = e.operands[0]
        if (x.ndim, e.ndim) in ((1, 2), (2, 1)):
            longer = x if x.ndim == 2 else e
            if longer.shape[1] == 1 and x.ndim == 1:  # a vector is a column
                return self._as_column(x)
            if longer.shape[1] == 1:
                return self.piece(x)
            if longer.shape[0] == 1:
                return self.transposed(x), ATOM
        if x.ndim == 0 or e.ndim == 0:
            return self.piece(x)
        if e.ndim == 1:
            return self.word("ravel") + self.parentheses(self.text(x)), ATOM
        if [n for n in e.shape if n != 1] == [n for n in x.shape if n != 1] and e.ndim > x.ndim:
            return self._with_new_axes(x, e.shape), ATOM
        sizes = r" \times ".join(map(str, e.shape)) if self.latex else "×".join(map(str, e.shape))
        return self.word("reshape") + self.parentheses(f"{self.text(x)}, {sizes}"), ATOM

    def _with_new_axes(self, x: Any, shape: tuple[int, ...]) -> str:
        """The index that adds axes of length one: X[:, None]."""
        rest = list(x.shape)
        index = []
        for n in shape:
            is_old = bool(rest) and rest[0] == n and (n != 1 or len(rest) > 0)
            index.append(":" if is_old else "None")
            rest = rest[1:] if is_old else rest
        inner = ", ".join(index)
        return f"{self.at(x, ATOM)}[{inner}]"

    def _broadcast(self, e: Call) -> Piece | None:
        x = e.operands[0]
        if e.ndim == 2 and x.shape != ():
            return self._spread(x, e, MATRIX), MATRIX
        if isinstance(x, Constant) and (x.value == 0 or e.ndim > 2):  # ones have a sign as vectors and matrices only
            return self._number(x)
        if e.ndim not in (1, 2):
            return None
        if 1 in e.shape:
            ones = self._ones(row=e.ndim == 2 and e.shape[0] == 1)
        else:
            ones = self._ones() + ((" " * self.latex + self._ones(row=True)) if e.ndim == 2 else "")
        if isinstance(x, Constant) and x.value == 1:
            return ones, MATRIX if e.ndim == 2 else ATOM
        return self._beside(self.at(x, FUNCTION), ones), PRODUCT

    def _item(self, e: Call) -> Piece | None:
        if len(e.operands) != 2:
            return None
        index = e.operands[1]
        inner = ", ".join(self._plain(part) if not isinstance(part, Formula) else self.text(part)
                          for part in (index if isinstance(index, tuple) else (index,)))  # fmt: skip
        return f"{self.at(e.operands[0], ATOM)}[{inner}]", ATOM


def _is_log(e: Any) -> bool:
    return isinstance(e, Call) and e.function in (np.log, log_abs_det)


def _is_one(e: Any) -> bool:
    """Whether a formula is the number 1, or ones."""
    if isinstance(e, Call) and e.function is np.broadcast_to:
        e = e.operands[0]
    return isinstance(e, Constant) and e.value == 1


_HANDLERS: dict[Any, Any] = {
    np.add: Printer._add, np.subtract: Printer._subtract, np.multiply: Printer._multiply, np.divide: Printer._divide,
    np.power: Printer._power, np.square: Printer._power, np.log: Printer._logarithm, np.sqrt: Printer._square_root,
    np.absolute: Printer._absolute, np.transpose: Printer._transpose, np.matmul: Printer._matmul,
    total: Printer._total, np.reshape: Printer._reshape, np.broadcast_to: Printer._broadcast,
    operator.getitem: Printer._item, np.where: Printer._where,
    **dict.fromkeys(_CONDITIONS, Printer._indicator), **MATRIX_HANDLERS,
}  # fmt: skip

# Operations that are written by their name, because a value is not known.
_NAMED_HANDLERS: dict[str, Any] = {"where": Printer._where, "getitem": Printer._item}
