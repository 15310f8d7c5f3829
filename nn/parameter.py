"""Parameter and Buffer: the tensors that belong to a module."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from autograd_lite.core.tensor import Tensor
from autograd_lite.nn import init
from autograd_lite.support.exact import exactly, is_plain


class Parameter(Tensor):
    """A tensor that a module learns: it requires gradients.

    Parameters
    ----------
    data : number, nested list, array or Tensor
        The values; they are copied.
    requires_grad : bool, default True
    dtype : dtype, optional
        By default that of the data, as in PyTorch; Python numbers, also in lists, become float32.

    Raises
    ------
    TypeError
        If `requires_grad` and the data are an array of integers, which have no gradient; or if Python numbers are too
        large for float32.

    Examples
    --------
    >>> Parameter([1.0, 2.0])
    Parameter([1., 2.], dtype=float32, requires_grad=True)
    >>> Parameter(np.ones(2))
    Parameter([1., 1.], requires_grad=True)
    """

    __slots__ = ()

    def __init__(self, data: Any, requires_grad: bool = True, *, dtype: DTypeLike | None = None) -> None:
        if dtype is None and is_plain(data):
            data = exactly(data, np.dtype(np.float32), "Parameter")
        super().__init__(data, requires_grad, dtype)


def uniform_parameter(
    shape: int | tuple[int, ...], bound: float, dtype: DTypeLike, rng: np.random.Generator
) -> Parameter:
    """A parameter that starts uniform on [−bound, bound)."""
    return init.uniform_(Parameter(np.zeros(shape), dtype=dtype), -bound, bound, rng=rng)


class Buffer(Tensor):
    """A tensor that belongs to the state of a module but is not learned, such as a running mean.

    Examples
    --------
    >>> Buffer([1.0, 2.0])
    Buffer([1., 2.])
    """

    __slots__ = ()

    def __init__(self, data: Any, *, dtype: DTypeLike | None = None) -> None:
        super().__init__(data, dtype=dtype)
