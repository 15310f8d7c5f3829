"""Similarities and distances of pairs of vectors, as modules. Formulas: `autograd_lite.ops.layers.similarity`."""

from __future__ import annotations

from autograd_lite.core.tensor import Array, Tensor
from autograd_lite.nn.module import Module
from autograd_lite.ops.layers.similarity import cosine_similarity, pairwise_distance
from autograd_lite.support.checks import check, check_positive, check_switch, is_integer, is_number


class CosineSimilarity(Module):
    """x₁·x₂ / (max(|x₁|, eps) max(|x₂|, eps)) along the axis `dim`."""

    _shown = ("dim", "eps")

    def __init__(self, dim: int = 1, eps: float = 1e-8) -> None:
        check("CosineSimilarity", "an integer", is_integer, dim=dim)
        check_positive("CosineSimilarity", eps=eps)
        self.dim, self.eps = dim, eps

    def forward(self, x1: Array, x2: Array) -> Tensor:
        return cosine_similarity(x1, x2, self.dim, self.eps)


class PairwiseDistance(Module):
    """The p-norm of x₁ − x₂ + eps along the last axis."""

    _shown = ("norm", "eps", "keepdim")  # PyTorch's name of the attribute for p

    def __init__(self, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> None:
        check("PairwiseDistance", "a number", is_number, p=p, eps=eps)
        check_switch("PairwiseDistance: keepdim", keepdim)
        self.norm, self.eps, self.keepdim = p, eps, keepdim

    def forward(self, x1: Array, x2: Array) -> Tensor:
        return pairwise_distance(x1, x2, self.norm, self.eps, self.keepdim)
