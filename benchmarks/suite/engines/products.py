"""A limit: the matrix products of a step and nothing else, by BLAS, into arrays that are allocated once."""

from __future__ import annotations

from typing import Any

import numpy as np

from suite.cases import Network
from suite.engine import Engine, Step


def network(case: Network) -> Step:
    """A W, Aᵀ Δ and Δ Wᵀ of each layer; the first layer needs no Δ Wᵀ. The numbers are random and stay the same."""
    rng = np.random.default_rng(0)
    products = []
    for i, weight in enumerate(case.weights()[::2]):
        activation, delta = (rng.standard_normal((case.batch_size, size), np.float32) for size in weight.shape)
        factors = [(activation, weight), (activation.T, delta), *([(delta, weight.T)] if i else [])]
        products += [(left, right, np.matmul(left, right)) for left, right in factors]

    def step(*batch: Any) -> float:
        for left, right, out in products:
            np.matmul(left, right, out=out)
        return 0.0

    return step


ENGINE = Engine("matrix products only", network, is_limit=True)
