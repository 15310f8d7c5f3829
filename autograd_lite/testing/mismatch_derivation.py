"""The derivation of the right gradient, for a mismatch to show beside the wrong one."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

import numpy as np

from autograd_lite.core.grad_mode import enable_grad
from autograd_lite.core.tensor import Tensor
from autograd_lite.derivation.derive import derive
from autograd_lite.derivation.lines import Derivation
from autograd_lite.testing.comparing.inputs import Inputs


def derivation_of(fn: Callable[..., Any], inputs: Inputs, position: int) -> Derivation | None:
    """The derivation of the gradient of a function with respect to one input, in the names of the inputs.

    None if the result is not a single number, or if no derivation can be made and checked.
    """
    others = [i for i in inputs.floats() if i == position or not _are_targets(inputs.values[i])]
    for differentiated in (others, [position]):  # a function may need its other inputs as numbers
        try:
            return _derivation(fn, inputs, position, differentiated)
        except Exception:  # a mismatch is shown without a derivation, whatever the reason is
            continue
    return None


def _derivation(fn: Callable[..., Any], inputs: Inputs, position: int, differentiated: Collection[int]) -> Derivation:
    with enable_grad(), np.errstate(all="ignore"):
        tensors = inputs.tensors(differentiated)
        loss = fn(*tensors)
        names = {
            name: value
            for i, (name, value) in enumerate(zip(inputs.names, tensors, strict=True))
            if i != position and isinstance(value, Tensor | np.ndarray)
        }
        return derive(loss, {inputs.names[position]: tensors[position]}, names)


def _are_targets(value: Any) -> bool:
    """Whether these are zeros and ones, or probabilities: as constants, derivations use that they sum to one."""
    array = np.asarray(value)
    if not array.ndim or not ((array >= 0) & (array <= 1)).all():
        return False
    return bool(np.isin(array, (0, 1)).all() or np.allclose(array.sum(axis=-1), 1))
