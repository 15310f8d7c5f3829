"""NumPy's protocols: what ``np.f(tensor)`` does. The tables are filled by the catalogue of operations."""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_lite.support.conversion import strip
from autograd_lite.support.missing_rules import without_rule

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
            _refuse_out(ufunc)
        return _dispatch(ufunc if method == "__call__" else (ufunc, method), inputs, kwargs)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        position = _position_of_out(function)
        out = kwargs.get("out") if len(args) <= position else args[position]
        if out is not None and (function not in numpy_queries or isinstance(out, NumpyProtocols)):
            _refuse_out(function)
        return _dispatch(function, args, kwargs)


def _dispatch(function: Any, args: Any, kwargs: Any) -> Any:
    """The operation that stands for a NumPy function; the key of a ufunc's method is a pair."""
    operation = numpy_operations.get(function)
    if operation is not None:
        return operation(*args, **kwargs)
    if function in numpy_queries:
        return function(*strip(args), **{name: strip(value) for name, value in kwargs.items()})
    function, *method = function if isinstance(function, tuple) else (function,)
    instead = _WRITES.get("at" if method == ["at"] else function)
    name = ".".join([getattr(function, "__module__", "numpy"), function.__name__, *method])
    if instead:
        raise TypeError(
            f"{name}: tensors cannot be written like this, nor into plain arrays; write {instead}, "
            "or make one tensor of several with np.stack"
        )
    raise TypeError(without_rule(function, *method))


def _refuse_out(function: Any) -> None:
    name = function.__name__
    raise TypeError(
        f"{name}: a result cannot be written into out= when a tensor takes part; "
        f"use the returned tensor, or write it into one by x[...] = {name}(...)"
    )


@functools.cache
def _position_of_out(function: Any) -> int:
    """Which positional argument of a NumPy function is `out`."""
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):  # a function written in C, of which nothing is known: np.concatenate, np.dot
        return {"dot": 2, "concatenate": 2}.get(function.__name__, sys.maxsize)
    is_positional = "out" in parameters and parameters["out"].kind is not inspect.Parameter.KEYWORD_ONLY
    return list(parameters).index("out") if is_positional else sys.maxsize


# What to write instead of NumPy's functions that write into their first argument.
_WRITES: dict[Any, str] = {
    np.copyto: "x[...] = values",
    np.put: "x[index] = values",
    np.put_along_axis: "x[index] = values",
    np.place: "x[mask] = values",
    np.putmask: "x[mask] = values",
    np.fill_diagonal: "x[i, i] = values, with i = np.arange(len(x))",
    "at": "x[index] += values, or, if the index names an element twice, x + scatter(values, index, x.shape)",
}
