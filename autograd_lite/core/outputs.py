"""Operations with several results: each result has a node, which passes its gradient on to the operation's node."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_lite.core.graph import Node
from autograd_lite.core.tensor import _wrap
from autograd_lite.core.writes import tick

Form = tuple[tuple[tuple[int, ...], np.dtype[Any]], ...]  # shape and dtype of each result


class Cotangents(tuple[Any, ...]):
    """The gradients of all results of an operation, None where none has arrived yet.

    The sweep adds two of them as it adds two arrays. Their `shape` is the Form of the results, as that of the node.
    """

    shape: Form
    dtype = None

    def __add__(self, other: tuple[Any, ...]) -> Cotangents:
        both = zip(self, other, strict=True)
        return cotangents(self.shape, [b if a is None else a if b is None else a + b for a, b in both])

    def filled(self) -> tuple[Any, ...]:
        """With zeros in place of None, as rules take them."""
        return tuple(np.zeros(*form) if g is None else g for g, form in zip(self, self.shape, strict=True))


def cotangents(form: Form, gradients: list[Any]) -> Cotangents:
    """The gradients of results of the given shapes and dtypes."""
    result = Cotangents(gradients)
    result.shape = form
    return result


class Result:
    """The operation of the node of one result: it selects that result."""

    arguments: tuple[str, ...] = ()
    differentiable: tuple[str, ...] = ()
    saved_names: tuple[str, ...] = ()
    variadic = None

    def __init__(self, name: str, number: int) -> None:
        self.name = f"{name}[{number}]"
        self.number = number
        self.residuals: dict[str, Any] = {}
        self.results: list[Result] = []

    def pull(self, g: Any, parents: tuple[Any, ...], saved: tuple[Any, ...]) -> tuple[Cotangents]:
        """The gradient at its place among those of the other results."""
        form = parents[0].shape
        return (cotangents(form, [g if i == self.number else None for i in range(len(form))]),)

    def lift(self, node: Node) -> tuple[Any, ...]:
        """Nothing is saved."""
        return ()

    def describe_rule(self, position: int) -> str:
        """The rule, as error messages name it."""
        return f"{self.name}: the derivative rule"


def wrap_outputs(out: Any, node: Node | None) -> Any:
    """Tensors around the results of an operation, in a tuple of the same type; `node` is the operation's, if any."""
    for array in out:
        dtype = getattr(array, "dtype", None)
        if dtype is not None and dtype.kind not in "fiub":
            name = "primitive" if node is None else node.operation.name
            raise TypeError(f"{name}: a result has dtype {dtype}, but tensors hold real numbers")
    if node is not None:
        node.shape, node.dtype = tuple((array.shape, array.dtype) for array in out), None
    tensors = [_wrap(array, _result_node(node, i, array)) for i, array in enumerate(out)]
    return type(out)(*tensors) if hasattr(out, "_fields") else tuple(tensors)


def _result_node(operation_node: Node | None, number: int, array: Any) -> Node | None:
    if operation_node is None or array.dtype.kind != "f":
        return None
    node = Node()
    node.order = tick()
    node.operation = operation_node.operation.results[number]
    node.parents = (operation_node,)
    node.saved = ()
    node.shape, node.dtype = array.shape, array.dtype
    return node
