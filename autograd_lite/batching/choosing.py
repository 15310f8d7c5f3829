"""Elementwise functions, choosing and looking up."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from autograd_lite.batching.axes import Axis
from autograd_lite.batching.batch import Batch, aligned, arrayed, axes_in, filled, has, shifted, wrapped
from autograd_lite.batching.table import bind, handles, is_only, writable
from autograd_lite.batching.ufuncs import with_out


@handles(
    np.where, np.clip, np.nan_to_num, np.isclose, np.real, np.imag, np.sinc, np.fix, np.round, np.around, np.angle,
    np.real_if_close, np.i0, np.isreal, np.iscomplex, np.isposinf, np.isneginf, np.copy, np.astype,
)  # fmt: skip
def _elementwise(function: Any, axis: Axis, args: Any, kwargs: Any) -> Any:
    if (function is np.where and len(args) == 1) or kwargs.get("copy") is False or kwargs.get("order", "K") != "K":
        return NotImplemented
    if function is np.copy and len(args) > 1:
        return NotImplemented
    not_arrays = (str, type, np.dtype)
    values = [value for value in (*args, *kwargs.values()) if not isinstance(value, not_arrays)]
    ndim = max(axes_in(value) for value in values)
    options = {name: value if name == "out" else aligned(value, axis, ndim) for name, value in kwargs.items()}
    return with_out(function, [aligned(a, axis, ndim) for a in args], options, axis)


@handles(np.select)
def _select(function: Any, axis: Axis, args: Any, kwargs: Any) -> Any:
    given = bind(function, args, kwargs)
    conditions, choices = [list(map(arrayed, given[name])) for name in ("condlist", "choicelist")]
    default = [given["default"]] if "default" in given else []
    ndim = max(map(axes_in, (*conditions, *choices, *default)))
    conditions, choices = ([aligned(value, axis, ndim) for value in values] for values in (conditions, choices))
    default = [aligned(value, axis, ndim) for value in default]
    shape = np.broadcast_shapes(*map(np.shape, (*conditions, *choices, *default)))
    shape = (axis.size, *shape[1:]) if len(shape) == ndim + 1 else (axis.size, *shape)
    return Batch(function([np.broadcast_to(c, shape) for c in conditions], choices, *default), axis)


@handles(np.choose)
def _choose(function: Any, axis: Axis, args: Any, kwargs: Any) -> Any:
    given = bind(function, args, kwargs)
    index, choices = given.pop("a"), given.pop("choices")
    if not isinstance(choices, tuple | list) or given.get("out") is not None:
        return NotImplemented
    ndim = max(map(axes_in, (index, *choices)))
    return Batch(function(aligned(index, axis, ndim), [aligned(c, axis, ndim) for c in choices], **given), axis)


@handles(np.take)
def _take(function: Any, axis: Axis, args: Any, kwargs: Any) -> Any:
    given = bind(function, args, kwargs)
    x, indices, along, mode = given["a"], given["indices"], given.get("axis"), given.get("mode", "raise")
    if given.get("out") is not None:
        return NotImplemented
    if along is None or not axes_in(x):
        x, along = np.reshape(arrayed(x), (np.size(x),)), 0
    along = normalize_axis_index(along, axes_in(x))
    if not has(indices, axis):
        return Batch(np.take(x.held, indices, along + 1, mode=mode), axis)
    if not has(x, axis):
        return Batch(np.moveaxis(np.take(x, indices.held, along, mode=mode), along, 0), axis)
    return x[(*(slice(None),) * along, indices)] if mode == "raise" else NotImplemented


@handles(np.take_along_axis)
def _take_along_axis(function: Any, axis: Axis, args: Any, kwargs: Any) -> Any:
    given = bind(function, args, kwargs)
    x, indices, along = given["arr"], given["indices"], given.get("axis", -1)
    if along is None:
        x, along = np.reshape(arrayed(x), (np.size(x),)), 0
    if axes_in(x) != axes_in(indices):
        return NotImplemented  # NumPy's error
    x, indices = (value.held if has(value, axis) else np.expand_dims(arrayed(value), 0) for value in (x, indices))
    ndim = x.ndim - 1
    return Batch(np.take_along_axis(x, indices, shifted(along, ndim)), axis)


@handles(np.searchsorted, np.digitize)
def _searchsorted(function: Any, axis: Axis, args: Any, kwargs: Any) -> Any:
    given = bind(function, args, kwargs)
    points = given["v" if function is np.searchsorted else "x"]
    if not is_only(points, given, axis):
        return NotImplemented
    name = "v" if function is np.searchsorted else "x"
    return Batch(function(**{**given, name: points.held}), axis)


@handles(np.interp)
def _interp(function: Any, axis: Axis, args: Any, kwargs: Any) -> Any:
    given = bind(function, args, kwargs)
    x = given["x"]
    return Batch(function(**{**given, "x": x.held}), axis) if is_only(x, given, axis) else NotImplemented


@handles(np.put)
def _put(function: Any, axis: Axis, args: Any, kwargs: Any) -> Any:
    given = bind(function, args, kwargs)
    x, places, values = given["a"], arrayed(given["ind"]), arrayed(given["v"])
    held = writable(x, axis)
    contiguous = not isinstance(held, Batch) and held.flags.c_contiguous
    if not contiguous or places.shape != values.shape or given.get("mode", "raise") != "raise":
        return NotImplemented
    flat = np.reshape(held, (axis.size, x.size))
    rows = np.arange(axis.size).reshape(-1, *(1,) * places.ndim)
    flat[rows, aligned(places, axis, places.ndim)] = aligned(values, axis, places.ndim)
    return None


@handles(np.copyto)
def _copyto(function: Any, axis: Axis, args: Any, kwargs: Any) -> Any:
    given = bind(function, args, kwargs)
    x = given.pop("dst")
    held = writable(x, axis)
    return function(held, **{name: aligned(value, axis, x.ndim) for name, value in given.items()})


@handles(np.ravel_multi_index)
def _ravel_multi_index(function: Any, axis: Axis, args: Any, kwargs: Any) -> Any:
    parts = np.broadcast_arrays(*args[0])
    return Batch(function(tuple(filled(part, axis) for part in parts), *args[1:], **kwargs), axis)


@handles(np.unravel_index)
def _unravel_index(function: Any, axis: Axis, args: Any, kwargs: Any) -> Any:
    return wrapped(function(args[0].held, *args[1:], **kwargs), axis) if has(args[0], axis) else NotImplemented
