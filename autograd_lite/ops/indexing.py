"""Choosing elements: by index, by condition, by bounds."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_lite.conversion import to_array
from autograd_lite.primitive import primitive
from autograd_lite.tensor import Array, numpy_operations

__all__ = ["clip", "getitem", "scatter", "where"]


def _can_repeat(index: Any) -> bool:
    """Whether an index may name an element twice: arrays of integers can, slices and masks cannot."""
    parts = index if isinstance(index, tuple) else (index,)
    return any(np.asarray(part).dtype.kind in "iu" for part in parts if np.ndim(part))


@primitive(x=lambda g, index: g[index])
def scatter(x: Array, index: Any, shape: tuple[int, ...]) -> Array:
    """Zeros of `shape` to which x is added at `index`: the transpose of indexing. ∂/∂x takes the gradient at `index`.

    Examples
    --------
    >>> scatter(Tensor([1.0, 2.0, 3.0]), [0, 2, 2], (4,))
    Tensor([1., 0., 5., 0.])
    """
    x = to_array(x)
    out = np.zeros(shape, x.dtype)
    if _can_repeat(index):
        np.add.at(out, index, x)
    else:
        out[index] = x
    return out


@primitive(x=lambda g, index, x_shape: scatter(g, index, x_shape))
def getitem(x: Array, index: Any) -> Array:
    """x[index] for every index that NumPy knows. An element that is named n times receives n contributions.

    Examples
    --------
    >>> getitem(Tensor([1.0, 2.0, 3.0]), [0, 2, 2])
    Tensor([1., 3., 3.])
    """
    return x[index]


@primitive(
    numpy=np.where,
    x=lambda g, condition: np.where(condition, g, 0),
    y=lambda g, condition: np.where(condition, 0, g),
)
def where(condition: Array, x: Array, y: Array) -> Array:
    """x where the condition holds, else y, with broadcasting. The gradient goes to the one that was taken.

    Examples
    --------
    >>> where(np.array([True, False]), Tensor([1.0, 2.0]), 0)
    Tensor([1., 0.])
    """
    return np.where(condition, x, y)


def _inside(x: Array, min: Array, max: Array) -> Array:
    inside = True if min is None else x >= min
    return inside if max is None else inside & (x <= max)


def _below(x: Array, min: Array, max: Array) -> Array:
    return x < min if max is None else (x < min) & (min <= max)


def _above(x: Array, min: Array, max: Array) -> Array:
    return x > max if min is None else (x > max) | (min > max)


@primitive(
    x=lambda g, x, min, max: np.where(_inside(x, min, max), g, 0),
    min=lambda g, x, min, max: np.where(_below(x, min, max), g, 0),
    max=lambda g, x, min, max: np.where(_above(x, min, max), g, 0),
)
def clip(x: Array, min: Array = None, max: Array = None) -> Array:
    """x limited to [min, max]; None is no limit. ∂/∂x = 1 inside and on the bounds, else 0.

    Examples
    --------
    >>> clip(Tensor([-2.0, 0.5, 2.0]), -1, 1)
    Tensor([-1. ,  0.5,  1. ])
    """
    return np.clip(x, min, max)


# NumPy calls the bounds a_min and a_max too.
numpy_operations[np.clip] = lambda x, a_min=None, a_max=None, **bounds: clip(
    x, bounds.pop("min", a_min), bounds.pop("max", a_max), **bounds
)
