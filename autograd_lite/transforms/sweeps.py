"""Products of a Jacobian with many vectors in one sweep: the vectors are the elements of a batch."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from autograd_lite.batching.axes import Axis
from autograd_lite.batching.batch import Batch
from autograd_lite.core.graph import Node
from autograd_lite.core.tensor import Tensor, _wrap
from autograd_lite.ops.arrays.shape import concatenate
from autograd_lite.transforms.hidden_axes import leave

# How many numbers an intermediate result of a batch of vectors may have, by default: 64 MiB of float64.
_MOST_NUMBERS = 1 << 23


def products(chunks: Iterator[Any], tracked: bool, multiply: Callable[[Any], list[Any]]) -> list[Any]:
    """What `multiply` returns for each vector, stacked; nothing if there are no vectors.

    `multiply` takes a batch and returns a list of batches. Each chunk is an array of vectors that one sweep takes.
    """
    parts = []
    for vectors in chunks:
        axis = Axis(len(vectors))
        batch = Batch(vectors, axis)
        with axis.entered():
            found = multiply(_wrap(batch) if tracked else batch)
        parts.append([leave(value, axis, 0) for value in found])
    join = concatenate if tracked else np.concatenate
    return [rows[0] if len(rows) == 1 else join(rows) for rows in zip(*parts, strict=True)]


def unit_vectors(like: Any, length: int) -> Iterator[Any]:
    """The arrays of the shape of `like` with a single 1, `length` at a time."""
    shape, dtype = np.shape(like), np.result_type(like)
    size = math.prod(shape)
    for start in range(0, size, length):
        units = np.eye(min(length, size - start), size, start, dtype=dtype)
        yield units.reshape(len(units), *shape)


def vectors_at_once(out: Any, variables: list[Tensor]) -> int:
    """As many as keep the largest array of the graph below `_MOST_NUMBERS` in a batch."""
    largest, seen = max(1, *(variable.size for variable in variables)), set()
    waiting = [out._node] if isinstance(out, Tensor) else []
    while waiting:
        node = waiting.pop()
        if node.__class__ is Node and node not in seen:
            seen.add(node)
            largest = max(largest, math.prod(node.shape) if node.dtype is not None else 1)
            waiting += node.parents
    return max(1, _MOST_NUMBERS // largest)
