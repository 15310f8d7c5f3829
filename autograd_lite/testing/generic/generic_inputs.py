"""Generic inputs: other inputs with the same names, shapes and visible properties, and no further coincidences."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from autograd_lite.support.conversion import NumberArray
from autograd_lite.testing.comparing.inputs import Inputs
from autograd_lite.testing.generic.properties import PROPERTIES, Property

_FRESH = 6  # draws of new numbers; after these the given numbers are changed a little
_CHANGES = (0.3, 0.1, 0.03)
# To impose one of these is to draw all numbers anew.
_REDRAWN = {"integer", "binary", "signs", "one-hot", "one-hot columns", "positive definite", "between 0 and 1"}


def generic_inputs(
    inputs: Inputs, rng: np.random.Generator, kept: Mapping[int, tuple[Property, ...]] | None = None
) -> Inputs:
    """Other inputs of the same names, shapes and dtypes, with the properties that the given numbers visibly have.

    The `PROPERTIES` that hold are kept: symmetric, positive, one-hot, integer, ... What is special by accident is not:
    that an array is zero or constant, single zeros, and magnitudes far apart. The numbers have the magnitude of the
    given ones; those for zeros are of order one. Everything that is not floating-point stays as it is.

    Parameters
    ----------
    inputs : Inputs
    rng : numpy.random.Generator
    kept : mapping of int to tuple of Property, optional
        The properties to keep, by the position of the input, in place of the visible ones.

    Returns
    -------
    Inputs

    Examples
    --------
    >>> import numpy as np
    >>> from autograd_lite.testing.comparing.inputs import read_inputs
    >>> given = read_inputs(lambda A, b, n: A @ b, (np.array([[2.0, 0.5], [0.5, 1.0]]), np.zeros(2), 3))
    >>> A, b, n = generic_inputs(given, np.random.default_rng(0)).values
    >>> bool((A == A.T).all()), bool(b.all()), n
    (True, True, 3)
    """
    values = list(inputs.values)
    for i in inputs.floats():
        values[i] = like(values[i], generic_array(np.asarray(values[i]), rng, None if kept is None else kept.get(i)))
    return replace(inputs, values=tuple(values))


def like(given: Any, array: NumberArray) -> Any:
    """The array as the given input was passed: an array, or a float."""
    return array if isinstance(given, np.ndarray) else float(array)


def visible(array: NumberArray) -> tuple[Property, ...]:
    """The properties that an array has and that are hardly accidental.

    A number, or an array that is constant, has only a sign, and a number may be an integer.
    """
    if not array.size:
        return ()
    if not array.any():
        return _named("between 0 and 1") if array.ndim == 0 else ()
    candidates = PROPERTIES
    if np.ptp(array) == 0:
        candidates = _named("integer" if array.size == 1 else "", "between 0 and 1", "positive", "negative")
    return tuple(p for p in candidates if p.holds(array))


@functools.cache
def _named(*names: str) -> tuple[Property, ...]:
    return tuple(p for p in PROPERTIES if p.name in names)


def generic_array(
    given: NumberArray,
    rng: np.random.Generator,
    properties: tuple[Property, ...] | None = None,
    avoided: tuple[Property, ...] = (),
    of_order_one: bool = False,
) -> NumberArray:
    """A generic array with some properties of the given one: by default all that are `visible`.

    If possible it has none of the properties to avoid. Its numbers have the magnitude of the given ones, or are of
    order one and vary more. The given array itself is returned if no array with all of the properties to keep was
    found.
    """
    best, fewest = given, np.inf
    kept = visible(given) if properties is None else properties
    if is_identity(given) and properties is None:
        return _near_identity(given, rng)
    for attempt in range(_FRESH + len(_CHANGES)):
        fresh = attempt < _FRESH
        change = rng.uniform(1 - _CHANGES[attempt - _FRESH], 1, given.shape) if not fresh else 1.0
        drawn = _draw(given, rng, of_order_one) if fresh else given * change
        for prop in kept:
            if fresh or prop.name not in _REDRAWN:
                drawn = prop.impose(drawn, given, rng)
        varied = drawn.size < 2 or np.ptp(drawn) > 0
        if varied and np.isfinite(drawn).all() and all(prop.holds(drawn) for prop in kept):
            left = sum(prop.holds(drawn) for prop in avoided)
            if left < fewest:
                best, fewest = drawn, left
            if not left:
                break
    return best


def is_identity(array: NumberArray) -> bool:
    """Whether it is an identity matrix with more than one row."""
    return array.ndim == 2 and array.shape[0] == array.shape[1] > 1 and np.array_equal(array, np.eye(*array.shape))


def _near_identity(given: NumberArray, rng: np.random.Generator) -> NumberArray:
    """Symmetric, positive definite, with nonnegative entries, and rows and columns that sum to one.

    An identity matrix may be meant as a covariance or as one-hot rows; this keeps what both have in common.
    """
    n = len(given)
    off = np.triu(rng.uniform(0.2, 0.4, (n, n)) / n, 1)
    off = off + off.T
    return off + np.diag(1 - off.sum(axis=1))


def _draw(given: NumberArray, rng: np.random.Generator, of_order_one: bool) -> NumberArray:
    """Numbers of both signs, in size between half and twice the typical magnitude of the given ones, or around 1."""
    size = np.abs(given[given != 0])
    typical = float(np.exp(np.log(size).mean())) if size.size and not of_order_one else 1.0
    spread = np.log(5.0 if of_order_one else 2.0)
    magnitude = typical * np.exp(rng.uniform(-spread, spread, given.shape))
    return np.asarray(magnitude * rng.choice([-1.0, 1.0], given.shape))
