"""Inputs whose axes of length one are longer: a batch of one sample hides the number of samples."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import numpy as np

from autograd_lite.testing.comparing.inputs import Inputs
from autograd_lite.testing.generic.generic_inputs import generic_array


def with_longer_axes(
    inputs: Inputs, axes: slice, unchanged: Collection[int], rng: np.random.Generator
) -> tuple[Inputs, list[str]] | None:
    """Generic inputs where axes of length 1 have length 2, and the names of those that have changed.

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
    values, names = list(inputs.values), []
    for i, value in enumerate(values):
        if not isinstance(value, np.ndarray) or 1 not in value.shape[axes]:
            continue
        if i in unchanged:
            return None
        longer = value
        for axis in range(value.ndim)[axes]:
            longer = np.repeat(longer, 2 if value.shape[axis] == 1 else 1, axis=axis)
        values[i] = generic_array(longer, rng) if i in inputs.floats() and value.size else longer
        names.append(inputs.names[i])
    return (replace(inputs, values=tuple(values)), names) if names else None
