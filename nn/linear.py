"""Affine layers."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from autograd_lite.nn import init
from autograd_lite.nn.module import Module
from autograd_lite.nn.parameter import Parameter
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
        Whether b is there.
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
        self.in_features = in_features
        self.out_features = out_features
        bound = in_features**-0.5
        rng = generator(rng)
        weight = Parameter(np.zeros((out_features, in_features)), dtype=dtype)
        self.weight = init.uniform_(weight, -bound, bound, rng=rng)
        values = init.uniform_(Parameter(np.zeros(out_features), dtype=dtype), -bound, bound, rng=rng) if bias else None
        self.register_parameter("bias", values)

    def forward(self, x: Any) -> Any:
        return linear(x, self.weight, self.bias)

    def extra_repr(self) -> str:
        return f"in_features={self.in_features}, out_features={self.out_features}" + ", bias=False" * (
            self.bias is None
        )
