"""Windows of a moving kernel: sizes, padding, and the elements under each position of the kernel.

A kernel has a length, a stride and a dilation along each of the last axes of an array. Loops are over the positions
within the kernel, never over the places to which it moves: a position covers one strided slice of the whole array.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from autograd_lite.core.tensor import Array
from autograd_lite.support.checks import integer_from, is_integer
from autograd_lite.support.messages import show

__all__: list[str] = []

Lengths = tuple[int, ...]


class Window(NamedTuple):
    """A kernel and how it moves, along each axis; `padding` holds pairs, before and after."""

    kernel: Lengths
    stride: Lengths
    padding: tuple[tuple[int, int], ...]
    dilation: Lengths

    def extent(self, axis: int) -> int:
        """The length of the kernel with its gaps."""
        return self.dilation[axis] * (self.kernel[axis] - 1) + 1

    def last(self, x: Array) -> Lengths:
        """The lengths of the axes of x along which the kernel moves, the last ones."""
        return tuple(x.shape[-len(self.kernel) :])

    def places(self, size: Lengths) -> Lengths:
        """The number of places for the kernel along each axis of an array of this size.

        Raises
        ------
        ValueError
            If the kernel is larger than the padded array.
        """
        padded = [n + before + after for n, (before, after) in zip(size, self.padding, strict=True)]
        extents = [self.extent(axis) for axis in range(len(self.kernel))]
        if any(extent > n for extent, n in zip(extents, padded, strict=True)):
            dilated = f", dilated to {tuple(extents)}," if tuple(extents) != self.kernel else ""
            raise ValueError(
                f"a kernel of size {self.kernel}{dilated} is larger than the input of size {size}, "
                f"padded to {tuple(padded)}"
            )
        return tuple((n - extent) // s + 1 for n, extent, s in zip(padded, extents, self.stride, strict=True))

    def slices(self, places: Lengths) -> Iterator[tuple[Any, ...]]:
        """For each position within the kernel, in C order, the index of its elements in the padded array."""
        for position in itertools.product(*map(range, self.kernel)):
            yield (
                ...,
                *(
                    slice(k * d, k * d + (n - 1) * s + 1, s)
                    for k, d, n, s in zip(position, self.dilation, places, self.stride, strict=True)
                ),
            )


def lengths(name: str, value: Any, axes: int, least: int) -> Lengths:
    """One integer for all axes, or one for each, as a tuple. All must be at least `least`."""
    values = (value,) * axes if is_integer(value) else value
    if (
        not isinstance(values, tuple | list)
        or len(values) != axes
        or not all(is_integer(n) and n >= least for n in values)
    ):
        several = f", or {axes} of them" if axes > 1 else ""
        raise ValueError(f"{name} must be {integer_from(least)}{several}, not {show(value)}")
    return tuple(int(n) for n in values)


def with_border(x: Array, padding: tuple[tuple[int, int], ...], value: float = 0) -> Array:
    """`x` with a border of `value` around its last axes, in the same memory layout; `x` itself without a border."""
    if not any(map(any, padding)):
        return x
    leading, size = x.shape[: -len(padding)], x.shape[-len(padding) :]
    shape = [n + before + after for n, (before, after) in zip(size, padding, strict=True)]
    padded = np.full_like(x, value, shape=(*leading, *shape))
    padded[inside(size, padding)] = x
    return padded


def inside(size: Lengths, padding: tuple[tuple[int, int], ...]) -> tuple[Any, ...]:
    """The index of the array within its padded version."""
    return (..., *(slice(before, before + n) for n, (before, _) in zip(size, padding, strict=True)))
