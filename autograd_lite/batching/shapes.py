"""Functions that move elements: shapes, axes, order along axes, padding."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from autograd_lite.batching.axes import Axis
from autograd_lite.batching.batch import Batch, aligned, arrayed, filled, has, shifted
from autograd_lite.batching.table import bind, first_of, handles, is_only


@handles(np.reshape)
def _reshape(function: Any, axis: Axis, args: Any, kwargs: Any) -> Any:
    given = bind(function, args, kwargs)
    x, shape, order = given["a"], given.get("shape", given.get("newshape")), given.get("order", "C")
    shape = (shape,) if not isinstance(shape, tuple | list) else tuple(shape)
    if shape.count(-1) > 1 or order not in ("C", "F", "A"):
        return NotImplemented  # NumPy's errors
    if -1 in shape:
        known = -math.prod(shape)
        if not known or x.size % known:
            raise ValueError(f"cannot reshape array of size {x.size} into shape {shape}")
        shape = tuple(x.size // known if n == -1 else n for n in shape)
    if math.prod(shape) != x.size or any(n < 0 for n in shape):
        raise ValueError(f"cannot reshape array of size {x.size} into shape {shape}")
    options = {"copy": given["copy"]} if given.get("copy") is not None else {}
    if order == "A":
        return NotImplemented
    if order == "C":
        return Batch(np.reshape(x.held, (axis.size, *shape), **options), axis)
    moved = np.reshape(np.moveaxis(x.held, 0, -1), (*shape, axis.size), order="F", **options)
    return Batch(np.moveaxis(moved, -1, 0), axis)


@handles(np.ravel)
def _ravel(function: Any, axis: Axis, args: Any, kwargs: Any) -> Any:
    given = bind(function, args, kwargs)
    x, order = given["a"], given.get("order", "C")
    return np.reshape(x, (x.size,), order=order) if order in ("C", "F") else NotImplemented


@handles(np.transpose, np.permute_dims)
def _transpose(function: Any, axis: Axis, args: Any, kwargs: Any) -> Any:
    given = bind(function, args, kwargs)
    x, axes = given["a"], given.get("axes")
    axes = tuple(range(x.ndim)[::-1] if axes is None else axes)
    if len(axes) != x.ndim:
        raise ValueError("axes don't match array")
    return Batch(np.transpose(x.held, (0, *shifted(axes, x.ndim))), axis)


_AXES: dict[Any, dict[str, Any]] = {
    np.swapaxes: {"axis1": None, "axis2": None},
    np.moveaxis: {"source": None, "destination": None},
    np.flip: {"axis": None},
    np.rot90: {"axes": (0, 1)},
    np.diagonal: {"axis1": 0, "axis2": 1},
    np.trace: {"axis1": 0, "axis2": 1},
    np.linalg.diagonal: {},
    np.linalg.trace: {},
}


@handles(*_AXES)
def _moved(function: Any, axis: Axis, args: Any, kwargs: Any) -> Any:
    given = bind(function, args, kwargs)
    name, x = first_of(given)
    if given.get("out") is not None or (x.ndim < 2 and function in (np.diagonal, np.trace)):
        return NotImplemented
    if x.ndim < 2 and function in (np.linalg.diagonal, np.linalg.trace, np.rot90):
        return NotImplemented
    for along, default in _AXES[function].items():
        given[along] = shifted(given.get(along, default), x.ndim)
    del given[name]  # of some it is positional-only
    return Batch(function(x.held, **given), axis)


@handles(np.expand_dims)
def _expand_dims(function: Any, axis: Axis, args: Any, kwargs: Any) -> Any:
    given = bind(function, args, kwargs)
    x, along = given["a"], given["axis"]
    along = tuple(along) if isinstance(along, tuple | list) else (along,)
    return Batch(np.expand_dims(x.held, shifted(along, x.ndim + len(along))), axis)


@handles(np.squeeze)
def _squeeze(function: Any, axis: Axis, args: Any, kwargs: Any) -> Any:
    given = bind(function, args, kwargs)
    x, along = given["a"], given.get("axis")
    along = tuple(i for i, n in enumerate(x.shape) if n == 1) if along is None else along
    return Batch(np.squeeze(x.held, shifted(along, x.ndim)), axis)


@handles(np.atleast_1d, np.atleast_2d, np.atleast_3d)
def _at_least(function: Any, axis: Axis, args: Any, kwargs: Any) -> Any:
    shapes = [function(np.broadcast_to(np.empty((), bool), tuple(np.shape(x)))).shape for x in args]
    out = tuple(np.reshape(x, shape) for x, shape in zip(args, shapes, strict=True))
    return out[0] if len(out) == 1 else out


@handles(np.broadcast_to)
def _broadcast_to(function: Any, axis: Axis, args: Any, kwargs: Any) -> Any:
    given = bind(function, args, kwargs)
    shape = tuple(given["shape"]) if isinstance(given["shape"], tuple | list) else (given["shape"],)
    x = given["array"]
    if x.ndim > len(shape):
        raise ValueError("input operand has more dimensions than allowed by the axis remapping")
    return Batch(np.broadcast_to(aligned(x, axis, len(shape)), (axis.size, *shape)), axis)


@handles(np.broadcast_arrays)
def _broadcast_arrays(function: Any, axis: Axis, args: Any, kwargs: Any) -> Any:
    shape = np.broadcast_shapes(*map(np.shape, args))
    return tuple(np.broadcast_to(a, shape) for a in args)


@handles(np.roll)
def _roll(function: Any, axis: Axis, args: Any, kwargs: Any) -> Any:
    given = bind(function, args, kwargs)
    x, along = given["a"], given.get("axis")
    if not is_only(x, given, axis):
        return NotImplemented
    if along is None:
        if np.ndim(given["shift"]):
            return NotImplemented
        return np.reshape(np.roll(np.ravel(x), given["shift"], 0), x.shape)
    return Batch(np.roll(x.held, given["shift"], shifted(along, x.ndim)), axis)


@handles(np.tile)
def _tile(function: Any, axis: Axis, args: Any, kwargs: Any) -> Any:
    given = bind(function, args, kwargs)
    x, reps = given["A"], given["reps"]
    reps = tuple(reps) if np.ndim(reps) else (reps,)
    ndim = max(x.ndim, len(reps))
    return Batch(np.tile(aligned(x, axis, ndim), (1, *(1,) * (ndim - len(reps)), *reps)), axis)


@handles(np.pad)
def _pad(function: Any, axis: Axis, args: Any, kwargs: Any) -> Any:
    given = bind(function, args, kwargs)
    x, options = given.pop("array"), given.pop("kwargs", {})
    width = given.pop("pad_width")
    are_plain = all(np.ndim(v) == 0 and not isinstance(v, Batch) for v in options.values())
    if not is_only(x, given, axis) or not are_plain or isinstance(width, dict | Batch) or callable(given.get("mode")):
        return NotImplemented
    pairs = np.broadcast_to(width, (x.ndim, 2)).tolist()
    return Batch(np.pad(x.held, ((0, 0), *map(tuple, pairs)), **given, **options), axis)


@handles(sliding_window_view)
def _windows(function: Any, axis: Axis, args: Any, kwargs: Any) -> Any:
    given = bind(function, args, kwargs)
    x, window = given.pop("x"), given.pop("window_shape")
    window = tuple(window) if np.ndim(window) else (window,)
    along = given.pop("axis", None)
    return Batch(function(x.held, window, shifted(along, x.ndim), **given), axis)


@handles(np.concatenate, np.stack)
def _join(function: Any, axis: Axis, args: Any, kwargs: Any) -> Any:
    arrays, *rest = args
    along = rest[0] if rest else kwargs.get("axis", 0)
    if kwargs.get("out") is not None or len(rest) > 1:
        return NotImplemented
    options = {name: value for name, value in kwargs.items() if name not in ("axis", "out")}
    arrays = list(arrays)
    if along is None:
        arrays, along = [np.reshape(arrayed(a), (np.size(a),)) for a in arrays], 0
    ndim = np.ndim(arrays[0]) + (function is np.stack)
    return Batch(function([filled(a, axis) for a in arrays], axis=shifted(along, ndim), **options), axis)


@handles(np.hstack, np.vstack, np.dstack, np.column_stack)
def _stacked(function: Any, axis: Axis, args: Any, kwargs: Any) -> Any:
    arrays = [arrayed(a) for a in args[0]]
    if function is np.hstack:
        arrays = [np.atleast_1d(a) for a in arrays]
        return np.concatenate(arrays, axis=0 if arrays[0].ndim == 1 else 1, **kwargs)
    if function is np.column_stack:
        columns = [np.reshape(a, (a.size, 1)) if a.ndim < 2 else a for a in arrays]
        return np.concatenate(columns, axis=1)
    at_least, along = (np.atleast_2d, 0) if function is np.vstack else (np.atleast_3d, 2)
    return np.concatenate([at_least(a) for a in arrays], axis=along, **kwargs)


@handles(np.split, np.array_split)
def _split(function: Any, axis: Axis, args: Any, kwargs: Any) -> Any:
    given = bind(function, args, kwargs)
    x = given["ary"]
    if not is_only(x, given, axis):
        return NotImplemented
    parts = function(x.held, given["indices_or_sections"], shifted(given.get("axis", 0), x.ndim))
    return [Batch(part, axis) for part in parts]


@handles(np.tril, np.triu)
def _triangle(function: Any, axis: Axis, args: Any, kwargs: Any) -> Any:
    x, *rest = args
    return Batch(function(x.held, *rest, **kwargs), axis) if has(x, axis) and x.ndim > 1 else NotImplemented
