"""Where in memory the elements of arrays are, counted in elements; and which array owns the memory."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_lite.support.recorder_interface import concrete

IntArray = np.ndarray[Any, np.dtype[np.intp]]


def address(array: Any) -> int:
    """The address of the first element, in bytes."""
    return int(array.__array_interface__["data"][0])


def addresses(array: Any) -> Any:
    """The address of each element.

    Examples
    --------
    >>> x = np.arange(6.0).reshape(2, 3)
    >>> addresses(x.T) - addresses(x)[0, 0]
    array([[0, 3],
           [1, 4],
           [2, 5]])
    """
    found = np.asarray(address(array))
    for length, stride in zip(array.shape, array.strides, strict=True):
        found = found[..., None] + np.arange(length) * stride
    return np.asarray(found // (array.itemsize or 1))


def indices_in(whole: Any, view: Any) -> Any:
    """The indices into ``whole.ravel()`` of the elements of a view of it."""
    seen = addresses(view)
    if whole.flags.c_contiguous:
        return seen - address(whole) // (whole.itemsize or 1)
    own = addresses(whole).ravel()
    order = np.argsort(own)
    return order[np.searchsorted(own, seen, sorter=order)]


def is_strided(positions: IntArray) -> bool:
    """Whether the positions are equally spaced along each axis, as those of every view are."""
    return all(
        np.all(steps == steps.ravel()[0])
        for axis in range(positions.ndim)
        if (steps := np.diff(positions, axis=axis)).size
    )


def common_elements(written: IntArray, seen: IntArray) -> tuple[Any, Any] | None:
    """Which of the positions `seen` are among those `written`, as a mask, and where there; None if none is."""
    if not written.size or not seen.size:
        return None
    first, last = int(written.min()), int(written.max())
    number = np.full(last - first + 1, -1)
    number[written - first] = np.arange(written.size).reshape(written.shape)
    mask = np.asarray((first <= seen) & (seen <= last))
    mask[mask] = number[seen[mask] - first] >= 0
    return (mask, number[seen[mask] - first]) if mask.any() else None


def memory_owner(array: Any) -> Any:
    """The array at the end of a chain of views."""
    owner = base = concrete(array)
    while base is not None:
        if isinstance(base, np.ndarray):
            owner = base
        base = getattr(base, "base", None)  # the base of a sliding window is not an array, but has one
    return owner
