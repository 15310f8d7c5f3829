"""The graph: `Node`, an operation that was recorded, and `Leaf`, where a gradient is collected.

Neither knows the tensors they belong to, so a graph keeps no value alive but those its rules name, and there are no
reference cycles.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_lite.core.hooks import watched_attributes


class Node:
    """A recorded operation: its parents in the graph and the values that its rules need.

    `order` is the moment of recording, so a node's order is higher than that of all it depends on.
    """

    __slots__ = ("__weakref__", "dtype", "operation", "order", "parents", "saved", "shape")
    operation: Any
    order: int
    parents: tuple[Node | Leaf | None, ...]
    saved: tuple[Any, ...] | None
    shape: tuple[int, ...]
    dtype: np.dtype[Any]


class Leaf:
    """Where the gradient of a tensor that the user made is collected."""

    __slots__ = ("__weakref__", "dtype", "grad", "shape")

    def __init__(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        self.shape = shape
        self.dtype = dtype
        self.grad: Any = None


watched_attributes.append((Leaf, "grad"))
