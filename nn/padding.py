"""Padding layers: a border of a constant, of the input reflected, replicated, or repeated in a circle.

The formulas are documented with `functional.pad`. The border is given as PyTorch gives it: one number for all sides, or
(before, after) for the last axis, then for the one before it, and so on.
"""

from __future__ import annotations

from autograd_lite.core.tensor import Array, Tensor
from autograd_lite.nn.module import Module
from autograd_lite.ops.layers.padding import pad
from autograd_lite.support.checks import check, is_integer, is_number
from autograd_lite.support.messages import show


class _Pad(Module):
    """A border along the last `axes` axes."""

    axes: int
    mode: str
    value: float | None = None
    _shown: tuple[str, ...] = ("padding",)

    def __init__(self, padding: int | tuple[int, ...]) -> None:
        pairs = (padding,) * (2 * self.axes) if is_integer(padding) else padding
        if not isinstance(pairs, tuple | list) or len(pairs) != 2 * self.axes or not all(map(is_integer, pairs)):
            raise ValueError(
                f"{type(self).__name__}: padding must be an integer, or {2 * self.axes} of them, not {show(padding)}"
            )
        self.padding = tuple(pairs)

    def forward(self, input: Array) -> Tensor:
        return pad(input, self.padding, self.mode, self.value)


class _ConstantPad(_Pad):
    mode = "constant"
    _shown = ("padding", "value")

    def __init__(self, padding: int | tuple[int, ...], value: float) -> None:
        super().__init__(padding)
        check(type(self).__name__, "a number", is_number, value=value)
        self.value = value


class ConstantPad1d(_ConstantPad):
    """A border of a constant around signals (N, C, L) or (C, L)."""

    axes = 1


class ConstantPad2d(_ConstantPad):
    """A border of a constant around images (N, C, H, W) or (C, H, W).

    Examples
    --------
    >>> ConstantPad2d((1, 0, 0, 1), 9.0)(np.zeros((1, 1, 1)))
    array([[[9., 0.],
            [9., 9.]]])
    """

    axes = 2


class ConstantPad3d(_ConstantPad):
    """A border of a constant around volumes (N, C, D, H, W) or (C, D, H, W)."""

    axes = 3


class ZeroPad1d(_Pad):
    """A border of zeros around signals (N, C, L) or (C, L)."""

    axes, mode = 1, "constant"


class ZeroPad2d(_Pad):
    """A border of zeros around images (N, C, H, W) or (C, H, W)."""

    axes, mode = 2, "constant"


class ZeroPad3d(_Pad):
    """A border of zeros around volumes (N, C, D, H, W) or (C, D, H, W)."""

    axes, mode = 3, "constant"


class ReflectionPad1d(_Pad):
    """A border of the reflected input around signals (N, C, L) or (C, L).

    Examples
    --------
    >>> ReflectionPad1d(2)(np.array([[1.0, 2.0, 3.0]]))
    array([[3., 2., 1., 2., 3., 2., 1.]])
    """

    axes, mode = 1, "reflect"


class ReflectionPad2d(_Pad):
    """A border of the reflected input around images (N, C, H, W) or (C, H, W)."""

    axes, mode = 2, "reflect"


class ReflectionPad3d(_Pad):
    """A border of the reflected input around volumes (N, C, D, H, W) or (C, D, H, W)."""

    axes, mode = 3, "reflect"


class ReplicationPad1d(_Pad):
    """A border of the first and last elements of the input around signals (N, C, L) or (C, L)."""

    axes, mode = 1, "replicate"


class ReplicationPad2d(_Pad):
    """A border of the first and last elements of the input around images (N, C, H, W) or (C, H, W)."""

    axes, mode = 2, "replicate"


class ReplicationPad3d(_Pad):
    """A border of the first and last elements of the input around volumes (N, C, D, H, W) or (C, D, H, W)."""

    axes, mode = 3, "replicate"


class CircularPad1d(_Pad):
    """A border of the other end of the input around signals (N, C, L) or (C, L)."""

    axes, mode = 1, "circular"


class CircularPad2d(_Pad):
    """A border of the other end of the input around images (N, C, H, W) or (C, H, W)."""

    axes, mode = 2, "circular"


class CircularPad3d(_Pad):
    """A border of the other end of the input around volumes (N, C, D, H, W) or (C, D, H, W)."""

    axes, mode = 3, "circular"
