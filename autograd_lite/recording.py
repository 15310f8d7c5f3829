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

# What the switches that are on have found, the innermost first. Kept here, not in the switch, so that several threads
# and tasks can use one object at a time.
_found: ContextVar[tuple[bool, Any] | None] = ContextVar("autograd_lite_found", default=None)

# How many transforms (`grad`, `jacobian`, ...) are differentiating a function in this thread or task.
transform_depth: ContextVar[int] = ContextVar("autograd_lite_depth", default=0)

_SUSPENDED = (inspect.isgeneratorfunction, inspect.iscoroutinefunction, inspect.isasyncgenfunction)


class _Switch:
    """Turns recording on or off: a context manager, and a decorator of functions."""

    _value: bool

    def __enter__(self) -> None:
        _found.set((_recording.get(), _found.get()))
        _recording.set(self._value)

    def __exit__(self, *exception: object) -> None:
        entry = _found.get()
        if entry is not None:  # a suspended generator may be closed in a context in which nothing was switched
            found, outer = entry
            _recording.set(found)
            _found.set(outer)

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
