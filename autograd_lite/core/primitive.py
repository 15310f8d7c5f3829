"""How an operation is declared: a NumPy function and one NumPy rule per argument.

    exp = primitive(np.exp, x=lambda g, out: g * out)
    multiply = primitive(np.multiply, x=lambda g, y: g * y, y=lambda g, x: g * x)

A rule is named after the argument that it differentiates. Its first parameter is `g`, the gradient of the result. The
others name what it needs: any argument, the result `out`, the shape of its own argument (`x_shape` in the rule for
`x`), or a residual, a value that the forward function returned besides its result. Values that no rule names are not
saved. Broadcasting is undone by the engine, in one place.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from types import FunctionType
from typing import Any, ParamSpec, overload

import numpy as np

from autograd_lite.core.codegen import write_call, write_pull
from autograd_lite.core.declaration import Declaration, Rule
from autograd_lite.core.graph import Node
from autograd_lite.core.numpy_protocols import numpy_operations
from autograd_lite.core.outputs import Result, wrap_outputs
from autograd_lite.core.tensor import Tensor, _wrap
from autograd_lite.support.source import parameter_names

P = ParamSpec("P")


class Primitive(Declaration):
    """An operation as the engine uses it: what was declared, and its rules; the attribute `primitive` of its function.

    Attributes
    ----------
    name : str
    forward : callable
        The NumPy function; with residuals it returns ``(out, *residuals)``.
    is_ufunc, is_foreign : bool
        Whether `forward` is a ufunc, or else a user's function, which may return arrays of any kind.
    rules, needs, residuals : dict
        For each differentiable argument its derivative rule, and the names of what the rule needs. For each residual
        the formula that computes it again, or None.
    joint : callable or None
        The rule for all arguments at once, if there is one.
    outputs, results : int, list of Result
        The number of results, and, if there are several, the operation of each result's node.
    parameters, arguments, differentiable : list of inspect.Parameter, tuple of str, tuple of str
        All parameters, their names, and the names of those with a rule, in the order of a node's parents.
    variadic : str or None
        The argument that takes any number of operands. It has one parent per operand, and they come last.
    saved_names, keepers, unsaved_names : tuple of str, dict of str to set of str, tuple of str
        What a node saves, for each value the arguments whose gradients need it, and arguments that it need not save.
    """

    @functools.cached_property
    def results(self) -> list[Result]:
        return [Result(self.name, number) for number in range(self.outputs)] if self.outputs > 1 else []

    @functools.cached_property
    def pull(self) -> Callable[..., tuple[Any, ...]]:
        """The rules of all arguments in one function, written when first needed: many never are."""
        return write_pull(self)

    def lift(self, node: Node) -> tuple[Any, ...]:
        """The saved values of `node` as tensors connected with the graph, for second derivatives."""
        values = dict(zip(self.saved_names, node.saved or (), strict=True))
        for position, name in enumerate(self.differentiable):
            if values.get(name) is None:
                continue
            if name == self.variadic:
                origins = node.parents[position:]
                values[name] = tuple(
                    value if origin is None else _wrap(value, origin)
                    for value, origin in zip(values[name], origins, strict=True)
                )
            elif node.parents[position] is not None:
                values[name] = _wrap(values[name], node.parents[position])
        if values.get("out") is not None:
            values["out"] = wrap_outputs(self.name, values["out"], node) if self.results else _wrap(values["out"], node)
        for residual, formula in self.residuals.items():
            if values.get(residual) is None:
                continue
            if formula is None:
                raise RuntimeError(
                    f"{self.name}: cannot be differentiated twice, because its residual {residual!r} "
                    "was declared without the formula that computes it again"
                )
            values[residual] = formula(*[values[name] for name in parameter_names(formula)])
        return tuple(values.values())

    def describe_rule(self, position: int) -> str:
        """The rule for a node's parent at `position`, as error messages name it."""
        argument = self.differentiable[min(position, len(self.differentiable) - 1)]
        return f"{self.name}: the derivative rule for {argument!r}"


@overload
def primitive(forward: np.ufunc, /, **declaration: Any) -> Callable[..., Tensor]: ...
@overload
def primitive(forward: Callable[P, Any], /, **declaration: Any) -> Callable[P, Tensor]: ...
@overload
def primitive(**declaration: Any) -> Callable[[Callable[P, Any]], Callable[P, Tensor]]: ...
def primitive(
    forward: Callable[..., Any] | None = None,
    /,
    *,
    residuals: dict[str, Rule | None] | None = None,
    name: str | None = None,
    doc: str | None = None,
    numpy: Any = None,
    outputs: int = 1,
    joint: tuple[tuple[str, ...], Rule] | None = None,
    **rules: Rule | None,
) -> Any:
    """Declare a differentiable operation: a NumPy function and one derivative rule per argument.

    Parameters
    ----------
    forward : callable
        The function of arrays: a NumPy ufunc, or any function of arrays (``*operands`` too). With `residuals` it
        returns ``(out, *residuals)``. If it is omitted, `primitive` is a decorator.
    residuals : dict of str to (callable or None), optional
        The values that the forward function returns for the rules besides its result. Each comes with the formula that
        computes it again from arguments or `out`, for second derivatives; with None, a second derivative is refused.
    name : str, optional
        The name in errors and graphs; by default that of `forward`.
    doc : str, optional
        The docstring; by default that of `forward`.
    numpy : NumPy function or tuple of them, optional
        The functions of NumPy that call this operation when they are given a tensor. A ufunc `forward` does so anyway.
    outputs : int, default 1
        The number of results. If there are several, `forward` returns a tuple of them (``(results, *residuals)`` with
        residuals), `out` is that tuple, and `g` a tuple with the gradient of each.
    joint : pair of a tuple of str and a callable, optional
        One rule for all arguments at once, if their rules share work: their names, in the order of the signature, and
        the rule, which returns a gradient for each.
    **rules : callable
        For each differentiable argument ``rule(g, ...)``: the gradient of the loss with respect to that argument,
        given the gradient `g` with respect to the result. Further parameters name what the rule needs: arguments,
        `out`, the argument's own shape (`x_shape` for `x`), residuals. The rule of ``*operands`` returns one gradient
        per operand.

    Returns
    -------
    callable
        The operation. Given arrays it returns arrays; given a tensor it returns a tensor and is recorded.

    Raises
    ------
    TypeError
        If a rule is for an unknown argument, has a parameter that names nothing known, or does not take `g` first.

    Examples
    --------
    >>> from autograd_lite import Tensor
    >>> cube = primitive(lambda x: x**3, name="cube", x=lambda g, x: g * 3 * x**2)
    >>> x = Tensor(2.0, requires_grad=True)
    >>> cube(x).backward()
    >>> x.grad
    array(12.)
    """
    module = sys._getframe(1).f_globals.get("__name__")

    def declare(forward: Callable[..., Any]) -> Callable[..., Any]:
        operation = Primitive(forward, rules, residuals or {}, name, outputs, joint)
        function = write_call(operation)
        function.__doc__ = doc or forward.__doc__
        function.__module__ = str(module or getattr(forward, "__module__", ""))
        function.__annotations__ = dict(getattr(forward, "__annotations__", {}))
        if isinstance(forward, FunctionType):  # `typing.get_type_hints` resolves annotations in the forward's module
            function.__wrapped__ = forward  # type: ignore[attr-defined]
        function.primitive = operation  # type: ignore[attr-defined]
        for target in (forward, *(numpy if isinstance(numpy, tuple) else (numpy,))):
            if isinstance(target, np.ufunc) or (target is not forward and target is not None):
                if numpy_operations.is_taken(target):
                    raise TypeError(f"{operation.name}: {target} is the operation {numpy_operations[target]} already")
                numpy_operations[target] = function
        return function

    return declare if forward is None else declare(forward)
