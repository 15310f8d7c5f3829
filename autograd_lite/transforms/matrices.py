"""Matrices of derivatives: jacobian, hessian, and hvp, which multiplies with the Hessian without building it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd_lite.core.grad_mode import enable_grad
from autograd_lite.core.tensor import Tensor
from autograd_lite.support.checks import check_positive_integer, check_sequence
from autograd_lite.support.tree import map_leaves, rebuild
from autograd_lite.transforms.differentiated_call import (
    ARRAYS,
    Argnums,
    Function,
    LinearizedCall,
    check_function,
    chosen_arguments,
    is_one,
    zeros,
)
from autograd_lite.transforms.functions import grad, jvp, named_after
from autograd_lite.transforms.sparse_matrices import Sparsity, sparse_jacobians
from autograd_lite.transforms.sweeps import products, unit_vectors, vectors_at_once


def jacobian(
    function: Function, argnums: Argnums = 0, *, chunk_size: int | None = None, sparsity: Any = None
) -> Function:
    """The function that computes the Jacobian ∂y/∂x, of the shape of y followed by the shape of x.

    Where x or y is a tuple, list or dict of arrays, so is the Jacobian: for each array of y the structure of x.

    It is built from rows or from columns, whichever are fewer, and from many of them in one sweep: the unit vectors are
    the elements of a batch (see `vmap`).

    With `sparsity`, rows (or columns) that have no entry in the same place are computed as their sum. A tridiagonal
    Jacobian takes 3 vectors, however large it is.

    Parameters
    ----------
    function : callable
        Returns an array, or a structure of arrays. Keyword arguments are passed to it, and are not differentiated.
    argnums : int or sequence of int, default 0
    chunk_size : int, optional
        How many vectors (rows, columns or sums of them) are multiplied with in one sweep. Each costs as much memory as
        one pass through the function. By default as many as keep its largest array below 64 MiB.
    sparsity : array of bool, or sparse matrix of SciPy, optional
        Where the Jacobian may differ from zero, of shape (size of y, size of x), for arrays in C order. What is stored
        in a sparse matrix counts, zeros as well. For several arguments a sequence with a pattern for each. Needs SciPy
        (``pip install "autograd-lite[sparse]"``).

    Returns
    -------
    callable
        Returns the Jacobian in the structure of the argument, or a tuple for several. With `sparsity` each argument is
        one array, and its Jacobian a ``scipy.sparse.csr_array`` of the shape of the pattern, which stores all its
        entries. It is in float32 for float16, and an array for tensors as well.

    Raises
    ------
    ValueError
        If `chunk_size` is not a positive integer. In a call, if `sparsity` has another shape, or misses entries of the
        Jacobian at this point.
    TypeError
        If the function returns something else than arrays, or an argument is not floating-point. In a call with
        `sparsity`, if the Jacobian would have to be differentiated: inside another transform, or where the function
        uses other tensors that require gradients, outside of `no_grad`. Inside `vmap` as well.
    CompileError
        In a call with `sparsity` while `compile` records.

    Notes
    -----
    The pattern is colored greedily, once, when `jacobian` is called (Curtis, Powell and Reid 1974; Coleman and Moré
    1983). A pattern that misses entries would give wrong numbers. So the product with a random vector is computed, too,
    which costs one more vector in the sweep, and compared with that of the result. Where they differ by more than 100
    units in the last place, whole rows or columns are computed; for functions with large rounding errors that can take
    as long as the dense Jacobian. An entry that is smaller than that, compared with others in its row or column, is
    not noticed.

    Examples
    --------
    >>> jacobian(lambda x: x**2)(np.array([1.0, 2.0]))
    array([[2., 0.],
           [0., 4.]])
    >>> jacobian(lambda p, x: p["w"] * x + p["b"])({"w": 2.0, "b": 1.0}, x=np.array([3.0, 4.0]))
    {'w': array([3., 4.]), 'b': array([1., 1.])}
    >>> jacobian(lambda x: x[1:] * x[:-1], sparsity=[[1, 1, 0], [0, 1, 1]])(np.array([1.0, 2.0, 3.0])).toarray()
    array([[2., 1., 0.],
           [0., 3., 2.]])
    """
    check_function("jacobian", function)
    if chunk_size is not None:
        check_positive_integer("jacobian", chunk_size=chunk_size)
    if sparsity is None:
        known = None
    else:
        known = Sparsity([sparsity] if is_one(argnums) else check_sequence("jacobian: sparsity", sparsity))

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
        if known is not None:
            with enable_grad():
                matrices = tuple(sparse_jacobians(linearized, known, chunk_size))
            return matrices[0] if is_one(argnums) else matrices

        def of_output(out: Any) -> Any:
            if not isinstance(out, Tensor | ARRAYS | float):
                raise TypeError(f"jacobian: the function must return an array, not {type(out).__name__}")
            with enable_grad():
                tree = call.result(rebuild(call.structure, _jacobians(linearized, out, chunk_size)))
            return tree[0] if is_one(argnums) else tree

        return map_leaves(of_output, linearized.out)

    return named_after(function, "jacobian", differentiated)


def hessian(
    function: Function, argnums: Argnums = 0, *, chunk_size: int | None = None, sparsity: Any = None
) -> Function:
    """The function that computes the Hessian ∂²f/∂x∂x of a scalar function, of the shape of x twice.

    The arguments are those of `jacobian`; `sparsity` has both halves of the matrix. For a dict x,
    ``hessian(f)(x)["a"]["b"]`` is ∂²f/∂a∂b; for several arguments the Hessian is a tuple of tuples.

    Examples
    --------
    >>> hessian(lambda x: x[0] * x[1])(np.array([3.0, 4.0]))
    array([[0., 1.],
           [1., 0.]])
    """
    return jacobian(grad(function, argnums), argnums, chunk_size=chunk_size, sparsity=sparsity)


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
    check_function("hvp", function)
    gradient = grad(function, tuple(range(len(primals))))
    return jvp(gradient, primals, tangents)[1]


def _jacobians(linearized: LinearizedCall, out: Any, chunk_size: int | None) -> list[Any]:
    """For each variable the Jacobian of one of the outputs, from rows or columns, whichever are fewer."""
    call, which = linearized.call, [other is out for other in linearized.outputs].index(True)
    length = chunk_size or vectors_at_once(out, call.variables)
    variables, tracked = call.variables, call.tracked
    shapes = [(*np.shape(out), *variable.shape) for variable in variables]
    if np.size(out) <= sum(variable.size for variable in variables):
        units = unit_vectors(out, length)
        stacks = products(units, tracked, lambda unit: call.pull([out], [unit], retain_graph=True))
    else:
        stacks, linearized = [], linearized.recorded()
        for chosen, variable in enumerate(variables):

            def push(unit: Any, chosen: int = chosen) -> list[Any]:
                others = [zeros(v.shape, v.dtype, tracked) for v in variables]
                return linearized.push([*others[:chosen], unit, *others[chosen + 1 :]], tracked)

            columns = products(unit_vectors(variable, length), tracked, push)
            stacks.append(np.moveaxis(columns[which], 0, -1) if columns else None)
    return [
        zeros(shape, variable.dtype, tracked) if entries is None else entries.reshape(shape)
        for entries, shape, variable in zip(stacks or [None] * len(variables), shapes, variables, strict=True)
    ]
