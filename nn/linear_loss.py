"""A linear layer and the cross-entropy of its results, as one module."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from autograd_lite.core.tensor import Array, Tensor
from autograd_lite.nn.linear import Linear
from autograd_lite.nn.loss import _WeightedLoss
from autograd_lite.ops.arrays.shape import reshape
from autograd_lite.ops.layers.linear_loss import linear_cross_entropy
from autograd_lite.support.checks import check, check_positive_integer, is_integer


class LinearCrossEntropyLoss(_WeightedLoss):
    """Cross-entropy of the logits W x + b, of inputs (N, F) or (F,); see `CrossEntropyLoss`.

    Parameters
    ----------
    in_features, num_classes : int
        F and K.
    out_features : sequence of int, default ()
        Lengths d1, d2, ...: each input has this many labels, the target is (N, d1, ...).
    bias : bool, default False
    weight : array (K,), optional
        Weights of the classes.
    reduction : "mean", "sum" or "none", default "mean"
    ignore_index : int, optional
        Samples with this label do not count; by default −100. Only for labels.
    label_smoothing : float, default 0
    options : object, optional
        Accepted and ignored: it says how PyTorch divides the computation.
    dtype : dtype, default float32
    rng : numpy.random.Generator or int, optional

    Examples
    --------
    >>> loss = LinearCrossEntropyLoss(4, 3, rng=0)
    >>> loss(np.ones((2, 4), np.float32), [0, 2]).shape, loss.linear.weight.shape
    ((), (3, 4))
    """

    _shown = ("num_classes", "out_features", "reduction", "ignore_index", "label_smoothing")

    def __init__(
        self,
        in_features: int,
        num_classes: int,
        *,
        out_features: Sequence[int] = (),
        bias: bool = False,
        reduction: str = "mean",
        weight: Any = None,
        ignore_index: int | None = None,
        label_smoothing: float = 0.0,
        options: Any = None,
        dtype: DTypeLike = np.float32,
        rng: np.random.Generator | int | None = None,
    ) -> None:
        name = "LinearCrossEntropyLoss"
        super().__init__(weight, reduction=reduction)
        check_positive_integer(name, num_classes=num_classes)
        check_positive_integer(name, **{f"out_features[{i}]": length for i, length in enumerate(out_features)})
        check(name, "an integer or None", lambda value: value is None or is_integer(value), ignore_index=ignore_index)
        check(name, "in [0, 1]", lambda value: 0 <= value <= 1, label_smoothing=label_smoothing)
        self.num_classes, self.out_features = num_classes, tuple(out_features)
        self.ignore_index, self.label_smoothing = ignore_index, label_smoothing
        rows = math.prod(self.out_features, start=num_classes)
        self.linear = Linear(in_features, rows, bias, dtype=dtype, rng=rng)

    def forward(self, input: Array, target: Array) -> Tensor:
        shape = (self.num_classes, *self.out_features)
        return linear_cross_entropy(
            input,
            reshape(self.linear.weight, (*shape, self.linear.in_features)),
            target,
            linear_bias=None if self.linear.bias is None else reshape(self.linear.bias, shape),
            weight=self.weight,
            reduction=self.reduction,
            ignore_index=self.ignore_index,
            label_smoothing=self.label_smoothing,
        )
