"""Formulas: trees of NumPy calls on constants and symbols. Every formula can be evaluated."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from autograd_lite.derivation.constants import FOLDED, Constant, Formula, Shape


class UnknownValueError(ValueError):
    """A formula contains a symbol without a value."""


class Symbol(Formula):
    """A named array.

    `value` is None if it is unknown, `in_simplex` is whether each row sums to one. For a mean or a deviation over axes
    of an array, `kept` is the shape with which it meets that array: these axes have length one.
    """

    __slots__ = ("in_simplex", "kept", "name", "value")

    def __init__(self, name: str, shape: Shape, dtype: Any, value: Any = None) -> None:
        self.name = name
        self.shape = shape
        self.dtype = np.dtype(dtype)
        self.value = value
        self.in_simplex = False
        self.kept: Shape | None = None


class Call(Formula):
    """A NumPy function or an operation applied to formulas and to plain Python values."""

    __slots__ = ("function", "operands", "options")

    def __init__(
        self,
        function: Callable[..., Any],
        operands: tuple[Any, ...],
        options: tuple[tuple[str, Any], ...],
        shape: Shape,
        dtype: Any,
    ) -> None:
        self.function = function
        self.operands = operands
        self.options = options
        self.shape = shape
        self.dtype = dtype

    @property
    def name(self) -> str:
        return str(getattr(self.function, "__name__", self.function))


def total(x: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
    """The sum over axes: the one function that stands for all spellings of a sum."""
    return np.sum(x, axis=axes, keepdims=keepdims)


def call(
    function: Callable[..., Any],
    operands: tuple[Any, ...],
    options: tuple[tuple[str, Any], ...] = (),
    shape: Shape | None = None,
    dtype: Any = None,
) -> Formula:
    """The function applied to the operands. Constants are folded; shape and dtype are inferred if not given."""
    if function in FOLDED and all(isinstance(operand, Constant) for operand in operands):
        folded = FOLDED[function](*operands)
        if folded is not None:
            return folded
    if shape is None:
        shape, dtype = _infer(function, operands, options)
    return Call(function, operands, options, shape, dtype)


_ELEMENTWISE = (np.where, np.clip, np.isneginf, np.isposinf)  # besides ufuncs without a signature


def _infer(function: Any, operands: tuple[Any, ...], options: Any) -> tuple[Shape, Any]:
    """Shape and dtype: by their rules for common functions, by evaluation for all others."""
    first = operands[0]
    if function is total:
        axes, keepdims = operands[1:]
        kept = (1 if i in axes else n for i, n in enumerate(first.shape) if keepdims or i not in axes)
        dtype = first.dtype if first.dtype is not None and first.dtype.kind == "f" else np.sum(_one(first)).dtype
        return tuple(kept), dtype
    if function is np.transpose:
        return tuple(first.shape[axis] for axis in operands[1]), first.dtype
    if function in (np.reshape, np.broadcast_to):
        return operands[1], first.dtype if first.dtype is not None else np.dtype(float)
    elementwise = function in _ELEMENTWISE or getattr(function, "signature", "") is None
    if not options and all(isinstance(x, Formula) for x in operands):
        with np.errstate(all="ignore"):
            if elementwise:
                shape = np.broadcast_shapes(*(x.shape for x in operands))
                return shape, np.asarray(function(*map(_one, operands))).dtype
            if function is np.matmul:
                return _matmul_shape(*(x.shape for x in operands)), np.result_type(*map(_one, operands))
    whole = Call(function, operands, options, (), None)
    unknown = {id(x): np.ones(x.shape, x.dtype) for x in symbols(whole) if x.value is None}
    result = evaluate(whole, dict(unknown))
    if not isinstance(result, np.ndarray | np.generic):
        raise TypeError(f"{function} gives {type(result).__name__}, not an array")
    return result.shape, result.dtype


def _one(x: Formula) -> Any:
    return x.value if isinstance(x, Constant) else np.ones((), x.dtype)


def _matmul_shape(x: Shape, y: Shape) -> Shape:
    left, right = (1, *x) if len(x) == 1 else x, (*y, 1) if len(y) == 1 else y
    if len(x) < 1 or len(y) < 1 or left[-1] != right[-2]:
        raise ValueError(f"matmul: shapes {x} and {y} do not match")
    leading = np.broadcast_shapes(left[:-2], right[:-2])
    return (*leading, *left[-2:-1] * (len(x) > 1), *right[-1:] * (len(y) > 1))


def mapped(change: Callable[[Any], Any], items: Any) -> Any:
    """A list, tuple or named tuple of the same type with `change` applied to every item."""
    changed = [change(item) for item in items]
    return type(items)(*changed) if hasattr(items, "_fields") else type(items)(changed)


# -- functions of formulas ------------------------------------------------------------------------------------------


def evaluate(formula: Any, seen: dict[int, Any] | None = None) -> Any:
    """The value of a formula. `seen` collects the values of all its parts, by identity."""
    seen = {} if seen is None else seen
    if isinstance(formula, tuple | list):
        return mapped(lambda part: evaluate(part, seen), formula)
    if not isinstance(formula, Formula):
        return formula
    if id(formula) not in seen:
        seen[id(formula)] = _value(formula, seen)
    return seen[id(formula)]


def _value(formula: Any, seen: dict[int, Any]) -> Any:
    if isinstance(formula, Call):
        operands = [evaluate(operand, seen) for operand in formula.operands]
        options = {name: evaluate(option, seen) for name, option in formula.options}
        with np.errstate(all="ignore"):
            return formula.function(*operands, **options)
    if formula.value is None:
        raise UnknownValueError(f"the value of {formula.name} is not known")
    return formula.value


def subformulas(formula: Any) -> Iterator[Formula]:
    """The formula and all its subformulas, in preorder."""
    if isinstance(formula, tuple | list):
        for part in formula:
            yield from subformulas(part)
    elif isinstance(formula, Formula):
        yield formula
        if isinstance(formula, Call):
            yield from subformulas(formula.operands)
            yield from subformulas(tuple(option for _, option in formula.options))


def symbols(formula: Any) -> list[Symbol]:
    """The symbols of a formula, each once, from left to right."""
    return list({id(part): part for part in subformulas(formula) if isinstance(part, Symbol)}.values())


def size_of(formula: Any) -> int:
    """The number of functions and symbols in a formula. Constants, transposes and changes of shape do not count."""
    return sum(
        1
        for part in subformulas(formula)
        if not isinstance(part, Constant) and getattr(part, "function", None) not in (np.transpose, np.reshape)
    )


def alike(x: Any, y: Any) -> bool:
    """Whether two formulas are structurally equal."""
    if x is y:
        return True
    if type(x) is not type(y):
        return False
    if isinstance(x, Constant):
        return math.isclose(x.value, y.value, rel_tol=1e-15)
    if isinstance(x, Call):
        return (x.function, x.shape) == (y.function, y.shape) and alike(
            (x.operands, x.options), (y.operands, y.options)
        )
    if isinstance(x, Symbol):
        return False
    if isinstance(x, tuple | list):
        return len(x) == len(y) and all(map(alike, x, y))
    return bool(np.array_equal(x, y)) if isinstance(x, np.ndarray) else bool(x == y)


def key(formula: Any) -> Any:
    """A hashable key, equal for structurally equal formulas."""
    if isinstance(formula, Call):
        return (formula.function, formula.shape, *map(key, formula.operands), *map(key, formula.options))
    if isinstance(formula, Constant):
        return formula.value
    if isinstance(formula, tuple | list):
        return tuple(map(key, formula))
    return formula if isinstance(formula, int | float | str) or formula is None else id(formula)


def rebuilt(formula: Any, change: Callable[[Any], Any]) -> Any:
    """The formula with `change` applied to its operands and options."""
    if isinstance(formula, tuple | list):
        return mapped(lambda part: rebuilt(part, change), formula)
    if not isinstance(formula, Call):
        return formula

    def changed(part: Any) -> Any:
        return mapped(changed, part) if isinstance(part, tuple | list) else change(part)

    operands, options = changed(formula.operands), changed(formula.options)
    if alike((operands, options), (formula.operands, formula.options)):
        return formula
    return call(formula.function, operands, options, formula.shape, formula.dtype)


def substitute(formula: Any, replacements: Sequence[tuple[Formula, Formula]]) -> Any:
    """The formula with subformulas replaced by others of the same shape."""
    for old, new in replacements:
        if alike(formula, old):
            return new
    return rebuilt(formula, lambda part: substitute(part, replacements))


def split_constant(formula: Formula) -> tuple[Constant, Formula]:
    """The leading constant of a formula, and the rest."""
    if isinstance(formula, Call) and formula.function is np.multiply:
        constant, rest = formula.operands
        if isinstance(constant, Constant) and rest.shape == formula.shape:
            return constant, rest
    return Constant(1), formula
