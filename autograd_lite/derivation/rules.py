"""Derivative rules run on formulas: the same functions that the backward pass calls, applied to symbols.

An operation called inside a rule (``sigmoid`` in the rule of ``softplus``) would run its forward function and appear as
NumPy calls. So a rule is run in a copy in which operations are replaced by functions that return formulas.
"""

from __future__ import annotations

import functools
import inspect
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_lite.core.graph import Node
from autograd_lite.core.numpy_protocols import numpy_operations
from autograd_lite.core.primitive import Primitive
from autograd_lite.derivation.constants import Constant, Formula
from autograd_lite.derivation.formula import call
from autograd_lite.derivation.formula_array import SPELLINGS, FormulaArray, apply, from_formula, to_formula
from autograd_lite.derivation.nodes import primitive_of
from autograd_lite.derivation.recomputed import CHOSEN
from autograd_lite.derivation.vocabulary import OPERATIONS
from autograd_lite.ops.layers.activation import sigmoid, softmax
from autograd_lite.ops.layers.loss import one_hot
from autograd_lite.support.broadcasting import unbroadcast
from autograd_lite.support.function_copies import copied


class ForwardFunction:
    """An operation as the function of a `Call`: it takes and returns arrays."""

    def __init__(self, primitive: Primitive) -> None:
        self.primitive = primitive
        self.__name__ = primitive.name

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        out = self.primitive.forward(*args, **kwargs)
        return out[0] if self.primitive.residuals else out

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ForwardFunction) and other.primitive is self.primitive

    def __hash__(self) -> int:
        return hash(self.primitive)


# Operations that NumPy has too become NumPy's function in a formula.
_NUMPY_FUNCTIONS: dict[Any, Any] = {}
for _function, _operation in numpy_operations.items():
    _primitive = getattr(_operation, "primitive", None)
    if _primitive is not None and (isinstance(_function, np.ufunc) or _function in SPELLINGS):
        _NUMPY_FUNCTIONS.setdefault(_primitive, _function)


def probabilities(x: Any, axis: int = -1) -> Any:
    """The softmax of a formula along an axis."""
    operation = ForwardFunction(softmax.primitive)  # type: ignore[attr-defined]
    return FormulaArray(call(operation, (x.formula, axis % x.ndim), shape=x.shape, dtype=x.dtype))


def sigma(x: Any) -> Any:
    """The logistic function of a formula."""
    return FormulaArray(call(ForwardFunction(sigmoid.primitive), (x.formula,), shape=x.shape, dtype=x.dtype))  # type: ignore[attr-defined]


_SPELLINGS: dict[str, Callable[..., Any]] = {
    "softmax": probabilities,
    "log_softmax": lambda x, axis=-1: np.log(probabilities(x, axis)),
    "getitem": lambda x, index: apply(operator.getitem, x, index),
    "printed_as": lambda exact, plain: plain,
    "one_hot": lambda labels, classes, dtype=float: apply(one_hot, labels, classes),
}


def function_of(primitive: Primitive) -> Callable[..., Any]:
    """The function of formula arrays that stands for an operation."""
    if isinstance(primitive.forward, np.ufunc):
        return primitive.forward
    if primitive in OPERATIONS:
        return OPERATIONS[primitive]
    if primitive in CHOSEN:
        return CHOSEN[primitive]
    if primitive.name in _SPELLINGS:
        return _SPELLINGS[primitive.name]
    known: Any = _NUMPY_FUNCTIONS.get(primitive) or getattr(np, primitive.name, None)
    if known in SPELLINGS:
        return known  # type: ignore[no-any-return]
    return lambda *args, **kwargs: apply(ForwardFunction(primitive), *args, **kwargs)


def _has_formula(value: Any) -> bool:
    if isinstance(value, tuple | list):
        return any(map(_has_formula, value))
    return isinstance(value, FormulaArray)


def _operation_on_formulas(operation: Any) -> Callable[..., Any]:
    primitive = getattr(operation, "primitive", None)
    function = function_of(primitive) if primitive else _SPELLINGS[operation.__name__]
    signature = inspect.signature(operation)

    def on_formulas_or_arrays(*args: Any, **kwargs: Any) -> Any:
        if not _has_formula((args, tuple(kwargs.values()))):
            return operation(*args, **kwargs)
        bound = signature.bind(*args, **kwargs)
        return function(*bound.args, **bound.kwargs)

    return on_formulas_or_arrays


def on_formulas(function: Any) -> Any:
    """A copy of `function` for formulas: operations that it calls, directly or indirectly, accept formula arrays."""
    return copied(function, _replacement)


def _replacement(value: Any) -> Callable[..., Any] | None:
    is_operation = isinstance(getattr(value, "primitive", None), Primitive) or value is one_hot
    return _operation_on_formulas(value) if is_operation else None


class _Gradients(tuple[Any, ...]):
    """The gradients of several results, with the interface of those that the backward pass passes to a rule."""

    __slots__ = ()

    def filled(self) -> tuple[Any, ...]:
        """All of them: missing ones are zeros already."""
        return self


@functools.cache
def _pull(primitive: Primitive) -> Callable[..., Any]:
    return on_formulas(primitive.pull)  # type: ignore[no-any-return]


def contributions(node: Node, g: Any, saved: dict[str, Any]) -> list[Formula | None]:
    """The contribution of a node to the gradient of each parent, as formulas: one step of `sweep`.

    `g` is the formula of the gradient (a tuple for several results), `saved` the saved values by name.
    """
    primitive = primitive_of(node)
    saved = {name: from_formula(value) for name, value in saved.items()}
    for residual, formula in primitive.residuals.items():
        if saved.get(residual) is not None and formula is not None:
            names = inspect.signature(formula).parameters
            saved[residual] = on_formulas(formula)(*[saved[name] for name in names])
    gradient = _Gradients(map(FormulaArray, g)) if isinstance(g, tuple) else FormulaArray(g)
    found = _pull(primitive)(gradient, node.parents, tuple(saved[name] for name in primitive.saved_names))
    results: list[Formula | None] = []
    for parent, contribution in zip(node.parents, found, strict=True):
        if parent is None:
            results.append(None)
            continue
        if not isinstance(contribution, FormulaArray):
            contribution = FormulaArray(to_formula(contribution, number=True))
        fitted = unbroadcast(contribution, parent.shape)
        if fitted is None:
            raise ValueError(f"a gradient of shape {contribution.shape} for a value of shape {parent.shape}")
        results.append(fitted.formula)
    return results


def result(values: Formula, number: int, like: Any) -> Formula:
    """One of several results of an operation."""
    return call(operator.getitem, (values, number), shape=like.shape, dtype=like.dtype)


def zero_gradient(shape: tuple[int, ...]) -> Formula:
    """The gradient of a result that nothing depends on."""
    return call(np.broadcast_to, (Constant(0), shape))
