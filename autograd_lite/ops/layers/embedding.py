"""Embedding: rows of a table by index."""

from __future__ import annotations

import numpy as np

from autograd_lite.core.primitive import primitive
from autograd_lite.core.tensor import Array
from autograd_lite.ops.arrays.indexing import scatter
from autograd_lite.support.checks import is_integer
from autograd_lite.support.conversion import to_array
from autograd_lite.support.messages import show

__all__ = ["embedding"]


def _weight_rule(g: Array, indices: Array, padding_idx: int | None, weight_shape: tuple[int, int]) -> Array:
    indices = np.asarray(indices)
    if padding_idx is not None:
        g = g * np.expand_dims(indices != padding_idx % weight_shape[0], -1)
    return scatter(g, indices, weight_shape)


@primitive(weight=_weight_rule)
def embedding(indices: Array, weight: Array, padding_idx: int | None = None) -> Array:
    """weight[indices]: row i of the table for every index i. A row receives the sum of the gradients of its copies.

    Parameters
    ----------
    indices : array of integers (...)
    weight : array (num_embeddings, embedding_dim)
    padding_idx : int, optional
        A row that receives no gradient; negative numbers count from the end.

    Returns
    -------
    array (..., embedding_dim)

    Raises
    ------
    TypeError
        If indices or padding_idx are not integers.
    IndexError
        If one is negative or too large, or padding_idx is out of range.

    Examples
    --------
    >>> table = Tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    >>> embedding([1, 0, 1], table).sum().backward()
    >>> table.grad
    array([[1., 1.],
           [2., 2.]])
    """
    indices, weight = to_array(indices), to_array(weight)
    if indices.dtype.kind not in "iu":
        raise TypeError(f"indices must be integers, not {indices.dtype}")
    if weight.ndim != 2:
        raise ValueError(f"weight of shape {weight.shape}, expected (num_embeddings, embedding_dim)")
    rows = weight.shape[0]
    if padding_idx is not None and not is_integer(padding_idx):
        raise TypeError(f"padding_idx must be an integer or None, not {show(padding_idx)}")
    if padding_idx is not None and not -rows <= padding_idx < rows:
        raise IndexError(f"padding_idx is {show(padding_idx)}, but there are {rows} rows")
    if indices.size and not (indices.min() >= 0 and indices.max() < rows):
        raise IndexError(f"indices from {indices.min()} to {indices.max()}, but rows are numbered 0 to {rows - 1}")
    return np.take(weight, indices, axis=0)
