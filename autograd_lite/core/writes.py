"""The clock of the graph and the log of in-place changes: no gradient reads an overwritten number.

A graph keeps the arrays that its rules need, not copies of them. If one of those arrays is overwritten after it
was recorded (an optimizer step, ``w -= ...`` under ``no_grad()``), the backward pass would silently use the new
numbers. Every in-place write of the library is therefore stamped here, and the sweep compares the stamp with the
moment at which an operation was recorded. What is written is memory, not a tensor, so views, detached tensors and
frozen parameters are covered too.
"""

from __future__ import annotations

import itertools
import weakref
from typing import Any

import numpy as np

from autograd_lite.core.hooks import concrete
from autograd_lite.support.conversion import NumberArray, as_numbers

# One clock orders the recording of operations and the writing of arrays. `next` on a count is atomic.
tick = itertools.count(1).__next__


class _Log:
    """The moment of the last write to each array that is still alive."""

    __slots__ = ("latest", "stamps")

    def __init__(self) -> None:
        self.latest = 0
        # Keys are identities of the arrays that own memory; a weak reference removes the entry when its array dies.
        self.stamps: dict[int, tuple[weakref.ref[Any], int]] = {}


log = _Log()


def memory_owner(array: Any) -> Any:
    """The array at the bottom of a chain of views."""
    owner = base = concrete(array)
    while base is not None:
        if isinstance(base, np.ndarray):
            owner = base
        base = getattr(base, "base", None)  # that of a sliding window is no array itself, but has one
    return owner


def record_change(array: Any) -> None:
    """Note that the memory of `array` has just been overwritten."""
    owner = memory_owner(array)
    key = id(owner)
    known = log.stamps.get(key)
    reference = known[0] if known else weakref.ref(owner, lambda _: log.stamps.pop(key, None))
    log.latest = moment = tick()
    log.stamps[key] = (reference, moment)


def record_changes(owners: list[Any]) -> None:
    """Note that arrays that own their memory have just been overwritten."""
    for owner in owners:
        known = log.stamps.get(id(owner))
        if known is None:
            record_change(owner)
        else:
            log.latest = moment = tick()
            log.stamps[id(owner)] = (known[0], moment)


def changed_since(moment: int, value: Any) -> bool:
    """Whether `value`, an array or a tuple of them, was overwritten after `moment`."""
    if isinstance(value, tuple):
        return any(changed_since(moment, item) for item in value)
    value = concrete(value)
    if not isinstance(value, np.ndarray):
        return False
    known = log.stamps.get(id(memory_owner(value)))
    return known is not None and known[1] > moment


_ALL = object()  # other than `...`, which values may be broadcast to


def overwrite(array: NumberArray, values: Any, what: str, index: Any = _ALL) -> None:
    """``array[index] = values``, checked before anything is written, and noted. `what` begins the error messages.

    Without an index the shapes must agree; dtypes must convert within their kind, as for NumPy's ``+=``.
    """
    if values is not array:  # what was changed by ``x.data -= y`` is assigned to itself afterwards
        values = as_numbers(values)
        if index is _ALL and values.shape != array.shape:
            raise ValueError(f"{what}: values of shape {values.shape} for a tensor of shape {array.shape}")
        if not np.can_cast(values.dtype, array.dtype, "same_kind"):
            raise TypeError(f"{what}: values of dtype {values.dtype} for a tensor of dtype {array.dtype}")
        array[... if index is _ALL else index] = values
    record_change(array)
