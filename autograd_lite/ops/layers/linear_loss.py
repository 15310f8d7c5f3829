"""Cross-entropy of a linear layer, as one function."""

from __future__ import annotations

import math

from autograd_lite.core.tensor import Array, Tensor
from autograd_lite.ops.arrays.shape import reshape
from autograd_lite.ops.composition import composed
from autograd_lite.ops.layers.similarity import floats
from autograd_lite.ops.layers.weighted_losses import cross_entropy
from autograd_lite.ops.linalg.matmul import linear
from autograd_lite.support.conversion import to_array

__all__: list[str] = []  # for `nn.functional`


@composed
def linear_cross_entropy(
    input: Array,
    linear_weight: Array,
    target: Array,
    *,
    linear_bias: Array = None,
    weight: Array = None,
    reduction: str = "mean",
    ignore_index: int | None = None,
    label_smoothing: float = 0.0,
) -> Tensor:
    """`cross_entropy` of the logits W x + b; W may have further axes, along which there is one loss each.

    Parameters
    ----------
    input : array (N, F) or (F,)
        x.
    linear_weight : array (K, F) or (K, d1, ..., F)
        W.
    target : array of integers (N,), () or (N, d1, ...), or array (N, K), (K,) or (N, K, d1, ...)
        Labels or probabilities.
    linear_bias : array (K,) or (K, d1, ...), optional
        b.
    weight, reduction, label_smoothing
        As for `cross_entropy`.
    ignore_index : int, optional
        Of labels only; by default −100.

    Raises
    ------
    ValueError
        If the shapes do not match, or `ignore_index` is given with probabilities.

    Examples
    --------
    >>> linear_cross_entropy(Tensor([[1.0, 0.0]]), np.array([[2.0, 5.0], [2.0, 7.0]]), [1])
    Tensor(0.69314718)
    """
    x, matrix, target = floats(input), floats(linear_weight), to_array(target)
    if x.ndim not in (1, 2) or matrix.ndim < 2 or x.shape[-1] != matrix.shape[-1] or x.ndim < min(matrix.ndim - 1, 2):
        raise ValueError(
            f"input of shape {x.shape} and linear_weight of shape {matrix.shape}, expected (N, F) or (F,) and (K, F), "
            "or (N, F) and (K, d1, ..., F)"
        )
    bias = linear_bias if linear_bias is None else floats(linear_bias)
    if bias is not None and bias.shape != matrix.shape[:-1]:
        raise ValueError(f"linear_bias of shape {bias.shape}, expected {matrix.shape[:-1]}")
    shape = (*x.shape[:-1], *matrix.shape[:-1])
    if ignore_index is not None and target.shape == shape:
        raise ValueError(f"ignore_index={ignore_index} is for labels, but target of shape {shape} holds probabilities")
    rows = reshape(matrix, (math.prod(matrix.shape[:-1]), x.shape[-1]))
    logits = reshape(linear(x, rows, None if bias is None else reshape(bias, (bias.size,))), shape)
    return cross_entropy(
        logits,
        target,
        weight,
        ignore_index=-100 if ignore_index is None else ignore_index,
        reduction=reduction,
        label_smoothing=label_smoothing,
    )
