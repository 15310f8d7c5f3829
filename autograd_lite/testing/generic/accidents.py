"""Values of inputs that are special by accident, and hide mistakes: zeros, constants, identity matrices, ..."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from autograd_lite.support.conversion import NumberArray
from autograd_lite.testing.comparing.inputs import Inputs
from autograd_lite.testing.generic.generic_inputs import is_identity, like, visible

_APART = 1e7  # magnitudes further apart than this hide errors in the smaller elements


def accident(array: NumberArray) -> str:
    """What is special about an array without being meant; an empty string if there is nothing."""
    if not array.any():
        return "is all zero" if array.ndim else "is zero"
    if array.size > 1 and np.ptp(array) == 0:
        return "is all one" if array.flat[0] == 1 else "is constant, with all elements equal"
    if is_identity(array):
        return "is the identity matrix"
    sizes = np.abs(array[array != 0])
    if sizes.max() > _APART * sizes.min():
        return "has elements of very different magnitude, of which the small ones are hidden by the tolerance"
    return ""


def readable(inputs: Inputs, given: Inputs) -> Inputs:
    """Two significant digits for new numbers, unless that makes two of them equal or changes a property."""
    values = list(inputs.values)
    for i, (value, old) in enumerate(zip(values, given.values, strict=True)):
        if value is not old:
            array = np.asarray(value)
            short = np.array([float(f"{number:.2g}") for number in array.ravel()]).reshape(array.shape)
            values[i] = like(value, short) if visible(short) == visible(array) else value
    return replace(inputs, values=tuple(values))
