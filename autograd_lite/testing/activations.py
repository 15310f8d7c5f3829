"""The derivatives h' of common activations h, on arrays, which a formula may have left out or applied twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_lite.ops.layers.activation import sigmoid

DERIVATIVES: dict[str, Callable[[Any], Any]] = {
    "sigmoid": lambda x: sigmoid(x) * (1 - sigmoid(x)),
    "tanh": lambda x: 1 - np.tanh(x) ** 2,
    "relu": lambda x: np.where(x > 0, 1.0, 0.0),
    "softplus": sigmoid,
}
