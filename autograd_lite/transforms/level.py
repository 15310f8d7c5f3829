"""One function being differentiated: fresh variables in place of its arguments, rows and columns of its Jacobian.

Each level has variables of its own and asks the sweep for the gradients of these alone, so the levels of a nest cannot
be confused. Inside, everything is recorded, the backward passes too, because the rules are made of operations.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from typing import Any

import numpy as np

from autograd_lite.core.aliases import forget_argument, note_argument
from autograd_lite.core.backward import sweep
from autograd_lite.core.cuts import raise_cut
from autograd_lite.core.grad_mode import enable_grad, is_grad_enabled, transform_depth
from autograd_lite.core.graph import Leaf, Node
from autograd_lite.core.primitive import primitive
from autograd_lite.core.tensor import Tensor, _wrap
from autograd_lite.core.writes import tick
from autograd_lite.ops.arrays.shape import stack
from autograd_lite.ops.composition import naming
from autograd_lite.support.conversion import as_numbers
from autograd_lite.support.interrupts import setting, undoing
from autograd_lite.support.messages import show
from autograd_lite.support.tree import leaves, map_leaves

Function = Callable[..., Any]
Argnums = int | Sequence[int]

_variable_of = primitive(lambda x: x, name="variable", x=lambda g: g)


def chosen_arguments(name: str, arguments: tuple[Any, ...], argnums: Argnums) -> tuple[int, ...]:
    """The numbers of the arguments to differentiate with respect to, or TypeError if there are no such arguments."""
    chosen = (argnums,) if isinstance(argnums, int) else tuple(argnums) if isinstance(argnums, Sequence) else (argnums,)
    if not all(isinstance(i, int | np.integer) for i in chosen):
        raise TypeError(f"{name}: argnums is an integer or a sequence of them, not {show(argnums)}")
    for i in chosen:
        if not -len(arguments) <= i < len(arguments):
            raise TypeError(f"{name}: argnums is {show(argnums)}, but there are {len(arguments)} positional arguments")
    if len({i % len(arguments) for i in chosen}) < len(chosen):
        raise TypeError(f"{name}: argnums is {show(argnums)}, which has an argument twice")
    return chosen


class Level:
    """One function being differentiated: its variables, and whether what it computes is differentiated again.

    `tensors` is whether the results are tensors; `tracked`, whether the backward pass is recorded: within another
    level, and where arguments or tensors that the function closes over require gradients.
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
        self.structure = arguments[argnums] if isinstance(argnums, int) else tuple(arguments[i] for i in argnums)
        self.since = tick()

    def _variable(self, value: Any) -> Tensor:
        if isinstance(value, Tensor) and value._node is not None:
            variable: Tensor = _variable_of(value) if is_grad_enabled() else leaf(value._data)
            note_argument(variable)
        else:
            array = as_numbers(float(value) if type(value) is int else value)
            if array.dtype.kind != "f":
                raise TypeError(f"only floating-point arguments have gradients, not {array.dtype}")
            is_number = type(value) in (int, float) or isinstance(value, np.generic)
            variable = leaf(array[()] if is_number else array)
            if not is_number:  # nobody can write into a number
                note_argument(variable)
        self.variables.append(variable)
        return variable

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Everything is recorded inside."""
        with undoing(self._forget_arguments), setting(transform_depth, transform_depth.get() + 1), enable_grad():
            try:
                yield
            except Exception as error:
                raise_cut(error)
                raise

    def _forget_arguments(self) -> None:
        for variable in self.variables:
            forget_argument(variable)

    def run(self, function: Function, **options: Any) -> Any:
        """What the function returns; then it is known whether that depends on more than the variables."""
        with self.entered():
            out = function(*self.arguments, **options)
        if self.recording and not self.tracked:
            self.tracked = _reaches_outside(out, self.since)
        return out

    def tracked_if_recorded(self, given: Any) -> Level:
        """This level, or one that is tracked besides, if tangents or cotangents require gradients."""
        if self.tracked or not (is_grad_enabled() and any(map(_is_recorded, leaves(given)))):
            return self
        level = copy(self)
        level.tracked = True
        return level

    def pull(self, outputs: list[Any], cotangents: list[Any], retain_graph: bool = False) -> list[Any]:
        """The gradients of the variables, given those of the outputs; tensors if they are to be tracked."""
        with self.entered():
            return _pull(outputs, cotangents, self.variables, self.since, retain_graph, self.tracked)

    def result(self, tree: Any, copy: bool = False) -> Any:
        """What the caller gets: tensors or arrays, as the caller has passed; cut off if nothing is tracked.

        With `copy` an array shares no memory with the graph, which is used again and could not see it change.
        """

        def convert(value: Any) -> Any:
            if self.tracked or not isinstance(value, Tensor | np.ndarray | np.generic):
                return value
            data = value._data if isinstance(value, Tensor) else value
            return _wrap(data) if self.tensors else np.array(data) if copy and data.shape else data

        return map_leaves(convert, tree)


def _is_recorded(value: Any) -> bool:
    return isinstance(value, Tensor) and value._node is not None


def _reaches_outside(out: Any, since: int) -> bool:
    """Whether a result was made from tensors that require gradients and are no variables of a level."""
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


class _Variable(Leaf):
    """The place of an argument in the graph of a level."""

    __slots__ = ()


def leaf(array: Any) -> Tensor:
    """A variable around an array as it is."""
    return _wrap(array, _Variable(array.shape, array.dtype))


def _pull(
    outputs: list[Any], cotangents: list[Any], inputs: list[Tensor], since: int, retain_graph: bool, tracked: bool
) -> list[Any]:
    seeds: dict[Any, Any] = {}
    for output, cotangent in zip(outputs, cotangents, strict=True):
        if isinstance(output, Tensor) and output._node is not None:
            seed = cotangent if tracked else getattr(cotangent, "_data", cotangent)
            seeds[output._node] = seeds[output._node] + seed if output._node in seeds else seed
    found = sweep(seeds, retain_graph or tracked, tracked, since)
    results = [found[v._node] if v._node in found else zeros(v.shape, v.dtype, tracked) for v in inputs]
    return results if tracked else [np.copy(result) for result in results]  # memory of their own


def zeros(shape: tuple[int, ...], dtype: Any, tracked: bool) -> Any:
    """Zeros as an array, or as a tensor where the backward pass is recorded."""
    return _wrap(np.zeros(shape, dtype)) if tracked else np.zeros(shape, dtype)


def like(values: list[Any], tree: Any, what: str, tracked: bool) -> list[Any]:
    """The leaves of `tree`, checked to have the shapes of `values` and brought to their dtypes."""
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


class Linearized:
    """A function at a point, ready to be multiplied with tangents.

    u ↦ uᵀJ is linear in u, so its own derivative is J whatever u is: the pullback, recorded with variables for u and
    pulled back once more.
    """

    def __init__(self, name: str, function: Function, primals: tuple[Any, ...]) -> None:
        self.level = level = Level(name, primals, tuple(range(len(primals))))
        self.out = level.run(function)
        with level.entered():
            self.outputs = leaves(self.out)
            for out in self.outputs:
                if not isinstance(out, Tensor | np.ndarray | np.generic | int | float):
                    raise TypeError(f"{name}: the function must return an array, not {type(out).__name__}")
            self.cotangents = [leaf(np.zeros(np.shape(out), np.result_type(out))) for out in self.outputs]
            self.since = tick()
            self.rows = _pull(self.outputs, self.cotangents, level.variables, level.since, True, True)

    def push(self, tangents: list[Any], tracked: bool) -> list[Any]:
        """J v for each output."""
        with self.level.entered():
            return _pull(self.rows, tangents, self.cotangents, self.since, True, tracked)


def blocks(linear: Linearized) -> list[Any]:
    """For each variable the derivative of the only output, of the output's shape followed by the variable's.

    Row by row or column by column, whichever are fewer.
    """
    level, out = linear.level, linear.out
    variables, tracked = level.variables, level.tracked
    shapes = [(*np.shape(out), *variable.shape) for variable in variables]
    with enable_grad():
        if np.size(out) <= sum(variable.size for variable in variables):
            rows = [level.pull([out], [unit], retain_graph=True) for unit in basis(out, tracked)]
            stacks: list[Any] = [stack(list(row)) for row in zip(*rows, strict=True)]
        else:
            stacks = [
                stack([linear.push(v, tracked)[0] for v in _directions(variables, i, tracked)], -1)
                if variable.size
                else None
                for i, variable in enumerate(variables)
            ]
        stacks = stacks or [None] * len(variables)
        return [
            zeros(shape, variable.dtype, tracked) if block is None else block.reshape(shape)
            for block, shape, variable in zip(stacks, shapes, variables, strict=True)
        ]


def _directions(variables: list[Tensor], chosen: int, tracked: bool) -> Iterator[list[Any]]:
    """The unit vectors of one variable, with zeros for the others."""
    for unit in basis(variables[chosen], tracked):
        yield [unit if i == chosen else zeros(v.shape, v.dtype, tracked) for i, v in enumerate(variables)]


def basis(like: Any, tracked: bool) -> Iterator[Any]:
    """The arrays of the shape of `like` with a single 1."""
    for i in range(math.prod(np.shape(like))):
        unit = np.zeros(np.shape(like), np.result_type(like))
        unit.flat[i] = 1
        yield _wrap(unit) if tracked else unit
