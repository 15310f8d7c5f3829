"""Large updates, worked in blocks that stay in the cache from the first NumPy call of a rule to its last.

A rule is elementwise, so it may be applied piece by piece, and to several pieces at once: NumPy releases the lock while
it computes. The numbers are the same to the last bit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from autograd_lite.optim.bucket import LARGE, Run
from autograd_lite.threads import THREADS, spread

Update = Callable[[Run, dict[str, Any]], None]

# Adam on 1.9 million float32 numbers, alone: 5.2 ms at once, 4.7 in blocks of 512 KB (calls begin to count in smaller
# ones), 3.2 with two threads. In a training, OpenBLAS's threads wait by spinning and leave 4.9 of that; not so with
# OPENBLAS_THREAD_TIMEOUT=4 in the environment: 3.8.
BLOCK = 2**19  # bytes of each array


def in_blocks(update: Update, runs: list[Run], options: dict[str, Any]) -> None:
    """Apply `update` to every run; if there is much to do, in blocks and by several threads."""
    if sum([run.values.nbytes for run in runs]) < LARGE:
        for run in runs:
            update(run, options)
        return
    blocks = [(block,) for run in runs for block in _cut(run)]
    spread(update, [blocks[i::THREADS] for i in range(THREADS)], options)


def _cut(run: Run) -> Iterator[Run]:
    length = BLOCK // run.values.itemsize
    for start in range(0, run.values.size, length):
        place = slice(start, start + length)
        state = {name: array[place] for name, array in run.state.items()}
        yield Run(run.values[place], run.gradient[place], state, run.step)
