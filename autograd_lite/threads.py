"""Threads for elementwise work on large arrays: NumPy lets go of the interpreter's lock while it computes."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextvars import copy_context
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

# What the process may use, which in a container is less than the machine has; more than a few only wait for memory.
THREADS = min(4, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)

_pool: ThreadPoolExecutor | None = None


def spread(function: Callable[..., None], chunks: Sequence[Sequence[tuple[Any, ...]]], *values: Any) -> None:
    """``function(*arrays, *values)`` for all arrays of all chunks, each chunk in a thread of its own.

    If calls fail, the error of the first chunk that failed is raised, after all of them have ended.
    """

    def work(chunk: Sequence[tuple[Any, ...]]) -> None:
        for arrays in chunk:
            function(*arrays, *values)

    first, *others = [chunk for chunk in chunks if chunk] or [()]
    # In a context of its own each thread has the caller's settings, np.errstate for one.
    futures = [_executor().submit(copy_context().run, work, chunk) for chunk in others]
    try:
        work(first)
    finally:
        errors = [future.exception() for future in futures]  # waits
    for error in errors:
        if error is not None:
            raise error


def _executor() -> ThreadPoolExecutor:
    global _pool
    if _pool is None:
        from concurrent.futures import ThreadPoolExecutor  # takes as long to import as half of this package

        _pool = ThreadPoolExecutor(THREADS, "autograd_lite")
    return _pool


def _forget() -> None:
    global _pool
    _pool = None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)  # a child has none of its parent's threads
