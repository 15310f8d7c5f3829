"""D20 to D22: the power of threshold units, the perceptron and one hidden layer."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from hypothesis import strategies as st

from autograd_lite.testing import strategies as inputs
from derivations.catalogue import Check, Statement
from derivations.plain import sigma


def corners(n: int) -> Any:
    """The 2ⁿ points of {0, 1}ⁿ, in the order of binary numbers."""
    return np.arange(2**n)[:, None] >> np.arange(n)[::-1] & 1


def unit(x: Any, weights: Any, bias: Any) -> Any:
    """A threshold unit: 1 where ⟨w, x⟩ + b ≥ 0."""
    return (x @ np.asarray(weights) + bias >= 0).astype(int)


def gates(x: Any) -> Any:
    """NOT x₁, x₁ AND x₂, x₁ OR x₂, each a single unit, and XOR from two layers."""
    either, both = unit(x, [1, 1], -1), unit(x, [1, 1], -2)
    neither_both = unit(both[:, None], [-1], 0)
    return np.stack([unit(x[:, :1], [-1], 0), both, either, unit(np.stack([either, neither_both], 1), [1, 1], -2)])


def logic(x: Any) -> Any:
    first, second = x.astype(bool).T
    return np.stack([~first, first & second, first | second, first ^ second])


def units_that_compute_xor(radius: int) -> Any:
    """How many units with weights and bias on the grid of quarters from −radius to radius compute XOR."""
    grid = np.arange(-4 * radius, 4 * radius + 1) / 4
    w1, w2, b = np.meshgrid(grid, grid, grid, indexing="ij")
    x, xor = corners(2), np.array([0, 1, 1, 0])
    right = [((w1 * p + w2 * q + b >= 0) == bool(y)) for (p, q), y in zip(x, xor, strict=True)]
    return np.sum(np.all(right, axis=0))


def outputs_of_truth_table_networks(n: int) -> Any:
    """The outputs of the networks built from the truth tables of all functions {0, 1}ⁿ → {0, 1}.

    Each corner has a hidden unit that fires only there; the output is the OR of the units whose entry is 1.
    """
    x, tables = corners(n), corners(2**n)
    hidden = unit(x, (2 * x - 1).T, -x.sum(axis=1))
    return unit(hidden, tables.T, -1).T


def score_sums(w: Any, b: Any) -> Any:
    """The sums of a unit's scores over the corners where XOR is 1, and over those where it is 0."""
    scores = corners(2) @ np.asarray(w.data) + np.asarray(b.data)
    return scores[1] + scores[2], scores[0] + scores[3]


D20 = Statement(
    "D20",
    "threshold units and their networks",
    r"\neg, \wedge, \vee \text{ are } \mathbf 1[\langle w, x\rangle + b \ge 0]; \quad \oplus \text{ is not, but }"
    r" (x_1 \vee x_2) \wedge \neg(x_1 \wedge x_2); \quad"
    r" \text{every } \{0,1\}^n \to \{0,1\} \text{ has a network of two layers}",
    "C",
    (
        Check(gates, logic, (st.just(corners(2)),), None, "all four inputs"),
        Check(units_that_compute_xor, lambda radius: 0, (st.integers(1, 5),), None, "all units on a grid"),
        Check(
            lambda w, b: score_sums(w, b)[0],
            lambda w, b: score_sums(w, b)[1],
            (inputs.arrays((2,)), inputs.arrays((1,))),
            None,
            "s(0,1) + s(1,0) = s(0,0) + s(1,1) for any unit, but XOR needs the left side ≥ 0 and the right side < 0",
        ),
        Check(
            outputs_of_truth_table_networks,
            lambda n: corners(2**n),
            (st.integers(1, 4),),
            None,
            "all functions of up to 4 inputs",
        ),
    ),
)


def perceptron(X: Any, y: Any, most_epochs: int = 10_000) -> tuple[Any, int, bool]:
    """Weights (bias first), updates made, and whether an epoch passed without one."""
    samples = np.column_stack([np.ones(len(X)), X])
    w, updates = np.zeros(samples.shape[1]), 0
    for _ in range(most_epochs):
        before = updates
        for x, label in zip(samples, y, strict=True):
            error = int(label) - int(w @ x >= 0)
            w, updates = w + error * x, updates + abs(error)
        if updates == before:
            return w, int(updates), True
    return w, int(updates), False


def stops_in_time(X: Any, y: Any, margin: float, separator: Any) -> Any:
    """Whether the data are separated, after at most (R/γ)² updates."""
    X, y = X.data, y.data
    w, updates, stopped = perceptron(X, y)
    radius = math.sqrt(1 + np.max(np.sum(X**2, axis=1)))
    separated = ((w[0] + X @ w[1:] >= 0) == y).all()
    return np.array([stopped, separated, updates <= (radius / margin) ** 2 + 1e-9])


D21 = Statement(
    "D21",
    "the perceptron stops on separable data",
    r"\tilde\omega \leftarrow \tilde\omega + (y - \mathbf 1[\langle \tilde\omega, \tilde x\rangle \ge 0])\,\tilde x:"
    r" \quad \text{at most } (R/\gamma)^2 \text{ updates; on XOR it never stops}",
    "C",
    (
        Check(
            stops_in_time, lambda *data: np.full(3, True), (inputs.separable(),), None, "one sample per row, bias first"
        ),
        Check(
            lambda epochs: perceptron(corners(2), logic(corners(2))[3], epochs)[2],
            lambda epochs: False,
            (st.integers(1, 200),),
            None,
            "XOR, for any number of epochs",
        ),
    ),
)


def approximation_errors(amplitudes: Any, frequency: int, seed: int) -> Any:
    """The sup-norm errors of q sigmoid units, for q = 2, 8 and 32, on a sum of sines over [0, 1].

    The units are spread over the interval, with random slopes; their output weights are the least-squares solution.
    """
    rng = np.random.default_rng(seed)
    x = np.linspace(0, 1, 101)
    target = sum(a * np.sin(frequency * (k + 1) * x) for k, a in enumerate(amplitudes))
    errors = []
    for q in (2, 8, 32):
        places, slopes = (np.arange(q) + 0.5) / q, q * rng.uniform(2, 4, q)
        units = np.column_stack([np.ones_like(x), sigma(slopes * (x[:, None] - places))])
        errors.append(np.max(np.abs(units @ np.linalg.lstsq(units, target, rcond=None)[0] - target)))
    return np.array(errors)


def falls_with_width(amplitudes: Any, frequency: int, seed: int) -> Any:
    errors = approximation_errors(amplitudes.data, frequency, seed)
    return np.array([*(errors[1:] < errors[:-1]), errors[-1] < 0.05 * np.max(amplitudes.data)])


D22 = Statement(
    "D22",
    "one hidden layer approximates continuous functions",
    r"\inf \; \sup_{x \in [0, 1]} \Big| f(x) - \sum_{j=1}^q c_j\,\sigma(a_j x + b_j) - c_0 \Big|"
    r" \text{ falls as } q \text{ grows}",
    "C",
    (
        Check(
            falls_with_width,
            lambda *target: np.full(3, True),
            (inputs.arrays((3,), 1.0, 3.0), st.integers(1, 4), st.integers(0, 99)),
            None,
            "q = 2, 8, 32",
        ),
    ),
)

STATEMENTS = (D20, D21, D22)
