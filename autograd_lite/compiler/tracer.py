"""Tracers: the arrays that a function receives while it is recorded. Each NumPy call on them is executed and recorded.

A tracer implements NumPy's protocols, so forward functions, derivative rules and update rules run on it unchanged. It
has a shape and a dtype, but gives no access to its values: code that depends on them could not be replayed.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, NoReturn, Protocol

import numpy as np

from autograd_lite.batching.batch import Batch
from autograd_lite.compiler.tape import Value
from autograd_lite.core.hooks import CompileError
from autograd_lite.core.tensor import Tensor


class CallRecorder(Protocol):
    """The part of the recorder that tracers and traced numbers call."""

    ended: bool

    def call(self, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Execute a NumPy function, or the method that a string names, and record it."""

    def condition(self, expression: str, value: bool) -> bool:
        """Return `value`, and note that the program is valid only while `expression` has it."""

    def assume(self, tracer: Tracer) -> bool | None:
        """The truth of an array, if a branch may be assumed to be taken in each replay."""


class _UnknownError(CompileError, AttributeError):
    """Also an AttributeError, so that `hasattr` returns False."""


class Tracer(np.lib.mixins.NDArrayOperatorsMixin):
    """An array of a program that is being recorded.

    Attributes
    ----------
    _concrete : array
        The array that the call has returned in this run.
    _value : Value
        The value on the tape.
    _recorder : CallRecorder
        Records the calls.
    """

    __slots__ = ("__weakref__", "_concrete", "_recorder", "_value")
    __array_priority__ = 1000

    def __init__(self, array: Any, value: Value, recorder: CallRecorder) -> None:
        self._concrete = array
        self._value = value
        self._recorder = recorder

    # -- what does not depend on values ----------------------------------------------------------------------------

    shape = property(lambda self: self._concrete.shape)
    dtype = property(lambda self: self._concrete.dtype)
    ndim = property(lambda self: self._concrete.ndim)
    size = property(lambda self: self._concrete.size)
    itemsize = property(lambda self: self._concrete.itemsize)
    nbytes = property(lambda self: self._concrete.nbytes)
    flags = property(lambda self: self._concrete.flags)
    strides = property(lambda self: self._concrete.strides)
    base = property(lambda self: self._concrete.base)

    def __len__(self) -> int:
        return len(self._concrete)

    def __repr__(self) -> str:
        return f"<array {self.shape} {self.dtype} of a program being recorded>"

    # -- what is recorded ------------------------------------------------------------------------------------------

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if any(isinstance(value, Tensor | Batch) for value in inputs):
            return NotImplemented  # the tensor calls its operation, which calls NumPy on the tracers; so does a batch
        function = ufunc if method == "__call__" else getattr(ufunc, method)
        return self._recorder.call(function, inputs, kwargs)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if any(issubclass(kind, Tensor | Batch) for kind in types):
            return NotImplemented
        return self._recorder.call(function, args, kwargs)

    def __getitem__(self, index: Any) -> Any:
        return self._recorder.call("__getitem__", (self, index), {})

    def __setitem__(self, index: Any, value: Any) -> None:
        self._recorder.call("__setitem__", (self, index, value), {})

    def __iter__(self) -> Any:
        if not self.ndim:
            raise TypeError("iteration over a 0-d array")
        return (self[i] for i in range(len(self)))

    def __pow__(self, exponent: Any) -> Any:
        if isinstance(self._concrete, np.generic):  # ** of scalars and ** of arrays differ in the last bit
            return self._recorder.call(operator.pow, (self, exponent), {})
        # ** of arrays takes these shortcuts, whose results differ from np.power in the last bit.
        shortcut = _POWERS.get(exponent) if type(exponent) in (int, float) and self.dtype.kind == "f" else None
        return super().__pow__(exponent) if shortcut is None else shortcut(self)

    def __rpow__(self, base: Any) -> Any:
        if isinstance(self._concrete, np.generic):
            return self._recorder.call(operator.pow, (base, self), {})
        return super().__rpow__(base)

    @property
    def T(self) -> Any:  # noqa: N802
        return self.transpose()

    @property
    def mT(self) -> Any:  # noqa: N802
        return self.swapaxes(-1, -2)

    def astype(self, dtype: Any = None, *args: Any, **kwargs: Any) -> Any:
        """A copy in another dtype."""
        return self._recorder.call("astype", (self, dtype or self.dtype, *args), kwargs)

    def __copy__(self) -> Any:
        return self.copy()

    def __deepcopy__(self, memo: Any) -> Any:
        return self.copy()

    # -- what cannot be recorded -----------------------------------------------------------------------------------

    def __bool__(self) -> bool:
        assumed = None if self._recorder.ended else self._recorder.assume(self)
        return _refuse(self, "a branch of Python (if, while, and, or, assert)") if assumed is None else assumed

    @property
    def flat(self) -> NoReturn:
        _refuse(self, "its elements one by one (.flat)")

    def __array__(self, dtype: Any = None, copy: Any = None) -> NoReturn:
        _refuse(self, "a plain NumPy array (np.asarray, indexing a plain array, writing into one)")

    def __getattr__(self, name: str) -> NoReturn:
        raise _UnknownError(f"compile: {name!r} of an array cannot be recorded")


_POWERS = {1: np.positive, 2: np.square, 0.5: np.sqrt, -1: np.reciprocal}


def _refuse(tracer: Tracer, use: str) -> NoReturn:
    if tracer._recorder.ended:
        raise CompileError(
            f"compile: this array of shape {tracer.shape} was created inside a compiled function while it was "
            "recorded, and has no values of its own; let the function return it"
        )
    raise CompileError(
        f"compile: {use} depends on the values of an array of shape {tracer.shape}. A program is replayed on other "
        "values, where the result would be wrong. Compute with NumPy functions (np.where, np.maximum, ...), "
        "or leave this part outside of the compiled function"
    )


def _refused(use: str) -> Any:
    def method(self: Tracer, *args: Any, **kwargs: Any) -> NoReturn:
        _refuse(self, use)

    method.__doc__ = f"Raise CompileError: {use} depends on values."
    return method


def _recorded(name: str) -> Any:
    def method(self: Tracer, *args: Any, **kwargs: Any) -> Any:
        return self._recorder.call(name, (self, *args), kwargs)

    method.__name__, method.__doc__ = name, f"The method {name} of arrays, recorded."
    return method


def _in_place(name: str, function: Callable[[Any, Any], Any]) -> Any:
    of_arrays = getattr(np.lib.mixins.NDArrayOperatorsMixin, name)

    def method(self: Tracer, other: Any) -> Any:
        if isinstance(self._concrete, np.generic):  # scalars are immutable: Python rebinds the variable
            return function(self, other)
        return of_arrays(self, other)

    return method


for _name, _use in {
    "__contains__": "a branch of Python (in)",
    "__float__": "a Python number (float)", "__int__": "a Python number (int)",
    "__complex__": "a Python number (complex)", "__index__": "an index or a count of Python",
    "item": "a Python number (item)", "tolist": "a list (tolist)", "tobytes": "bytes (tobytes)",
    "__reduce__": "a pickle",
}.items():  # fmt: skip
    setattr(Tracer, _name, _refused(_use))
for _name in (
    "all", "any", "argmax", "argmin", "argpartition", "argsort", "choose", "clip", "compress", "conj", "conjugate",
    "copy", "cumprod", "cumsum", "diagonal", "dot", "fill", "flatten", "max", "mean", "min", "nonzero", "partition",
    "prod", "put", "ravel", "repeat", "reshape", "round", "searchsorted", "sort", "squeeze", "std", "sum", "swapaxes",
    "take", "trace", "transpose", "var", "view",
):  # fmt: skip
    setattr(Tracer, _name, _recorded(_name))
for _name in (
    "add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "lshift", "rshift", "matmul", "and", "or", "xor",
):  # fmt: skip
    setattr(Tracer, f"__i{_name}__", _in_place(f"__i{_name}__", getattr(operator, f"__{_name}__")))
