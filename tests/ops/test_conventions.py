"""Where a first derivative is a convention: it is the documented one, and no second derivative is made of it."""

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import Tensor, grad, hessian, hvp, jacobian

NAN, ZERO, ONES, EYE = np.nan, np.zeros(2), np.ones(2), np.eye(2)
CENTRED = np.array([[0.5, -0.5], [-0.5, 0.5]])

# Functions of two numbers, the point, the gradient there, and the Hessian: None where there is none.
POINTS = {
    # norms and what is like them have no direction at the origin
    "norm": (np.linalg.norm, ZERO, [0, 0], None),
    "norm squared": (lambda x: np.linalg.norm(x) ** 2, ZERO, [0, 0], 2 * EYE),
    "norm cubed": (lambda x: np.linalg.norm(x) ** 3, ZERO, [0, 0], 0 * EYE),
    "norm along an axis": (lambda x: (np.linalg.norm(x[:, None], axis=1) ** 2).sum(), ZERO, [0, 0], 2 * EYE),
    "vector_norm": (lambda x: ag.vector_norm(x) ** 2, ZERO, [0, 0], 2 * EYE),
    "Frobenius norm": (lambda x: np.linalg.norm(np.stack([x, x]), "fro") ** 2, ZERO, [0, 0], 4 * EYE),
    "kernel": (lambda x: np.exp(-(np.linalg.norm(x - ONES) ** 2)), ONES, [0, 0], -2 * EYE),
    "hypot": (lambda x: np.hypot(x[0], x[1]), ZERO, [0, 0], None),
    "hypot squared": (lambda x: np.hypot(x[0], x[1]) ** 2, ZERO, [0, 0], 2 * EYE),
    "arctan2": (lambda x: np.arctan2(x[0], x[1]), ZERO, [0, 0], None),
    "3-norm": (lambda x: np.linalg.norm(x, 3) ** 3, ZERO, [0, 0], 0 * EYE),
    "4-norm": (lambda x: np.linalg.norm(x, 4) ** 4, ZERO, [0, 0], 0 * EYE),
    "4-norm beside 0": (lambda x: np.linalg.norm(x, 4), [0.0, 2.0], [0, 1], 0 * EYE),
    "3-norm beside 0": (lambda x: np.linalg.norm(x, 3), [0.0, 2.0], [0, 1], 0 * EYE),
    "3/2-norm beside 0": (lambda x: np.linalg.norm(x, 1.5), [0.0, 2.0], [0, 1], None),
    "1-norm": (lambda x: np.linalg.norm(x, 1) ** 2, ZERO, [0, 0], None),
    "largest magnitude": (lambda x: np.linalg.norm(x, np.inf) ** 2, ONES, [1, 1], None),
    "nuclear norm": (lambda x: np.linalg.norm(np.diag(x), "nuc") ** 2, ONES, [4, 4], 2 * np.ones((2, 2))),
    "spectral norm": (lambda x: np.linalg.norm(np.diag(x), 2) ** 2, ONES, [1, 1], None),
    # of equal numbers
    "std": (np.std, ONES, [0, 0], None),
    "std squared": (lambda x: np.std(x) ** 2, ONES, [0, 0], CENTRED),
    "std of three 0.1": (lambda x: np.std(x[[0, 0, 1]]) ** 2, 0.1 * ONES, [0, 0], CENTRED * 8 / 9),
    "nanstd squared": (lambda x: np.nanstd(np.append(x, NAN)) ** 2, ONES, [0, 0], CENTRED),
    "std of one number": (lambda x: np.std(x[:, None], axis=1).sum(), ONES, [0, 0], 0 * EYE),
    # kinks
    "absolute": (lambda x: np.abs(x).sum(), ZERO, [0, 0], 0 * EYE),
    "absolute squared": (lambda x: (np.abs(x) ** 2).sum(), ZERO, [0, 0], 2 * EYE),
    "absolute below a sum": (lambda x: np.abs(x).sum() ** 2, ZERO, [0, 0], None),
    "fabs squared": (lambda x: (np.fabs(x) ** 2).sum(), ZERO, [0, 0], 2 * EYE),
    "copysign squared": (lambda x: (np.copysign(x, -1.0) ** 2).sum(), ZERO, [0, 0], 2 * EYE),
    "softplus by hand": (
        lambda x: (np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))).sum(), ZERO, [0.5, 0.5], EYE / 4
    ),
    "l1 squared": (lambda x: (ag.l1_loss(x, ONES, reduction="none") ** 2).sum(), ONES, [0, 0], 2 * EYE),
    "l1": (lambda x: ag.l1_loss(x, ONES, reduction="sum"), ONES, [0, 0], 0 * EYE),
    # ties
    "maximum": (lambda x: np.maximum(x[0], x[1]), ONES, [0.5, 0.5], 0 * EYE),
    "maximum of opposites": (lambda x: (np.maximum(x, -x) ** 2).sum(), ZERO, [0, 0], 2 * EYE),
    "maximum and minimum": (
        lambda x: np.maximum(x[0], x[1]) ** 2 + np.minimum(x[0], x[1]) ** 2, ONES, [2, 2], 2 * EYE
    ),
    "fmax times fmin": (lambda x: np.fmax(x[0], x[1]) * np.fmin(x[0], x[1]), ONES, [1, 1], EYE[::-1]),
    "max": (np.max, ONES, [0.5, 0.5], 0 * EYE),
    "max squared": (lambda x: np.max(x) ** 2, ONES, [1, 1], None),
    "max and min": (lambda x: np.max(x) ** 2 + np.min(x) ** 2, ONES, [2, 2], 2 * EYE),
    "nanmax times nanmin": (lambda x: np.nanmax(x) * np.nanmin(x), ONES, [1, 1], EYE[::-1]),
    "ptp squared": (lambda x: np.ptp(x) ** 2, ONES, [0, 0], [[2, -2], [-2, 2]]),
    "logaddexp of infinities": (lambda x: np.logaddexp(x[0], x[1]), np.inf * ONES, [0.5, 0.5], None),
    "logsumexp of infinities": (ag.logsumexp, np.inf * ONES, [0.5, 0.5], None),
    "logsumexp of nothing": (ag.logsumexp, -np.inf * ONES, [0, 0], 0 * EYE),
    "logsumexp beside nothing": (lambda x: ag.logsumexp(np.append(x, -np.inf)), ZERO, [0.5, 0.5], CENTRED / 2),
    # powers
    "0 to the 0": (lambda x: x[0] ** x[1], ZERO, [0, 0], None),
    "0 to the 1": (lambda x: x[0] ** x[1], [0.0, 1.0], [1, 0], None),
    "0 to the 2": (lambda x: x[0] ** x[1], [0.0, 2.0], [0, 0], [[2, 0], [0, 0]]),
    # one side, to every order
    "relu": (lambda x: (ag.relu(x) ** 2).sum(), ZERO, [0, 0], 0 * EYE),
    "leaky_relu": (lambda x: (ag.leaky_relu(x, 0.5) ** 2).sum(), ZERO, [0, 0], EYE / 2),
    "elu": (lambda x: ag.elu(x).sum(), ZERO, [1, 1], EYE),
    "clip": (lambda x: (np.clip(x, 1, 2) ** 2).sum(), ONES, [2, 2], 2 * EYE),
    "hardtanh": (lambda x: (ag.hardtanh(x) ** 2).sum(), ONES, [0, 0], 0 * EYE),
    "median": (lambda x: np.median(x) ** 2, ONES, [1, 1], np.full((2, 2), 0.5)),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning", "ignore:divide by zero:RuntimeWarning")
@pytest.mark.parametrize("name", POINTS)
def test_a_second_derivative_at_a_convention_is_right_or_nan(name):
    function, point, gradient, expected = POINTS[name]
    point = np.asarray(point)
    np.testing.assert_allclose(grad(function)(point), gradient, atol=1e-12)
    try:
        found = hessian(function)(point)
        along = hvp(function, [point], [np.array([1.0, -2.0])])[0]
    except np.linalg.LinAlgError:
        assert name in ("nuclear norm", "spectral norm")
        return
    right = np.full((2, 2), NAN) if expected is None else np.asarray(expected)
    known = ~np.isnan(found)
    if expected is None:
        assert not known.all()
        assert not found[known].any()
    np.testing.assert_allclose(found[known & ~np.isnan(right)], right[known & ~np.isnan(right)], atol=1e-12)
    np.testing.assert_array_equal(known, known.T)
    np.testing.assert_allclose(along[~np.isnan(along)], (found @ [1.0, -2.0])[~np.isnan(along)], atol=1e-12)


def test_mixed_derivatives_of_a_kernel_where_its_points_coincide_are_nan():
    kernel = lambda x, y: np.exp(-(np.linalg.norm(x - y) ** 2))  # noqa: E731
    assert np.isnan(jacobian(grad(kernel, 0), 1)(ONES, ONES)).all()


def test_a_direction_that_stays_at_a_kink_is_no_reason_for_nan():
    """Distances of points to themselves are 0 and stay 0."""
    points = np.random.default_rng(0).normal(size=(4, 2))
    distances = lambda y: np.linalg.norm(y[:, None] - y, axis=-1)  # noqa: E731
    squares = lambda y: ((y[:, None] - y) ** 2).sum(-1)  # noqa: E731
    found = hessian(lambda y: np.exp(-(distances(y) ** 2)).sum())(points)
    np.testing.assert_allclose(found, hessian(lambda y: np.exp(-squares(y)).sum())(points), atol=1e-14)


def test_ties_between_copies_of_a_number_are_no_reason_for_nan():
    twice = lambda x: np.max(np.stack([x, x])) ** 2  # noqa: E731
    assert hessian(twice)(3.0) == 2
    symmetric = lambda x: np.max(x + x.T) ** 2  # noqa: E731
    x = np.array([[0.0, 2.0], [1.0, -1.0]])
    np.testing.assert_array_equal(hessian(symmetric)(x)[0, 1], [[0, 2], [2, 0]])


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
@pytest.mark.parametrize("ord", [2, 1.5, 3, 4])
def test_where_a_norm_is_zero_all_of_its_vector_is_undefined_and_no_other(ord):
    found = hessian(lambda x: (np.linalg.norm(x, ord, axis=1) ** 2).sum())(np.array([[0.0, 0.0], [1.0, 2.0]]))
    assert np.isnan(found[0, :, 0]).all()
    assert np.isfinite(found[1, :, 1]).all()
    assert not found[0, :, 1].any()
    assert not found[1, :, 0].any()


def test_elements_that_are_not_at_the_kink_keep_their_second_derivatives():
    found = hessian(lambda x: (np.abs(x) ** 2).sum())(np.array([0.0, 3.0]))
    np.testing.assert_array_equal(found, [[NAN, 0], [0, 2]])


def test_penalties_that_enter_linearly_have_a_second_derivative_of_zero_at_kinks():
    loss = lambda w: (w**4).sum() + 0.1 * np.abs(w).sum() + 0.1 * np.maximum(w, 0).sum() + np.max(w)  # noqa: E731
    np.testing.assert_array_equal(hessian(loss)(ZERO), 0 * EYE)


INF, ALL_NAN = np.inf, np.full((2, 2), NAN)
# Functions of two numbers, the point, and the Hessian: NaN in exactly these places.
HESSIANS = {
    "logaddexp": (np.logaddexp, [
        ([INF, INF], ALL_NAN), ([1, INF], 0 * EYE), ([INF, 1], 0 * EYE), ([0, 0], CENTRED / 2),
    ]),
    "logaddexp2": (np.logaddexp2, [
        ([INF, INF], ALL_NAN), ([1, INF], 0 * EYE), ([INF, 1], 0 * EYE), ([0, 0], CENTRED / 2 * np.log(2)),
    ]),
    "logsumexp": (lambda x, y: ag.logsumexp(np.stack([x, y])), [
        ([INF, INF], ALL_NAN), ([INF, 1], 0 * EYE), ([1, INF], 0 * EYE),
    ]),
    "hypot": (np.hypot, [([0, 0], ALL_NAN), ([0, 2], [[0.5, 0], [0, 0]]), ([2, 0], [[0, 0], [0, 0.5]])]),
    "arctan2": (np.arctan2, [([0, 0], ALL_NAN), ([0, 2], EYE[::-1] / -4), ([-2, 0], EYE[::-1] / 4)]),
    "power": (np.power, [
        ([0, 1], [[0, NAN], [NAN, NAN]]), ([0, 2], [[2, 0], [0, 0]]), ([0, 3], 0 * EYE), ([1, 0], EYE[::-1]),
    ]),
    "copysign squared": (lambda x, y: np.copysign(x, y) ** 2, [
        ([0, 1], [[NAN, 0], [0, 0]]), ([2, -1], [[2, 0], [0, 0]]),
    ]),
    "maximum squared": (lambda x, y: np.maximum(x, y) ** 2, [
        ([1, 1], ALL_NAN), ([1, 2], [[0, 0], [0, 2]]), ([2, 1], [[2, 0], [0, 0]]),
    ]),
    "fmax squared": (lambda x, y: np.fmax(x, y) ** 2, [
        ([1, 1], ALL_NAN), ([1, 2], [[0, 0], [0, 2]]), ([2, 1], [[2, 0], [0, 0]]),
    ]),
    "nanmax squared": (lambda x, y: np.nanmax(np.stack([x, y])) ** 2, [
        ([1, 1], ALL_NAN), ([1, 2], [[0, 0], [0, 2]]), ([2, 1], [[2, 0], [0, 0]]),
    ]),
    "nanmax": (lambda x, y: np.nanmax(np.stack([x, y])), [([1, 1], 0 * EYE), ([1, 2], 0 * EYE)]),
    "l1_loss": (lambda x, y: ag.l1_loss(x, y), [([1, 1], 0 * EYE), ([1, 2], 0 * EYE)]),
    "l1_loss squared": (lambda x, y: ag.l1_loss(x, y) ** 2, [([1, 1], ALL_NAN), ([1, 2], 4 * CENTRED)]),
}  # fmt: skip
ROWS = [(name, *row) for name, (_, rows) in HESSIANS.items() for row in rows]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(("name", "point", "expected"), ROWS, ids=[f"{row[0]} at {row[1]}" for row in ROWS])
def test_a_second_derivative_is_nan_where_the_convention_counts_and_nowhere_else(name, point, expected):
    function = HESSIANS[name][0]
    found = hessian(lambda x: function(x[0], x[1]))(np.array(point, float))
    np.testing.assert_allclose(found, expected, atol=1e-15)


# Functions of an array, a point, a direction, and the change of the gradient in this direction.
DIRECTIONS = {
    "slices are apart": (
        lambda x: (np.linalg.norm(x, axis=1) ** 2).sum(), np.zeros((2, 2)), [[1, 0], [0, 0]], [[NAN, NAN], [0, 0]],
    ),
    "ties that stay": (lambda x: np.max(x) ** 2, [1, 1, 0], [1, 1, 5], [1, 1, 0]),
    "ties that part": (lambda x: np.max(x) ** 2, [1, 1, 0], [1, 2, 0], [NAN, NAN, 0]),
    "ties of nanmax that stay": (lambda x: np.nanmax(x) ** 2, [1, 1, NAN], [1, 1, 0], [1, 1, 0]),
    "ties in rows": (
        lambda x: (np.max(x, axis=1) ** 2).sum(), [[1, 1], [2, 2]], [[1, 1], [1, 2]], [[1, 1], [NAN, NAN]],
    ),
    "infinities that stay": (ag.logsumexp, [INF, INF], [1, 1], [0, 0]),
    "infinities that part": (ag.logsumexp, [INF, INF], [1, 0], [NAN, NAN]),
    "equal numbers beside NaN": (lambda x: np.nanstd(x) ** 2, [1, 1, NAN], [1, 1, 0], [0, 0, 0]),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("name", DIRECTIONS)
def test_a_derivative_in_a_direction_is_nan_if_that_leaves_the_places_of_the_convention(name):
    function, point, direction, expected = DIRECTIONS[name]
    (found,) = hvp(function, [np.array(point, float)], [np.array(direction, float)])
    np.testing.assert_allclose(found, expected, atol=1e-15)


# Functions of an array, a point, and third derivatives: None where all are NaN.
THIRD = {
    "hypot": (lambda x: np.hypot(x[0], x[1]), ZERO, None),
    "hypot cubed": (lambda x: np.hypot(x[0], x[1]) ** 3, ZERO, None),
    "hypot beside 0": (lambda x: np.hypot(x[0], x[1]), [0, 1], [[[0, -1], [-1, 0]], [[-1, 0], [0, 0]]]),
    "arctan2": (lambda x: np.arctan2(x[0], x[1]), ZERO, None),
    "maximum cubed": (lambda x: np.maximum(x[0], x[1]) ** 3, ONES, None),
    "maximum cubed, no tie": (lambda x: np.maximum(x[0], x[1]) ** 3, [1, 2], [0 * EYE, [[0, 0], [0, 6]]]),
    "l1_loss cubed": (lambda x: ag.l1_loss(x[0], x[1]) ** 3, ONES, None),
    "logaddexp": (lambda x: np.logaddexp(x[0], x[1]), [INF, INF], None),
    "std": (np.std, ONES, None),
}


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("name", THIRD)
def test_third_derivatives_are_right_or_nan_too(name):
    function, point, expected = THIRD[name]
    found = jacobian(hessian(function))(np.array(point, float))
    np.testing.assert_allclose(found, np.full((2, 2, 2), NAN) if expected is None else expected, atol=1e-15)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("axis", [None, 1])
def test_third_derivatives_in_directions_that_keep_the_ties_exist(axis):
    def along(function, x, direction):
        return grad(lambda t: function(x + t * direction))

    function = lambda x: (np.max(x, axis=axis) ** 3).sum()  # noqa: E731
    x, direction = np.array([[1.0, 1.0, 0.0], [0.5, 0.0, -1.0]]), np.array([[1.0, 1.0, 5.0], [0.0, 3.0, 0.0]])
    assert grad(grad(along(function, x, direction)))(0.0) == 6


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(
    ("function", "point", "direction", "expected"),
    [
        (lambda x: np.hypot(x[0], x[1]), [0, 0], [1, 0], [NAN, NAN]),
        (lambda x: np.hypot(x[0], x[1]), [0, 0], [0, 1], [NAN, NAN]),
        (lambda x: np.linalg.norm(x[None], axis=1).sum(), [0, 0], [1, 0], [NAN, NAN]),
        (np.std, [1, 1], [1, 1], [0, 0]),
        (np.std, [1, 1], [1, 0], [NAN, NAN]),
        (lambda x: np.abs(x).sum(), [0, 1], [1, 1], [0, 0]),
    ],
)
def test_a_factor_of_a_function_changes_nothing_at_a_convention(function, point, direction, expected):
    """∂/∂x ∂/∂u ∂/∂x of u f(x) is ∂²f/∂x²."""
    slope = lambda x, u: (grad(lambda x: u * function(x))(x) * np.array(direction, float)).sum()  # noqa: E731
    found = grad(lambda x: grad(slope, 1)(x, Tensor(1.0)))(np.array(point, float))
    np.testing.assert_allclose(found, expected, atol=1e-15)


def test_third_derivatives_at_a_kink_are_nan_too():
    assert np.isnan(grad(grad(grad(lambda x: np.abs(x) ** 2)))(0.0))
    assert np.isnan(jacobian(hessian(np.linalg.norm))(ZERO)).all()
