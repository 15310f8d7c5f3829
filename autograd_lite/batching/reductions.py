"""Functions that work along axes: reductions, cumulative functions, order, quantiles."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_lite.batching.axes import Axis
from autograd_lite.batching.batch import Batch, aligned, has, shifted, wrapped
from autograd_lite.batching.table import bind, first_of, handles, is_only
from autograd_lite.batching.ufuncs import with_out

_NOT_OF_NUMBERS = (np.median, np.nanmedian, np.ptp, np.average, np.count_nonzero)  # without axes to shift


@handles(
    np.sum, np.mean, np.prod, np.max, np.min, np.amax, np.amin, np.any, np.all, np.var, np.std, np.ptp, np.median,
    np.count_nonzero, np.nansum, np.nanprod, np.nanmean, np.nanvar, np.nanstd, np.nanmax, np.nanmin, np.nanmedian,
    np.average,
)  # fmt: skip
def _reduction(function: Any, axis: Axis, args: Any, kwargs: Any) -> Any:
    given = bind(function, args, kwargs)
    name, x = first_of(given)
    if not is_only(x, given, axis, (name, "out", "where", "mean")) or (not x.ndim and function in _NOT_OF_NUMBERS):
        return NotImplemented
    if given.get("weights") is not None or given.get("mean", np._NoValue) is not np._NoValue:
        return NotImplemented
    if function in (np.median, np.nanmedian) and given.get("overwrite_input"):
        return NotImplemented
    given[name], given["axis"] = x.held, shifted(given.get("axis"), x.ndim)
    if "where" in given:
        given["where"] = aligned(given["where"], axis, x.ndim)
    return with_out(lambda **given: function(given.pop(name), **given), [], given, axis)


@handles(np.quantile, np.percentile, np.nanquantile, np.nanpercentile)
def _quantile(function: Any, axis: Axis, args: Any, kwargs: Any) -> Any:
    given = bind(function, args, kwargs)
    x, q = given["a"], given["q"]
    # nanquantile confuses the axes of a 2-d q.
    if not is_only(x, given, axis) or not x.size or not x.ndim or np.ndim(q) > 1 or given.get("weights") is not None:
        return NotImplemented
    if given.get("out") is not None or given.get("overwrite_input"):
        return NotImplemented
    given.update(a=x.held, axis=shifted(given.get("axis"), x.ndim))
    return Batch(np.moveaxis(function(**given), np.ndim(q), 0), axis)


_OF_ALL = (np.cumsum, np.cumprod, np.nancumsum, np.nancumprod, np.argmax, np.argmin, np.nanargmax, np.nanargmin)


@handles(*_OF_ALL, np.sort, np.argsort, np.repeat, np.partition, np.argpartition, np.diff, np.delete)
def _along(function: Any, axis: Axis, args: Any, kwargs: Any) -> Any:
    given = bind(function, args, kwargs)
    name, x = first_of(given)
    if not is_only(x, given, axis) or {"prepend", "append", "out"} & set(given):
        return NotImplemented
    along = given.get("axis", None if function in (*_OF_ALL, np.repeat, np.delete) else -1)
    if along is not None:
        if not x.ndim:
            return NotImplemented
        given[name], given["axis"] = x.held, shifted(along, x.ndim)
    elif given.get("keepdims") is True:
        return NotImplemented
    else:
        given[name], given["axis"] = np.reshape(x.held, (axis.size, x.size)), 1
    return wrapped(function(given.pop(name), **given), axis)


@handles(np.gradient)
def _gradient(function: Any, axis: Axis, args: Any, kwargs: Any) -> Any:
    x, *spacing = args
    if not has(x, axis) or any(np.ndim(h) or h.__class__ is Batch for h in spacing) or kwargs.get("axis") is None:
        return NotImplemented
    return wrapped(function(x.held, *spacing, **{**kwargs, "axis": shifted(kwargs["axis"], x.ndim)}), axis)


@handles(np.linalg.norm)
def _norm(function: Any, axis: Axis, args: Any, kwargs: Any) -> Any:
    given = bind(function, args, kwargs)
    x, along, order = given["x"], given.get("axis"), given.get("ord")
    if not is_only(x, given, axis):
        return NotImplemented
    if along is None:
        if order is None and not given.get("keepdims"):
            x, along = np.reshape(x, (x.size,)), 0
        elif x.ndim in (1, 2):
            along = 0 if x.ndim == 1 else (0, 1)
        else:
            return NotImplemented
    return Batch(function(x.held, order, shifted(along, x.ndim), given.get("keepdims", False)), axis)


@handles(np.linalg.vector_norm)
def _vector_norm(function: Any, axis: Axis, args: Any, kwargs: Any) -> Any:
    given = bind(function, args, kwargs)
    x = given.pop("x")
    if not is_only(x, given, axis):
        return NotImplemented
    return Batch(function(x.held, **{**given, "axis": shifted(given.get("axis"), x.ndim)}), axis)


@handles(np.trapezoid)
def _trapezoid(function: Any, axis: Axis, args: Any, kwargs: Any) -> Any:
    given = bind(function, args, kwargs)
    y = given["y"]
    if not is_only(y, given, axis) or not y.ndim or np.ndim(given.get("x", 0)) > 1:
        return NotImplemented
    return Batch(function(**{**given, "y": y.held, "axis": shifted(given.get("axis", -1), y.ndim)}), axis)
