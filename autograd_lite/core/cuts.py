"""What would take a recorded tensor out of the graph without being asked to, and the errors that say so.

What does so on request has a name: ``.item()``, ``.numpy()``, ``.detach()``, ``no_grad()``. Nothing is refused inside
`no_grad`.
"""

from __future__ import annotations

import sys
import warnings
from opcode import opmap

from autograd_lite.core.grad_mode import is_grad_enabled, transform_depth

# The instructions of ``array[index] = value``, in which NumPy asks a tensor for its number.
_WRITES = {opmap[name] for name in ("STORE_SUBSCR", "STORE_SLICE") if name in opmap}
# Libraries that compute. Where one of them asks for a number, the number goes on into a result.
_COMPUTING = {"autograd_lite", "numpy", "scipy"}

_WAYS = (
    "compute with NumPy functions (np.sin instead of math.sin), make one tensor of several with np.stack, or write "
    ".detach().item() if the number alone is meant"
)


def _cut(text: str) -> TypeError:
    """A TypeError that is told from others when a library replaces it."""
    error = TypeError(text)
    error.__dict__["is_cut"] = True
    return error


def inside_transform() -> bool:
    """Whether a function is being differentiated by `grad`, `jacobian` or another transform, and recorded."""
    return transform_depth.get() > 0 and is_grad_enabled()


def refuse_number(what: str) -> None:
    """Raise TypeError where a Python number of a recorded tensor would be a silent cut.

    Inside a transform it always is. Outside, ``float(loss)`` is how results are logged, so only what computes on is
    refused: a write into an array, which is seen by the caller's instruction, and a library that computes.
    """
    if not is_grad_enabled():
        return
    if transform_depth.get():
        raise _cut(
            f"{what}: the tensor is being differentiated, and no gradient flows through a Python number; {_WAYS}"
        )
    caller = sys._getframe(2)
    if caller.f_lasti >= 0 and caller.f_code.co_code[caller.f_lasti] in _WRITES:
        raise _cut(f"array[index] = tensor: an array keeps the number and loses the gradient; {_WAYS}")
    if str(caller.f_globals.get("__name__")).partition(".")[0] in _COMPUTING:
        raise _cut(
            f"{caller.f_code.co_name}: it takes a number, through which no gradient flows, but was given a tensor that "
            "requires gradients; pass it with .detach(), or .item()"
        )


def refuse_array() -> None:
    """Raise TypeError where an array of a recorded tensor would be a silent cut."""
    if is_grad_enabled():
        raise _cut(
            "converting this tensor to an array would lose its gradient; make one tensor of several with np.stack or "
            "np.concatenate, or say .numpy() or .detach() if that is meant"
        )


def refuse_copy() -> None:
    """Raise TypeError where a tensor made of a recorded one would be a silent cut."""
    if is_grad_enabled():
        raise _cut(
            "Tensor: a new tensor made of one that requires gradients would not be connected with it; use it as it is "
            "or copy it with .clone(), or write .detach() for its values alone"
        )


def warn_of_item() -> None:
    """Warn of ``x.item()`` inside a transform, where ``x.detach().item()`` says that the cut is meant."""
    if inside_transform():
        warnings.warn(
            "item(): inside grad and the other transforms no gradient flows through this number; "
            "x.detach().item() says that it is meant",
            stacklevel=3,
        )


def raise_cut(error: Exception) -> None:
    """Raise a TypeError of this file once more that a library has replaced by `error`, one of its own.

    ``array[0] = x`` makes a ValueError of NumPy of it, a solver of SciPy a SystemError.
    """
    cause: BaseException | None = error
    while cause is not None and not hasattr(cause, "is_cut"):
        cause = cause.__cause__ or cause.__context__
    if cause is not None and not isinstance(error, TypeError):
        raise _cut(str(cause)).with_traceback(error.__traceback__) from None
