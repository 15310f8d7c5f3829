"""Derivative rules run on formulas: the very functions that the reverse sweep calls, fed with letters.

An operation called inside a rule (``sigmoid`` in the rule of ``softplus``) would run its forward function and vanish
into NumPy calls. So a rule is run with the operations that it knows replaced by ones that write themselves down.
"""

from __future__ import annotations

import functools
import inspect
import operator
from collections.abc import Callable
from types import CellType, CodeType, FunctionType
from typing import Any

import numpy as np

from autograd_lite.core.backward import unbroadcast
from autograd_lite.core.graph import Node
from autograd_lite.core.numpy_protocols import numpy_operations
from autograd_lite.core.primitive import Primitive
from autograd_lite.derivation.expression import Expression, Number, call
from autograd_lite.derivation.symbols import SPELLINGS, Symbolic, lift, lower, write
from autograd_lite.ops.layers.activation import softmax
from autograd_lite.ops.layers.loss import one_hot


class Operation:
    """An operation of the catalogue as a function of arrays in a formula."""

    def __init__(self, primitive: Primitive) -> None:
        self.primitive = primitive
        self.__name__ = primitive.name

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        out = self.primitive.forward(*args, **kwargs)
        return out[0] if self.primitive.residuals else out

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Operation) and other.primitive is self.primitive

    def __hash__(self) -> int:
        return hash(self.primitive)


# Operations that NumPy has too are written as NumPy's function.
_NUMPY_FUNCTIONS: dict[Any, Any] = {}
for _function, _operation in numpy_operations.items():
    _primitive = getattr(_operation, "primitive", None)
    if _primitive is not None and (isinstance(_function, np.ufunc) or _function in SPELLINGS):
        _NUMPY_FUNCTIONS.setdefault(_primitive, _function)


def _softmax(x: Any, axis: int = -1) -> Any:
    operation = Operation(softmax.primitive)  # type: ignore[attr-defined]
    return Symbolic(call(operation, (x.expression, axis % x.ndim), shape=x.shape, dtype=x.dtype))


_SPELLINGS: dict[str, Callable[..., Any]] = {
    "softmax": _softmax,
    "log_softmax": lambda x, axis=-1: np.log(_softmax(x, axis)),
    "getitem": lambda x, index: write(operator.getitem, x, index),
    "exactly": lambda exact, plain: plain,
    "one_hot": lambda labels, classes, dtype=float: write(one_hot, labels, classes),
}


def function_of(primitive: Primitive) -> Callable[..., Any]:
    """The function that stands for an operation in a formula, to be called with formulas or numbers."""
    if isinstance(primitive.forward, np.ufunc):
        return primitive.forward
    if primitive.name in _SPELLINGS:
        return _SPELLINGS[primitive.name]
    known: Any = _NUMPY_FUNCTIONS.get(primitive) or getattr(np, primitive.name, None)
    if known in SPELLINGS:
        return known  # type: ignore[no-any-return]
    return lambda *args, **kwargs: write(Operation(primitive), *args, **kwargs)


def _is_symbolic(value: Any) -> bool:
    if isinstance(value, tuple | list):
        return any(map(_is_symbolic, value))
    return isinstance(value, Symbolic)


def _recorded(operation: Any) -> Callable[..., Any]:
    primitive = getattr(operation, "primitive", None)
    function = function_of(primitive) if primitive else _SPELLINGS[operation.__name__]
    signature = inspect.signature(operation)

    def recorded(*args: Any, **kwargs: Any) -> Any:
        if not _is_symbolic((args, tuple(kwargs.values()))):
            return operation(*args, **kwargs)
        bound = signature.bind(*args, **kwargs)
        return function(*bound.args, **bound.kwargs)

    return recorded


def on_formulas(function: Any, known: dict[int, Any] | None = None) -> Any:
    """`function` with the operations that it calls, itself or through other functions, replaced by recorded ones."""
    known = {} if known is None else known
    if id(function) in known:
        return known[id(function)]
    if isinstance(getattr(function, "primitive", None), Primitive) or function is one_hot:
        return _recorded(function)
    if not isinstance(function, FunctionType) or str(function.__module__).startswith("numpy"):
        return function
    variables: dict[str, Any] = {}
    copy = FunctionType(
        function.__code__, variables, function.__name__, function.__defaults__,
        tuple(CellType() for _ in function.__closure__ or ()) or None,
    )  # fmt: skip
    copy.__kwdefaults__ = function.__kwdefaults__
    known[id(function)] = copy
    variables |= function.__globals__
    for name in _names(function.__code__):
        if name in variables:
            variables[name] = on_formulas(variables[name], known)
    for old, new in zip(function.__closure__ or (), copy.__closure__ or (), strict=True):
        new.cell_contents = on_formulas(old.cell_contents, known)
    return copy


def _names(code: CodeType) -> set[str]:
    inner = (constant for constant in code.co_consts if isinstance(constant, CodeType))
    return set(code.co_names).union(*map(_names, inner))


class _Gradients(tuple[Any, ...]):
    """The gradients of several results, as the sweep hands them to a rule."""

    __slots__ = ()

    def filled(self) -> tuple[Any, ...]:
        """All of them: zeros are there already."""
        return self


@functools.cache
def _pull(primitive: Primitive) -> Callable[..., Any]:
    return on_formulas(primitive.pull)  # type: ignore[no-any-return]


def contributions(node: Node, g: Any, saved: dict[str, Any]) -> list[Expression | None]:
    """What the rules of a node give for each parent, as formulas: the step of `sweep`, on letters.

    `g` is the formula of the gradient (a tuple of them for several results), `saved` what the node keeps, by name.
    """
    primitive: Any = node.operation
    saved = {name: lift(value) for name, value in saved.items()}
    for residual, formula in primitive.residuals.items():
        if saved.get(residual) is not None and formula is not None:
            names = inspect.signature(formula).parameters
            saved[residual] = on_formulas(formula)(*[saved[name] for name in names])
    gradient = _Gradients(map(Symbolic, g)) if isinstance(g, tuple) else Symbolic(g)
    found = _pull(primitive)(gradient, node.parents, tuple(saved[name] for name in primitive.saved_names))
    results: list[Expression | None] = []
    for parent, contribution in zip(node.parents, found, strict=True):
        if parent is None:
            results.append(None)
            continue
        if not isinstance(contribution, Symbolic):
            contribution = Symbolic(lower(contribution, number=True))
        fitted = unbroadcast(contribution, parent.shape)
        if fitted is None:
            raise ValueError(f"a gradient of shape {contribution.shape} for a value of shape {parent.shape}")
        results.append(fitted.expression)
    return results


def result(values: Expression, number: int, like: Any) -> Expression:
    """One of several results of an operation."""
    return call(operator.getitem, (values, number), shape=like.shape, dtype=like.dtype)


def zeros(shape: tuple[int, ...]) -> Expression:
    """The gradient of a result through which none has come."""
    return call(np.broadcast_to, (Number(0), shape))
