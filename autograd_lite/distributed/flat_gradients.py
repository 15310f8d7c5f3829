"""The gradients of an optimizer, end to end in one array for each group and dtype, which is what all ranks add."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd_lite.optim.bucket import Bucket
from autograd_lite.support.conversion import NumberArray


def weighted(
    work: Sequence[tuple[Any, Bucket]], weight: float, stashed: tuple[list[NumberArray], Any] | None
) -> list[NumberArray]:
    """The gradients times the weight, an array for each bucket, with what was accumulated (`stashed`)."""
    found = []
    for number, (_, bucket) in enumerate(work):
        flat = np.empty(bucket.values.size, bucket.dtype)
        for parameter, place, gradient in zip(bucket.parameters, bucket.places, bucket.gradients(), strict=True):
            part = flat[place].reshape(parameter.shape)
            if gradient is None or not weight:  # 0 times NaN would be NaN
                part[...] = 0
            else:
                np.multiply(gradient, weight, out=part, dtype=bucket.dtype)
        if stashed is not None:
            flat += stashed[0][number]
        found.append(flat)
    return found


def put(bucket: Bucket, flat: NumberArray, present: NumberArray) -> None:
    """Make the parts of the flat array the gradients of the parameters, without a copy."""
    for parameter, place, is_there in zip(bucket.parameters, bucket.places, present, strict=True):
        leaf = parameter._leaf()
        if is_there and leaf is not None:
            leaf.grad = flat[place].reshape(parameter.shape).astype(parameter.dtype, copy=False)
