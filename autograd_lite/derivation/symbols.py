"""The array that is a formula: NumPy's functions, fed with it, write themselves down instead of computing.

What NumPy can say in several ways (``x.T``, ``np.swapaxes(x, 0, 1)``, ``np.transpose(x)``) is written down in one, so
that the rules of rewriting have to know only that.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_lite.derivation.expression import Expression, Number, Symbol, call, mapped, total


class NotSymbolicError(TypeError):
    """A function asks for the numbers in an array that is a formula."""


class Symbolic:
    """A formula that behaves as a NumPy array."""

    __slots__ = ("expression",)

    def __init__(self, expression: Expression) -> None:
        self.expression = expression

    @property
    def shape(self) -> tuple[int, ...]:
        """The lengths of the axes."""
        return self.expression.shape

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.expression.shape)

    @property
    def size(self) -> int:
        """The number of elements."""
        return math.prod(self.expression.shape)

    @property
    def dtype(self) -> Any:
        """The dtype of the elements."""
        return np.dtype(float) if self.expression.dtype is None else self.expression.dtype

    @property
    def T(self) -> Any:  # noqa: N802 - as NumPy calls it
        """With the axes reversed."""
        return _transpose(self)

    @property
    def mT(self) -> Any:  # noqa: N802
        """With the last two axes exchanged."""
        return _swapaxes(self, -1, -2)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, index: Any) -> Any:
        return write(operator.getitem, self, index)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if "out" in kwargs or method not in ("__call__", "reduce"):
            raise NotSymbolicError(f"{ufunc.__name__}: nothing can be written into a formula")
        if method == "__call__":
            return write(ufunc, *inputs, **kwargs)
        if ufunc not in _REDUCTIONS:
            raise NotSymbolicError(f"{ufunc.__name__}.{method} is not written in formulas")
        return _REDUCTIONS[ufunc](inputs[0], **{"axis": inputs[1] if len(inputs) > 1 else 0, **kwargs})

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return SPELLINGS.get(function, _opaque(function))(*args, **kwargs)

    def _refuse(self, *args: Any, **kwargs: Any) -> Any:
        raise NotSymbolicError("a formula has no value to decide by")

    __array__ = __bool__ = __float__ = __int__ = __index__ = __iter__ = __contains__ = __setitem__ = _refuse
    __hash__ = object.__hash__


def write(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """The function applied to the arguments, as a formula."""
    numeric = isinstance(function, np.ufunc) or function in (np.where, np.clip)
    operands = tuple(lower(argument, number=numeric) for argument in args)
    if len(operands) == 2 and function is np.power and isinstance(operands[1], Number) and operands[1].value == 2:
        function, operands = np.square, operands[:1]
    return Symbolic(call(function, operands, tuple((name, lower(value)) for name, value in sorted(kwargs.items()))))


def lower(value: Any, number: bool = False) -> Any:
    """What stands in a formula for `value`: formulas in place of arrays, with `number` also of numbers."""
    if isinstance(value, Symbolic):
        return value.expression
    if isinstance(value, tuple | list):
        return constant(np.asarray(value)) if number else mapped(lower, value)
    if isinstance(value, np.ndarray) and (value.ndim or number):
        return constant(value)
    return Number.of(value) if number and isinstance(value, int | float | bool | np.generic) else value


def lift(value: Any) -> Any:
    """The other way: formulas as arrays that write themselves down."""
    if isinstance(value, tuple | list):
        return mapped(lift, value)
    return Symbolic(value) if isinstance(value, Expression) else value


def constant(array: Any) -> Expression:
    """An array that a rule brought along: a number if all its elements are equal, else a letter of its own."""
    if array.size and array.dtype.kind in "fiu" and (array == array.flat[0]).all():
        number = Number.of(array.flat[0])
        return call(np.broadcast_to, (number, array.shape)) if array.ndim else number
    return Symbol("", array.shape, array.dtype, array)


# -- one spelling for each thing ------------------------------------------------------------------------------------


def _opaque(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *args, **kwargs: write(function, *args, **kwargs)


def _expression(x: Any) -> Expression:
    return lower(x, number=True)  # type: ignore[no-any-return]


def _axes(axis: Any, ndim: int) -> tuple[int, ...]:
    axes = range(ndim) if axis is None else axis if isinstance(axis, tuple | list) else (axis,)
    return tuple(sorted(operator.index(a) % ndim for a in axes)) if ndim else ()


def _sum(x: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: bool = False, **others: Any) -> Any:
    return Symbolic(call(total, (_expression(x), _axes(axis, np.ndim(x)), bool(keepdims)), tuple(others.items())))


def _mean(x: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: bool = False) -> Any:
    return _sum(x, axis, keepdims=keepdims) / math.prod(x.shape[a] for a in _axes(axis, x.ndim))


def _reshape(x: Any, shape: Any, order: str = "C", *, copy: Any = None) -> Any:
    if order not in (None, "C"):
        return write(np.reshape, x, shape, order=order)
    lengths = tuple(shape) if isinstance(shape, tuple | list) else (shape,)
    if -1 in lengths:
        known = math.prod(n for n in lengths if n != -1)
        lengths = tuple(x.size // known if n == -1 else n for n in lengths)
    return Symbolic(call(np.reshape, (x.expression, tuple(map(operator.index, lengths)))))


def _expand_dims(x: Any, axis: Any) -> Any:
    axes = axis if isinstance(axis, tuple | list) else (axis,)
    new = [a % (x.ndim + len(axes)) for a in axes]
    rest = iter(x.shape)
    return _reshape(x, tuple(1 if i in new else next(rest) for i in range(x.ndim + len(axes))))


def _squeeze(x: Any, axis: Any = None) -> Any:
    gone = [i for i, n in enumerate(x.shape) if n == 1] if axis is None else _axes(axis, x.ndim)
    return _reshape(x, tuple(n for i, n in enumerate(x.shape) if i not in gone))


def _transpose(x: Any, axes: Any = None) -> Any:
    order = range(x.ndim)[::-1] if axes is None else [operator.index(a) % x.ndim for a in axes]
    return Symbolic(call(np.transpose, (x.expression, tuple(order))))


def _swapaxes(x: Any, axis1: int, axis2: int) -> Any:
    order = list(range(x.ndim))
    order[axis1], order[axis2] = order[axis2], order[axis1]
    return _transpose(x, order)


def _moveaxis(x: Any, source: Any, destination: Any) -> Any:
    # An array whose lengths name its axes, without memory.
    return _transpose(x, np.moveaxis(np.empty((0, *range(1, x.ndim))), source, destination).shape)


def _dot(x: Any, y: Any, out: Any = None) -> Any:
    if 0 in (np.ndim(x), np.ndim(y)):
        return x * y
    return write(np.matmul, x, y) if max(np.ndim(x), np.ndim(y)) <= 2 else write(np.dot, x, y)


def _broadcast_to(x: Any, shape: Any, subok: bool = False) -> Any:
    return Symbolic(call(np.broadcast_to, (_expression(x), tuple(np.atleast_1d(shape).tolist()))))


def _like(number: float) -> Callable[..., Any]:
    return lambda x, *args, **kwargs: _broadcast_to(number, x.shape)


def _same(x: Any, *args: Any, **kwargs: Any) -> Any:
    return x


def _astype(x: Any, dtype: Any, **others: Any) -> Any:
    """Formulas are about real numbers; only what is no number yet, and what loses digits, is written down."""
    return x if x.dtype.kind == "f" == np.dtype(dtype).kind else write(np.astype, x, np.dtype(dtype))


SPELLINGS: dict[Any, Callable[..., Any]] = {
    np.sum: _sum, np.mean: _mean, np.reshape: _reshape, np.expand_dims: _expand_dims, np.squeeze: _squeeze,
    np.transpose: _transpose, np.permute_dims: _transpose, np.swapaxes: _swapaxes, np.moveaxis: _moveaxis,
    np.dot: _dot, np.broadcast_to: _broadcast_to, np.ones_like: _like(1), np.zeros_like: _like(0), np.copy: _same,
    np.ravel: lambda x, order="C": _reshape(x, (x.size,), order),
    np.shape: lambda x: x.shape, np.ndim: lambda x: x.ndim, np.size: lambda x: x.size,
    np.result_type: lambda *args: np.result_type(*(getattr(arg, "dtype", arg) for arg in args)),
    np.astype: _astype, np.real: _same,
}  # fmt: skip

_REDUCTIONS = {np.add: _sum, np.multiply: _opaque(np.prod), np.maximum: _opaque(np.max), np.minimum: _opaque(np.min)}
_OPERATORS: dict[str, Any] = {
    "add": np.add, "sub": np.subtract, "mul": np.multiply, "truediv": np.divide, "pow": np.power, "matmul": np.matmul,
    "floordiv": np.floor_divide, "mod": np.remainder, "and": np.logical_and, "or": np.logical_or,
}  # fmt: skip
_COMPARISONS = {
    "eq": np.equal, "ne": np.not_equal, "lt": np.less, "le": np.less_equal, "gt": np.greater, "ge": np.greater_equal,
}  # fmt: skip
_METHODS: dict[str, Callable[..., Any]] = {
    "__neg__": np.negative, "__pos__": _same, "__abs__": np.absolute, "__invert__": np.logical_not, "dot": _dot,
    "sum": _sum, "mean": _mean, "squeeze": _squeeze, "swapaxes": _swapaxes, "astype": _astype, "copy": _same,
    "ravel": SPELLINGS[np.ravel], "flatten": SPELLINGS[np.ravel],
    "reshape": lambda x, *shape, order="C": _reshape(x, shape[0] if len(shape) == 1 else shape, order),
    "transpose": lambda x, *axes: _transpose(x, (axes[0] if len(axes) == 1 else axes) or None),
    "max": _opaque(np.max), "min": _opaque(np.min), "prod": _opaque(np.prod), "take": _opaque(np.take),
    "any": _opaque(np.any), "all": _opaque(np.all), "clip": _opaque(np.clip), "cumsum": _opaque(np.cumsum),
}  # fmt: skip


def _left(function: Any) -> Any:
    return lambda x, y: function(x, y)


def _right(function: Any) -> Any:
    return lambda x, y: function(y, x)


def _as_method(name: str, function: Callable[..., Any]) -> Any:
    def method(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    method.__doc__ = f"``ndarray.{name}``, written down."
    return method


for _name, _ufunc in _OPERATORS.items():
    setattr(Symbolic, f"__{_name}__", _left(_ufunc))
    setattr(Symbolic, f"__r{_name}__", _right(_ufunc))
for _name, _ufunc in _COMPARISONS.items():
    setattr(Symbolic, f"__{_name}__", _left(_ufunc))
for _name, _method in _METHODS.items():
    setattr(Symbolic, _name, _as_method(_name, _method))
