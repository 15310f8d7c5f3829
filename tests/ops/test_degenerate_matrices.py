"""Linear algebra where derivatives do not exist, and what is refused."""

from fractions import Fraction

import numpy as np
import pytest
from catalogue import samples_linalg as sl
from catalogue.comparing import assert_close, leaves

import autograd_lite as ag
from autograd_lite import Tensor, grad, hvp, jvp
from autograd_lite.ops.linalg.determinant import _cofactor_of_regular
from autograd_lite.testing import check_gradients

RNG = np.random.default_rng(7)
SQUARE, *_ = (sl.regular(RNG, (2, *shape)) for shape in [(3, 3), (4, 2), (2, 4)])
SYMMETRIC = sl.symmetric(RNG, (2, 3, 3))
COUNTING = np.arange(9.0).reshape(3, 3)  # of rank two


def t(x):
    return np.swapaxes(x, -1, -2)


def gradient(function, array, cotangent=None):
    (x,) = leaves([array])
    function(x).backward(cotangent)
    return x.grad


# -- degenerate matrices -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("array", [COUNTING, np.ones((4, 4)), np.zeros((2, 2)), np.zeros((1, 1)), np.zeros((0, 0)),
                                   np.eye(3), np.stack([COUNTING, np.eye(3)])])  # fmt: skip
def test_the_derivatives_of_the_determinant_are_right_for_every_rank(array, order):
    check_gradients(ag.det, array, order=order)


def test_the_determinant_of_a_singular_matrix_in_closed_form():
    cofactors = [[-3, 6, -3], [6, -12, 6], [-3, 6, -3]]
    assert_close(gradient(ag.det, COUNTING), np.array(cofactors, float), 1e-12)
    tiny = np.diag([1e-200, 1e-200])
    np.testing.assert_allclose(gradient(ag.det, tiny), tiny, rtol=1e-12)
    (change,) = hvp(ag.det, (COUNTING,), (np.eye(3),))
    assert_close(change, np.trace(COUNTING) * np.eye(3) - COUNTING.T, 1e-12)
    np.testing.assert_allclose(jvp(grad(ag.det), (COUNTING,), (np.eye(3),))[1], change, atol=1e-12)


def exact_cofactors(matrix):
    """The cofactors of a matrix of doubles, from fractions."""
    n = len(matrix)
    exact = [[Fraction(float(x)) for x in row] for row in matrix]

    def det(rows):
        if not rows:
            return Fraction(1)
        return sum((-1) ** j * x * det([row[:j] + row[j + 1 :] for row in rows[1:]]) for j, x in enumerate(rows[0]))

    minors = [[[row[:j] + row[j + 1 :] for row in exact[:i] + exact[i + 1 :]] for j in range(n)] for i in range(n)]
    return np.array([[float((-1) ** (i + j) * det(minors[i][j])) for j in range(n)] for i in range(n)])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("scale", [1e-60, 1e-12, 1.0, 1e9, 1e60])
@pytest.mark.parametrize("smallest", [0.0, 1e-15, 1e-11, 1e-7, 1e-4, 1.0])
def test_the_gradient_of_the_determinant_is_accurate_however_close_to_singular_and_however_small(
    smallest, scale, dtype
):
    if not 1e-12 <= scale <= 1e9 and dtype == np.float32:
        scale = scale ** (1 / 6)
    q, _ = np.linalg.qr(np.random.default_rng(3).normal(size=(2, 3, 3)))
    a = ((q[0] * [1.0, 0.5, smallest]) @ q[1] * scale).astype(dtype)
    exact = exact_cofactors(a)
    found = gradient(ag.det, a)
    error = np.abs(found - exact).max() / np.abs(exact).max()
    assert error < 200 * np.finfo(dtype).eps ** (2 / 3)
    if smallest in (0.0, 1.0):
        assert error < 50 * np.finfo(dtype).eps


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_gradient_of_the_determinant_of_a_regular_matrix_is_computed_from_the_inverse(dtype):
    a = SQUARE.astype(dtype)
    expected = np.swapaxes(np.linalg.inv(a), -1, -2) * np.linalg.det(a)[:, None, None]
    assert np.array_equal(gradient(lambda a: ag.det(a).sum(), a), expected)


@pytest.mark.parametrize(
    ("array", "is_regular"),
    [
        ([[0.0, 1.0], [1.0, 0.0]], True),  # of a negative determinant
        (np.diag([1.0, 1e-4]), True),
        (np.float32(np.diag([1.0, 1e-2])), True),
        (np.float32(np.diag([1.0, 1e-4])), False),
        (1e3 * np.diag([1.0, 1e-7]), False),
        (1e-3 * np.diag([1.0, 1e-7]), False),
        ([[1.0, -1.0], [1.0, -1.0 + 1e-7]], False),
        ([[1.0, 1.0], [-1.0, -1.0 + 1e-7]], False),
        (1e6 * np.diag([1.0, 1e-5, 1e-7]), False),
        (1e-6 * np.diag([1.0, 1e5, 1e7]), False),
    ],
)
def test_cofactors_are_computed_from_the_inverse_where_the_condition_is_good(array, is_regular):
    assert (_cofactor_of_regular(np.asarray(array)) is not None) == is_regular


def test_third_derivatives_of_the_determinant_are_nan_where_they_are_unknown():
    direction = np.eye(3)
    second = lambda a: (grad(lambda b: (grad(ag.det)(b) * direction).sum())(a) * direction).sum()  # noqa: E731
    assert np.isnan(grad(second)(COUNTING)).all()
    assert_close(grad(second)(np.eye(3)), np.eye(3) * 2, 1e-12)


@pytest.mark.parametrize("function", [ag.eigvalsh, lambda a: ag.eigh(a)[0], ag.svdvals, lambda a: ag.svd(a)[1]])
def test_values_that_coincide_have_a_gradient_in_functions_that_treat_them_alike(function):
    a = np.diag([2.0, 2.0, 1.0])
    assert_close(gradient(lambda a: (function(a) ** 2).sum(), a), 2 * a, 1e-12)
    assert_close(gradient(lambda a: function(a).sum(), np.eye(2)), np.eye(2), 1e-12)


@pytest.mark.parametrize("scale", [1.0, 1e-200, 1e6])
@pytest.mark.parametrize("function", [
    lambda a: ag.eigh(a)[1], lambda a: ag.svd(a)[0], lambda a: ag.svd(a)[2],
    lambda a: grad(lambda b: (ag.eigvalsh(b) ** 2).sum())(a), lambda a: grad(lambda b: (ag.eigh(b)[0] ** 2).sum())(a),
    lambda a: grad(lambda b: (ag.svd(b)[1] ** 2).sum())(a), lambda a: grad(lambda b: ag.svdvals(b).sum())(a),
])  # fmt: skip
def test_vectors_of_values_that_coincide_are_refused(function, scale):
    v = sl.orthogonal(np.random.default_rng(4), (3, 3))
    for a in (np.eye(3), (v * [2.0, 2.0, 1.0]) @ v.T, np.zeros((3, 3))):
        with pytest.raises(np.linalg.LinAlgError, match="coincide"):
            gradient(lambda a: function(a)[0].sum(), a * scale)


def test_singular_vectors_of_a_zero_are_refused_where_they_turn_out_of_their_space():
    a = np.array([[1.0, 0.0], [0.0, 0.0], [0.0, 0.0]])
    with pytest.raises(np.linalg.LinAlgError, match="is zero"):
        gradient(lambda a: ag.svd(a, full_matrices=False)[0].sum(), a)
    check_gradients(lambda a: (lambda u, s, vh: (u * np.expand_dims(s**3, -2)) @ vh)(*ag.svd(a)), np.diag([2.0, 0.0]))


@pytest.mark.parametrize("array", [np.ones((3, 2)), np.zeros((2, 2)), COUNTING.T, np.ones((2, 3)),
                                   SQUARE * [1.0, 1e-20, 1e20]])  # fmt: skip
def test_qr_of_dependent_columns_is_refused(array):
    with pytest.raises(np.linalg.LinAlgError, match="linearly dependent"):
        gradient(lambda a: ag.qr(a).R.sum(), array)


def test_the_pseudoinverse_keeps_to_a_constant_rank():
    direction = COUNTING @ np.ones((3, 3)) @ COUNTING  # keeps the null spaces, hence the rank
    h = 1e-6
    numerical = (np.linalg.pinv(COUNTING + h * direction) - np.linalg.pinv(COUNTING - h * direction)) / (2 * h)
    assert_close(jvp(lambda a: ag.pinv(a, rcond=1e-12), (COUNTING,), (direction,))[1], numerical, 1e-6)
    found = jvp(lambda a: ag.lstsq(a, np.ones(3))[0], (COUNTING,), (direction,))[1]
    assert_close(found, numerical @ np.ones(3), 1e-6)


def test_a_doubtful_rank_is_refused():
    a = np.diag([1.0, 0.1])
    with pytest.raises(np.linalg.LinAlgError, match=r"pinv: .*rank is not certain"):
        gradient(lambda a: ag.pinv(a, rcond=0.5).sum(), a)
    with pytest.raises(np.linalg.LinAlgError, match=r"pinv: .*rank is not certain"):
        gradient(lambda a: ag.pinv(a, rtol=0.5).sum(), a)
    with pytest.raises(np.linalg.LinAlgError, match=r"lstsq: .*rank is not certain"):
        gradient(lambda a: ag.lstsq(a, np.ones(2), rcond=0.5)[0].sum(), a)
    with pytest.raises(np.linalg.LinAlgError, match="rank is not certain"):
        gradient(lambda a: ag.pinv(a, rcond=1e-18).sum(), np.diag([1.0, 1e-17]))
    check_gradients(lambda a: ag.pinv(a, rcond=[0.5, 0.01]), np.stack([np.eye(2), np.diag([1.0, 0.1])]))


def test_the_pseudoinverse_reads_the_lower_triangle_of_a_symmetric_matrix():
    whole = gradient(lambda a: ag.pinv(a, hermitian=True).sum(), SYMMETRIC)
    np.testing.assert_array_equal(gradient(lambda a: ag.pinv(a, hermitian=True).sum(), np.tril(SYMMETRIC)), whole)


# -- refusals ------------------------------------------------------------------------------------------------------

SINGULAR, NEEDED = np.zeros((2, 2)), Tensor(np.ones((3, 2)), requires_grad=True)
LINALG = np.linalg.LinAlgError
ERRORS = {
    "inv": (lambda: ag.inv(Tensor(SINGULAR)), LINALG, "inv: Singular matrix"),
    "solve": (lambda: ag.solve(Tensor(SINGULAR), np.ones(2)), LINALG, "solve: Singular matrix"),
    "solve shapes": (lambda: ag.solve(Tensor(np.eye(2)), np.ones(3)), ValueError, r"solve: .*\(2, 2\).*\(3,\)"),
    "power": (lambda: ag.matrix_power(Tensor(SINGULAR), -1), LINALG, "matrix_power: Singular matrix"),
    "power half": (lambda: ag.matrix_power(Tensor(SINGULAR), 0.5), TypeError, "exponent must be an integer"),
    "not square": (lambda: ag.det(NEEDED), LINALG, "det: .*square"),
    "not positive": (lambda: ag.cholesky(Tensor(-np.eye(2))), LINALG, "cholesky: .*not positive definite"),
    "vector": (lambda: ag.qr(Tensor([1.0])), LINALG, "qr: .*two-dimensional"),
    "UPLO": (lambda: ag.eigh(Tensor(SINGULAR), "X"), ValueError, "eigh: UPLO"),
    "qr complete": (lambda: ag.qr(NEEDED, "complete"), TypeError, "'complete' has no derivative"),
    "qr raw": (lambda: np.linalg.qr(NEEDED, "raw"), TypeError, "not possible for tensors"),
    "svd full": (lambda: np.linalg.svd(NEEDED), TypeError, "full_matrices=False"),
    "svd hermitian": (lambda: np.linalg.svd(NEEDED, hermitian=True), TypeError, "use eigh"),
    "eig": (lambda: np.linalg.eig(NEEDED), TypeError, "use eigh"),
    "eigvals": (lambda: np.linalg.eigvals(Tensor(SINGULAR)), TypeError, "complex"),
    "lstsq shapes": (lambda: ag.lstsq(NEEDED, np.ones(2)), LINALG, "lstsq: Incompatible"),
    "lstsq complex": (lambda: ag.lstsq(NEEDED, np.ones(3) * 1j), TypeError, "lstsq: .*complex"),
    "solve complex": (lambda: ag.solve(Tensor(np.eye(2)), np.ones(2) * 1j), TypeError, "complex"),
    "cond": (lambda: ag.cond(Tensor(SINGULAR, requires_grad=True), 1), LINALG, "cond: .*singular"),
    "cond norm": (lambda: ag.cond(Tensor(np.eye(2), requires_grad=True), 3), ValueError, "order"),
    "tensorinv": (lambda: ag.tensorinv(NEEDED, ind=0), ValueError, "tensorinv"),
    "tensorinv shapes": (lambda: ag.tensorinv(NEEDED, ind=1), LINALG, "tensorinv"),
    "tensorsolve": (lambda: ag.tensorsolve(NEEDED, np.ones(3)), LINALG, "tensorsolve"),
    "slogdet backward": (lambda: gradient(lambda a: ag.slogdet(a)[1], SINGULAR), LINALG, "Singular matrix"),
    "fft": (lambda: np.fft.fft(NEEDED), TypeError, "fft has complex numbers"),
}


@pytest.mark.parametrize("name", ERRORS)
def test_wrong_calls(name):
    call, kind, message = ERRORS[name]
    with pytest.raises(kind, match=message):
        call()


def test_without_gradients_the_arbitrary_columns_may_be_had():
    with ag.no_grad():
        assert np.linalg.svd(NEEDED)[0].shape == (3, 3)
        assert np.linalg.qr(NEEDED, "complete")[0].shape == (3, 3)
        assert not np.linalg.cond(NEEDED).requires_grad


def test_third_derivatives_of_the_determinants_of_a_stack():
    """det(A + tB) of four rows is a polynomial of degree four; NaN where A is close to a singular matrix."""
    rng = np.random.default_rng(3)
    q = np.linalg.qr(rng.normal(size=(4, 4)))[0]
    scales = np.array([[1, 0.1, 0.5, 2], [1e-9, 2e-9, 3e-9, 1e-9], [1e9, 3e9, 2e9, 1e9], [1, 1, 1, 1e-5], [0, 0, 0, 0]])
    a, b = (q * scales[:, None]) @ q, rng.normal(size=(5, 4, 4)) * scales[:, None, 1:2]
    times = np.arange(-2.0, 3)
    values = np.linalg.det(a + times[:, None, None, None] * b)

    def once_more(function):
        return ag.grad(lambda t: function(t).sum())

    third = once_more(once_more(once_more(lambda t: ag.det(a + t[:, None, None] * b))))
    expected = np.where([True, True, True, False, False], 6 * np.polyfit(times, values, 4)[1], np.nan)
    np.testing.assert_allclose(third(Tensor(np.zeros(5))).numpy(), expected, rtol=1e-6)
    nothing = once_more(once_more(once_more(lambda t: ag.det(np.ones((2, 0, 0)) + t))))
    assert float(nothing(Tensor(0.0))) == 0


@pytest.mark.parametrize("function", [ag.eigh, ag.eigvalsh])
def test_a_triangle_that_is_none_is_named(function):
    with pytest.raises(ValueError, match='UPLO must be "L" or "U", not 0'):
        function(np.eye(2), 0)
