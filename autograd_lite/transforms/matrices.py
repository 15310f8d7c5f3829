"""Matrices of derivatives: jacobian, hessian, and hvp, which multiplies with the Hessian without building it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from autograd_lite.core.grad_mode import enable_grad
from autograd_lite.core.tensor import Tensor, _wrap
from autograd_lite.ops.arrays.shape import stack
from autograd_lite.support.tree import rebuild
from autograd_lite.transforms.differentiated_call import (
    Argnums,
    Function,
    LinearizedCall,
    check_function,
    chosen_arguments,
    zeros,
)
from autograd_lite.transforms.functions import grad, jvp


def jacobian(function: Function, argnums: Argnums = 0) -> Function:
    """The function that computes the Jacobian ∂y/∂x, of the shape of y followed by the shape of x.

    It is built from rows or from columns, whichever are fewer.

    Parameters
    ----------
    function : callable
        Returns an array.
    argnums : int or sequence of int, default 0

    Returns
    -------
    callable
        Returns the Jacobian in the structure of the argument, or a tuple for several.

    Examples
    --------
    >>> jacobian(lambda x: x**2)(np.array([1.0, 2.0]))
    array([[2., 0.],
           [0., 4.]])
    """
    check_function("jacobian", function)

    def differentiated(*arguments: Any) -> Any:
        chosen = chosen_arguments("jacobian", arguments, argnums)

        def of_chosen(*values: Any) -> Any:
            changed = list(arguments)
            for i, value in zip(chosen, values, strict=True):
                changed[i] = value
            return function(*changed)

        linearized = LinearizedCall("jacobian", of_chosen, tuple(arguments[i] for i in chosen))
        if not isinstance(linearized.out, Tensor | np.ndarray | np.generic | float):
            raise TypeError(f"jacobian: the function must return an array, not {type(linearized.out).__name__}")
        tree = linearized.call.result(rebuild(linearized.call.structure, _jacobians(linearized)))
        return tree[0] if isinstance(argnums, int) else tree

    return differentiated


def hessian(function: Function, argnums: Argnums = 0) -> Function:
    """The function that computes the Hessian ∂²f/∂x∂x of a scalar function, of the shape of x twice.

    Examples
    --------
    >>> hessian(lambda x: x[0] * x[1])(np.array([3.0, 4.0]))
    array([[0., 1.],
           [1., 0.]])
    """
    return jacobian(grad(function, argnums), argnums)


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


def _jacobians(linearized: LinearizedCall) -> list[Any]:
    """For each variable the Jacobian of the only output, from rows or columns, whichever are fewer."""
    call, out = linearized.call, linearized.out
    variables, tracked = call.variables, call.tracked
    shapes = [(*np.shape(out), *variable.shape) for variable in variables]
    with enable_grad():
        if np.size(out) <= sum(variable.size for variable in variables):
            rows = [call.pull([out], [unit], retain_graph=True) for unit in _basis(out, tracked)]
            stacks: list[Any] = [stack(list(row)) for row in zip(*rows, strict=True)] or [None] * len(variables)
        else:
            stacks = [
                stack([linearized.push(v, tracked)[0] for v in _directions(variables, i, tracked)], -1)
                if variable.size
                else None
                for i, variable in enumerate(variables)
            ]
        return [
            zeros(shape, variable.dtype, tracked) if entries is None else entries.reshape(shape)
            for entries, shape, variable in zip(stacks, shapes, variables, strict=True)
        ]


def _directions(variables: list[Tensor], chosen: int, tracked: bool) -> Iterator[list[Any]]:
    """The unit vectors of one variable, with zeros for the others."""
    for unit in _basis(variables[chosen], tracked):
        yield [unit if i == chosen else zeros(v.shape, v.dtype, tracked) for i, v in enumerate(variables)]


def _basis(like: Any, tracked: bool) -> Iterator[Any]:
    """The arrays of the shape of `like` with a single 1."""
    for i in range(math.prod(np.shape(like))):
        unit = np.zeros(np.shape(like), np.result_type(like))
        unit.flat[i] = 1
        yield _wrap(unit) if tracked else unit
