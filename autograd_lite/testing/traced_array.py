"""Arrays that record what is computed with them: a user's function as a `Computation`.

The function is run on arrays that record each NumPy call. It is run in a copy in which NumPy's module, and this
library's functions, are replaced: arrays that the function creates (``np.zeros(3)``) record what is written into them,
and an operation of this library is one call.

A trace can miss something: a branch of Python, numbers taken out of arrays, writes through a second view. So a
computation is used only where it gives what the function gives for other inputs as well.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FunctionType, ModuleType
from typing import Any

import numpy as np

from autograd_lite.compiler.user_code import is_user_code
from autograd_lite.support.function_copies import copied
from autograd_lite.testing.computation import Call, Computation, Ref, refs, setitem
from autograd_lite.testing.inputs import Inputs
from autograd_lite.testing.source_places import Place, place_of

_MOST_CALLS = 2000


class NotTraceableError(Exception):
    """The function cannot be recorded."""


class TracedArray(np.ndarray[Any, Any]):
    """An array that records the calls it takes part in. Its numbers are there, so branches and `float` work."""

    trace: Trace | None = None
    ref: Ref

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        trace, outputs = _trace_of((inputs, options)), options.pop("out", None)
        function = ufunc if method == "__call__" else getattr(ufunc, method)
        if method == "at":
            return self._overwrite(trace, _with_at(ufunc), *inputs, **options)
        if outputs is None:
            return trace.call(function, inputs, options)
        result = trace.call(function, inputs, options)
        return outputs[0]._become(trace, result) if isinstance(outputs[0], TracedArray) else _copy(outputs[0], result)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        out = kwargs.pop("out", None)
        result = _trace_of((args, kwargs)).call(function, args, kwargs)
        return result if out is None else out._become(_trace_of((args, kwargs)), result)

    def _become(self, trace: Trace, result: Any) -> Any:
        """Take the numbers and the place of a result, because it was written into this array."""
        np.copyto(_plain(self), _plain(result), casting="unsafe")
        self.ref = result.ref
        return self

    def _overwrite(self, trace: Trace, function: Callable[..., Any], *args: Any, **options: Any) -> None:
        args[0]._become(trace, trace.call(function, args, options))

    def __getitem__(self, index: Any) -> Any:
        return _trace_of((self, index)).call(_getitem, (self, index), {})

    def __setitem__(self, index: Any, value: Any) -> None:
        self._overwrite(_trace_of((self, index, value)), setitem, self, index, value)

    @property
    def T(self) -> Any:  # noqa: N802 - as NumPy calls it
        return np.transpose(self)

    @property
    def mT(self) -> Any:  # noqa: N802
        return np.swapaxes(self, -1, -2)

    def astype(self, dtype: Any, *args: Any, **kwargs: Any) -> Any:
        """A copy in another dtype."""
        return _trace_of(self).call(_astype, (self, np.dtype(dtype)), {})

    def reshape(self, *shape: Any, **options: Any) -> Any:
        """Another shape."""
        return np.reshape(self, shape[0] if len(shape) == 1 else shape, **options)

    def transpose(self, *axes: Any) -> Any:
        """The axes in another order."""
        return np.transpose(self, (axes[0] if len(axes) == 1 else axes) or None)

    def flatten(self, order: Any = "C") -> Any:
        """A copy with one axis."""
        return np.ravel(self, order)


def _getitem(x: Any, index: Any) -> Any:
    return x[index]


def _with_at(ufunc: np.ufunc) -> Callable[..., Any]:
    def at(x: Any, *args: Any) -> Any:
        x = np.array(x)
        ufunc.at(x, *args)
        return x

    return at


def _astype(x: Any, dtype: Any) -> Any:
    return np.asarray(x).astype(dtype)


def _method(name: str) -> Any:
    function = getattr(np, name)

    def method(self: TracedArray, *args: Any, **kwargs: Any) -> Any:
        return function(self, *args, **kwargs)

    method.__name__, method.__doc__ = name, f"NumPy's {name}, recorded."
    return method


for _name in (
    "all", "any", "argmax", "argmin", "argsort", "clip", "copy", "cumprod", "cumsum", "diagonal", "dot", "max", "mean",
    "min", "nonzero", "prod", "ravel", "repeat", "round", "squeeze", "std", "sum", "swapaxes", "take", "trace", "var",
):  # fmt: skip
    setattr(TracedArray, _name, _method(_name))


def _plain(tree: Any) -> Any:
    """The tree with plain arrays, scalars as NumPy's, in place of traced ones."""
    if isinstance(tree, TracedArray):
        return tree.view(np.ndarray)
    if type(tree) in (tuple, list):
        return type(tree)([_plain(part) for part in tree])
    if type(tree) is slice:
        return slice(*_plain((tree.start, tree.stop, tree.step)))
    if type(tree) is dict:
        return {key: _plain(part) for key, part in tree.items()}
    return tree


def _copy(out: Any, result: Any) -> Any:
    np.copyto(out, _plain(result), casting="unsafe")
    return out


def _trace_of(tree: Any) -> Trace:
    if isinstance(tree, TracedArray) and tree.trace is not None:
        return tree.trace
    if isinstance(tree, tuple | list | dict | slice):
        parts = tree.values() if isinstance(tree, dict) else (tree.start, tree.stop, tree.step) if isinstance(
            tree, slice) else tree  # fmt: skip
        for part in parts:
            if isinstance(part, TracedArray | tuple | list | dict | slice):
                try:
                    return _trace_of(part)
                except NotTraceableError:
                    continue
    raise NotTraceableError("no array of the trace takes part")


class Trace:
    """The calls of one run."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self._places: dict[Any, Place | None] = {}

    def call(self, function: Callable[..., Any], args: tuple[Any, ...], options: dict[str, Any]) -> Any:
        """Make a call and record it."""
        if len(self.calls) > _MOST_CALLS:
            raise NotTraceableError(f"the function makes more than {_MOST_CALLS} calls")
        value = function(*_plain(args), **_plain(options))
        if isinstance(value, tuple | list) and any(isinstance(part, np.ndarray) for part in value):
            whole = self._record(function, args, options, value)
            parts = [self._array(part, _getitem, (whole, i)) for i, part in enumerate(value)]
            return type(value)(*parts) if hasattr(value, "_fields") else type(value)(parts)
        if not isinstance(value, np.ndarray | np.generic):
            return value
        return self._array(value, function, args, options)

    def _array(self, value: Any, function: Any, args: Any, options: Any = None) -> TracedArray:
        traced = np.array(value).view(TracedArray)
        traced.trace, traced.ref = self, self._record(function, args, options or {}, traced.view(np.ndarray).copy())
        return traced

    def _record(self, function: Any, args: Any, options: Any, value: Any) -> Ref:
        operands, named = self._numbered(args), self._numbered(options)
        number = Ref(len(self.calls))
        below = frozenset({number}).union(*(self.calls[ref].below for ref in refs((operands, named))))
        self.calls.append(Call(function, operands, named, value, self._place(), below))
        return number

    def _place(self) -> Place | None:
        """The place in the user's code, unless it is this module that has called everything below."""
        frame: Any = sys._getframe(1)
        while not is_user_code(frame.f_code):
            if frame.f_code is trace.__code__:
                return None
            frame = frame.f_back
        key = frame.f_code, frame.f_lasti
        if key not in self._places:
            self._places[key] = place_of(frame)
        return self._places[key]

    def _numbered(self, tree: Any) -> Any:
        """The tree with the numbers of their calls in place of traced arrays."""
        if isinstance(tree, TracedArray):
            return tree.ref if tree.trace is self else tree.view(np.ndarray).copy()
        if type(tree) in (tuple, list):
            return type(tree)([self._numbered(part) for part in tree])
        if type(tree) is slice:
            return slice(*self._numbered((tree.start, tree.stop, tree.step)))
        if type(tree) is dict:
            return {key: self._numbered(part) for key, part in tree.items()}
        return tree.copy() if isinstance(tree, np.ndarray) else tree

    def input(self, value: Any) -> Any:
        """An input: arrays and numbers are traced, everything else is passed as it is."""
        number = Ref(len(self.calls))
        self.calls.append(Call(None, (), {}, value, None, frozenset({number})))
        if isinstance(value, bool) or not isinstance(value, np.ndarray | float | int):
            return value
        traced = np.array(value).view(TracedArray)
        traced.trace, traced.ref = self, number
        return traced


def trace(function: Callable[..., Any], inputs: Inputs) -> Computation | None:
    """What the function computes from the inputs, or None if it cannot be recorded."""
    recorded = Trace()
    try:
        with np.errstate(all="ignore"):
            returned = _for_tracing(function, recorded)(*[recorded.input(value) for value in inputs.values])
    except Exception:  # anything may happen in the user's function on arrays of another class
        return None
    return Computation(recorded.calls, inputs.names, recorded._numbered(returned))


# -- the copy of the function ---------------------------------------------------------------------------------------

_CREATIONS = {"zeros", "ones", "empty", "full", "eye", "identity", "arange", "linspace", "tri", "array", "asarray"}


def _for_tracing(function: Callable[..., Any], recorded: Trace) -> Callable[..., Any]:
    """A copy of the function in which arrays are created as traced ones, and operations are single calls."""

    def wrapped(original: Any) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            return recorded.call(original, args, kwargs)

        return call

    def replacement(value: Any) -> Any:
        if isinstance(value, ModuleType) and value.__name__.partition(".")[0] in ("numpy", "autograd_lite"):
            return _Module(value, replacement)
        module = str(getattr(value, "__module__", None) or "")
        if module.startswith("numpy") and getattr(value, "__name__", "") in _CREATIONS:
            return wrapped(value)
        is_operation = hasattr(value, "primitive") or (
            isinstance(value, FunctionType) and module.startswith("autograd_lite.")
        )
        return wrapped(value) if is_operation else None

    return copied(function, replacement)  # type: ignore[no-any-return]


class _Module:
    """A module whose functions are replaced."""

    def __init__(self, module: ModuleType, replacement: Callable[[Any], Any]) -> None:
        self._module, self._replacement = module, replacement

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._module, name)
        replaced = self._replacement(value)
        return value if replaced is None else replaced
