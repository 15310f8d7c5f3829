"""One step of `scan`: a call of the function on values that are cut from the graph, and the sweep through this call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np

from autograd_lite.batching.batch import Batch
from autograd_lite.core.aliases import forget_argument, note_argument
from autograd_lite.core.backward import sweep
from autograd_lite.core.graph import Leaf, Node
from autograd_lite.core.tensor import Tensor, _wrap
from autograd_lite.core.writes import tick
from autograd_lite.ops.gradient_hooks import in_part
from autograd_lite.support.interrupts import setting
from autograd_lite.support.recorder_interface import concrete

_LEAK = (
    "scan: a tensor that the function has computed in one step is used outside of this step, where its gradient would "
    "be lost; pass it on in the carry, or return it as y (and call backward on the result of scan, or grad inside)"
)


class StepVariable(Leaf):
    """The leaf of an argument in one step. Only the sweep of this step may end here."""

    __slots__ = ("order",)

    def __init__(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        self.shape, self.dtype, self.tensor, self.order = shape, dtype, None, tick()

    @property
    def grad(self) -> NoReturn:
        """Read by `backward` before it adds a gradient."""
        raise RuntimeError(_LEAK)


class Step:
    """One call of the function of a loop.

    Parameters
    ----------
    call : callable
        Takes the list of arguments and returns the list of results.
    given : list of arrays and tensors
    start : float
        The time at which the loop began.

    Attributes
    ----------
    arrays : list of arrays
        The results in C order; 0-d ones as NumPy's scalars.
    nodes : list of (Node, Leaf or None)
        Their places in the graph.
    is_tensor : list of bool
        Which of them are tensors.
    closures : dict of (Node or Leaf) to None
        What they depend on besides the arguments, in the order in which it is found.

    Raises
    ------
    RuntimeError
        If they depend on what was computed in another step, otherwise than by the arguments.
    """

    def __init__(self, call: Callable[[list[Any]], list[Any]], given: list[Any], start: float) -> None:
        self.given, self.since = given, tick()
        tensors = [value for value in given if isinstance(value, Tensor)]
        for tensor in tensors:
            note_argument(tensor)
        try:
            results = call(given)
        finally:
            for tensor in tensors:
                forget_argument(tensor)
        self.is_tensor = [isinstance(value, Tensor) for value in results]
        self.arrays = [canonical(value._data if isinstance(value, Tensor) else value) for value in results]
        self.nodes = [value._node if isinstance(value, Tensor) else None for value in results]
        self.closures: dict[Any, None] = {}
        self._find_closures({tensor._node for tensor in tensors}, start)

    def _find_closures(self, own: set[Any], start: float) -> None:
        seen: set[Any] = set()
        waiting: list[Any] = [node for node in self.nodes if node is not None]
        while waiting:
            node = waiting.pop()
            if node in seen or node in own:
                continue
            seen.add(node)
            is_node = node.__class__ is Node
            if is_node and node.order > self.since:
                waiting += [parent for parent in node.parents if parent is not None]
                continue
            if (is_node or node.__class__ is StepVariable) and node.order >= start:
                raise RuntimeError(_LEAK)
            self.closures[node] = None

    def pull(self, gradients: list[Any], create_graph: bool = False) -> tuple[list[Any], dict[Any, Any]]:
        """The gradients of the arguments and of the closures, given those of the results, None where there is none.

        An argument that is no variable has the gradient None.
        """
        seeds: dict[Any, Any] = {}
        for node, gradient in zip(self.nodes, gradients, strict=True):
            if node is not None and gradient is not None:
                seeds[node] = seeds[node] + gradient if node in seeds else gradient
        with setting(in_part, True):  # hooks of closures see the sum over all steps
            found = sweep(seeds, True, create_graph, self.since)
        return [_gradient(value, found) for value in self.given], {n: found[n] for n in self.closures if n in found}


def _gradient(value: Any, found: dict[Any, Any]) -> Any:
    if not isinstance(value, Tensor) or value._node is None:
        return None
    gradient = found.get(value._node)
    return np.zeros(value.shape, value.dtype) if gradient is None else gradient


def step_variable(array: Any) -> Tensor:
    """A variable of one step, which shares memory with the array."""
    return _wrap(array, StepVariable(array.shape, array.dtype))


def refuse_leaks(found: dict[Any, Any], since: int) -> None:
    """Raise RuntimeError if a sweep has ended in a step of a loop that began after `since`."""
    if any(leaf.__class__ is StepVariable and leaf.order >= since for leaf in found):
        raise RuntimeError(_LEAK)


def contiguous(array: Any) -> Any:
    """The array in C order: every step computes with the same memory layout, and rounds in the same way."""
    if array.__class__ is Batch:
        return Batch(contiguous(array.held), array.axis)
    return array if array.flags.c_contiguous else array.copy()


def canonical(array: Any) -> Any:
    """The array in C order, or a scalar of NumPy in place of a 0-d array."""
    array = contiguous(array)
    return array[()] if not array.ndim and isinstance(concrete(array), np.ndarray) else array


def read_only(array: Any) -> Any:
    """A view that the function cannot write to."""
    if array.__class__ is np.ndarray:
        array = array.view()
        array.flags.writeable = False
    return array
