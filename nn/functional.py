"""The layers as functions, with PyTorch's names: ``import autograd_lite.nn.functional as F``.

Most are operations, documented in `autograd_lite.ops`. Those defined here take PyTorch's arguments.
"""

from __future__ import annotations

import numpy as np

from autograd_lite.core.tensor import Array, Tensor
from autograd_lite.nn.dot_products import scaled_dot_product_attention
from autograd_lite.ops.composition import composed
from autograd_lite.ops.elementwise.hyperbolic import tanh
from autograd_lite.ops.layers import activation
from autograd_lite.ops.layers.activation import elu, gelu, hardtanh, leaky_relu, relu, sigmoid, silu
from autograd_lite.ops.layers.convolution import conv1d, conv2d, conv_transpose2d
from autograd_lite.ops.layers.distance import hinge_loss, huber_loss, kl_div, l1_loss
from autograd_lite.ops.layers.embedding import embedding
from autograd_lite.ops.layers.interpolation import interpolate
from autograd_lite.ops.layers.loss import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    cross_entropy,
    mse_loss,
    nll_loss,
    one_hot,
)
from autograd_lite.ops.layers.normalization import batch_norm, layer_norm
from autograd_lite.ops.layers.pooling import avg_pool2d, max_pool2d
from autograd_lite.ops.linalg.matmul import linear
from autograd_lite.random import generator
from autograd_lite.support.checks import check_positive, check_probability
from autograd_lite.support.conversion import to_floats
from autograd_lite.support.messages import show

__all__ = [
    "avg_pool2d", "batch_norm", "binary_cross_entropy", "binary_cross_entropy_with_logits", "conv1d", "conv2d",
    "conv_transpose2d", "cross_entropy", "dropout", "elu", "embedding", "gelu", "hardtanh", "hinge_loss", "huber_loss",
    "interpolate", "kl_div", "l1_loss", "layer_norm", "leaky_relu", "linear", "log_softmax", "max_pool2d", "mse_loss",
    "nll_loss", "one_hot", "relu", "scaled_dot_product_attention", "sigmoid", "silu", "softmax", "softplus", "tanh",
]  # fmt: skip


def softmax(x: Array, dim: int = -1) -> Array:
    """Probabilities e^(x_i) / Σ_j e^(x_j) along the axis `dim`.

    Examples
    --------
    >>> softmax(Tensor([[0.0, 0.0]]), dim=1)
    Tensor([[0.5, 0.5]])
    """
    return activation.softmax(x, dim)


def log_softmax(x: Array, dim: int = -1) -> Array:
    """ln softmax(x) along the axis `dim`.

    Examples
    --------
    >>> log_softmax(Tensor([[0.0, 0.0]]), dim=1)
    Tensor([[-0.69314718, -0.69314718]])
    """
    return activation.log_softmax(x, dim)


def softplus(x: Array, beta: float = 1.0) -> Array:
    """ln(1 + e^(βx))/β, elementwise.

    Examples
    --------
    >>> softplus(Tensor([1.0]), beta=100)
    Tensor([1.])
    """
    check_positive("softplus", beta=beta)
    return activation.softplus(x) if beta == 1 else activation.softplus(x * beta) / beta


@composed
def dropout(x: Array, p: float = 0.5, training: bool = True, *, rng: np.random.Generator | int | None = None) -> Tensor:
    """Every element set to 0 with probability p, else divided by 1 − p to keep its expectation; drawn at each call.

    Parameters
    ----------
    x : array
    p : float, default 0.5
    training : bool, default True
        If False, x is returned unchanged.
    rng : numpy.random.Generator or int, optional
        By default the common generator (see `manual_seed`).

    Raises
    ------
    ValueError
        If p is not in [0, 1].
    TypeError
        If x does not hold numbers, or `training` is not True or False.

    References
    ----------
    Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting" (2014).

    Examples
    --------
    >>> kept = dropout(Tensor(np.ones(1000)), 0.2, rng=0)
    >>> sorted(set(kept.tolist()))
    [0.0, 1.25]
    """
    check_probability("dropout", p=p)
    if not isinstance(training, bool | np.bool_):
        raise TypeError(f"training must be True or False, not {show(training)}")
    if not isinstance(x, Tensor):
        x = to_floats(x)
    elif x.dtype.kind != "f":
        x = x.astype(float)
    if not training or p == 0:
        return x
    # Single precision is enough for this comparison, and takes half the time.
    kept = generator(rng).random(x.shape, dtype=np.float32) >= p
    return x * np.multiply(kept, 1 / (1 - p) if p < 1 else 0, dtype=x.dtype)
