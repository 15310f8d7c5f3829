"""The gradients of an optimizer, end to end in one array for each group and dtype, which is what all ranks add."""

from __future__ import annotations

from collections.abc import Sequence
from sys import getrefcount
from typing import Any

import numpy as np

from autograd_lite.optim.bucket import Bucket
from autograd_lite.support.conversion import NumberArray


def weighted(
    work: Sequence[tuple[Any, Bucket]], weight: float, stashed: tuple[list[NumberArray], Any] | None,
    kept: dict[int, NumberArray],
) -> list[NumberArray]:  # fmt: skip
    """The gradients times the weight, an array for each bucket, with what was accumulated (`stashed`).

    `kept` has the arrays of the last call, and gets those of this one.
    """
    found = []
    for number, (_, bucket) in enumerate(work):
        flat = _space(kept, number, bucket)
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


def _space(kept: dict[int, NumberArray], number: int, bucket: Bucket) -> NumberArray:
    """An array for the gradients of a bucket: the last one, unless a gradient that someone holds is a part of it.

    A new array of several megabytes costs page faults: 2,000 in each step of a GPT with 800,000 parameters on two
    ranks.
    """
    is_free = number in kept and getrefcount(kept[number]) <= 2  # in `kept`, and as the argument
    if not is_free or kept[number].size != bucket.values.size or kept[number].dtype != bucket.dtype:
        kept[number] = np.empty(bucket.values.size, bucket.dtype)
    return kept[number]


def put(bucket: Bucket, flat: NumberArray, present: NumberArray) -> None:
    """Make the parts of the flat array the gradients of the parameters, without a copy."""
    for parameter, place, is_there in zip(bucket.parameters, bucket.places, present, strict=True):
        leaf = parameter._leaf()
        if is_there and leaf is not None:
            leaf.grad = flat[place].reshape(parameter.shape).astype(parameter.dtype, copy=False)
