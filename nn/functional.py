"""The layers as functions, with PyTorch's names: ``import autograd_lite.nn.functional as F``.

Most are operations, documented in `autograd_lite.ops.layers`, in PyTorch's form: the first argument is `input`, and
`inplace` overwrites it where PyTorch has that. Those defined here take other arguments than the operations.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import DTypeLike

from autograd_lite.core.tensor import Array, Tensor
from autograd_lite.nn.dot_products import scaled_dot_product_attention
from autograd_lite.nn.pytorch_form import in_pytorch_form
from autograd_lite.nn.random_activations import alpha_dropout, feature_alpha_dropout, rrelu
from autograd_lite.nn.regularization import dropout, dropout1d, dropout2d, dropout3d
from autograd_lite.ops.arrays.indexing import where
from autograd_lite.ops.composition import composed
from autograd_lite.ops.elementwise import hyperbolic
from autograd_lite.ops.layers import (
    activation,
    adaptive_pooling,
    channels,
    convolution,
    distance,
    group_normalization,
    interpolation,
    loss,
    norm_pooling,
    normalization,
    padding,
    pooling,
    rectifiers,
    similarity,
    smooth_activations,
    transposed_convolution,
)
from autograd_lite.ops.layers import embedding as tables
from autograd_lite.ops.layers.likelihood_losses import gaussian_nll_loss, poisson_nll_loss, smooth_l1_loss
from autograd_lite.ops.layers.linear_loss import linear_cross_entropy
from autograd_lite.ops.layers.margin_losses import (
    cosine_embedding_loss,
    hinge_embedding_loss,
    margin_ranking_loss,
    multi_margin_loss,
    multilabel_margin_loss,
    multilabel_soft_margin_loss,
    soft_margin_loss,
    triplet_margin_loss,
)
from autograd_lite.ops.layers.similarity import bilinear, cosine_similarity, pairwise_distance
from autograd_lite.ops.layers.weighted_losses import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    cross_entropy,
    nll_loss,
)
from autograd_lite.ops.linalg import matmul
from autograd_lite.support.checks import check, check_positive, is_integer, is_number
from autograd_lite.support.conversion import strip, to_array
from autograd_lite.support.messages import show

__all__ = [
    "adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d", "adaptive_max_pool1d",
    "adaptive_max_pool2d", "adaptive_max_pool3d", "alpha_dropout", "avg_pool1d", "avg_pool2d", "avg_pool3d",
    "batch_norm", "bilinear", "binary_cross_entropy", "binary_cross_entropy_with_logits", "celu", "channel_shuffle",
    "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d",
    "cosine_embedding_loss", "cosine_similarity", "cross_entropy", "dropout", "dropout1d", "dropout2d", "dropout3d",
    "elu", "embedding", "feature_alpha_dropout", "gaussian_nll_loss", "gelu", "glu", "group_norm", "hardshrink",
    "hardsigmoid", "hardswish", "hardtanh", "hinge_embedding_loss", "hinge_loss", "huber_loss", "instance_norm",
    "interpolate", "kl_div", "l1_loss", "layer_norm", "leaky_relu", "linear", "linear_cross_entropy",
    "local_response_norm", "log_softmax", "logsigmoid", "lp_pool1d", "lp_pool2d", "lp_pool3d",
    "margin_ranking_loss", "max_pool1d", "max_pool2d", "max_pool3d", "mish", "mse_loss", "multi_margin_loss",
    "multilabel_margin_loss", "multilabel_soft_margin_loss", "nll_loss", "normalize", "one_hot", "pad",
    "pairwise_distance", "pixel_shuffle", "pixel_unshuffle", "poisson_nll_loss", "prelu", "relu", "relu6",
    "rms_norm", "rrelu", "scaled_dot_product_attention", "selu", "sigmoid", "silu", "smooth_l1_loss",
    "soft_margin_loss", "softmax", "softmin", "softplus", "softshrink", "softsign", "tanh", "tanhshrink",
    "threshold", "triplet_margin_loss",
]  # fmt: skip

# -- activations -----------------------------------------------------------------------------------------------------

celu = in_pytorch_form(rectifiers.celu, inplace=True)
elu = in_pytorch_form(activation.elu, inplace=True)
gelu = in_pytorch_form(activation.gelu)
glu = in_pytorch_form(smooth_activations.glu)
hardshrink = in_pytorch_form(rectifiers.hardshrink)
hardsigmoid = in_pytorch_form(rectifiers.hardsigmoid, inplace=True)
hardswish = in_pytorch_form(rectifiers.hardswish, inplace=True)
hardtanh = in_pytorch_form(activation.hardtanh, inplace=True)
leaky_relu = in_pytorch_form(activation.leaky_relu, inplace=True)
logsigmoid = in_pytorch_form(smooth_activations.logsigmoid)
mish = in_pytorch_form(smooth_activations.mish, inplace=True)
prelu = in_pytorch_form(rectifiers.prelu)
relu = in_pytorch_form(activation.relu, inplace=True)
relu6 = in_pytorch_form(rectifiers.relu6, inplace=True)
selu = in_pytorch_form(rectifiers.selu, inplace=True)
sigmoid = in_pytorch_form(activation.sigmoid)
silu = in_pytorch_form(activation.silu, inplace=True)
softshrink = in_pytorch_form(rectifiers.softshrink)
softsign = in_pytorch_form(smooth_activations.softsign)
tanh = in_pytorch_form(hyperbolic.tanh)
tanhshrink = in_pytorch_form(smooth_activations.tanhshrink)
threshold = in_pytorch_form(rectifiers.threshold, inplace=True)

# -- layers ----------------------------------------------------------------------------------------------------------

adaptive_avg_pool1d = in_pytorch_form(adaptive_pooling.adaptive_avg_pool1d)
adaptive_avg_pool2d = in_pytorch_form(adaptive_pooling.adaptive_avg_pool2d)
adaptive_avg_pool3d = in_pytorch_form(adaptive_pooling.adaptive_avg_pool3d)
adaptive_max_pool1d = in_pytorch_form(adaptive_pooling.adaptive_max_pool1d)
adaptive_max_pool2d = in_pytorch_form(adaptive_pooling.adaptive_max_pool2d)
adaptive_max_pool3d = in_pytorch_form(adaptive_pooling.adaptive_max_pool3d)
avg_pool1d = in_pytorch_form(pooling.avg_pool1d)
avg_pool2d = in_pytorch_form(pooling.avg_pool2d)
avg_pool3d = in_pytorch_form(pooling.avg_pool3d)
batch_norm = in_pytorch_form(normalization.batch_norm)
channel_shuffle = in_pytorch_form(channels.channel_shuffle)
conv1d = in_pytorch_form(convolution.conv1d)
conv2d = in_pytorch_form(convolution.conv2d)
conv3d = in_pytorch_form(convolution.conv3d)
conv_transpose1d = in_pytorch_form(transposed_convolution.conv_transpose1d)
conv_transpose2d = in_pytorch_form(transposed_convolution.conv_transpose2d)
conv_transpose3d = in_pytorch_form(transposed_convolution.conv_transpose3d)
embedding = in_pytorch_form(tables.embedding)
group_norm = in_pytorch_form(group_normalization.group_norm)
instance_norm = in_pytorch_form(group_normalization.instance_norm)
interpolate = in_pytorch_form(interpolation.interpolate)
layer_norm = in_pytorch_form(normalization.layer_norm)
linear = in_pytorch_form(matmul.linear)
local_response_norm = in_pytorch_form(channels.local_response_norm)
lp_pool1d = in_pytorch_form(norm_pooling.lp_pool1d)
lp_pool2d = in_pytorch_form(norm_pooling.lp_pool2d)
lp_pool3d = in_pytorch_form(norm_pooling.lp_pool3d)
max_pool1d = in_pytorch_form(pooling.max_pool1d)
max_pool2d = in_pytorch_form(pooling.max_pool2d)
max_pool3d = in_pytorch_form(pooling.max_pool3d)
normalize = in_pytorch_form(similarity.normalize)
pad = in_pytorch_form(padding.pad)
pixel_shuffle = in_pytorch_form(channels.pixel_shuffle)
pixel_unshuffle = in_pytorch_form(channels.pixel_unshuffle)
rms_norm = in_pytorch_form(group_normalization.rms_norm)

# -- losses ----------------------------------------------------------------------------------------------------------

hinge_loss = in_pytorch_form(distance.hinge_loss)
huber_loss = in_pytorch_form(distance.huber_loss)
kl_div = in_pytorch_form(distance.kl_div)
l1_loss = in_pytorch_form(distance.l1_loss)
mse_loss = in_pytorch_form(loss.mse_loss)

# -- with other arguments than the operations ------------------------------------------------------------------------


def _axis(input: Array, dim: int | None) -> int:
    """The axis of a softmax: without `dim` the one that PyTorch takes, 0 for 0, 1 and 3 axes, else 1."""
    if dim is None:
        return 0 if np.ndim(strip(input)) in (0, 1, 3) else 1
    if not is_integer(dim):
        raise TypeError(f"dim must be an integer or None, not {show(dim)}")
    return dim


def _cast(input: Array, dtype: DTypeLike | None) -> Array:
    return input if dtype is None else to_array(input).astype(dtype)


@composed
def softmax(input: Array, dim: int | None = None, *, dtype: DTypeLike | None = None) -> Tensor:
    """Probabilities e^(x_i) / Σ_j e^(x_j) along the axis `dim`.

    Parameters
    ----------
    input : array
    dim : int, optional
        By default 0 for inputs with 0, 1 or 3 axes, else 1, as in PyTorch; better give it.
    dtype : dtype, optional
        The dtype to convert the input to.

    Examples
    --------
    >>> softmax(Tensor([[0.0, 0.0]]), dim=1)
    Tensor([[0.5, 0.5]])
    """
    return activation.softmax(_cast(input, dtype), _axis(input, dim))


@composed
def log_softmax(input: Array, dim: int | None = None, *, dtype: DTypeLike | None = None) -> Tensor:
    """ln softmax(x) along the axis `dim`; arguments are those of `softmax`.

    Examples
    --------
    >>> log_softmax(Tensor([[0.0, 0.0]]), dim=1)
    Tensor([[-0.69314718, -0.69314718]])
    """
    return activation.log_softmax(_cast(input, dtype), _axis(input, dim))


@composed
def softmin(input: Array, dim: int | None = None, *, dtype: DTypeLike | None = None) -> Tensor:
    """softmax(−x) along the axis `dim`; arguments are those of `softmax`.

    Examples
    --------
    >>> softmin(Tensor([[0.0, 1000.0]]), dim=1)
    Tensor([[1., 0.]])
    """
    return activation.softmax(-_cast(to_array(input), dtype), _axis(input, dim))


@composed
def softplus(input: Array, beta: float = 1.0, threshold: float = 20.0) -> Tensor:
    """ln(1 + e^(βx))/β, elementwise; x itself where βx is above the threshold, as in PyTorch.

    Examples
    --------
    >>> softplus(Tensor([1.0]), beta=100)
    Tensor([1.])
    """
    check_positive("softplus", beta=beta)
    check("softplus", "a number", is_number, threshold=threshold)
    x = to_array(input)
    smooth = activation.softplus(x) if beta == 1 else activation.softplus(x * beta) / beta
    return where(strip(x) * beta > threshold, x, smooth)


@composed
def one_hot(input: Array, num_classes: int = -1) -> Array:
    """Rows of integers that are 1 at the label and 0 elsewhere: (...) to (..., num_classes).

    Parameters
    ----------
    input : array of integers
    num_classes : int, optional
        By default one more than the largest label.

    Raises
    ------
    ValueError
        If a label is negative or not below num_classes.

    Examples
    --------
    >>> one_hot([0, 2])
    array([[1, 0, 0],
           [0, 0, 1]])
    """
    labels = to_array(strip(input))
    if not is_integer(num_classes) or num_classes < -1 or num_classes == 0:
        raise ValueError(f"num_classes must be a positive integer or -1, not {show(num_classes)}")
    if num_classes == -1:
        if not labels.size:
            raise ValueError("num_classes is needed if there are no labels")
        num_classes = int(labels.max()) + 1
    return loss.one_hot(labels, num_classes, dtype=np.int64)
