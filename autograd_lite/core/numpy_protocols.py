"""NumPy's protocols: what ``np.f(tensor)`` does. The catalogue of operations fills the tables."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from autograd_lite.core.cuts import refuse_array
from autograd_lite.support.conversion import NO_ARRAY, NumberArray, is_for_sparse_product, strip
from autograd_lite.support.missing_rules import without_rule
from autograd_lite.support.numpy_writes import position_of_out, refuse_to_write
from autograd_lite.support.operation_table import OperationTable

# Differentiable functions: np.exp -> exp. The key of a ufunc's method is a pair: (np.add, "reduce") -> sum.
numpy_operations = OperationTable()
# Functions without a derivative, which return plain arrays: np.argmax, np.greater.
numpy_queries: set[Any] = set()


class NumpyProtocols:
    """The part of `Tensor` that NumPy calls. A function without an entry is an error, never a lost gradient."""

    __slots__ = ()

    # NumPy's subclasses and pandas compare these with their own priorities and call the operand with the higher one.
    __array_priority__ = 1e6
    __pandas_priority__ = 10_000

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if "out" in kwargs:
            _refuse_out(ufunc)
        if kwargs and method == "__call__":
            return numpy_operations.with_keywords(ufunc, inputs, kwargs)
        return dispatch(ufunc if method == "__call__" else (ufunc, method), inputs, kwargs)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        position = position_of_out(function)
        out = kwargs.get("out") if len(args) <= position else args[position]
        if out is not None and (function not in numpy_queries or isinstance(out, NumpyProtocols)):
            _refuse_out(function)
        return dispatch(function, args, kwargs)

    def __array__(self: Any, dtype: DTypeLike | None = None, copy: bool | None = None) -> NumberArray:
        if is_for_sparse_product():
            return NO_ARRAY
        refuse_array(self)
        return np.array(self._data, dtype=dtype, copy=copy)

    @property
    def _mask(self: Any) -> Any:
        """Masked arrays read this of an operand after its `_data`, without calling `__array__`."""
        refuse_array(self)
        return np.False_


def dispatch(function: Any, args: Any, kwargs: Any) -> Any:
    """Call the operation that is registered for a NumPy function."""
    operation = numpy_operations.get(function)
    if operation is not None:
        return operation(*args, **kwargs)
    if function in numpy_queries:
        return function(*strip(args), **{name: strip(value) for name, value in kwargs.items()})
    function, *method = function if isinstance(function, tuple) else (function,)
    if method == ["at"]:
        refuse_to_write(function, *method)
    raise TypeError(without_rule(function, *method))


def _refuse_out(function: Any) -> None:
    name = function.__name__
    raise TypeError(
        f"{name}: a result cannot be written into out= when a tensor takes part; "
        f"use the returned tensor, or write it into one by x[...] = {name}(...)"
    )
