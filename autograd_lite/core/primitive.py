"""How an operation is declared: a NumPy function and one NumPy rule per argument.

    exp = primitive(np.exp, x=lambda g, out: g * out)
    multiply = primitive(np.multiply, x=lambda g, y: g * y, y=lambda g, x: g * x)

A rule is named after the argument that it differentiates. Its first parameter is `g`, the gradient of the result; the
others name what it needs: any argument, the result `out`, the shape of its own argument (`x_shape` in the rule for
`x`), or a residual that the forward function kept. What no rule names is not kept. Broadcasting is undone by the
engine, once.
"""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable
from types import FunctionType
from typing import Any, ParamSpec, overload

import numpy as np

from autograd_lite.core.codegen import write_call, write_pull
from autograd_lite.core.graph import Node
from autograd_lite.core.outputs import Result, wrap_outputs
from autograd_lite.core.tensor import _wrap, numpy_operations
from autograd_lite.support.messages import show

P = ParamSpec("P")
Rule = Callable[..., Any]


class Primitive:
    """What the engine knows of an operation; the attribute `primitive` of every operation.

    Attributes
    ----------
    name : str
    forward : callable
        The NumPy function. With residuals it returns ``(out, *residuals)``.
    rules : dict of str to callable
        The derivative rules, by argument.
    residuals : dict of str to (callable or None)
        For each residual the formula that computes it again from arguments.
    joint : callable or None
        The rule for all arguments at once, if there is one.
    results : list of Result
        What stands for each result in the graph, if there are several.
    arguments, differentiable : tuple of str
        All arguments, and those with a rule, in the order of a node's parents.
    variadic : str or None
        The argument that takes any number of operands; it spreads into as many parents and comes last of them.
    saved_names : tuple of str
        What a node keeps, in this order.
    """

    def __init__(
        self,
        forward: Callable[..., Any],
        rules: dict[str, Rule | None],
        residuals: dict[str, Rule | None],
        name: str | None = None,
        outputs: int = 1,
        joint: tuple[tuple[str, ...], Rule] | None = None,
    ) -> None:
        if not callable(forward):
            raise TypeError(f"primitive: a function of arrays is needed, not {show(forward)}")
        if not (isinstance(rules, dict) and isinstance(residuals, dict)):
            wrong = residuals if isinstance(rules, dict) else rules
            raise TypeError(f"primitive: rules and residuals are dicts of names to functions, not {show(wrong)}")
        self.name = name or forward.__name__.strip("_")
        if not (isinstance(self.name, str) and self.name.isidentifier()):
            raise TypeError(f"primitive: {show(self.name)} is not a name for an operation; pass name=")
        self.forward = forward
        self.joint = joint[1] if joint else None
        rules = {**rules, **dict.fromkeys(joint[0], joint[1])} if joint else rules
        self.parameters = _parameters(forward, rules, self.name)
        self.arguments = tuple(parameter.name for parameter in self.parameters)
        self.variadic = next((p.name for p in self.parameters if p.kind is p.VAR_POSITIONAL), None)
        self.rules = {argument: rule for argument, rule in rules.items() if rule is not None}
        self.residuals = residuals
        self.results = [Result(self.name, number) for number in range(outputs)] if outputs > 1 else []
        self.needs = {argument: self._check_rule(argument, rule) for argument, rule in self.rules.items()}
        for residual, formula in residuals.items():
            if formula is not None and not callable(formula):
                raise TypeError(f"{self.name}: the formula of {residual!r} is a function or None, not {show(formula)}")
            for ingredient in _names(formula):
                if ingredient not in (*self.arguments, "out"):
                    raise TypeError(f"{self.name}: the formula of {residual!r} asks for the unknown {ingredient!r}")
        ordered = [argument for argument in self.arguments if argument in self.rules]
        self.differentiable = tuple(sorted(ordered, key=lambda argument: argument == self.variadic))
        if joint and self.differentiable != tuple(joint[0]):
            raise TypeError(
                f"{self.name}: a joint rule is for all arguments that have one, in the order of the signature, "
                f"{self.differentiable}, not {joint[0]}"
            )
        self.keepers = self._keepers()
        self.saved_names = tuple(self.keepers)

    @functools.cached_property
    def pull(self) -> Callable[..., tuple[Any, ...]]:
        """The rules of all arguments in one function, written when it is first needed: many never are."""
        return write_pull(self)

    def _check_rule(self, argument: str, rule: Rule) -> tuple[str, ...]:
        if argument not in self.arguments:
            raise TypeError(
                f"{self.name}: a rule for the unknown argument {argument!r}; "
                f"the arguments are {', '.join(self.arguments)}"
            )
        if not callable(rule):
            raise TypeError(f"{self.name}: the rule for {argument!r} is a function, not {show(rule)}")
        first, *needs = _names(rule) or ("nothing",)
        if first != "g":
            raise TypeError(f"{self.name}: the rule for {argument!r} must take the gradient `g` first, not {first}")
        known = (*self.arguments, "out", f"{argument}_shape", *self.residuals)
        for name in needs:
            if name not in known:
                raise TypeError(
                    f"{self.name}: the rule for {argument!r} asks for the unknown {name!r}; "
                    f"it can ask for {', '.join(known)}"
                )
        return tuple(needs)

    def _keepers(self) -> dict[str, set[str]]:
        """What must be saved, each with the arguments whose gradients need it."""
        keepers: dict[str, set[str]] = {}
        for argument in self.differentiable:
            for name in self.needs[argument]:
                if name == f"{argument}_shape" and argument != self.variadic:
                    continue  # the parent knows its shape
                for kept in (name, *_names(self.residuals.get(name))):
                    keepers.setdefault(kept, set()).add(argument)
        return keepers

    def lift(self, node: Node) -> tuple[Any, ...]:
        """The saved values of `node` as tensors that know their place in the graph, for second derivatives."""
        values = dict(zip(self.saved_names, node.saved or (), strict=True))
        for position, name in enumerate(self.differentiable):
            if name == self.variadic and name in values:
                origins = node.parents[position:]
                values[name] = tuple(
                    value if origin is None else _wrap(value, origin)
                    for value, origin in zip(values[name], origins, strict=True)
                )
            elif values.get(name) is not None and node.parents[position] is not None:
                values[name] = _wrap(values[name], node.parents[position])
        if values.get("out") is not None:
            values["out"] = wrap_outputs(values["out"], node) if self.results else _wrap(values["out"], node)
        for residual, formula in self.residuals.items():
            if values.get(residual) is None:
                continue
            if formula is None:
                raise RuntimeError(
                    f"{self.name}: cannot be differentiated twice, because its residual {residual!r} "
                    "was declared without the formula that computes it again"
                )
            values[residual] = formula(*[values[name] for name in _names(formula)])
        return tuple(values.values())

    def describe_rule(self, position: int) -> str:
        """How an error message calls the rule behind a node's parent at `position`."""
        argument = self.differentiable[min(position, len(self.differentiable) - 1)]
        return f"{self.name}: the derivative rule for {argument!r}"


def _names(function: Rule | None) -> tuple[str, ...]:
    if isinstance(function, FunctionType) and not hasattr(function, "__wrapped__"):  # a tenth of the time of the below
        code = function.__code__
        return code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    return tuple(inspect.signature(function).parameters) if function else ()


def _parameters(forward: Callable[..., Any], rules: dict[str, Rule | None], name: str) -> list[inspect.Parameter]:
    if isinstance(forward, np.ufunc):  # a ufunc has no argument names of its own
        if len(rules) != forward.nin:
            raise TypeError(
                f"{name}: the ufunc {forward.__name__} has {forward.nin} arguments, not {len(rules)} "
                f"({', '.join(rules)}); write None for an argument without a rule"
            )
        return [inspect.Parameter(argument, inspect.Parameter.POSITIONAL_OR_KEYWORD) for argument in rules]
    parameters = list(inspect.signature(forward).parameters.values())
    for parameter in parameters:
        if parameter.kind is parameter.VAR_KEYWORD:
            raise TypeError(f"{name}: **{parameter.name} is not possible; name the keyword arguments")
        if parameter.name in ("g", "out") or parameter.name.startswith("_"):
            raise TypeError(f"{name}: an argument cannot be called {parameter.name!r}, the engine uses that name")
    return parameters


@overload
def primitive(forward: np.ufunc, /, **declaration: Any) -> Callable[..., Any]: ...
@overload
def primitive(forward: Callable[P, Any], /, **declaration: Any) -> Callable[P, Any]: ...
@overload
def primitive(**declaration: Any) -> Callable[[Callable[P, Any]], Callable[P, Any]]: ...
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
        The function on arrays: a NumPy ufunc, or any function of arrays (``*operands`` too). With `residuals` it
        returns ``(out, *residuals)``. Left out, `primitive` is a decorator.
    residuals : dict of str to (callable or None), optional
        What the forward function keeps for the rules besides its result; for each the formula that computes it again
        from arguments or `out`, which second derivatives use. None: differentiating twice is refused.
    name : str, optional
        The name in errors and graphs; by default that of `forward`.
    doc : str, optional
        The docstring; by default that of `forward`.
    numpy : NumPy function or tuple of them, optional
        The functions of NumPy that become this operation when they meet a tensor. A ufunc `forward` does by itself.
    outputs : int, default 1
        The number of results. If there are several, `forward` returns a tuple of them (``(results, *residuals)`` with
        residuals), `out` is that tuple, and `g` a tuple with the gradient of each.
    joint : pair of a tuple of str and a callable, optional
        One rule for all arguments at once, where they share work: their names, in the order of the signature, and the
        rule that returns a gradient for each.
    **rules : callable
        For each differentiable argument ``rule(g, ...)``: the gradient of the loss with respect to that argument,
        given the gradient `g` with respect to the result. Further parameters name what the rule needs: arguments,
        `out`, the argument's own shape (`x_shape` for `x`), residuals. The rule of ``*operands`` returns one gradient
        per operand.

    Returns
    -------
    callable
        The operation. Fed with arrays it gives arrays; fed with a tensor it gives a tensor and records itself.

    Raises
    ------
    TypeError
        If a rule is for an unknown argument, asks for an unknown name, or does not take `g` first.

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
                if target in numpy_operations:
                    raise TypeError(f"{operation.name}: {target} is the operation {numpy_operations[target]} already")
                numpy_operations[target] = function
        return function

    return declare if forward is None else declare(forward)
