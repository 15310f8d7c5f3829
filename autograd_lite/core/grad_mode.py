"""The switches of each thread: whether operations are recorded, and whether a transform is at work."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

# A context variable is per thread and per asynchronous task, so a switch never leaks from one to another.
_recording: ContextVar[bool] = ContextVar("autograd_lite_recording", default=True)
is_grad_enabled = _recording.get

# What is switched, the innermost last: by which switch, and what it found. It is kept here, not in the switch, so that
# several threads and tasks can use one object at a time.
_Entry = tuple[Any, bool]
_switched: ContextVar[tuple[_Entry, ...]] = ContextVar("autograd_lite_switched", default=())

# How many transforms (`grad`, `jacobian`, ...) are differentiating a function in this thread or task.
transform_depth: ContextVar[int] = ContextVar("autograd_lite_depth", default=0)

_SUSPENDED = (inspect.isgeneratorfunction, inspect.iscoroutinefunction, inspect.isasyncgenfunction)


class _Switch:
    """Turns recording on or off: a context manager, and a decorator of functions."""

    _value: bool

    def __enter__(self) -> None:
        entry = (self, _recording.get())
        try:
            _switched.set((*_switched.get(), entry))
            _recording.set(self._value)
        except BaseException:  # an interrupt; `__exit__` will not be called
            _take_back(entry)
            raise

    def __exit__(self, *exception: object) -> None:
        entry, done = None, False
        try:
            entry = self._innermost()
            _take_back(entry)
            done = True
        finally:
            if not done:  # an interrupt; what it has left undone is done
                _take_back(entry or self._innermost())

    def _innermost(self) -> _Entry | None:
        """The last entry of this switch; none if a suspended generator is closed in another context."""
        for entry in reversed(_switched.get()):
            if entry[0] is self:
                return entry
        return None

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        name = type(self).__name__
        if any(suspends(function) for suspends in _SUSPENDED):
            # Between two steps of a generator the switch would hold for the caller too.
            raise TypeError(
                f"{name}: cannot decorate the generator or coroutine {function.__name__!r}; "
                f"use `with {name}():` around the steps inside it that it is meant for"
            )

        @functools.wraps(function)
        def switched(*args: P.args, **kwargs: P.kwargs) -> R:
            with type(self)():
                return function(*args, **kwargs)

        return switched


class no_grad(_Switch):  # noqa: N801 - the name everybody knows
    """Operations inside are not recorded, and leaves may be changed in place.

    A context manager and a decorator; it holds for the current thread (and asynchronous task) only.

    Examples
    --------
    >>> from autograd_lite import Tensor, no_grad
    >>> w = Tensor([1.0, 2.0], requires_grad=True)
    >>> with no_grad():
    ...     w -= 0.5
    >>> w
    Tensor([0.5, 1.5], requires_grad=True)
    """

    _value = False


class enable_grad(_Switch):  # noqa: N801
    """Operations inside are recorded, also within `no_grad`.

    Examples
    --------
    >>> from autograd_lite import Tensor, enable_grad, no_grad
    >>> w = Tensor(3.0, requires_grad=True)
    >>> with no_grad():
    ...     with enable_grad():
    ...         y = w * w
    >>> y.requires_grad
    True
    """

    _value = True


def _take_back(entry: _Entry | None) -> None:
    """Switch back to what was found; if something was switched since, that will do so."""
    entries = _switched.get()
    if entries and entries[-1] is entry:
        _recording.set(entry[1])
        _switched.set(entries[:-1])
        return
    for i, other in enumerate(entries):
        if other is entry:
            after, *rest = entries[i + 1 :]
            _switched.set((*entries[:i], (after[0], entry[1]), *rest))
            return
