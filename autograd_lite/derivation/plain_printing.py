"""The base of the printer: names, numbers, functions by their name, and parentheses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from autograd_lite.derivation.constants import Constant, Formula
from autograd_lite.derivation.formula import Call, Symbol
from autograd_lite.derivation.matrix_printing import over_axes, shown_arguments
from autograd_lite.derivation.notation import FUNCTIONS, SIGNS, escaped, latex_name
from autograd_lite.derivation.number_printing import number

# Precedences. A part with a lower precedence than its surroundings gets parentheses.
SUM, PRODUCT, MATRIX, FUNCTION, ATOM = range(5)
Piece = tuple[str, int]


@dataclass
class PlainPrinter:
    """Prints formulas. `lengths` are names for the denominators of fractions: {32: "N"}.

    With `matrix_powers` X² is a power of a matrix, and the elementwise power is X^(⊙2).
    """

    latex: bool = False
    lengths: Mapping[int, str] = field(default_factory=dict)
    matrix_powers: bool = False
    _as_columns: bool = False

    def _handler(self, e: Call) -> Any:
        """What writes a call, if it has a sign of its own."""
        return None

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
        handler = self._handler(e)
        written = handler(self, e) if handler else None
        return written or self._function(e)

    def at(self, e: Any, level: int) -> str:
        """The string of a formula inside another of precedence `level`."""
        return self._in(self.piece(e), level)

    def _in(self, piece: Piece, level: int) -> str:
        return piece[0] if piece[1] >= level else self.parentheses(piece[0])

    def parentheses(self, text: str) -> str:
        """The text in parentheses."""
        return rf"\left( {text} \right)" if self.latex else f"({text})"

    def _sign(self, sign: str) -> str:
        return SIGNS.get(sign, sign) if self.latex else sign

    def _beside(self, left: str, right: str) -> str:
        """Two factors, with a space between them where it helps reading."""
        if self.latex and left[-1:].isdigit() and right.startswith(r"\mathbf{1}"):
            return rf"{left} \, {right}"
        close = not self.latex and right.startswith("(") and left[-1] in ")ᵀ0123456789"
        return left + ("" if close else " ") + right

    def _number(self, e: Constant, factor: bool = False) -> Piece:
        text, level = number(e, self.latex, self.lengths, factor)
        return text, (SUM, PRODUCT, ATOM)[level]

    def _plain(self, value: Any) -> str:
        if isinstance(value, tuple | list):
            inner = ", ".join(self.text(v) if isinstance(v, Formula) else self._plain(v) for v in value)
            if isinstance(value, list):
                return f"[{inner}]"
            return f"({inner},)" if len(value) == 1 else f"({inner})"
        if isinstance(value, slice):
            ends = [str(part) for part in (value.start or "", "" if value.stop is None else value.stop)]
            return ":".join(ends + ([] if value.step is None else [str(value.step)]))
        text = "..." if value is Ellipsis else value if isinstance(value, str) else repr(value)
        return rf"\mathrm{{{escaped(text)}}}" if self.latex else text

    def _function(self, e: Call) -> Piece:
        """A function by its name. The axis is a subscript; options at their default values are left out."""
        arguments, axes = shown_arguments(e)
        written = [self.text(operand) if isinstance(operand, Formula) else self._plain(operand)
                   for operand in arguments]  # fmt: skip
        word = over_axes(self, self.word(e.name), axes) if axes else self.word(e.name)
        return word + self.parentheses(", ".join(written)), ATOM

    def word(self, name: str) -> str:
        """The name of a function."""
        unicode, latex = FUNCTIONS.get(name, (name, ""))
        return (latex or rf"\operatorname{{{escaped(unicode)}}}") if self.latex else unicode
