"""Affine layers."""

from __future__ import annotations

import numpy as np
from numpy.typing import DTypeLike

from autograd_lite.core.tensor import Array, Tensor
from autograd_lite.nn.module import Module
from autograd_lite.nn.parameter import Parameter, uniform_parameter
from autograd_lite.ops.linalg.matmul import linear
from autograd_lite.random import generator
from autograd_lite.support.checks import check_positive_integer


class Linear(Module):
    """y = x Wᵀ + b.

    Weight and bias start uniform on ±1/√in_features, as in PyTorch.

    Parameters
    ----------
    in_features, out_features : int
    bias : bool, default True
        Whether to add b.
    dtype : dtype, default float32
    rng : numpy.random.Generator or int, optional
        The source of the initial values, or a seed; by default the common generator (see `manual_seed`).

    Attributes
    ----------
    weight : Parameter (out_features, in_features)
    bias : Parameter (out_features,), or None

    Raises
    ------
    ValueError
        If a number of features is not a positive integer.

    Examples
    --------
    >>> layer = Linear(3, 2, rng=0)
    >>> layer(np.zeros((5, 3))).shape
    (5, 2)
    """

    bias: Parameter | None
    _shown = ("in_features", "out_features")

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        *,
        dtype: DTypeLike = np.float32,
        rng: np.random.Generator | int | None = None,
    ) -> None:
        check_positive_integer("Linear", in_features=in_features, out_features=out_features)
        self.in_features, self.out_features = in_features, out_features
        bound, rng = in_features**-0.5, generator(rng)
        self.weight = uniform_parameter((out_features, in_features), bound, dtype, rng)
        self.register_parameter("bias", uniform_parameter(out_features, bound, dtype, rng) if bias else None)

    def forward(self, x: Array) -> Tensor:
        return linear(x, self.weight, self.bias)

    def extra_repr(self) -> str:
        return super().extra_repr() + ", bias=False" * (self.bias is None)
