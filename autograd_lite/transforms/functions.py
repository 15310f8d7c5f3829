"""Derivatives of functions as functions: grad, value_and_grad, vjp and jvp.

They differentiate functions of positional arguments that are numbers, arrays, tensors, or nested tuples, lists and
dicts of them. For arrays they return arrays, for tensors they return tensors, and they nest in any order. If the
function uses other tensors that require gradients, the results are tensors that depend on them, except in `no_grad`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from autograd_lite.core.backward import sweep
from autograd_lite.core.grad_mode import enable_grad
from autograd_lite.core.tensor import Tensor, _wrap
from autograd_lite.support.messages import show
from autograd_lite.support.tree import leaves, rebuild
from autograd_lite.transforms.differentiated_call import (
    ARRAYS,
    Argnums,
    DifferentiatedCall,
    Function,
    LinearizedCall,
    check_function,
    like,
    zeros,
)


def named_after(function: Function, transform: str, result: Function) -> Function:
    """The result of a transform with the signature of the function, and a name such as "grad(loss)" for messages."""
    result.__wrapped__ = function  # type: ignore[attr-defined]
    result.__name__ = f"{transform}({getattr(function, '__name__', 'fn')})".replace("<lambda>", "fn")
    return result


def _scalar_dtype(name: str, out: Any) -> Any:
    """The dtype of the result of a function; TypeError if it is not a floating-point scalar."""
    is_array = isinstance(out, Tensor | ARRAYS)
    if out.shape if is_array else not isinstance(out, int | float):
        what = f"shape {out.shape}" if is_array else type(out).__name__
        raise TypeError(f"{name}: the function must return a scalar, not {what}; use jacobian for arrays")
    dtype = out.dtype if is_array else np.result_type(out)
    if dtype.kind != "f":
        raise TypeError(f"{name}: the function must return a floating-point number, not {dtype}")
    return dtype


def _with_aux(name: str, out: Any, has_aux: bool) -> tuple[Any, Any]:
    if not has_aux:
        return out, None
    if not isinstance(out, tuple | list) or len(out) != 2:
        raise TypeError(f"{name}: with has_aux=True the function must return a pair, not {type(out).__name__}")
    return out[0], out[1]


def value_and_grad(function: Function, argnums: Argnums = 0, has_aux: bool = False) -> Function:
    """The function that returns both ``function(*args)``, a scalar, and its gradient.

    Parameters
    ----------
    function : callable
        Returns a scalar; with `has_aux`, a pair of the scalar and anything else.
    argnums : int or sequence of int, default 0
        Which positional arguments to differentiate with respect to.
    has_aux : bool, default False

    Returns
    -------
    callable
        Returns ``(value, gradient)`` or ``((value, aux), gradient)``. The gradient has the structure of the argument,
        or is a tuple for several. For arrays both are arrays, unless the function uses tensors that require gradients.

    Raises
    ------
    TypeError
        If the function does not return a floating-point scalar, or an argument is not floating-point.

    Examples
    --------
    >>> value_and_grad(lambda w: (w**2).sum())(np.array([1.0, 2.0]))
    (np.float64(5.0), array([2., 4.]))
    """
    return named_after(function, "value_and_grad", _value_and_grad("value_and_grad", function, argnums, has_aux))


def _value_and_grad(name: str, function: Function, argnums: Argnums, has_aux: bool) -> Function:
    check_function(name, function)

    def differentiated(*arguments: Any, **options: Any) -> Any:
        call = DifferentiatedCall(name, arguments, argnums)
        out, aux = _with_aux(name, call.run(function, **options), has_aux)
        seed = np.ones((), _scalar_dtype(name, out))
        gradients = call.pull([out], [_wrap(seed) if call.tracked else seed])
        gradient = call.result(rebuild(call.structure, gradients))
        value = call.result(out)
        return ((value, call.result(aux)) if has_aux else value), gradient

    return differentiated


def grad(function: Any, argnums: Any = 0, has_aux: bool = False, **options: Any) -> Any:
    """The gradient of a scalar function, as a function; or the gradients of a tensor with respect to others.

    ``grad(function, argnums=0, has_aux=False)`` is the function that computes ∇f. It nests: ``grad(grad(f))``. For
    arrays it returns arrays, or tensors if the function uses other tensors that require gradients.

    ``grad(output, inputs, gradient=None, retain_graph=False, create_graph=False)`` returns the gradients of a tensor
    with respect to a tensor or a sequence of them, leaves or not, as tensors. No `.grad` is changed. With
    `create_graph` they can be differentiated again.

    Parameters
    ----------
    function : callable, or Tensor
    argnums : int or sequence of int, default 0; or the inputs
    has_aux : bool, default False
        Whether the function returns a pair of the scalar and anything else; the gradient function then returns a pair.

    Raises
    ------
    TypeError
        If the function does not return a floating-point scalar, or an argument is not floating-point.
    RuntimeError
        If the output tensor does not depend on anything that requires gradients.

    Examples
    --------
    >>> grad(np.tanh)(0.0)
    array(1.)
    >>> grad(grad(grad(np.sin)))(0.0)
    array(-1.)
    >>> x = Tensor(3.0, requires_grad=True)
    >>> y = x * x
    >>> grad(y * y, [x, y])
    [Tensor(108.), Tensor(18.)]
    >>> w = Tensor(2.0, requires_grad=True)
    >>> grad(lambda t: w * t**3)(1.0).backward()  # d/dw of 3 w t²
    >>> w.grad
    array(3.)
    """
    if isinstance(function, Tensor):
        return _gradients(function, argnums, **options)
    if options:
        raise TypeError(f"grad() got an unexpected keyword argument {show(next(iter(options)))}")
    both = _value_and_grad("grad", function, argnums, has_aux)

    def gradient(*arguments: Any, **keywords: Any) -> Any:
        value, result = both(*arguments, **keywords)
        return (result, value[1]) if has_aux else result

    return named_after(function, "grad", gradient)


def _gradients(
    output: Tensor, inputs: Any, gradient: Any = None, retain_graph: bool = False, create_graph: bool = False
) -> Any:
    if not isinstance(inputs, Iterable):
        raise TypeError(f"grad: inputs must be a tensor or a sequence of them, not {show(inputs)}")
    wanted = [inputs] if isinstance(inputs, Tensor) else list(inputs)
    for tensor in wanted:
        if not isinstance(tensor, Tensor) or tensor._node is None:
            raise RuntimeError("grad: every input must be a tensor that requires gradients, or was computed from one")
    if output._node is None:
        raise RuntimeError("grad: the output does not require gradients, nor does any tensor it was computed from")
    seed = output._seed(gradient, create_graph)
    watched = {tensor._node: None for tensor in wanted}
    with enable_grad():
        seeds = {output._node: seed}
        found = sweep(seeds, retain_graph or create_graph, create_graph, watched=watched)
    results = [watched[t._node] if watched[t._node] is not None else found.get(t._node) for t in wanted]
    tensors = [
        zeros(t.shape, t.dtype, True) if r is None else r if isinstance(r, Tensor) else _wrap(np.copy(r))
        for t, r in zip(wanted, results, strict=True)
    ]
    return tensors[0] if isinstance(inputs, Tensor) else tensors


def vjp(function: Function, *primals: Any, has_aux: bool = False) -> Any:
    """The value of a function and its pullback u ↦ uᵀJ, the product of a row vector with the Jacobian.

    Parameters
    ----------
    function : callable
        Returns an array, or nested tuples, lists and dicts of them; with `has_aux`, a pair of that and anything else.
    *primals
        The point; all primals are differentiated.

    Returns
    -------
    value, pullback : and aux, with `has_aux`
        ``pullback(cotangent)``, for a cotangent of the structure of the value, returns a tuple with one gradient for
        each primal. It can be called repeatedly.

    Examples
    --------
    >>> value, pullback = vjp(np.sin, np.array([0.0, np.pi]))
    >>> pullback(np.array([1.0, 10.0]))
    (array([  1., -10.]),)
    """
    check_function("vjp", function)
    call = DifferentiatedCall("vjp", primals, tuple(range(len(primals))))
    out, aux = _with_aux("vjp", call.run(function), has_aux)
    outputs = leaves(out)

    def pullback(cotangent: Any) -> Any:
        tracked = call.tracked_if_recorded(cotangent)
        cotangents = like(outputs, cotangent, "vjp: the cotangent", tracked.tracked)
        return tracked.result(rebuild(call.structure, tracked.pull(outputs, cotangents, retain_graph=True)))

    value = call.result(out, copy=True)
    return (value, pullback, call.result(aux, copy=True)) if has_aux else (value, pullback)


def jvp(function: Function, primals: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, Any]:
    """The value of a function and its derivative along tangents, J v: forward mode.

    Parameters
    ----------
    function : callable
        Returns an array, or nested tuples, lists and dicts of them.
    primals, tangents : sequences of the same structure
        The point and the direction.

    Returns
    -------
    value, derivative : of the same structure

    Raises
    ------
    ValueError
        If the tangents do not have the shapes of the primals.

    Examples
    --------
    >>> jvp(np.multiply, (3.0, 4.0), (1.0, 10.0))
    (np.float64(12.0), array(34.))
    """
    check_function("jvp", function)
    linearized = LinearizedCall("jvp", function, tuple(primals))
    call = linearized.call.tracked_if_recorded(tangents)
    given = like(call.variables, tuple(tangents), "jvp: the tangent", call.tracked)
    derivative = call.result(rebuild(linearized.out, linearized.push(given, call.tracked)))
    return linearized.call.result(linearized.out), derivative
