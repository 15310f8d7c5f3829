"""float16: means, losses and sums of any length, and optimizers, are those of float64, rounded to float16."""

import itertools
import pickle

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import Tensor, compile, grad, nn, optim

HALF = np.float16
LENGTHS = [1, 1000, 70_000]  # the last has more elements than float16 has numbers for


def numbers(n, low=0.0, high=1.0):
    return np.random.default_rng(n).uniform(low, high, n).astype(HALF)


def labels(n):
    return np.arange(n) % 2


# Each is a function of one array of halves (n,) and of nothing else, so that it can be given doubles instead.
MEANS = {
    "mean": np.mean,
    "mean of a column": lambda x: np.mean(x[:, None], axis=0).sum(),
    "average": np.average,
    "nanmean": np.nanmean,
    "trapezoid": lambda x: np.trapezoid(np.append(x, x[:1]), dx=1 / len(x)),
    "logsumexp": ag.logsumexp,
    "softmax": lambda x: (ag.softmax(x) * x.astype(float)).sum(),
    "log_softmax": lambda x: (ag.log_softmax(x) * (np.arange(len(x)) % 3 / len(x))).sum(),
    "max": lambda x: np.max(0 * x),
    "avg_pool2d": lambda x: ag.avg_pool2d(x.reshape(1, 1, -1), (1, len(x))).sum(),
    "mse_loss": lambda x: ag.mse_loss(x, 0 * x + 0.5),
    "l1_loss": lambda x: ag.l1_loss(x, 0 * x + 0.5),
    "huber_loss": lambda x: ag.huber_loss(x, 0 * x + 0.5, delta=0.25),
    "hinge_loss": lambda x: ag.hinge_loss(x, 2 * labels(len(x)) - 1),
    "kl_div": lambda x: ag.kl_div(-x, 0 * x + 0.5),
    "kl_div of logarithms": lambda x: ag.kl_div(-x, -x * x, log_target=True),
    "binary_cross_entropy": lambda x: ag.binary_cross_entropy(x * 0.5 + 0.25, labels(len(x))),
    "binary_cross_entropy with logits": lambda x: ag.binary_cross_entropy_with_logits(x, labels(len(x))),
    "cross_entropy": lambda x: ag.cross_entropy(np.stack([x, 1 - x], 1), labels(len(x))),
    "cross_entropy of rows": lambda x: ag.cross_entropy(np.stack([x, 1 - x], 1), np.stack([x, x], 1)),
    "nll_loss": lambda x: ag.nll_loss(np.stack([-x, -x], 1), labels(len(x))),
}


@pytest.mark.parametrize("name", MEANS)
@pytest.mark.parametrize("n", LENGTHS)
def test_means_and_losses_of_halves_are_those_of_doubles(name, n):
    function, x = MEANS[name], numbers(n)
    value, gradient = ag.value_and_grad(function)(x)
    expected, slopes = ag.value_and_grad(function)(x.astype(float))
    assert gradient.dtype == HALF
    # Composites are rounded several times; below 6e-5 a half has fewer digits, steps of 6e-8.
    np.testing.assert_allclose(float(value), expected, rtol=4e-3, atol=2e-3)
    np.testing.assert_allclose(gradient.astype(float), slopes, rtol=8e-3, atol=5e-3 * np.abs(slopes).max() + 2e-7)


@pytest.mark.parametrize("name", ["mean", "mse_loss", "cross_entropy", "binary_cross_entropy with logits", "logsumexp"])
def test_second_derivatives_of_halves_are_those_of_doubles(name):
    function, x = MEANS[name], numbers(70_000)

    def curvature(x):  # along a direction of ones, scaled by n so that it is not subnormal
        return grad(lambda x: (grad(lambda x: function(x) ** 2)(x) * 1.0).sum())(x)

    found, expected = curvature(x).astype(float), curvature(x.astype(float))
    np.testing.assert_allclose(found, expected, rtol=0.02, atol=0.02 * np.abs(expected).max() + 2e-7)


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_a_loss_keeps_the_dtype_that_its_arguments_have_in_common(reduction):
    half = numbers(4)
    for x, y, dtype in [
        (half, half, HALF),
        (half, half.astype(np.float32), np.float32),
        (half, half.astype(float), float),
    ]:
        assert ag.mse_loss(x, y, reduction=reduction).dtype == dtype
        assert ag.mse_loss(y, x, reduction=reduction).dtype == dtype
    assert ag.cross_entropy(half, 1, reduction=reduction).dtype == HALF


def test_one_large_error_among_many_does_not_overflow_a_mean():
    x = np.zeros(1000, HALF)
    x[0] = 300  # its square has no half
    assert float(ag.mse_loss(x, 0 * x)) == 90.0
    np.testing.assert_allclose(grad(lambda x: ag.mse_loss(x, 0 * x.numpy()))(x)[0], 0.6, rtol=1e-3)


def test_gradients_that_are_added_up_are_added_up_in_single():
    ones = np.ones((70_000, 2), HALF)
    small = HALF(0.001)
    np.testing.assert_allclose(grad(lambda b: ((ones + b) * small).sum())(np.zeros(2, HALF)), 70, rtol=1e-3)
    layer = nn.Linear(1, 2, dtype=HALF, rng=0)
    (layer(ones[:, :1]) * small).sum().backward()
    np.testing.assert_allclose(layer.bias.grad, 70, rtol=1e-3)
    np.testing.assert_allclose(grad(lambda t: (t[np.zeros(70_000, int)] * small).sum())(ones[0]), [70, 0], rtol=1e-3)
    table = Tensor(np.zeros((2, 1), HALF), requires_grad=True)
    ag.embedding(np.zeros(70_000, int), table).backward(ones[:, :1] * small)
    np.testing.assert_allclose(table.grad, [[70], [0]], rtol=1e-3)


@pytest.mark.parametrize("function", [np.var, np.std, np.nanvar, np.nanstd])
def test_deviations_from_a_mean_that_has_no_half_are_those_of_doubles(function):
    x = np.array([1000, 1001, 1001, 1003], HALF)
    expected = grad(lambda x: function(x) * 1.0)(x.astype(float))
    np.testing.assert_allclose(grad(lambda x: function(x) * 1.0)(x), expected, rtol=2e-3)


# -- optimizers --------------------------------------------------------------------------------------------------------


def adam(g, state, t, lr, decay=0.0, eps=1e-8):
    m, v = (
        beta * old + (1 - beta) * new for beta, old, new in zip((0.9, 0.999), state or (0, 0), (g, g * g), strict=True)
    )
    return -lr * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + eps), (m, v)


def rmsprop(g, state, t, lr):
    s = 0.99 * (state or 0) + 0.01 * g * g
    return -lr * g / (np.sqrt(s) + 1e-8), s


def adagrad(g, state, t, lr):
    s = (state or 0) + g * g
    return -lr * g / (np.sqrt(s) + 1e-10), s


def momentum(g, state, t, lr):
    v = 0.9 * (state or 0) + g
    return -lr * v, v


OPTIMIZERS = {
    "Adam": (lambda p, lr: optim.Adam(p, lr), adam),
    "AdamW": (lambda p, lr: optim.AdamW(p, lr, weight_decay=0), adam),
    "RMSprop": (lambda p, lr: optim.RMSprop(p, lr), rmsprop),
    "Adagrad": (lambda p, lr: optim.Adagrad(p, lr), adagrad),
    "SGD": (lambda p, lr: optim.SGD(p, lr, momentum=0.9), momentum),
}
GRADIENTS = [0.0, 6e-8, 1e-4, -1e-3, 0.5, -300.0, 1e4]


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("large", [False, True])
def test_updates_of_halves_are_those_of_the_formula(name, large):
    make, formula = OPTIMIZERS[name]
    gradients = np.tile(np.array(GRADIENTS, HALF), 20_000 if large else 1)  # large parameters have another way
    parameter = Tensor(np.ones(len(gradients), HALF), requires_grad=True)
    lr = 1e-6 if name == "SGD" else 1e-2
    optimizer, states, values = make([parameter], lr), {}, np.ones(len(GRADIENTS))
    for t in range(1, 6):
        parameter.grad = gradients
        optimizer.step()
        for i, g in enumerate(np.array(GRADIENTS, HALF).astype(float)):
            change, states[i] = formula(g, states.get(i), t, lr)
            values[i] += change
    assert parameter.dtype == HALF
    np.testing.assert_allclose(
        parameter.data.reshape(-1, len(GRADIENTS)).astype(float), [values] * (20_000 if large else 1), atol=5 * 5e-4
    )
    assert (parameter.data[0] == 1).all()


@pytest.mark.parametrize("kind", [optim.SGD, optim.Adam, optim.RMSprop, optim.Adagrad])
def test_a_weight_decay_too_small_for_a_half_counts(kind):
    halves = Tensor(np.ones(2, HALF), requires_grad=True)
    doubles = Tensor(np.ones(2), requires_grad=True)
    for parameter in (halves, doubles):
        optimizer = kind([parameter], lr=0.1 if kind is not optim.SGD else 1e7, weight_decay=1e-8)
        parameter.grad = np.zeros(2)
        optimizer.step()
    np.testing.assert_allclose(halves.data.astype(float), doubles.data, rtol=1e-3)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_state_of_halves_survives_saving_pickling_and_compiling(name):
    make, _ = OPTIMIZERS[name]
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(8, 3)).astype(HALF), rng.normal(size=(8, 2)).astype(HALF)

    def training():
        model = nn.Sequential(nn.Linear(3, 4, dtype=HALF, rng=0), nn.SiLU(), nn.Linear(4, 2, dtype=HALF, rng=1))
        return model, make(list(model.parameters()), 1e-2)

    def step(model, optimizer):
        def step(x, y):
            optimizer.zero_grad()
            loss = ag.mse_loss(model(x), y)
            loss.backward()
            optimizer.step()
            return loss

        return step

    first, second, third = training(), training(), training()
    plain, compiled = step(*first), compile(step(*second))
    for _ in range(3):
        np.testing.assert_array_equal(plain(x, y).data, compiled(x, y).data)
    for a, b in zip(first[0].parameters(), second[0].parameters(), strict=True):
        assert a.dtype == HALF
        np.testing.assert_array_equal(a.data, b.data)
    third[0].load_state_dict(first[0].state_dict())
    third[1].load_state_dict(first[1].state_dict())
    copied = pickle.loads(pickle.dumps(first))
    plain(x, y), step(*third)(x, y), step(*copied)(x, y)
    for a, b, c in zip(*(made[0].parameters() for made in (first, third, copied)), strict=True):
        np.testing.assert_array_equal(a.data, b.data)
        np.testing.assert_array_equal(a.data, c.data)
    for entry in first[1].state_dict()["state"].values():
        assert {array.dtype for key, array in entry.items() if key != "step"} == {np.dtype(np.float32)}


@pytest.mark.parametrize(("p", "y"), list(itertools.product([0.0, 1.0], repeat=2)))
@np.errstate(over="ignore")  # the gradient of the wrong answer, 1e12, has no half
def test_binary_cross_entropy_of_halves_has_the_guards_of_singles(p, y):
    def loss(dtype):
        return ag.value_and_grad(lambda p: ag.binary_cross_entropy(p, np.array([y], dtype)))(np.array([p], dtype))

    (value, gradient), (expected, slope) = loss(HALF), loss(np.float32)
    np.testing.assert_array_equal(value, expected)
    np.testing.assert_array_equal(gradient, slope.astype(HALF))


@pytest.mark.parametrize("function", [np.var, np.nanvar, np.std, np.nanstd])
def test_the_gradient_of_a_spread_of_halves_is_that_of_singles_rounded(function):
    x = numbers(50, 1000, 1100).astype(np.half)
    expected = ag.grad(function)(x.astype(np.single)).astype(np.half)
    np.testing.assert_allclose(ag.grad(function)(x), expected, rtol=np.finfo(np.half).eps)


def test_the_gradient_of_silu_of_halves_is_computed_in_singles():
    x = np.arange(-12, 12, 0.125, np.half)
    s = ag.sigmoid(x.astype(np.single)).astype(np.half).astype(np.single)  # what the forward pass keeps
    expected = s * (1 + x.astype(np.single) * (1 - s))
    np.testing.assert_array_equal(ag.grad(lambda x: ag.silu(x).sum())(x), expected.astype(np.half))
