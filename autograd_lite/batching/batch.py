"""Batch: an array with a hidden axis. NumPy functions on it compute for all elements at once.

`shape`, `ndim`, axes and indices are those of one element. What is the same for all elements stays a plain array.
Batches nest: what a batch holds may be a batch of an axis further out, and all code here computes with what it holds by
NumPy functions alone. It may also be a tracer of `compile`, which records these functions.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from sys import getrefcount
from typing import Any

import numpy as np

from autograd_lite.batching.axes import Axis, Shape, axes_of, refuse
from autograd_lite.support.conversion import NO_ARRAY, is_for_sparse_product


class Batch(np.lib.mixins.NDArrayOperatorsMixin):
    """The elements of a batch.

    Attributes
    ----------
    held : array
        The elements along axis 0.
    axis : Axis
        The hidden axis.
    """

    __slots__ = ("__weakref__", "axis", "held")
    __array_priority__ = 1000

    def __init__(self, held: Any, axis: Axis) -> None:
        self.held, self.axis = held, axis

    # -- what does not depend on values ------------------------------------------------------------------------------

    @property
    def shape(self) -> Shape:
        """Of one element."""
        shape = Shape(self.held.shape[1:])
        shape.axes = (self.axis, *axes_of(self.held.shape))
        return shape

    dtype = property(lambda self: self.held.dtype)
    ndim = property(lambda self: self.held.ndim - 1)
    size = property(lambda self: math.prod(self.held.shape[1:]))
    itemsize = property(lambda self: self.held.itemsize)
    nbytes = property(lambda self: self.size * self.itemsize)
    strides = property(lambda self: self.held.strides[1:])
    flags = property(lambda self: self.held.flags)
    base = property(lambda self: self.held.base)

    def __repr__(self) -> str:
        return f"<batch of {self.axis.size} arrays of shape {tuple(self.shape)} and dtype {self.dtype}>"

    def __len__(self) -> int:
        if not self.ndim:
            raise TypeError("len() of unsized object")
        return int(self.shape[0])

    def __iter__(self) -> Iterator[Any]:
        if not self.ndim:
            raise TypeError("iteration over a 0-d array")
        return (self[i] for i in range(len(self)))

    # -- what NumPy and Python call ----------------------------------------------------------------------------------

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if any(hasattr(value, "_node") for value in inputs):  # a tensor calls its operation, which calls the ufunc
            return NotImplemented
        return dispatch["ufunc"](ufunc, method, inputs, kwargs)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if any(hasattr(kind, "_node") for kind in types):
            return NotImplemented
        return dispatch["function"](function, args, kwargs)

    def __getitem__(self, index: Any) -> Any:
        return dispatch["getitem"](self, index)

    def __setitem__(self, index: Any, value: Any) -> None:
        dispatch["setitem"](self, index, value)

    def __pow__(self, exponent: Any) -> Any:
        # ** of arrays takes these shortcuts, whose results differ from np.power in the last bit.
        shortcut = _POWERS.get(exponent) if type(exponent) in (int, float) and self.dtype.kind == "f" else None
        return super().__pow__(exponent) if shortcut is None else shortcut(self)

    def __copy__(self) -> Any:
        return np.copy(self)

    def __deepcopy__(self, memo: Any) -> Any:
        return np.copy(self)

    def astype(self, dtype: Any = None, copy: bool = True, **options: Any) -> Batch:
        """The elements in another dtype."""
        return Batch(self.held.astype(self.dtype if dtype is None else dtype, copy=copy, **options), self.axis)

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        if is_for_sparse_product():
            return NO_ARRAY
        refuse("a plain NumPy array (np.asarray, np.array of several batches, writing into or indexing a plain array)")


_POWERS: dict[Any, Callable[..., Any]] = {1: np.positive, 2: np.square, 0.5: np.sqrt, -1: np.reciprocal}
# Filled by the modules that import this one: what the protocols above do.
dispatch: dict[str, Callable[..., Any]] = {}

# -- what needs the values of one element ----------------------------------------------------------------------------

_USES = {
    "__bool__": "a branch of Python (if, while, and, or, assert)",
    "__float__": "float()",
    "__int__": "int()",
    "__index__": "an index or count of Python",
    "__complex__": "complex()",
    "__contains__": "the operator `in`",
    "item": "item()",
    "tolist": "tolist()",
    "tobytes": "tobytes()",
}


def _named(method: Callable[..., Any], doc: str) -> Callable[..., Any]:
    method.__doc__ = doc
    return method


def _refusal(use: str) -> Callable[..., Any]:
    return _named(lambda self, *args, **options: refuse(use), f"Refused: {use} needs the values of one element.")


for _name, _use in _USES.items():
    setattr(Batch, _name, _refusal(_use))

# -- methods that are functions of NumPy -----------------------------------------------------------------------------

_METHODS = (
    "all", "any", "argmax", "argmin", "argsort", "choose", "clip", "copy", "cumprod", "cumsum", "diagonal", "dot",
    "max", "mean", "min", "nonzero", "prod", "put", "ravel", "repeat", "round", "searchsorted", "squeeze", "std", "sum",
    "swapaxes", "take", "trace", "var",
)  # fmt: skip


def _method(name: str) -> Callable[..., Any]:
    function = getattr(np, name)
    return _named(lambda self, *args, **options: function(self, *args, **options), f"``np.{name}`` of the batch.")


for _name in _METHODS:
    setattr(Batch, _name, _method(_name))
_PROPERTIES: dict[str, Callable[..., Any]] = {
    "T": lambda self: np.transpose(self),
    "mT": lambda self: np.swapaxes(self, -1, -2),
    "real": lambda self: np.real(self),
    "imag": lambda self: np.imag(self),
}
for _name, _function in _PROPERTIES.items():
    setattr(Batch, _name, property(_function))


def _variadic(function: Callable[..., Any]) -> Callable[..., Any]:
    def method(self: Batch, *args: Any, **options: Any) -> Any:
        return function(self, *((args[0] if len(args) == 1 else args,) if args else ()), **options)

    return method


def _sort(self: Batch, axis: int = -1, **options: Any) -> None:
    self[...] = np.sort(self, axis, **options)


_OWN: dict[str, Callable[..., Any]] = {
    "reshape": _variadic(np.reshape),
    "transpose": _variadic(np.transpose),
    "flatten": lambda self, order="C": np.copy(np.ravel(self, order)),
    "fill": lambda self, value: self.__setitem__(..., value),
    "conj": lambda self: np.conjugate(self),
    "conjugate": lambda self: np.conjugate(self),
    "compress": lambda self, condition, axis=None: np.compress(condition, self, axis),
    "sort": _sort,
}
for _name, _function in _OWN.items():
    setattr(Batch, _name, _named(_function, f"The method {_name} of arrays."))


# -- helpers ---------------------------------------------------------------------------------------------------------


def has(value: Any, axis: Axis) -> bool:
    """Whether a value is a batch over an axis, the innermost of its own."""
    return value.__class__ is Batch and value.axis is axis


def _references(batch: Batch) -> int:
    return getrefcount(batch.held)


_ALONE = _references(Batch(np.zeros(1), Axis(1)))


def owns_memory(value: Any) -> bool:
    """Whether this is an array that is no view, or a batch of one that nothing else refers to."""
    if value.__class__ is not Batch:
        return value.__class__ is np.ndarray and value.base is None
    return value.held.__class__ is np.ndarray and value.held.base is None and _references(value) == _ALONE


def batches(*values: Any) -> Iterator[Batch]:
    """The batches among values, and inside lists, tuples and dicts."""
    for value in values:
        if value.__class__ is Batch:
            yield value
        elif isinstance(value, list | tuple):
            yield from batches(*value)
        elif isinstance(value, dict):
            yield from batches(*value.values())


def innermost(*values: Any) -> Axis | None:
    """The axis that is taken care of first; None if there is no batch."""
    found: Axis | None = None
    axis: Axis | None
    for value in values:
        if value.__class__ is Batch:
            axis = value.axis
        elif isinstance(value, list | tuple):
            axis = innermost(*value)
        elif isinstance(value, dict):
            axis = innermost(*value.values())
        else:
            continue
        if found is None or (axis is not None and axis.number > found.number):
            found = axis
    return found


def axes_in(value: Any) -> int:
    """np.ndim, which takes three times as long for a batch."""
    return value.ndim if hasattr(value, "ndim") else np.ndim(value)


def arrayed(value: Any) -> Any:
    """What has a dtype as it is; numbers and lists as arrays."""
    return value if hasattr(value, "dtype") else np.asarray(value)


def aligned(value: Any, axis: Axis, ndim: int) -> Any:
    """What broadcasts as the elements do: a batch with axes of length one after the hidden one; others as they are."""
    if not has(value, axis):
        return value
    held = value.held
    missing = ndim + 1 - held.ndim
    return np.reshape(held, (held.shape[0], *(1,) * missing, *held.shape[1:])) if missing > 0 else held


def filled(value: Any, axis: Axis) -> Any:
    """The elements along axis 0, also of what is the same for all."""
    if has(value, axis):
        return value.held
    value = arrayed(value)
    return np.broadcast_to(value, (axis.size, *value.shape))


def wrapped(out: Any, axis: Axis) -> Any:
    """A batch around a result, or around each of several."""
    if isinstance(out, tuple | list):
        items = [wrapped(item, axis) for item in out]
        return type(out)(*items) if hasattr(out, "_fields") else type(out)(items)
    return Batch(out, axis)


def shifted(along: Any, ndim: int) -> Any:
    """An axis argument for what holds the elements of `ndim` axes; None is all axes but the hidden one."""
    if along is None:
        return tuple(range(1, ndim + 1))
    if isinstance(along, tuple | list):
        return tuple(shifted(one, ndim) for one in along)
    return np.lib.array_utils.normalize_axis_index(along, ndim) + 1
