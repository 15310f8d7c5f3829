"""The graph: `Node`, one recorded operation, and `Leaf`, where a gradient is collected.

Neither holds the tensors it belongs to. A graph therefore keeps only those values alive that its rules name, and it
contains no reference cycles.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np


class Operation(Protocol):
    """What a node needs of its operation; a `Primitive`, or a `Result` for one of several results.

    Attributes
    ----------
    name : str
    arguments, differentiable : tuple of str
        All arguments, and those that have a parent, in the order of the parents.
    variadic : str or None
        The argument that takes any number of operands; it comes last of the parents, and has as many.
    saved_names : tuple of str
        The names of what a node saves.
    residuals : dict
        The saved values that are neither arguments nor results.
    results : list of Result
        One for each result, if there are several.
    """

    name: str
    arguments: tuple[str, ...]
    differentiable: tuple[str, ...]
    variadic: str | None
    saved_names: tuple[str, ...]
    residuals: dict[str, Any]
    results: list[Any]

    @property
    def pull(self) -> Callable[..., tuple[Any, ...]]:
        """``pull(g, parents, saved)`` calls the rules: one gradient per parent, None where the parent is None."""

    def lift(self, node: Node) -> tuple[Any, ...]:
        """The saved values as tensors connected with the graph, so that the rules are recorded themselves."""

    def describe_rule(self, position: int) -> str:
        """The rule for the parent at `position`, as error messages name it."""


class Node:
    """A recorded operation: its parents in the graph and the values that its rules need.

    Attributes
    ----------
    operation : Operation
    order : int
        The time of recording, so it is higher than the order of everything the node depends on.
    parents : tuple of Node, Leaf or None
        One per differentiable argument; None where no gradient is required.
    saved : tuple or None
        The values named by ``operation.saved_names``; None once the backward pass has released them.
    shape, dtype
        Those of the result. A node with several results has their shapes and dtypes as its shape, and no dtype.
    """

    __slots__ = ("__weakref__", "dtype", "operation", "order", "parents", "saved", "shape")
    operation: Operation
    order: int
    parents: tuple[Node | Leaf | None, ...]
    saved: tuple[Any, ...] | None
    shape: tuple[Any, ...]
    dtype: np.dtype[Any] | None


class Leaf:
    """Where the gradient of a tensor that the user created is collected."""

    __slots__ = ("__weakref__", "dtype", "grad", "shape")

    def __init__(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        self.shape = shape
        self.dtype = dtype
        self.grad: Any = None
