"""Reductions with all keywords of NumPy: ``dtype``, ``initial``, ``where``, ``mean`` and ``correction``.

`numpy.sum` and the method ``x.sum`` come here; `autograd_lite.sum` is the operation itself. Each keyword is defined by
operations: `dtype` converts x first, `where` replaces what does not take part, `initial` is combined with the result.
"""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_lite.core.numpy_protocols import numpy_operations
from autograd_lite.core.tensor import Array, Tensor
from autograd_lite.ops.arrays.shape import astype, broadcast_to
from autograd_lite.ops.composition import naming
from autograd_lite.ops.lengths import euclidean
from autograd_lite.ops.reductions import reduction
from autograd_lite.ops.slices import Axis
from autograd_lite.support.conversion import strip, to_array
from autograd_lite.support.messages import show
from autograd_lite.support.pytorch_words import refuse_keywords

__all__: list[str] = []

_NOTHING = (None, np._NoValue)


def _converted(x: Array, dtype: Any) -> Array:
    x = to_array(x)
    return x if dtype in _NOTHING or x.dtype == dtype else astype(x, dtype)


def _taking_part(where: Any, shape: tuple[int, ...]) -> Any:
    """`where` as an array of `shape`."""
    where = np.asarray(strip(where))
    if where.dtype != bool:
        raise TypeError(f"where must hold booleans, not {where.dtype}")
    return np.broadcast_to(where, shape)


def _refuse_out(out: Any) -> None:
    if out not in _NOTHING:
        raise TypeError(f"a tensor cannot be written into out={show(out)}; write x[...] = the result")


def _with_keywords(operation: Any, general: Callable[..., Array]) -> Callable[..., Array]:
    """The operation with the keywords of `general`, which is called if there are any."""

    known = inspect.signature(general).parameters

    @functools.wraps(operation)
    def reduction(x: Array, axis: Axis = None, *others: Any, keepdims: Any = False, **options: Any) -> Array:
        if not others and not options:
            return operation(x, axis, keepdims=keepdims is True or (keepdims not in _NOTHING and keepdims))
        refuse_keywords(operation.__name__, options.keys() - known)
        with naming(operation.__name__):
            return general(to_array(x), axis, *others, keepdims=keepdims not in _NOTHING and keepdims, **options)

    general.__qualname__ = operation.__name__  # in Python's errors
    for name in ("__wrapped__", "__signature__"):  # which have fewer keywords
        reduction.__dict__.pop(name, None)
    return reduction


def _additive(operation: Any, combine: Callable[[Array, Array], Array], neutral: int) -> Callable[..., Array]:
    def general(
        x: Array,
        axis: Axis,
        dtype: Any = None,
        out: Any = None,
        *,
        keepdims: bool,
        initial: Any = None,
        where: Any = True,
    ) -> Array:
        _refuse_out(out)
        x = _converted(x, dtype)
        if where is not True:
            x = np.where(_taking_part(where, x.shape), x, np.asarray(neutral, x.dtype))
        result = operation(x, axis, keepdims=keepdims)
        if not isinstance(initial, Tensor | np.ndarray) and initial in _NOTHING:
            return result
        return combine(result, _converted(initial, result.dtype))

    return general


def _extreme(operation: Any, combine: Callable[[Array, Array], Array], lowest: float) -> Callable[..., Array]:
    def general(
        x: Array, axis: Axis, out: Any = None, *, keepdims: bool, initial: Any = None, where: Any = True
    ) -> Array:
        _refuse_out(out)
        if not isinstance(initial, Tensor | np.ndarray) and initial in _NOTHING:
            if where is not True:
                raise ValueError("an extreme of nothing is not defined: with where=, initial= is needed")
            return operation(x, axis, keepdims=keepdims)
        initial = _converted(initial, x.dtype)
        neutral = initial if x.dtype.kind != "f" else np.asarray(lowest, x.dtype)
        if where is not True:
            x = np.where(_taking_part(where, x.shape), x, neutral)
        if not x.size:
            return broadcast_to(initial, np.sum(np.empty(x.shape), axis=axis, keepdims=keepdims).shape)
        return combine(operation(x, axis, keepdims=keepdims), initial)

    return general


def _mean(x: Array, axis: Axis, dtype: Any = None, out: Any = None, *, keepdims: bool, where: Any = True) -> Array:
    _refuse_out(out)
    x = _converted(x, dtype)
    if where is True:
        return reduction.mean(x, axis, keepdims=keepdims)
    mask = _taking_part(where, x.shape)
    kind = x.dtype if x.dtype.kind == "f" else np.dtype(float)
    wide = np.promote_types(kind, np.float32)  # half precision is rounded once, as in NumPy
    count = np.sum(mask, axis=axis, keepdims=keepdims, dtype=wide)
    total = reduction.sum(np.where(mask, _converted(x, wide), np.asarray(0, wide)), axis, keepdims=keepdims)
    return _converted(total / count, kind)


def _spread(operation: Any, name: str) -> Callable[..., Array]:
    def general(
        x: Array, axis: Axis, dtype: Any = None, out: Any = None, ddof: Any = 0, *, keepdims: bool, where: Any = True,
        mean: Any = None, correction: Any = None,
    ) -> Array:  # fmt: skip
        _refuse_out(out)
        if correction not in _NOTHING:
            if ddof != 0:
                raise ValueError("ddof and correction are two names of one argument; give one of them")
            ddof = correction
        x = _converted(x, dtype)
        known = isinstance(mean, Tensor | np.ndarray) or mean not in _NOTHING
        if where is True and not known:
            return operation(x, axis, ddof=ddof, keepdims=keepdims)
        kind = x.dtype if x.dtype.kind == "f" else np.dtype(float)
        wide = np.promote_types(kind, np.float32)
        x, mask = _converted(x, wide), _taking_part(where, x.shape)
        centre = _converted(mean, wide) if known else _mean(x, axis, keepdims=True, where=mask)
        deviation = np.where(mask, x - centre, np.asarray(0, wide))
        if deviation.shape != x.shape:
            raise ValueError(f"mean of shape {np.shape(mean)} does not broadcast to x of shape {x.shape}")
        freedom = np.maximum(np.sum(mask, axis=axis, keepdims=keepdims, dtype=wide) - ddof, 0)
        if name == "std":
            return _converted(euclidean(deviation, axis, keepdims) / np.sqrt(freedom), kind)
        return _converted(reduction.sum(deviation * deviation, axis, keepdims=keepdims) / freedom, kind)

    return general


REDUCTIONS: dict[str, Any] = {
    "sum": _with_keywords(reduction.sum, _additive(reduction.sum, np.add, 0)),
    "prod": _with_keywords(reduction.prod, _additive(reduction.prod, np.multiply, 1)),
    "max": _with_keywords(reduction.max, _extreme(reduction.max, np.maximum, -math.inf)),
    "min": _with_keywords(reduction.min, _extreme(reduction.min, np.minimum, math.inf)),
    "mean": _with_keywords(reduction.mean, _mean),
    "var": _with_keywords(reduction.var, _spread(reduction.var, "var")),
    "std": _with_keywords(reduction.std, _spread(reduction.std, "std")),
}

for _name, _function in REDUCTIONS.items():
    numpy_operations[getattr(np, _name)] = _function
numpy_operations[np.amax], numpy_operations[np.amin] = REDUCTIONS["max"], REDUCTIONS["min"]


def _as_ufunc_method(operation: Callable[..., Array]) -> Callable[..., Array]:
    """The reduction with the signature of ``ufunc.reduce``: over the first axis by default."""

    def reduce(x: Array, axis: Axis = 0, *others: Any, **options: Any) -> Array:
        return operation(x, axis, *others, **options)

    return reduce


for _ufunc, _name in ((np.add, "sum"), (np.multiply, "prod"), (np.maximum, "max"), (np.minimum, "min")):
    numpy_operations[_ufunc, "reduce"] = _as_ufunc_method(REDUCTIONS[_name])
