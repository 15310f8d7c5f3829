"""Triangular systems and exponentials of matrices: SciPy's numbers, with SciPy and without; limits and errors."""

from unittest import mock

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import Tensor, expm, solve_triangular, vmap
from autograd_lite.ops.linalg import triangular
from autograd_lite.support.scipy_words import _INSTEAD
from autograd_lite.testing import check_gradients

RNG = np.random.default_rng(0)
A = RNG.normal(size=(5, 5)) + 3 * np.eye(5)
OPTIONS = [{"lower": lower, "trans": trans, "unit_diagonal": unit}
           for lower in (False, True) for trans in (0, 2, "N", "T", "C") for unit in (False, True)]  # fmt: skip


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("shape", [(5,), (5, 2), (5, 0)])
def test_the_numbers_are_those_of_scipy_with_it_and_without(options, shape):
    linalg, b = pytest.importorskip("scipy.linalg"), RNG.normal(size=shape)
    expected = linalg.solve_triangular(A, b, **options)
    for without in (None, lambda: None):
        with mock.patch.object(triangular, "_of_scipy", without or triangular._of_scipy):
            x, y = Tensor(A, requires_grad=True), Tensor(b, requires_grad=True)
            result = solve_triangular(x, y, **options)
            np.testing.assert_allclose(result.data, expected, rtol=1e-12)
            result.sum().backward()
            matrix = np.tril(A) if options["lower"] else np.triu(A)
            if options["unit_diagonal"]:
                np.fill_diagonal(matrix, 1)
            inverse = np.linalg.inv(matrix if options["trans"] in (0, "N") else matrix.T)
            np.testing.assert_allclose(y.grad, np.broadcast_to(inverse.sum(0), b.T.shape).T, rtol=1e-10)
    np.testing.assert_allclose(solve_triangular(np.stack([A, 2 * A]), b, **options)[0], expected, rtol=1e-12)


@pytest.mark.parametrize("lower", [False, True])
def test_the_other_triangle_is_not_read(lower):
    """It may hold anything, as the results of SciPy's decompositions do."""
    other = np.triu(np.full((5, 5), np.nan), 1)
    other = other if lower else other.T
    for a in (A, np.stack([A, A])):
        clean = Tensor(np.tril(a) if lower else np.triu(a), requires_grad=True)
        dirty = Tensor(np.where(np.isnan(other), np.nan, a), requires_grad=True)
        for x in (clean, dirty):
            solve_triangular(x, np.ones(5), lower=lower).sum().backward()
        np.testing.assert_array_equal(clean.grad, dirty.grad)
        assert not np.where(np.isnan(other), clean.grad, 0).any()


def test_a_unit_diagonal_is_not_read_and_has_gradient_zero():
    for value in (np.nan, 0.0):
        a = np.array(A)
        np.fill_diagonal(a, value)
        x = Tensor(a, requires_grad=True)
        solve_triangular(x, np.ones(5), unit_diagonal=True).sum().backward()
        assert np.isfinite(x.grad).all()
        assert not np.diagonal(x.grad).any()


@pytest.mark.parametrize("call", [solve_triangular, lambda a, b: expm(a / 4) @ b, lambda a, b: expm(2 * a) @ b])
def test_batches_are_the_systems_one_by_one(call):
    a, b = np.stack([A, 2 * A.T + np.eye(5)]), RNG.normal(size=(2, 5, 3))
    for x, y, axes in ((a, b, 0), (a[0], b, (None, 0)), (a, b[0], (0, None))):
        pairs = [(a[i] if x is a else x, b[i] if y is b else y) for i in range(2)]
        np.testing.assert_allclose(vmap(call, axes)(x, y), [call(*pair) for pair in pairs], rtol=1e-9)


@pytest.mark.parametrize("trans", [3, -1, 1.0, "X", "t", None, [], ()])
def test_how_a_matrix_is_transposed_is_one_of_scipys_names(trans):
    with pytest.raises(ValueError, match="trans must be 0, 1, 2, 'N', 'T' or 'C'"):
        solve_triangular(A, np.ones(5), trans=trans)


@pytest.mark.parametrize("stack", [(), (3,)])
def test_a_zero_on_the_diagonal_is_an_error_in_every_order_of_rounding(stack):
    a = np.tril(RNG.normal(size=(*stack, 6, 6)))
    a[..., 3, 3] = 0.0
    with pytest.raises(np.linalg.LinAlgError, match="Singular"):
        solve_triangular(a, np.ones(6), lower=True)


def test_dtypes_are_those_of_solve():
    for a in (np.float32, np.float64, np.int8, np.bool_):
        for b in (np.float32, np.float64, np.int64):
            x, y = np.eye(2, dtype=a), np.ones(2, b)
            assert solve_triangular(x, y).dtype == np.linalg.solve(x, y).dtype
    with pytest.raises(TypeError, match="float16"):
        solve_triangular(np.eye(2, dtype=np.float16), np.ones(2))


def test_cholesky_solve_is_solve():
    a, b = A @ A.T, RNG.normal(size=5)
    for upper in (False, True):

        def f(a, b, upper=upper):
            return ag.cholesky_solve(b, ag.cholesky(a, upper=upper), upper)

        np.testing.assert_allclose(f(a, b), np.linalg.solve(a, b))
        found, expected = ag.grad(lambda a, b: (f(a, b) ** 2).sum(), (0, 1))(a, b), ag.grad(
            lambda a, b: (ag.solve(a, b) ** 2).sum(), (0, 1))(a, b)  # fmt: skip
        np.testing.assert_allclose(found[0], (expected[0] + expected[0].T) / 2, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(found[1], expected[1], rtol=1e-9)
    linalg = pytest.importorskip("scipy.linalg")
    np.testing.assert_allclose(f(a, b), linalg.cho_solve(linalg.cho_factor(a), b))


def test_cholesky_solve_is_pytorchs():
    torch = pytest.importorskip("torch")
    L, b = np.linalg.cholesky(A @ A.T), RNG.normal(size=(2, 5, 3))
    for upper in (False, True):
        arrays = [b, L.T.copy() if upper else L]
        ours = [Tensor(array, requires_grad=True) for array in arrays]
        theirs = [torch.tensor(array, requires_grad=True) for array in arrays]
        found, expected = ag.cholesky_solve(*ours, upper), torch.cholesky_solve(*theirs, upper)
        np.testing.assert_allclose(found.data, expected.detach().numpy(), rtol=1e-10)
        found.sum().backward()
        expected.sum().backward()
        for tensor, other in zip(ours, theirs, strict=True):
            expected = other.grad.numpy()  # PyTorch's has numbers in the triangle that is not read
            if tensor.ndim == 2:
                expected = np.triu(expected) if upper else np.tril(expected)
            np.testing.assert_allclose(tensor.grad, expected, rtol=1e-9, atol=1e-12)


# -- exponentials ------------------------------------------------------------------------------------------------------


def series(a):
    """The exponential of a matrix by its series, squared ten times, in extended precision."""
    power = total = np.eye(len(a), dtype=np.longdouble)
    for k in range(1, 40):
        power = power @ (a.astype(np.longdouble) / 1024) / k
        total = total + power
    for _ in range(10):
        total = total @ total
    return total.astype(float)


@pytest.mark.parametrize("scale", [0.0, 1e-8, 1e-3, 1.0, 10.0, 100.0])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_the_exponential_is_its_series_and_the_derivative_that_of_scipy(scale, dtype):
    linalg, rng = pytest.importorskip("scipy.linalg"), np.random.default_rng(1)
    a, g = (scale * rng.normal(size=(3, 4, 4)) / 4).astype(dtype), rng.normal(size=(3, 4, 4)).astype(dtype)
    x = Tensor(a, requires_grad=True)
    result = expm(x)
    result.backward(g)
    assert result.dtype == x.grad.dtype == dtype
    for i in range(3):  # one stack holds matrices that are scaled differently
        wide = a[i].astype(float)
        expected, gradient = series(wide), linalg.expm_frechet(wide.T, g[i].astype(float), compute_expm=False)
        rounding = 10 * np.finfo(dtype).eps * max(1, np.abs(wide).sum())
        np.testing.assert_allclose(result.data[i], expected, rtol=0, atol=rounding * np.abs(expected).max())
        np.testing.assert_allclose(x.grad[i], gradient, rtol=0, atol=100 * rounding * np.abs(gradient).max())


def test_closed_forms():
    t = 0.7
    np.testing.assert_allclose(expm(np.array([[0, -t], [t, 0]])), [[np.cos(t), -np.sin(t)], [np.sin(t), np.cos(t)]])
    np.testing.assert_allclose(np.diagonal(expm(np.diag([1.0, -2.0, 0.0]))), np.exp([1.0, -2.0, 0.0]))
    x = Tensor(A / 4, requires_grad=True)
    np.log(np.linalg.det(expm(x))).backward()  # log det exp A = trace A
    np.testing.assert_allclose(x.grad, np.eye(5), atol=1e-9)
    assert expm(np.array([[1, 0], [0, 0]])).dtype == np.float64
    assert expm(np.zeros((2, 0, 0))).shape == (2, 0, 0)


@pytest.mark.parametrize("size", [0.0, 1e-9, 1.0, 1e9])
def test_the_size_of_a_gradient_does_not_add_rounding(size):
    x = Tensor(A / 4, requires_grad=True)
    expm(x).backward(size * np.eye(5))
    np.testing.assert_allclose(x.grad, size * expm(A.T / 4), rtol=1e-12)


def test_a_matrix_is_squared_as_often_as_it_needs_itself():
    """Each further squaring doubles the rounding errors of a matrix; another one of the stack may need many."""
    turn, large = np.array([[0.0, -1.0], [1.0, 0.0]]), np.array([[0.0, 1e6], [0.0, 0.0]])
    found = expm(np.stack([turn, large]))
    np.testing.assert_allclose(found[0], [[np.cos(1), -np.sin(1)], [np.sin(1), np.cos(1)]], rtol=1e-14)
    np.testing.assert_allclose(found[1], [[1, 1e6], [0, 1]], rtol=1e-9)


def test_third_derivatives():
    check_gradients(lambda a: expm(a)[0].sum() ** 2, A[:2, :2] / 4, order=2)
    third = ag.grad(ag.grad(ag.grad(lambda t: expm(t * np.array([[0.0, 1.0], [1.0, 0.0]]))[0, 1])))(0.3)
    np.testing.assert_allclose(third, np.cosh(0.3), rtol=1e-10)


def test_not_finite_matrices_give_nan():
    for value in (np.nan, np.inf):
        with np.errstate(invalid="ignore"):
            assert np.isnan(expm(np.array([[[value, 0.0], [0.0, 1.0]], [[0.0, 0.0], [0.0, 0.0]]]))[0]).any()
            np.testing.assert_allclose(expm(np.stack([np.full((2, 2), value), np.zeros((2, 2))]))[1], np.eye(2))


@pytest.mark.parametrize("call", [lambda a: expm(a), lambda a: solve_triangular(a, np.ones(2))])
def test_matrices_must_be_square(call):
    for wrong in (np.ones(3), np.ones((2, 3)), np.array(1.0)):
        with pytest.raises(np.linalg.LinAlgError, match="square"):
            call(wrong)


# -- what SciPy's own functions say ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", _INSTEAD)
def test_scipys_function_names_the_counterpart_here(name):
    linalg, special = pytest.importorskip("scipy.linalg"), pytest.importorskip("scipy.special")
    module = linalg if hasattr(linalg, name) else special
    a, b, x = (Tensor(array, requires_grad=True) * 1 for array in (A @ A.T, np.ones(5), np.array([0.5, 1.5])))
    L, lower, n = ag.cholesky(a), True, 1
    arguments = {"cho_solve": ((L, True), b), "polygamma": (1, x)}
    given = arguments.get(name, (a, b) if "a, b" in _INSTEAD[name] else (a,) if module is linalg else (x,))
    with pytest.raises(TypeError) as error:
        getattr(module, name)(*given)
    written = str(error.value).partition("; in place of ")[2]
    assert written == f"scipy.{module.__name__.partition('.')[2]}.{name} write {_INSTEAD[name]}"
    names = {"autograd_lite": ag, "np": np, "a": a, "b": b, "x": x, "L": L, "lower": lower, "n": n}
    found = eval(_INSTEAD[name], names)
    plain = [value.data if isinstance(value, Tensor) else value for value in given]
    plain = [(L.data, True), b.data] if name == "cho_solve" else plain
    options = {"lower": True} if name in ("solve_triangular", "cho_factor", "cholesky") else {}
    expected = getattr(module, name)(*plain, **options)
    if name not in ("qr", "svd", "eigh", "lstsq"):  # which return several results, some up to signs
        expected = np.tril(expected[0]) if name == "cho_factor" else expected
        np.testing.assert_allclose(found.data, expected, rtol=1e-6, atol=1e-9)
    assert all(part.requires_grad for part in (found[:1] if isinstance(found, tuple) else [found]))
