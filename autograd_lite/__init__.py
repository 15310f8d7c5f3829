"""Reverse-mode automatic differentiation on NumPy: an operation is a NumPy function and one rule per argument."""

import autograd_lite.methods  # noqa: F401 - attaches the operators and methods of Tensor
from autograd_lite.backward import enable_grad, is_grad_enabled, no_grad
from autograd_lite.ops.activation import log_softmax, relu, sigmoid, softmax, softplus
from autograd_lite.ops.arithmetic import (
    absolute,
    add,
    divide,
    maximum,
    minimum,
    multiply,
    negative,
    power,
    sign,
    sqrt,
    square,
    subtract,
)
from autograd_lite.ops.elementary import cos, erf, exp, expm1, log, log1p, sin, tanh
from autograd_lite.ops.indexing import clip, getitem, scatter, where
from autograd_lite.ops.linalg import dot, linear, matmul
from autograd_lite.ops.loss import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    cross_entropy,
    mse_loss,
    nll_loss,
    one_hot,
)
from autograd_lite.ops.reduction import logsumexp, max, mean, min, prod, std, sum, var
from autograd_lite.ops.shape import (
    astype,
    broadcast_to,
    clone,
    concatenate,
    expand_dims,
    flatten,
    ravel,
    reshape,
    squeeze,
    stack,
    swapaxes,
    transpose,
)
from autograd_lite.primitive import Primitive, primitive
from autograd_lite.random import manual_seed
from autograd_lite.tensor import Tensor
from autograd_lite.transforms import grad, hessian, hvp, jacobian, jvp, value_and_grad, vjp

from autograd_lite import data, nn, optim  # isort: skip

__all__ = [
    "Primitive",
    "Tensor",
    "absolute",
    "add",
    "astype",
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "broadcast_to",
    "clip",
    "clone",
    "concatenate",
    "cos",
    "cross_entropy",
    "data",
    "divide",
    "dot",
    "enable_grad",
    "erf",
    "exp",
    "expand_dims",
    "expm1",
    "flatten",
    "getitem",
    "grad",
    "hessian",
    "hvp",
    "is_grad_enabled",
    "jacobian",
    "jvp",
    "linear",
    "log",
    "log1p",
    "log_softmax",
    "logsumexp",
    "manual_seed",
    "matmul",
    "max",
    "maximum",
    "mean",
    "min",
    "minimum",
    "mse_loss",
    "multiply",
    "negative",
    "nll_loss",
    "nn",
    "no_grad",
    "one_hot",
    "optim",
    "power",
    "primitive",
    "prod",
    "ravel",
    "relu",
    "reshape",
    "scatter",
    "sigmoid",
    "sign",
    "sin",
    "softmax",
    "softplus",
    "sqrt",
    "square",
    "squeeze",
    "stack",
    "std",
    "subtract",
    "sum",
    "swapaxes",
    "tanh",
    "transpose",
    "value_and_grad",
    "var",
    "vjp",
    "where",
]

__version__ = "0.1.0"
