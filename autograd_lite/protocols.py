"""NumPy's protocols: what ``np.f(tensor)`` does. The tables are filled by the catalogue of operations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_lite.conversion import strip

# Differentiable: np.exp -> exp. The key of a ufunc's method is a pair: (np.add, "reduce") -> sum.
numpy_operations: dict[Any, Callable[..., Any]] = {}
# Without a derivative, so they answer with plain arrays: np.argmax, np.greater.
numpy_queries: set[Any] = set()


class NumpyProtocols:
    """The part of `Tensor` that NumPy calls. A function without an entry is an error, never a lost gradient."""

    __slots__ = ()

    # With these, operands of other libraries leave the computation to the tensor: NumPy's subclasses compare the first
    # with a number of their own, pandas the second.
    __array_priority__ = 1e6
    __pandas_priority__ = 10_000

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if "out" in kwargs:
            raise TypeError(
                f"{ufunc.__name__}: a result cannot be written into out= when a tensor takes part; "
                "use the returned tensor"
            )
        return self.__array_function__(ufunc if method == "__call__" else (ufunc, method), (), inputs, kwargs)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        operation = numpy_operations.get(function)
        if operation is not None:
            return operation(*args, **kwargs)
        if function in numpy_queries:
            return function(*strip(args), **{name: strip(value) for name, value in kwargs.items()})
        function, *method = function if isinstance(function, tuple) else (function,)
        name = ".".join([getattr(function, "__module__", "numpy"), function.__name__, *method])
        raise TypeError(
            f"{name} has no derivative rule for tensors; declare one with "
            f"autograd_lite.primitive(..., numpy={name}), or use .numpy() for the values"
        )
