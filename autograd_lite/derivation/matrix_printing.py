"""How functions of matrices are written: X⁻¹, X⁻ᵀ, X², det(X), ln |det X|, tr(X), ‖x‖, I, diag(X)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd_lite.derivation.formula import Call, Symbol
from autograd_lite.derivation.notation import subscript, superscript
from autograd_lite.derivation.vocabulary import log_abs_det, norm

if TYPE_CHECKING:
    from autograd_lite.derivation.printing import Printer

ATOM, FUNCTION = 4, 3


def _base(printer: Printer, e: Any) -> str:
    """The base of a power; a name that ends with a superscript gets parentheses."""
    text = printer.at(e, ATOM)
    if isinstance(e, Symbol) and not printer.latex and superscript("")[:0] + text[-1:] in "⁾ᵀ¹²³⁴⁵⁶⁷⁸⁹⁰":
        return printer.parentheses(text)
    return rf"{{{text}}}" if printer.latex else text


def power(printer: Printer, base: Any, exponent: int, transposed: bool = False) -> tuple[str, int]:
    """A power of a matrix: X², X⁻¹, X⁻ᵀ."""
    text = _base(printer, base)
    if exponent == -1 and transposed:
        return text + (r"^{-\top}" if printer.latex else "⁻ᵀ"), FUNCTION
    return text + (f"^{{{exponent}}}" if printer.latex else superscript(str(exponent))), FUNCTION


def _inverse(printer: Printer, e: Call) -> tuple[str, int]:
    return power(printer, e.operands[0], -1)


def _matrix_power(printer: Printer, e: Call) -> tuple[str, int]:
    return power(printer, *e.operands)


def _bars(printer: Printer, text: str) -> str:
    return rf"\left| {text} \right|" if printer.latex else f"|{text}|"


def _log_abs_det(printer: Printer, e: Call) -> tuple[str, int]:
    text, level = printer.piece(e.operands[0])
    inner = text if level == ATOM else printer.parentheses(text)
    between = " " if level == ATOM or printer.latex else ""
    return f"{printer.word('log')} {_bars(printer, printer.word('det') + between + inner)}", FUNCTION


def _norm(printer: Printer, e: Call) -> tuple[str, int]:
    x, order = e.operands
    text = printer.text(x)
    length = rf"\left\| {text} \right\|" if printer.latex else f"‖{text}‖"
    if order == 2:
        return length, ATOM
    if printer.latex:
        return rf"{length}_{{{'infty' if math.isinf(order) else order}}}", ATOM
    return length + subscript(str(order)), ATOM


def _identity(printer: Printer, e: Call) -> tuple[str, int]:
    return "I", ATOM


MATRIX_HANDLERS: dict[Any, Any] = {
    np.linalg.inv: _inverse,
    np.linalg.matrix_power: _matrix_power,
    log_abs_det: _log_abs_det,
    norm: _norm,
    np.eye: _identity,
}
