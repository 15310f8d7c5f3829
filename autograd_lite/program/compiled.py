"""A compiled function: run once and recorded, then replayed on new arguments, by the program that holds for them."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_lite.program.entry import NOT_THIS, NOT_YET
from autograd_lite.program.outside import settle
from autograd_lite.program.program import Program, Recording
from autograd_lite.program.recorder import Recorder
from autograd_lite.recording import is_grad_enabled
from autograd_lite.tensor import Tensor, _wrap
from autograd_lite.tracing import anomaly_detector, current_recorder

_MOST_PROGRAMS = 16  # for the same shapes: more would mean that they hardly ever hold again


class Compiled:
    """A function with its programs.

    Attributes
    ----------
    program : Program or None
        The one that was recorded or replayed last.
    programs : list of Program
        All of them: one for each combination of shapes, dtypes and switches that has occurred.
    """

    def __init__(self, function: Callable[..., Any], verify: bool) -> None:
        if not callable(function):
            raise TypeError(f"compile: a function is needed, not {type(function).__name__}")
        functools.update_wrapper(self, function)
        self.function = function
        self.verify = verify
        self.program: Program | None = None
        self._programs: dict[Any, list[Program]] = {}
        self._quick: Callable[..., Any] | None = None
        self._quick_arguments = 0

    @property
    def programs(self) -> list[Program]:
        return [program for programs in self._programs.values() for program in programs]

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if current_recorder() is not None or anomaly_detector() is not None:
            return self.function(*args, **kwargs)  # a part of another program, or looked at closely
        if self._quick is not None and len(args) == self._quick_arguments and not kwargs:
            result = self._quick(*args)
            if result is not NOT_THIS and result is not NOT_YET:
                return result
        form: list[Any] = [is_grad_enabled(), len(args), *kwargs]
        inputs: list[Any] = []
        numbers: list[float] = []
        for value in (*args, *kwargs.values()):
            if not _read(value, form, inputs, numbers):
                return self.function(*args, **kwargs)  # a gradient flows through it, so there has to be a graph
        key, unverified = tuple(form), None
        for program in self._programs.get(key, ()):
            result = program.entry(*inputs, *numbers)
            if result is NOT_YET:
                unverified = program
            elif result is not NOT_THIS:
                self._prefer(program, args, kwargs)
                return result
        return self._record(key, args, kwargs, unverified)

    def _prefer(self, program: Program, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """The next call is probably like this one."""
        self.program = program
        self._quick = None if kwargs else program.entry_for(args)
        self._quick_arguments = len(args)

    def _record(self, key: Any, args: tuple[Any, ...], kwargs: dict[str, Any], earlier: Program | None) -> Any:
        recorder = Recorder(getattr(self.function, "__name__", "function"))
        names = _names_of_arguments(self.function, args, kwargs)
        given = zip((*args, *kwargs.values()), names, strict=True)
        traced = [_argument(recorder, value, name) for value, name in given]
        positional, named = traced[: len(args)], dict(zip(kwargs, traced[len(args) :], strict=True))
        with recorder.recording():
            out = self.function(*positional, **named)
        recording = Recording(recorder, out)
        del out, traced, positional, named  # an array that is still alive now is somebody else's
        settle(recorder)
        if earlier is None:
            program = Program(recording, self.function, verified=not self.verify)
            self._programs[key] = [program, *self._programs.get(key, ())][:_MOST_PROGRAMS]
        else:
            program = earlier
            program.verify(recording)
        program.leave_gradients(recording)
        self._prefer(program, args, kwargs)
        return recording.result

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else functools.partial(self, instance)

    def __repr__(self) -> str:
        return f"<compiled {getattr(self.function, '__qualname__', self.function)}, {len(self.programs)} programs>"


def _read(value: Any, form: list[Any], arrays: list[Any], numbers: list[float]) -> bool:
    """Add an argument to what is passed to a program; False if a gradient flows through it."""
    kind = type(value)
    if kind is np.ndarray:
        form.append((value.shape, value.dtype, value.strides))
        arrays.append(value)
    elif isinstance(value, Tensor):
        if value._node is not None:
            return False
        array = value.data
        form.append((Tensor, array.shape, array.dtype, array.strides))
        arrays.append(array)
    elif kind is float:
        form.append(float)
        numbers.append(value)
    elif isinstance(value, np.ndarray | np.generic):
        return _read(np.asarray(value), form, arrays, numbers)
    elif kind in (tuple, list):
        form += [kind, len(value)]
        return all(_read(part, form, arrays, numbers) for part in value)
    elif kind is dict:
        form += [dict, *value]
        return all(_read(part, form, arrays, numbers) for part in value.values())
    else:
        try:
            hash(value)
        except TypeError as error:
            raise TypeError(f"compile: an argument of type {kind.__name__} is neither an array nor hashable") from error
        form += [kind, value]
    return True


def _argument(recorder: Recorder, value: Any, name: str) -> Any:
    """What the function is given in the place of an argument while it is recorded."""
    if isinstance(value, np.ndarray | np.generic):
        return recorder.argument(np.asarray(value), name)
    if isinstance(value, Tensor):
        return _wrap(recorder.argument(value.data, name))
    if type(value) is float:
        return recorder.argument_number(value, name)
    if type(value) in (tuple, list):
        return type(value)(_argument(recorder, part, f"{name}_{i}") for i, part in enumerate(value))
    if type(value) is dict:
        return {key: _argument(recorder, part, f"{name}_{key}") for key, part in value.items()}
    return value


def _names_of_arguments(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[str]:
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        parameters = []
    names = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    names += [f"x{i}" for i in range(len(names), len(args))]
    return [*names[: len(args)], *kwargs]
