"""Arguments that determine each other: some operations are given what was computed from another argument before.

`eigh(a)` finds the eigenvalues and eigenvectors of the array of a, and records operations that are given both. In a
formula they are functions of a again.
"""

from __future__ import annotations

import inspect
import operator
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from autograd_lite.derivation.formula import call
from autograd_lite.derivation.formula_array import FormulaArray
from autograd_lite.ops.layers import normalization
from autograd_lite.ops.linalg import spectral


class _Decomposition:
    """A decomposition in the dtype of the graph, because signs that are arbitrary depend on it."""

    def __init__(self, function: Callable[..., Any], dtype: Any, options: tuple[Any, ...]) -> None:
        self.__name__ = function.__name__
        self.function, self.dtype, self.options = function, np.dtype(dtype), options

    def __call__(self, a: Any) -> Any:
        return tuple(self.function(np.asarray(a, self.dtype), *self.options))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Decomposition) and vars(self) == vars(other)

    def __hash__(self) -> int:
        return hash((self.function, self.dtype, self.options))


def _result(function: Callable[..., Any], number: int, *options: Any) -> Callable[..., Any]:
    """One of the results of a decomposition, of an array or of a formula."""

    def of(a: Any, dtype: Any) -> Any:
        decomposition = _Decomposition(function, dtype, options)
        if not isinstance(a, FormulaArray):
            return decomposition(a)[number]
        like = decomposition(np.broadcast_to(np.eye(a.shape[-2], a.shape[-1]), a.shape))[number]
        whole = call(decomposition, (a.formula,), shape=(), dtype=a.dtype)
        return FormulaArray(call(operator.getitem, (whole, number), shape=like.shape, dtype=a.dtype))

    return of


def _scale(x: Any, axes: tuple[int, ...], eps: float) -> Any:
    from_mean = x - np.mean(x, axis=axes, keepdims=True)
    return 1 / np.sqrt(np.mean(from_mean**2, axis=axes, keepdims=True) + eps)


# Alternatives: the operations do not know which triangle was read.
_EIGH = [{name: _result(np.linalg.eigh, i, triangle) for i, name in enumerate("wv")} for triangle in "LU"]
_SVD = [{name: _result(np.linalg.svd, i, False) for i, name in enumerate(("u", "s", "vh"))}]
_RECOMPUTED: dict[Any, list[dict[str, Callable[..., Any]]]] = {
    spectral._eigenvalues: _EIGH,
    spectral._eigenvectors: _EIGH,
    spectral._left: _SVD,
    spectral._singular: _SVD,
    spectral._right: _SVD,
    normalization._normalize: [
        {
            "normal": lambda x, axes, eps: (x - np.mean(x, axis=axes, keepdims=True)) * _scale(x, axes, eps),
            "slope": _scale,
        }
    ],
}
_BY_PRIMITIVE = {operation.primitive: arguments for operation, arguments in _RECOMPUTED.items()}

_CHOSEN: tuple[Any, ...] = (
    spectral._eigenvalues, spectral._eigenvectors, spectral._left, spectral._singular, spectral._right,
)  # fmt: skip

# Operations that return one of these arguments.
CHOSEN: dict[Any, Callable[..., Any]] = {
    operation.primitive: operation.primitive.forward for operation in _CHOSEN
}  # fmt: skip


def recomputations(operation: Any) -> list[dict[str, Callable[..., Any]]]:
    """The ways to compute the arguments of an operation that others determine: a function for each, by name."""
    return _BY_PRIMITIVE.get(operation, [])


def recomputed(functions: Mapping[str, Callable[..., Any]], arguments: Mapping[str, Any], dtype: Any) -> dict[str, Any]:
    """The arguments that the others determine, as arrays or formula arrays."""
    known = {**arguments, "dtype": dtype}
    return {
        name: function(*(known[other] for other in inspect.signature(function).parameters))
        for name, function in functions.items()
    }
