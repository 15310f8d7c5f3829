"""Reading and writing elements of batches by index."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_lite.batching.axes import Axis, refuse_write
from autograd_lite.batching.batch import Batch, aligned, dispatch, has, innermost
from autograd_lite.batching.elements import loop, loops, pick
from autograd_lite.batching.errors import of_one_element

Parts = list[Any]


def _parts(index: Any, ndim: int) -> Parts | None:
    """The parts of an index: the ellipsis is written out and masks are positions. None: only element by element."""
    parts: Parts = []
    for part in index if isinstance(index, tuple) else (index,):
        part = np.asarray(part, None if part else np.intp) if isinstance(part, list) else part
        if isinstance(part, bool | np.bool_) or (isinstance(part, Batch) and part.dtype.kind not in "iu"):
            return None
        if isinstance(part, np.ndarray) and part.dtype.kind == "b":
            if not part.ndim:
                return None
            parts += _positions(part, ndim)
        elif isinstance(part, np.ndarray) and not part.ndim:
            parts.append(int(part))
        elif isinstance(part, range | tuple):
            return None
        else:
            parts.append(part)
    if any(part is Ellipsis for part in parts):
        at = next(i for i, part in enumerate(parts) if part is Ellipsis)
        used = sum(part is not None and part is not Ellipsis for part in parts)
        parts[at : at + 1] = [slice(None)] * (ndim - used)
    return parts


def _positions(mask: Any, ndim: int) -> Parts:
    if mask.ndim > ndim:
        raise IndexError(f"too many indices for array: array is {ndim}-dimensional, but a mask has {mask.ndim} axes")
    return list(np.nonzero(mask))


def _is_array(part: Any) -> bool:
    return part is not None and not isinstance(part, slice | int | np.integer)


def _advanced(parts: Parts) -> list[int]:
    """The places of advanced indices: integers count, once there is an array."""
    if not any(map(_is_array, parts)):
        return []
    return [i for i, part in enumerate(parts) if not (part is None or isinstance(part, slice))]


def _are_apart(parts: Parts) -> bool:
    """Whether slices stand between advanced indices, whose axes then come first."""
    places = _advanced(parts)
    return bool(places) and places[-1] - places[0] + 1 != len(places)


def _depth(parts: Parts) -> int:
    """How many axes the advanced indices make."""
    return max((np.ndim(part) for part in parts if _is_array(part)), default=0)


def _axes_before(parts: Parts) -> int:
    places = _advanced(parts)
    return sum(part is None or isinstance(part, slice) for part in parts[: places[0]]) if places else 0


def _ndim(x: Any, parts: Parts, axis: Axis) -> int:
    """The number of axes of ``x[parts]``."""
    plain = tuple(np.zeros(part.shape, int) if isinstance(part, Batch) else part for part in parts)
    return int(np.broadcast_to(np.empty((), bool), tuple(x.shape))[plain].ndim)


def getitem(x: Any, index: Any) -> Any:
    """x[index], where x or the index is a batch."""
    axis = innermost(x, index)
    assert axis is not None
    try:
        parts = _parts(index, np.ndim(x))
        if parts is None:
            return loop(lambda x, index: x[index], axis, (x, index), {}, "getitem")
        return _selected(x, parts, axis)
    except (ValueError, IndexError, TypeError) as error:
        raise of_one_element(error, lambda x, index: x[index], axis, (x, index), {}) from None


def _selected(x: Any, parts: Parts, axis: Axis) -> Any:
    depth, before, apart = _depth(parts), _axes_before(parts), _are_apart(parts)
    used = sum(part is not None for part in parts)
    if used > np.ndim(x):
        raise IndexError(f"too many indices for array: array is {np.ndim(x)}-dimensional, but {used} were indexed")
    if not any(has(part, axis) for part in parts):
        out = _read(x.held, (slice(None), *parts))
        return Batch(np.moveaxis(out, depth, 0) if apart else out, axis)
    keys = [aligned(part, axis, depth) for part in parts]
    if not has(x, axis):
        out = _read(x, tuple(keys))
        return Batch(out if apart else np.moveaxis(out, before, 0), axis)
    rows = np.arange(axis.size).reshape(-1, *(1,) * depth)
    out = _read(x.held, (rows, *keys))
    if before and not apart:
        out = np.moveaxis(out, range(1, depth + 1), range(1 + before, 1 + before + depth))
    return Batch(out, axis)


def _read(x: Any, key: tuple[Any, ...]) -> Any:
    return getitem(x, key) if innermost(x, key) else x[key]


def setitem(x: Any, index: Any, value: Any) -> None:
    """x[index] = value, where x is a batch."""
    axis = innermost(x, index, value)
    assert axis is not None
    if not has(x, axis):
        refuse_write()
    refuse_read_only(x)
    parts = _parts(index, x.ndim)
    batched = parts is not None and any(has(part, axis) for part in parts)
    if parts is None or _are_apart(parts) or (batched and _axes_before(parts)):
        loops["setitem"] += 1
        for i in range(axis.size):
            x.held[i, ...][pick(index, axis, i)] = pick(value, axis, i)
        return
    if has(value, axis):
        ndim = _ndim(x, parts, axis)
        if value.ndim > ndim:  # leading axes of length one
            value = np.reshape(value, value.shape[value.ndim - ndim :])
        value = aligned(value, axis, ndim)
    depth = _depth(parts)
    first = np.arange(axis.size).reshape(-1, *(1,) * depth) if batched else slice(None)
    x.held[(first, *(aligned(part, axis, depth) for part in parts))] = value


def refuse_read_only(x: Any) -> None:
    """Refuse to write into an argument."""
    while isinstance(x, Batch):
        x = x.held
    if not x.flags.writeable:
        refuse_write("an argument")


def add_at(ufunc: np.ufunc, axis: Axis, x: Any, index: Any, *values: Any) -> None:
    """``ufunc.at(x, index, *values)``, where x is a batch."""
    refuse_read_only(x)
    parts = _parts(index, x.ndim)
    if parts is not None and not any(has(part, axis) for part in parts) and not _are_apart(parts):
        ndim = _ndim(x, parts, axis)
        values = tuple(aligned(value, axis, ndim) for value in values)
        ufunc.at(x.held, (slice(None), *parts), *values)
        return
    loops[f"{ufunc.__name__}.at"] += 1
    for i in range(axis.size):
        ufunc.at(x.held[i, ...], pick(index, axis, i), *pick(values, axis, i))


dispatch["getitem"], dispatch["setitem"] = getitem, setitem
