"""The derivative of broadcasting: the sum over the axes along which an array was repeated."""

from __future__ import annotations

from typing import Any

from autograd_lite.support.sums import sum_over


def unbroadcast(gradient: Any, shape: tuple[int, ...]) -> Any:
    """The sum of `gradient` over the axes along which an array of `shape` was broadcast; None if that is impossible.

    Examples
    --------
    >>> import numpy as np
    >>> unbroadcast(np.ones((4, 2, 3)), (2, 1))
    array([[12.],
           [12.]])
    """
    leading = len(gradient.shape) - len(shape)
    if leading < 0:
        return None
    axes = tuple(range(leading))
    if gradient.shape[leading:] != shape:
        for axis, (length, wanted) in enumerate(zip(gradient.shape[leading:], shape, strict=True), start=leading):
            if length != wanted:
                if wanted != 1:
                    return None
                axes += (axis,)
    if axes:
        gradient = sum_over(gradient, axes)
    return gradient if gradient.shape == shape else gradient.reshape(shape)
