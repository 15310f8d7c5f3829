"""FormulaArray: an array that is a formula. NumPy functions applied to it build larger formulas.

NumPy has several spellings for the same thing (``x.T``, ``np.swapaxes(x, 0, 1)``, ``np.transpose(x)``). Each becomes
the same formula, so that the rewrites have one form to match.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_lite.derivation.constants import Constant, Formula
from autograd_lite.derivation.formula import Symbol, call, mapped, total


class NotAFormulaError(TypeError):
    """A function needs the values of an array that is a formula."""


class FormulaArray:
    """A formula with the interface of a NumPy array."""

    __slots__ = ("formula",)

    def __init__(self, formula: Formula) -> None:
        self.formula = formula

    @property
    def shape(self) -> tuple[int, ...]:
        return self.formula.shape

    @property
    def ndim(self) -> int:
        return len(self.formula.shape)

    @property
    def size(self) -> int:
        return math.prod(self.formula.shape)

    @property
    def dtype(self) -> Any:
        return np.dtype(float) if self.formula.dtype is None else self.formula.dtype

    @property
    def T(self) -> Any:  # noqa: N802 - as NumPy calls it
        return _transpose(self)

    @property
    def mT(self) -> Any:  # noqa: N802
        return _swapaxes(self, -1, -2)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, index: Any) -> Any:
        return apply(operator.getitem, self, index)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if "out" in kwargs or method not in ("__call__", "reduce"):
            raise NotAFormulaError(f"{ufunc.__name__}: a formula has no memory to write to")
        if method == "__call__":
            return apply(ufunc, *inputs, **kwargs)
        if ufunc not in _REDUCTIONS:
            raise NotAFormulaError(f"{ufunc.__name__}.{method} has no formula")
        return _REDUCTIONS[ufunc](inputs[0], **{"axis": inputs[1] if len(inputs) > 1 else 0, **kwargs})

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return SPELLINGS.get(function, _opaque(function))(*args, **kwargs)

    def _refuse(self, *args: Any, **kwargs: Any) -> Any:
        raise NotAFormulaError("a formula has no value")

    __array__ = __bool__ = __float__ = __int__ = __index__ = __iter__ = __contains__ = __setitem__ = _refuse
    __hash__ = object.__hash__


def apply(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """The formula of a function call."""
    numeric = isinstance(function, np.ufunc) or function in (np.where, np.clip)
    operands = tuple(to_formula(argument, number=numeric) for argument in args)
    if len(operands) == 2 and function is np.power and isinstance(operands[1], Constant) and operands[1].value == 2:
        function, operands = np.square, operands[:1]
    options = tuple((name, to_formula(value)) for name, value in sorted(kwargs.items()))
    return FormulaArray(call(function, operands, options))


def to_formula(value: Any, number: bool = False) -> Any:
    """`value` as an operand: arrays become formulas, and with `number` numbers become constants."""
    if isinstance(value, FormulaArray):
        return value.formula
    if isinstance(value, tuple | list):
        return formula_of_array(np.asarray(value)) if number else mapped(to_formula, value)
    if isinstance(value, np.ndarray) and (value.ndim or number):
        return formula_of_array(value)
    return Constant.of(value) if number and isinstance(value, int | float | bool | np.generic) else value


def from_formula(value: Any) -> Any:
    """The inverse of `to_formula`: formulas become formula arrays."""
    if isinstance(value, tuple | list):
        return mapped(from_formula, value)
    return FormulaArray(value) if isinstance(value, Formula) else value


def formula_of_array(array: Any) -> Formula:
    """An array inside a rule: a constant or the identity matrix if it is one, else a symbol without a name."""
    if array.size and array.dtype.kind in "fiu" and (array == array.flat[0]).all():
        number = Constant.of(array.flat[0])
        return call(np.broadcast_to, (number, array.shape)) if array.ndim else number
    if array.ndim == 2 and array.shape[0] == array.shape[1] > 1 and (array == np.eye(len(array))).all():
        return call(np.eye, (len(array),))
    return Symbol("", array.shape, array.dtype, array)


# -- one formula for all spellings ----------------------------------------------------------------------------------


def _opaque(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *args, **kwargs: apply(function, *args, **kwargs)


def _formula(x: Any) -> Formula:
    return to_formula(x, number=True)  # type: ignore[no-any-return]


def _axes(axis: Any, ndim: int) -> tuple[int, ...]:
    axes = range(ndim) if axis is None else axis if isinstance(axis, tuple | list) else (axis,)
    return tuple(sorted(operator.index(a) % ndim for a in axes)) if ndim else ()


def _sum(x: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: bool = False, **others: Any) -> Any:
    return FormulaArray(call(total, (_formula(x), _axes(axis, np.ndim(x)), bool(keepdims)), tuple(others.items())))


def _reshape(x: Any, shape: Any, order: str = "C", *, copy: Any = None) -> Any:
    if order not in (None, "C"):
        return apply(np.reshape, x, shape, order=order)
    lengths = tuple(shape) if isinstance(shape, tuple | list) else (shape,)
    if -1 in lengths:
        known = math.prod(n for n in lengths if n != -1)
        lengths = tuple(x.size // known if n == -1 else n for n in lengths)
    return FormulaArray(call(np.reshape, (x.formula, tuple(map(operator.index, lengths)))))


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
    return FormulaArray(call(np.transpose, (x.formula, tuple(order))))


def _swapaxes(x: Any, axis1: int, axis2: int) -> Any:
    order = list(range(x.ndim))
    order[axis1], order[axis2] = order[axis2], order[axis1]
    return _transpose(x, order)


def _moveaxis(x: Any, source: Any, destination: Any) -> Any:
    # An empty array whose lengths number its axes: moving them gives the order.
    return _transpose(x, np.moveaxis(np.empty((0, *range(1, x.ndim))), source, destination).shape)


def _dot(x: Any, y: Any, out: Any = None) -> Any:
    if 0 in (np.ndim(x), np.ndim(y)):
        return x * y
    return apply(np.matmul if max(np.ndim(x), np.ndim(y)) <= 2 else np.dot, x, y)


def _broadcast_to(x: Any, shape: Any, subok: bool = False) -> Any:
    return FormulaArray(call(np.broadcast_to, (_formula(x), tuple(np.atleast_1d(shape).tolist()))))


def _like(number: float) -> Callable[..., Any]:
    return lambda x, *args, **kwargs: _broadcast_to(number, x.shape)


def _same(x: Any, *args: Any, **kwargs: Any) -> Any:
    return x


def _astype(x: Any, dtype: Any, **others: Any) -> Any:
    """Formulas are about real numbers: a conversion between floating-point dtypes is left out."""
    return x if x.dtype.kind == "f" == np.dtype(dtype).kind else apply(np.astype, x, np.dtype(dtype))


SPELLINGS: dict[Any, Callable[..., Any]] = {
    np.sum: _sum, np.reshape: _reshape, np.expand_dims: _expand_dims, np.squeeze: _squeeze,
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
    "sum": _sum, "mean": np.mean, "squeeze": _squeeze, "swapaxes": _swapaxes, "astype": _astype, "copy": _same,
    "ravel": SPELLINGS[np.ravel], "flatten": SPELLINGS[np.ravel],
    "reshape": lambda x, *shape, order="C": _reshape(x, shape[0] if len(shape) == 1 else shape, order),
    "transpose": lambda x, *axes: _transpose(x, (axes[0] if len(axes) == 1 else axes) or None),
    "max": _opaque(np.max), "min": _opaque(np.min), "prod": _opaque(np.prod), "take": _opaque(np.take),
    "any": _opaque(np.any), "all": _opaque(np.all), "clip": _opaque(np.clip), "cumsum": _opaque(np.cumsum),
}  # fmt: skip


def _method(function: Callable[..., Any]) -> Any:
    """A method that calls the function; as an attribute of a class, a ufunc would not receive the object."""

    def method(*args: Any, **kwargs: Any) -> Any:
        """The method of an array, as a formula."""
        return function(*args, **kwargs)

    return method


def _reflected(function: Callable[..., Any]) -> Any:
    return lambda x, y: function(y, x)


for _name, _ufunc in _OPERATORS.items():
    setattr(FormulaArray, f"__{_name}__", _method(_ufunc))
    setattr(FormulaArray, f"__r{_name}__", _reflected(_ufunc))
for _name, _ufunc in _COMPARISONS.items():
    setattr(FormulaArray, f"__{_name}__", _method(_ufunc))
for _name, _function in _METHODS.items():
    setattr(FormulaArray, _name, _method(_function))
