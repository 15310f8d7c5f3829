"""The order of arguments: a formula with the parameters of the function in another order is called by their names."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any


def in_order_of(fn: Callable[..., Any], formula: Callable[..., Any]) -> Callable[..., Any]:
    """The formula, to be called with its arguments in the order of the parameters of `fn`, if the names are the same.

    Examples
    --------
    >>> in_order_of(lambda w, X: 0, lambda X, w: (X, w))("w", "X")
    ('X', 'w')
    """
    try:
        names, own = list(inspect.signature(fn).parameters), inspect.signature(formula).parameters
    except (TypeError, ValueError):  # functions written in C
        return formula
    if names == list(own) or set(names) != set(own):
        return formula
    if any(parameter.kind is not parameter.POSITIONAL_OR_KEYWORD for parameter in own.values()):
        return formula

    @functools.wraps(formula)
    def ordered(*inputs: Any) -> Any:
        return formula(**dict(zip(names, inputs, strict=True)))

    ordered.__signature__ = inspect.Signature([own[name] for name in names])  # type: ignore[attr-defined]
    return ordered
