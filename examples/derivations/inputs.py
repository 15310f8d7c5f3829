"""Strategies for inputs with matching shapes."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from autograd_lite.testing import strategies as inputs

Draw = st.DrawFn

PAIR = st.tuples(st.integers(1, 4), st.integers(2, 4))  # N and K
UNIT = (-1.0, 1.0)


@st.composite
def predictions(draw: Draw, kind: str = "logits", targets: str = "one_hot") -> tuple[Any, Any]:
    """Predictions (N, K), "logits" or "probabilities", and targets: one-hot rows, or any numbers from 0 to 3."""
    n, k = draw(PAIR)
    first = inputs.logits(n, k) if kind == "logits" else inputs.probabilities(n, k)
    second = inputs.one_hot(n, k) if targets == "one_hot" else inputs.arrays((n, k), 0.0, 3.0)
    return draw(first), draw(second)


@st.composite
def vectors(draw: Draw, kind: str = "logits", targets: str = "one_hot") -> tuple[Any, Any]:
    """The same for one sample: two vectors (K,)."""
    first, second = draw(predictions(kind, targets))
    return first[0], second[0]


@st.composite
def binary(draw: Draw, low: float = -3.0, high: float = 3.0) -> tuple[Any, Any]:
    """Numbers (N,) between `low` and `high`, and targets that are 0 or 1."""
    n = draw(st.integers(1, 5))
    y = st.lists(st.sampled_from([0.0, 1.0]), min_size=n, max_size=n).map(np.array)
    return draw(inputs.arrays((n,), low, high)), draw(y)


@st.composite
def softmax_regression(draw: Draw, layout: inputs.Layout = "rows", weights: str = "dK") -> tuple[Any, Any, Any, Any]:
    """X, Y, W and b: samples as "rows" or "columns"; weights "dK" (d, K) or "Kd" (K, d)."""
    x, y = draw(inputs.datasets("one_hot", layout))
    d, k = (x.shape[1], y.shape[1]) if layout == "rows" else (x.shape[0], y.shape[0])
    shape = (d, k) if weights == "dK" else (k, d)
    return x, y, draw(inputs.arrays(shape, *UNIT)), draw(inputs.arrays((k,), *UNIT))


@st.composite
def last_layer(draw: Draw) -> tuple[Any, Any, int]:
    """Weights (K, d), activations (d,) and a label."""
    d, k = draw(st.integers(1, 4)), draw(st.integers(2, 4))
    return draw(inputs.arrays((k, d), *UNIT)), draw(inputs.arrays((d,))), draw(st.integers(0, k - 1))


@st.composite
def scores_and_label(draw: Draw) -> tuple[Any, int]:
    """Scores (K,) and a label."""
    k = draw(st.integers(2, 4))
    return draw(inputs.arrays((k,))), draw(st.integers(0, k - 1))


@st.composite
def binary_regression(draw: Draw, layout: str = "columns") -> tuple[Any, Any, Any]:
    """w̃ (d + 1,), X and y, with small scores, so that probabilities stay away from 0 and 1."""
    n, d = draw(st.integers(1, 5)), draw(st.integers(1, 3))
    y = st.lists(st.sampled_from([0.0, 1.0]), min_size=n, max_size=n).map(np.array)
    shape = (d, n) if layout == "columns" else (n, d)
    return draw(inputs.arrays((d + 1,), *UNIT)), draw(inputs.arrays(shape, *UNIT)), draw(y)


@st.composite
def network(draw: Draw, activations: tuple[str, ...]) -> tuple[Any, ...]:
    """X (d, N), Y (m, N), the name of each layer's activation, and the weights W̃ (out, in + 1) of 1 to 5 layers."""
    weights = draw(inputs.mlp_parameters(bias="stacked"))
    n = draw(st.integers(1, 4))
    names = tuple(draw(st.sampled_from(activations)) for _ in weights)
    x = draw(inputs.arrays((weights[0].shape[1] - 1, n)))
    return x, draw(inputs.arrays((len(weights[-1]), n))), names, *weights


@st.composite
def classifier(draw: Draw) -> tuple[Any, ...]:
    """X (N, d), one-hot Y (N, K) and the weights Θ (out, in), without biases, of 1 to 4 layers."""
    x, y = draw(inputs.datasets("one_hot"))
    hidden = draw(st.lists(st.integers(1, 3), max_size=3))
    sizes = (x.shape[1], *hidden, y.shape[1])
    return x, y, *draw(inputs.mlp_parameters(sizes, bias=None))


@st.composite
def quadratic_form(draw: Draw) -> tuple[Any, Any, Any, Any]:
    """A number t, a matrix (n, n) and two vectors (n,)."""
    n = draw(st.integers(1, 4))
    vector = inputs.arrays((n,))
    return draw(inputs.arrays(())), draw(inputs.arrays((n, n))), draw(vector), draw(vector)


@st.composite
def two_maps(draw: Draw) -> tuple[Any, Any, Any]:
    """x (n,), A (m, n) and B (k, m)."""
    n, m, k = (draw(st.integers(1, 3)) for _ in range(3))
    return draw(inputs.arrays((n,))), draw(inputs.arrays((m, n), *UNIT)), draw(inputs.arrays((k, m), *UNIT))


@st.composite
def least_squares(draw: Draw) -> tuple[Any, Any, Any, int]:
    """w (d,), X (N, d), y (N,) and a number of steps from 1 to 5."""
    x, y = draw(inputs.datasets("real", outputs=1))
    return draw(inputs.arrays((x.shape[1],))), x, y[:, 0], draw(st.integers(1, 5))
