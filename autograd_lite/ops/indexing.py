"""Choosing elements: by index, by condition, by bounds."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_lite.primitive import primitive
from autograd_lite.tensor import Array


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
    x = np.asarray(x)
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


def _inside(x: Array, lower: Array, upper: Array) -> Array:
    inside = True if lower is None else x >= lower
    return inside if upper is None else inside & (x <= upper)


def _below(x: Array, lower: Array, upper: Array) -> Array:
    return x < lower if upper is None else (x < lower) & (lower <= upper)


def _above(x: Array, lower: Array, upper: Array) -> Array:
    return x > upper if lower is None else (x > upper) | (lower > upper)


@primitive(
    numpy=np.clip,
    x=lambda g, x, lower, upper: np.where(_inside(x, lower, upper), g, 0),
    lower=lambda g, x, lower, upper: np.where(_below(x, lower, upper), g, 0),
    upper=lambda g, x, lower, upper: np.where(_above(x, lower, upper), g, 0),
)
def clip(x: Array, lower: Array = None, upper: Array = None) -> Array:
    """x limited to [lower, upper]; None is no limit. ∂/∂x = 1 inside and on the bounds, else 0.

    Examples
    --------
    >>> clip(Tensor([-2.0, 0.5, 2.0]), -1, 1)
    Tensor([-1. ,  0.5,  1. ])
    """
    return np.clip(x, lower, upper)
