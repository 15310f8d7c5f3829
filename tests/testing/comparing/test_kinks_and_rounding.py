"""check_closed_form where a derivative is not one number: kinks, singular points, rounding errors, float32."""

import numpy as np
import pytest

import autograd_lite as al
from autograd_lite.testing import GradientMismatch, NotDifferentiableWarning, check_closed_form

RNG = np.random.default_rng(3)
V = RNG.normal(size=4)
TIED = np.array([1.0, 2.0, 2.0, 0.0])
ZERO = np.array([1.5, 0.0, -2.0])
inv, norm = np.linalg.inv, np.linalg.norm


def hinge(w, x):
    return al.maximum(0, 1 - x * w).sum()


# Function, a formula with one of the one-sided derivatives, inputs, wrong at the kink, what the warning says.
KINKS = {
    "abs": (
        lambda x: al.absolute(x).sum(), lambda x: np.where(x > 0, 1.0, -1.0), (ZERO,),
        lambda x: np.where(x, np.sign(x), 3),
        "x[1] = 0, where its one-sided derivatives are -1 and 1; the formula's -1 is one of them",
    ),
    "relu": (
        al.relu, lambda x: (x >= 0) * 1.0, (ZERO,), lambda x: np.where(x, x > 0, -1.0),
        "x[1] = 0, where its one-sided derivatives are 0 and 1; the formula's 1 is one of them",
    ),
    "a third": (
        al.relu, lambda x: np.where(x, x > 0, 0.3), (ZERO,), lambda x: np.where(x, x > 0, 1.3),
        "the formula's 0.3 is between them",
    ),
    "largest, all of them": (
        lambda x: x.max(), lambda x: (x == x.max()) * 1.0, (TIED,), lambda x: (x == x.max()) * 2.0, "x[1] = 2",
    ),
    "largest, the first": (
        lambda x: x.max(), lambda x: np.eye(4)[x.argmax()], (TIED,), lambda x: -np.eye(4)[x.argmax()],
        "(and at 1 more elements)",
    ),
    "clip": (
        lambda x: al.clip(x, 0, 2).sum(), lambda x: (x < 2) * 1.0, (TIED,), lambda x: (x < 2) * 1.0 - 2 * (x == 2),
        "x[1] = 2",
    ),
    "hinge": (
        hinge, lambda w, x: -x * (x * w <= 1), (np.array([0.5, 2.0]), np.array([2.0, 0.1])),
        lambda w, x: x * (x * w <= 1), "w[0] = 0.5",
    ),
    "sorting": (
        lambda x: np.sort(x) @ np.arange(4.0), lambda x: 3.0 - np.argsort(np.argsort(-x, kind="stable")), (TIED,),
        lambda x: np.argsort(np.argsort(-x, kind="stable")), "x[1] = 2",
    ),
    "norm": (
        lambda x: norm(x), lambda x: np.array([1.0, 0, 0]), (np.zeros(3),), lambda x: np.array([2.0, 0, 0]),
        "x[0] = 0, where its one-sided derivatives are -1 and 1",
    ),
    "Hessian": (
        al.grad(lambda x: (al.relu(x) ** 2).sum()), lambda x: np.diag(2.0 * (x >= 0)), (ZERO,),
        lambda x: np.diag(3.0 * (x >= 0)), "one-sided derivatives are 0 and 2",
    ),
    "a sum of kinks that is smooth": (
        lambda x: (al.relu(x) - al.relu(-x)).sum(), np.ones_like, (ZERO,), lambda x: np.where(x, 1.0, 2.0),
        "the engine uses a convention, and the derivative beside this point is 1",
    ),
    "a number": (lambda x: al.absolute(x), lambda x: 1.0, (0.0,), lambda x: 2.0, "x = 0, where"),
}  # fmt: skip


@pytest.mark.parametrize("name", KINKS)
@pytest.mark.filterwarnings("ignore::autograd_lite.testing.NotGeneralWarning")
def test_a_one_sided_derivative_is_right_at_a_kink_and_named(name):
    fn, closed_form, inputs, _, text = KINKS[name]
    with pytest.warns(NotDifferentiableWarning, match="is not differentiable at") as caught:
        error = check_closed_form(fn, closed_form, *inputs, constraints={"x": "fixed"} if name != "Hessian" else None)
    assert text in str(caught[0].message)
    assert caught[0].filename == __file__
    assert 0 <= error <= 1e-10


@pytest.mark.parametrize("name", KINKS)
def test_another_number_is_wrong_at_a_kink(name):
    fn, _, inputs, wrong, _ = KINKS[name]
    with pytest.raises(GradientMismatch):
        check_closed_form(fn, wrong, *inputs)


def test_the_derivative_that_the_engine_returns_at_a_kink_needs_no_warning():
    check_closed_form(al.absolute, np.sign, ZERO)


def test_a_gradient_that_is_stopped_on_purpose_is_no_kink():
    for x in (V, ZERO):
        with pytest.raises(GradientMismatch):
            check_closed_form(lambda x: (x * x.detach()).sum(), lambda x: 2 * x, x)


def test_close_to_a_kink_there_is_one_derivative():
    for x in (1e-6, -1e-6):
        with pytest.raises(GradientMismatch):
            check_closed_form(
                lambda x: al.absolute(x).sum(), lambda x: (x > 2e-6) * 2.0 - 1 + 2.0 * (x < 0), np.array([x])
            )


# -- singular points -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("message", "kind", "fn", "closed_form", "x"),
    [
        ("Singular matrix", np.linalg.LinAlgError, lambda X: inv(X).sum(), inv, np.zeros((2, 2))),
        ("Singular matrix", np.linalg.LinAlgError, lambda X: X.sum(), lambda X: inv(X), np.zeros((2, 2))),
        ("is not differentiable at x[2] = 0, and the formula's nan is no derivative", ValueError,
         lambda x: norm(x), lambda x: x / norm(x), np.zeros(3)),
        ("changes with the last digits", ValueError, lambda X: inv(X).sum(), lambda X: -inv(X) @ inv(X),
         np.array([[1.1, 1.0], [1.1 + 1e-15, 1.0]])),
    ],
)  # fmt: skip
def test_a_singular_point_is_named(message, kind, fn, closed_form, x):
    with pytest.raises(kind) as caught:
        check_closed_form(fn, closed_form, x)
    assert message in str(caught.value)
    assert not isinstance(caught.value, GradientMismatch)


def test_an_error_of_the_function_has_a_note_with_the_inputs():
    with pytest.raises(np.linalg.LinAlgError) as caught:
        check_closed_form(lambda X: inv(X).sum(), inv, np.zeros((2, 2)))
    assert "raised by fn, for inputs X (2, 2)" in caught.value.__notes__


# -- rounding errors -----------------------------------------------------------------------------------------------


def deviations(x):
    return ((x - x.mean()) ** 2).sum()


HILBERT = 1 / (np.arange(1, 8)[:, None] + np.arange(7))

# Function, formula, inputs where both have large rounding errors, wrong formula.
ROUNDING = {
    "cancellation": (deviations, lambda x: 2 * (x - x.mean()), (1.6e9 + V,), lambda x: 2.001 * (x - x.mean())),
    "expm1 by hand": (
        lambda x: (al.expm1(x) / x).sum(), lambda x: (x * np.exp(x) - (np.exp(x) - 1)) / x**2,
        (np.array([2e-4, 3e-3, 1e-2]),), lambda x: 1.001 * (x * np.exp(x) - (np.exp(x) - 1)) / x**2,
    ),
    "inverse of a Hilbert matrix": (
        lambda X: inv(X).sum(), lambda X: -np.outer(inv(X).T.sum(1), inv(X).T.sum(0)), (HILBERT,),
        lambda X: -np.outer(inv(X).T.sum(1), inv(X).T.sum(0)) * 1.001,
    ),
    "solution": (
        lambda A, b: np.linalg.solve(A, b).sum(), lambda A, b: -np.outer(inv(A).T.sum(1), inv(A) @ b),
        (HILBERT + 0.0, RNG.normal(size=7)), lambda A, b: -np.outer(inv(A).sum(1), 1.01 * inv(A) @ b),
    ),
    "difference of squares": (
        lambda x: (x[0] - x[1]) * (x[0] + x[1]) ** 2,
        lambda x: np.array([3 * x[0] ** 2 + 2 * x[0] * x[1] - x[1] ** 2, x[0] ** 2 - 2 * x[0] * x[1] - 3 * x[1] ** 2]),
        (np.array([1.1, 1.1 + 1e-9]),),
        lambda x: np.array([3 * x[0] ** 2 + 2 * x[0] * x[1] - x[1] ** 2, x[0] ** 2 - 2 * x[0] * x[1] - 3 * x[0] ** 2]),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ROUNDING)
@pytest.mark.filterwarnings("ignore::autograd_lite.testing.NotGeneralWarning")
def test_rounding_errors_are_no_mismatch(name):
    fn, closed_form, inputs, _ = ROUNDING[name]
    assert 0 <= check_closed_form(fn, closed_form, *inputs) <= 1e-10


@pytest.mark.parametrize("name", ROUNDING)
def test_a_wrong_formula_is_refuted_despite_rounding_errors(name):
    fn, _, inputs, wrong = ROUNDING[name]
    with pytest.raises(GradientMismatch):
        check_closed_form(fn, wrong, *inputs)


@pytest.mark.exhaustive
def test_times_in_seconds_since_1970():
    refuted = 0
    for seed in range(100):
        x = 1.6e9 + np.random.default_rng(seed).normal(size=10)
        try:
            check_closed_form(deviations, lambda x: 2 * (x - x.mean()), x)
        except GradientMismatch:
            refuted += 1
        with pytest.raises(GradientMismatch):
            check_closed_form(deviations, lambda x: 2 * (x - x[0]), x)
    assert refuted <= 1


def test_a_formula_that_loses_all_digits_decides_nothing():
    with pytest.raises(ValueError, match="the formula loses its digits to rounding") as caught:
        check_closed_form(lambda x: (al.expm1(x) / x).sum(), lambda x: (x * np.exp(x) - (np.exp(x) - 1)) / x**2,
                          np.array([1e-8, 2e-8, 3e-8]))  # fmt: skip
    assert not isinstance(caught.value, GradientMismatch)


def test_comparisons_of_labels_are_not_taken_for_rounding_errors():
    y = np.array([0.0, 1.0, 2.0, 1.0])
    with pytest.raises(GradientMismatch):
        check_closed_form(lambda x, y: (x * (np.asarray(y.data) == 1)).sum(), lambda x, y: (y == 1) * 1.1, V, y)


def test_small_numbers_are_not_taken_for_rounding_errors():
    with pytest.raises(GradientMismatch):
        check_closed_form(lambda x: al.log(x).sum(), lambda x: 2 / x, np.array([1e-20, 3e-5]))


@pytest.mark.parametrize(
    ("who", "fn", "closed_form"),
    [
        ("closed_form computes in float32", lambda x: (x**2).sum(), lambda x: (2 * x).astype(np.float32)),
        ("closed_form computes in float16", lambda x: (x**2).sum(), lambda x: (2 * x).astype(np.float16)),
        ("fn computes in float32", lambda x: (x.astype(np.float32) ** 2).sum(), lambda x: 2 * x),
        ("closed_form or fn computes in float32", lambda x: (x**3).sum(),
         lambda x: 3.0 * x.astype(np.float32).astype(float) ** 2),
    ],
)  # fmt: skip
def test_a_lower_precision_is_named_and_allowed_by_the_tolerance(who, fn, closed_form):
    with pytest.raises(GradientMismatch) as caught:
        check_closed_form(fn, closed_form, V)
    (finding,) = caught.value.findings
    assert finding.kind == "rounding"
    assert f"only rounding: {who}" in finding.text
    rtol = float(finding.text.rpartition("rtol=")[2].split()[0])
    check_closed_form(fn, closed_form, V, rtol=rtol)


def test_a_wrong_formula_in_float32_is_not_only_rounding():
    with pytest.raises(GradientMismatch) as caught:
        check_closed_form(lambda x: (x**2).sum(), lambda x: (2.0001 * x).astype(np.float32), V)
    assert all(finding.kind != "rounding" for finding in caught.value.findings)


def cox(w, X):
    return (al.log(al.exp(X @ w).sum()) - X[0] @ w).sum()


# Functions whose derivative cancels to rounding errors, with inputs; a formula that forgot one of the parts.
VANISHING = {
    "one row": (lambda w, X: (al.log(al.exp(X @ w)) - X @ w).sum(), lambda w, X: X[0]),
    "one sample of Cox's likelihood": (cox, lambda w, X: -X[0]),
    "a softmax of one class": (
        lambda w, X: al.log_softmax((X @ w).reshape(-1, 1), axis=1).sum(), lambda w, X: X.sum(axis=0),
    ),
    "a ratio": (lambda w, X: ((X @ w) ** 3 / (X @ w) ** 2 - X @ w).sum(), lambda w, X: X.sum(axis=0)),
}  # fmt: skip


@pytest.mark.parametrize("name", VANISHING)
@pytest.mark.parametrize("seed", range(6))
@pytest.mark.filterwarnings("ignore::autograd_lite.testing.NotGeneralWarning")
def test_rounding_errors_of_a_derivative_that_vanishes_are_no_kinks(name, seed):
    fn, wrong = VANISHING[name]
    rng = np.random.default_rng(seed)
    w, X = rng.normal(size=2), rng.normal(size=(1, 2))
    check_closed_form(fn, lambda w, X: 0 * w, w, X)
    with pytest.raises(GradientMismatch):
        check_closed_form(fn, wrong, w, X)
    with pytest.raises(GradientMismatch):  # however small the part is, beside the rounding errors it is large
        check_closed_form(fn, lambda w, X: 1e-6 * wrong(w, X), w, X)
