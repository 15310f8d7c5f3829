"""How functions of matrices are written: X⁻¹, X⁻ᵀ, X², det(X), ln |det X|, tr(X), ‖x‖, I, diag(X)."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np

from autograd_lite.derivation.constants import Constant, Formula
from autograd_lite.derivation.contractions import contraction, in_indices
from autograd_lite.derivation.formula import Call, Symbol
from autograd_lite.derivation.notation import subscript, superscript
from autograd_lite.derivation.vocabulary import log_abs_det, mean, norm

Printer = Any  # of `printing`, which imports this file

ATOM, FUNCTION, MATRIX, PRODUCT = 4, 3, 2, 1


def base_of_power(printer: Printer, e: Any) -> str:
    """The base of a power. One that ends with a power or is a fraction gets parentheses."""
    text: str = printer.at(e, ATOM)
    is_power = isinstance(e, Call) and e.function in (np.power, np.square, np.divide)
    is_raised = isinstance(e, Symbol) and printer.latex and "^" in text
    enclosed: str = printer.parentheses(text)
    return enclosed if (is_power and not text.startswith("(")) or is_raised else text


def power(printer: Printer, base: Any, exponent: int, transposed: bool = False) -> tuple[str, int]:
    """A power of a matrix: X², X⁻¹, X⁻ᵀ."""
    text = base_of_power(printer, base)
    if text[-1:] in tuple("⁾ᵀ¹²³⁴⁵⁶⁷⁸⁹⁰"):
        text = printer.parentheses(text)
    text = rf"{{{text}}}" if printer.latex else text
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
        return rf"{length}_{{{order}}}", ATOM
    return length + subscript(str(order)), ATOM


_ELEMENTWISE = (np.add, np.subtract, np.multiply, np.divide, np.square, np.power, np.sqrt)


def kept_shape(e: Any) -> tuple[int, ...] | None:
    """The shape with which a mean or a deviation over axes meets the array: these axes have length one; else None."""
    if isinstance(e, Symbol):
        return e.kept
    if not isinstance(e, Call):
        return None
    if e.function is mean or e.name in ("std", "var"):
        axes = e.operands[1] if e.function is mean else shown_arguments(e)[1]
        return tuple(1 if axis in axes else n for axis, n in enumerate(e.operands[0].shape)) if axes else None
    if e.function is np.reshape:
        return kept_shape(e.operands[0])
    if e.function in _ELEMENTWISE:
        shapes = [kept_shape(x) for x in e.operands if not isinstance(x, Constant)]
        return shapes[0] if len(set(shapes)) == 1 else None
    return None


def is_statistic(e: Any) -> bool:
    """Whether a formula is a mean or a deviation that is repeated along its axes: it is written without ones."""
    kept = kept_shape(e)
    return kept is not None and (1,) * (len(kept) - e.ndim) + e.shape == kept


def over_axes(printer: Printer, word: str, axes: tuple[int, ...]) -> str:
    """The name of a function over some of the axes."""
    places = ",".join(map(str, axes))
    return rf"{word}_{{{places}}}" if printer.latex else word + subscript(places)


def _mean(printer: Printer, e: Call) -> tuple[str, int]:
    x, axes, _ = e.operands
    word = printer.word("mean")
    return (over_axes(printer, word, axes) if len(axes) < x.ndim else word) + printer.parentheses(printer.text(x)), ATOM


def shown_arguments(e: Call) -> tuple[list[Any], tuple[int, ...]]:
    """The arguments of a function that are not at their default values, and the axis or axes if they are not all."""
    primitive = getattr(e.function, "primitive", None)
    try:
        parameters = list(inspect.signature(primitive.forward if primitive else e.function).parameters.values())
    except (TypeError, ValueError):
        parameters = []
    if any(p.kind is p.VAR_POSITIONAL for p in parameters):
        parameters = []
    named = {p.name: p.default for p in parameters}
    pairs = [*zip([*named, *[""] * len(e.operands)], e.operands, strict=False), *e.options]
    shown: list[Any] = []
    axes: tuple[int, ...] = ()
    for name, value in pairs:
        if name == "keepdims":
            continue
        if name == "axis" and (value is None or isinstance(value, int | tuple)):
            axes = _proper_axes(value, e.operands[0])
            if e.name == "softmax" and axes == (e.ndim - 1,):  # as usual
                axes = ()
        elif isinstance(value, Formula) or not (_is_default(value, named.get(name)) or _is_geometry(value)):
            shown.append(value)
    if e.name == "one_hot":  # the number of classes is the length of the result
        del shown[1:]
    return shown, axes


def _is_default(value: Any, default: Any) -> bool:
    if value is None or value is False:
        return True
    return type(value) is type(default) and isinstance(value, int | float | str) and value == default


def _is_geometry(value: Any) -> bool:
    """Whether an option is a tuple of tuples, such as the sizes and steps of a window."""
    return isinstance(value, tuple) and any(isinstance(part, tuple) for part in value)


def _proper_axes(axis: Any, x: Any) -> tuple[int, ...]:
    """The axes from 0 on; none if they are all axes of x."""
    axes = () if axis is None else axis if isinstance(axis, tuple) else (axis,)
    axes = tuple(sorted(a % x.ndim for a in axes)) if isinstance(x, Formula) and x.ndim else ()
    return () if isinstance(x, Formula) and len(axes) == x.ndim else axes


def _blocks(printer: Printer, e: Call) -> tuple[str, int] | None:
    """Blocks below each other, [A; B], or vectors as rows below each other, [aᵀ; bᵀ]."""
    parts = e.operands[0] if e.function is np.concatenate else e.operands
    if dict(e.options).get("axis", 0) != 0 or not all(isinstance(part, Formula) for part in parts) or e.ndim > 2:
        return None
    as_rows = e.name == "stack" and e.ndim == 2
    texts = [printer.transposed(part) if as_rows else printer.text(part) for part in parts]
    inner = "; ".join(texts)
    return (rf"\left[ {inner} \right]" if printer.latex else f"[{inner}]"), ATOM


def _contraction(printer: Printer, e: Call) -> tuple[str, int]:
    """A sum of products in indices: Σⱼ Aᵢⱼ Bⱼₖ."""
    summed, indices = in_indices(e)
    pairs = list(zip(e.operands[0], indices, strict=True))
    needed = [pair for pair in pairs if not _is_ones(pair[0])]  # ones matter only where nothing else has an index
    if needed and set(summed) <= set("".join(index for _, index in needed)):
        pairs = needed
    texts, indices = [printer.at(x, ATOM) for x, _ in pairs], [index for _, index in pairs]
    if printer.latex:
        factors = [f"{{{text}}}_{{{index}}}" if index else text for text, index in zip(texts, indices, strict=True)]
        return (rf"\sum_{{{summed}}} " if summed else "") + " ".join(factors), PRODUCT
    factors = [text + subscript(index) for text, index in zip(texts, indices, strict=True)]
    return (f"Σ{subscript(summed)} " if summed else "") + " ".join(factors), PRODUCT


def _is_ones(e: Any) -> bool:
    return isinstance(e, Call) and e.function is np.broadcast_to and getattr(e.operands[0], "value", None) == 1


def _scatter(printer: Printer, e: Call) -> tuple[str, int] | None:
    """Rows that are added at labels: onehot(i)ᵀ G."""
    rows, index = e.operands[:2]
    by_labels = isinstance(index, Formula) and index.ndim == 1 and index.dtype.kind in "iu"
    if not by_labels or rows.ndim != e.ndim or e.ndim > 2:
        return None
    chosen = printer.word("one_hot") + printer.parentheses(printer.text(index))
    turned = rf"{{{chosen}}}^{{\top}} " if printer.latex else f"{chosen}ᵀ "
    return turned + printer.at(rows, MATRIX), MATRIX


def _identity(printer: Printer, e: Call) -> tuple[str, int]:
    return "I", ATOM


MATRIX_HANDLERS: dict[Any, Any] = {
    np.linalg.inv: _inverse,
    np.linalg.matrix_power: _matrix_power,
    log_abs_det: _log_abs_det,
    norm: _norm,
    np.eye: _identity,
    np.concatenate: _blocks,
    mean: _mean,
    contraction: _contraction,
}

# Operations that are written by a name of their own.
NAMED_HANDLERS: dict[str, Any] = {"concatenate": _blocks, "stack": _blocks, "scatter": _scatter}
