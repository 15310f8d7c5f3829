"""The table of NumPy functions that compute with batches; the others are called for one element after the other.

A handler gets the function, the axis, and the arguments. It returns NotImplemented for what it does not do at once.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_lite.batching.axes import Axis, refuse_write
from autograd_lite.batching.batch import Batch, batches, dispatch, has, innermost
from autograd_lite.batching.elements import loop
from autograd_lite.batching.errors import of_one_element

Handler = Callable[[Any, Axis, Any, dict[str, Any]], Any]
FUNCTIONS: dict[Any, Handler] = {}
_signature = functools.cache(inspect.signature)


@functools.cache
def _names(function: Any) -> tuple[str, ...]:
    """The names of the arguments; none if some of them have no name or no place."""
    parameters = _signature(function).parameters.values()
    return tuple(p.name for p in parameters) if all(p.kind is p.POSITIONAL_OR_KEYWORD for p in parameters) else ()


def handles(*functions: Any) -> Callable[[Handler], Handler]:
    """A decorator that enters a handler for NumPy functions."""

    def register(handler: Handler) -> Handler:
        FUNCTIONS.update(dict.fromkeys(functions, handler))
        return handler

    return register


def bind(function: Any, args: Any, kwargs: dict[str, Any]) -> dict[str, Any]:
    """The arguments that are given, by name."""
    if args and len(args) <= len(names := _names(function)) and kwargs.keys() <= set(names[len(args) :]):
        return {**dict(zip(names, args, strict=False)), **kwargs}  # a fifth of the time
    return dict(_signature(function).bind(*args, **kwargs).arguments)


def first_of(given: dict[str, Any]) -> tuple[str, Any]:
    """The name of the first argument, and the argument."""
    return next(iter(given.items()))


def is_only(x: Any, given: dict[str, Any], axis: Axis, besides: tuple[str, ...] = ()) -> bool:
    """Whether x is the only batch of this axis, apart from some arguments."""
    others = [value for name, value in given.items() if name not in besides and value is not x]
    return has(x, axis) and not any(has(batch, axis) for batch in batches(*others))


def writable(x: Any, axis: Axis) -> Any:
    """What a batch holds, to be written into."""
    if not has(x, axis):
        refuse_write()
    return x.held


def call_function(function: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    """What ``Batch.__array_function__`` does."""
    axis = innermost(args, kwargs)
    if axis is None:  # only as `like`
        return NotImplemented
    handler = FUNCTIONS.get(function)
    if handler is not None:
        try:
            out = handler(function, axis, args, dict(kwargs))
        except (ValueError, IndexError, TypeError) as error:
            raise of_one_element(error, function, axis, args, kwargs) from None
        if out is not NotImplemented:
            return out
    return loop(function, axis, args, kwargs)


dispatch["function"] = call_function


# -- shapes and dtypes alone -----------------------------------------------------------------------------------------


@handles(np.shape)
def _shape(function: Any, axis: Axis, args: Any, kwargs: Any) -> Any:
    return args[0].shape if args[0].__class__ is Batch else NotImplemented


@handles(np.ndim)
def _ndim(function: Any, axis: Axis, args: Any, kwargs: Any) -> Any:
    return args[0].ndim if args[0].__class__ is Batch else NotImplemented


@handles(np.size)
def _size(function: Any, axis: Axis, args: Any, kwargs: Any) -> Any:
    x = args[0]
    return function(np.broadcast_to(np.empty((), bool), tuple(x.shape)), *args[1:], **kwargs)


@handles(np.result_type, np.can_cast)
def _of_dtypes(function: Any, axis: Axis, args: Any, kwargs: Any) -> Any:
    return function(*(a.dtype if a.__class__ is Batch else a for a in args), **kwargs)


@handles(np.array2string, np.array_repr, np.array_str)
def _text(function: Any, axis: Axis, args: Any, kwargs: Any) -> Any:
    return repr(args[0])


@handles(np.common_type, np.min_scalar_type, np.iscomplexobj, np.isrealobj)
def _of_arrays_of_dtypes(function: Any, axis: Axis, args: Any, kwargs: Any) -> Any:
    return function(*(np.empty(1, a.dtype) if a.__class__ is Batch else a for a in args), **kwargs)


@handles(np.may_share_memory, np.shares_memory)
def _memory(function: Any, axis: Axis, args: Any, kwargs: Any) -> Any:
    held = list(args)
    while any(arg.__class__ is Batch for arg in held):
        held = [arg.held if arg.__class__ is Batch else arg for arg in held]
    return function(*held, **kwargs)


@handles(np.zeros_like, np.ones_like, np.empty_like, np.full_like)
def _like(function: Any, axis: Axis, args: Any, kwargs: Any) -> Any:
    given = bind(function, args, kwargs)
    name, x = first_of(given)
    shape = given.get("shape")
    shape = np.shape(x) if shape is None else tuple(shape) if np.ndim(shape) else (shape,)
    given[name] = x.held if has(x, axis) else x
    if has(given.get("fill_value"), axis):
        batch = Batch(np.empty_like(given[name], given.get("dtype"), shape=(axis.size, *shape)), axis)
        batch[...] = given["fill_value"]
        return batch
    return Batch(function(**{**given, "shape": (axis.size, *shape)}), axis)
