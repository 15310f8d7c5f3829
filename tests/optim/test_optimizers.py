"""Optimizers against plain loops written from their formulas, in groups and with options that change."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_lite import Tensor, optim

SGD, Adam, AdamW, RMSprop, Adagrad = optim.SGD, optim.Adam, optim.AdamW, optim.RMSprop, optim.Adagrad
STEPS = 50
SHAPES = [(), (1,), (5,), (2, 3), (1, 1), (0, 2), (2, 1, 2)]


def sgd(w, gradients, lr, momentum=0.0, dampening=0.0, nesterov=False, weight_decay=0.0):
    v = None
    for g in gradients:
        if g is None:
            continue
        g = g + weight_decay * w
        v = g if v is None else momentum * v + (1 - dampening) * g
        w = w - lr * (g + momentum * v if nesterov else v if momentum else g)
    return w


def adam(w, gradients, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0, decoupled=False):
    m, v, t = np.zeros_like(w), np.zeros_like(w), 0
    for g in gradients:
        if g is None:
            continue
        t += 1
        if decoupled:
            w = w - lr * weight_decay * w
        else:
            g = g + weight_decay * w
        m = betas[0] * m + (1 - betas[0]) * g
        v = betas[1] * v + (1 - betas[1]) * g**2
        w = w - lr * (m / (1 - betas[0] ** t)) / (np.sqrt(v / (1 - betas[1] ** t)) + eps)
    return w


def adamw(w, gradients, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2):
    return adam(w, gradients, lr, betas, eps, weight_decay, decoupled=True)


def rmsprop(w, gradients, lr=1e-2, alpha=0.99, eps=1e-8, weight_decay=0.0, momentum=0.0, centered=False):
    s, m, v = np.zeros_like(w), np.zeros_like(w), np.zeros_like(w)
    for g in gradients:
        if g is None:
            continue
        g = g + weight_decay * w
        s, m = alpha * s + (1 - alpha) * g**2, alpha * m + (1 - alpha) * g
        v = momentum * v + g / (np.sqrt(s - m**2 if centered else s) + eps)
        w = w - lr * v
    return w


def adagrad(w, gradients, lr=1e-2, lr_decay=0.0, weight_decay=0.0, initial_accumulator_value=0.0, eps=1e-10):
    s, t = initial_accumulator_value, 0
    for g in gradients:
        if g is None:
            continue
        g = g + weight_decay * w
        s = s + g**2
        w = w - lr / (1 + t * lr_decay) * g / (np.sqrt(s) + eps)
        t += 1
    return w


def adamax(w, gradients, lr=2e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
    m, u, t = np.zeros_like(w), np.zeros_like(w), 0
    for g in gradients:
        if g is None:
            continue
        t += 1
        g = g + weight_decay * w
        m, u = betas[0] * m + (1 - betas[0]) * g, np.maximum(betas[1] * u, np.abs(g) + eps)
        w = w - lr / (1 - betas[0] ** t) * m / u
    return w


def nadam(w, gradients, lr=2e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0, momentum_decay=4e-3):
    m, v, t = np.zeros_like(w), np.zeros_like(w), 0
    mu = [betas[0] * (1 - 0.96 ** (i * momentum_decay) / 2) for i in range(1, len(gradients) + 2)]
    for g in gradients:
        if g is None:
            continue
        t += 1
        g = g + weight_decay * w
        m, v = betas[0] * m + (1 - betas[0]) * g, betas[1] * v + (1 - betas[1]) * g**2
        ahead = (1 - mu[t - 1]) / (1 - np.prod(mu[:t])) * g + mu[t] / (1 - np.prod(mu[: t + 1])) * m
        w = w - lr * ahead / (np.sqrt(v / (1 - betas[1] ** t)) + eps)
    return w


def radam(w, gradients, lr=1e-3, betas=(0.9, 0.999), eps=0.0, weight_decay=0.0):
    m, v, t, most = np.zeros_like(w), np.zeros_like(w), 0, 2 / (1 - betas[1]) - 1
    for g in gradients:
        if g is None:
            continue
        t += 1
        g = g + weight_decay * w
        m, v = betas[0] * m + (1 - betas[0]) * g, betas[1] * v + (1 - betas[1]) * g**2
        mean, length = m / (1 - betas[0] ** t), most - 2 * t * betas[1] ** t / (1 - betas[1] ** t)
        if length > 5:
            r = np.sqrt((length - 4) * (length - 2) * most / ((most - 4) * (most - 2) * length))
            mean = r * mean * np.sqrt(1 - betas[1] ** t) / (np.sqrt(v) + eps)
        w = w - lr * mean
    return w


def adadelta(w, gradients, lr=1.0, rho=0.9, eps=1e-6, weight_decay=0.0):
    s, d = np.zeros_like(w), np.zeros_like(w)
    for g in gradients:
        if g is None:
            continue
        g = g + weight_decay * w
        s = rho * s + (1 - rho) * g**2
        change = np.sqrt((d + eps) / (s + eps)) * g
        d = rho * d + (1 - rho) * change**2
        w = w - lr * change
    return w


def rprop(w, gradients, lr=1e-2, etas=(0.5, 1.2), step_sizes=(1e-6, 50)):
    w, before, size = w.copy(), np.zeros_like(w), np.full_like(w, lr)
    for g in gradients:
        if g is None:
            continue
        for i in np.ndindex(w.shape):
            sign = np.sign(g[i] * before[i])
            size[i] = np.clip(size[i] * {-1: etas[0], 0: 1, 1: etas[1]}[int(sign)], *step_sizes)
            before[i] = 0 if sign < 0 else g[i]
            w[i] -= np.sign(before[i]) * size[i]
    return w


def asgd(w, gradients, lr=1e-2, lambd=1e-4, alpha=0.75, t0=1e6, weight_decay=0.0):
    t = 0
    for g in gradients:
        if g is None:
            continue
        eta = lr / (1 + lambd * lr * t) ** alpha
        w = w - lambd * eta * w - eta * (g + weight_decay * w)
        t += 1
    return w


FORMULAS = {optim.Adamax: adamax, optim.NAdam: nadam, optim.RAdam: radam, optim.Adadelta: adadelta, optim.Rprop: rprop,
            optim.ASGD: asgd,
            SGD: sgd, Adam: adam, AdamW: adamw, RMSprop: rmsprop, Adagrad: adagrad}  # fmt: skip
CASES = [
    (SGD, {"lr": 0.1}),
    (SGD, {"lr": 0.1, "weight_decay": 0.3}),
    (SGD, {"lr": 0.05, "momentum": 0.9}),
    (SGD, {"lr": 0.05, "momentum": 0.9, "weight_decay": 0.1}),
    (SGD, {"lr": 0.1, "momentum": 0.8, "dampening": 0.3}),
    (SGD, {"lr": 0.1, "dampening": 0.5}),  # without momentum there is nothing to dampen
    (SGD, {"lr": 0.05, "momentum": 0.9, "nesterov": True, "weight_decay": 0.01}),
    (Adam, {}),
    (Adam, {"lr": 0.1, "betas": (0.8, 0.9), "eps": 1e-3}),
    (Adam, {"lr": 0.1, "betas": (0.0, 0.0)}),
    (Adam, {"lr": 0.1, "weight_decay": 0.5}),
    (AdamW, {}),
    (AdamW, {"lr": 0.1, "betas": (0.5, 0.99), "eps": 1e-6, "weight_decay": 0.5}),
    (AdamW, {"lr": 0.1, "weight_decay": 0}),
    (RMSprop, {"lr": 1e-2}),
    (RMSprop, {"lr": 0.05, "alpha": 0.7, "eps": 0.1, "weight_decay": 0.3}),
    (RMSprop, {"lr": 0.01, "alpha": 0.9, "momentum": 0.8, "eps": 0.1}),
    (RMSprop, {"lr": 0.01, "alpha": 0.9, "momentum": 0.5, "centered": True, "eps": 0.5, "weight_decay": 0.1}),
    (optim.Adamax, {"lr": 0.05, "betas": (0.5, 0.9), "eps": 1e-3, "weight_decay": 0.1}),
    (optim.NAdam, {"lr": 0.05, "betas": (0.8, 0.9), "eps": 1e-2, "weight_decay": 0.1, "momentum_decay": 0.1}),
    (optim.RAdam, {"lr": 0.05, "betas": (0.8, 0.9), "eps": 1e-2, "weight_decay": 0.1}),
    (optim.Adadelta, {"lr": 0.5, "rho": 0.7, "eps": 0.1, "weight_decay": 0.1}),
    (optim.Rprop, {"lr": 0.05}),
    (optim.ASGD, {"lr": 0.05, "lambd": 0.1, "weight_decay": 0.1}),
    (Adagrad, {"lr": 1e-2}),
    (Adagrad, {"lr": 0.3, "lr_decay": 0.2, "weight_decay": 0.3, "initial_accumulator_value": 0.5, "eps": 0.1}),
]
each_case = pytest.mark.parametrize(("kind", "options"), CASES, ids=[f"{k.__name__} {o}" for k, o in CASES])


def problem(shapes, dtype, seed=0, missing=0.0, steps=STEPS):
    """Initial values, and for each step and parameter a gradient, or None with probability `missing`."""
    rng = np.random.default_rng(seed)
    start = [rng.normal(size=shape).astype(dtype) for shape in shapes]
    gradients = [
        [None if rng.random() < missing else rng.normal(size=shape).astype(dtype) for shape in shapes]
        for _ in range(steps)
    ]
    return start, gradients


def feed(optimizer, tensors, gradients):
    for row in gradients:
        for tensor, gradient in zip(tensors, row, strict=True):
            tensor.grad = None if gradient is None else np.asarray(gradient).astype(tensor.dtype)
        optimizer.step()


def assert_follows(tensor, formula, start, gradients, **options):
    """The tensor is where the loop in double precision arrives, up to the rounding of its own dtype."""
    expected = formula(start.astype(float), [g if g is None else g.astype(float) for g in gradients], **options)
    # A step rounds by a few eps of the values involved; momentum and running means sum over at most all steps.
    tolerance = 4 * len(gradients) * np.finfo(start.dtype).eps
    assert tensor.dtype == start.dtype
    np.testing.assert_allclose(tensor.data, expected, rtol=tolerance, atol=tolerance)


# -- formulas ------------------------------------------------------------------------------------------------------


@each_case
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_optimizers_follow_their_formulas_for_parameters_of_every_shape(kind, options, dtype):
    start, gradients = problem(SHAPES, dtype)
    tensors = [Tensor(values, requires_grad=True) for values in start]
    feed(kind(tensors, **{"lr": 1e-3, **options}), tensors, gradients)
    for tensor, values, series in zip(tensors, start, zip(*gradients, strict=True), strict=True):
        assert_follows(tensor, FORMULAS[kind], values, series, **{"lr": 1e-3, **options})


@each_case
@given(seed=st.integers(0, 2**32 - 1), missing=st.sampled_from([0.1, 0.5, 0.95]))
def test_a_parameter_without_gradient_is_left_alone_with_its_own_count_of_steps(kind, options, seed, missing):
    start, gradients = problem([(3,), (), (2, 2)], np.float64, seed, missing, steps=12)
    tensors = [Tensor(values, requires_grad=True) for values in start]
    optimizer = kind(tensors, **{"lr": 1e-3, **options})
    for number, row in enumerate(gradients):
        before = [tensor.data.copy() for tensor in tensors]
        state = optimizer.state_dict()["state"]
        feed(optimizer, tensors, [row])
        after = optimizer.state_dict()["state"]
        for i, gradient in enumerate(row):
            if gradient is None:
                np.testing.assert_array_equal(tensors[i].data, before[i])
                np.testing.assert_equal(after.get(i), state.get(i))
            assert_follows(
                tensors[i], FORMULAS[kind], start[i], [past[i] for past in gradients[: number + 1]],
                **{"lr": 1e-3, **options},
            )  # fmt: skip


@given(
    lr=st.floats(1e-4, 0.3), beta=st.floats(0.01, 0.99), dtype=st.sampled_from([np.float32, np.float64]),
    seed=st.integers(0, 2**32 - 1),
)  # fmt: skip
def test_dampening_as_large_as_momentum_is_the_exponential_mean_from_the_first_gradient_on(lr, beta, dtype, seed):
    (w,), gradients = problem([(4,)], dtype, seed)
    tensor = Tensor(w, requires_grad=True)
    feed(SGD([tensor], lr=lr, momentum=beta, dampening=beta), [tensor], gradients)
    m = gradients[0][0]
    for number, (g,) in enumerate(gradients):
        m = beta * m + (1 - beta) * g if number else m
        w = w - lr * m
    np.testing.assert_array_equal(tensor.data, w, strict=True)


@given(st.integers(0, 2**32 - 1), st.floats(1e-3, 0.5), st.floats(0, 0.9), st.floats(0, 0.99), st.floats(0, 1))
def test_sgd_follows_its_formula_for_any_options(seed, lr, momentum, dampening, weight_decay):
    (w,), gradients = problem([(3,)], np.float64, seed, steps=20)
    tensor = Tensor(w, requires_grad=True)
    options = {"lr": lr, "momentum": momentum, "dampening": dampening, "weight_decay": weight_decay}
    feed(SGD([tensor], **options), [tensor], gradients)
    np.testing.assert_allclose(tensor.data, sgd(w, [g for (g,) in gradients], **options), rtol=1e-12, atol=1e-12)


def test_the_first_step_of_adam_has_the_length_lr_whatever_the_gradient():
    w = Tensor([0.0, 0.0, 0.0], requires_grad=True)
    feed(Adam([w], lr=0.25, eps=0), [w], [[[1e-9, -3.0, 1e9]]])
    np.testing.assert_allclose(w.data, [-0.25, 0.25, -0.25], rtol=1e-12)


# -- groups and options --------------------------------------------------------------------------------------------


def test_groups_have_their_own_options_and_the_defaults_for_the_rest():
    start, gradients = problem([(2,), (3,), ()], np.float64)
    a, b, c = tensors = [Tensor(values, requires_grad=True) for values in start]
    groups = [{"params": [a], "lr": 0.2}, {"params": b, "momentum": 0.5}]  # one tensor, without a list, is fine here
    optimizer = SGD(groups, lr=0.1, momentum=0.9)
    optimizer.add_param_group({"params": iter([c]), "weight_decay": 0.3})
    feed(optimizer, tensors, gradients)
    series = list(zip(*gradients, strict=True))
    assert_follows(a, sgd, start[0], series[0], lr=0.2, momentum=0.9)
    assert_follows(b, sgd, start[1], series[1], lr=0.1, momentum=0.5)
    assert_follows(c, sgd, start[2], series[2], lr=0.1, momentum=0.9, weight_decay=0.3)


def test_a_group_that_is_added_later_starts_its_own_count():
    start, gradients = problem([(2,), (3,)], np.float64)
    first, second = tensors = [Tensor(values, requires_grad=True) for values in start]
    optimizer = Adam([first])
    feed(optimizer, [first], [row[:1] for row in gradients[:10]])
    optimizer.add_param_group({"params": [second], "lr": 0.1})
    feed(optimizer, tensors, gradients[10:])
    series = list(zip(*gradients, strict=True))
    assert_follows(first, adam, start[0], series[0])
    assert_follows(second, adam, start[1], series[1][10:], lr=0.1)


def test_options_changed_between_steps_hold_from_the_next_step():
    (w,), gradients = problem([(3,)], np.float64)
    tensor = Tensor(w, requires_grad=True)
    optimizer = SGD([tensor], lr=0.0)
    expected = w
    for number, row in enumerate(gradients):
        optimizer.param_groups[0]["lr"] = 1 / (number + 1)
        feed(optimizer, [tensor], [row])
        expected = expected - row[0] / (number + 1)
    np.testing.assert_allclose(tensor.data, expected, rtol=1e-13, atol=1e-13)


def test_dtypes_can_be_mixed_in_one_group():
    start = [np.ones(3, np.float32), np.ones((2, 2)), np.float32(1)]
    gradients = problem([(3,), (2, 2), ()], np.float64)[1]
    tensors = [Tensor(values, requires_grad=True) for values in start]
    optimizer = Adam(tensors, lr=0.1)
    feed(optimizer, tensors, gradients)
    for tensor, values, series in zip(tensors, start, zip(*gradients, strict=True), strict=True):
        assert_follows(tensor, adam, values, series, lr=0.1)
    state = optimizer.state_dict()["state"]  # numbered as the parameters were given, not by dtype
    assert [state[i]["exp_avg"].shape for i in range(3)] == [(3,), (2, 2), ()]


def test_two_optimizers_take_turns_on_the_same_parameters():
    (w,), gradients = problem([(3,)], np.float64)
    tensor = Tensor(w, requires_grad=True)
    plain, heavy = SGD([tensor], lr=0.1), SGD([tensor], lr=0.05, momentum=0.9)
    v = np.zeros_like(w)
    for number, row in enumerate(gradients):
        feed(heavy if number % 3 else plain, [tensor], [row])
        if number % 3:
            v = 0.9 * v + row[0]
            w = w - 0.05 * v
        else:
            w = w - 0.1 * row[0]
    np.testing.assert_allclose(tensor.data, w, rtol=1e-12, atol=1e-12)
