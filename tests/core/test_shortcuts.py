"""What is computed another way because that is quicker: the numbers, the warnings and the errors are the same."""

import operator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_lite import Tensor, cross_entropy, linear, nn, no_grad, sigmoid
from autograd_lite.support import sums

FLOATS = [np.float16, np.float32, np.float64, np.longdouble]
LENGTHS = [0, 1, 2, 7, 8, 9, 127, 128, 129, 1024, 1025]

# -- sums as products with ones --------------------------------------------------------------------------------------

SUMS = {
    "all": (sums.sum_all, lambda n: (n,), None),
    "columns": (sums.sum_of_rows, lambda n: (n, 3), 0),
}


@pytest.mark.parametrize("layout", ["C", "F", "strided"])
@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("kind", SUMS)
def test_sums_err_no_more_than_adding_one_after_the_other(kind, dtype, layout):
    function, shape, axis = SUMS[kind]
    rng = np.random.default_rng(0)
    for n in LENGTHS:
        x = rng.normal(size=shape(n)).astype(dtype)
        x = np.repeat(x, 2, axis=-1)[..., ::2] if layout == "strided" else np.array(x, order=layout)
        exact = np.sum(x, axis=axis, dtype=np.longdouble, keepdims=axis == 1)
        found = function(x)
        wide = kind == "columns" and dtype == np.float16  # the sweep rounds it
        assert (found.dtype, found.shape) == (np.float32 if wide else dtype, exact.shape)
        bound = n * np.finfo(dtype).eps * np.sum(np.abs(x), axis=axis, dtype=np.longdouble, keepdims=axis == 1)
        assert (np.abs(found - exact) <= bound).all()


@pytest.mark.parametrize("kind", SUMS)
def test_infinite_and_nan_numbers_stay_in_their_own_sum(kind):
    function, shape, axis = SUMS[kind]
    for n in (5, 128, 1025):
        for special in (np.inf, -np.inf, np.nan):
            x = np.ones(shape(n), np.float32)
            x.flat[0] = special
            expected = np.sum(x, axis=axis, keepdims=axis == 1)
            np.testing.assert_array_equal(function(x), expected)


# -- labels of a few classes -----------------------------------------------------------------------------------------


def gradient_and_losses(logits, labels):
    """The losses of all samples, and the gradient of their mean."""
    leaf = Tensor(logits, requires_grad=True)
    cross_entropy(leaf, labels).backward()
    return cross_entropy(logits, labels, reduction="none"), leaf.grad


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("classes", [1, 2, 10, 128, 129])
def test_cross_entropy_of_rows_is_that_of_an_image_one_pixel_wide(classes, dtype):
    rng = np.random.default_rng(classes)
    x = (20 * rng.normal(size=(6, classes))).astype(dtype)
    x[1] = x[1, 0]  # ties
    x[2, 1:] = -np.inf
    labels = rng.integers(0, classes, 6)
    labels[2:4] = 0  # of the row with −∞, forwards and backwards; any other label there costs ∞
    tolerance = 16 * np.finfo(dtype).eps
    for rows in (x, np.asfortranarray(x), np.repeat(x, 2, axis=1)[:, ::2], x[::-1]):
        before = rows.copy()
        losses, gradient = gradient_and_losses(rows, labels)
        expected_losses, expected = gradient_and_losses(rows[:, :, None], labels[:, None])
        np.testing.assert_allclose(losses, expected_losses[:, 0], rtol=tolerance, atol=tolerance)
        np.testing.assert_allclose(gradient, expected[:, :, 0], rtol=tolerance, atol=tolerance)
        np.testing.assert_array_equal(rows, before)


def test_a_nan_score_makes_the_loss_of_its_row_nan_and_no_other():
    x = np.zeros((3, 4))
    x[1, 2] = np.nan
    losses, gradient = gradient_and_losses(x, [0, 1, 2])
    assert np.isnan(losses).tolist() == [False, True, False]
    assert np.isnan(gradient).all(axis=1).tolist() == [False, True, False]


def test_an_impossible_label_costs_infinity():
    losses = cross_entropy(np.array([[0.0, -np.inf], [0.0, 0.0]]), [1, 1], reduction="none")
    np.testing.assert_allclose(losses, [np.inf, np.log(2)])


@pytest.mark.parametrize("reduction", ["none", "sum"])
def test_a_batch_of_nothing_costs_nothing(reduction):
    assert np.sum(cross_entropy(np.zeros((0, 3)), np.zeros(0, int), reduction=reduction)) == 0


def test_labels_of_no_classes_are_refused():
    with pytest.raises(ValueError, match="classes are numbered 0 to -1"):
        cross_entropy(np.zeros((3, 0)), np.zeros(3, int))


# -- labels and the affine map ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int16, np.uint16, np.int32, np.uint32, np.int64, np.uint64])
def test_labels_can_have_any_integer_dtype(dtype):
    logits = np.random.default_rng(0).normal(size=(4, 3))
    labels = np.array([2, 0, 1, 2])
    assert cross_entropy(logits, labels.astype(dtype)) == cross_entropy(logits, labels)
    with pytest.raises(ValueError, match="classes are numbered 0 to 2"):
        cross_entropy(logits, np.array([2, 0, 1, 3], dtype))
    if np.dtype(dtype).kind == "i":
        with pytest.raises(ValueError, match="labels from -1 to 2"):
            cross_entropy(logits, np.array([2, 0, -1, 2], dtype))


def test_the_affine_map_writes_only_to_its_own_result():
    rng = np.random.default_rng(0)
    arrays = [rng.normal(size=shape) for shape in ((4, 3), (2, 3), (2,))]
    before = [array.copy() for array in arrays]
    out = linear(*arrays)
    assert not any(np.shares_memory(out, array) for array in arrays)
    for array, kept in zip(arrays, before, strict=True):
        np.testing.assert_array_equal(array, kept)


def test_the_bias_of_the_affine_map_is_promoted_and_never_broadcast():
    x, weight, bias = np.ones((4, 3), np.float32), np.ones((2, 3), np.float32), np.full(2, 1e-12)
    assert linear(x, weight, bias).dtype == np.float64
    np.testing.assert_array_equal(linear(x, weight, bias), np.full((4, 2), 3 + 1e-12))
    for wrong in (np.ones(1), np.ones((4, 2)), np.array(1.0)):
        with pytest.raises(ValueError, match=r"expected \(2,\)"):
            linear(x, weight, wrong)


@pytest.mark.parametrize("x", [np.zeros((4, 2)), np.zeros(2), np.zeros((5, 4, 2)), np.array(1.0)])
def test_the_affine_map_says_which_shapes_do_not_match(x):
    with pytest.raises(ValueError, match="do not match"):
        linear(x, np.ones((2, 3)))
    with pytest.raises(ValueError, match="do not match"):
        linear(np.ones((4, 3)), np.ones(3))


@pytest.mark.parametrize("dtype", FLOATS)
def test_sigmoid_works_on_memory_of_its_own(dtype):
    x = np.linspace(-5, 5, 12).reshape(3, 4).astype(dtype)
    for view in (x, x.T, x[:, ::2], x[0, 0], x[:0]):
        kept = np.array(view)
        out = sigmoid(view)
        assert not np.shares_memory(out, view)
        assert (out.dtype, out.shape) == (dtype, view.shape)
        np.testing.assert_array_equal(view, kept)
        np.testing.assert_allclose(out, 1 / (1 + np.exp(-kept)), rtol=4 * np.finfo(dtype).eps)


# -- scalar by scalar ------------------------------------------------------------------------------------------------

OPERATORS = {operator.add: np.add, operator.sub: np.subtract, operator.mul: np.multiply, operator.truediv: np.divide}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("function", OPERATORS, ids=lambda function: function.__name__)
@given(x=st.floats(width=32), y=st.floats(width=32))
def test_operators_on_single_numbers_give_the_bits_of_the_ufunc(function, dtype, x, y):
    ufunc = OPERATORS[function]
    number, other = dtype(x), dtype(y)
    with np.errstate(all="ignore"):
        expected = ufunc(np.array([number]), np.array([other]))[0]
        result = Tensor(number) * 1.0  # holds a NumPy number, as every result without axes
        for left, right in ((Tensor(number), Tensor(other)), (Tensor(number), y), (x, Tensor(other)), (result, other)):
            out = function(left, right)._data
            assert (out.dtype, out.shape) == (dtype, ())
            assert out.tobytes() == expected.tobytes() or (np.isnan(out) and np.isnan(expected))


def test_single_numbers_divide_by_zero_as_numpy_does():
    for zero in (0.0, Tensor(0.0)):
        with pytest.warns(RuntimeWarning, match="divide by zero"):
            assert (Tensor(1.0) / zero).item() == np.inf
    with np.errstate(divide="raise"), pytest.raises(FloatingPointError):
        Tensor(1.0) / 0.0


def test_integers_and_booleans_without_axes_keep_to_numpys_rules():
    assert (Tensor(np.int32(2)) * 3).dtype == np.int32
    assert (Tensor(np.int8(2)) / 4).item() == 0.5
    assert (Tensor(np.float32(2)) * np.float64(3)).dtype == np.float64
    assert (Tensor(True) + Tensor(True)).dtype == np.bool_


def test_a_single_number_that_changes_after_its_use_counts_with_its_value_then():
    w = Tensor(3.0, requires_grad=True)
    y = w * w
    with no_grad():
        w += 1.0
    y.backward()
    assert w.grad == 6.0


# -- calling a module ------------------------------------------------------------------------------------------------


def test_calling_a_module_calls_the_forward_that_it_has_now(monkeypatch):
    model = nn.Linear(2, 1, rng=0)
    monkeypatch.setattr(model, "forward", lambda x: "of this instance", raising=False)
    assert model(1) == "of this instance"
    monkeypatch.undo()
    monkeypatch.setattr(nn.Linear, "forward", lambda self, x: "of the class")
    assert model(1) == "of the class"


def test_a_module_can_wrap_what_calling_it_does():
    class Doubled(nn.Linear):
        def __call__(self, x):
            return 2 * super().__call__(x)

    x = np.ones((3, 2), np.float32)
    np.testing.assert_array_equal(nn.Module.__call__(Doubled(2, 1, rng=0), x).data, nn.Linear(2, 1, rng=0)(x).data)
    np.testing.assert_array_equal(Doubled(2, 1, rng=0)(x).data, 2 * nn.Linear(2, 1, rng=0)(x).data)
