"""Numbers that may change from call to call: learning rates, the count of steps, numbers among the arguments.

They are read anew at each replay, so arithmetic with them is written down as an expression. A decision that depends
on one (``if weight_decay:``) is allowed: it becomes a condition under which the program holds.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from autograd_lite.tracing import CompileError

if TYPE_CHECKING:
    from autograd_lite.program.recorder import Recorder

_SYMBOLS: dict[Callable[..., Any], str] = {
    operator.add: "+", operator.sub: "-", operator.mul: "*", operator.truediv: "/", operator.pow: "**",
    operator.floordiv: "//", operator.mod: "%", operator.lt: "<", operator.le: "<=", operator.gt: ">",
    operator.ge: ">=", operator.eq: "==", operator.ne: "!=",
}  # fmt: skip


class Number:
    """A number of a program: its value in this run, and the expression that it is in every run."""

    __slots__ = ("_concrete", "expression", "recorder")

    def __init__(self, value: Any, expression: str, recorder: Recorder) -> None:
        self._concrete = value
        self.expression = expression
        self.recorder = recorder

    def __repr__(self) -> str:
        return f"<{self.expression} = {self._concrete} of a program being recorded>"

    def __bool__(self) -> bool:
        return self.recorder.condition(f"bool({self.expression})", bool(self._concrete))

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if method == "__call__" and not kwargs and all(type(x) in _PLAIN for x in inputs):
            values = [x._concrete if isinstance(x, Number) else x for x in inputs]
            return Number(ufunc(*values), f"np.{ufunc.__name__}({', '.join(map(_text, inputs))})", self.recorder)
        return self.recorder.call(ufunc if method == "__call__" else getattr(ufunc, method), inputs, kwargs)

    def astype(self, dtype: Any = None, copy: bool = True) -> Any:
        """As an array."""
        return self.recorder.call(np.array, (self,), {"dtype": dtype})

    def __neg__(self) -> Number:
        return Number(-self._concrete, f"(-{self.expression})", self.recorder)

    def __abs__(self) -> Number:
        return Number(abs(self._concrete), f"abs({self.expression})", self.recorder)

    def __float__(self) -> NoReturn:
        raise CompileError(
            f"compile: float({self.expression}) would fix a number that may change between two calls; "
            "compute with operators and NumPy functions instead of math"
        )

    __int__ = __index__ = __float__
    __hash__ = object.__hash__


_PLAIN = (Number, int, float, bool)


def _text(value: Any) -> str:
    return value.expression if isinstance(value, Number) else repr(value)


def _arithmetic(function: Callable[..., Any], reflected: bool) -> Any:
    symbol = _SYMBOLS[function]

    def method(self: Number, other: Any) -> Any:
        if type(other) not in _PLAIN:  # a NumPy number takes over: with one the result is an array
            return NotImplemented
        left, right = (other, self) if reflected else (self, other)
        value = function(*(side._concrete if isinstance(side, Number) else side for side in (left, right)))
        return Number(value, f"({_text(left)} {symbol} {_text(right)})", self.recorder)

    return method


def _comparison(function: Callable[..., Any]) -> Any:
    def method(self: Number, other: Any) -> Any:
        if type(other) not in _PLAIN:  # a NumPy number takes over: with one the result is an array
            return NotImplemented
        value = function(self._concrete, other._concrete if isinstance(other, Number) else other)
        return self.recorder.condition(f"({self.expression} {_SYMBOLS[function]} {_text(other)})", bool(value))

    return method


_FUNCTIONS = (
    operator.add, operator.sub, operator.mul, operator.truediv, operator.pow, operator.floordiv, operator.mod,
)  # fmt: skip
for _function in _FUNCTIONS:
    _name = _function.__name__
    setattr(Number, f"__{_name}__", _arithmetic(_function, reflected=False))
    setattr(Number, f"__r{_name}__", _arithmetic(_function, reflected=True))
for _function in (operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne):
    setattr(Number, f"__{_function.__name__}__", _comparison(_function))
