"""The operators and methods of Tensor that are operations of the catalogue, in a table; importing it attaches them."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from autograd_lite.core.numpy_protocols import numpy_queries
from autograd_lite.core.tensor import Tensor
from autograd_lite.ops import gradient_hooks, interop, notebook
from autograd_lite.ops.arrays import axes, choosing, diagonals, indexing, ordering, shape
from autograd_lite.ops.elementwise import arithmetic, rounding
from autograd_lite.ops.in_place import in_place, set_item
from autograd_lite.ops.linalg import matmul, sparse
from autograd_lite.ops.reductions import scans, statistics
from autograd_lite.ops.reductions.keywords import REDUCTIONS
from autograd_lite.support.conversion import strip
from autograd_lite.support.pytorch_words import WORDS, Word


def _reflected(operation: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    return lambda self, other: operation(other, self)


def _compress(self: Tensor, condition: Any, axis: int | None = None) -> Tensor:
    """The elements along `axis` for which the condition holds; in the function the condition comes first."""
    return choosing.compress(condition, self, axis)


def _query(function: Callable[..., Any]) -> Callable[..., Any]:
    def method(self: Tensor, *args: Any, **kwargs: Any) -> Any:
        return function(self._data, *map(strip, args), **kwargs)

    method.__doc__ = function.__doc__
    return method


def _variadic(operation: Callable[..., Any]) -> Callable[..., Any]:
    """A method that takes ``x.reshape(2, 3)`` and ``x.reshape((2, 3))``."""

    def method(self: Tensor, *args: Any, **options: Any) -> Any:
        return operation(self, args[0] if len(args) == 1 else args or None, **options)

    method.__doc__ = operation.__doc__
    return method


def _iterate(self: Tensor) -> Iterator[Tensor]:
    if not self.ndim:
        raise TypeError("iteration over a 0-d tensor")
    return (self[i] for i in range(len(self)))


_OPERATORS = {
    "add": (arithmetic.add, "+"),
    "sub": (arithmetic.subtract, "-"),
    "mul": (arithmetic.multiply, "*"),
    "truediv": (arithmetic.divide, "/"),
    "pow": (arithmetic.power, "**"),
    "floordiv": (rounding.floor_divide, "//"),
    "mod": (rounding.remainder, "%"),
    "matmul": (sparse.product, "@"),
}

_METHODS: dict[str, Any] = {
    "__neg__": arithmetic.negative,
    "__pos__": arithmetic.positive,
    "__abs__": arithmetic.absolute,
    "__getitem__": indexing.getitem,
    "__iter__": _iterate,
    "__setitem__": set_item,
    "__divmod__": rounding.divmod,
    "__rdivmod__": _reflected(rounding.divmod),
    "__round__": lambda self, ndigits=None: rounding.round(self, ndigits or 0),
    "conj": arithmetic.conjugate,
    "conjugate": arithmetic.conjugate,
    "round": rounding.round,
    "T": property(shape.transpose),
    "mT": property(axes.matrix_transpose),
    "astype": shape.astype,
    "clone": shape.clone,
    "copy": shape.clone,
    **REDUCTIONS,
    "cumsum": scans.cumsum,
    "cumprod": scans.cumprod,
    "trace": statistics.trace,
    "clip": indexing.clip,
    "reshape": _variadic(shape.reshape),
    "ravel": shape.ravel,
    "flatten": shape.flatten,
    "squeeze": shape.squeeze,
    "transpose": _variadic(shape.transpose),
    "swapaxes": shape.swapaxes,
    "repeat": ordering.repeat,
    "take": choosing.take,
    "compress": _compress,
    "diagonal": diagonals.diagonal,
    "choose": choosing.choose,
    "dot": matmul.dot,
    "__dlpack__": interop.to_dlpack,
    "__dlpack_device__": interop.dlpack_device,
    "register_hook": gradient_hooks.register_hook,
    "retain_grad": gradient_hooks.retain_grad,
    "requires_grad_": gradient_hooks.requires_grad_,
    # Without a derivative: these return arrays and numbers, not tensors.
    "__eq__": _query(operator.eq),
    "__ne__": _query(operator.ne),
    "__lt__": _query(operator.lt),
    "__le__": _query(operator.le),
    "__gt__": _query(operator.gt),
    "__ge__": _query(operator.ge),
    "argmax": _query(np.argmax),
    "argmin": _query(np.argmin),
    "argsort": _query(np.argsort),
    "any": _query(np.any),
    "all": _query(np.all),
    "nonzero": _query(np.nonzero),
    "searchsorted": _query(np.searchsorted),
}

for _name, (_operation, _symbol) in _OPERATORS.items():
    _METHODS[f"__{_name}__"] = _operation
    _METHODS[f"__r{_name}__"] = _reflected(_operation)
    _METHODS[f"__i{_name}__"] = in_place(f"{_symbol}=", _operation)

for _name, _method in _METHODS.items():
    setattr(Tensor, _name, _method)

Tensor._repr_html_ = notebook.tensor_html  # type: ignore[attr-defined]

# Words of PyTorch that are no attributes here are errors that name those of NumPy, and are not shown by `dir`.
for _name in WORDS:
    setattr(Tensor, _name, Word(_name))
Tensor.__dir__ = lambda self: [name for name in object.__dir__(self) if name not in WORDS]  # type: ignore[method-assign]

numpy_queries.update({
    np.equal, np.not_equal, np.less, np.less_equal, np.greater, np.greater_equal, np.isnan, np.isfinite, np.isinf,
    np.isneginf, np.isposinf, np.signbit, np.logical_and, np.logical_or, np.logical_not, np.logical_xor, np.isclose,
    np.allclose, np.array_equal, np.argmax, np.argmin, np.argsort, np.argwhere, np.nonzero, np.flatnonzero,
    np.count_nonzero, np.searchsorted, np.any, np.all, np.shape, np.ndim, np.size, np.result_type, np.can_cast,
    np.iscomplexobj, np.isrealobj, np.array2string, np.array_repr, np.array_str, np.zeros_like, np.ones_like,
    np.isreal, np.iscomplex, np.imag, np.angle, np.array_equiv, np.nanargmax, np.nanargmin, np.argpartition,
    np.lexsort, np.isin, np.digitize, np.spacing, np.min_scalar_type, np.common_type,
    np.empty_like, np.may_share_memory, np.shares_memory,
})  # fmt: skip
