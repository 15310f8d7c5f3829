r"""A derivation of your own, its mistakes, and the smallest counterexample
=======================================================================

Three attempts at the gradient of ridge regression are checked. The first two are wrong, and the library says what is
wrong with them.

.. math::

    E(w) = \frac1N \sum_i (\langle x_i, w \rangle - y_i)^2 + \lambda\, \Vert w \Vert^2, \qquad
    \nabla E = \frac2N X^\top (X w - y) + 2 \lambda w

The example needs Hypothesis, for the counterexample.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from autograd_lite.testing import GradientMismatch, check_closed_form, find_counterexample, strategies

# %%
# The loss, and three attempts at its gradient
# --------------------------------------------


def ridge(w: Any, X: Any, y: Any, penalty: float) -> Any:
    """The loss, with NumPy's operators only."""
    return ((X @ w - y) ** 2).mean() + penalty * (w @ w)


def first_try(w: Any, X: Any, y: Any, penalty: float) -> Any:
    return 2 * X.T @ (X @ w - y)


def second_try(w: Any, X: Any, y: Any, penalty: float) -> Any:
    return 2 * X.T @ (X @ w - y) / len(y) + penalty * w


def third_try(w: Any, X: Any, y: Any, penalty: float) -> Any:
    return 2 * X.T @ (X @ w - y) / len(y) + 2 * penalty * w


# %%
# Random inputs
# -------------
# A strategy of Hypothesis draws inputs with matching shapes. The search makes a counterexample small.


@st.composite
def problems(draw: st.DrawFn) -> tuple[Any, Any, Any, float]:
    """Inputs with matching shapes: w (d,), X (N, d), y (N,) and the penalty."""
    X, y = draw(strategies.datasets("real", outputs=1))
    return draw(strategies.arrays((X.shape[1],))), X, y[:, 0], 0.1


# %%
# The checks
# ----------


def main() -> None:
    rng = np.random.default_rng(0)
    w, X, y = rng.normal(size=3), rng.normal(size=(5, 3)), rng.normal(size=5)

    # 1. One formula on one set of numbers. Without the penalty it has one mistake.
    print("First try, without a penalty:\n")
    try:
        check_closed_form(ridge, first_try, w, X, y, 0.0)
    except GradientMismatch as mismatch:
        print(f"{mismatch}\n")

    # 2. The mean is right now, the penalty is not.
    print("Second try:\n")
    try:
        check_closed_form(ridge, second_try, w, X, y, 0.1)
    except GradientMismatch as mismatch:
        print(f"{mismatch}\n")

    # 3. The smallest inputs that show the mistake.
    print("Second try, the smallest counterexample:\n")
    print(find_counterexample(ridge, second_try, problems()))

    # 4. The right formula: one check, and a search for counterexamples.
    print("Third try:\n")
    error = check_closed_form(ridge, third_try, w, X, y, 0.1)
    print(f"agrees with the engine, relative error {error:.1e}")
    find_counterexample(ridge, third_try, problems(), report=print)


if __name__ == "__main__":
    main()
