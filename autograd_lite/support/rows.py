"""Rows of arrays in memory, of memory maps and of Dask arrays: only those that are needed are read."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from autograd_lite.support.conversion import NumberArray, strip
from autograd_lite.support.messages import show

# Blocks that are shuffled together. More of them mix better, and take more memory.
BLOCKS_TOGETHER = 8


def is_dask(array: Any) -> bool:
    """Whether `array` is a Dask array, which computes its rows when they are asked for."""
    found = sys.modules.get("dask.array")
    return found is not None and isinstance(array, found.Array)


def readable(where: str, array: Any) -> Any:
    """`array` as an array whose rows can be read; memory maps and Dask arrays are not read yet.

    Raises
    ------
    ValueError
        For a Dask array that does not know how long its chunks are.
    TypeError
        For a Dask array of another library's arrays, and what `strip` refuses.
    """
    if not is_dask(array):
        return np.asarray(strip(array))
    if any(np.isnan(length) for length in array.shape):
        raise ValueError(
            f"{where}: a Dask array of the shape {array.shape} has chunks of unknown size; "
            "call its compute_chunk_sizes() first"
        )
    strip(array._meta)
    return array


def longest_chunk(arrays: tuple[Any, ...]) -> int | None:
    """The most samples in a chunk of the Dask arrays, or None if there is none."""
    return max((max(array.chunks[0], default=0) for array in arrays if is_dask(array)), default=0) or None


def shuffled(samples: int, block: int | None, window: int, rng: np.random.Generator) -> NumberArray:
    """A random order of the samples.

    With a `block`, blocks of so many consecutive samples come in random order, and then the samples of each window in
    random order, so that the samples of a window are in few places.
    """
    if block is None:
        return rng.permutation(samples)
    kind = np.min_scalar_type(samples + block)
    blocks = rng.permutation(-(-samples // block)).astype(kind)
    order: NumberArray = (blocks[:, None] * kind.type(block) + np.arange(block, dtype=kind)).ravel()
    order = order[order < samples]  # the last block may be shorter
    for start in range(0, samples, window):
        order[start : start + window] = rng.permutation(order[start : start + window])
    return order


def share(start: int, stop: int, rank: int, ranks: int) -> slice:
    """The share of one of several processes in a batch of samples."""
    return slice(start + (stop - start) * rank // ranks, start + (stop - start) * (rank + 1) // ranks)


def shares(samples: int, size: int, first: int, window: int, rank: int, ranks: int) -> Iterator[list[slice]]:
    """What one of several processes gets of each batch of `size` samples, for all batches of a window.

    The first window has the length `first`. A process without a share of a batch gets its first sample.
    """
    start, stop = 0, min(first, samples)
    while start < samples:
        starts = range(start, stop, size)
        own = [share(at, min(at + size, stop), rank, ranks) for at in starts]
        yield [part if part.stop > part.start else slice(at, at + 1) for part, at in zip(own, starts, strict=True)]
        start, stop = stop, min(stop + window, samples)


def batches(
    arrays: tuple[Any, ...], order: NumberArray | range, windows: Iterable[list[slice]]
) -> Iterator[tuple[NumberArray, ...]]:
    """Copies of the rows of all arrays in an order, for each slice of the order in each window.

    From memory maps and Dask arrays what is needed of a window is read at once, along the file.
    """
    in_memory = all(_in_memory(array) for array in arrays)
    for parts in windows:
        if in_memory:
            for part in parts:
                yield tuple(_copy(array, order[part]) for array in arrays)
            continue
        is_run = all(part.stop == following.start for part, following in itertools.pairwise(parts))
        needed = order[parts[0].start : parts[-1].stop] if is_run else np.concatenate([order[part] for part in parts])
        rows, places = _window(arrays, needed)
        begin = 0
        for part in parts:
            end = begin + part.stop - part.start
            yield tuple(_copy(array, places[begin:end]) for array in rows)
            begin = end
        del rows  # before the next ones are read


def _window(arrays: tuple[Any, ...], order: NumberArray | range) -> tuple[tuple[NumberArray, ...], NumberArray | range]:
    """The rows, as they are stored, and the place of each in `order`."""
    if isinstance(order, range):
        return _read(arrays, order), range(len(order))
    along = np.argsort(order)
    rows = order[along].astype(np.intp)
    places = np.empty(len(rows), np.intp)
    places[along] = np.arange(len(rows))
    is_run = rows[-1] - rows[0] == len(rows) - 1
    return _read(arrays, range(int(rows[0]), int(rows[-1]) + 1) if is_run else rows), places


def _read(arrays: tuple[Any, ...], rows: NumberArray | range) -> tuple[NumberArray, ...]:
    """Rows in ascending order. What the Dask arrays have in common is computed once."""
    index = slice(rows.start, rows.stop) if isinstance(rows, range) else rows
    asked = [array[index] for array in arrays if is_dask(array)]
    computed = iter(sys.modules["dask"].compute(*asked) if asked else ())
    return tuple(_as_declared(next(computed), array, len(rows)) if is_dask(array) else _copy_of_map(array, rows)
                 for array in arrays)  # fmt: skip


def _as_declared(computed: Any, array: Any, samples: int) -> NumberArray:
    """What Dask has computed, or an error if it is not what the Dask array says that it is."""
    found, shape = strip(computed), (samples, *array.shape[1:])
    if not isinstance(found, np.ndarray) or found.shape != shape or found.dtype != array.dtype:
        what = f"{found.dtype} {found.shape}" if isinstance(found, np.ndarray) else show(found)
        raise ValueError(
            f"a Dask array promises {array.dtype} {shape} for these samples, and its chunks give {what}; "
            "pass dtype= and chunks= where it is made"
        )
    return found


def _copy(array: NumberArray, rows: NumberArray | range) -> NumberArray:
    return array[rows.start : rows.stop].copy() if isinstance(rows, range) else array[rows]


def _copy_of_map(array: NumberArray, rows: NumberArray | range) -> NumberArray:
    """Copied rows, in ascending order, of an array that may be a memory map.

    Touching a row makes up to 2 MB around it resident. So few places are read at a time, and then given back.
    """
    found = _map_of(array)
    if found is None:
        return _copy(array, rows)
    import mmap

    pages, memmap = found
    needed = memmap.offset - memmap.offset % mmap.ALLOCATIONGRANULARITY + len(pages)
    gives_back = memmap.mode == "r" and hasattr(mmap, "MADV_DONTNEED")  # in mode "c" this would undo writes
    copy = np.empty((len(rows), *array.shape[1:]), array.dtype)
    for start, stop in _pieces(rows, copy.nbytes // max(1, len(rows))):
        if pages.size() < needed:  # reading beyond the end of the file would end the process
            raise ValueError(
                f"the file of a memory map is truncated: {memmap.filename} has {pages.size()} bytes, not {needed}"
            )
        part = rows[start:stop]
        copy[start:stop] = array[part.start : part.stop] if isinstance(part, range) else array[part]
        if gives_back:
            pages.madvise(mmap.MADV_DONTNEED)
    return copy


def _pieces(rows: NumberArray | range, row_bytes: int) -> list[tuple[int, int]]:
    """Where to divide the rows: a run of 1 MB, or two runs."""
    if isinstance(rows, range):
        ends = list(range(0, len(rows), max(1, 2**20 // max(1, row_bytes))))[1:]
    else:
        ends = (np.flatnonzero(np.diff(rows) > 1) + 1)[1::2].tolist()
    return list(itertools.pairwise([0, *ends, len(rows)]))


def _in_memory(array: Any) -> bool:
    return not is_dask(array) and _map_of(array) is None


def _map_of(array: Any) -> tuple[Any, np.memmap[Any, Any]] | None:
    """The map of a file whose memory an array shares, and the array of NumPy that was made of it; or None."""
    memmap = None
    while isinstance(array, np.ndarray):
        if isinstance(array, np.memmap):
            memmap = array
        array = array.base
    return None if memmap is None or not hasattr(array, "madvise") else (array, memmap)
