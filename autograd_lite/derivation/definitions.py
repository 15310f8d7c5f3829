"""The textbook definitions of operations, which a derivation starts with.

An operation that is not listed here is written by its name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from autograd_lite.core.graph import Node
from autograd_lite.ops.layers.activation import sigmoid, softmax
from autograd_lite.ops.layers.loss import one_hot


def _reduced(terms: Any, reduction: str) -> Any:
    return terms if reduction == "none" else np.sum(terms) / (terms.size if reduction == "mean" else 1)


def _cross_entropy(logits: Any, target: Any, reduction: str = "mean") -> Any:
    axis = 0 if logits.ndim == 1 else 1
    if np.ndim(target) < logits.ndim:
        target = np.moveaxis(one_hot(target, logits.shape[axis]), -1, axis)
    log_likelihood = target * np.log(softmax(logits, axis=axis))
    if reduction == "none":
        return -np.sum(log_likelihood, axis=axis)
    samples = logits.size // logits.shape[axis]
    return -(np.sum(log_likelihood) / (samples if reduction == "mean" else 1))


def _nll_loss(log_probabilities: Any, target: Any, reduction: str = "mean") -> Any:
    axis = 0 if log_probabilities.ndim == 1 else 1
    chosen = np.moveaxis(one_hot(target, log_probabilities.shape[axis]), -1, axis) * log_probabilities
    return -_reduced(np.sum(chosen, axis=axis), reduction)


def _bernoulli(p: Any, target: Any, reduction: str = "mean") -> Any:
    return -_reduced(target * np.log(p) + (1 - target) * np.log(1 - p), reduction)


def _huber(x: Any, target: Any, reduction: str = "mean", delta: float = 1.0) -> Any:
    d = x - target
    return _reduced(np.where(np.absolute(d) <= delta, 0.5 * d**2, delta * (np.absolute(d) - delta / 2)), reduction)


def standardized(x: Any, axes: tuple[int, ...], eps: float) -> tuple[Any, Any]:
    """x̂ = (x − μ)/σ and σ, with the mean and the standard deviation over some of the axes."""
    from_mean = x - np.mean(x, axis=axes, keepdims=True)
    deviation = np.sqrt(np.mean(from_mean**2, axis=axes, keepdims=True) + eps)
    return from_mean / deviation, deviation


def _normalize(x: Any, weight: Any, bias: Any, normal: Any, slope: Any, axes: tuple[int, ...], eps: float) -> Any:
    result = standardized(x, axes, eps)[0]
    result = result if weight is None else weight * result
    return result if bias is None else result + bias


DEFINITIONS: dict[str, Callable[..., Any]] = {
    "linear": lambda x, weight, bias=None: x @ weight.T if bias is None else x @ weight.T + bias,
    "softplus": lambda x: np.log(1 + np.exp(x)),
    "mean": lambda x, axis=None, keepdims=False: np.mean(x, axis=axis, keepdims=keepdims),
    "cross_entropy": _cross_entropy,
    "nll_loss": _nll_loss,
    "binary_cross_entropy": _bernoulli,
    "binary_cross_entropy_with_logits": lambda logits, target, reduction="mean": _bernoulli(
        sigmoid(logits), target, reduction
    ),
    "hinge_loss": lambda x, target, reduction="mean": _reduced(np.maximum(1 - target * x, 0), reduction),
    "huber_loss": _huber,
    "l1_loss": lambda x, target, reduction="mean": _reduced(np.absolute(x - target), reduction),
    "logsumexp": lambda x, axis=None, keepdims=False: np.log(np.sum(np.exp(x), axis=axis, keepdims=keepdims)),
    "relu": lambda x: np.maximum(x, 0),
    "embedding": lambda indices, weight: weight[indices],
    "kl_div": lambda x, target, reduction="mean", log_target=False: _reduced(target * (np.log(target) - x), reduction),
    "normalize": _normalize,
    "mse_loss": lambda x, target, reduction="mean": _reduced((x - target) ** 2, reduction),
}

# The inverse of a binary operation: an operand that the graph did not save, from the result and the other operand.
SOLUTIONS: dict[tuple[str, str], Callable[[Any, Any], Any]] = {
    ("add", "x"): lambda out, y: out - y,
    ("add", "y"): lambda out, x: out - x,
    ("subtract", "x"): lambda out, y: out + y,
    ("subtract", "y"): lambda out, x: x - out,
    ("multiply", "x"): lambda out, y: out / y,
    ("multiply", "y"): lambda out, x: out / x,
    ("divide", "x"): lambda out, y: out * y,
    ("divide", "y"): lambda out, x: x / out,
}

# The names of intermediate results in a definition: P for probabilities, Y for one-hot labels, mean and deviation.
INTERMEDIATES: dict[str, tuple[str, ...]] = {
    "cross_entropy": ("P", "Y"),
    "nll_loss": ("Y",),
    "log_softmax": ("P",),
    "binary_cross_entropy_with_logits": ("P",),
    "normalize": ("μ", "σ", "X̂"),
}


def intermediate_names(node: Node, saved: Mapping[str, Any]) -> tuple[str, ...]:
    """The names that the definition of a node needs."""
    labels = getattr(saved.get("target"), "dtype", np.dtype(int)).kind in "iu"
    return tuple(name for name in INTERMEDIATES.get(node.operation.name, ()) if name != "Y" or labels)


# Operations with a usual notation: a short result of theirs is written out where it is used.
WRITTEN_OUT = {
    "absolute", "divide", "exp", "expm1", "log", "log1p", "log_softmax", "logsumexp", "maximum", "mean", "minimum",
    "multiply", "power", "reciprocal", "scatter", "sign", "sqrt", "square", "sum",
}  # fmt: skip
