"""Tensors that share memory: which they are, and where in the memory their elements are.

An operation such as `x.T` or `x[1:]` gives a view: another tensor over the same memory. Tensors that share memory
belong to one `Memory`, so that an in-place write reaches all of them (see `ops.in_place`). A tensor holds its Memory;
the Memory holds its tensors by weak references only, so sharing memory keeps no tensor and no graph alive.
"""

from __future__ import annotations

import weakref
from typing import Any

import numpy as np

from autograd_lite.support.addresses import indices_in, is_strided, memory_owner
from autograd_lite.support.recorder_interface import concrete


class Memory:
    """Memory that several tensors share: `members` are these tensors, oldest first.

    `arguments` are those of them that a transform differentiates. The keys are weak references, which are removed when
    their tensor is freed.
    """

    __slots__ = ("arguments", "members")

    def __init__(self) -> None:
        self.members: dict[weakref.ref[Any], None] = {}
        self.arguments: dict[weakref.ref[Any], None] = {}

    def tensors(self) -> list[Any]:
        """The members that are still alive."""
        return [tensor for reference in list(self.members) if (tensor := reference()) is not None]


class Place:
    """The place of a tensor in its Memory; the attribute `_place` of a tensor that shares memory.

    Attributes
    ----------
    memory : Memory
    reference : weakref.ref
        The key of the tensor in ``memory.members``.
    is_detached : bool
        Whether `detach` or `no_grad` has disconnected it from the graph of the tensor that it is a view of.
    positions : integer array of the tensor's shape, or None
        The numbers of its elements; equal numbers mean the same element. They are None as long as the members share an
        array. The first recorded write gives each member its own array, and numbers its elements by their addresses.
    is_read_only : bool
        Whether NumPy does not allow writing to it, as to the results of `broadcast_to`; set together with positions.
    """

    __slots__ = ("is_detached", "is_read_only", "memory", "positions", "reference")
    is_read_only: bool
    positions: Any

    def __init__(self, tensor: Any, memory: Memory, is_detached: bool) -> None:
        self.memory = memory
        self.is_detached = is_detached
        self.positions = None
        self.reference = weakref.ref(tensor, memory.members.pop)
        memory.members[self.reference] = None


def place_of(tensor: Any) -> Place:
    """The place of a tensor, in a new Memory if it has none yet."""
    if not hasattr(tensor, "_place"):
        tensor._place = Place(tensor, Memory(), False)
    return tensor._place  # type: ignore[no-any-return]


def note_view(result: Any, *given: Any) -> None:
    """Give the result of an operation a place beside the argument it is a view of, if it is a view."""
    array = result._data
    for tensor in given:
        if hasattr(tensor, "_node"):
            source = tensor._data
            if array.base is source or array is source or memory_owner(array) is memory_owner(source):
                if array.dtype == source.dtype and not isinstance(concrete(array), np.generic):
                    _join(result, tensor)
                return


def _join(result: Any, tensor: Any) -> None:
    """Give a view of a tensor a place in the same Memory."""
    place = place_of(tensor)
    is_detached = result._node is None and (place.is_detached or tensor._node is not None)
    if place.positions is None:
        result._place = Place(result, place.memory, is_detached)
        return
    array = concrete(result._data)
    positions = np.asarray(place.positions.ravel()[indices_in(concrete(tensor._data), array)])
    if not is_strided(positions):  # NumPy would have copied its array, which has gaps
        result._data = result._data.copy()
        return
    result._place = Place(result, place.memory, is_detached)
    result._place.positions = positions
    result._place.is_read_only = place.is_read_only or is_read_only(array)


def note_argument(tensor: Any) -> None:
    """Note that a tensor is an argument of a function that a transform is about to call; it must not be written to."""
    place = place_of(tensor)
    place.memory.arguments[place.reference] = None


def forget_argument(tensor: Any) -> None:
    """End `note_argument`. What the function computed depends on the argument as it was, so it leaves its Memory."""
    place: Place | None = getattr(tensor, "_place", None)
    if place is not None:
        place.memory.members.pop(place.reference, None)  # an interrupt may make this run twice
        place.memory.arguments.pop(place.reference, None)
        del tensor._place


def is_read_only(array: Any) -> bool:
    """Whether the view itself is read-only; memory that is read-only as a whole may be locked by `anomaly`."""
    return not array.flags.writeable and (memory_owner(array).flags.writeable or 0 in array.strides)
