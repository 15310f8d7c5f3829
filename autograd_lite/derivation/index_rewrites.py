"""Rewrites of `scatter`, the transpose of indexing: zeros to which rows are added."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_lite.derivation.constants import Constant, Formula
from autograd_lite.derivation.formula import Call, Symbol, call
from autograd_lite.ops.layers.loss import one_hot


def rows_by_index(e: Call) -> Formula | None:
    """Rows that are added at labels are onehot(i)ᵀ G, one row is onehot(k) gᵀ, and a slice of rows is a block."""
    if e.name != "scatter" or e.ndim not in (1, 2):
        return None
    rows, index = e.operands[:2]
    if isinstance(index, tuple) and index and index[0] is Ellipsis and len(index) == 2:
        index = (*[slice(None)] * (e.ndim - 1), index[1])
    if isinstance(index, tuple) and len(index) == 1:
        (index,) = index
    if isinstance(index, tuple) and len(index) == 2 and index[0] == slice(None) and e.ndim == 2:
        return _columns(e, index[1])
    if isinstance(index, slice):
        return _block(rows, index, e.shape)
    if isinstance(index, int) and not isinstance(index, bool):
        return _one_row(rows, index % e.shape[0], e.shape)
    if isinstance(index, list) and index and all(type(label) is int for label in index):
        index = Symbol("", (len(index),), np.dtype(int), np.asarray(index))
    labels = getattr(index, "value", None)
    if not isinstance(index, Formula) or index.ndim != 1 or labels is None or rows.ndim != e.ndim:
        return None
    if labels.dtype.kind not in "iu" or (labels < 0).any():
        return None
    chosen = call(one_hot, (index, e.shape[0]))
    return call(np.matmul, (call(np.transpose, (chosen, (1, 0))), rows))


def _columns(e: Call, index: Any) -> Formula | None:
    """As for rows, with the transposes."""
    turned = e.shape[::-1]
    rows = e.operands[0] if e.operands[0].ndim < 2 else call(np.transpose, (e.operands[0], (1, 0)))
    plain = call(e.function, (rows, index, turned), shape=turned, dtype=e.dtype)
    by_rows = rows_by_index(plain)  # type: ignore[arg-type]
    return None if by_rows is None else call(np.transpose, (by_rows, (1, 0)))


def _one_row(row: Formula, place: int, shape: tuple[int, ...]) -> Formula | None:
    chosen = call(one_hot, (place, shape[0]))
    if row.shape == ():
        return call(np.multiply, (row, chosen))
    if row.shape != shape[1:]:
        return None
    return call(np.matmul, (call(np.reshape, (chosen, (shape[0], 1))), call(np.reshape, (row, (1, *row.shape)))))


def _block(rows: Formula, index: slice, shape: tuple[int, ...]) -> Formula | None:
    """Rows above and below zeros."""
    first, last, step = index.indices(shape[0])
    if step != 1 or rows.shape != (last - first, *shape[1:]) or not rows.shape[0]:
        return None
    blocks: list[Formula] = [rows]
    if first:
        blocks.insert(0, _zeros(first, shape))
    if last < shape[0]:
        blocks.append(_zeros(shape[0] - last, shape))
    return call(np.concatenate, (tuple(blocks),)) if len(blocks) > 1 else rows


def _zeros(length: int, shape: tuple[int, ...]) -> Formula:
    return call(np.broadcast_to, (Constant(0), (length, *shape[1:])))


def sum_of_blocks(e: Call) -> Formula | None:
    """The sum of two columns of blocks is the column of the sums, for blocks of equal sizes."""
    if e.function not in (np.add, np.subtract):
        return None
    x, y = e.operands
    if not all(isinstance(part, Call) and part.function is np.concatenate for part in (x, y)):
        return None
    above, below = x.operands[0], y.operands[0]
    if [part.shape for part in above] != [part.shape for part in below]:
        return None
    blocks = tuple(call(e.function, pair) for pair in zip(above, below, strict=True))
    return call(np.concatenate, (blocks,))


INDEX_REWRITES = (rows_by_index, sum_of_blocks)
