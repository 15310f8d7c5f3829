"""logsumexp with weights, softmax and log_softmax, with the signatures of SciPy."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_lite.core.tensor import Array, Tensor
from autograd_lite.ops.composition import composed
from autograd_lite.ops.layers import activation
from autograd_lite.ops.reductions import reduction
from autograd_lite.ops.slices import Axis, merged, unmerged
from autograd_lite.support.conversion import strip, to_array, to_floats

__all__ = ["log_softmax", "logsumexp", "softmax"]


@composed
def logsumexp(a: Array, axis: Axis = None, b: Array = None, keepdims: bool = False, return_sign: bool = False) -> Any:
    """ln Σ bᵢ e^aᵢ over `axis`, without overflow, differentiable in a and in the weights b.

    With `return_sign` it returns ln |Σ bᵢ e^aᵢ| and the sign of the sum; without, a negative sum gives NaN.

    Examples
    --------
    >>> logsumexp(Tensor([1000.0, 1000.0]), b=np.array([3.0, 1.0]))
    Tensor(1001.38629436)
    """
    a = to_floats(a)
    out: Array
    if b is None:
        out = reduction.logsumexp(a, axis, keepdims=keepdims)
        return (out, np.ones_like(strip(out))) if return_sign else out
    b = to_array(b)
    varying = isinstance(b, Tensor) and b._node is not None
    if not varying:  # what has the weight 0 may be as large as it likes
        a = np.where(strip(b) == 0, -np.inf, a)
    a, b = np.broadcast_arrays(a, b)
    largest = np.max(np.asarray(strip(a)), axis=axis, keepdims=True, initial=-np.inf)
    largest = np.where(np.isfinite(largest), largest, 0).astype(a.dtype)
    total = reduction.sum(b * np.exp(a - largest), axis, keepdims=True)
    signs = np.sign(strip(total))
    with np.errstate(divide="ignore", invalid="ignore"):
        out = np.log(total * signs if return_sign else total) + largest
    if not keepdims:
        shape = np.sum(strip(a), axis=axis).shape if a.size else np.sum(np.zeros(a.shape), axis=axis).shape
        out, signs = np.reshape(out, shape), np.reshape(signs, shape)
    return (out, signs) if return_sign else out


def _over_axes(operation: Any, x: Array, axis: Axis) -> Array:
    x = to_floats(x)
    if isinstance(axis, int):
        return operation(x, axis=axis)
    return unmerged(operation(merged(x, axis), axis=-1), x.shape, axis)


@composed
def softmax(x: Array, axis: Axis = None) -> Tensor:
    """exp(x)/Σ exp(x) over `axis`, by default over all axes.

    Examples
    --------
    >>> softmax(Tensor([[0.0, 0.0], [0.0, 0.0]]))
    Tensor([[0.25, 0.25],
            [0.25, 0.25]])
    """
    return _over_axes(activation.softmax, x, axis)


@composed
def log_softmax(x: Array, axis: Axis = None) -> Tensor:
    """x − ln Σ exp(x) over `axis`, by default over all axes.

    Examples
    --------
    >>> log_softmax(Tensor([0.0, 0.0]))
    Tensor([-0.69314718, -0.69314718])
    """
    return _over_axes(activation.log_softmax, x, axis)
