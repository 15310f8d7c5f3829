"""Formulas as trees of NumPy calls: numbers, symbols, and functions applied to them. Each can be evaluated."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

Shape = tuple[int, ...]


class UnknownValueError(ValueError):
    """A formula has a symbol whose value nobody knows."""


class Expression:
    """A formula, with the shape and dtype of what it stands for."""

    __slots__ = ("dtype", "shape")
    shape: Shape
    dtype: Any

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)


class Number(Expression):
    """A number that a formula is written with, as a fraction: 2/32 is not 1/16, because the 32 has a meaning."""

    __slots__ = ("denominator", "numerator")

    def __init__(self, numerator: float, denominator: int = 1) -> None:
        if denominator != 1 and isinstance(numerator, int) and numerator % denominator == 0:
            numerator, denominator = numerator // denominator, 1
        self.numerator = numerator
        self.denominator = denominator
        self.shape = ()
        self.dtype = None  # that of a Python number: the other operand decides

    @classmethod
    def of(cls, value: Any) -> Number:
        """The number of Python or NumPy, whole if it is."""
        value = value.item() if hasattr(value, "item") else value
        if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
            value = int(value)
        return cls(int(value) if isinstance(value, bool) else value)

    @property
    def value(self) -> float:
        """As a number of Python."""
        return self.numerator if self.denominator == 1 else self.numerator / self.denominator


class Symbol(Expression):
    """A letter. `value` is what it stands for, None where nobody knows; `in_simplex`, whether its rows sum to one."""

    __slots__ = ("in_simplex", "name", "value")

    def __init__(self, name: str, shape: Shape, dtype: Any, value: Any = None) -> None:
        self.name = name
        self.shape = shape
        self.dtype = np.dtype(dtype)
        self.value = value
        self.in_simplex = False


class Call(Expression):
    """A function of NumPy (or an operation) applied to formulas and to plain Python values."""

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
        """What the function is called."""
        return str(getattr(self.function, "__name__", self.function))


# -- the few functions that all spellings of the same thing come down to ------------------------------------------


def total(x: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
    """The sum over axes."""
    return np.sum(x, axis=axes, keepdims=keepdims)


def _fraction(product: float, denominator: int) -> Number:
    return Number(-product, -denominator) if denominator < 0 else Number(product, denominator)


def _quotient(x: Number, y: Number) -> Number | None:
    if isinstance(y.numerator, int) and y.numerator:
        return _fraction(x.numerator * y.denominator, x.denominator * y.numerator)
    return Number.of(x.value / y.value) if y.value else None


_FOLDED: dict[Any, Callable[..., Number | None]] = {
    np.add: lambda x, y: Number.of(x.value + y.value),
    np.subtract: lambda x, y: Number.of(x.value - y.value),
    np.multiply: lambda x, y: _fraction(x.numerator * y.numerator, x.denominator * y.denominator),
    np.divide: _quotient,
    np.negative: lambda x: Number(-x.numerator, x.denominator),
    np.square: lambda x: _fraction(x.numerator**2, x.denominator**2),
}


def call(
    function: Callable[..., Any],
    operands: tuple[Any, ...],
    options: tuple[tuple[str, Any], ...] = (),
    shape: Shape | None = None,
    dtype: Any = None,
) -> Expression:
    """The function applied to the operands; numbers are computed. Shape and dtype are inferred if not given."""
    if function in _FOLDED and all(isinstance(operand, Number) for operand in operands):
        folded = _FOLDED[function](*operands)
        if folded is not None:
            return folded
    if shape is None:
        shape, dtype = _infer(function, operands, options)
    return Call(function, operands, options, shape, dtype)


_ELEMENTWISE = (np.where, np.clip, np.isneginf, np.isposinf)  # besides ufuncs


def _infer(function: Any, operands: tuple[Any, ...], options: Any) -> tuple[Shape, Any]:
    """Without computing where that is easy; of all other functions by evaluating them."""
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
    elementwise = (
        function in (np.where, np.clip, np.isneginf, np.isposinf) or getattr(function, "signature", "") is None
    )
    if not options and all(isinstance(x, Expression) for x in operands):
        with np.errstate(all="ignore"):
            if elementwise:
                shape = np.broadcast_shapes(*(x.shape for x in operands))
                return shape, np.asarray(function(*map(_one, operands))).dtype
            if function is np.matmul:
                return _matmul_shape(*(x.shape for x in operands)), np.result_type(*map(_one, operands))
    result = evaluate(Call(function, operands, options, (), None))
    if not isinstance(result, np.ndarray | np.generic):
        raise TypeError(f"{function} gives {type(result).__name__}, not an array")
    return result.shape, result.dtype


def _one(x: Expression) -> Any:
    return x.value if isinstance(x, Number) else np.ones((), x.dtype)


def _matmul_shape(x: Shape, y: Shape) -> Shape:
    left, right = (1, *x) if len(x) == 1 else x, (*y, 1) if len(y) == 1 else y
    if len(x) < 1 or len(y) < 1 or left[-1] != right[-2]:
        raise ValueError(f"matmul: shapes {x} and {y} do not match")
    leading = np.broadcast_shapes(left[:-2], right[:-2])
    return (*leading, *left[-2:-1] * (len(x) > 1), *right[-1:] * (len(y) > 1))


def mapped(change: Callable[[Any], Any], items: Any) -> Any:
    """A list or tuple of the same kind, a named one too, with every item changed."""
    changed = [change(item) for item in items]
    return type(items)(*changed) if hasattr(items, "_fields") else type(items)(changed)


# -- what is asked of a formula -------------------------------------------------------------------------------------


def evaluate(expression: Any, seen: dict[int, Any] | None = None) -> Any:
    """The number or array that a formula stands for. `seen` collects the values of all its parts."""
    seen = {} if seen is None else seen
    if isinstance(expression, tuple | list):
        return mapped(lambda part: evaluate(part, seen), expression)
    if not isinstance(expression, Expression):
        return expression
    if id(expression) not in seen:
        seen[id(expression)] = _value(expression, seen)
    return seen[id(expression)]


def _value(expression: Any, seen: dict[int, Any]) -> Any:
    if isinstance(expression, Call):
        operands = [evaluate(operand, seen) for operand in expression.operands]
        options = {name: evaluate(option, seen) for name, option in expression.options}
        with np.errstate(all="ignore"):
            return expression.function(*operands, **options)
    if expression.value is None:
        raise UnknownValueError(f"the value of {expression.name} is not known")
    return expression.value


def parts(expression: Any) -> Iterator[Expression]:
    """The formula and all formulas in it."""
    if isinstance(expression, tuple | list):
        for part in expression:
            yield from parts(part)
    elif isinstance(expression, Expression):
        yield expression
        if isinstance(expression, Call):
            yield from parts(expression.operands)
            yield from parts(tuple(option for _, option in expression.options))


def symbols(expression: Any) -> list[Symbol]:
    """The letters of a formula, each once, in the order of reading."""
    return list({id(part): part for part in parts(expression) if isinstance(part, Symbol)}.values())


def length(expression: Any) -> int:
    """How long a formula is: the number of its functions and letters."""
    return sum(1 for part in parts(expression) if not isinstance(part, Number))


def same(x: Any, y: Any) -> bool:
    """Whether two formulas are written alike."""
    if x is y:
        return True
    if type(x) is not type(y):
        return False
    if isinstance(x, Number):
        return math.isclose(x.value, y.value, rel_tol=1e-15)
    if isinstance(x, Call):
        return (x.function, x.shape) == (y.function, y.shape) and same((x.operands, x.options), (y.operands, y.options))
    if isinstance(x, Symbol):
        return False
    if isinstance(x, tuple | list):
        return len(x) == len(y) and all(map(same, x, y))
    return bool(np.array_equal(x, y)) if isinstance(x, np.ndarray) else bool(x == y)


def key(expression: Any) -> Any:
    """What formulas that are written alike have in common, to look them up by."""
    if isinstance(expression, Call):
        return (expression.function, expression.shape, *map(key, expression.operands), *map(key, expression.options))
    if isinstance(expression, Number):
        return expression.value
    if isinstance(expression, tuple | list):
        return tuple(map(key, expression))
    return expression if isinstance(expression, int | float | str) or expression is None else id(expression)


def rebuilt(expression: Any, change: Callable[[Any], Any]) -> Any:
    """The formula with `change` applied to everything it is directly made of."""
    if isinstance(expression, tuple | list):
        return mapped(lambda part: rebuilt(part, change), expression)
    if not isinstance(expression, Call):
        return expression

    def changed(part: Any) -> Any:
        return mapped(changed, part) if isinstance(part, tuple | list) else change(part)

    operands, options = changed(expression.operands), changed(expression.options)
    if same((operands, options), (expression.operands, expression.options)):
        return expression
    return call(expression.function, operands, options, expression.shape, expression.dtype)


def substitute(expression: Any, replacements: Sequence[tuple[Expression, Expression]]) -> Any:
    """The formula with parts replaced by others of the same shape."""
    for old, new in replacements:
        if same(expression, old):
            return new
    return rebuilt(expression, lambda part: substitute(part, replacements))
