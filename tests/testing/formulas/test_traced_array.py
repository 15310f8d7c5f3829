"""A recorded formula gives at other inputs what the function gives, and knows the words of the user's code."""

import numpy as np
import pytest

import autograd_lite as al
from autograd_lite.testing.comparing.inputs import Inputs
from autograd_lite.testing.formulas.traced_array import trace

RNG = np.random.default_rng(0)


def sigmoid_by_hand(z):
    return 1 / (1 + np.exp(-z))


def loop(W, x):
    h = np.zeros(3)
    for _ in range(4):
        h = np.tanh(W @ h + x)
    return h


def in_place(W, x):
    out = np.zeros_like(W)
    out += W
    out[0] = x
    out[:, 1] *= 2
    np.add.at(out, [0, 0, 2], 1.0)
    return out


def created(W, x):
    d = np.zeros((3, 3))
    d[[0, 2]] = W[:2]
    return d + np.eye(3) * x[0] + np.full((3, 3), 2.0)


def written_by_out(W, x):
    buffer = np.empty(3)
    np.multiply(x, 2, out=buffer)
    return W @ buffer


def several_results(W, x):
    sign, logarithm = np.linalg.slogdet(W)
    u, s, v = np.linalg.svd(W)
    return sign * logarithm + s.sum() + (u @ v).trace() * 0


def operations(W, x):
    return al.softmax(W @ x) + al.sigmoid(x) * al.relu(x - 0.1)


def methods(W, x):
    y = W.reshape(9).astype(np.float64).copy()
    return y.reshape(3, 3).T.mean(axis=0) + W.sum(0) - W.max(axis=1) + x.clip(0, 1).cumsum() + W.std()


def indices(W, x):
    return W[[0, 2]].sum(0) + W[:, ::-1][0] + x[np.argsort(x)][..., None].squeeze() + W[W.argmax(0), [0, 1, 2]]


def tuples(W, x):
    return W.T @ x, {"norm": np.linalg.norm(W)}["norm"]


def comprehension(W, x):
    return np.stack([sigmoid_by_hand(row @ x) for row in W]) + sum(x[i] for i in range(3))


FUNCTIONS = [loop, in_place, created, written_by_out, several_results, operations, methods, indices, tuples,
             comprehension]  # fmt: skip


def inputs(*values, names=None):
    return Inputs(names or tuple("Wxyz"[: len(values)]), values)


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.__name__)
def test_a_computation_gives_what_the_function_gives(function):
    given = RNG.normal(size=(3, 3)), RNG.normal(size=3)
    computation = trace(function, inputs(*given))
    for _ in range(3):
        W, x = RNG.normal(size=(3, 3)), RNG.normal(size=3)
        expected = function(W.copy(), x.copy())
        got = computation.result(computation.values([W, x]))
        for a, b in zip(got if isinstance(expected, tuple) else [got],
                        expected if isinstance(expected, tuple) else [expected], strict=True):  # fmt: skip
            np.testing.assert_allclose(a, b, rtol=1e-12)


def test_python_numbers_are_recorded():
    computation = trace(lambda g, t: g / (1 - 0.9**t), inputs(np.ones(2), 3))
    np.testing.assert_allclose(computation.result(computation.values([np.ones(2), 5])), np.ones(2) / (1 - 0.9**5))


def test_values_have_the_words_of_the_code():
    computation = trace(lambda W, x: np.exp(W @ x) / 2, inputs(np.eye(2), np.ones(2)))
    texts = [(call.name, call.place.text, call.place.operands) for call in computation.calls[2:]]
    assert texts[0] == ("matmul", "W @ x", ("W", "x"))
    assert texts[1] == ("exp", "np.exp(W @ x)", ("W @ x",))
    assert texts[2] == ("divide", "np.exp(W @ x) / 2", ("np.exp(W @ x)", "2"))


def test_inputs_and_modules_do_not_change():
    W, x = RNG.normal(size=(3, 3)), RNG.normal(size=3)
    before = W.copy(), x.copy()
    zeros = np.zeros
    trace(in_place, inputs(W, x))
    trace(created, inputs(W, x))
    assert np.zeros is zeros
    assert type(created(W, x)) is np.ndarray
    assert np.array_equal(W, before[0])
    assert np.array_equal(x, before[1])


def test_a_write_through_a_second_view_is_noticed_by_its_wrong_numbers():
    def aliased(x):
        y = x + 0
        view = np.asarray(y)
        view[0] = 5
        return y

    computation = trace(aliased, inputs(np.ones(2), names=("x",)))
    got = computation.result(computation.values([np.full(2, 2.0)]))
    assert not np.array_equal(got, aliased(np.full(2, 2.0))) or np.array_equal(got, [5, 2])


@pytest.mark.parametrize("function", [
    lambda x: [x] * (10**6) and sum(x * i for i in range(5000)),
    lambda x: x.no_such_method(),
    lambda x: 1 / 0,
])  # fmt: skip
def test_what_cannot_be_recorded_gives_none(function):
    assert trace(function, inputs(np.ones(2), names=("x",))) is None
