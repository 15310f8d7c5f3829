"""PyTorch's words on tensors, and what to write here: one table, which error messages quote.

Tensors have the attributes of NumPy's arrays, and only those: one way to do a thing. Each row shows an expression of
PyTorch and the same one here, of tensors ``x``, ``y`` (2, 3) and ``A`` (3, 3), a boolean array ``mask`` (2, 3) and
arrays of indices ``i`` (2,) and ``j`` (2, 2). A test compares the values of both.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NoReturn

# x.exp() → np.exp(x)
_FUNCTIONS = {
    **{name: f"np.{name}" for name in (
        "exp", "log", "log2", "log10", "log1p", "expm1", "exp2", "sqrt", "square", "reciprocal", "sin", "cos", "tan",
        "sinh", "cosh", "tanh", "floor", "ceil", "trunc", "sign", "sinc", "abs", "absolute", "negative", "positive",
        "isnan", "isfinite", "isinf", "isneginf", "isposinf", "isreal", "signbit", "logical_not", "deg2rad", "rad2deg",
        "nan_to_num", "nansum", "nanmean", "median", "diag", "tril", "triu", "fliplr", "flipud", "count_nonzero",
        "argwhere", "diff",
    )},
    "asin": "np.arcsin", "arcsin": "np.arcsin", "acos": "np.arccos", "arccos": "np.arccos", "atan": "np.arctan",
    "arctan": "np.arctan", "asinh": "np.arcsinh", "arcsinh": "np.arcsinh", "neg": "np.negative",
    "amax": "np.max", "amin": "np.min",
    **{name: f"autograd_lite.{name}" for name in ("sigmoid", "relu")},
}  # fmt: skip
# x.atan2(y) → np.arctan2(x, y)
_OF_TWO = {
    **{name: f"np.{name}" for name in (
        "maximum", "minimum", "fmax", "fmin", "logaddexp", "logaddexp2", "hypot", "arctan2", "fmod", "remainder",
        "logical_and", "logical_or", "logical_xor", "not_equal", "greater", "greater_equal", "less", "less_equal",
        "copysign", "kron", "isclose", "allclose", "subtract", "multiply", "divide", "true_divide",
    )},
    "atan2": "np.arctan2", "ne": "np.not_equal", "eq": "np.equal", "gt": "np.greater", "ge": "np.greater_equal",
    "lt": "np.less", "le": "np.less_equal", "equal": "np.array_equal",
}  # fmt: skip
_ROWS = {
    "view": ("x.view(3, 2)", "x.reshape(3, 2)"),
    "view_as": ("x.view_as(x)", "x.reshape(x.shape)"),
    "reshape_as": ("x.reshape_as(x)", "x.reshape(x.shape)"),
    "unsqueeze": ("x.unsqueeze(0)", "np.expand_dims(x, 0)"),
    "permute": ("x.permute(1, 0)", "x.transpose(1, 0)"),
    "t": ("x.t()", "x.T"),
    "adjoint": ("A.adjoint()", "A.mT"),
    "swapdims": ("x.swapdims(0, 1)", "x.swapaxes(0, 1)"),
    "movedim": ("x.movedim(0, 1)", "np.moveaxis(x, 0, 1)"),
    "moveaxis": ("x.moveaxis(0, 1)", "np.moveaxis(x, 0, 1)"),
    "expand": ("x.expand(4, 2, 3)", "np.broadcast_to(x, (4, 2, 3))"),
    "expand_as": ("x.expand_as(y)", "np.broadcast_to(x, y.shape)"),
    "broadcast_to": ("x.broadcast_to((4, 2, 3))", "np.broadcast_to(x, (4, 2, 3))"),
    "tile": ("x.tile((2, 2))", "np.tile(x, (2, 2))"),
    "repeat_interleave": ("x.repeat_interleave(2, dim=0)", "x.repeat(2, axis=0)"),
    "flip": ("x.flip(0)", "np.flip(x, 0)"),
    "roll": ("x.roll(1, 0)", "np.roll(x, 1, 0)"),
    "rot90": ("x.rot90()", "np.rot90(x)"),
    "unbind": ("x.unbind(0)", "list(x)"),
    "chunk": ("x.chunk(2)", "np.array_split(x, 2)"),
    "split": ("x.split(1)", "np.split(x, 2)"),
    "narrow": ("x.narrow(1, 0, 2)", "x[:, 0:2]"),
    "select": ("x.select(1, 0)", "x[:, 0]"),
    "index_select": ("x.index_select(1, i)", "np.take(x, i, axis=1)"),
    "masked_fill": ("x.masked_fill(mask, 0.0)", "np.where(mask, 0.0, x)"),
    "masked_select": ("x.masked_select(mask)", "x[mask]"),
    "where": ("x.where(mask, y)", "np.where(mask, x, y)"),
    "gather": ("x.gather(1, j)", "np.take_along_axis(x, j, 1)"),
    "numel": ("x.numel()", "x.size"),
    "nelement": ("x.nelement()", "x.size"),
    "dim": ("x.dim()", "x.ndim"),
    "ndimension": ("x.ndimension()", "x.ndim"),
    "clamp": ("x.clamp(-1, 1)", "x.clip(-1, 1)"),
    "clamp_min": ("x.clamp_min(0)", "np.maximum(x, 0)"),
    "clamp_max": ("x.clamp_max(0)", "np.minimum(x, 0)"),
    "add": ("x.add(y)", "x + y"),
    "sub": ("x.sub(y)", "x - y"),
    "mul": ("x.mul(y)", "x * y"),
    "div": ("x.div(y)", "x / y"),
    "pow": ("x.pow(2)", "x**2"),
    "float_power": ("x.float_power(2)", "x**2"),
    "lerp": ("x.lerp(y, 0.5)", "x + 0.5 * (y - x)"),
    "addcmul": ("x.addcmul(y, y, value=2)", "x + 2 * y * y"),
    "matmul": ("x.matmul(A)", "x @ A"),
    "mm": ("x.mm(A)", "x @ A"),
    "bmm": ("x[None].bmm(A[None])", "x[None] @ A[None]"),
    "mv": ("x.mv(A[0])", "x @ A[0]"),
    "ger": ("x[0].ger(y[0])", "np.outer(x[0], y[0])"),
    "outer": ("x[0].outer(y[0])", "np.outer(x[0], y[0])"),
    "inner": ("x.inner(y)", "np.inner(x, y)"),
    "norm": ("x.norm()", "np.linalg.norm(x)"),
    "det": ("A.det()", "np.linalg.det(A)"),
    "inverse": ("A.inverse()", "np.linalg.inv(A)"),
    "softmax": ("x.softmax(1)", "autograd_lite.softmax(x, axis=1)"),
    "log_softmax": ("x.log_softmax(1)", "autograd_lite.log_softmax(x, axis=1)"),
    "logsumexp": ("x.logsumexp(1)", "autograd_lite.logsumexp(x, axis=1)"),
    "sort": ("x.sort(1).values", "np.sort(x, 1)"),
    "unique": ("x.unique()", "np.unique(x.numpy())"),
    "quantile": ("x.quantile(0.25)", "np.quantile(x, 0.25)"),
    "topk": ("x.topk(1).values", "autograd_lite.topk(x, 1).values"),
    "index_add": ("x.index_add(1, i, A[:2, :2])", "x + autograd_lite.scatter(A[:2, :2], (slice(None), i), x.shape)"),
    "unfold": ("x.unfold(1, 2, 1)", "np.lib.stride_tricks.sliding_window_view(x, 2, 1)"),
    "cov": ("x.cov()", "np.cov(x)"),
    "corrcoef": ("x.corrcoef()", "np.corrcoef(x)"),
    "matrix_exp": ("A.matrix_exp()", "autograd_lite.expm(A)"),
    "float": ("x.float()", "x.astype(np.float32)"),
    "double": ("x.double()", "x.astype(np.float64)"),
    "half": ("x.half()", "x.astype(np.float16)"),
    "long": ("x.long()", "x.astype(np.int64)"),
    "int": ("x.int()", "x.astype(np.int32)"),
    "bool": ("x.bool()", "x.astype(bool)"),
    "type": ("x.type(torch.float32)", "x.astype(np.float32)"),
    "type_as": ("x.type_as(y)", "x.astype(y.dtype)"),
    "to": ("x.to(torch.float32)", "x.astype(np.float32)"),
    "new_zeros": ("x.new_zeros(2)", "np.zeros(2, x.dtype)"),
    "new_ones": ("x.new_ones(2)", "np.ones(2, x.dtype)"),
    "contiguous": ("x.contiguous()", "x"),
    "cpu": ("x.cpu()", "x"),
    "detach_": ("x.detach_()", "x.detach()"),
}
_CPU = "tensors are in the memory of the CPU"
# Functions of the package torch that are no words on tensors, or take something else there.
OF_THE_PACKAGE: dict[str, tuple[str, str]] = {
    "cat": ("torch.cat([x, y], 1)", "np.concatenate([x, y], 1)"),
    "concat": ("torch.concat([x, y], 1)", "np.concatenate([x, y], 1)"),
    "tensor": ("torch.tensor([1.0, 2.0])", "autograd_lite.Tensor([1.0, 2.0])"),
    "as_tensor": ("torch.as_tensor([1.0, 2.0])", "autograd_lite.Tensor([1.0, 2.0])"),
    "zeros": ("torch.zeros(2, 3)", "np.zeros((2, 3))"),
    "ones": ("torch.ones(2, 3)", "np.ones((2, 3))"),
    "full": ("torch.full((2, 3), 0.5)", "np.full((2, 3), 0.5)"),
    "eye": ("torch.eye(3)", "np.eye(3)"),
    "arange": ("torch.arange(3)", "np.arange(3)"),
    "zeros_like": ("torch.zeros_like(x)", "np.zeros_like(x)"),
    "ones_like": ("torch.ones_like(x)", "np.ones_like(x)"),
}
_OTHERS_OF_THE_PACKAGE = {
    "randn": "write np.random.default_rng(0).normal(size=(2, 3)) in place of torch.randn(2, 3)",
    "rand": "write np.random.default_rng(0).random((2, 3)) in place of torch.rand(2, 3)",
    "from_numpy": "write autograd_lite.Tensor(array) in place of torch.from_numpy(array)",
    **{kind: f"write np.{kind}" for kind in ("float16", "float32", "float64", "int8", "int16", "int32", "int64")},
}
# What has no expression to compare.
_REASONS = {
    "cuda": f"leave x.cuda() out: {_CPU}",
    "device": f"leave it out: {_CPU}",
    "is_cuda": f"write False: {_CPU}",
    "grad_fn": "autograd_lite.derive(x) shows how x was computed",
    "fill_diagonal_": "write np.fill_diagonal(x, value)",
    "index_add_": "write np.add.at(x, index, values)",
    "fill_": "write x[...] = value",
    "zero_": "write x[...] = 0",
    "copy_": "write x[...] = y",
    "add_": "write x += y",
    "sub_": "write x -= y",
    "mul_": "write x *= y",
    "div_": "write x /= y",
    "pow_": "write x **= 2",
    "clamp_": "write x[...] = x.clip(-1, 1)",
    "masked_fill_": "write x[mask] = value",
    "index_fill_": "write x[i] = value",
    "normal_": "write autograd_lite.nn.init.normal_(x)",
    "uniform_": "write autograd_lite.nn.init.uniform_(x)",
}


ROWS: dict[str, tuple[str, str]] = {
    **{name: (f"x.{name}()", f"{function}(x)") for name, function in _FUNCTIONS.items()},
    **{name: (f"x.{name}(y)", f"{function}(x, y)") for name, function in _OF_TWO.items()},
    **_ROWS,
}
WORDS: dict[str, str] = {
    **{name: f"write {here} in place of {there}" for name, (there, here) in ROWS.items()},
    **_REASONS,
}
WORDS["to"] += f", and leave x.to(device) out: {_CPU}"
_PACKAGE_WORDS = {
    **WORDS,
    **{name: f"write {here} in place of {there}" for name, (there, here) in OF_THE_PACKAGE.items()},
    **_OTHERS_OF_THE_PACKAGE,
}
KEYWORDS = {
    "dim": "axis=, as in NumPy",
    "dims": "axis=, as in NumPy",
    "keepdim": "keepdims=, as in NumPy",
    "unbiased": "ddof=1 for True, ddof=0 for False; the default is 0, as in NumPy",
    "descending": "the result reversed, [::-1]",
    "input": "the first argument, without its name",
    "device": f"nothing: {_CPU}",
}


class Word:
    """An attribute of PyTorch's tensors that these do not have: reading it is an error that says what to write."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, tensor: Any, owner: type) -> NoReturn:
        raise AttributeError(f"{owner.__name__!r} object has no attribute {self.name!r}: {WORDS[self.name]}")


def instead_of(name: str) -> str:
    """What to write for an attribute of the package torch that this package does not have, to end a sentence.

    Examples
    --------
    >>> instead_of("cat")
    ': write np.concatenate([x, y], 1) in place of torch.cat([x, y], 1)'
    >>> instead_of("unknown")
    ''
    """
    found = _PACKAGE_WORDS.get(name)
    return f": {found}" if found else ""


def refuse_keywords(name: str, keywords: Iterable[str]) -> None:
    """Raise TypeError for keywords that a function does not have, with what to write for those of PyTorch."""
    for keyword in keywords:
        instead = f"; write {KEYWORDS[keyword]}" if keyword in KEYWORDS else ""
        raise TypeError(f"{name}() got an unexpected keyword argument '{keyword}'{instead}")
