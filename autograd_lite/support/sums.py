"""Sums over any axes, as exact as pairwise summation.

Along an axis that is not the innermost in memory, NumPy adds one term after the other: a float32 sum of a million equal
rows is off by 1 %. Here the axis is cut into sixteen parts, which are added elementwise; the result is cut into sixteen
parts again, and so on. The error grows with the logarithm of the length, and the sum is faster too. float16 is summed
in float32.

`np.sum` of a tensor gives NumPy's own result. The sums here are those of the library itself: of gradients where an
array was broadcast, of biases, of probabilities.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd_lite.support.half_precision import HALF, single
from autograd_lite.support.short import SHORT, ones

PARTS = 16
_BLOCK = 1 << 15  # the numbers of so many elements fit into a processor's cache
_WIDE = (np.dtype(np.float32), np.dtype(np.float64))
_NARROW = (np.dtype(np.float32), np.dtype(np.float16))


def sum_all(x: Any) -> Any:
    """Σ x over all axes of a contiguous array, which NumPy sums pairwise."""
    if x.ndim == 1 and len(x) <= SHORT:
        return x.dot(ones(len(x), x.dtype))
    return np.add.reduce(x, axis=None)


def sum_of_rows(matrix: Any) -> Any:
    """Σ_n x[n, :]."""
    rows = len(matrix)
    if matrix.dtype == HALF:
        matrix = single(matrix)
    if rows <= SHORT or _is_formula(matrix):
        return matrix.T.dot(ones(rows, matrix.dtype))
    if rows > PARTS * SHORT:
        return sum_over(matrix, 0)
    part = rows // PARTS  # as in `_sum_along`, in a third of the time
    parts = matrix[: part * PARTS].reshape((PARTS, part * matrix.shape[1]))
    total = sum_of_rows(parts.T.dot(ones(PARTS, matrix.dtype)).reshape((part, matrix.shape[1])))
    return total if part * PARTS == rows else total + sum_of_rows(matrix[part * PARTS :])


def _terms(shape: tuple[int, ...], axis: int | tuple[int, ...] | None) -> int:
    if isinstance(axis, int):
        return shape[axis]
    return math.prod(shape if axis is None else [shape[one] for one in axis])


def _is_formula(x: Any) -> bool:
    """Whether x is symbolic, as in `derive`, so that it has no memory and its sums no rounding."""
    return not hasattr(getattr(x, "_data", x), "strides")  # `_data` of a tensor


def _has_short_rows(x: Any, axis: int | tuple[int, ...] | None) -> bool:
    """Whether to sum along contiguous rows of few terms, where a product with ones takes a fifth of the time."""
    if x.ndim < 2 or axis not in (-1, x.ndim - 1, (-1,), (x.ndim - 1,)) or x.shape[-1] > SHORT or _is_formula(x):
        return False
    return x.dtype in _WIDE and bool(getattr(x, "_data", x).flags.c_contiguous)


def sum_over(x: Any, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> Any:
    """Σ x over `axis`: None (all axes), an integer or a tuple of them.

    The sum of float16 numbers is float32.

    Examples
    --------
    >>> import numpy as np
    >>> sum_over(np.full((1_000_000, 2), 0.5, np.float16), 0)
    array([500000., 500000.], dtype=float32)
    """
    x = single(x)
    if _has_short_rows(x, axis):
        length = x.shape[-1]
        total = np.reshape(x, (math.prod(x.shape[:-1]), length)).dot(ones(length, x.dtype))
        return np.reshape(total, (*x.shape[:-1], 1) if keepdims else x.shape[:-1])
    if x.size <= SHORT or _terms(x.shape, axis) <= SHORT or _is_formula(x):
        return np.add.reduce(x, axis=axis, keepdims=keepdims)  # type: ignore[call-overload]
    axes = range(x.ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    axes = tuple([one % x.ndim for one in axes])
    memory = getattr(x, "_data", x)
    of_rows = axes == (0,) and memory.flags.c_contiguous
    total = _sum_along(x, 0) if of_rows else _from_the_innermost(x, axes, memory)
    return np.expand_dims(total, axes) if keepdims else total


def add_at(shape: tuple[int, ...], index: Any, x: Any) -> Any:
    """Zeros of `shape` to which x is added at `index`, which may name an element several times.

    NumPy adds one term after the other, so many terms of float32 or float16 are summed in float64.
    """
    out = np.zeros_like(x, order="C", shape=shape)  # like x, so that `compile` records the writes
    if x.size <= SHORT or hasattr(x, "held"):  # a batch calls this function with what it holds
        np.add.at(out, index, x)
        return out
    rows, leading = _row_numbers(shape, index)
    x = np.broadcast_to(x, rows.shape + shape[leading:])
    table = out.reshape(math.prod(shape[:leading]), math.prod(shape[leading:]))
    x, rows = x.reshape(rows.size, table.shape[1]), rows.reshape(-1)
    if 4 * len(rows) > len(table):
        table[:] = _sums_of_rows(len(table), rows, x)
        return out
    # Few of the rows are named: of the numbers of equal rows, one stays here, and stands for all of them.
    numbers = np.empty(len(table), np.intp)
    numbers[rows] = np.arange(len(rows))
    rank = numbers[rows]
    table[rows] = _sums_of_rows(len(rows), rank, x)[rank]
    return out


def _row_numbers(shape: tuple[int, ...], index: Any) -> tuple[Any, int]:
    """The numbers of the elements that `index` names along the leading axes, and how many axes those are.

    It takes the other axes as a whole.
    """
    parts = index if isinstance(index, tuple) else (index,)
    kinds = [np.asarray(part).dtype.kind for part in parts]
    if len(parts) <= len(shape) and not set(kinds) - {"i", "u"}:
        rows: Any = 0
        for part, length in zip(parts, shape, strict=False):
            rows = rows * length + np.take(np.arange(length), part)
        return rows, len(parts)
    axes = [np.ndim(part) if kind == "b" else 1 for part, kind in zip(parts, kinds, strict=True) if part is not None]
    leading = len(shape) if any(part is Ellipsis for part in parts) else sum(axes)
    return np.arange(math.prod(shape[:leading])).reshape(shape[:leading])[index], leading


def _sums_of_rows(count: int, rows: Any, x: Any) -> Any:
    """Row r of the result is the sum of the x[i] with rows[i] = r.

    Between vectors of one dtype `np.add.at` takes a tenth of the time that it takes otherwise. So the elements of the
    rows are numbered, block by block. Complex numbers are two elements that are added in one step.
    """
    dtype, width = np.dtype(np.float64) if x.dtype in _NARROW else x.dtype, x.shape[1]
    pairs = dtype == np.float64 and width % 2 == 0
    out, unit = np.zeros_like(x, dtype, order="C", shape=(count, width)), np.dtype(np.complex128) if pairs else dtype
    columns, length = np.arange(width // 2 if pairs else width), max(1, _BLOCK // width)
    for first in range(0, len(x), length):
        block = slice(first, first + length)
        places = np.expand_dims(rows[block] * len(columns), 1) + columns
        terms = x[block].astype(dtype, copy=False).reshape(-1).view(unit)
        np.add.at(out.reshape(-1).view(unit), places.reshape(-1), terms)
    return out


def _from_the_innermost(x: Any, axes: tuple[int, ...], memory: Any) -> Any:
    """Sum over the axes one by one, from the smallest stride in memory to the largest."""
    order = sorted(range(x.ndim), key=lambda axis: -abs(memory.strides[axis]))
    kept = [axis for axis in order if axis not in axes]
    x = np.transpose(x, order)
    outer = order.index(kept[-1]) + 1 if kept else 0
    if memory.transpose(order).flags.c_contiguous:  # merge the innermost axes
        x = np.reshape(x, (*x.shape[:outer], math.prod(x.shape[outer:])))
    for place in reversed(range(x.ndim)):
        if place >= outer or order[place] in axes:
            x = _sum_along(x, place)
    return np.transpose(x, [kept.index(axis) for axis in sorted(kept)])


def _sum_along(x: Any, axis: int) -> Any:
    length = x.shape[axis]
    if length <= PARTS or axis == x.ndim - 1:  # NumPy sums pairwise along the innermost axis
        return np.add.reduce(x, axis=axis)
    before, part = (slice(None),) * axis, length // PARTS
    parts = x[(*before, slice(part * PARTS))].reshape((*x.shape[:axis], PARTS, part, *x.shape[axis + 1 :]))
    total = _sum_along(np.add.reduce(parts, axis=axis), axis)
    if part * PARTS == length:
        return total
    return total + np.add.reduce(x[(*before, slice(part * PARTS, None))], axis=axis)
