"""`numpy.fft.fftshift` and `ifftshift`, which only move elements.

Imported when a function of `numpy.fft` meets a tensor, because NumPy does not import `numpy.fft` by itself.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy.fft as fft
from numpy.lib.array_utils import normalize_axis_tuple

from autograd_lite.core.tensor import Array, Tensor
from autograd_lite.ops.arrays.ordering import roll
from autograd_lite.ops.composition import composed
from autograd_lite.support.conversion import to_array

__all__: list[str] = []  # `numpy.fft` has them


def _rolled(x: Array, axes: int | Sequence[int] | None, back: bool) -> Tensor:
    x = to_array(x)
    chosen = tuple(range(x.ndim)) if axes is None else normalize_axis_tuple(axes, x.ndim, allow_duplicate=True)
    return roll(x, tuple(-(x.shape[axis] // 2) if back else x.shape[axis] // 2 for axis in chosen), chosen)


@composed(numpy=fft.fftshift)
def fftshift(x: Array, axes: int | Sequence[int] | None = None) -> Tensor:
    """x rolled along `axes` by half their lengths: frequency 0 is in the middle. The gradient is rolled back.

    Examples
    --------
    >>> fftshift(Tensor([0.0, 1.0, -2.0, -1.0]))
    Tensor([-2., -1.,  0.,  1.])
    """
    return _rolled(x, axes, back=False)


@composed(numpy=fft.ifftshift)
def ifftshift(x: Array, axes: int | Sequence[int] | None = None) -> Tensor:
    """The inverse of `fftshift`; they differ for odd lengths.

    Examples
    --------
    >>> ifftshift(Tensor([-1.0, 0.0, 1.0]))
    Tensor([ 0.,  1., -1.])
    """
    return _rolled(x, axes, back=True)
