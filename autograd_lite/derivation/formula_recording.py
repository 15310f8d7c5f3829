"""Formulas evaluated on tensors: the engine records their functions, so that they can be differentiated."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from autograd_lite.core.codegen import write_call
from autograd_lite.core.tensor import Tensor
from autograd_lite.derivation.constants import Constant, Formula
from autograd_lite.derivation.formula import Call, Symbol, mapped, symbols
from autograd_lite.derivation.replay import Pullback
from autograd_lite.derivation.rules import ForwardFunction


@functools.cache
def _operation(primitive: Any) -> Any:
    return write_call(primitive)


class Recording:
    """Evaluates formulas where some symbols are tensors, so that the engine records their functions.

    Attributes
    ----------
    known : dict
        The values of symbols, arrays or tensors.
    constants : list of (array or tensor, Formula)
        Results that do not depend on the variable, or have no derivative, such as conditions. Scalars among them are
        leaves, because a graph would hold them as numbers.
    """

    def __init__(self) -> None:
        self.known: dict[Symbol, Any] = {}
        self.constants: list[tuple[Any, Formula]] = []

    def value(self, formula: Any) -> Any:
        """The value of a formula."""
        if isinstance(formula, tuple | list):
            return mapped(self.value, formula)
        if isinstance(formula, Symbol):
            return self.known.get(formula, formula.value)
        if not isinstance(formula, Call):
            return formula.value if isinstance(formula, Constant) else formula
        function = formula.function
        if isinstance(function, Pullback):
            raise TypeError(f"the rule {formula.name} is not a formula")
        if isinstance(function, ForwardFunction):
            function = _operation(function.primitive)
        options = {name: self.value(option) for name, option in formula.options}
        result = function(*map(self.value, formula.operands), **options)
        is_recorded = isinstance(result, Tensor) and result.requires_grad
        return result if is_recorded else self._constant(result, formula)

    def _constant(self, result: Any, formula: Call) -> Any:
        if np.ndim(result):
            result = np.array(getattr(result, "data", result))  # a view would be a part of another constant
        elif symbols(formula):
            result = as_leaf(result, formula.name)
        self.constants.append((result, formula))
        return result


def as_leaf(value: Any, name: str) -> Tensor:
    """A scalar as a leaf."""
    array = np.asarray(getattr(value, "data", value))
    if array.dtype.kind != "f":
        raise TypeError(f"{name} is a condition or an integer, and a scalar")
    return Tensor(array, requires_grad=True)
