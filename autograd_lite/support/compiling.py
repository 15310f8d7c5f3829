"""Native code for the layers below the compiler: it registers `compile` here, because they do not import it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_registered: list[Callable[..., Any]] = []


def register(compile: Callable[..., Any]) -> None:
    """Note the `compile` of this package."""
    _registered[:] = [compile]


def native(function: Callable[..., Any], asked: str) -> Callable[..., Any]:
    """The function, compiled to native code. Its first two calls are recorded, and compared; there are no audits.

    Raises
    ------
    ImportError
        If numba is not installed, or older than 0.62. The message begins with `asked`, what the user has asked for.
    """
    try:
        compiled: Callable[..., Any] = _registered[0](function, backend="native", audit=False)
    except ImportError:
        raise ImportError(f'{asked} needs numba 0.62 or later: pip install "autograd-lite[native]"') from None
    return compiled
