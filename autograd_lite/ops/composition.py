"""Functions that are made of operations: an error says which of them was called."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

import numpy as np

AnyFunction = TypeVar("AnyFunction", bound=Callable[..., Any])

_PLAIN_ERRORS = (np.exceptions.AxisError, np.linalg.LinAlgError, IndexError, TypeError, ValueError)


def composed(function: AnyFunction) -> AnyFunction:
    """The function; its errors begin with its name, whatever within it has raised them."""
    name = function.__name__

    @wraps(function)
    def named(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except _PLAIN_ERRORS as error:
            if str(error).startswith((f"{name}:", f"{name}()")):
                raise
            kind = next(kind for kind in _PLAIN_ERRORS if isinstance(error, kind))
            raise kind(f"{name}: {error}") from error

    return named  # type: ignore[return-value]
