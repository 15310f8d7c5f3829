"""The arrays that a function sees while it is recorded: every NumPy call on them is carried out and written down.

A tracer speaks NumPy's protocols, so that forward functions, derivative rules and update rules need to know nothing of
it. It has a shape and a dtype, but its values are not to be had: what depends on them could not be replayed.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from autograd_lite.core.hooks import CompileError
from autograd_lite.core.tensor import Tensor

if TYPE_CHECKING:
    from autograd_lite.compiler.writer import Writer


class _UnknownError(CompileError, AttributeError):
    """An AttributeError too, so that `hasattr` answers."""


class Tracer(np.lib.mixins.NDArrayOperatorsMixin):
    """An array of a program that is being recorded.

    Attributes
    ----------
    _concrete : array
        The values of this first run.
    _recorder : Writer
        Who writes down what happens to it.
    """

    __slots__ = ("__weakref__", "_concrete", "_recorder")
    __array_priority__ = 1000

    def __init__(self, values: Any, recorder: Writer) -> None:
        self._concrete = values
        self._recorder = recorder

    # -- what is known without the values --------------------------------------------------------------------------

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
        if any(isinstance(value, Tensor) for value in inputs):
            return NotImplemented  # a tensor makes an operation of it, and that comes back to the values
        function = ufunc if method == "__call__" else getattr(ufunc, method)
        return self._recorder.call(function, inputs, kwargs)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if any(issubclass(kind, Tensor) for kind in types):
            return NotImplemented
        return self._recorder.call(function, args, kwargs)

    def __getitem__(self, index: Any) -> Any:
        return self._recorder.method(self, "__getitem__", (index,), {})

    def __setitem__(self, index: Any, value: Any) -> None:
        self._recorder.method(self, "__setitem__", (index, value), {})

    def __iter__(self) -> Any:
        if not self.ndim:
            raise TypeError("iteration over a 0-d array")
        return (self[i] for i in range(len(self)))

    def __pow__(self, exponent: Any) -> Any:
        if isinstance(self._concrete, np.generic):  # the operator of numbers is not that of arrays, to the last bit
            return self._recorder.call(operator.pow, (self, exponent), {})
        # The operator of arrays takes these ways, and its result differs from np.power in the last digit.
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

    @property
    def flat(self) -> NoReturn:
        _refuse(self, "its elements one by one (.flat)")

    # -- what cannot be recorded -----------------------------------------------------------------------------------

    def __bool__(self) -> NoReturn:
        _refuse(self, "a branch of Python (if, while, and, or, assert)")

    def __float__(self) -> NoReturn:
        _refuse(self, "a Python number (float)")

    def __int__(self) -> NoReturn:
        _refuse(self, "a Python number (int)")

    def __index__(self) -> NoReturn:
        _refuse(self, "an index or a count of Python")

    def __complex__(self) -> NoReturn:
        _refuse(self, "a Python number (complex)")

    def __array__(self, dtype: Any = None, copy: Any = None) -> NoReturn:
        _refuse(self, "a plain NumPy array (np.asarray, indexing a plain array, writing into one)")

    def item(self, *args: Any) -> NoReturn:
        """Refused."""
        _refuse(self, "a Python number (item)")

    def tolist(self) -> NoReturn:
        """Refused."""
        _refuse(self, "a list (tolist)")

    def tobytes(self, order: Any = "C") -> NoReturn:
        """Refused."""
        _refuse(self, "bytes (tobytes)")

    def __contains__(self, value: Any) -> NoReturn:
        _refuse(self, "a branch of Python (in)")

    def __getattr__(self, name: str) -> NoReturn:
        raise _UnknownError(f"compile: {name!r} of an array cannot be recorded")

    def astype(self, dtype: Any = None, *args: Any, **kwargs: Any) -> Any:
        """In another dtype."""
        return self._recorder.method(self, "astype", (dtype or self.dtype, *args), kwargs)

    def __copy__(self) -> Any:
        return self.copy()

    def __deepcopy__(self, memo: Any) -> Any:
        return self.copy()

    def __reduce__(self) -> NoReturn:
        _refuse(self, "a pickle")


_POWERS = {1: np.positive, 2: np.square, 0.5: np.sqrt, -1: np.reciprocal}


def _refuse(tracer: Tracer, use: str) -> NoReturn:
    if tracer._recorder.ended:
        raise CompileError(
            f"compile: this array of shape {tracer.shape} was made inside a compiled function while it was recorded, "
            "and has no values of its own; let the function return it"
        )
    raise CompileError(
        f"compile: {use} depends on the values of an array of shape {tracer.shape}. A recorded program is replayed on "
        "other values, where the same would be wrong. Compute with NumPy functions (np.where, np.maximum, ...), "
        "or leave this part outside of the compiled function"
    )


def _in_place(name: str, function: Callable[[Any, Any], Any]) -> Any:
    of_arrays = getattr(np.lib.mixins.NDArrayOperatorsMixin, f"__i{name}__")

    def method(self: Tracer, other: Any) -> Any:
        if isinstance(self._concrete, np.generic):  # numbers do not change: Python gives the variable another one
            return function(self, other)
        return of_arrays(self, other)

    return method


for _function in (operator.add, operator.sub, operator.mul, operator.truediv, operator.floordiv, operator.mod,
                  operator.pow, operator.lshift, operator.rshift, operator.matmul):  # fmt: skip
    setattr(Tracer, f"__i{_function.__name__}__", _in_place(_function.__name__, _function))
for _name, _function in {"and": operator.and_, "or": operator.or_, "xor": operator.xor}.items():
    setattr(Tracer, f"__i{_name}__", _in_place(_name, _function))


def _method(name: str) -> Any:
    def method(self: Tracer, *args: Any, **kwargs: Any) -> Any:
        return self._recorder.method(self, name, args, kwargs)

    method.__name__, method.__doc__ = name, f"The method {name} of arrays, recorded."
    return method


for _name in [
    "all",
    "any",
    "argmax",
    "argmin",
    "argpartition",
    "argsort",
    "choose",
    "clip",
    "compress",
    "conj",
    "conjugate",
    "copy",
    "cumprod",
    "cumsum",
    "diagonal",
    "dot",
    "fill",
    "flatten",
    "max",
    "mean",
    "min",
    "nonzero",
    "partition",
    "prod",
    "put",
    "ravel",
    "repeat",
    "reshape",
    "round",
    "searchsorted",
    "sort",
    "squeeze",
    "std",
    "sum",
    "swapaxes",
    "take",
    "trace",
    "transpose",
    "var",
    "view",
]:
    setattr(Tracer, _name, _method(_name))
