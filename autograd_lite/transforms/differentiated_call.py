"""DifferentiatedCall: one call of a function with fresh variables in place of the arguments to differentiate.

Each call has variables of its own and takes the gradients of these alone, so the gradients of nested transforms stay
separate. Inside a call all operations are recorded; backward passes too, if their results are differentiated again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from functools import cached_property
from typing import Any

import numpy as np

from autograd_lite.batching.batch import Batch, owns_memory
from autograd_lite.core.aliases import forget_argument, note_argument
from autograd_lite.core.backward import sweep
from autograd_lite.core.cuts import cut
from autograd_lite.core.grad_mode import enable_grad, is_grad_enabled, transform_depth
from autograd_lite.core.graph import Leaf, Node
from autograd_lite.core.primitive import primitive
from autograd_lite.core.tensor import Tensor, _wrap
from autograd_lite.core.writes import tick
from autograd_lite.ops.composition import naming
from autograd_lite.support.causes import causes
from autograd_lite.support.conversion import as_numbers
from autograd_lite.support.interrupts import setting, undoing
from autograd_lite.support.messages import show
from autograd_lite.support.tree import leaves, map_leaves
from autograd_lite.transforms.loop_steps import refuse_leaks

Function = Callable[..., Any]
ARRAYS = np.ndarray | np.generic | Batch
Argnums = int | Sequence[int]

_variable_of = primitive(lambda x: x, name="variable", x=lambda g: g)


def check_function(name: str, function: Any) -> None:
    """Raise TypeError for a function that is not callable."""
    if not callable(function):
        raise TypeError(f"{name}: the function must be callable, not {type(function).__name__}")


def is_one(argnums: Argnums) -> bool:
    """Whether `argnums` is one argument, so that the result is not a tuple."""
    return isinstance(argnums, int | np.integer)


def chosen_arguments(name: str, arguments: tuple[Any, ...], argnums: Argnums) -> tuple[int, ...]:
    """The positions of the arguments to differentiate; TypeError if there are no such arguments."""
    chosen = tuple(argnums) if isinstance(argnums, Sequence) else (argnums,)
    if not all(map(is_one, chosen)):
        raise TypeError(f"{name}: argnums must be an integer or a sequence of them, not {show(argnums)}")
    for i in chosen:
        if not -len(arguments) <= i < len(arguments):
            raise TypeError(f"{name}: argnums is {show(argnums)}, but there are {len(arguments)} positional arguments")
    if len({i % len(arguments) for i in chosen}) < len(chosen):
        raise TypeError(f"{name}: argnums is {show(argnums)}, which has an argument twice")
    return chosen


class DifferentiatedCall:
    """One call of a function with variables in place of the arguments to differentiate.

    Attributes
    ----------
    variables : list of Tensor
        The variables, in the order of the leaves of the arguments.
    structure : nested tuples, lists and dicts
        The structure of the gradient: that of the argument, or a tuple of these.
    tensors : bool
        Whether the results are tensors: within another call, or if an argument is a tensor.
    tracked : bool
        Whether backward passes are recorded: within another call, or if arguments or other tensors that the function
        uses require gradients.
    """

    def __init__(self, name: str, arguments: tuple[Any, ...], argnums: Argnums) -> None:
        self.chosen = chosen_arguments(name, arguments, argnums)
        given = [leaf for i in self.chosen for leaf in leaves(arguments[i])]
        inside = transform_depth.get() > 0
        self.tensors = inside or any(isinstance(leaf, Tensor) for leaf in leaves(arguments))
        self.recording = is_grad_enabled()
        self.tracked = self.recording and (inside or any(map(_is_recorded, given)))
        self.variables: list[Tensor] = []
        changed = list(arguments)
        with naming(name):
            for i in self.chosen:
                changed[i] = map_leaves(self._variable, arguments[i])
        self.arguments = tuple(changed)
        structure = tuple(arguments[i] for i in self.chosen)
        self.structure = structure[0] if is_one(argnums) else structure
        self.since = tick()

    def _variable(self, value: Any) -> Tensor:
        if isinstance(value, Tensor) and value._node is not None:
            variable: Tensor = connected_variable(value) if is_grad_enabled() else new_variable(value._data)
            note_argument(variable)
        else:
            array = as_numbers(float(value) if type(value) is int else value)
            if array.dtype.kind != "f":
                raise TypeError(f"only floating-point arguments have gradients, not {array.dtype}")
            is_number = type(value) in (int, float) or isinstance(value, np.generic)
            variable = new_variable(array[()] if is_number else array)
            if not is_number:  # a number has no memory to write to
                note_argument(variable)
        self.variables.append(variable)
        return variable

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Inside, everything is recorded."""
        with undoing(self._forget_arguments), setting(transform_depth, transform_depth.get() + 1), enable_grad():
            try:
                yield
            except Exception as error:
                _raise_cut(error)
                raise

    def _forget_arguments(self) -> None:
        for variable in self.variables:
            forget_argument(variable)

    def run(self, function: Function, **options: Any) -> Any:
        """The result of the function. Sets `tracked` if it depends on other tensors that require gradients."""
        with self.entered():
            out = function(*self.arguments, **options)
        if self.recording and not self.tracked:
            self.tracked = _reaches_outside(out, self.since)
        return out

    def tracked_if_recorded(self, given: Any) -> DifferentiatedCall:
        """This call, or a tracked copy of it if tangents or cotangents require gradients."""
        if self.tracked or not (is_grad_enabled() and any(map(_is_recorded, leaves(given)))):
            return self
        tracked = copy(self)
        tracked.tracked = True
        return tracked

    def pull(self, outputs: list[Any], cotangents: list[Any], retain_graph: bool = False) -> list[Any]:
        """The gradients of the variables, given those of the outputs; tensors if `tracked`."""
        with self.entered():
            return _pull(outputs, cotangents, self.variables, self.since, retain_graph, self.tracked)

    def result(self, tree: Any, copy: bool = False) -> Any:
        """A result for the caller: recorded tensors if `tracked`, else plain tensors or arrays like the arguments.

        With `copy`, an array shares no memory with the graph, which is used again.
        """

        def convert(value: Any) -> Any:
            if self.tracked or not isinstance(value, Tensor | ARRAYS):
                return value
            data = value._data if isinstance(value, Tensor) else value
            return _wrap(data) if self.tensors else np.copy(data) if copy and data.shape else data

        return map_leaves(convert, tree)


class LinearizedCall:
    """A call whose Jacobian J can be multiplied with tangents.

    The pullback u ↦ uᵀJ is linear in u, so its derivative is J for any u. It is recorded once with variables for u, and
    each product J v is a backward pass through it.
    """

    def __init__(self, name: str, function: Function, primals: tuple[Any, ...]) -> None:
        self.call = call = DifferentiatedCall(name, primals, tuple(range(len(primals))))
        self.out = call.run(function)
        self.outputs = leaves(self.out)
        for out in self.outputs:
            if not isinstance(out, Tensor | ARRAYS | int | float):
                raise TypeError(f"{name}: the function must return an array, not {type(out).__name__}")

    @cached_property
    def pullback(self) -> tuple[list[Tensor], list[Any], int]:
        """The variables for u, uᵀJ, and the time of the first node in between. Rows of J can do without it."""
        call = self.call
        with call.entered():
            cotangents = [new_variable(np.zeros(np.shape(out), np.result_type(out))) for out in self.outputs]
            since = tick()
            rows = _pull(self.outputs, cotangents, call.variables, call.since, True, True)
        return cotangents, rows, since

    def recorded(self) -> LinearizedCall:
        """This call, its pullback recorded. Batches of tangents need that before their axis is entered."""
        _ = self.pullback
        return self

    def push(self, tangents: list[Any], tracked: bool) -> list[Any]:
        """J v for each output."""
        cotangents, rows, since = self.pullback
        with self.call.entered():
            return _pull(rows, tangents, cotangents, since, True, tracked)


class _Variable(Leaf):
    """The leaf of a variable, which distinguishes it from leaves outside of the call."""

    __slots__ = ()


def new_variable(array: Any) -> Tensor:
    """A variable that shares memory with the array."""
    return _wrap(array, _Variable(array.shape, array.dtype))


def connected_variable(value: Any) -> Tensor:
    """A variable that depends on the value, if that is recorded."""
    is_tensor = isinstance(value, Tensor)
    variable: Tensor
    if is_tensor and value._node is not None:
        variable = _variable_of(value)
    else:
        variable = new_variable(value._data if is_tensor else value)
    return variable


def _is_recorded(value: Any) -> bool:
    return isinstance(value, Tensor) and value._node is not None


def _reaches_outside(out: Any, since: int) -> bool:
    """Whether a result depends on tensors that require gradients and are not variables of a call."""
    seen: set[Any] = set()
    waiting: list[Any] = [value._node for value in leaves(out) if isinstance(value, Tensor)]
    while waiting:
        node = waiting.pop()
        if node.__class__ is Node:
            if node.order < since:
                return True
            if node not in seen:
                seen.add(node)
                waiting += node.parents
        elif node is not None and node.__class__ is not _Variable:
            return True
    return False


def _pull(
    outputs: list[Any], cotangents: list[Any], inputs: list[Tensor], since: int, retain_graph: bool, tracked: bool
) -> list[Any]:
    seeds: dict[Any, Any] = {}
    for output, cotangent in zip(outputs, cotangents, strict=True):
        if _is_recorded(output):
            seed = cotangent if tracked else getattr(cotangent, "_data", cotangent)
            seeds[output._node] = seeds[output._node] + seed if output._node in seeds else seed
    found = sweep(seeds, retain_graph or tracked, tracked, since)
    refuse_leaks(found, since)
    results = [found[v._node] if v._node in found else zeros(v.shape, v.dtype, tracked) for v in inputs]
    if tracked:
        return results
    taken: set[int] = set()
    return [_own(result, v._node, seeds, taken) for result, v in zip(results, inputs, strict=True)]


def _own(gradient: Any, node: Any, seeds: dict[Any, Any], taken: set[int]) -> Any:
    """The gradient in memory of its own. `sweep` gives that to a leaf, unless it is a view, a seed, or given twice."""
    is_leaf = node.__class__ is _Variable and node not in seeds and id(gradient) not in taken
    taken.add(id(gradient))
    return gradient if is_leaf and owns_memory(gradient) else np.copy(gradient)


def zeros(shape: tuple[int, ...], dtype: Any, tracked: bool) -> Any:
    """Zeros as an array, or as a tensor where the backward pass is recorded."""
    return _wrap(np.zeros(shape, dtype)) if tracked else np.zeros(shape, dtype)


def like(values: list[Any], tree: Any, what: str, tracked: bool) -> list[Any]:
    """The leaves of `tree` converted to the dtypes of `values`; ValueError if the shapes differ."""
    given = leaves(tree)
    if [np.shape(leaf) for leaf in given] != [np.shape(value) for value in values]:
        raise ValueError(f"{what} has the shapes {show([np.shape(leaf) for leaf in given])}, "
                         f"expected {show([np.shape(value) for value in values])}")  # fmt: skip
    result: list[Any] = []
    for leaf, value in zip(given, values, strict=True):
        if tracked and isinstance(leaf, Tensor):
            result.append(leaf.astype(value.dtype))
        else:
            array = as_numbers(leaf).astype(np.result_type(value))
            result.append(_wrap(array) if tracked else array)
    return result


def _raise_cut(error: Exception) -> None:
    """Raise a TypeError of `core.cuts` again if a library has replaced it by `error`.

    NumPy's ``array[0] = x`` makes it a ValueError, a solver of SciPy a SystemError.
    """
    found = next((cause for cause in causes(error) if hasattr(cause, "is_cut")), None)
    if found is not None and not isinstance(error, TypeError):
        raise cut(str(found)).with_traceback(error.__traceback__) from None
