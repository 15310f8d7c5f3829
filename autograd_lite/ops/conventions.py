"""Derivatives that are a convention at some places: a number in the first order, NaN in the second.

At the kink of |x| the slope 0 is a convention. A second derivative built on it would be wrong: that of |x|² at 0 is 2,
and the convention would make it 0. A rule whose slope is a convention at some places therefore calls `by_convention`
with these places. For arrays this is a plain product. For tensors it is an operation that saves the places: its
derivative in a direction that leaves one of them is NaN. Directions that stay there have a derivative. Distances of
points to themselves, for example, are 0 for all points, so second derivatives exist.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_lite.core.primitive import primitive
from autograd_lite.core.tensor import Array, Tensor

__all__: list[str] = []  # for rules, not for users


def by_convention(
    g: Array,
    slope: Array,
    places: Callable[[], Array],
    x: Array,
    y: Array = None,
    *,
    axis: Any = (),
    ties: bool = False,
    piecewise_linear: bool = False,
) -> Array:
    """g · slope, where the slope is a convention at `places()`, which depend on x (and y).

    A direction that leaves one place of a slice along `axis` (None: all axes) counts as leaving all of its places. With
    `ties`, changing the places of a slice by the same number leaves none. Where a piecewise linear function enters a
    loss linearly, g is constant, and the second derivative is 0 at kinks too, as in other libraries.
    """
    if not isinstance(g, Tensor) or (piecewise_linear and g._node is None):
        return g * slope
    return _product(g, slope, x, y, places(), axis, ties, piecewise_linear)


def _undefined_rule(g: Array, x: Array, y: Array, places: Array, axis: Any, ties: bool) -> Array:
    return _undefined(g, x, y, places, axis, ties)


# The derivative of NaN with respect to x and y is NaN, that of 0 is 0.
@primitive(name="undefined", direction=_undefined_rule, x=lambda g, out: g * out, y=lambda g, out: g * out)
def _undefined(direction: Array, x: Array, y: Array, places: Array, axis: Any, ties: bool) -> Array:
    """NaN at the places of slices that `direction` leaves, else 0. It is a symmetric map, so it is its own rule."""
    staying = np.max(direction, axis=axis, keepdims=True, initial=-np.inf, where=places) if ties else 0
    leaves = np.any(places & (direction != staying), axis=axis, keepdims=True)
    return np.where(places & leaves, np.asarray(np.nan, direction.dtype), np.zeros_like(direction))


def _upstream_rule(
    g: Array, slope: Array, x: Array, y: Array, places: Array, axis: Any, ties: bool, piecewise_linear: bool
) -> Array:
    return by_convention(g, slope, lambda: places, x, y, axis=axis, ties=ties, piecewise_linear=piecewise_linear)


def _place_rule(g: Array, upstream: Array, x: Array, y: Array, places: Array, axis: Any, ties: bool) -> Array:
    undefined = _undefined(g, x, y, places, axis, ties)
    if not ties:
        return undefined
    # The slopes count with the weights g · upstream, which must be those of a direction that stays as well.
    return undefined + _undefined(g * upstream, x, y, places, axis, ties)


@primitive(
    name="by_convention",
    upstream=_upstream_rule,
    slope=lambda g, upstream: g * upstream,
    x=_place_rule,
    y=_place_rule,
)
def _product(
    upstream: Array, slope: Array, x: Array, y: Array, places: Array, axis: Any, ties: bool, piecewise_linear: bool
) -> Array:
    return upstream * slope
