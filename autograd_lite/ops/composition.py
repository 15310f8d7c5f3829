"""Functions composed of operations: errors name the function that was called, and no argument cuts the graph."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial, wraps
from typing import Any, NoReturn, TypeVar, overload

from autograd_lite.batching.axes import BatchError
from autograd_lite.batching.operations import axis_of, call_by_elements
from autograd_lite.core.arguments import refuse
from autograd_lite.core.numpy_protocols import numpy_operations
from autograd_lite.core.tensor import Tensor
from autograd_lite.support.arguments import PLAIN_ERRORS, describe, read_option
from autograd_lite.support.conversion import OPTIONS
from autograd_lite.support.messages import LINE, is_from, one_line, shorten
from autograd_lite.support.pytorch_words import KEYWORDS, refuse_keywords

_SIMPLE = OPTIONS - {list, tuple}
AnyFunction = TypeVar("AnyFunction", bound=Callable[..., Any])


@overload
def composed(function: AnyFunction, /) -> AnyFunction: ...
@overload
def composed(*, numpy: Any) -> Callable[[AnyFunction], AnyFunction]: ...
def composed(function: Any = None, /, *, numpy: Any = ()) -> Any:
    """Decorator of functions that are made of operations: errors begin with the function's name.

    Arguments are checked like those of an operation. Foreign arrays are read or refused. A tensor that requires
    gradients is refused unless the argument is annotated as `Array`, alone or in a sequence, and so has a derivative,
    or as `Tensor`, to be written into.

    Parameters
    ----------
    function : callable
        Left out, `composed` is a decorator with options.
    numpy : NumPy function or tuple of them, optional
        The functions of NumPy that call this function when they are given a tensor.
    """
    if function is None:
        return partial(composed, numpy=numpy)
    name = function.__name__
    parameters = inspect.signature(function).parameters
    positional = [p.name for p in parameters.values() if p.kind < p.KEYWORD_ONLY]
    words = frozenset(KEYWORDS) - frozenset(parameters)
    known, is_open = frozenset(parameters), any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    operands = {p.name for p in parameters.values() if "Array" in str(p.annotation) or "Tensor" in str(p.annotation)}

    def admitted(argument: str, value: Any) -> Any:
        if isinstance(value, Tensor):
            if value._node is not None and argument not in operands:
                refuse(name, argument)
        elif value.__class__ not in OPTIONS:
            return read_option(name, argument, value)
        elif value.__class__ in (list, tuple) and argument not in operands:
            for item in value:
                admitted(argument, item)
        return value

    @wraps(function)
    def named(*args: Any, **kwargs: Any) -> Any:
        try:
            names = positional
            if len(args) > len(names):  # all of *operands have one name
                names = names + names[-1:] * (len(args) - len(names))
            args = tuple([v if v.__class__ in _SIMPLE else admitted(n, v) for n, v in zip(names, args, strict=False)])
            for argument, value in kwargs.items():
                if is_open or argument in known:  # the call refuses others by name
                    kwargs[argument] = admitted(argument, value)
            return function(*args, **kwargs)
        except BatchError as error:
            axis = axis_of(args, tuple(kwargs.values()))
            if axis is None or error.is_final:
                raise
            return call_by_elements(name, function, axis, args, kwargs)
        except PLAIN_ERRORS as error:
            if isinstance(error, TypeError):
                refuse_keywords(name, sorted(words & kwargs.keys()))
            _raise_named(name, error)
        except AttributeError as error:
            if is_from(error, "numpy", "autograd_lite"):  # a number or a string lacks an attribute of arrays
                given = [*map(describe, args), *(f"{key}={describe(value)}" for key, value in kwargs.items())]
                reason = "an argument has the wrong type"
                raise TypeError(f"{name}: {reason} ({shorten(', '.join(given), LINE)})") from error
            raise

    for target in numpy if isinstance(numpy, tuple) else (numpy,):
        numpy_operations[target] = named
    return named


@contextmanager
def naming(name: str) -> Iterator[None]:
    """Errors that are raised in the block begin with `name`."""
    try:
        yield
    except PLAIN_ERRORS as error:
        _raise_named(name, error)


def _raise_named(name: str, error: Exception) -> NoReturn:
    if str(error).startswith((f"{name}:", f"{name}()")):
        raise error
    kind = next(kind for kind in PLAIN_ERRORS if isinstance(error, kind))
    raise kind(f"{name}: {one_line(error, 2 * LINE)}") from error
