"""Traced numbers: numbers that may change between calls, such as learning rates, step counts and float arguments.

A replay reads them again, so arithmetic with them is recorded as an expression. A comparison (``if weight_decay:``)
becomes a condition under which the program is valid. An operation that needs the value itself (``float``,
``math.sin``, a key of a dictionary, a string) receives it, and the program is then valid for this value alone.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_lite.compiler.tracer import CallRecorder

_SYMBOLS: dict[Callable[..., Any], str] = {
    operator.add: "+", operator.sub: "-", operator.mul: "*", operator.truediv: "/", operator.pow: "**",
    operator.floordiv: "//", operator.mod: "%", operator.lt: "<", operator.le: "<=", operator.gt: ">",
    operator.ge: ">=", operator.eq: "==", operator.ne: "!=",
}  # fmt: skip


class TracedNumber:
    """A number of a program that is being recorded.

    Attributes
    ----------
    _concrete : int or float
        The value in this run.
    expression : str
        The expression that computes it in each run.
    recorder : CallRecorder
    """

    __slots__ = ("_concrete", "expression", "recorder")

    def __init__(self, value: Any, expression: str, recorder: CallRecorder) -> None:
        self._concrete = value
        self.expression = expression
        self.recorder = recorder

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        """The type of the value, so that ``isinstance(number, float)`` is true where it is for the value."""
        return type(self._concrete)

    def __repr__(self) -> str:
        return f"<{self.expression} = {self._concrete} of a program being recorded>"

    def __bool__(self) -> bool:
        return self.recorder.condition(f"bool({self.expression})", bool(self._concrete))

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if method == "__call__" and not kwargs and ufunc.nout == 1 and all(type(x) in _SCALARS for x in inputs):
            expression = f"np.{ufunc.__name__}({', '.join(map(_literal, inputs))})"
            return TracedNumber(ufunc(*map(_concrete, inputs)), expression, self.recorder)
        return self.recorder.call(ufunc if method == "__call__" else getattr(ufunc, method), inputs, kwargs)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        return np.asarray(self.pinned(), dtype)

    def astype(self, dtype: Any = None, copy: bool = True) -> Any:
        """An array of this number."""
        return self.recorder.call(np.array, (self,), {"dtype": dtype})

    def __neg__(self) -> TracedNumber:
        return TracedNumber(-self._concrete, f"(-{self.expression})", self.recorder)

    def __pos__(self) -> TracedNumber:
        return self

    def __abs__(self) -> TracedNumber:
        return TracedNumber(abs(self._concrete), f"abs({self.expression})", self.recorder)

    def pinned(self) -> Any:
        """The value; the program is valid only while the number has it."""
        self.recorder.condition(f"repr({self.expression}) == {repr(self._concrete)!r}", True)
        return self._concrete

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):  # protocols that numbers do not implement
            raise AttributeError(name)
        found = getattr(self._concrete, name)
        self.pinned()
        return found


_SCALARS = (TracedNumber, int, float, bool)


def _concrete(value: Any) -> Any:
    return value._concrete if type(value) is TracedNumber else value


def _literal(value: Any) -> str:
    """The number in an expression."""
    if type(value) is TracedNumber:
        return value.expression
    if isinstance(value, float) and not math.isfinite(value):
        return {"inf": "np.inf", "-inf": "(-np.inf)"}.get(repr(float(value)), "np.nan")
    return f"({value!r})" if value < 0 or math.copysign(1, value) < 0 else repr(value)


def _arithmetic(function: Callable[..., Any], reflected: bool) -> Any:
    symbol = _SYMBOLS[function]

    def method(self: TracedNumber, other: Any) -> Any:
        if type(other) not in _SCALARS:  # NumPy's operator is called: the result is an array
            return NotImplemented
        left, right = (other, self) if reflected else (self, other)
        value = function(_concrete(left), _concrete(right))
        if not isinstance(value, int | float):  # (-2.0) ** 0.5 is complex
            return function(*(side.pinned() if type(side) is TracedNumber else side for side in (left, right)))
        return TracedNumber(value, f"({_literal(left)} {symbol} {_literal(right)})", self.recorder)

    return method


def _comparison(function: Callable[..., Any]) -> Any:
    def method(self: TracedNumber, other: Any) -> Any:
        if type(other) not in _SCALARS:
            return NotImplemented
        expression = f"({self.expression} {_SYMBOLS[function]} {_literal(other)})"
        return self.recorder.condition(expression, bool(function(self._concrete, _concrete(other))))

    return method


def _of_the_value(function: Callable[..., Any]) -> Any:
    return lambda self, *args: function(self.pinned(), *args)


for _function in (
    operator.add, operator.sub, operator.mul, operator.truediv, operator.pow, operator.floordiv, operator.mod,
):  # fmt: skip
    setattr(TracedNumber, f"__{_function.__name__}__", _arithmetic(_function, reflected=False))
    setattr(TracedNumber, f"__r{_function.__name__}__", _arithmetic(_function, reflected=True))
for _function in (operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne):
    setattr(TracedNumber, f"__{_function.__name__}__", _comparison(_function))
for _name, _function in {  # type: ignore[assignment]
    "float": float, "int": int, "index": operator.index, "complex": complex, "hash": hash, "str": str,
    "format": format, "round": round, "trunc": math.trunc, "floor": math.floor, "ceil": math.ceil, "divmod": divmod,
}.items():  # fmt: skip
    setattr(TracedNumber, f"__{_name}__", _of_the_value(_function))
