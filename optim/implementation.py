"""PyTorch's switches of how an update is computed: `fused` is chosen here, the others change no number."""

from __future__ import annotations

from typing import Any, TypedDict

from autograd_lite.support.checks import check_switch


class Implementation(TypedDict, total=False):
    """The keywords that every optimizer takes besides its options.

    Attributes
    ----------
    fused : bool, default False
        Whether to use the fused implementation: native code that updates all parameters in one pass, equal to the
        NumPy calls to rounding. It needs the extra `native`.
    foreach : bool, optional
        Accepted and ignored: all small parameters are updated together in any case.
    capturable, differentiable : bool, default False
        False only. The first is for graphs of a GPU; the second would record the update.
    """

    fused: bool | None
    foreach: bool | None
    capturable: bool
    differentiable: bool


_REFUSED = {
    "capturable": "capturable=True is for graphs of a GPU; leave it out",
    "differentiable": "differentiable=True: an update is not recorded; write it with tensors, w = w - lr * g",
}


def chosen(optimizer: str, given: Any) -> bool:
    """Whether the update is to be fused, or an error for keywords that the optimizer does not take."""
    for name, value in given.items():
        if name not in Implementation.__annotations__:
            raise TypeError(f"{optimizer}.__init__() got an unexpected keyword argument {name!r}")
        if value is not None:
            check_switch(f"{optimizer}: {name}", value)
        if value and name in _REFUSED:
            raise ValueError(f"{optimizer}: {_REFUSED[name]}")
    return bool(given.get("fused"))
