"""Arrays that record what is computed with them: a user's function as a `Computation`.

The function is run on arrays that record each NumPy call. It is run in a copy in which the modules of NumPy and of this
library are replaced: so arrays that it creates (``np.zeros(3)``) record what is written into them, and an operation of
this library is one call.

A recording can miss something: a branch of Python, numbers taken out of arrays, writes through a second view. So a
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
from autograd_lite.testing.chain_rule.source_places import Place, place_of
from autograd_lite.testing.comparing.inputs import Inputs, parameter_names
from autograd_lite.testing.formulas.computation import Call, Computation, Ref, getitem, map_tree, refs, setitem

_MOST_CALLS = 2000


class TooLongError(Exception):
    """The function makes more calls than can be of use."""


class TracedArray(np.ndarray[Any, Any]):
    """An array that records the calls in which it takes part. It has its numbers, so branches and `float` work."""

    _trace: _Trace | None = None  # None for an array that a call has made unseen, such as a view
    _ref: Ref

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        trace, (out,) = _trace_of((inputs, options)), options.pop("out", (None,))[:1]
        if method == "at":
            return _overwrite(trace, _copying(ufunc), inputs, options)
        result = trace.call(ufunc if method == "__call__" else getattr(ufunc, method), inputs, options)
        return result if out is None else _written(out, result)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        out = kwargs.pop("out", None)
        result = _trace_of((args, kwargs)).call(function, args, kwargs)
        return result if out is None else _written(out, result)

    def __getitem__(self, index: Any) -> Any:
        return _trace_of((self, index)).call(getitem, (self, index), {})

    def __setitem__(self, index: Any, value: Any) -> None:
        _overwrite(_trace_of((self, index, value)), setitem, (self, index, value), {})

    @property
    def T(self) -> Any:  # noqa: N802 - as NumPy calls it
        return np.transpose(self)

    @property
    def mT(self) -> Any:  # noqa: N802
        return np.swapaxes(self, -1, -2)

    def astype(self, dtype: Any, *args: Any, **kwargs: Any) -> Any:
        """A copy in another dtype."""
        return _trace_of(self).call(np.astype, (self, np.dtype(dtype)), {})

    def reshape(self, *shape: Any, **options: Any) -> Any:
        """The elements in another shape."""
        return np.reshape(self, shape[0] if len(shape) == 1 else shape, **options)

    def transpose(self, *axes: Any) -> Any:
        """The axes in another order."""
        return np.transpose(self, (axes[0] if len(axes) == 1 else axes) or None)

    def flatten(self, order: Any = "C") -> Any:
        """The elements along one axis."""
        return np.ravel(self, order)


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


def _overwrite(trace: _Trace, function: Callable[..., Any], args: tuple[Any, ...], options: Any) -> None:
    """Record the write into the first argument as a call that returns a copy."""
    _written(args[0], trace.call(function, args, options))


def _written(out: Any, result: Any) -> Any:
    """The array `out` with the numbers of a result, and its place in the computation."""
    np.copyto(_plain(out), _plain(result), casting="unsafe")
    if isinstance(out, TracedArray):
        out._trace, out._ref = result._trace, result._ref
    return out


def _copying(ufunc: np.ufunc) -> Callable[..., Any]:
    def at(x: Any, *args: Any) -> Any:
        x = np.array(x)
        ufunc.at(x, *args)
        return x

    return at


def _plain(tree: Any) -> Any:
    return map_tree(tree, lambda part: part.view(np.ndarray) if isinstance(part, TracedArray) else part)


def _trace_of(tree: Any) -> _Trace:
    found: list[_Trace] = []

    def collect(part: Any) -> None:
        if isinstance(part, TracedArray) and part._trace is not None:
            found.append(part._trace)

    map_tree(tree, collect)
    return found[0] if found else _Trace()


class _Trace:
    """The calls of one run."""

    def __init__(self, with_places: bool = True) -> None:
        self.calls: list[Call] = []
        self._places: dict[Any, Place | None] | None = {} if with_places else None

    def input(self, value: Any) -> Any:
        """An input: arrays and numbers are traced, everything else is passed as it is."""
        number = Ref(len(self.calls))
        self.calls.append(Call(None, (), {}, value, None, frozenset({number})))
        is_numeric = isinstance(value, np.ndarray | float | int) and not isinstance(value, bool)
        return self._traced(value, number) if is_numeric else value

    def call(self, function: Callable[..., Any], args: tuple[Any, ...], options: dict[str, Any]) -> Any:
        """Make a call and record it."""
        if len(self.calls) > _MOST_CALLS:
            raise TooLongError
        value = function(*_plain(args), **_plain(options))
        if isinstance(value, tuple | list) and any(isinstance(part, np.ndarray | np.generic) for part in value):
            whole = self._record(function, args, options, value)
            parts = [self._traced(part, self._record(getitem, (whole, i), {}, part)) for i, part in enumerate(value)]
            return type(value)(*parts) if hasattr(value, "_fields") else type(value)(parts)
        if not isinstance(value, np.ndarray | np.generic):
            return value
        return self._traced(value, self._record(function, args, options, np.array(value)))

    def _traced(self, value: Any, ref: Ref) -> TracedArray:
        traced = np.array(value).view(TracedArray)
        traced._trace, traced._ref = self, ref
        return traced

    def _record(self, function: Any, args: Any, options: Any, value: Any) -> Ref:
        operands, named = self.numbered(args), self.numbered(options)
        number = Ref(len(self.calls))
        below = frozenset({number}).union(*(self.calls[ref].below for ref in refs((operands, named))))
        self.calls.append(Call(function, operands, named, value, self._place(), below))
        return number

    def numbered(self, tree: Any) -> Any:
        """The tree with the numbers of their calls in place of traced arrays, and copies of other arrays."""

        def part(value: Any) -> Any:
            if isinstance(value, TracedArray) and value._trace is self:
                return value._ref
            return np.array(value) if isinstance(value, np.ndarray) else value

        return map_tree(tree, part)

    def _place(self) -> Place | None:
        """The place in the user's code; None if all code below `trace` is that of libraries."""
        if self._places is None:
            return None
        frame: Any = sys._getframe(1)
        while not is_user_code(frame.f_code):
            if frame.f_code is trace.__code__:
                return None
            frame = frame.f_back
        key = frame.f_code, frame.f_lasti
        if key not in self._places:
            self._places[key] = place_of(frame)
        return self._places[key]


def trace(function: Callable[..., Any], inputs: Inputs, with_places: bool = True) -> Computation | None:
    """What the function computes from the inputs, or None if it cannot be recorded.

    Places in the source take most of the time; where a computation is only repeated they are left out.
    """
    recorded = _Trace(with_places)
    try:
        with np.errstate(all="ignore"):
            returned = _copy_for(recorded, function)(*[recorded.input(value) for value in inputs.arrays()])
        return Computation(recorded.calls, parameter_names(function, inputs.values), recorded.numbered(returned))
    except Exception:  # anything may happen in the user's function on arrays of another class
        return None


def retraced(computation: Computation, function: Callable[..., Any], inputs: Inputs) -> Computation | None:
    """The same computation at other inputs, with the numbers that Python takes from these, such as ``len(x)``.

    None if other calls are made there.
    """
    again = trace(function, inputs, with_places=False)
    if again is None or len(again.calls) != len(computation.calls):
        return None
    pairs = zip(computation.calls, again.calls, strict=True)
    alike = all(a.name == b.name and refs(a.operands) == refs(b.operands) for a, b in pairs)
    return again if alike else None


# -- the copy of the function ----------------------------------------------------------------------------------------

_CREATIONS = {"zeros", "ones", "empty", "full", "eye", "identity", "arange", "linspace", "tri", "array", "asarray"}


def _copy_for(recorded: _Trace, function: Callable[..., Any]) -> Callable[..., Any]:
    """A copy of the function in which arrays are created as traced ones, and operations are single calls."""

    def replacement(value: Any) -> Any:
        if isinstance(value, ModuleType) and value.__name__.partition(".")[0] in ("numpy", "autograd_lite"):
            return _Module(value, replacement)
        library, name = str(getattr(value, "__module__", "")).partition(".")[0], getattr(value, "__name__", "")
        is_operation = library == "autograd_lite" and (isinstance(value, FunctionType) or hasattr(value, "primitive"))
        if is_operation or hasattr(value, "primitive") or (library == "numpy" and name in _CREATIONS):
            return lambda *args, **kwargs: recorded.call(value, args, kwargs)
        return None

    return copied(function, replacement)  # type: ignore[no-any-return]


class _Module:
    """A module whose functions are replaced."""

    def __init__(self, module: ModuleType, replacement: Callable[[Any], Any]) -> None:
        self._module, self._replacement = module, replacement

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._module, name)
        replaced = self._replacement(value)
        return value if replaced is None else replaced
