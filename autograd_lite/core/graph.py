"""The graph: `Node`, one recorded operation, and `Leaf`, where a gradient is collected.

Neither holds the tensors it belongs to, so a graph keeps only those values alive that its rules need, and it
contains no reference cycles. The exception is a gradient that is itself recorded, until `zero_grad` removes it.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np


class Operation(Protocol):
    """What a node needs of its operation; a `Primitive`, or a `Result` for one of several results."""

    name: str
    arguments: tuple[str, ...]
    differentiable: tuple[str, ...]  # the arguments that have a parent, in the order of the parents
    variadic: str | None  # the argument that takes any number of operands; it comes last, with a parent for each
    saved_names: tuple[str, ...]
    unsaved_names: tuple[str, ...]  # arguments that may be neither saved nor parents
    residuals: dict[str, Any]  # the saved values that are neither arguments nor results
    has_foreign_rules: bool  # whether rules may return arrays that a user's code keeps
    results: list[Any]  # one Result for each result, if there are several
    add_to: Callable[..., bool] | None  # adds to the gradient of the only parent in place, or returns False

    @property
    def pull(self) -> Callable[..., tuple[Any, ...]]:
        """``pull(g, parents, saved)`` calls the rules: one gradient per parent, None where the parent is None."""

    def lift(self, node: Node) -> tuple[Any, ...]:
        """The saved values as tensors connected with the graph, so that the rules are recorded themselves."""

    def describe_rule(self, position: int) -> str:
        """The rule for the parent at `position`, as error messages name it."""


class Node:
    """A recorded operation: its parents in the graph and the values that its rules need."""

    __slots__ = ("__weakref__", "dtype", "hooks", "operation", "order", "parents", "saved", "shape", "unsaved")
    hooks: Any  # functions of the gradient, if there are any
    operation: Operation
    order: int  # the time of recording, higher than the order of everything that the node depends on
    parents: tuple[Node | Leaf | None, ...]  # one per differentiable operand; None where no gradient is required
    saved: tuple[Any, ...] | None  # one value per saved name; None after a backward pass has released them
    # What `derive` needs, one per unsaved name if there are any: None for a parent, a weak reference to an array (with
    # its shape if the operation is no ufunc), anything else as it is.
    unsaved: tuple[Any, ...]
    # Of the result. With several results, the shape holds a pair (shape, dtype) for each, and the dtype is None.
    shape: tuple[Any, ...]
    dtype: np.dtype[Any] | None


class Leaf:
    """Where the gradient of a tensor that the user created is collected."""

    __slots__ = ("__weakref__", "dtype", "grad", "hooks", "shape", "tensor")
    hooks: Any

    def __init__(self, shape: tuple[int, ...], dtype: np.dtype[Any], tensor: Any = None) -> None:
        self.shape = shape
        self.dtype = dtype
        self.tensor = None if tensor is None else weakref.ref(tensor)
        self.grad: Any = None
