"""The order of arguments: a formula with the parameters of the function in another order.

Some checks call it by the names of its parameters, others by position, and then say so if something is wrong.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


def in_order_of(fn: Callable[..., Any], formula: Callable[..., Any]) -> Callable[..., Any]:
    """The formula, to be called with its arguments in the order of the parameters of `fn`, if the names are the same.

    Examples
    --------
    >>> in_order_of(lambda w, X: 0, lambda X, w: (X, w))("w", "X")
    ('X', 'w')
    """
    parameters = _in_another_order(fn, formula)
    if parameters is None:
        return formula
    names, own = parameters

    @functools.wraps(formula)
    def ordered(*inputs: Any) -> Any:
        return formula(**dict(zip(names, inputs, strict=True)))

    ordered.__signature__ = inspect.Signature([own[name] for name in names])  # type: ignore[attr-defined]
    return ordered


def order_of_parameters(fn: Callable[..., Any], formula: Callable[..., Any]) -> str:
    """A sentence about the order if the parameters have the same names in another order, else an empty string.

    Examples
    --------
    >>> print(order_of_parameters(lambda w, X: 0, lambda X, w: X))
    the formula has the parameters (X, w), and the function has them in the order (w, X): inputs are passed by position
    """
    parameters = _in_another_order(fn, formula)
    if parameters is None:
        return ""
    names, own = parameters
    return (
        f"the formula has the parameters ({', '.join(own)}), and the function has them in the order "
        f"({', '.join(names)}): inputs are passed by position"
    )


@contextmanager
def noting_the_order(fn: Callable[..., Any], formula: Callable[..., Any]) -> Iterator[None]:
    """Adds a note about the order of parameters to an exception, if it may be the reason."""
    try:
        yield
    except Exception as error:
        note = order_of_parameters(fn, formula)
        if note and note not in getattr(error, "__notes__", ()):
            error.add_note(note)
        raise


def _in_another_order(
    fn: Callable[..., Any], formula: Callable[..., Any]
) -> tuple[list[str], dict[str, inspect.Parameter]] | None:
    """The names of the parameters of `fn`, and the parameters of the formula, if these have the same names."""
    try:
        names, own = list(inspect.signature(fn).parameters), dict(inspect.signature(formula).parameters)
    except (TypeError, ValueError):  # functions written in C
        return None
    if names == list(own) or set(names) != set(own):
        return None
    if any(parameter.kind is not parameter.POSITIONAL_OR_KEYWORD for parameter in own.values()):
        return None
    return names, own
