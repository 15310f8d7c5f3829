"""Arguments that the random samples of the catalogue seldom draw: each takes its own way through a derivative rule."""

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import Tensor
from autograd_lite.testing.comparing.numerical import numerical_gradient

RNG = np.random.default_rng(5)
CUBE, MATRIX, VECTOR = RNG.uniform(0.5, 2, (2, 3, 4)), RNG.uniform(0.5, 2, (3, 3)), RNG.uniform(0.5, 2, 3)
TALL, WIDE = RNG.normal(size=(3, 2)), RNG.normal(size=(2, 3))


def standardized(x):
    return (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-5)


def gradients(function, arrays, cotangent):
    tensors = [Tensor(array, requires_grad=True) for array in arrays]
    function(*tensors).backward(cotangent)
    return [tensor.grad for tensor in tensors]


@pytest.mark.parametrize(
    ("function", "reference", "arrays"),
    [
        (lambda x: ag.take(x, [0, 2, 2], axis=-1), lambda x: x[:, :, [0, 2, 2]], [CUBE]),
        (lambda x: ag.take(x, [1, 1], axis=-2), lambda x: x[:, [1, 1]], [CUBE]),
        (lambda x: ag.prod(x, axis=()), lambda x: x, [CUBE]),
        (lambda x: ag.prod(x, axis=0), lambda x: x[0] * x[1], [CUBE]),
        (lambda x: ag.prod(x, axis=(2, 0)), lambda x: np.exp(np.log(x).sum(axis=(0, 2))), [CUBE]),
        (lambda x: ag.cumprod(x, axis=-2), lambda x: np.exp(np.log(x).cumsum(axis=1)), [CUBE]),
        (lambda a: ag.diagonal(a, 1, -1, 0), lambda a: a[1, :, :1], [CUBE]),
        (lambda a: ag.diagonal(a, -1, 2, -3), lambda a: np.stack([a[0, :, 1], a[1, :, 2]], -1), [CUBE]),
        (lambda a: ag.diagonal(a, -1, 1, 2), lambda a: np.stack([a[:, 1, 0], a[:, 2, 1]], -1), [CUBE]),
        (lambda a: ag.trace(a, 1, -1, 0), lambda a: a[1, :, 0], [CUBE]),
        (lambda a: ag.trace(a, -1, 2, -3), lambda a: a[0, :, 1] + a[1, :, 2], [CUBE]),
        (lambda a: ag.trace(a, 0, 1, 2), lambda a: a[:, 0, 0] + a[:, 1, 1] + a[:, 2, 2], [CUBE]),
        (np.linalg.trace, lambda x: x[:, 0, 0] + x[:, 1, 1] + x[:, 2, 2], [CUBE]),
        (lambda x: np.linalg.trace(x, offset=1), lambda x: x[:, 0, 1] + x[:, 1, 2] + x[:, 2, 3], [CUBE]),
        (lambda x: ag.cumprod(x, axis=1), lambda x: x, [CUBE[0, :0]]),
        (lambda x, y: ag.convolve(x, y), lambda x, y: x * y, [VECTOR, np.array(2.0)]),
        (lambda x, y: ag.convolve(x, y), lambda x, y: x * y, [np.array(2.0), VECTOR]),
        (lambda x: ag.vander(x, 5), lambda x: np.stack([x**4, x**3, x**2, x, x**0], 1), [VECTOR - 1]),
        (lambda x: ag.vander(x, 2, increasing=True), lambda x: np.stack([x**0, x], 1), [VECTOR]),
        (lambda x: ag.vander(x, 4), lambda x: np.stack([x**3, x**2, x, x**0], 1), [np.array([0.0, 0.0, 2.0])]),
        (lambda x: ag.tile(x, 0), lambda x: np.zeros(0), [VECTOR]),
        (lambda x: ag.tile(x, (2, 1, 2)), lambda x: np.concatenate([np.stack([x, x])] * 2, -1)[:, None], [VECTOR]),
        (lambda x, fp: ag.interp(x, [0, 1, 3], fp), lambda x, fp: np.interp(x, [0, 1, 3], fp),
         [np.array([-1.0, 0.5, 2.0, 3.5]), VECTOR]),
        (lambda fp: ag.interp([0.0, 1.0, 3.0, -1.0, 4.0], [0, 1, 3], fp, left=7.0, right=9.0),
         lambda fp: np.array([fp[0], fp[1], fp[2], 7.0, 9.0]), [VECTOR]),
        (lambda fp: ag.interp([0.5, 2.0, 3.0], [2.0], fp), lambda fp: np.array([fp[0], fp[0], fp[0]]), [VECTOR[:1]]),
        (lambda a, b, c: ag.einsum("ij,jk,k->i", a, b, c, optimize=["einsum_path", (1, 2), (0, 1)]),
         lambda a, b, c: a @ (b @ c), [TALL, WIDE, VECTOR]),
        (lambda b: ag.linear(np.ones((2000, 2)), np.ones((3, 2)), b), lambda b: 2 + np.tile(b, (2000, 1)), [VECTOR]),
        (lambda x: ag.layer_norm(x, 4), standardized, [CUBE]),
        (lambda x, w: ag.layer_norm(x, 4, w), lambda x, w: standardized(x) * w, [CUBE, CUBE[0, 0]]),
        (lambda x, b: ag.layer_norm(x, 4, bias=b), lambda x, b: standardized(x) + b, [CUBE, CUBE[0, 0]]),
        (lambda x: ag.softmax(x, axis=1), lambda x: np.exp(x) / np.sum(np.exp(x)), [RNG.normal(size=(1, 150))]),
        (lambda a, b: ag.lstsq(a, b)[0], lambda a, b: a.T @ np.linalg.inv(a @ a.T) @ b, [WIDE, VECTOR[:2]]),
        (lambda a, b: ag.lstsq(a, b)[0], lambda a, b: a.T @ np.linalg.inv(a @ a.T) @ b, [WIDE, MATRIX[:2]]),
        (lambda a, b: ag.lstsq(a, b, -1.0)[0], lambda a, b: np.linalg.inv(a.T @ a) @ a.T @ b, [TALL, VECTOR]),
        (lambda x, y, b: ag.lstsq(np.outer(x, y), b, 1e-3)[0],
         lambda x, y, b: np.outer(y, x) @ b / (x @ x) / (y @ y), [VECTOR, VECTOR[:2], VECTOR + 1]),
        (lambda a: ag.pinv(a, rtol=1e-3), lambda a: np.linalg.inv(a.T @ a) @ a.T, [TALL]),
        (lambda a: ag.pinv(a, rtol=None), lambda a: np.linalg.inv(a.T @ a) @ a.T, [TALL]),
        (lambda a: ag.pinv(a + a.T, hermitian=True), lambda a: np.linalg.inv(a + a.T), [MATRIX + 2 * np.eye(3)]),
        (lambda x: ag.norm(x, 0.5, 0), lambda x: np.sum(np.sqrt(np.abs(x)), 0) ** 2, [TALL]),
        (lambda x: ag.norm(x, -2, 0), lambda x: np.sum(x**-2.0, 0) ** -0.5, [TALL]),
        (lambda x: ag.norm(x, 2, (2, 0), keepdims=True), lambda x: np.linalg.norm(x, 2, (2, 0), True), [CUBE]),
        (lambda x: np.astype(x, float, copy=False) * 2, lambda x: 2 * x, [VECTOR]),
    ],
)  # fmt: skip
def test_gradients_agree_with_numerical_ones(function, reference, arrays):
    cotangent = np.random.default_rng(0).normal(size=np.shape(reference(*arrays)))
    np.testing.assert_allclose(np.asarray(function(*arrays)), reference(*arrays), rtol=1e-12, atol=1e-12)
    for i, found in enumerate(gradients(function, arrays, cotangent)):
        expected = numerical_gradient(
            lambda x, i=i: np.sum(cotangent * reference(*arrays[:i], x, *arrays[i + 1 :])), arrays[i]
        )
        np.testing.assert_allclose(found, expected.gradient, rtol=1e-7, atol=1e-7)


@pytest.mark.parametrize(
    ("function", "values", "expected"),
    [
        # at a point the line to the right counts, beyond the ends nothing
        (lambda x: ag.interp(x, [0, 1, 2], [0.0, 10.0, 40.0]), [-1.0, 0.0, 1.0, 2.0, 3.0], [0, 10, 30, 30, 0]),
        (lambda x: ag.interp(x, [0, 1], [0.0, 10.0]), [0.0, 1.0], [10, 10]),
        (lambda x: ag.interp(x, [0, 1], [np.nan, 10.0]), [-1.0], [0]),
        # bounds the wrong way round: NumPy gives the upper one everywhere
        (lambda x: ag.clip(x, 2.0, 1.0), [0.0, 1.0, 1.5, 2.0, 3.0], [0, 0, 0, 0, 0]),
        (lambda high: ag.clip(1.5, 2.0, high), [1.0, 1.5, 1.8], [1, 1, 1]),
        (lambda low: ag.clip(1.5, low, 1.0), [1.2, 1.5, 2.0], [0, 0, 0]),
        (lambda x: ag.norm(x, 4), [0.0, 0.0], [0, 0]),
        (lambda x: ag.norm(x, 4), [0.0, -2.0], [0, -1]),
        (lambda x: ag.norm(x, 1.5), [0.0, 4.0], [0, 1]),
        (lambda x: ag.norm(x, 0.5), [0.0, 4.0], [0, 1]),
        (lambda x: ag.norm(x, -1), [0.0, 4.0], [0, 0]),
        # kinks of activations and losses
        (lambda x: ag.elu(x, 2.0), [0.0], [2]),
        (lambda x: ag.leaky_relu(x, 0.1), [0.0], [0.1]),
        (ag.hardtanh, [-1.0, 0.0, 1.0], [0, 1, 0]),
        (lambda x: ag.hinge_loss(x, [1.0, -1.0, 1.0], reduction="sum"), [1.0, -1.0, 0.5], [0, 0, -1]),
        (lambda x: ag.l1_loss(x, [1.0, 2.0], reduction="sum"), [1.0, 3.0], [0, 1]),
        (lambda x: ag.l1_loss([1.0, 2.0], x, reduction="sum"), [1.0, 3.0], [0, 1]),
        (lambda x: ag.gelu(x), [-1e200, 1e200], [0, 1]),
        (lambda x: ag.embedding([2, 0, 2], x, padding_idx=-1), [[1.0], [2.0], [3.0]], [[1], [0], [0]]),
        (lambda x: ag.embedding([2, 0, 2], x, padding_idx=0), [[1.0], [2.0], [3.0]], [[0], [0], [2]]),
        # slices of one number, or of none
        (ag.nanmax, [np.nan, np.nan], [0, 0]),
        (ag.nanmean, [np.nan, np.nan], [0, 0]),
        (ag.nanvar, [np.nan, np.nan], [0, 0]),
        (ag.nanstd, [np.nan, np.nan], [0, 0]),
        (ag.nanstd, [np.nan, 5.0], [0, 0]),
        (lambda x: ag.nanvar(x, ddof=1), [np.nan, 5.0], [np.nan, np.nan]),
        (ag.nanmedian, [np.nan, np.nan], [0, 0]),
        (lambda x: ag.nanmedian(x, axis=0), [[np.nan, np.nan, 1.0], [np.nan, 5.0, 3.0]], [[0, 0, 0.5], [0, 1, 0.5]]),
        (lambda x: ag.nanpercentile(x, 50), [3.0, np.nan, 2.0], [0.5, 0, 0.5]),
        (ag.median, [np.nan], [np.nan]),
        (ag.median, [np.nan, np.nan], [np.nan, np.nan]),
        (lambda x: ag.quantile(x, 0.5), [np.nan, np.nan], [np.nan, np.nan]),
        (lambda x: ag.percentile(x, 50), [np.nan, np.nan], [np.nan, np.nan]),
    ],
)
@pytest.mark.filterwarnings("ignore:divide by zero", "ignore:All-NaN", "ignore:Mean of empty", "ignore:Degrees of")
def test_gradients_at_special_places(function, values, expected):
    (found,) = gradients(lambda x: function(x).sum(), [np.array(values)], None)
    np.testing.assert_allclose(found, expected, rtol=1e-14)


def test_least_squares_of_a_matrix_without_full_rank_in_float32_are_those_in_float64():
    a, b = np.outer(VECTOR, VECTOR[:2]), np.array([1.0, -1.0, 2.0])
    narrow, wide = (
        gradients(lambda a, b: ag.lstsq(a, b, 1e-3)[0], [a.astype(dtype), b.astype(dtype)], np.array([1, 2], dtype))
        for dtype in (np.float32, np.float64)
    )
    for found, expected in zip(narrow, wide, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_a_pseudoinverse_takes_the_rank_for_certain_only_if_rounding_cannot_change_it():
    scales = np.array([1.0, 1e-5], np.float32)
    tall = np.linalg.qr(np.random.default_rng(0).normal(size=(1000, 2)))[0].astype(np.float32) * scales
    (found,) = gradients(lambda a: ag.pinv(a, rtol=None).sum(), [tall], None)
    assert np.isfinite(found).all()
    (found,) = gradients(lambda a: ag.lstsq(a, np.ones(1000, np.float32))[0].sum(), [tall], None)
    assert np.isfinite(found).all()
    stack = np.zeros((1000, 2, 2), np.float32) + np.diag(np.array([1, 5e-5], np.float32))
    (found,) = gradients(lambda a: ag.pinv(a, rtol=None).sum(), [stack], None)
    assert np.isfinite(found).all()
    with pytest.raises(np.linalg.LinAlgError, match="not certain"):
        gradients(lambda a: ag.pinv(a).sum(), [tall], None)
    almost = np.outer(VECTOR, VECTOR[:2])
    almost[0, 0] *= 1 + 2**-52
    with pytest.raises(np.linalg.LinAlgError, match="not certain"):
        gradients(lambda a: ag.lstsq(a, VECTOR, 0.0)[0].sum(), [almost], None)


def test_the_gradient_of_the_pseudoinverse_of_symmetric_matrices_is_symmetric():
    (found,) = gradients(lambda a: ag.pinv(a, hermitian=True), [MATRIX + MATRIX.T], np.arange(9.0).reshape(3, 3))
    np.testing.assert_array_equal(found, found.T)


@pytest.mark.parametrize("function", [
    lambda a, rcond: ag.pinv(a, rcond), lambda a, rcond: ag.eigh(a + ag.swapaxes(a, -1, -2))[1] ** 2,
    lambda a, rcond: ag.svd(a)[0] ** 2,
])  # fmt: skip
def test_matrices_of_a_stack_differ_in_scale_as_they_like(function):
    stack = MATRIX * np.array([1e20, 1.0, 1e-20, 3.0])[:, None, None]
    rcond = np.array([1e-3, 1e-2, 1e-4, 1e-3])
    (found,) = gradients(lambda a: function(a, rcond), [stack], np.ones_like(stack) * np.arange(3))
    for matrix, cutoff, gradient in zip(stack, rcond, found, strict=True):
        (alone,) = gradients(lambda a, cutoff=cutoff: function(a, cutoff), [matrix], np.ones((3, 3)) * np.arange(3))
        np.testing.assert_allclose(gradient, alone, rtol=1e-9, atol=1e-9 * np.abs(alone).max())


def test_eigenvalues_that_are_negative_coincide_as_others_do():
    q = np.linalg.qr(MATRIX)[0]
    with pytest.raises(np.linalg.LinAlgError, match="coincide"):
        gradients(lambda a: ag.eigh(a)[1].sum(), [-(q * [1, 1, 2]) @ q.T], None)


def test_singular_values_that_are_not_used_yet_have_mixed_derivatives():
    w = Tensor(np.zeros(2), requires_grad=True)

    def slope(w):
        return ag.grad(lambda a: (ag.lstsq(a, VECTOR)[3] * w).sum())(Tensor(TALL)).sum()

    u, _, vh = np.linalg.svd(TALL, full_matrices=False)
    expected = [np.sum(np.outer(u[:, i], vh[i])) for i in range(2)]
    np.testing.assert_allclose(ag.grad(slope)(w).numpy(), expected, rtol=1e-12)


@pytest.mark.parametrize("value", [np.asfortranarray(np.arange(6.0).reshape(3, 2)), np.array([[1.0], [2.0], [4.0]])])
def test_of_several_values_set_at_one_element_the_one_that_remains_receives_the_gradient(value):
    index = np.asfortranarray([[0, 0], [1, 0], [0, 1]])  # NumPy writes in the order of the memory of these
    x, new = Tensor(np.zeros(2)), Tensor(value, requires_grad=True)
    out = ag.setitem(x, index, new)
    out.sum().backward()
    assert np.sum(new.grad * value) == out.data.sum()
    assert new.grad.sum() == 2


def test_a_value_with_more_axes_than_the_elements_that_it_is_set_at():
    x, value = Tensor(np.zeros(4)), Tensor([[[5.0, 6.0]]], requires_grad=True)
    out = ag.setitem(x, [0, 3], value)
    assert out.tolist() == [5, 0, 0, 6]
    (out * [1.0, 2.0, 3.0, 4.0]).sum().backward()
    assert value.grad.tolist() == [[[1, 4]]]


def test_how_often_the_divisor_of_fmod_went_in_is_a_whole_number():
    x, y = np.arange(100.0, 200.0), np.full(100, 0.3)
    (found,) = gradients(lambda y: ag.fmod(x, y), [y], np.ones(100))
    np.testing.assert_array_equal(found, np.round(found))


def test_the_gradient_of_a_median_among_equal_elements_goes_to_the_one_in_the_middle_of_them():
    values = np.random.default_rng(0).integers(0, 3, 65).astype(float)
    (found,) = gradients(ag.median, [values], None)
    middle = sorted(range(65), key=lambda i: (values[i], i))[32]
    np.testing.assert_array_equal(found, np.arange(65) == middle)


def test_the_derivative_of_sinc_far_away_is_small_and_silent():
    (found,) = gradients(ag.sinc, [np.array([1e200, -1e200])], np.ones(2))
    assert np.all(np.abs(found) < 1e-199)


@pytest.mark.parametrize("index", [5, -3])
def test_an_axis_that_is_not_there_is_refused_as_in_numpy(index):
    for call in (lambda x: ag.compress([True], x, axis=index), lambda x: ag.take(x, [0], axis=index)):
        with pytest.raises(np.exceptions.AxisError):
            call(Tensor(MATRIX[:2]))


def test_complex_results_of_an_operation_with_several_are_refused():
    operation = ag.primitive(lambda x: (x, x * 1j), name="turned", outputs=2, x=lambda g: g[0])
    for x in (Tensor(1.0), Tensor(1.0, requires_grad=True)):
        with pytest.raises(TypeError, match="complex128"):
            operation(x)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.longdouble])
def test_sigmoid_is_silent_and_exact_as_far_as_its_dtype_reaches(dtype):
    limits = np.finfo(dtype)
    inside = dtype(0.9) * np.log(limits.max)
    np.testing.assert_allclose(ag.sigmoid(-inside), np.exp(-inside), rtol=8 * limits.eps)
    for outside in (limits.max, np.inf):
        assert ag.sigmoid(dtype(-outside)) == 0
        assert ag.sigmoid(dtype(outside)) == 1


def test_the_gradient_of_an_embedding_may_come_in_any_memory_order():
    upstream = np.asfortranarray(np.arange(6.0).reshape(3, 2))
    table = Tensor(np.zeros((3, 2)), requires_grad=True)
    ag.embedding([2, 0, 2], table).backward(upstream)
    np.testing.assert_array_equal(table.grad, [upstream[1], [0, 0], upstream[0] + upstream[2]])
