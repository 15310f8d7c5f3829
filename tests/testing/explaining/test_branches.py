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


def clipped(w, X, y, delta, sign):
    r = X @ w - y
    return X.T @ np.where(abs(r) <= delta, r, sign * delta) / len(y)


def one_limit(w, X, y, delta):
    r = X @ w - y
    return X.T @ np.where(abs(r) <= 1, r, delta * np.sign(r)) / len(y)


def no_limit_below(w, X, y, delta):
    r = X @ w - y
    return X.T @ np.where(r <= delta, r, delta) / len(y)


def without_absolute(w, X, y, delta):
    r = X @ w - y
    return X.T @ np.where(r <= delta, r, delta * np.sign(r)) / len(y)


# Formulas that are right for some samples, and what would make all of these wrong.
ON_ONE_SIDE = {
    "no sign": lambda w, X, y, delta: clipped(w, X, y, delta, 1.0),
    "a minus for the sign": lambda w, X, y, delta: clipped(w, X, y, delta, -1.0),
    "a literal limit": one_limit,
    "no limit below": no_limit_below,
}
FALSE = ("the sign is flipped", "the sign of ")


def residuals(n, shift):
    """Inputs with n residuals of one sign."""
    X = np.array([[1.0, 0.7, -0.4], [2.0, 1.4, -0.8], [1.1, 0.8, -0.3], [0.8, 0.5, -0.6]])[:n]
    w = np.array([0.5, -1.0, 0.3])
    return w, X, X @ w + shift * np.linspace(1, 1.5, n)


@pytest.mark.parametrize(("name", "n", "shift", "delta"), [
    (name, n, shift, delta)
    for n, shift, delta in ((1, 2.0, 0.9), (1, -2.0, 0.9), (1, 0.7, 0.5), (4, 2.0, 0.9))
    for name, formula in ON_ONE_SIDE.items()
    if not np.allclose(al.grad(huber)(*residuals(n, shift), delta), formula(*residuals(n, shift), delta))
])  # fmt: skip
def test_what_is_false_on_another_side_of_a_branch_is_not_said(name, n, shift, delta):
    """One residual, or some of one sign, show one side only; the formula is right or wrong in another way elsewhere."""
    with pytest.raises(GradientMismatch) as caught:
        check_closed_form(huber, ON_ONE_SIDE[name], *residuals(n, shift), delta)
    texts = [str(finding) for finding in caught.value.findings]
    assert not any(text.startswith(FALSE) or "times too" in text or "is ignored" in text for text in texts), texts


def test_a_mistake_in_a_branch_is_still_named():
    """It is right on all other sides, and the repair is right on all sides."""
    for n in (1, 4):
        rng = np.random.default_rng(n)
        w, X = rng.normal(size=2), rng.normal(size=(n, 2))
        with pytest.raises(GradientMismatch) as caught:
            check_closed_form(huber, without_absolute, w, X, X @ w + 2.0, 0.9)
        assert any("absolute" in finding.text and "r <= delta" in finding.text for finding in caught.value.findings)
        with pytest.raises(GradientMismatch) as caught:
            check_closed_form(
                huber, lambda w, X, y, d: 3 * X.T @ np.clip(X @ w - y, -d, d) / len(y), w, X, X @ w + 2.0, 0.9
            )
        assert any("3 times too large" in finding.text for finding in caught.value.findings), n


def test_the_limit_of_a_finding_comes_last():
    from autograd_lite.testing import Finding

    finding = Finding(
        "factor", "it is 3 times too large", ("the length of axis 0 of 'x'",), limit="this holds here only"
    )
    assert str(finding) == "it is 3 times too large, which is the length of axis 0 of 'x'; this holds here only"
    assert str(Finding("sign", "the sign is flipped", limit="this holds here only")).endswith(
        "flipped; this holds here only"
    )


def over_the_small_ones(w, X, y, delta):
    r = X @ w - y
    small = abs(r) <= delta
    return X.T @ np.where(small, r, delta * np.sign(r)) / max(small.sum(), 1)


@pytest.mark.parametrize("seed", [6, 11])
def test_what_holds_on_one_path_through_the_formula_only_says_so(seed):
    """Where no residual is small, Python's max gives 1 and not a number that the formula has computed."""
    rng = np.random.default_rng(seed)
    w, X, y = rng.normal(size=3), rng.normal(size=(7, 3)), 2 * rng.normal(size=7)
    with pytest.raises(GradientMismatch) as caught:
        check_closed_form(huber, over_the_small_ones, w, X, y, 0.9)
    said = [str(finding) for finding in caught.value.findings if "np.sign" in finding.text]
    assert all("where the formula makes the same calls as here" in text for text in said)
    assert said or seed != 6

    def repaired(w, X, y, delta):
        r = np.clip(X @ w - y, -delta, delta)  # what is said to belong in the place of r
        return X.T @ np.where(abs(r) <= delta, r, delta * np.sign(r)) / max((abs(r) <= delta).sum(), 1)

    check_closed_form(huber, repaired, w, X, y, 0.9)
