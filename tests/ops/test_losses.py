"""Losses against their definitions, written as plain loops in double precision, and against numerical derivatives."""

import math
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite import Tensor, cross_entropy, log_softmax, nn, one_hot, sigmoid, softmax
from autograd_lite.testing.comparing.numerical import numerical_gradient

seeds = st.integers(0, 2**32 - 1)
reductions = st.sampled_from(["mean", "sum", "none"])
dtypes = st.sampled_from([np.float32, np.float64])
shapes = st.lists(st.integers(1, 4), max_size=3).map(tuple)
class_shapes = st.sampled_from([(1,), (4,), (1, 3), (5, 1), (4, 3), (3, 4, 2), (2, 3, 2, 2)])


def reduced(terms, reduction):
    """The terms themselves, their exact sum, or that over their number."""
    total = math.fsum(np.ravel(terms))
    return {"none": terms, "sum": total, "mean": total / np.size(terms)}[reduction]


def cross_entropy_terms(logits, target):
    """−Σ_k y_k (z_k − ln Σ_j e^(z_j)) for each sample, where the target is labels or probabilities."""
    classes_last = np.moveaxis(logits.astype(float), 0 if logits.ndim == 1 else 1, -1)
    if target.ndim == logits.ndim:
        target = np.moveaxis(target.astype(float), 0 if logits.ndim == 1 else 1, -1)
    terms = np.empty(classes_last.shape[:-1])
    for sample in np.ndindex(terms.shape):
        row = [float(z) for z in classes_last[sample]]
        top = max(row)
        log_total = top + math.log(math.fsum(math.exp(z - top) for z in row))
        if target.ndim == terms.ndim:
            terms[sample] = log_total - row[int(target[sample])]
        else:
            terms[sample] = math.fsum(y * (log_total - z) for y, z in zip(target[sample], row, strict=True))
    return terms


def elementwise(formula, *arrays):
    terms = np.empty(arrays[0].shape)
    for index in np.ndindex(terms.shape):
        terms[index] = formula(*[float(array[index]) for array in arrays])
    return terms


def binary_term(p, y):
    return -y * math.log(p) - (1 - y) * math.log(1 - p)


def binary_logit_term(z, y):
    return max(z, 0) - z * y + math.log1p(math.exp(-abs(z)))


def sample(kind, shape, rng):
    """Prediction, target and the terms of the definition, for one kind of loss."""
    normal = 3 * rng.normal(size=shape)
    if kind in ("labels", "rows", "nll"):
        axis = 0 if len(shape) == 1 else 1
        labels = np.asarray(rng.integers(shape[axis], size=shape[:axis] + shape[axis + 1 :]))
        # Rows need not sum to one: these are smoothed, weighted and sometimes zero.
        return normal, labels if kind != "rows" else rng.uniform(size=shape) * rng.integers(0, 3, size=shape)
    if kind == "binary":
        return rng.uniform(0.05, 0.95, size=shape), rng.uniform(size=shape)
    return normal, rng.uniform(size=shape)


KINDS = {
    "labels": (nn.CrossEntropyLoss, cross_entropy_terms),
    "rows": (nn.CrossEntropyLoss, cross_entropy_terms),
    "binary": (nn.BCELoss, lambda p, y: elementwise(binary_term, p, y)),
    "logits": (nn.BCEWithLogitsLoss, lambda z, y: elementwise(binary_logit_term, z, y)),
    "squares": (nn.MSELoss, lambda x, y: elementwise(lambda a, b: (a - b) ** 2, x, y)),
}


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data(), reduction=reductions, dtype=dtypes, seed=seeds)
def test_losses_equal_their_definition(kind, data, reduction, dtype, seed):
    loss, definition = KINDS[kind]
    shape = data.draw(class_shapes if kind in ("labels", "rows") else shapes)
    prediction, target = sample(kind, shape, np.random.default_rng(seed))
    prediction = prediction.astype(dtype)
    target = target if target.dtype.kind == "i" else target.astype(dtype)
    expected = reduced(definition(prediction, target), reduction)
    result = loss(reduction=reduction)(prediction, target)
    assert np.shape(result) == np.shape(expected)
    assert result.dtype == dtype
    # Terms are of the order of the logits (below 20) times the row sums (below 8); a sum has at most 64 of them.
    np.testing.assert_allclose(result, expected, rtol=50 * np.finfo(dtype).eps, atol=2000 * np.finfo(dtype).eps)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=20)
@given(data=st.data(), reduction=reductions, seed=seeds)
def test_gradients_of_losses_agree_with_numerical_ones_for_prediction_and_target(kind, data, reduction, seed):
    rng = np.random.default_rng(seed)
    loss, definition = KINDS[kind]
    shape = data.draw(class_shapes if kind in ("labels", "rows") else shapes)
    prediction, target = sample(kind, shape, rng)
    cotangent = rng.normal(size=np.shape(reduced(definition(prediction, target), reduction)))
    x, y = Tensor(prediction, requires_grad=True), Tensor(target, requires_grad=target.dtype.kind == "f")
    loss(reduction=reduction)(x, y).backward(cotangent)

    def value(prediction, target):
        return np.sum(cotangent * reduced(definition(prediction, target), reduction))

    expected = numerical_gradient(lambda v: value(v, target), prediction, step=0.005).gradient
    np.testing.assert_allclose(x.grad, expected, rtol=1e-7, atol=1e-8)
    if y.requires_grad:
        expected = numerical_gradient(lambda v: value(prediction, v), target).gradient
        np.testing.assert_allclose(y.grad, expected, rtol=1e-7, atol=1e-8)


@given(class_shapes, reductions, seeds)
def test_nll_of_log_softmax_is_cross_entropy_with_its_gradient(shape, reduction, seed):
    rng = np.random.default_rng(seed)
    scores, labels = sample("nll", shape, rng)
    axis = 0 if len(shape) == 1 else 1
    cotangent = rng.normal(size=labels.shape if reduction == "none" else ())
    z, fused = Tensor(scores, requires_grad=True), Tensor(scores, requires_grad=True)
    result = nn.NLLLoss(reduction=reduction)(log_softmax(z, axis), labels)
    expected = reduced(cross_entropy_terms(scores, labels), reduction)
    np.testing.assert_allclose(result.data, expected, rtol=1e-12, atol=1e-12)
    result.backward(cotangent)
    nn.CrossEntropyLoss(reduction=reduction)(fused, labels).backward(cotangent)
    np.testing.assert_allclose(z.grad, fused.grad, rtol=1e-11, atol=1e-13)


@given(st.integers(1, 6), st.integers(1, 5), dtypes, seeds)
def test_the_gradient_of_cross_entropy_is_p_minus_y_over_n(samples, classes, dtype, seed):
    rng = np.random.default_rng(seed)
    scores = (5 * rng.normal(size=(samples, classes))).astype(dtype)
    labels = rng.integers(classes, size=samples)
    exponentials = np.exp(scores.astype(float))
    expected = (exponentials / exponentials.sum(axis=1, keepdims=True) - np.eye(classes)[labels]) / samples
    for target in (labels, labels.astype(np.uint8), np.eye(classes, dtype=dtype)[labels]):
        logits = Tensor(scores, requires_grad=True)
        nn.CrossEntropyLoss()(logits, target).backward()
        assert logits.grad.dtype == dtype
        np.testing.assert_allclose(logits.grad, expected, rtol=0, atol=8 * np.finfo(dtype).eps)


def test_one_hot_rows_have_a_one_at_the_label():
    np.testing.assert_array_equal(one_hot([2, 0], 3), [[0, 0, 1], [1, 0, 0]])
    np.testing.assert_array_equal(one_hot(1, 2), [0, 1])
    assert one_hot(np.zeros((2, 3), int), 4).shape == (2, 3, 4)
    with pytest.raises(ValueError, match="numbered 0 to 2"):
        one_hot([3], 3)


# -- the dtype of the target ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", [np.float32, np.float64, np.int64, np.int8, np.uint8, np.bool_])
@pytest.mark.parametrize("kind", ["binary", "logits", "squares"])
def test_zeros_and_ones_of_any_dtype_are_the_same_target(kind, target):
    loss, definition = KINDS[kind]
    prediction, zeros_and_ones = np.array([0.25, 0.25, 0.75, 0.75]), np.array([0, 1, 0, 1])
    x = Tensor(prediction, requires_grad=True)
    result = loss(reduction="sum")(x, zeros_and_ones.astype(target))
    result.backward()
    assert result.item() == pytest.approx(math.fsum(definition(prediction, zeros_and_ones)), rel=1e-14)
    expected = numerical_gradient(lambda v: math.fsum(definition(v, zeros_and_ones)), prediction).gradient
    np.testing.assert_allclose(x.grad, expected, rtol=1e-8)


# -- extremes ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@given(data=st.data())
def test_logits_up_to_ten_thousand_stay_finite_without_a_warning(dtype, data):
    rng = np.random.default_rng(data.draw(seeds))
    scale = data.draw(st.sampled_from([1.0, 90.0, 750.0, 1e4]))
    scores = rng.choice([-1.0, -0.5, 0.0, 0.999, 1.0], size=(4, 3)) * scale
    labels, ones = rng.integers(3, size=4), rng.integers(2, size=(4, 3))
    functions = [
        lambda z: nn.CrossEntropyLoss()(z, labels),
        lambda z: nn.CrossEntropyLoss()(z, ones.astype(dtype)),
        lambda z: nn.BCEWithLogitsLoss()(z, ones.astype(dtype)),
        lambda z: (softmax(z, 1) * ones.astype(dtype)).sum(),
        lambda z: log_softmax(z, 1).mean(),
        lambda z: sigmoid(z).sum(),
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for function in functions:
            logits = Tensor(scores, requires_grad=True, dtype=dtype)
            result = function(logits)
            result.backward()
            assert np.isfinite(result.item())
            assert np.isfinite(logits.grad).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_sigmoid_and_losses_are_exact_where_the_exponential_overflows(dtype):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        low, high = sigmoid(np.array([-1e4, 1e4], dtype))
        assert 0 <= low <= np.finfo(dtype).tiny
        assert high == 1
        z = np.array([[1e4, -1e4]], dtype)
        np.testing.assert_array_equal(nn.CrossEntropyLoss(reduction="none")(z, [1]), [2e4])
        np.testing.assert_array_equal(nn.CrossEntropyLoss(reduction="none")(z, [0]), [0])
        np.testing.assert_array_equal(
            nn.BCEWithLogitsLoss(reduction="none")(z, np.array([[0, 1]], dtype)), [[1e4, 1e4]]
        )


@pytest.mark.parametrize("z", [5.0, 10.0, 20.0, 30.0])
def test_small_losses_of_confident_right_answers_keep_their_digits(z):
    # −ln σ(z) = ln(1 + e^(−z)): tiny, but not the difference of two large numbers.
    terms = nn.BCEWithLogitsLoss(reduction="none")(np.array([z, -z]), np.array([1.0, 0.0]))
    np.testing.assert_allclose(terms, math.log1p(math.exp(-z)), rtol=1e-14)


def test_probabilities_of_zero_and_one_cost_at_most_a_hundred_without_a_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        p = Tensor([0.0, 1.0, 0.0, 1.0], requires_grad=True)
        terms = nn.BCELoss(reduction="none")(p, np.array([0.0, 1.0, 1.0, 0.0]))
        terms.backward(np.ones(4))
        np.testing.assert_array_equal(terms.data, [0, 0, 100, 100])
        assert np.isfinite(p.grad).all()


def test_integer_logits_are_logits():
    np.testing.assert_array_equal(cross_entropy(np.array([[1, 2]]), [0]), cross_entropy(np.array([[1.0, 2.0]]), [0]))


# -- what is no probability ----------------------------------------------------------------------------------------

# A loss as a function of the argument that is checked, numbers that it can be, and the largest error that is rounding.
CHECKED = {
    "nll_loss: log_probabilities": (lambda v: ag.nll_loss(np.stack([v, v], 1), [0] * len(v)), [-np.inf, -2, 0], 1e-4),
    "kl_div: x": (lambda v: ag.kl_div(v, np.full(len(v), 0.5), reduction="sum"), [-np.inf, -2, 0], 1e-4),
    "kl_div: target of logarithms": (
        lambda v: ag.kl_div(np.full(len(v), -1.0), v, log_target=True), [-50, -2, 0], 1e-4),
    "kl_div: target": (lambda v: ag.kl_div(np.full(len(v), -1.0), v), [0, 0.5, 1, 7], 1e-6),
    "binary_cross_entropy: p": (lambda v: ag.binary_cross_entropy(v, np.full(len(v), 0.5)), [0, 0.5, 1], 1e-6),
    "binary_cross_entropy: target": (lambda v: ag.binary_cross_entropy(np.full(len(v), 0.5), v), [0, 0.5, 1], 1e-6),
    "binary_cross_entropy_with_logits: target": (
        lambda v: ag.binary_cross_entropy_with_logits(np.arange(len(v)), v), [0, 0.5, 1], 1e-6),
    "cross_entropy: target": (lambda v: ag.cross_entropy(np.ones((len(v), 1)), v[:, None]), [0, 0.5, 1, 7], 1e-6),
}  # fmt: skip


@pytest.mark.parametrize("name", CHECKED)
@pytest.mark.parametrize("position", [0, 1, -1])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_losses_take_nothing_that_is_no_probability(name, position, dtype):
    loss, good, rounding = CHECKED[name]
    function, argument = name.split(" of")[0].split(": ")
    loss(np.array(good, dtype))
    wrong = [] if np.inf > max(good) > 1 else [max(good) + 1, max(good) + 2 * rounding, np.inf]
    wrong += [min(good) - 1, min(good) - 2 * rounding] if min(good) == 0 else []
    wrong += [np.nan] * (argument in ("target", "p"))
    for value in wrong:
        given = np.insert(np.array(good, dtype), position, value)
        with pytest.raises(
            ValueError, match=f"^{function}: {argument} holds {np.float64(given[position - (position < 0)]):g}[;:,]"
        ):
            loss(given)
    for value in (max(good) + rounding / 2, min(good) - rounding / 2):
        with np.errstate(invalid="ignore"):
            loss(np.array([value if np.isfinite(value) else 0], dtype))


def test_nan_scores_give_nan_and_no_error():
    assert np.isnan(ag.nll_loss(np.array([[np.nan, -1.0]]), [0]))
    assert np.isnan(ag.kl_div(np.array([np.nan, -1.0]), np.array([0.5, 0.5])))
    assert np.isnan(ag.binary_cross_entropy_with_logits(np.array([np.nan]), np.array([0.0])))


@pytest.mark.parametrize("loss", [ag.mse_loss, ag.l1_loss, ag.huber_loss, ag.binary_cross_entropy])
def test_a_number_of_python_is_a_target_of_the_dtype_of_the_prediction(loss):
    assert loss(Tensor(np.float32(0.25)), 0.5).dtype == np.float32


def test_booleans_and_integers_are_targets():
    z = np.array([0.5, -0.5])
    for target in ([True, False], [1, 0], np.array([1, 0], np.uint8)):
        assert ag.binary_cross_entropy_with_logits(z, target) == ag.binary_cross_entropy_with_logits(z, [1.0, 0.0])


@pytest.mark.parametrize("shape", [(2, 0), (2, 0, 3), (0,)])
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_the_cross_entropy_of_no_classes_is_0(shape, reduction):
    logits = Tensor(np.ones(shape), requires_grad=True)
    with np.errstate(divide="ignore"):  # the logarithm of an empty sum
        loss = cross_entropy(logits, np.ones(shape), reduction=reduction)
    loss.sum().backward()
    np.testing.assert_array_equal(loss.data, np.zeros(loss.shape))
    assert logits.grad.shape == shape
