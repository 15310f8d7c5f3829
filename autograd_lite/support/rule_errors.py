"""Errors of operations that users declare: their rules get arrays for a first derivative, and tensors for higher ones.

Advice that holds for tensors alone, such as ``.detach()``, is therefore no advice for a rule.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_lite.support.causes import causes
from autograd_lite.support.cotangents import Cotangents

GETS = "a rule gets arrays for a first derivative and tensors for higher ones"
_WAYS = f"{GETS}: it uses operators, methods and NumPy functions; what must stay an array belongs into residuals"


def explain_rule(error: Exception, operation: Any, g: Any) -> None:
    """Add to an error of a rule where it happened, and replace advice that the rule cannot follow.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> error = TypeError("f: no derivative with respect to 'i'; pass it with .detach()")
    >>> error.is_cut = True
    >>> explain_rule(error, SimpleNamespace(name="f", has_foreign_rules=True), np.ones(3))
    >>> print(error)
    f: no derivative with respect to 'i'; a rule gets arrays for a first derivative and tensors for higher ones: \
it uses operators, methods and NumPy functions; what must stay an array belongs into residuals
    """
    shapes = [shape for shape, _ in g.shape] if isinstance(g, Cotangents) else [getattr(g, "shape", ())]
    what = "a gradient of shape" if len(shapes) == 1 else "gradients of the shapes"
    error.add_note(f"in the derivative rules of {operation.name!r}, for {what} {', '.join(map(str, shapes))}")
    if not operation.has_foreign_rules:
        return
    for cause in causes(error):
        if hasattr(cause, "is_cut"):
            cause.args = (f"{str(cause).partition('; ')[0]}; {_WAYS}",)
    if ".detach()" in str(error) or _is_of_an_array(error):
        error.add_note(_WAYS)


def _is_of_an_array(error: Exception) -> bool:
    """Whether the rule has asked an array for something that an array does not have, perhaps a tensor has it."""
    return isinstance(error, AttributeError) and isinstance(error.obj, np.ndarray | np.generic)


def check_result(name: str, out: Any) -> None:
    """Refuse a tensor that a forward function has returned."""
    if _is_tensor(out):
        raise TypeError(f"{name}: the forward function returned a Tensor; it is a function of arrays")


def check_count(operation: Any, gradients: tuple[Any, ...], parents: tuple[Any, ...]) -> None:
    """Refuse the gradients of a rule if they are not one per parent."""
    count = len(parents)
    if len(gradients) != count:
        raise ValueError(f"{operation.describe_rule(count)} returned {len(gradients)} gradients for {count}")


def check_arrays(operation: Any, g: Any, saved: tuple[Any, ...], gradients: tuple[Any, ...]) -> None:
    """Refuse a tensor that a user's rule has returned for arrays: a leaf would get it."""
    position = next((i for i, gradient in enumerate(gradients) if _is_tensor(gradient)), None)
    if position is None or any(map(_is_tensor, g if isinstance(g, tuple) else (g,))):
        return
    residual = next((name for name, value in zip(operation.saved_names, saved, strict=True) if _is_tensor(value)), None)
    why = f"{GETS}, so it computes with them as they are; of a constant Tensor it takes .numpy()"
    if residual is not None:
        why = f"the forward function returned its residual {residual!r} as a Tensor, but it is a function of arrays"
    raise TypeError(f"{operation.describe_rule(position)} returned a Tensor for arrays; {why}")


def _is_tensor(value: Any) -> bool:
    return hasattr(value, "_node")
