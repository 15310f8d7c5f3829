"""Operations with several results: each result has a node, which passes its gradient on to the operation's node."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_lite.core.aliases import note_view
from autograd_lite.core.graph import Node
from autograd_lite.core.tensor import _wrap
from autograd_lite.core.writes import tick
from autograd_lite.support.cotangents import Cotangents
from autograd_lite.support.rule_errors import check_result


class Result:
    """The operation of the node of one result: it selects that result."""

    arguments: tuple[str, ...] = ()
    differentiable = saved_names = unsaved_names = arguments
    variadic, has_foreign_rules, add_to = None, False, None

    def __init__(self, name: str, number: int) -> None:
        self.name, self.number = f"{name}[{number}]", number
        self.residuals: dict[str, Any] = {}
        self.results: list[Result] = []

    def pull(self, g: Any, parents: tuple[Any, ...], saved: tuple[Any, ...]) -> tuple[Cotangents]:
        """The gradient at its place among those of the other results."""
        form = parents[0].shape
        return (Cotangents(form, [g if i == self.number else None for i in range(len(form))]),)

    def lift(self, node: Node) -> tuple[Any, ...]:
        """Nothing is saved."""
        return ()

    def describe_rule(self, position: int) -> str:
        """The rule, as error messages name it."""
        return f"{self.name}: the derivative rule"


def wrap_outputs(name: str, out: Any, node: Node | None, *given: Any) -> Any:
    """Tensors around the results of the operation `name`, in a tuple of the same type.

    `node` is the operation's, if it was recorded; `given` are the arguments that a result may be a view of.
    """
    arrays = [array if hasattr(array, "dtype") else np.asarray(array) for array in out]
    for array in arrays:
        check_result(name, array)
        if array.dtype.kind not in "fiub":
            raise TypeError(f"{name}: a result has dtype {array.dtype}, but tensors hold real numbers")
    if node is not None:
        if len(arrays) != len(node.operation.results):
            raise ValueError(f"{name}: {len(node.operation.results)} results were declared, not {len(arrays)}")
        node.shape, node.dtype = tuple((array.shape, array.dtype) for array in arrays), None
    tensors = [_wrap(array, _result_node(node, i, array)) for i, array in enumerate(arrays)]
    for tensor in tensors:
        note_view(tensor, *given)
    return type(out)(*tensors) if hasattr(out, "_fields") else tuple(tensors)


def _result_node(operation_node: Node | None, number: int, array: Any) -> Node | None:
    if operation_node is None or array.dtype.kind != "f":
        return None
    node = Node()
    node.order, node.operation = tick(), operation_node.operation.results[number]
    node.parents, node.saved = (operation_node,), ()
    node.shape, node.dtype = array.shape, array.dtype
    return node
