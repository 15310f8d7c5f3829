"""Tensors that share memory: which they are, and where in the memory their elements are.

An operation such as `x.T` or `x[1:]` gives a view: another tensor over the same memory. Tensors that share memory
belong to one `Memory`, so that an in-place write reaches all of them (see `ops.in_place`). A tensor holds its Memory;
the Memory holds its tensors by weak references only, so sharing memory keeps no tensor and no graph alive.
"""

from __future__ import annotations

import weakref
from typing import Any

import numpy as np

from autograd_lite.core.hooks import concrete
from autograd_lite.core.writes import memory_owner
from autograd_lite.support.addresses import indices_in, is_strided


class Memory:
    """What tensors share.

    Attributes
    ----------
    members : dict of weak references
        To the tensors, oldest first. A reference is removed when its tensor dies.
    arguments : dict of weak references
        To those of them that are arguments of a function while a transform differentiates it.
    """

    __slots__ = ("arguments", "members")

    def __init__(self) -> None:
        self.members: dict[weakref.ref[Any], None] = {}
        self.arguments: dict[weakref.ref[Any], None] = {}

    def tensors(self) -> list[Any]:
        """Its tensors that are still alive."""
        return [tensor for tensor in [reference() for reference in list(self.members)] if tensor is not None]


class Place:
    """The place of a tensor in its Memory; the attribute `_place` of a tensor that shares memory.

    Attributes
    ----------
    memory : Memory
    is_detached : bool
        Whether `detach` or `no_grad` has disconnected it from the graph of the tensor that it is a view of.
    positions : integer array of the tensor's shape, or None
        The numbers of its elements; equal numbers mean the same element. None: the addresses of its elements, as long
        as the members still share an array. The first recorded write gives each member an array of its own; from then
        on only the numbers tell which elements they share.
    is_read_only : bool
        Whether NumPy does not allow writing to it, as to the results of `broadcast_to`; set together with positions.
    reference : weakref.ref
        Its key in `memory.members`.
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
    try:
        place: Place = tensor._place
    except AttributeError:
        place = tensor._place = Place(tensor, Memory(), False)
    return place


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


def note_views(results: tuple[Any, ...], *given: Any) -> tuple[Any, ...]:
    """The same for several results, which are returned."""
    for result in results:
        if getattr(result._data, "base", None) is not None or any(
            result._data is getattr(tensor, "_data", None) for tensor in given
        ):
            note_view(result, *given)
    return results


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


def is_dense(x: Any, order: Any) -> bool:
    """Whether the positions of a tensor, if it has any, are consecutive in C or F order."""
    place: Place | None = getattr(x, "_place", None)
    return place is None or place.positions is None or bool(np.all(np.diff(place.positions.ravel(order)) == 1))


def is_read_only(array: Any) -> bool:
    """Whether the view itself is read-only; memory that is read-only as a whole may be locked by `anomaly`."""
    if array.flags.writeable:
        return False
    return memory_owner(array).flags.writeable or 0 in array.strides
