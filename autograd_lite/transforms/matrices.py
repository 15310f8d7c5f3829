"""Matrices of derivatives: jacobian, hessian, and hvp, which multiplies with the Hessian without building it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograd_lite.batching.axes import Axis
from autograd_lite.batching.batch import Batch
from autograd_lite.core.grad_mode import enable_grad
from autograd_lite.core.graph import Node
from autograd_lite.core.tensor import Tensor, _wrap
from autograd_lite.ops.arrays.shape import concatenate
from autograd_lite.support.checks import check_positive_integer
from autograd_lite.support.tree import map_leaves, rebuild
from autograd_lite.transforms.differentiated_call import (
    ARRAYS,
    Argnums,
    Function,
    LinearizedCall,
    check_function,
    chosen_arguments,
    zeros,
)
from autograd_lite.transforms.functions import grad, jvp
from autograd_lite.transforms.hidden_axes import leave

# How many numbers an intermediate result of a batch of rows may have, by default: 64 MiB of float64.
_MOST_NUMBERS = 1 << 23


def jacobian(function: Function, argnums: Argnums = 0, *, chunk_size: int | None = None) -> Function:
    """The function that computes the Jacobian ∂y/∂x, of the shape of y followed by the shape of x.

    Where x or y is a tuple, list or dict of arrays, so is the Jacobian: for each array of y the structure of x.

    It is built from rows or from columns, whichever are fewer, and from many of them in one sweep: the unit vectors are
    the elements of a batch (see `vmap`).

    Parameters
    ----------
    function : callable
        Returns an array, or a structure of arrays. Keyword arguments are passed to it, and are not differentiated.
    argnums : int or sequence of int, default 0
    chunk_size : int, optional
        How many rows or columns are computed in one sweep. Each costs as much memory as one pass through the function.
        By default as many as keep its largest array below 64 MiB.

    Returns
    -------
    callable
        Returns the Jacobian in the structure of the argument, or a tuple for several.

    Raises
    ------
    ValueError
        If `chunk_size` is not a positive integer.
    TypeError
        If the function returns something else than arrays, or an argument is not floating-point.

    Examples
    --------
    >>> jacobian(lambda x: x**2)(np.array([1.0, 2.0]))
    array([[2., 0.],
           [0., 4.]])
    >>> jacobian(lambda p, x: p["w"] * x + p["b"])({"w": 2.0, "b": 1.0}, x=np.array([3.0, 4.0]))
    {'w': array([3., 4.]), 'b': array([1., 1.])}
    """
    check_function("jacobian", function)
    if chunk_size is not None:
        check_positive_integer("jacobian", chunk_size=chunk_size)

    def differentiated(*arguments: Any, **options: Any) -> Any:
        chosen = chosen_arguments("jacobian", arguments, argnums)

        def of_chosen(*values: Any) -> Any:
            changed = list(arguments)
            for i, value in zip(chosen, values, strict=True):
                changed[i] = value
            return function(*changed, **options)

        linearized = LinearizedCall("jacobian", of_chosen, tuple(arguments[i] for i in chosen))
        call = linearized.call
        if not linearized.outputs:
            raise TypeError(f"jacobian: the function must return an array, not {type(linearized.out).__name__}")

        def of_output(out: Any) -> Any:
            if not isinstance(out, Tensor | ARRAYS | float):
                raise TypeError(f"jacobian: the function must return an array, not {type(out).__name__}")
            tree = call.result(rebuild(call.structure, _jacobians(linearized, out, chunk_size)))
            return tree[0] if isinstance(argnums, int) else tree

        return map_leaves(of_output, linearized.out)

    return differentiated


def hessian(function: Function, argnums: Argnums = 0, *, chunk_size: int | None = None) -> Function:
    """The function that computes the Hessian ∂²f/∂x∂x of a scalar function, of the shape of x twice.

    The arguments are those of `jacobian`. For a dict x, ``hessian(f)(x)["a"]["b"]`` is ∂²f/∂a∂b; for several arguments
    the Hessian is a tuple of tuples.

    Examples
    --------
    >>> hessian(lambda x: x[0] * x[1])(np.array([3.0, 4.0]))
    array([[0., 1.],
           [1., 0.]])
    """
    return jacobian(grad(function, argnums), argnums, chunk_size=chunk_size)


def hvp(function: Function, primals: Sequence[Any], tangents: Sequence[Any]) -> Any:
    """The Hessian of a scalar function times a vector, ∇²f(x) v, without building the Hessian.

    Parameters
    ----------
    function : callable
        Returns a scalar.
    primals, tangents : sequences of the same structure
        The point x and the vector v.

    Returns
    -------
    tuple
        The product for each primal, in its structure.

    Examples
    --------
    >>> hvp(lambda x: (x**3).sum(), [np.array([1.0, 2.0])], [np.array([1.0, 1.0])])
    (array([ 6., 12.]),)
    """
    gradient = grad(function, tuple(range(len(primals))))
    return jvp(gradient, primals, tangents)[1]


def _jacobians(linearized: LinearizedCall, out: Any, chunk_size: int | None) -> list[Any]:
    """For each variable the Jacobian of one of the outputs, from rows or columns, whichever are fewer."""
    call, which = linearized.call, [other is out for other in linearized.outputs].index(True)
    variables, tracked = call.variables, call.tracked
    shapes = [(*np.shape(out), *variable.shape) for variable in variables]
    length = chunk_size or _rows_at_once(out, variables)
    with enable_grad():
        if np.size(out) <= sum(variable.size for variable in variables):
            stacks = _stacked(out, length, tracked, lambda unit: call.pull([out], [unit], retain_graph=True))
        else:
            stacks = []
            for chosen, variable in enumerate(variables):

                def push(unit: Any, chosen: int = chosen) -> list[Any]:
                    others = [zeros(v.shape, v.dtype, tracked) for v in variables]
                    return linearized.push([*others[:chosen], unit, *others[chosen + 1 :]], tracked)

                columns = _stacked(variable, length, tracked, push)
                stacks.append(np.moveaxis(columns[which], 0, -1) if columns else None)
        return [
            zeros(shape, variable.dtype, tracked) if entries is None else entries.reshape(shape)
            for entries, shape, variable in zip(stacks or [None] * len(variables), shapes, variables, strict=True)
        ]


def _stacked(like: Any, length: int, tracked: bool, pull: Callable[[Any], list[Any]]) -> list[Any]:
    """What `pull` returns for each array of the shape of `like` with a single 1; nothing if there are no such arrays.

    The arrays are the elements of a batch.
    """
    size, dtype = math.prod(np.shape(like)), np.result_type(like)
    parts = []
    for start in range(0, size, length):
        units = np.eye(min(length, size - start), size, start, dtype=dtype)
        axis = Axis(len(units))
        unit = Batch(units.reshape(len(units), *np.shape(like)), axis)
        with axis.entered():
            found = pull(_wrap(unit) if tracked else unit)
        parts.append([leave(value, axis, 0) for value in found])
    join = concatenate if tracked else np.concatenate
    return [rows[0] if len(rows) == 1 else join(rows) for rows in zip(*parts, strict=True)]


def _rows_at_once(out: Any, variables: list[Tensor]) -> int:
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
