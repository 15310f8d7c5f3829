"""Similarities, distances and products of pairs of vectors, and vectors of length one."""

from __future__ import annotations

import numpy as np

from autograd_lite.core.tensor import Array, Tensor
from autograd_lite.ops.arrays.indexing import clip
from autograd_lite.ops.arrays.shape import broadcast_to
from autograd_lite.ops.composition import composed
from autograd_lite.ops.linalg.contraction import einsum
from autograd_lite.ops.linalg.norms import vector_norm
from autograd_lite.support.checks import check, check_positive, is_number
from autograd_lite.support.conversion import to_array, to_floats

__all__: list[str] = []  # for `nn.functional`


def floats(x: Array) -> Array:
    """x in a floating-point dtype: integers become float64."""
    return to_floats(x) if not isinstance(x, Tensor) else x if x.dtype.kind == "f" else x.astype(float)


@composed
def cosine_similarity(x1: Array, x2: Array, dim: int = 1, eps: float = 1e-8) -> Tensor:
    """x₁·x₂ / (max(|x₁|, eps) max(|x₂|, eps)) along the axis `dim` of both, after broadcasting.

    Examples
    --------
    >>> cosine_similarity(Tensor([3.0, 4.0]), np.array([6.0, 8.0]), dim=0)
    Tensor(1.)
    """
    x1, x2 = floats(x1), floats(x2)
    check_positive("cosine_similarity", eps=eps)
    if x1.shape != x2.shape:  # before the norms: an axis that broadcasts counts with its full length
        try:
            shape = np.broadcast_shapes(x1.shape, x2.shape)
        except ValueError:
            raise ValueError(f"x1 of shape {x1.shape} and x2 of shape {x2.shape} do not broadcast") from None
        x1, x2 = broadcast_to(x1, shape), broadcast_to(x2, shape)
    lengths = [clip(vector_norm(x, axis=dim, keepdims=True), eps, None) for x in (x1, x2)]
    return np.sum((x1 / lengths[0]) * (x2 / lengths[1]), axis=dim)


@composed
def pairwise_distance(x1: Array, x2: Array, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> Tensor:
    """The p-norm of x₁ − x₂ + eps along the last axis; x₁ and x₂ broadcast.

    Examples
    --------
    >>> pairwise_distance(Tensor([3.0, 4.0]), np.zeros(2), eps=0)
    Tensor(5.)
    """
    check("pairwise_distance", "a number", is_number, p=p, eps=eps)
    return vector_norm(floats(x1) - floats(x2) + eps, axis=-1, keepdims=keepdim, ord=p)


@composed
def normalize(x: Array, p: float = 2.0, dim: int = 1, eps: float = 1e-12) -> Tensor:
    """x/max(|x|, eps) with the p-norm along the axis `dim`.

    Examples
    --------
    >>> normalize(Tensor([[3.0, 4.0]]))
    Tensor([[0.6, 0.8]])
    """
    x = floats(x)
    check_positive("normalize", eps=eps)
    return x / clip(vector_norm(x, axis=dim, keepdims=True, ord=p), eps, None)


@composed
def bilinear(input1: Array, input2: Array, weight: Array, bias: Array = None) -> Tensor:
    """y_o = x₁ᵀ W_o x₂ + b_o, for inputs (..., I) and (..., J), a weight (O, I, J) and a bias (O,).

    Raises
    ------
    ValueError
        If shapes do not match.

    Examples
    --------
    >>> bilinear(Tensor([1.0, 2.0]), np.array([3.0, 4.0]), np.ones((1, 2, 2)))
    Tensor([21.])
    """
    x1, x2, weight = to_array(input1), to_array(input2), to_array(weight)
    if weight.ndim != 3 or (*x1.shape[:-1], *weight.shape[1:]) != (*x2.shape[:-1], *x1.shape[-1:], *x2.shape[-1:]):
        raise ValueError(f"inputs of the shapes {x1.shape} and {x2.shape} and weight of shape {weight.shape}, "
                         "expected (..., I), (..., J) and (O, I, J)")  # fmt: skip
    out = einsum("...i,oij,...j->...o", x1, weight, x2)
    if bias is None:
        return out
    bias = to_array(bias)
    if bias.shape != weight.shape[:1]:
        raise ValueError(f"bias of shape {bias.shape}, expected {weight.shape[:1]}")
    return out + bias
