"""The derivatives h' of common functions h, on arrays, which a formula may have left out, applied twice or confused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_lite.ops.layers.activation import sigmoid

# The activations of networks.
DERIVATIVES: dict[str, Callable[[Any], Any]] = {
    "sigmoid": lambda x: sigmoid(x) * (1 - sigmoid(x)),
    "tanh": lambda x: 1 - np.tanh(x) ** 2,
    "relu": lambda x: np.where(x > 0, 1.0, 0.0),
    "softplus": sigmoid,
}

# Functions of one number; each is confused only with others of the same group.
CONFUSABLE: tuple[dict[str, Callable[[Any], Any]], ...] = (
    DERIVATIVES,
    {
        "sin": np.cos,
        "cos": lambda x: -np.sin(x),
        "tan": lambda x: 1 / np.cos(x) ** 2,
        "sinh": np.cosh,
        "cosh": np.sinh,
        "tanh": lambda x: 1 - np.tanh(x) ** 2,
    },
    {
        "arcsin": lambda x: 1 / np.sqrt(1 - x * x),
        "arctan": lambda x: 1 / (1 + x * x),
        "arcsinh": lambda x: 1 / np.sqrt(1 + x * x),
        "arccosh": lambda x: 1 / np.sqrt(x * x - 1),
        "arctanh": lambda x: 1 / (1 - x * x),
    },
    {
        "exp": np.exp,
        "log": lambda x: 1 / x,
        "sqrt": lambda x: 0.5 / np.sqrt(x),
        "square": lambda x: 2 * x,
        "absolute": np.sign,
        "log1p": lambda x: 1 / (1 + x),
        "reciprocal": lambda x: -1 / x**2,
    },
)


def confused_with(name: str) -> dict[str, Callable[[Any], Any]]:
    """The derivatives of the functions that one may take for the function `name`."""
    found: dict[str, Callable[[Any], Any]] = {}
    for group in CONFUSABLE:
        if name in group:
            found |= {other: derivative for other, derivative in group.items() if other != name}
    return found
