"""The clock of the graph and the log of in-place changes: no gradient is computed from an overwritten number.

A graph saves the arrays that its rules need, not copies. If one of them was overwritten later (an optimizer step,
``w -= ...`` under ``no_grad()``), a backward pass would silently use the new numbers. So every in-place write of the
library is logged here with its time, and the sweep compares it with the time at which an operation was recorded. The
log is kept by memory, not by tensor, so it covers views, detached tensors and frozen parameters too.
"""

from __future__ import annotations

import itertools
import weakref
from typing import Any

import numpy as np

from autograd_lite.batching.axes import active, refuse_write
from autograd_lite.batching.batch import Batch
from autograd_lite.support.addresses import memory_owner
from autograd_lite.support.conversion import NumberArray, as_numbers, whole
from autograd_lite.support.recorder_interface import concrete

# One clock orders the recording of operations and the writing of arrays. `next` on a count is atomic.
tick = itertools.count(1).__next__


class _Log:
    """The time of the latest write, and of the last one to each array that is alive."""

    def __init__(self) -> None:
        self.latest = 0
        # Keys are identities of the arrays that own memory; a weak reference removes the entry when its array is freed.
        self.stamps: dict[int, tuple[weakref.ref[Any], int]] = {}


log = _Log()


def record_change(array: Any) -> None:
    """Log that the memory of `array` has just been overwritten."""
    record_changes([memory_owner(whole(array))])


def record_changes(owners: list[Any]) -> None:
    """Log that arrays that own their memory have just been overwritten."""
    for owner in owners:
        key = id(owner)
        known = log.stamps.get(key)
        reference = known[0] if known else weakref.ref(owner, lambda _, key=key: log.stamps.pop(key, None))  # type: ignore[misc]
        log.latest = time = tick()
        log.stamps[key] = (reference, time)


def changed_since(time: int, value: Any) -> bool:
    """Whether `value`, an array or a tuple of them, was overwritten after `time`."""
    if isinstance(value, tuple):
        return any(changed_since(time, item) for item in value)
    value = whole(concrete(value))
    if not isinstance(value, np.ndarray):
        return False
    known = log.stamps.get(id(memory_owner(value)))
    return known is not None and known[1] > time


_ALL = object()  # other than `...`, to which values may be broadcast


def overwrite(array: NumberArray, values: Any, what: str, index: Any = _ALL) -> None:
    """``array[index] = values``, checked before anything is written, and logged. `what` begins the error messages.

    Without an index the shapes must agree. Dtypes must convert within their kind, as for NumPy's ``+=``.
    """
    if active.get() and not isinstance(array, Batch):
        refuse_write(f"{what}: an array that is the same for all elements")
    if values is not array:  # ``x.data -= y`` changes the array, and then assigns it to itself
        values = as_numbers(values)
        if index is _ALL and values.shape != array.shape:
            raise ValueError(f"{what}: values of shape {values.shape} for a tensor of shape {array.shape}")
        if not np.can_cast(values.dtype, array.dtype, "same_kind"):
            raise TypeError(f"{what}: values of dtype {values.dtype} for a tensor of dtype {array.dtype}")
        array[... if index is _ALL else index] = values
    record_change(array)
