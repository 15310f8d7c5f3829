"""Reverse-mode automatic differentiation on NumPy: an operation is a NumPy function and one rule per argument."""

import autograd_lite.methods  # noqa: F401 - attaches the operators and methods of Tensor
from autograd_lite import ops
from autograd_lite.ops import *
from autograd_lite.primitive import Primitive, primitive
from autograd_lite.random import manual_seed
from autograd_lite.recording import enable_grad, is_grad_enabled, no_grad
from autograd_lite.tensor import Tensor
from autograd_lite.transforms import grad, hessian, hvp, jacobian, jvp, value_and_grad, vjp

from autograd_lite import data, nn, optim  # isort: skip

__all__ = [
    "Primitive",
    "Tensor",
    "data",
    "enable_grad",
    "grad",
    "hessian",
    "hvp",
    "is_grad_enabled",
    "jacobian",
    "jvp",
    "manual_seed",
    "nn",
    "no_grad",
    "optim",
    "primitive",
    "value_and_grad",
    "vjp",
]
__all__ += ops.__all__

__version__ = "0.1.0"
