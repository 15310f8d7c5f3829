"""Ufuncs, their methods and generalized ufuncs on batches."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_lite.batching.axes import Axis, refuse_write
from autograd_lite.batching.batch import Batch, aligned, arrayed, axes_in, dispatch, has, innermost, shifted, wrapped
from autograd_lite.batching.elements import loop
from autograd_lite.batching.errors import of_one_element
from autograd_lite.batching.indices import add_at, refuse_read_only

_REDUCE = ("axis", "dtype", "out", "keepdims", "initial", "where")
_POSITIONAL = {"reduce": _REDUCE, "accumulate": _REDUCE[:3], "reduceat": ("indices", *_REDUCE[:3])}


def with_out(function: Callable[..., Any], args: Any, kwargs: dict[str, Any], axis: Axis) -> Any:
    """Call a function on what batches hold; it writes into the batches given as `out`, if there are any."""
    out = kwargs.pop("out", None)
    targets = out if isinstance(out, tuple) else (out,)
    if all(target is None for target in targets):
        return wrapped(function(*args, **kwargs), axis)
    if not all(has(target, axis) for target in targets):
        refuse_write("the array given as out=")
    for target in targets:
        refuse_read_only(target)
    held = tuple(target.held for target in targets)
    function(*args, **kwargs, out=held if isinstance(out, tuple) else held[0])
    return out[0] if isinstance(out, tuple) and len(out) == 1 else out


def call_ufunc(ufunc: np.ufunc, method: str, inputs: Any, kwargs: dict[str, Any]) -> Any:
    """What ``Batch.__array_ufunc__`` does."""
    axis = innermost(inputs, kwargs)
    assert axis is not None
    function = ufunc if method == "__call__" else getattr(ufunc, method)
    try:
        out = _handled(ufunc, method, axis, inputs, dict(kwargs))
    except (ValueError, IndexError, TypeError) as error:
        raise of_one_element(error, function, axis, inputs, kwargs) from None
    if out is NotImplemented:
        name = ufunc.__name__ if method == "__call__" else f"{ufunc.__name__}.{method}"
        return loop(function, axis, inputs, kwargs, name)
    return out


def _handled(ufunc: np.ufunc, method: str, axis: Axis, inputs: Any, kwargs: dict[str, Any]) -> Any:
    if method == "at":
        if not has(inputs[0], axis):
            refuse_write()
        return add_at(ufunc, axis, *inputs)
    if method == "outer":
        x, y = map(arrayed, inputs)
        return ufunc(np.reshape(x, (*x.shape, *(1,) * y.ndim)), y, **kwargs)
    if method != "__call__":
        return _along(ufunc, method, axis, inputs, kwargs)
    if ufunc.signature is None:
        return _elementwise(ufunc, axis, inputs, kwargs)
    if ufunc is np.matmul and any(hasattr(x, "tocsr") for x in inputs):  # sparse
        return loop(operator.matmul, axis, inputs, kwargs)
    if ufunc is np.matmul and not kwargs:
        return matmul(axis, *inputs)
    return _of_core_axes(ufunc, axis, inputs, kwargs)


def _elementwise(ufunc: np.ufunc, axis: Axis, inputs: Any, kwargs: dict[str, Any]) -> Any:
    where = kwargs.get("where", True)
    ndim = max(axes_in(x) for x in (*inputs, where))
    ndim = max(ndim, *(axes_in(out) for out in kwargs.get("out", ()) if out is not None), 0)
    if where is not True:
        kwargs["where"] = aligned(where, axis, ndim)
    return with_out(ufunc, [aligned(x, axis, ndim) for x in inputs], kwargs, axis)


def _along(ufunc: np.ufunc, method: str, axis: Axis, inputs: Any, kwargs: dict[str, Any]) -> Any:
    """``reduce``, ``accumulate`` and ``reduceat``."""
    x, kwargs = inputs[0], {**dict(zip(_POSITIONAL[method], inputs[1:], strict=False)), **kwargs}
    along = kwargs.get("axis", 0)
    if not has(x, axis) or has(kwargs.get("indices"), axis) or not (x.ndim or along is None):
        return NotImplemented
    kwargs["axis"] = shifted(along, x.ndim)
    for option in ("where", "initial"):
        if option in kwargs:
            if option == "initial" and has(kwargs[option], axis):
                return NotImplemented
            kwargs[option] = aligned(kwargs[option], axis, x.ndim)
    return with_out(getattr(ufunc, method), [x.held], kwargs, axis)


def _of_core_axes(ufunc: np.ufunc, axis: Axis, inputs: Any, kwargs: dict[str, Any]) -> Any:
    """A generalized ufunc: the hidden axis comes before all axes that it loops over."""
    signature = ufunc.signature or ""
    cores = [len([name for name in core.split(",") if name]) for core in _cores(signature)]
    if "?" in signature or set(kwargs) - {"dtype", "casting"}:
        return NotImplemented
    loops = [axes_in(x) - core for x, core in zip(inputs, cores, strict=True)]
    if min(loops) < 0:
        raise ValueError(f"{ufunc.__name__}: an operand has too few axes")
    operands = [aligned(x, axis, max(loops) + core) for x, core in zip(inputs, cores, strict=True)]
    return wrapped(ufunc(*operands, **kwargs), axis)


def _cores(signature: str) -> list[str]:
    """The axes of each operand: ``(n,k),(k)->(n)`` gives ``n,k`` and ``k``."""
    inputs = signature.replace(" ", "").partition("->")[0]
    return [part.strip("(") for part in inputs.split(")")[:-1] for part in [part.lstrip(",")]]


def matmul(axis: Axis, x: Any, y: Any) -> Any:
    """The matrix product. Where one factor is the same for all elements, it is one product for the whole batch."""
    left, right = has(x, axis), has(y, axis)
    a, b = (value.held if has(value, axis) else arrayed(value) for value in (x, y))
    n, m = axes_in(x), axes_in(y)
    if not n or not m:
        raise ValueError("matmul: a number is no operand")
    if left and not right and m <= 2:
        return Batch(_flat_matmul(a, b) if n > 1 or m == 2 else np.matmul(a, b), axis)
    if right and not left and m == 1 and n <= 2:  # (A xᵢ)ᵀ = xᵢᵀ Aᵀ
        return Batch(np.matmul(b, np.swapaxes(a, 0, 1) if n == 2 else a), axis)
    if right and not left and n == 2 and m == 2 and y.shape[1] == 1:
        rows = np.matmul(np.reshape(b, b.shape[:-1]), np.swapaxes(a, 0, 1))
        return Batch(np.expand_dims(rows, -1), axis)
    a = np.expand_dims(a, -2) if n == 1 else a
    b = np.expand_dims(b, -1) if m == 1 else b
    ndim = max(n, m, 2)
    a = aligned(Batch(a, axis), axis, ndim) if left else a
    b = aligned(Batch(b, axis), axis, ndim) if right else b
    is_outer = a.shape[-1] == b.shape[-2] == 1 and a.dtype == b.dtype and a.dtype.kind == "f"
    out = a * b if is_outer else np.matmul(a, b)
    out = np.squeeze(out, -2) if n == 1 else out
    return Batch(np.squeeze(out, -1) if m == 1 else out, axis)


def _flat_matmul(a: Any, b: Any) -> Any:
    """(..., k) times one matrix (k, m) or vector (k,), as a single product."""
    if a.ndim <= 2 or not a.size or isinstance(a, Batch) or isinstance(b, Batch) or not a.flags.c_contiguous:
        return np.matmul(a, b)
    return np.reshape(np.matmul(np.reshape(a, (-1, a.shape[-1])), b), (*a.shape[:-1], *b.shape[1:]))


dispatch["ufunc"] = call_ufunc
