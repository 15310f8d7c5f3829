"""Borders of signals and images with PyTorch's modes: constant, reflected, replicated and circular.

The border itself is that of `autograd_lite.pad`, NumPy's; PyTorch counts the axes from the last one.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_lite.core.tensor import Array, Tensor
from autograd_lite.ops.arrays import ordering
from autograd_lite.ops.composition import composed
from autograd_lite.support.checks import alternatives, check, is_integer, is_number
from autograd_lite.support.conversion import to_array
from autograd_lite.support.messages import show

__all__: list[str] = []  # for `nn.functional`

# NumPy's names of PyTorch's modes.
MODES = {"constant": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}


def _widths(pad: Any, ndim: int) -> list[tuple[int, int]]:
    """Pairs for all axes, first to last, from PyTorch's list, which begins with the last axis."""
    if not isinstance(pad, tuple | list) or len(pad) % 2 or not all(map(is_integer, pad)) or len(pad) > 2 * ndim:
        raise ValueError(f"pad must hold a pair of integers for each of at most {ndim} axes, not {show(pad)}")
    pairs = [(int(before), int(after)) for before, after in zip(pad[::2], pad[1::2], strict=True)]
    return [(0, 0)] * (ndim - len(pairs)) + pairs[::-1]


@composed
def pad(x: Array, pad: Any, mode: str = "constant", value: float | None = None) -> Tensor:
    """x with a border: of a constant, or of x reflected, replicated or repeated in a circle.

    The gradient of a constant border is dropped; that of a copied element goes to the element.

    Parameters
    ----------
    x : array
        For modes other than "constant" with one or two axes, of samples and channels, before those that are padded.
    pad : tuple of int
        (before, after) for the last axis, then for the one before it, and so on. With the mode "constant" negative
        numbers cut elements off.
    mode : "constant", "reflect", "replicate" or "circular", default "constant"
    value : float, default 0
        The constant.

    Raises
    ------
    ValueError
        If the mode is unknown, pad does not fit the axes, or x is too short for the border.

    Examples
    --------
    >>> pad(Tensor([[1.0, 2.0, 3.0]]), (1, 2), mode="reflect")
    Tensor([[2., 1., 2., 3., 2., 1.]])
    >>> pad(Tensor([1.0, 2.0, 3.0]), (1, -1), value=9.0)
    Tensor([9., 1., 2.])
    """
    x = to_array(x)
    if mode not in MODES:
        raise ValueError(f"mode must be {alternatives(MODES)}, not {show(mode)}")
    widths = _widths(pad, x.ndim)
    if mode == "constant":
        check("pad", "a number", is_number, value=0 if value is None else value)
        if x.dtype.kind != "f" and value is not None and not _holds(x.dtype, value):
            raise ValueError(f"value={show(value)} is no number of dtype {x.dtype}")
        x = _cut(x, widths)
        border = [(max(before, 0), max(after, 0)) for before, after in widths]
        return ordering.pad(x, border, constant_values=0 if value is None else value)
    if value is not None and value != 0:
        raise ValueError(f"value={show(value)} is for mode='constant', not {show(mode)}")
    _check_border(x, widths, len(pad) // 2, mode)
    return ordering.pad(x, widths, MODES[mode])


def _holds(dtype: Any, value: float) -> bool:
    """Whether a number is one of this dtype of integers or truth values."""
    least, most = (0, 1) if dtype.kind == "b" else (np.iinfo(dtype).min, np.iinfo(dtype).max)
    return bool(least <= value <= most and value == int(value))


def _cut(x: Array, widths: list[tuple[int, int]]) -> Array:
    """x without the elements that negative widths cut off."""
    if min(map(min, widths), default=0) >= 0:
        return x
    cuts = []
    for n, (before, after) in zip(x.shape, widths, strict=True):
        if n + min(before, 0) + min(after, 0) < 0:
            raise ValueError(f"pad ({before}, {after}) cuts off more than there is along an axis of length {n}")
        cuts.append(slice(max(-before, 0), n - max(-after, 0)))
    return x[tuple(cuts)]


def _check_border(x: Array, widths: list[tuple[int, int]], axes: int, mode: str) -> None:
    if axes not in (1, 2, 3) or x.ndim not in (axes + 1, axes + 2):
        raise ValueError(
            f"mode={show(mode)} pads the last 1, 2 or 3 axes, with one or two axes before them; "
            f"x has the shape {x.shape}, and pad is for {axes}"
        )
    for n, (before, after) in zip(x.shape[-axes:], widths[-axes:], strict=True):
        longest = {"reflect": n - 1, "circular": n}.get(mode, before + after if n else -1)
        if min(before, after) < 0 or max(before, after) > longest:
            raise ValueError(f"mode={show(mode)} cannot make a border ({before}, {after}) from an axis of length {n}")
