"""Arrays that a recorded function creates, such as ``np.eye(k)``: indexing them with tracers is recorded.

NumPy has no protocol for ``np.eye(3)[labels]``, an index into a plain array. Therefore the functions below are replaced
in NumPy while something is recorded (`patches`). In calls from the user's code in the recording thread they return
arrays that record such an index; in all other calls they are the original functions.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_lite.compiler.tape import parts
from autograd_lite.compiler.tracer import Tracer
from autograd_lite.compiler.user_code import is_user_code
from autograd_lite.core.hooks import CompileError, current_recorder
from autograd_lite.core.tensor import Tensor

_CONVERSIONS = ("array", "asarray", "ascontiguousarray", "asanyarray")
_CREATIONS = ("zeros", "ones", "empty", "full", "eye", "identity", "arange", "linspace", "tri")
ORIGINALS = {name: getattr(np, name) for name in (*_CREATIONS, *_CONVERSIONS)}


class CreatedArray(np.ndarray[Any, Any]):
    """A constant of the program."""

    def __getitem__(self, index: Any) -> Any:
        recorder: Any = current_recorder()
        if recorder is None or not _is_traced(index):
            return super().__getitem__(index)
        return recorder.array(self)[index]

    def __setitem__(self, index: Any, value: Any) -> None:
        if current_recorder() is not None and (_is_traced(index) or _is_traced(value)):
            raise CompileError(
                "compile: an array of the program is written into one that the function has created by NumPy; "
                "use np.stack, np.concatenate or np.where, or write into a tensor"
            )
        super().__setitem__(index, value)


def recorded_creation(name: str) -> Callable[..., Any]:
    """The replacement of a function of NumPy."""
    original = ORIGINALS[name]

    @functools.wraps(original)
    def create(*args: Any, **kwargs: Any) -> Any:
        if current_recorder() is None or not is_user_code(sys._getframe(1).f_code):
            return original(*args, **kwargs)
        if name in _CONVERSIONS and args and _is_traced(args[0]):
            return _converted(*args, **{"copy": name == "array", **kwargs})
        out = original(*args, **kwargs)
        is_new = type(out) is np.ndarray and not any(out is arg for arg in args)
        return out.view(CreatedArray) if is_new else out

    return create


def _is_traced(value: Any) -> bool:
    """Whether a value is a tracer, or contains one in nested tuples and lists."""
    if isinstance(value, np.ndarray):
        return False
    return any(isinstance(getattr(p, "_data", p) if isinstance(p, Tensor) else p, Tracer) for p in parts(value))


def _converted(value: Any, dtype: Any = None, copy: bool | None = True, **options: Any) -> Any:
    """A tracer from another one, or from nested lists with tracers in them."""
    if isinstance(value, list | tuple):
        value = np.stack([_converted(part, copy=False) for part in value])
    elif not isinstance(value, Tracer):
        return ORIGINALS["asarray"](value)
    return value.astype(dtype) if dtype is not None else value.copy() if copy else value
