"""A derivation of your own: state it, see what is wrong with it, put it right.

Ridge regression has the loss E(w) = 1/N Σ (x·w − y)² + λ w·w. Somebody differentiates it on paper, three times.
Needs Hypothesis, for the counterexample.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from autograd_lite.testing import GradientMismatch, check_closed_form, find_counterexample, strategies


def ridge(w: Any, X: Any, y: Any, penalty: float) -> Any:
    """The loss, written with the engine's tensors: nothing but NumPy's own operators."""
    return ((X @ w - y) ** 2).mean() + penalty * (w @ w)


def first_try(w: Any, X: Any, y: Any, penalty: float) -> Any:
    return 2 * X.T @ (X @ w - y)


def second_try(w: Any, X: Any, y: Any, penalty: float) -> Any:
    return 2 * X.T @ (X @ w - y) / len(y) + penalty * w


def third_try(w: Any, X: Any, y: Any, penalty: float) -> Any:
    return 2 * X.T @ (X @ w - y) / len(y) + 2 * penalty * w


@st.composite
def problems(draw: st.DrawFn) -> tuple[Any, Any, Any, float]:
    """Inputs that belong together: w (d,), X (N, d), y (N,) and the penalty."""
    X, y = draw(strategies.datasets("real", outputs=1))
    return draw(strategies.arrays((X.shape[1],))), X, y[:, 0], 0.1


def main() -> None:
    rng = np.random.default_rng(0)
    w, X, y = rng.normal(size=3), rng.normal(size=(5, 3)), rng.normal(size=5)

    # 1. One formula, one set of numbers. Without the penalty, one mistake is left to find.
    print("First try, without a penalty:\n")
    try:
        check_closed_form(ridge, first_try, w, X, y, 0.0)
    except GradientMismatch as mismatch:
        print(f"{mismatch}\n")

    # 2. The mean is there now, but the penalty is not quite right.
    print("Second try:\n")
    try:
        check_closed_form(ridge, second_try, w, X, y, 0.1)
    except GradientMismatch as mismatch:
        print(f"{mismatch}\n")

    # 3. The smallest inputs that show it, as a program to keep.
    print("Second try, the smallest counterexample:\n")
    print(find_counterexample(ridge, second_try, problems()))

    # 4. Right: checked once, and searched for exceptions.
    print("Third try:\n")
    error = check_closed_form(ridge, third_try, w, X, y, 0.1)
    print(f"agrees with the engine, relative error {error:.1e}")
    find_counterexample(ridge, third_try, problems(), report=print)


if __name__ == "__main__":
    main()
