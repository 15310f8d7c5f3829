"""Linear algebra beyond the catalogue: results of NumPy, batches, identities."""

import numpy as np
import pytest
from catalogue import samples_linalg as sl
from catalogue.comparing import assert_close, leaves

import autograd_lite as ag
from autograd_lite import Tensor, grad
from autograd_lite.testing import check_gradients

RNG = np.random.default_rng(7)
SQUARE, TALL, WIDE = (sl.regular(RNG, (2, *shape)) for shape in [(3, 3), (4, 2), (2, 4)])
SYMMETRIC, POSITIVE = sl.symmetric(RNG, (2, 3, 3)), sl.positive_definite(RNG, (2, 3, 3))
COUNTING = np.arange(9.0).reshape(3, 3)  # of rank two


def t(x):
    return np.swapaxes(x, -1, -2)


def gradient(function, array, cotangent=None):
    (x,) = leaves([array])
    function(x).backward(cotangent)
    return x.grad


# -- NumPy to the letter -------------------------------------------------------------------------------------------

SAME = {
    "inv": (np.linalg.inv, SQUARE),
    "inv of integers": (np.linalg.inv, np.array([[2, 1], [1, 1]])),
    "det": (np.linalg.det, SQUARE),
    "det of one": (np.linalg.det, SQUARE[0]),
    "slogdet": (np.linalg.slogdet, SQUARE),
    "slogdet of one": (np.linalg.slogdet, SQUARE[0]),
    "slogdet singular": (np.linalg.slogdet, np.zeros((2, 2))),
    "cholesky": (np.linalg.cholesky, POSITIVE),
    "cholesky, one triangle": (np.linalg.cholesky, np.tril(POSITIVE)),
    "cholesky upper": (lambda a: np.linalg.cholesky(a, upper=True), POSITIVE),
    "qr": (np.linalg.qr, TALL),
    "qr wide": (np.linalg.qr, WIDE),
    "qr r": (lambda a: np.linalg.qr(a, "r"), TALL),
    "qr complete": (lambda a: np.linalg.qr(a, mode="complete"), TALL),
    "svd": (np.linalg.svd, SQUARE),
    "svd full": (np.linalg.svd, TALL),
    "svd thin": (lambda a: np.linalg.svd(a, full_matrices=False), WIDE),
    "svd values": (lambda a: np.linalg.svd(a, compute_uv=False), WIDE),
    "svd hermitian": (lambda a: np.linalg.svd(a, hermitian=True), SYMMETRIC),
    "svd hermitian values": (lambda a: np.linalg.svd(a, compute_uv=False, hermitian=True), SYMMETRIC),
    "svdvals": (np.linalg.svdvals, TALL),
    "eigh": (np.linalg.eigh, SYMMETRIC),
    "eigh, upper triangle": (lambda a: np.linalg.eigh(a, UPLO="U"), np.triu(SYMMETRIC)),
    "eigvalsh": (np.linalg.eigvalsh, SYMMETRIC),
    "pinv": (np.linalg.pinv, TALL),
    "pinv rcond": (lambda a: np.linalg.pinv(a, 0.5), TALL),
    "pinv rtol": (lambda a: np.linalg.pinv(a, rtol=0.5), TALL),
    "pinv rtol=None": (lambda a: np.linalg.pinv(a, rtol=None), TALL),
    "pinv hermitian": (lambda a: np.linalg.pinv(a, hermitian=True), SYMMETRIC),
    **{f"matrix_power {n}": (lambda a, n=n: np.linalg.matrix_power(a, n), SQUARE) for n in (-2, 0, 1, 5)},
    "solve": (lambda a: np.linalg.solve(a, np.ones(3)), SQUARE),
    "solve matrix": (lambda a: np.linalg.solve(a, np.ones((3, 2))), SQUARE),
    "lstsq": (lambda a: np.linalg.lstsq(a, np.ones(4)), TALL[0]),
    "lstsq wide": (lambda a: np.linalg.lstsq(a, np.ones((2, 3)), rcond=None), WIDE[0]),
    "lstsq cut": (lambda a: np.linalg.lstsq(a, np.ones((4, 1)), rcond=0.9), TALL[0]),
    "tensorinv": (np.linalg.tensorinv, SQUARE[0].reshape(3, 1, 3)),
    "tensorsolve": (lambda a: np.linalg.tensorsolve(a, np.ones(3), axes=(0,)), SQUARE[0].reshape(3, 3, 1)),
    **{
        f"cond {p}": (lambda a, p=p: np.linalg.cond(a, p), SQUARE)
        for p in (None, 2, -2, 1, -1, np.inf, -np.inf, "fro", "nuc")
    },
    "cond singular": (lambda a: np.linalg.cond(a, 1), np.zeros((2, 2))),
    "matrix_rank": (np.linalg.matrix_rank, COUNTING),
    "nothing": (np.linalg.inv, np.ones((2, 0, 0))),
    "det of nothing": (np.linalg.det, np.ones((2, 0, 0))),
    "pinv of nothing": (np.linalg.pinv, np.ones((2, 0, 3))),
}


@pytest.mark.parametrize("name", SAME)
def test_numpy_functions_give_numpys_results(name):
    function, array = SAME[name]
    expected, found = function(array), function(Tensor(array))
    if isinstance(expected, tuple):
        assert type(found) is type(expected)
    else:
        expected, found = (expected,), (found,)
    for e, f in zip(expected, found, strict=True):
        assert np.shape(f) == np.shape(e)
        assert np.asarray(f).dtype == np.asarray(e).dtype
        np.testing.assert_array_equal(np.asarray(f), e)


def test_the_rank_stays_a_number_and_arrays_give_arrays():
    assert isinstance(np.linalg.lstsq(Tensor(TALL[0]), np.ones(4))[2], np.integer)
    assert isinstance(np.linalg.matrix_rank(Tensor(COUNTING)), np.integer)
    for results in (ag.qr(TALL), ag.svd(TALL), ag.lstsq(TALL[0], np.ones(4)), ag.eigh(SYMMETRIC), ag.slogdet(SQUARE)):
        assert not any(isinstance(result, Tensor) for result in results)
    assert isinstance(ag.cond(SQUARE), np.ndarray)
    np.testing.assert_array_equal(ag.qr(TALL, "r"), np.linalg.qr(TALL, "r"))


def test_the_first_power_is_the_matrix_itself_as_in_numpy():
    """So a write into one shows in the other, with the gradient of both."""

    def f(a):
        a = a * 1.0
        power = np.linalg.matrix_power(a, 1)
        power += a[0]
        return (a * a).sum()

    value, gradient = ag.value_and_grad(f)(SQUARE)
    assert value == f(SQUARE)
    step = 1e-6
    for index in np.ndindex(SQUARE.shape):
        d = np.zeros(SQUARE.shape)
        d[index] = step
        np.testing.assert_allclose(gradient[index], (f(SQUARE + d) - f(SQUARE - d)) / (2 * step), rtol=1e-6)


@pytest.mark.parametrize(("function", "array"), [
    (ag.inv, SQUARE), (ag.det, SQUARE), (lambda a: ag.slogdet(a)[1], SQUARE), (ag.pinv, TALL), (ag.svdvals, WIDE),
    (lambda a: ag.cholesky((a + t(a)) / 2), POSITIVE), (lambda a: ag.qr(a).Q, TALL), (lambda a: ag.qr(a).R, WIDE),
    (lambda a: ag.svd(a, False)[0] ** 2, TALL), (lambda a: ag.svd(a, False)[2] ** 2, TALL),
    (lambda a: ag.eigh(a)[1] ** 2, SYMMETRIC), (lambda a: ag.matrix_power(a, 3), SQUARE),
    (lambda a: ag.solve(a, np.ones((3, 1))), SQUARE), (ag.cond, TALL),
])  # fmt: skip
def test_a_batch_is_its_matrices_one_by_one(function, array):
    shape = function(Tensor(array)).shape
    cotangent = np.random.default_rng(1).normal(size=shape)
    single = [gradient(function, a, c) for a, c in zip(array, cotangent, strict=True)]
    assert_close(gradient(function, array, cotangent), np.stack(single), 1e-12)


# -- identities ----------------------------------------------------------------------------------------------------


def test_the_gradient_of_the_logarithm_of_the_determinant_is_the_inverse():
    assert_close(gradient(lambda a: np.linalg.slogdet(a).logabsdet.sum(), SQUARE), t(np.linalg.inv(SQUARE)), 1e-12)
    assert_close(gradient(lambda a: ag.det(a).sum(), SQUARE), gradient(lambda a: ag.exp(ag.slogdet(a)[1]).sum(), SQUARE)
                 * np.sign(np.linalg.det(SQUARE))[:, None, None], 1e-12)  # fmt: skip


@pytest.mark.parametrize("function", [
    lambda a: ag.inv(a) @ a, lambda a: a @ ag.inv(a), lambda a: ag.solve(a, a), lambda a: ag.pinv(a) @ a,
    lambda a: ag.matrix_power(a, -2) @ a @ a, lambda a: t(ag.qr(a).Q) @ ag.qr(a).Q,
    lambda a: t(ag.svd(a)[0]) @ ag.svd(a)[0],
    lambda a: ag.det(a) * ag.det(ag.inv(a)), lambda a: ag.det(ag.eigh((a + t(a)) / 2)[1]) ** 2,
])  # fmt: skip
def test_what_is_constant_has_no_gradient(function):
    cotangent = np.random.default_rng(2).normal(size=function(Tensor(SQUARE)).shape)
    assert_close(gradient(function, SQUARE, cotangent), np.zeros(SQUARE.shape), 1e-12)


@pytest.mark.parametrize("function", [
    lambda a: (lambda low: low @ t(low))(ag.cholesky(a)), lambda a: (lambda u: t(u) @ u)(ag.cholesky(a, upper=True)),
    lambda a: (lambda w, v: (v * np.expand_dims(w, -2)) @ t(v))(*ag.eigh(a)),
])  # fmt: skip
def test_a_symmetric_decomposition_put_together_has_the_symmetric_gradient_of_the_identity(function):
    cotangent = np.random.default_rng(3).normal(size=POSITIVE.shape)
    assert_close(gradient(function, POSITIVE, cotangent), (cotangent + t(cotangent)) / 2, 1e-12)


@pytest.mark.parametrize(("function", "array"), [
    (lambda a: (lambda q, r: q @ r)(*ag.qr(a)), TALL), (lambda a: (lambda q, r: q @ r)(*ag.qr(a)), WIDE),
    (lambda a: (lambda u, s, vh: (u * np.expand_dims(s, -2)) @ vh)(*ag.svd(a, False)), TALL),
    (lambda a: (lambda u, s, vh: (u * np.expand_dims(s, -2)) @ vh)(*ag.svd(a, False)), WIDE),
    (lambda a: ag.pinv(ag.pinv(a)), TALL), (lambda a: ag.inv(ag.inv(a)), SQUARE),
])  # fmt: skip
def test_a_decomposition_put_together_has_the_gradient_of_the_identity(function, array):
    cotangent = np.random.default_rng(3).normal(size=array.shape)
    assert_close(gradient(function, array, cotangent), cotangent, 1e-12)


def test_least_squares_of_full_rank_are_the_normal_equations_and_of_square_systems_solve():
    a, b = TALL[0], np.arange(8.0).reshape(4, 2)
    for first, second, left, right in [
        (lambda a, b: ag.lstsq(a, b)[0], lambda a, b: ag.solve(t(a) @ a, t(a) @ b), a, b),
        (lambda a, b: ag.lstsq(a, b)[0], ag.solve, SQUARE[0], b[:3]),
        (lambda a, b: ag.lstsq(a, b)[0], lambda a, b: t(a) @ ag.solve(a @ t(a), b), WIDE[0], b[:2]),
    ]:
        found, expected = leaves([left, right]), leaves([left, right])
        (first(*found) ** 2).sum().backward()
        (second(*expected) ** 2).sum().backward()
        for x, y in zip(found, expected, strict=True):
            assert_close(x.grad, y.grad, 1e-12)


def test_the_gradient_of_a_spectral_norm_and_of_a_nuclear_norm_in_closed_form():
    u, _, vh = np.linalg.svd(TALL[0], full_matrices=False)
    assert_close(gradient(lambda a: ag.svdvals(a)[0], TALL[0]), np.outer(u[:, 0], vh[0]), 1e-12)
    assert_close(gradient(lambda a: ag.svdvals(a).sum(), TALL[0]), u @ vh, 1e-12)


@pytest.mark.parametrize("function", [ag.inv, ag.det, lambda a: ag.slogdet(a)[1], lambda a: ag.matrix_power(a, 3),
                                      lambda a: ag.qr(a).R, ag.svdvals, ag.pinv])  # fmt: skip
def test_third_derivatives(function):
    direction = np.random.default_rng(5).normal(size=(3, 3))
    first = grad(lambda a: (function(a) ** 2).sum())
    check_gradients(lambda a: grad(lambda b: (first(b) * direction).sum())(a), SQUARE[0])
