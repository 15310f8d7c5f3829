"""Affine layers."""

from __future__ import annotations

import numpy as np
from numpy.typing import DTypeLike

from autograd_lite.core.tensor import Array, Tensor
from autograd_lite.nn.module import Module
from autograd_lite.nn.parameter import Parameter, uniform_parameter
from autograd_lite.ops.layers.similarity import bilinear
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

    def forward(self, input: Array) -> Tensor:
        return linear(input, self.weight, self.bias)

    def extra_repr(self) -> str:
        return super().extra_repr() + ", bias=False" * (self.bias is None)


class Bilinear(Module):
    """y_o = x₁ᵀ W_o x₂ + b_o, for inputs (..., in1_features) and (..., in2_features).

    Weight and bias start uniform on ±1/√in1_features, as in PyTorch.

    Parameters
    ----------
    in1_features, in2_features, out_features : int
    bias : bool, default True
        Whether to add b.
    dtype : dtype, default float32
    rng : numpy.random.Generator or int, optional

    Attributes
    ----------
    weight : Parameter (out_features, in1_features, in2_features)
    bias : Parameter (out_features,), or None

    Examples
    --------
    >>> Bilinear(3, 2, 4, rng=0)(np.zeros((5, 3)), np.zeros((5, 2))).shape
    (5, 4)
    """

    bias: Parameter | None
    _shown = ("in1_features", "in2_features", "out_features")

    def __init__(
        self,
        in1_features: int,
        in2_features: int,
        out_features: int,
        bias: bool = True,
        *,
        dtype: DTypeLike = np.float32,
        rng: np.random.Generator | int | None = None,
    ) -> None:
        given = {"in1_features": in1_features, "in2_features": in2_features, "out_features": out_features}
        check_positive_integer("Bilinear", **given)
        self.in1_features, self.in2_features, self.out_features = in1_features, in2_features, out_features
        bound, rng = in1_features**-0.5, generator(rng)
        self.weight = uniform_parameter((out_features, in1_features, in2_features), bound, dtype, rng)
        self.register_parameter("bias", uniform_parameter(out_features, bound, dtype, rng) if bias else None)

    def forward(self, input1: Array, input2: Array) -> Tensor:
        return bilinear(input1, input2, self.weight, self.bias)
