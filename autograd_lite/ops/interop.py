"""Exchange of memory with other libraries by the DLPack protocol: ``torch.from_dlpack(x.detach())``, `from_dlpack`."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_lite.core.cuts import refuse_array
from autograd_lite.core.tensor import Tensor, _wrap
from autograd_lite.support.conversion import as_numbers
from autograd_lite.support.messages import show

__all__ = ["from_dlpack"]


def from_dlpack(x: Any, *, copy: bool | None = None) -> Tensor:
    """A tensor with the values of an array of another library, such as PyTorch or JAX, whose memory it shares.

    A graph does not notice writes by the other library. No gradient flows from one library into the other.

    Parameters
    ----------
    x : array with the method ``__dlpack__``
        In the memory of the CPU.
    copy : bool, optional
        True for a copy; by default there is none.

    Raises
    ------
    TypeError
        If x has no method ``__dlpack__``, holds no real numbers, or is a tensor that requires gradients.
    BufferError
        If the other library does not hand out the array, for example because it requires gradients there.

    Examples
    --------
    >>> array = np.zeros(2)
    >>> x = from_dlpack(array)
    >>> array[0] = 5.0
    >>> x
    Tensor([5., 0.])
    """
    if not hasattr(type(x), "__dlpack__"):
        raise TypeError(f"from_dlpack: an array of a library that has the method __dlpack__ is needed, not {show(x)}")
    if isinstance(x, Tensor):
        refuse_array(x)
        return x.clone() if copy else x.detach()
    if isinstance(x, np.ndarray):
        x = as_numbers(x)  # which refuses masks, units, strings
    return _wrap(as_numbers(np.from_dlpack(x, copy=copy)))


def to_dlpack(self: Any, **options: Any) -> Any:
    """What ``from_dlpack(x)`` of another library asks for; TypeError for a tensor that requires gradients."""
    refuse_array(self)
    return np.asarray(self.data).__dlpack__(**options)


def dlpack_device(self: Any) -> tuple[int, int]:
    """The device of DLPack, the CPU."""
    return np.empty(0).__dlpack_device__()
