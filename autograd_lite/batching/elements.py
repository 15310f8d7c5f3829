"""One element after the other: right for every function, and as slow as a loop."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_lite.batching.axes import Axis, BatchError, refuse_write
from autograd_lite.batching.batch import Batch, has
from autograd_lite.support.numpy_writes import instead_of_writing, position_of_out

# What was done element by element, and how often. Tests compare it with a list, so that slowness cannot creep in.
loops: Counter[str] = Counter()


def pick(value: Any, axis: Axis, i: int) -> Any:
    """The value for element i, also inside lists, tuples and dicts."""
    if has(value, axis):
        return value.held[i, ...]
    if isinstance(value, list | tuple):
        items = [pick(item, axis, i) for item in value]
        return type(value)(*items) if hasattr(value, "_fields") else type(value)(items)
    if isinstance(value, dict):
        return {key: pick(item, axis, i) for key, item in value.items()}
    return value


def joined(rows: list[Any], axis: Axis, what: str) -> Any:
    """The results for the elements as a batch; what is no array must be the same for all."""
    first = rows[0]
    if isinstance(first, tuple | list):
        if len({len(row) for row in rows}) > 1:
            raise BatchError(f"vmap: {what} gives different numbers of results for the elements of the batch")
        parts = [joined(list(column), axis, what) for column in zip(*rows, strict=True)]
        return type(first)(*parts) if hasattr(first, "_fields") else type(first)(parts)
    if any(hasattr(row, "dtype") for row in rows):  # arrays, batches of an axis further out, tracers
        if len({tuple(np.shape(row)) for row in rows}) > 1:
            shapes = sorted({tuple(np.shape(row)) for row in rows})
            raise BatchError(
                f"vmap: {what} gives results of different shapes for the elements of the batch, such as {shapes[0]} "
                f"and {shapes[1]}; use a mask (np.where) instead of a selection"
            )
        return Batch(np.stack(rows), axis)
    if all(isinstance(row, bool | int | float) for row in rows) and any(row != first for row in rows):
        return Batch(np.array(rows), axis)
    if any(row != first for row in rows):
        raise BatchError(f"vmap: {what} gives different results, which are no arrays, for the elements of the batch")
    return first


def loop(function: Callable[..., Any], axis: Axis, args: Any, kwargs: Any, name: str = "") -> Any:
    """Call a function for each element."""
    name = name or getattr(function, "__name__", str(function))
    _refuse_common_targets(function, name, axis, args, kwargs)
    if not axis.size:
        raise BatchError(f"vmap: {name} works element by element, and the batch has none")
    loops[name] += 1
    rows = [function(*pick(args, axis, i), **pick(kwargs, axis, i)) for i in range(axis.size)]
    return joined(rows, axis, name)


def _refuse_common_targets(function: Any, name: str, axis: Axis, args: Any, kwargs: Any) -> None:
    """Refuse to write the values of all elements into one array."""
    position = position_of_out(function)
    targets = kwargs.get("out", args[position] if len(args) > position else None)
    targets = [target for target in (targets if isinstance(targets, tuple) else (targets,)) if target is not None]
    if instead_of_writing(function) or name.endswith(".at"):
        targets += args[:1]
    if not all(has(target, axis) for target in targets):
        refuse_write(f"the array that {name} writes into")
