"""Functions with branches: what is right on one side of a branch is not called right in general."""

import numpy as np
import pytest

import autograd_lite as al
from autograd_lite.testing import GradientMismatch, check_closed_form


def huber(w, X, y, delta):
    r = X @ w - y
    a = abs(r)
    return np.where(a <= delta, 0.5 * r**2, delta * (a - 0.5 * delta)).mean()


def without_clip(w, X, y, delta):
    return X.T @ (X @ w - y) / len(y)


def clipped_above(w, X, y, delta):
    return X.T @ np.minimum(X @ w - y, delta) / len(y)


def explained(formula, seed, delta):
    rng = np.random.default_rng(seed)
    X, y, w = rng.normal(size=(6, 2)), rng.normal(size=6), rng.normal(size=2)
    assert abs(X @ w - y).max() > delta
    with pytest.raises(GradientMismatch) as caught:
        check_closed_form(huber, formula, w, X, y, delta)
    return [finding.text for finding in caught.value.findings]


@pytest.mark.parametrize("seed", [2, 5, 11])
def test_inputs_on_the_other_side_of_a_branch_are_not_called_special(seed):
    texts = explained(without_clip, seed, 1.0 if seed != 2 else 2.0)
    assert not any("the given ones are special" in text for text in texts)


@pytest.mark.parametrize(("seed", "delta", "name", "value"), [(0, 0.5, "delta", 1.0), (7, 1.5, "w", np.ones(2))])
def test_a_condition_that_fails_at_more_inputs_is_not_an_explanation(seed, delta, name, value):
    rng = np.random.default_rng(0)
    inputs = {"X": rng.normal(size=(6, 2)), "y": rng.normal(size=6), "w": rng.normal(size=2), "delta": 0.7}
    inputs[name] = value
    right = al.grad(huber)(inputs["w"], inputs["X"], inputs["y"], inputs["delta"])
    assert not np.allclose(right, clipped_above(**inputs))  # although the condition holds
    assert not any(f"where {name} = 1" in text for text in explained(clipped_above, seed, delta))
