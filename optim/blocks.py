"""Large updates, worked in blocks that stay in the cache from the first NumPy call of a rule to its last.

A rule is elementwise, so it may be applied piece by piece, and to several pieces at once: NumPy releases the lock while
it computes. The numbers are the same to the last bit.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterator
from contextvars import copy_context
from typing import TYPE_CHECKING, Any

from autograd_lite.optim.bucket import LARGE, Run

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

Update = Callable[[Run, dict[str, Any]], None]

# Adam on 1.9 million float32 numbers: 4.75 ms at once, 4.0 in blocks of 256 KB, 4.75 of 64 KB (calls begin to count).
BLOCK = 2**18  # bytes of each array


def in_blocks(update: Update, runs: list[Run], options: dict[str, Any]) -> None:
    """Apply `update` to every run; if there is much to do, in blocks and by several threads."""
    if sum([run.values.nbytes for run in runs]) < LARGE:
        for run in runs:
            update(run, options)
        return
    blocks = iter([block for run in runs for block in _cut(run)])
    helpers = _cores() - 1
    if helpers:
        _together(update, blocks, options, helpers)
    else:
        for block in blocks:
            update(block, options)


def _cut(run: Run) -> Iterator[Run]:
    length = BLOCK // run.values.itemsize
    for start in range(0, run.values.size, length):
        place = slice(start, start + length)
        state = {name: array[place] for name, array in run.state.items()}
        yield Run(run.values[place], run.gradient[place], state, run.step)


def _together(update: Update, blocks: Iterator[Run], options: dict[str, Any], helpers: int) -> None:
    def work() -> None:
        for block in blocks:  # every thread takes the next one that is left
            update(block, options)

    futures = [_pool().submit(copy_context().run, work) for _ in range(helpers)]  # with the caller's np.errstate
    try:
        work()
    finally:
        errors = [future.exception() for future in futures if not future.cancel()]  # once they have ended
    for error in errors:
        if error is not None:
            raise error


def _cores() -> int:
    """How many threads are worth having; memory is the limit beyond four."""
    available = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(os.cpu_count() or 1)
    return min(len(available), 4)


@functools.cache
def _pool() -> ThreadPoolExecutor:
    """The threads besides the caller's own, kept from step to step."""
    from concurrent.futures import ThreadPoolExecutor  # 10 ms, only for those who need it

    return ThreadPoolExecutor(3, "autograd_lite")


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pool.cache_clear)  # threads do not survive a fork: a child makes its own
