"""Arrays that a recorded function makes from nothing, such as ``np.eye(k)``, when they meet an array of the program.

NumPy has no protocol for ``np.eye(3)[labels]``: an index into a plain array, which no program could repeat. While
something is recorded, the functions below are therefore replaced in NumPy. Called by the user's code in the thread that
records, they give arrays that know such an index, and are ordinary arrays otherwise.
"""

from __future__ import annotations

import functools
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from autograd_lite.compiler.tape import parts
from autograd_lite.compiler.tracer import Tracer
from autograd_lite.compiler.user_code import is_users
from autograd_lite.core.hooks import CompileError, current_recorder
from autograd_lite.core.tensor import Tensor

_CREATIONS = ("zeros", "ones", "empty", "full", "eye", "identity", "arange", "linspace", "tri")
_CONVERSIONS = ("array", "asarray", "ascontiguousarray", "asanyarray")
_original = {name: getattr(np, name) for name in (*_CREATIONS, *_CONVERSIONS)}
_lock = threading.Lock()
_recordings = [0]  # how many are going on


class Created(np.ndarray[Any, Any]):
    """An array that is the same in each call."""

    def __getitem__(self, index: Any) -> Any:
        recorder: Any = current_recorder()
        if recorder is None or not _is_traced(index):
            return super().__getitem__(index)
        return recorder.array(self)[index]

    def __setitem__(self, index: Any, value: Any) -> None:
        if current_recorder() is not None and (_is_traced(index) or _is_traced(value)):
            raise CompileError(
                "compile: an array of the program is written into one that the function has made by NumPy; "
                "use np.stack, np.concatenate or np.where, or write into a tensor"
            )
        super().__setitem__(index, value)


@contextmanager
def creating() -> Iterator[None]:
    """Inside, the functions are replaced."""
    with _lock:
        _recordings[0] += 1
        for name, function in _replacements.items():
            setattr(np, name, function)
    try:
        yield
    finally:
        with _lock:
            _recordings[0] -= 1
            if not _recordings[0]:
                for name, function in _original.items():
                    setattr(np, name, function)


def _replaced(name: str) -> Callable[..., Any]:
    original = _original[name]

    @functools.wraps(original)
    def create(*args: Any, **kwargs: Any) -> Any:
        if current_recorder() is None or not is_users(sys._getframe(1).f_code):
            return original(*args, **kwargs)
        if name in _CONVERSIONS and args and _is_traced(args[0]):
            return _converted(*args, **{"copy": name == "array", **kwargs})
        out = original(*args, **kwargs)
        is_new = type(out) is np.ndarray and not any(out is arg for arg in args)
        return out.view(Created) if is_new else out

    return create


def _is_traced(value: Any) -> bool:
    """Whether an array of the program is in a value, or in nested tuples and lists."""
    if isinstance(value, np.ndarray):
        return False
    return any(isinstance(getattr(p, "_data", p) if isinstance(p, Tensor) else p, Tracer) for p in parts(value))


def _converted(value: Any, dtype: Any = None, copy: bool | None = True, **options: Any) -> Any:
    """An array of a program from another one, or from nested lists with some in them."""
    if isinstance(value, list | tuple):
        value = np.stack([_converted(part, copy=False) for part in value])
    elif not isinstance(value, Tracer):
        return _original["asarray"](value)
    return value.astype(dtype) if dtype is not None else value.copy() if copy else value


_replacements = {name: _replaced(name) for name in _original}
