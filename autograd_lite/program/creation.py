"""Arrays that a recorded function makes from nothing, such as ``np.zeros(3)`` or ``np.eye(k)``, seen as those of a program.

NumPy has no protocol for functions that are given no array: ``np.eye(3)[labels]`` would be an index into a plain
array, which no program could repeat. While something is recorded, the functions below are therefore replaced in NumPy;
called by the user's code in the thread that records, they give arrays of the program. Their values are the same in each
call, so Python may look at them, until something that is not is written into them.
"""

from __future__ import annotations

import functools
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from autograd_lite.program.surroundings import is_users
from autograd_lite.program.tape import parts
from autograd_lite.program.tracer import Tracer
from autograd_lite.tracing import current_recorder

_NAMES = ("zeros", "ones", "empty", "full", "eye", "identity", "arange", "linspace", "tri")
_CONVERSIONS = ("array", "asarray", "ascontiguousarray", "asanyarray")
_original = {name: getattr(np, name) for name in (*_NAMES, *_CONVERSIONS)}
_lock = threading.Lock()
_recordings = [0]  # how many are going on


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
        recorder = current_recorder()
        if recorder is None or not is_users(sys._getframe(1).f_code):
            return original(*args, **kwargs)
        if name in _CONVERSIONS and args and _is_traced(args[0]):
            return _converted(args[0], *args[1:], **kwargs)
        out = original(*args, **kwargs)
        is_new = name in _NAMES or not any(out is arg for arg in args)
        return recorder.created(out) if is_new and out.dtype.kind in "fiub" else out

    return create


def _is_traced(value: Any) -> bool:
    return any(isinstance(part, Tracer) for part in parts(value))


def _converted(value: Any, dtype: Any = None, **options: Any) -> Any:
    """An array of a program from another one, or from nested lists with some in them."""
    if isinstance(value, list | tuple):
        value = np.stack([_converted(part) for part in value])
    elif not isinstance(value, Tracer):
        return _original["asarray"](value)
    return value.astype(dtype) if dtype is not None else value.copy() if options.get("copy", True) else value


_replacements = {name: _replaced(name) for name in _original}
