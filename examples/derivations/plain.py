"""The functions in closed forms, in plain NumPy, independent of the engine."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]


def sigma(s: Any) -> Any:
    """The logistic sigmoid."""
    return 1 / (1 + np.exp(-s))


def softmax(z: Any, axis: int = -1) -> Any:
    """The softmax along an axis."""
    e = np.exp(z)
    return e / e.sum(axis=axis, keepdims=True)


def normal_cdf(s: Any) -> Any:
    """Φ, the distribution function of the standard normal."""
    return (1 + np.vectorize(math.erf, otypes=[float])(s / math.sqrt(2))) / 2


def normal_density(s: Any) -> Any:
    """φ = Φ'."""
    return np.exp(-(s**2) / 2) / math.sqrt(2 * math.pi)


def with_ones(x: Array) -> Array:
    """x̃: a row of ones on top of the columns."""
    return np.vstack([np.ones(x.shape[1]), x])


# h and h' of the elementwise activations, as functions of the pre-activation.
ACTIVATIONS: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "identity": (lambda s: s, np.ones_like),
    "sigmoid": (sigma, lambda s: sigma(s) * (1 - sigma(s))),
    "tanh": (np.tanh, lambda s: 1 - np.tanh(s) ** 2),
    "softplus": (lambda s: np.log(1 + np.exp(s)), sigma),
}
