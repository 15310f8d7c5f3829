"""Tensors that share memory: which they are, and which of their elements are the same.

An operation such as `x.T` or `x[1:]` gives a view: another tensor around the same memory. Tensors that share memory
belong to one `Memory`, which an in-place write asks whom else it must reach (`in_place`). A tensor holds its Memory,
which holds its tensors by weak references only, so sharing memory keeps no tensor and no graph alive.
"""

from __future__ import annotations

import weakref
from typing import Any

import numpy as np

from autograd_lite.core.hooks import concrete
from autograd_lite.core.writes import memory_owner

IntArray = np.ndarray[Any, np.dtype[np.intp]]


class Memory:
    """What tensors share.

    Attributes
    ----------
    members : dict of weak references
        To the tensors, in their order. A reference is removed when its tensor dies.
    arguments : dict of weak references
        Those of them to tensors that stand for an argument of a function, while it runs to be differentiated.
    """

    __slots__ = ("arguments", "members")

    def __init__(self) -> None:
        self.members: dict[weakref.ref[Any], None] = {}
        self.arguments: dict[weakref.ref[Any], None] = {}

    def tensors(self) -> list[Any]:
        """Its tensors that are still alive."""
        return [tensor for tensor in [reference() for reference in list(self.members)] if tensor is not None]


class Place:
    """Where a tensor stands in its Memory; the attribute `_place` of a tensor that shares memory.

    Attributes
    ----------
    memory : Memory
    is_detached : bool
        Whether it was cut off the graph of what it is a view of, by `detach` or `no_grad`.
    positions : integer array of the tensor's shape, or None
        The numbers of its elements. Equal numbers mean the same element. None: their addresses, as long as the array
        is still where it was. After the first write by value the arrays of the members are apart, and numbers remain.
    is_read_only : bool
        Whether NumPy does not let it be written, as the results of `broadcast_to` and `diagonal`; known with positions.
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
    """The place of a tensor, in a Memory of its own if it has none yet."""
    try:
        place: Place = tensor._place
    except AttributeError:
        place = tensor._place = Place(tensor, Memory(), False)
    return place


def note_view(result: Any, *given: Any) -> None:
    """Note of which of the arguments the result of an operation is a view, if it is one."""
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
    positions = np.asarray(place.positions.ravel()[_find(concrete(tensor._data), array)])
    if not _is_strided(positions):  # NumPy's array, which has gaps, would have been copied
        result._data = result._data.copy()
        return
    result._place = Place(result, place.memory, is_detached)
    result._place.positions = positions
    result._place.is_read_only = place.is_read_only or is_read_only(array)


def note_views(results: tuple[Any, ...], *given: Any) -> tuple[Any, ...]:
    """The same for several results."""
    for result in results:
        if getattr(result._data, "base", None) is not None or any(
            result._data is getattr(tensor, "_data", None) for tensor in given
        ):
            note_view(result, *given)
    return results


def note_argument(tensor: Any) -> None:
    """Note that a tensor stands for an argument of a function that is about to run, and must not be written."""
    place = place_of(tensor)
    place.memory.arguments[place.reference] = None


def forget_argument(tensor: Any) -> None:
    """The function has run; what it computed refers to the argument as it was, whatever becomes of the memory."""
    place: Place | None = getattr(tensor, "_place", None)
    if place is not None:
        place.memory.members.pop(place.reference, None)  # twice, after an interrupt
        place.memory.arguments.pop(place.reference, None)
        del tensor._place


def number_elements(tensors: list[Any]) -> None:
    """Give positions to tensors that share memory, before one of them leaves it.

    One that is elsewhere already, because an optimizer or `Module.astype` has moved it, has elements of its own.
    """
    for tensor in tensors:
        if tensor._place.positions is None:
            array = concrete(tensor._data)
            tensor._place.positions, tensor._place.is_read_only = _addresses(array), is_read_only(array)


def common_elements(written: IntArray, seen: IntArray) -> tuple[Any, Any] | None:
    """Which elements of one array are elements of another too, as a mask, and where in the other; None if none is."""
    if not written.size or not seen.size:
        return None
    first, last = int(written.min()), int(written.max())
    number = np.full(last - first + 1, -1)
    number[written - first] = np.arange(written.size).reshape(written.shape)
    mask = np.asarray((first <= seen) & (seen <= last))
    mask[mask] = number[seen[mask] - first] >= 0
    return (mask, number[seen[mask] - first]) if mask.any() else None


def _addresses(array: Any) -> Any:
    """The address of each element, counted in elements."""
    addresses = np.asarray(array.__array_interface__["data"][0])
    for length, stride in zip(array.shape, array.strides, strict=True):
        addresses = addresses[..., None] + np.arange(length) * stride
    return np.asarray(addresses // (array.itemsize or 1))


def _find(whole: Any, view: Any) -> Any:
    """Where in an array, counted as `ravel` does, the elements of a view of it stand."""
    addresses = _addresses(view)
    if whole.flags.c_contiguous:
        return addresses - whole.__array_interface__["data"][0] // (whole.itemsize or 1)
    own = _addresses(whole).ravel()
    order = np.argsort(own)
    return order[np.searchsorted(own, addresses, sorter=order)]


def _is_strided(positions: IntArray) -> bool:
    """Whether elements stand at equal distances along each axis, as in every view."""
    return all(
        np.all(steps == steps.ravel()[0])
        for axis in range(positions.ndim)
        if (steps := np.diff(positions, axis=axis)).size
    )


def is_dense(x: Any, order: Any) -> bool:
    """Whether elements that have positions stand side by side in C or F order."""
    place: Place | None = getattr(x, "_place", None)
    return place is None or place.positions is None or bool(np.all(np.diff(place.positions.ravel(order)) == 1))


def lies_as_numbered(tensor: Any) -> bool:
    """Whether the array has the gaps and the order in memory that its numbers say, so that they say nothing more."""
    distances = _addresses(concrete(tensor._data)) - tensor._place.positions
    return bool(np.all(distances == distances.ravel()[:1]))


def is_read_only(array: Any) -> bool:
    """Whether an array is a view that cannot be written, although its memory can, or may be locked by `anomaly`."""
    if array.flags.writeable:
        return False
    return memory_owner(array).flags.writeable or 0 in array.strides
