"""Grad mode: whether operations are recorded, and whether a transform is differentiating, per thread and task."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from contextvars import ContextVar
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

_grad_mode: ContextVar[bool] = ContextVar("autograd_lite_grad_mode", default=True)
is_grad_enabled = _grad_mode.get

# The switches that are on, innermost last, of each thread and asynchronous task; the last one sets the grad mode.
_switches: ContextVar[tuple[_Switch, ...]] = ContextVar("autograd_lite_switches", default=())

# How many transforms (`grad`, `jacobian`, ...) are differentiating a function in this thread or task.
transform_depth: ContextVar[int] = ContextVar("autograd_lite_depth", default=0)


class _Switch:
    """Sets the grad mode: a context manager, and a decorator of functions.

    As in `support.interrupts`, the state to restore is computed first, and restored again after an interrupt. Unlike
    the context managers there, one switch can be entered again before it has been left.
    """

    _value: bool

    def __enter__(self) -> None:
        before = _switches.get()
        try:
            _set((*before, self))
        except BaseException:  # an interrupt: `__exit__` will not be called
            _set(before)
            raise

    def __exit__(self, *exception: object) -> None:
        rest = None
        try:
            rest = self._others()
            _set(rest)
        finally:
            _set(self._others() if rest is None else rest)

    def _others(self) -> tuple[_Switch, ...]:
        """The switches without the last entry of this one; generators may exit out of order."""
        switches = _switches.get()
        for i in reversed(range(len(switches))):
            if switches[i] is self:
                return switches[:i] + switches[i + 1 :]
        return switches

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        name = type(self).__name__
        # Between two steps of a generator the switch would hold for the caller too.
        suspended = (inspect.isgeneratorfunction, inspect.iscoroutinefunction, inspect.isasyncgenfunction)
        if any(is_suspended(function) for is_suspended in suspended):
            raise TypeError(
                f"{name}: cannot decorate the generator or coroutine {function.__name__!r}; "
                f"use `with {name}():` around those steps inside it that need it"
            )

        @functools.wraps(function)
        def switched(*args: P.args, **kwargs: P.kwargs) -> R:
            with type(self)():
                return function(*args, **kwargs)

        return switched


def _set(switches: tuple[_Switch, ...]) -> None:
    _switches.set(switches)
    _grad_mode.set(switches[-1]._value if switches else True)


class no_grad(_Switch):  # noqa: N801 - PyTorch's name
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
