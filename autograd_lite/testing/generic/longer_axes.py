"""Inputs whose axes of length one are longer: a batch of one sample hides the number of samples."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import numpy as np

from autograd_lite.testing.comparing.inputs import Inputs
from autograd_lite.testing.generic.generic_inputs import generic_array


def with_longer_axes(
    inputs: Inputs, axes: slice, unchanged: Collection[int], rng: np.random.Generator, length: int = 2
) -> Inputs | None:
    """Generic inputs where axes of length 1 have another length.

    Parameters
    ----------
    inputs : Inputs
    axes : slice
        Which axes of an array: the leading one, or all.
    unchanged : collection of int
        The positions of inputs that may not change.
    rng : numpy.random.Generator

    Returns
    -------
    tuple or None
        None if there are no such axes, or some may not change.
    """
    values, has_changed = list(inputs.values), False
    for i, value in enumerate(values):
        if not isinstance(value, np.ndarray) or 1 not in value.shape[axes]:
            continue
        if i in unchanged:
            return None
        longer = value
        for axis in range(value.ndim)[axes]:
            longer = np.repeat(longer, length if value.shape[axis] == 1 else 1, axis=axis)
        values[i] = generic_array(longer, rng) if i in inputs.floats() and value.size else longer
        has_changed = True
    return replace(inputs, values=tuple(values)) if has_changed else None
