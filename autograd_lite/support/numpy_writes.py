"""NumPy functions that write into an argument: where `out` is in a call, and what to write instead with tensors."""

from __future__ import annotations

import functools
import inspect
import sys
from typing import Any, NoReturn

import numpy as np

# Functions that write into their first argument; "at" stands for the method of every ufunc.
_INSTEAD: dict[Any, str] = {
    np.copyto: "x[...] = values, or np.broadcast_to(values, shape) in place of np.full and np.full_like",
    np.put: "x[index] = values",
    np.put_along_axis: "x[index] = values",
    np.place: "x[mask] = values",
    np.putmask: "x[mask] = values",
    np.fill_diagonal: "x[i, i] = values, with i = np.arange(len(x))",
    "at": "x[index] = ufunc(x[index], values), if the index names no element twice",
}


def instead_of_writing(function: Any) -> str | None:
    """What to write instead of a function that writes into its first argument; None if it does not."""
    return _INSTEAD.get(function)


def refuse_to_write(function: Any, *method: str) -> NoReturn:
    """Raise TypeError for a function, or the method "at" of a ufunc, that would write a tensor into a plain array."""
    name = ".".join([getattr(function, "__module__", "numpy"), function.__name__, *method])
    raise TypeError(
        f"{name}: tensors cannot be written like this, nor into plain arrays; write "
        f"{_INSTEAD['at' if method else function]}, with a tensor x, or make one tensor of several with np.stack"
    )


@functools.cache
def position_of_out(function: Any) -> int:
    """The position of the argument `out` of a NumPy function; beyond all positions if it has none."""
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):  # written in C, without a signature
        return {"dot": 2, "concatenate": 2}.get(function.__name__, sys.maxsize)
    is_positional = "out" in parameters and parameters["out"].kind is not inspect.Parameter.KEYWORD_ONLY
    return list(parameters).index("out") if is_positional else sys.maxsize
