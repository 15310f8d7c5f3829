"""Warnings, errors and other branches: a native program behaves as the function, and changes as much."""

import warnings

import numpy as np
import pytest

from autograd_lite import Tensor, compile, cross_entropy, nn, no_grad, optim

pytest.importorskip("numba", reason="native programs are compiled by numba")


@pytest.fixture(autouse=True)
def _native(monkeypatch):
    monkeypatch.delenv("AUTOGRAD_LITE_BACKEND", raising=False)


def divided():
    """Divisions in the forward pass, then an update."""
    w = Tensor(np.ones(3), requires_grad=True)
    optimizer = optim.SGD([w], lr=0.1)

    def step(x):
        optimizer.zero_grad()
        loss = (w / x).sum()
        loss.backward()
        optimizer.step()
        return loss

    return step, [w.data]


def quiet():
    """An error handling of its own, then a change in the same function."""
    total = Tensor(np.zeros(3))

    def step(x):
        with np.errstate(divide="ignore", over="ignore"):
            y = np.exp(np.divide(1.0, x))
        with no_grad():
            total.__iadd__(y)
        return y * 2

    return step, [total.data]


def changed_first():
    """Divisions after a change."""
    total = Tensor(np.zeros(3))

    def step(x):
        with no_grad():
            total.__iadd__(x)
        return np.divide(1.0, x)

    return step, [total.data]


def classifier():
    model = nn.Linear(3, 3, rng=0)
    optimizer = optim.Adam(model.parameters(), lr=0.1)

    def step(x, labels):
        optimizer.zero_grad()
        loss = cross_entropy(model(x), labels)
        loss.backward()
        optimizer.step()
        return loss

    return step, [parameter.data for parameter in model.parameters()]


def normalized():
    """Layer norm takes another branch where variances are huge."""
    model = nn.LayerNorm(3)
    optimizer = optim.SGD(model.parameters(), lr=0.1)

    def step(x):
        optimizer.zero_grad()
        loss = (model(x) * np.arange(3)).sum()
        loss.backward()
        optimizer.step()
        return loss

    return step, [parameter.data for parameter in model.parameters()]


def gathered():
    """An index after a change."""
    total = Tensor(np.zeros(3))

    def step(x, index):
        with no_grad():
            total.__iadd__(x)
        return np.take(x, index)

    return step, [total.data]


X, LABELS = np.array([[1.0, 2, 4], [3, 5, 6]]), np.array([0, 2])
ROW = np.array([1.0, 2, 4])
CASES = [
    (divided, [ROW], [[np.array([0.0, 1, 2])], [np.array([1e-320, 1, 2])], [np.array([np.nan, 1, 2])]]),
    (quiet, [ROW], [[np.array([0.0, 1, 2])], [np.array([1e-3, 1, 2])], [np.array([np.nan, 1, 2])]]),
    (changed_first, [ROW], [[np.array([0.0, 1, 2])], [np.array([1e-320, 1, 2])], [np.array([np.nan, 1, 2])]]),
    (classifier, [X, LABELS], [[X, np.array([0, 3])], [X, np.array([0, -1])], [X, np.array([0, -9])],
                               [X * np.nan, LABELS], [X * np.inf, LABELS]]),
    (normalized, [X], [[X * 1e200], [X * 0], [X * 1e-200], [X * np.nan], [X * np.inf]]),
    (gathered, [ROW, LABELS], [[ROW, np.array([0, 3])], [ROW, np.array([0, -4])], [ROW, np.array([0, -3])]]),
]  # fmt: skip


def outcome(function, args):
    """What a call returns or raises, and the kinds of its warnings."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            result = function(*(np.array(arg) for arg in args))
        except Exception as error:
            return None, type(error), []
    return (
        np.asarray(getattr(result, "data", result)),
        None,
        [str(warning.message).split(" in ")[0] for warning in caught],
    )


@pytest.mark.parametrize("rule", ["ignore", "warn", "raise"])
@pytest.mark.parametrize(("make", "good", "bad"), CASES, ids=lambda part: getattr(part, "__name__", ""))
def test_errors_and_warnings_are_those_of_the_function(make, good, bad, rule):
    (plain, plain_state), (native, native_state) = make(), make()
    native = compile(native, audit=False, backend="native")
    for _ in range(3):
        outcome(plain, good)
        outcome(native, good)
    assert native.program.backend == "native"
    for args in (*bad, good):
        with np.errstate(divide=rule, over=rule, invalid=rule):
            result, error, warned = outcome(plain, args)
            found, raised, notes = outcome(native, args)
        assert raised is error
        assert bool(notes) == bool(warned)
        if error is None:
            np.testing.assert_allclose(found, result, rtol=1e-5, atol=1e-6)
        for ours, theirs in zip(native_state, plain_state, strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)
            ours[...] = theirs
    assert native.program.backend == "native"


@pytest.mark.parametrize("function", [np.sin, np.cos])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_arguments_beyond_the_bound_of_a_function_are_left_to_numpy(function, dtype):
    compiled = compile(lambda x: function(x) * 2, audit=False, backend="native")
    for scale in 1, 1, 10, 1e6, 1e12, 1e30:
        x = (np.linspace(-1, 1, 7) * scale).astype(dtype)
        np.testing.assert_allclose(compiled(x), function(x) * 2, rtol=1e-5)
    assert compiled.program.backend == "native"


@pytest.mark.parametrize("function", [np.sin, np.cos])
def test_functions_with_a_bound_stay_calls_where_nothing_can_be_undone(function):
    def change(x, p):
        p += 1
        return function(p * x) + x  # p is written by then

    compiled = compile(change, audit=False, backend="native")
    for scale in 1.0, 1.0, 1.0, 1e12:
        np.testing.assert_allclose(compiled(np.full(3, scale), np.ones(3)), function(2 * np.full(3, scale)) + scale)
    assert any(function.__name__ in reason for reason in compiled.program.reasons)


def test_kernels_that_fail_again_and_again_are_given_up():
    compiled = compile(lambda x: np.divide(1.0, x), audit=False, backend="native")
    for count in range(30):
        x = np.array([float(count < 3), 1])
        with np.errstate(divide="ignore"):
            np.testing.assert_array_equal(compiled(x), 1 / x)
    assert compiled.program.backend == "numpy"
    assert "left to NumPy" in str(compiled.program.reasons)
