"""Numbers that may change from call to call: learning rates, the count of steps, numbers among the arguments.

They are read anew at each replay, so arithmetic with them is written down as an expression. A comparison
(``if weight_decay:``) becomes a condition under which the program holds. What needs the value itself (``float``,
``math.sin``, a key of a dictionary, a text) gets it, and the program then holds for this value alone.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from autograd_lite.compiler.writer import Writer

_SYMBOLS: dict[Callable[..., Any], str] = {
    operator.add: "+", operator.sub: "-", operator.mul: "*", operator.truediv: "/", operator.pow: "**",
    operator.floordiv: "//", operator.mod: "%", operator.lt: "<", operator.le: "<=", operator.gt: ">",
    operator.ge: ">=", operator.eq: "==", operator.ne: "!=",
}  # fmt: skip


class Number:
    """A number of a program: its value in this run, and the expression that it is in every run."""

    __slots__ = ("_concrete", "expression", "recorder")

    def __init__(self, value: Any, expression: str, recorder: Writer) -> None:
        self._concrete = value
        self.expression = expression
        self.recorder = recorder

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        """The type of the value, so that ``isinstance(number, float)`` is what it is for the value."""
        return type(self._concrete)

    def __repr__(self) -> str:
        return f"<{self.expression} = {self._concrete} of a program being recorded>"

    def __bool__(self) -> bool:
        return self.recorder.condition(f"bool({self.expression})", bool(self._concrete))

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if method == "__call__" and not kwargs and ufunc.nout == 1 and all(type(x) in _PLAIN for x in inputs):
            values = [x._concrete if type(x) is Number else x for x in inputs]
            return Number(ufunc(*values), f"np.{ufunc.__name__}({', '.join(map(literal, inputs))})", self.recorder)
        return self.recorder.call(ufunc if method == "__call__" else getattr(ufunc, method), inputs, kwargs)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        return np.asarray(self.pinned(), dtype)

    def astype(self, dtype: Any = None, copy: bool = True) -> Any:
        """As an array."""
        return self.recorder.call(np.array, (self,), {"dtype": dtype})

    def __neg__(self) -> Number:
        return Number(-self._concrete, f"(-{self.expression})", self.recorder)

    def __pos__(self) -> Number:
        return self

    def __abs__(self) -> Number:
        return Number(abs(self._concrete), f"abs({self.expression})", self.recorder)

    def pinned(self) -> Any:
        """The value; the program holds only while the number has it."""
        self.recorder.condition(f"repr({self.expression}) == {repr(self._concrete)!r}", True)
        return self._concrete

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):  # protocols that a number does not have
            raise AttributeError(name)
        found = getattr(self._concrete, name)
        self.pinned()
        return found


_PLAIN = (Number, int, float, bool)


def literal(value: Any) -> str:
    """How a number is written in an expression."""
    if type(value) is Number:
        return value.expression
    if isinstance(value, float) and not math.isfinite(value):
        return {"inf": "np.inf", "-inf": "(-np.inf)"}.get(repr(float(value)), "np.nan")
    return f"({value!r})" if value < 0 or math.copysign(1, value) < 0 else repr(value)


def _arithmetic(function: Callable[..., Any], reflected: bool) -> Any:
    symbol = _SYMBOLS[function]

    def method(self: Number, other: Any) -> Any:
        if type(other) not in _PLAIN:  # a NumPy number takes over: with one the result is an array
            return NotImplemented
        left, right = (other, self) if reflected else (self, other)
        value = function(*(side._concrete if type(side) is Number else side for side in (left, right)))
        if not isinstance(value, int | float):  # (-2.0) ** 0.5 is complex
            return function(*(side.pinned() if type(side) is Number else side for side in (left, right)))
        return Number(value, f"({literal(left)} {symbol} {literal(right)})", self.recorder)

    return method


def _comparison(function: Callable[..., Any]) -> Any:
    def method(self: Number, other: Any) -> Any:
        if type(other) not in _PLAIN:  # a NumPy number takes over: with one the result is an array
            return NotImplemented
        value = function(self._concrete, other._concrete if type(other) is Number else other)
        return self.recorder.condition(f"({self.expression} {_SYMBOLS[function]} {literal(other)})", bool(value))

    return method


def _of_the_value(function: Callable[..., Any]) -> Any:
    return lambda self, *args: function(self.pinned(), *args)


for _function in (
    operator.add, operator.sub, operator.mul, operator.truediv, operator.pow, operator.floordiv, operator.mod,
):  # fmt: skip
    setattr(Number, f"__{_function.__name__}__", _arithmetic(_function, reflected=False))
    setattr(Number, f"__r{_function.__name__}__", _arithmetic(_function, reflected=True))
for _function in (operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne):
    setattr(Number, f"__{_function.__name__}__", _comparison(_function))
for _name, _function in {  # type: ignore[assignment]
    "float": float, "int": int, "index": operator.index, "complex": complex, "hash": hash, "str": str,
    "format": format, "round": round, "trunc": math.trunc, "floor": math.floor, "ceil": math.ceil, "divmod": divmod,
}.items():  # fmt: skip
    setattr(Number, f"__{_name}__", _of_the_value(_function))
