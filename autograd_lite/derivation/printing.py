"""Printer: formulas as strings, in Unicode for a terminal or in LaTeX for a notebook."""

from __future__ import annotations

import math
import operator
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autograd_lite.derivation.formula import Call, Constant, Formula, Symbol, total
from autograd_lite.derivation.notation import FUNCTIONS, NUMBERS, SIGNS, escaped, latex_name, subscript, superscript

# Precedences. A part with a lower precedence than its surroundings gets parentheses.
SUM, PRODUCT, MATRIX, FUNCTION, ATOM = range(5)
Piece = tuple[str, int]

_CONDITIONS = {
    np.equal: "=", np.not_equal: "≠", np.less: "<", np.less_equal: "≤", np.greater: ">", np.greater_equal: "≥",
    np.logical_and: "∧", np.logical_or: "∨",
}  # fmt: skip


@dataclass
class Printer:
    """Prints formulas. `lengths` are names for the denominators of fractions: {32: "N"}."""

    latex: bool = False
    lengths: Mapping[int, str] = field(default_factory=dict)

    def text(self, formula: Formula) -> str:
        """The formula as a string."""
        return self.piece(formula)[0]

    def symbol(self, name: str) -> str:
        """A name in this notation."""
        return latex_name(name) if self.latex else name

    def piece(self, e: Any) -> Piece:
        """The string of a formula and its precedence."""
        if isinstance(e, Constant):
            return self._number(e)
        if isinstance(e, Symbol):
            return self.symbol(e.name), ATOM
        if not isinstance(e, Call):
            return self._plain(e), ATOM
        handler = _HANDLERS.get(e.function)
        written = handler(self, e) if handler else None
        return written or self._function(e)

    def at(self, e: Any, level: int) -> str:
        """The string of a formula inside another of precedence `level`."""
        return self._in(self.piece(e), level)

    def _in(self, piece: Piece, level: int) -> str:
        return piece[0] if piece[1] >= level else self._parentheses(piece[0])

    def _parentheses(self, text: str) -> str:
        return rf"\left( {text} \right)" if self.latex else f"({text})"

    def _sign(self, sign: str) -> str:
        return SIGNS.get(sign, sign) if self.latex else sign

    def _beside(self, left: str, right: str) -> str:
        """Two factors, with a space between them where it helps reading."""
        close = not self.latex and right.startswith("(") and left[-1] in ")ᵀ0123456789"
        return left + ("" if close else " ") + right

    def _number(self, e: Constant, factor: bool = False) -> Piece:
        if any(math.isclose(abs(e.value), number, rel_tol=1e-14) for number in NUMBERS):
            e = Constant(e.value)
        above, below = self._digits(e.numerator), self.lengths.get(e.denominator, str(e.denominator))
        sign, above = (self._sign("−"), above[1:]) if above[0] == "-" else ("", above)
        if e.denominator == 1:
            return sign + above, SUM if sign else ATOM
        if self.latex:
            return rf"{sign}\frac{{{above}}}{{{below}}}", SUM if sign else ATOM
        return (f"{sign}({above}/{below})", ATOM) if factor else (f"{sign}{above}/{below}", SUM if sign else PRODUCT)

    def _digits(self, value: float) -> str:
        for number, names in NUMBERS.items():
            if math.isclose(abs(value), number, rel_tol=1e-14):
                return "-" * (value < 0) + names[self.latex]
        text = repr(value)
        if not self.latex or "e" not in text:
            return text.replace("inf", r"\infty" if self.latex else "∞")
        mantissa, exponent = text.split("e")
        return rf"{mantissa} \cdot 10^{{{int(exponent)}}}"

    def _plain(self, value: Any) -> str:
        if isinstance(value, tuple | list):
            inner = ", ".join(self.text(v) if isinstance(v, Formula) else self._plain(v) for v in value)
            return f"({inner},)" if len(value) == 1 and isinstance(value, tuple) else f"({inner})"
        if isinstance(value, slice):
            ends = [str(part) for part in (value.start or "", "" if value.stop is None else value.stop)]
            return ":".join(ends + ([] if value.step is None else [str(value.step)]))
        text = "..." if value is Ellipsis else repr(value)
        return rf"\mathrm{{{escaped(text)}}}" if self.latex else text

    def _function(self, e: Call) -> Piece:
        if e.name == "one_hot" or (e.name == "softmax" and e.operands[1] == e.ndim - 1):  # over the last axis, as usual
            return self.word(e.name) + self._parentheses(self.text(e.operands[0])), ATOM
        arguments = [self.text(operand) if isinstance(operand, Formula) else self._plain(operand)
                     for operand in e.operands]  # fmt: skip
        options = [f"{self.word(name)}={self.text(v) if isinstance(v, Formula) else self._plain(v)}"
                   for name, v in e.options]  # fmt: skip
        return self.word(e.name) + self._parentheses(", ".join(arguments + options)), ATOM

    def word(self, name: str) -> str:
        """The name of a function."""
        unicode, latex = FUNCTIONS.get(name, (name, ""))
        return (latex or rf"\operatorname{{{escaped(unicode)}}}") if self.latex else unicode

    # -- elementwise ---------------------------------------------------------------------------------------------

    def _spread(self, e: Any, to: Formula, level: int) -> str:
        """An operand broadcast to the shape of the result, by a product with a column or a row of ones."""
        if to.ndim != 2 or e.shape == to.shape or math.prod(e.shape) == 1:
            return self.at(e, level)
        if e.shape[-1] == to.shape[1]:  # a vector or a row
            row = self._transposed(e) if e.ndim == 1 else self.at(e, MATRIX)
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
        if isinstance(x, Constant) and y.shape == e.shape:
            if x.value == -1:
                return self._sign("−") + self.at(y, PRODUCT), SUM
            number = self._number(x, factor=True)[0]
            return self._beside(number, self.at(y, PRODUCT)), SUM if number.startswith(self._sign("−")) else PRODUCT
        if x.shape == () and y.shape == e.shape:
            return self._beside(self.at(x, FUNCTION), self.at(y, PRODUCT)), PRODUCT

        def factor(operand: Any) -> str:
            text, level = self.piece(operand)
            if operand.shape == e.shape and isinstance(operand, Call) and operand.function is np.multiply:
                return text if level == PRODUCT else self._parentheses(text)
            return self._spread(operand, e, FUNCTION)

        return f"{factor(x)} {self._sign('⊙')} {factor(y)}", PRODUCT

    def _divide(self, e: Call) -> Piece:
        x, y = e.operands
        if self.latex:
            return rf"\frac{{{self._spread(x, e, SUM)}}}{{{self._spread(y, e, SUM)}}}", ATOM
        return f"{self._spread(x, e, ATOM)} / {self._spread(y, e, ATOM)}", PRODUCT

    def _power(self, e: Call) -> Piece:
        base, exponent = e.operands if len(e.operands) == 2 else (e.operands[0], Constant(2))
        text = self._number(exponent)[0] if isinstance(exponent, Constant) else self.text(exponent)
        if self.latex:
            return rf"{{{self.at(base, ATOM)}}}^{{{text}}}", ATOM
        if isinstance(exponent, Constant) and isinstance(exponent.value, int):
            return self.at(base, ATOM) + superscript(text.replace("−", "-")), ATOM
        return f"{self.at(base, ATOM)}^({text})", ATOM

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
        x, y = (self._condition(operand) for operand in e.operands)
        return f"{x} {self._sign(_CONDITIONS[e.function])} {y}"

    def _where(self, e: Call) -> Piece:
        """x ⊙ 1[c] where the other choice is 0."""
        condition, x, y = e.operands
        holds = self.at(condition, ATOM)
        zero = [isinstance(part, Constant) and part.value == 0 for part in (x, y)]
        if zero == [False, True]:
            return f"{self._spread(x, e, FUNCTION)} {self._sign('⊙')} {holds}", PRODUCT
        if zero == [True, False]:
            return f"{self._spread(y, e, FUNCTION)} {self._sign('⊙')} (1 {self._sign('−')} {holds})", PRODUCT
        inner = ", ".join([self._condition(condition), self._spread(x, e, SUM), self._spread(y, e, SUM)])
        return self.word("where") + self._parentheses(inner), ATOM

    # -- matrices ------------------------------------------------------------------------------------------------

    def _transposed(self, e: Any) -> str:
        text = self.at(e, ATOM)
        if text.startswith("∂"):
            text = self._parentheses(text)
        return rf"{{{text}}}^{{\top}}" if self.latex else text + "ᵀ"

    def _transpose(self, e: Call) -> Piece | None:
        return (self._transposed(e.operands[0]), ATOM) if e.ndim == 2 else None

    def _matmul(self, e: Call) -> Piece | None:
        x, y = e.operands
        if x.ndim > 2 or y.ndim > 2:
            return f"{self.at(x, MATRIX)} {self.at(y, MATRIX)}", MATRIX
        return self._beside(self._transposed(x) if x.ndim == 1 else self.at(x, MATRIX), self.at(y, MATRIX)), MATRIX

    def _total(self, e: Call) -> Piece | None:
        x, axes = e.operands[:2]
        if len(axes) == x.ndim:
            return f"{self._sign('Σ')} {self.at(x, PRODUCT)}", PRODUCT
        if x.ndim == 2:
            if axes == (0,):
                return self._beside(self._ones(row=True), self.at(x, MATRIX)), MATRIX
            column = self.at(x, MATRIX)
            return column + (" " if column[-1] != ")" or self.latex else "") + self._ones(), MATRIX
        places = ",".join(map(str, axes))
        sign = rf"\sum_{{{places}}}" if self.latex else "Σ" + subscript(places)
        return f"{sign} {self.at(x, PRODUCT)}", PRODUCT

    def _reshape(self, e: Call) -> Piece | None:
        x = e.operands[0]
        if (x.ndim, e.ndim) in ((1, 2), (2, 1)):
            longer = x if x.ndim == 2 else e
            if longer.shape[1] == 1:  # a vector is a column
                return self.piece(x)
            if longer.shape[0] == 1:
                return self._transposed(x), ATOM
        return self.piece(x) if x.ndim == 0 or e.ndim == 0 else None

    def _broadcast(self, e: Call) -> Piece | None:
        x = e.operands[0]
        if e.ndim == 2 and x.shape != ():
            return self._spread(x, e, MATRIX), MATRIX
        if isinstance(x, Constant) and x.value == 0:
            return "0", ATOM
        if e.ndim not in (1, 2):
            return None
        ones = self._ones() + ((" " * self.latex + self._ones(row=True)) if e.ndim == 2 else "")
        if isinstance(x, Constant) and x.value == 1:
            return ones, MATRIX if e.ndim == 2 else ATOM
        return self._beside(self.at(x, FUNCTION), ones), PRODUCT

    def _item(self, e: Call) -> Piece:
        index = e.operands[1]
        inner = ", ".join(self._plain(part) if not isinstance(part, Formula) else self.text(part)
                          for part in (index if isinstance(index, tuple) else (index,)))  # fmt: skip
        return f"{self.at(e.operands[0], ATOM)}[{inner}]", ATOM


_HANDLERS: dict[Any, Any] = {
    np.add: Printer._add, np.subtract: Printer._subtract, np.multiply: Printer._multiply, np.divide: Printer._divide,
    np.power: Printer._power, np.square: Printer._power, np.log: Printer._logarithm, np.sqrt: Printer._square_root,
    np.absolute: Printer._absolute, np.transpose: Printer._transpose, np.matmul: Printer._matmul,
    total: Printer._total, np.reshape: Printer._reshape, np.broadcast_to: Printer._broadcast,
    operator.getitem: Printer._item, np.eye: lambda printer, e: ("I", ATOM), np.where: Printer._where,
    **dict.fromkeys(_CONDITIONS, Printer._indicator),
}  # fmt: skip
