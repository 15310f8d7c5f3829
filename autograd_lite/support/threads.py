"""The threads that share long loops of native programs."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any

from autograd_lite.support.messages import show

MOST_THREADS = 64
_ALIGNED = 16  # iterations: of loops over elements, threads begin where vectors do
_lock = threading.Lock()
_pools: list[Any] = []


def _allowed() -> int:
    """The default: OMP_NUM_THREADS, which limits BLAS as well, or the processors that the process may use."""
    text = os.environ.get("OMP_NUM_THREADS", "").split(",")[0]
    if text.isdecimal() and int(text):
        return min(int(text), MOST_THREADS)
    affinity = getattr(os, "sched_getaffinity", None)
    return min(len(affinity(0)) if affinity else os.cpu_count() or 1, MOST_THREADS)


_number = _allowed()


def get_num_threads() -> int:
    """How many threads share a long loop of a native program.

    Returns
    -------
    int
        What `set_num_threads` has set; before that the environment variable OMP_NUM_THREADS or, without it, the number
        of processors that the process may use.

    Examples
    --------
    >>> import autograd_lite as ag
    >>> ag.get_num_threads() >= 1
    True
    """
    return _number


def set_num_threads(number: int) -> None:
    """Set how many threads share a long loop of a native program (`compile`, and optimizers with ``fused=True``).

    Results do not depend on it, to the last bit: only loops whose iterations are independent are shared. Matrix
    products have the threads of BLAS, which NumPy cannot change; OMP_NUM_THREADS in the environment limits both, and
    the package threadpoolctl limits those of BLAS in a running program.

    Parameters
    ----------
    number : int
        From 1 to 64.

    Raises
    ------
    ValueError
        If it is not an integer from 1 to 64.

    Examples
    --------
    >>> import autograd_lite as ag
    >>> before = ag.get_num_threads()
    >>> ag.set_num_threads(1)
    >>> ag.get_num_threads()
    1
    >>> ag.set_num_threads(before)
    """
    global _number
    if isinstance(number, bool) or not isinstance(number, int) or not 1 <= number <= MOST_THREADS:
        raise ValueError(f"set_num_threads: number must be an integer from 1 to {MOST_THREADS}, not {show(number)}")
    _number = number


def in_threads(kernel: Callable[..., int], iterations: int, *args: Any) -> int:
    """Call ``kernel(first, last, thread, *args)`` for parts of a loop at once; the statuses, combined by or."""
    number = _number
    if number == 1:
        return kernel(0, iterations, 0, *args)
    length = -(-iterations // number)
    if length > _ALIGNED**2:
        length = -(-length // _ALIGNED) * _ALIGNED
    starts = range(0, iterations, length)
    submit = _pool().submit
    others = [
        submit(kernel, start, min(start + length, iterations), thread, *args)
        for thread, start in enumerate(starts)
        if thread
    ]
    try:
        status = kernel(0, min(length, iterations), 0, *args)
    finally:  # the arrays belong to the program again when it returns, also by KeyboardInterrupt
        results = [other.result() for other in others]
    for result in results:
        status |= result
    return status


def _pool() -> Any:
    """One pool for all programs. Its threads sleep between loops, so that they do not disturb those of BLAS."""
    with _lock:
        if not _pools:
            from concurrent.futures import ThreadPoolExecutor  # imports logging

            _pools.append(ThreadPoolExecutor(MOST_THREADS, "autograd_lite"))
        return _pools[0]


def _forget() -> None:
    """A forked process has none of the threads."""
    global _lock
    _lock = threading.Lock()
    _pools.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
