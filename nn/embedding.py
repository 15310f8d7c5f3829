"""A table of vectors, indexed by integers."""

from __future__ import annotations

import numpy as np
from numpy.typing import DTypeLike

from autograd_lite.core.tensor import Array, Tensor
from autograd_lite.nn import init
from autograd_lite.nn.module import Module
from autograd_lite.nn.parameter import Parameter
from autograd_lite.ops.layers.embedding import embedding
from autograd_lite.random import generator
from autograd_lite.support.checks import check, check_positive_integer, is_integer
from autograd_lite.support.messages import show


class Embedding(Module):
    """Row i of a learned table for every integer i in the input: (...) to (..., embedding_dim).

    Parameters
    ----------
    num_embeddings : int
        The number of rows.
    embedding_dim : int
    padding_idx : int, optional
        The index of a row that starts at zero and receives no gradient; negative indices count from the end.
    dtype : dtype, default float32
    rng : numpy.random.Generator or int, optional

    Attributes
    ----------
    weight : Parameter (num_embeddings, embedding_dim)
        Starts standard normal, as in PyTorch.

    Raises
    ------
    ValueError
        If a size is not a positive integer, or padding_idx is out of range.
    IndexError, TypeError
        If the input holds integers out of range, or other numbers.

    Examples
    --------
    >>> Embedding(10, 3, padding_idx=0, rng=0)([[1, 0], [9, 1]]).shape
    (2, 2, 3)
    """

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        *,
        dtype: DTypeLike = np.float32,
        rng: np.random.Generator | int | None = None,
    ) -> None:
        check_positive_integer("Embedding", num_embeddings=num_embeddings, embedding_dim=embedding_dim)
        if padding_idx is not None:
            check("Embedding", "an integer", is_integer, padding_idx=padding_idx)
            if not -num_embeddings <= padding_idx < num_embeddings:
                raise ValueError(f"Embedding: padding_idx is {show(padding_idx)}, but there are {num_embeddings} rows")
        self.num_embeddings, self.embedding_dim = num_embeddings, embedding_dim
        self.padding_idx = None if padding_idx is None else padding_idx % num_embeddings
        self.weight = Parameter(np.zeros((num_embeddings, embedding_dim)), dtype=dtype)
        init.normal_(self.weight, rng=generator(rng))
        if self.padding_idx is not None:
            self.weight.data[self.padding_idx] = 0

    def forward(self, input: Array) -> Tensor:
        return embedding(input, self.weight, self.padding_idx)

    def extra_repr(self) -> str:
        padding = "" if self.padding_idx is None else f", padding_idx={self.padding_idx}"
        return f"{self.num_embeddings}, {self.embedding_dim}{padding}"
