"""Functions that are made of others: an error says which of them was called."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, NoReturn, TypeVar

from autograd_lite.explanations import PLAIN_ERRORS, describe
from autograd_lite.messages import LINE, is_from, one_line, shorten

AnyFunction = TypeVar("AnyFunction", bound=Callable[..., Any])


def composed(function: AnyFunction) -> AnyFunction:
    """The function; its errors begin with its name, whatever within it has raised them."""
    name = function.__name__

    @wraps(function)
    def named(*args: Any, **kwargs: Any) -> Any:
        try:
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
