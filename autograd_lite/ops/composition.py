"""Functions that are made of others: an error says which of them was called, and no argument cuts the graph."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, NoReturn, TypeVar

from autograd_lite.core.arguments import read_option, refuse
from autograd_lite.core.tensor import Tensor
from autograd_lite.support.argument_errors import PLAIN_ERRORS, describe
from autograd_lite.support.conversion import OPTIONS
from autograd_lite.support.messages import LINE, is_from, one_line, shorten

_SIMPLE = OPTIONS - {list, tuple}
AnyFunction = TypeVar("AnyFunction", bound=Callable[..., Any])


def composed(function: AnyFunction) -> AnyFunction:
    """The function; its errors begin with its name, whatever within it has raised them.

    Arguments are checked as those of an operation are: foreign arrays are read or refused, and so are tensors that
    require gradients where there is no derivative. There is one with respect to what is annotated as `Array`, alone or
    in a sequence, and a `Tensor` is meant to be changed.
    """
    name = function.__name__
    parameters = inspect.signature(function).parameters
    positional = [p.name for p in parameters.values() if p.kind < p.KEYWORD_ONLY]
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
            if len(args) > len(names):  # those of *operands have one name
                names = names + names[-1:] * (len(args) - len(names))
            args = tuple([v if v.__class__ in _SIMPLE else admitted(n, v) for n, v in zip(names, args, strict=False)])
            for argument, value in kwargs.items():
                kwargs[argument] = admitted(argument, value)
            return function(*args, **kwargs)
        except PLAIN_ERRORS as error:
            _raise_named(name, error)
        except AttributeError as error:
            if is_from(error, "numpy", "autograd_lite"):  # a number or a text has not what arrays have
                given = [*map(describe, args), *(f"{key}={describe(value)}" for key, value in kwargs.items())]
                reason = "an argument has the wrong type"
                raise TypeError(f"{name}: {reason} ({shorten(', '.join(given), LINE)})") from error
            raise

    return named  # type: ignore[return-value]


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
