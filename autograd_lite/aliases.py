"""Tensors that share memory: which they are, and which of their elements are the same.

An operation such as `x.T` or `x[1:]` gives a view: another tensor around the same memory. Tensors that share memory
belong to one `Memory`, which an in-place write asks whom else it must reach (`in_place`). A tensor holds its Memory,
which holds its tensors by weak references only, so sharing memory keeps no tensor and no graph alive.
"""

from __future__ import annotations

import weakref
from typing import Any

import numpy as np

from autograd_lite.changes import memory_owner
from autograd_lite.tracing import concrete

IntArray = np.ndarray[Any, np.dtype[np.intp]]


class Memory:
    """What tensors share. Of `members`, `arguments` are those that stand for an argument that is differentiated.

    Both are dicts of weak references, for their order; a reference is removed when its tensor dies.
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
    positions : integer array of the tensor's shape, or None
        The numbers of its elements. Equal numbers mean the same element. None: their addresses, as long as the array
        is still where it was. After the first write by value the arrays of the members are apart, and numbers remain.
    is_detached : bool
        Whether it was cut off the graph of what it is a view of, by `detach` or `no_grad`.
    is_read_only : bool
        Whether NumPy does not let it be written, as the results of `broadcast_to` and `diagonal`.
    """

    __slots__ = ("is_detached", "is_read_only", "memory", "positions", "reference")

    def __init__(
        self, tensor: Any, memory: Memory, positions: IntArray | None, is_detached: bool, is_read_only: bool
    ) -> None:
        self.memory = memory
        self.positions = positions
        self.is_detached = is_detached
        self.is_read_only = is_read_only
        self.reference = weakref.ref(tensor, memory.members.pop)
        memory.members[self.reference] = None


def place_of(tensor: Any) -> Place:
    """The place of a tensor, in a Memory of its own if it has none yet."""
    place: Place | None = getattr(tensor, "_place", None)
    if place is None:
        place = tensor._place = Place(tensor, Memory(), None, False, False)
    return place


def note_view(result: Any, *given: Any) -> None:
    """Note of which of the arguments the result of an operation is a view, if it is one."""
    array = concrete(result._data)
    if isinstance(array, np.generic):  # a number, which cannot be written
        return
    owner = memory_owner(array)
    for tensor in given:
        if hasattr(tensor, "_node") and tensor._data.dtype == array.dtype and memory_owner(tensor._data) is owner:
            source, place = concrete(tensor._data), place_of(tensor)
            positions = place.positions
            if positions is not None:
                positions = np.asarray(positions.ravel()[_find(source, array)])
                if not _is_strided(positions):  # NumPy's array, which has gaps, would have been copied
                    result._data = result._data.copy()
                    return
            is_detached = result._node is None and (place.is_detached or tensor._node is not None)
            writeable = array.flags.writeable or not source.flags.writeable
            is_read_only = place.is_read_only or not writeable or _repeats(array)
            result._place = Place(result, place.memory, positions, is_detached, is_read_only)
            return


def note_views(results: tuple[Any, ...], *given: Any) -> tuple[Any, ...]:
    """The same for several results."""
    for result in results:
        if getattr(result._data, "base", None) is not None or any(
            result._data is getattr(tensor, "_data", None) for tensor in given
        ):
            note_view(result, *given)
    return results


def note_argument(tensor: Any) -> None:
    """Note that a tensor stands for an argument that is differentiated, so its numbers must stay."""
    memory = place_of(tensor).memory
    memory.arguments[weakref.ref(tensor, memory.arguments.pop)] = None


def number_elements(tensors: list[Any]) -> list[Any]:
    """Give positions to the tensors, the first of which is about to leave the common memory; those that still share it.

    One that is elsewhere, because an optimizer or `Module.astype` has moved it, shares it no more.
    """
    first = tensors[0]
    if first._place.positions is not None:
        return tensors
    owner = memory_owner(first._data)
    sharing = [tensor for tensor in tensors if memory_owner(tensor._data) is owner]
    for tensor in sharing:
        tensor._place.positions = _addresses(concrete(tensor._data))
    for tensor in tensors:
        if tensor._place.positions is None:
            del tensor._place.memory.members[tensor._place.reference], tensor._place
    return sharing


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


def is_dense(x: Any, order: str = "C") -> bool:
    """Whether elements that have positions stand side by side, in C or F order, or "K" for any order of the axes."""
    place: Place | None = getattr(x, "_place", None)
    if place is None or place.positions is None:
        return True
    numbers = np.sort(place.positions, axis=None) if order == "K" else place.positions.ravel(order)
    return bool(np.all(np.diff(numbers) == 1))


def _repeats(array: Any) -> bool:
    """Whether elements of an array share memory by broadcasting."""
    return any(stride == 0 and length > 1 for length, stride in zip(array.shape, array.strides, strict=True))
