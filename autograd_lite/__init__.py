"""Reverse-mode automatic differentiation on NumPy: an operation is a NumPy function and one rule per argument."""

import os.path
from importlib import import_module
from typing import TYPE_CHECKING, Any

import autograd_lite.ops.methods  # noqa: F401
from autograd_lite.batching.axes import BatchError as BatchError
from autograd_lite.compiler import CompileError as CompileError
from autograd_lite.compiler import StaleProgramError as StaleProgramError
from autograd_lite.compiler import compile as compile
from autograd_lite.core.grad_mode import enable_grad, is_grad_enabled, no_grad
from autograd_lite.core.numpy_protocols import numpy_operations
from autograd_lite.core.primitive import Primitive, primitive
from autograd_lite.core.tensor import Tensor
from autograd_lite.debugging.anomalies import AnomalyError, anomaly
from autograd_lite.ops.arrays.axes import *
from autograd_lite.ops.arrays.choosing import *
from autograd_lite.ops.arrays.diagonals import *
from autograd_lite.ops.arrays.functions import *
from autograd_lite.ops.arrays.indexing import *
from autograd_lite.ops.arrays.joining import *
from autograd_lite.ops.arrays.ordering import *
from autograd_lite.ops.arrays.segments import *
from autograd_lite.ops.arrays.shape import *
from autograd_lite.ops.arrays.sorting import *
from autograd_lite.ops.elementwise.arithmetic import *
from autograd_lite.ops.elementwise.elementary import *
from autograd_lite.ops.elementwise.extremes import *
from autograd_lite.ops.elementwise.hyperbolic import *
from autograd_lite.ops.elementwise.rounding import *
from autograd_lite.ops.elementwise.trigonometric import *
from autograd_lite.ops.interop import *
from autograd_lite.ops.linalg.contraction import *
from autograd_lite.ops.linalg.decompositions import *
from autograd_lite.ops.linalg.determinant import *
from autograd_lite.ops.linalg.exponential import *
from autograd_lite.ops.linalg.least_squares import *
from autograd_lite.ops.linalg.matmul import *
from autograd_lite.ops.linalg.norms import *
from autograd_lite.ops.linalg.products import *
from autograd_lite.ops.linalg.solving import *
from autograd_lite.ops.linalg.spectral import *
from autograd_lite.ops.linalg.triangular import *
from autograd_lite.ops.numpy_writes import *
from autograd_lite.ops.reductions.covariance import *
from autograd_lite.ops.reductions.differences import *
from autograd_lite.ops.reductions.nanfunctions import *
from autograd_lite.ops.reductions.quantiles import *
from autograd_lite.ops.reductions.reduceat import *
from autograd_lite.ops.reductions.reduction import *
from autograd_lite.ops.reductions.scans import *
from autograd_lite.ops.reductions.statistics import *
from autograd_lite.ops.ufunc_keywords import *
from autograd_lite.ops.ufunc_methods import *
from autograd_lite.random import manual_seed
from autograd_lite.support.heap import keep_freed_memory
from autograd_lite.support.pytorch_words import instead_of
from autograd_lite.support.threads import get_num_threads, set_num_threads
from autograd_lite.transforms import grad, hessian, hvp, jacobian, jvp, scan, value_and_grad, vjp, vmap

# SciPy is optional: its functions have rules as soon as one of them meets a tensor. All other rules come first.
numpy_operations.families["scipy.special"] = lambda: __getattr__("special")
numpy_operations.families["numpy.fft"] = lambda: import_module("autograd_lite.ops.arrays.shifting")

# In an unpacked sdist, and in a checkout without symbolic links, nn and optim are beside this folder.
if not os.path.isdir(os.path.join(__path__[0], "nn")):
    __path__.append(os.path.dirname(__path__[0]))
    from autograd_lite import nn, optim

    __path__.pop()  # otherwise autograd_lite.autograd_lite would exist there

if TYPE_CHECKING:
    from autograd_lite import data as data
    from autograd_lite import distributed as distributed
    from autograd_lite import nn as nn
    from autograd_lite import optim as optim
    from autograd_lite import special as special
    from autograd_lite.debugging.drawing import draw
    from autograd_lite.derivation.derive import derive
    from autograd_lite.ops.layers.activation import *
    from autograd_lite.ops.layers.convolution import *
    from autograd_lite.ops.layers.distance import *
    from autograd_lite.ops.layers.embedding import *
    from autograd_lite.ops.layers.interpolation import *
    from autograd_lite.ops.layers.loss import *
    from autograd_lite.ops.layers.normalization import *
    from autograd_lite.ops.layers.pooling import *
    from autograd_lite.ops.layers.transposed_convolution import *
    from autograd_lite.persistence.checkpoint import Checkpoint
    from autograd_lite.persistence.saving import load, save

# What is imported at its first access, by the modules that have it. The last five are the modules themselves.
_LATER = {
    "autograd_lite.debugging.drawing": "draw",
    "autograd_lite.derivation.derive": "derive",
    "autograd_lite.persistence.checkpoint": "Checkpoint",
    "autograd_lite.persistence.saving": "load save",
    "autograd_lite.ops.layers.activation": "elu gelu hardtanh leaky_relu log_softmax relu sigmoid silu "
    "softmax softplus",
    "autograd_lite.ops.layers.convolution": "conv1d conv2d",
    "autograd_lite.ops.layers.distance": "hinge_loss huber_loss kl_div l1_loss",
    "autograd_lite.ops.layers.embedding": "embedding",
    "autograd_lite.ops.layers.interpolation": "interpolate",
    "autograd_lite.ops.layers.loss": "binary_cross_entropy binary_cross_entropy_with_logits cross_entropy mse_loss "
    "nll_loss one_hot",
    "autograd_lite.ops.layers.normalization": "batch_norm layer_norm",
    "autograd_lite.ops.layers.pooling": "avg_pool2d max_pool2d",
    "autograd_lite.ops.layers.transposed_convolution": "conv_transpose2d",
    "autograd_lite.data": "data",
    "autograd_lite.distributed": "distributed",
    "autograd_lite.nn": "nn",
    "autograd_lite.optim": "optim",
    "autograd_lite.special": "special",
}


def __getattr__(name: str) -> Any:
    """Import what few programs need, or what takes long, at its first access."""
    for module, names in _LATER.items():
        if name in names.split():
            found = import_module(module)
            found = globals()[name] = getattr(found, name, found)
            return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}{instead_of(name)}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


# Written out because type checkers do not follow sums of lists; a test compares it with the families of operations.
__all__ = [
    "AnomalyError", "BatchError", "Checkpoint", "CompileError", "Primitive", "StaleProgramError", "Tensor", "absolute",
    "add", "anomaly", "append", "apply_along_axis", "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctan2",
    "arctanh", "around", "array_split", "astype", "atleast_1d", "atleast_2d", "atleast_3d", "average", "avg_pool2d",
    "batch_norm", "binary_cross_entropy", "binary_cross_entropy_with_logits", "block", "broadcast_arrays",
    "broadcast_to", "cbrt", "ceil", "cholesky", "cholesky_solve", "choose", "clip", "clone", "column_stack", "compile",
    "compress", "concatenate", "cond", "conjugate", "conv1d", "conv2d", "conv_transpose2d", "convolve", "copy",
    "copysign", "corrcoef", "correlate", "cos", "cosh", "cov", "cross", "cross_entropy", "cumprod", "cumsum",
    "cumulative_prod", "cumulative_sum", "data", "deg2rad", "degrees", "delete", "derive", "det", "diag", "diagflat",
    "diagonal", "diff", "distributed", "divide", "divmod", "dot", "draw", "dsplit", "dstack", "ediff1d", "eigh",
    "eigvalsh", "einsum", "elu", "embedding", "enable_grad", "erf", "exp", "exp2", "expand_dims", "expm", "expm1",
    "extract", "fabs", "fix", "flatten", "flip", "fliplr", "flipud", "float_power", "floor", "floor_divide", "fmax",
    "fmin", "fmod", "frexp", "from_dlpack", "full_like", "gelu", "get_num_threads", "getitem", "grad", "gradient",
    "hardtanh", "heaviside", "hessian", "hinge_loss", "hsplit", "hstack", "huber_loss", "hvp", "hypot", "inner",
    "insert", "interp", "interpolate", "inv", "is_grad_enabled", "jacobian", "jvp", "keep_freed_memory", "kl_div",
    "kron", "l1_loss", "layer_norm", "ldexp", "leaky_relu", "linear", "linspace", "load", "log", "log1p", "log2",
    "log10", "log_softmax", "logaddexp", "logaddexp2", "logsumexp", "lstsq", "manual_seed", "matmul", "matrix_norm",
    "matrix_power", "matrix_transpose", "max", "max_pool2d", "maximum", "mean", "median", "meshgrid", "min", "minimum",
    "mod", "modf", "moveaxis", "mse_loss", "multi_dot", "multiply", "nan_to_num", "nancumprod", "nancumsum", "nanmax",
    "nanmean", "nanmedian", "nanmin", "nanpercentile", "nanprod", "nanquantile", "nanstd", "nansum", "nanvar",
    "negative", "nll_loss", "nn", "no_grad", "norm", "one_hot", "optim", "outer", "pad", "partition", "percentile",
    "permute_dims", "piecewise", "pinv", "polyval", "positive", "power", "primitive", "prod", "ptp", "qr", "quantile",
    "rad2deg", "radians", "ravel", "real", "real_if_close", "reciprocal", "relu", "remainder", "repeat", "reshape",
    "resize", "rint", "roll", "rollaxis", "rot90", "round", "save", "scan", "scatter", "segment_sum", "select",
    "set_num_threads", "setitem", "sigmoid", "sign", "silu", "sin", "sinc", "sinh", "sliding_window_view", "slogdet",
    "softmax", "softplus", "solve", "solve_triangular", "sort", "split", "sqrt", "square", "squeeze", "stack", "std",
    "subtract", "sum", "svd", "svdvals", "swapaxes", "take", "take_along_axis", "tan", "tanh", "tensordot", "tensorinv",
    "tensorsolve", "tile", "topk", "trace", "transpose", "trapezoid", "tril", "trim_zeros", "triu", "true_divide",
    "trunc", "unique", "unstack", "value_and_grad", "vander", "var", "vdot", "vecdot", "vector_norm", "vjp", "vmap",
    "vsplit", "vstack", "where",
]  # fmt: skip

__version__ = "0.2.0"
