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

# Adam on 1.9 million float32 numbers: 4.75 ms at once, 4.0 in blocks of 256 KB, 4.75 of 64 KB (calls begin to count).
BLOCK = 2**18  # bytes of each array


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
