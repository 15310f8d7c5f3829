"""Errors where a recorded tensor would silently be taken out of the graph, so that its gradient would be lost.

``.item()``, ``.numpy()``, ``.data``, ``.detach()`` and ``no_grad()`` take it out on request. Branches (``if x > 0``)
and formatting are allowed, and outside transforms ``float(x)``. Inside `no_grad` nothing is refused.
"""

from __future__ import annotations

import sys
import warnings
from opcode import opmap
from typing import Any

from autograd_lite.core.grad_mode import is_grad_enabled, transform_depth
from autograd_lite.support.scipy_words import instead_of_scipy

# The instructions of ``array[index] = value``, in which NumPy converts a tensor to a number.
_WRITES = {opmap[name] for name in ("STORE_SUBSCR", "STORE_SLICE") if name in opmap}
# Libraries whose functions convert tensors to numbers and compute with them.
_COMPUTING = {"autograd_lite", "numpy", "scipy"}

_WAYS = (
    "compute with NumPy functions (np.sin instead of math.sin), make one tensor of several with np.stack, or write "
    ".detach().item() if only the number is needed"
)


def cut(text: str) -> TypeError:
    """A TypeError that transforms find again after a library has replaced it."""
    error = TypeError(text)
    error.__dict__["is_cut"] = True
    return error


def inside_transform() -> bool:
    """Whether `grad`, `jacobian` or another transform is differentiating a function, and recording is on."""
    return transform_depth.get() > 0 and is_grad_enabled()


def refuse_number(tensor: Any, what: str) -> None:
    """Raise TypeError where converting a recorded tensor to a Python number would lose a gradient.

    Inside a transform it always would. Outside, ``float(loss)`` is how results are logged, so only two uses are
    refused: a write into an array, which the caller's instruction shows, and a call from a library that computes.
    """
    if tensor._node is None or not is_grad_enabled():
        return
    if transform_depth.get():
        raise cut(f"{what}: the tensor is being differentiated, and no gradient flows through a number; {_WAYS}")
    caller = sys._getframe(2)
    if caller.f_lasti >= 0 and caller.f_code.co_code[caller.f_lasti] in _WRITES:
        raise cut(f"array[index] = tensor: an array keeps the number and loses the gradient; {_WAYS}")
    if str(caller.f_globals.get("__name__")).partition(".")[0] in _COMPUTING:
        raise cut(
            f"{caller.f_code.co_name}: it takes a number, through which no gradient flows, but was given a tensor that "
            "requires gradients; pass it with .detach(), or .item()"
        )


def refuse_array(tensor: Any) -> None:
    """Raise TypeError where converting a recorded tensor to an array would lose its gradient."""
    if tensor._node is not None and is_grad_enabled():
        raise cut(
            "converting this tensor to an array would lose its gradient; make one tensor of several with np.stack or "
            f"np.concatenate, or write .numpy() or .detach() if that is intended{instead_of_scipy()}"
        )


def refuse_copy(tensor: Any) -> None:
    """Raise TypeError where a tensor made from a recorded one would not be connected with it."""
    if tensor._node is not None and is_grad_enabled():
        raise cut(
            "Tensor: a new tensor made of one that requires gradients would not be connected with it; use it as it is "
            "or copy it with .clone(), or write .detach() for its values alone"
        )


def warn_of_item(tensor: Any) -> None:
    """Warn of ``x.item()`` inside a transform, where ``x.detach().item()`` shows that the cut is intended."""
    if tensor._node is not None and inside_transform():
        warnings.warn(
            "item(): inside grad and the other transforms no gradient flows through this number; "
            "x.detach().item() shows that it is intended",
            stacklevel=3,
        )
