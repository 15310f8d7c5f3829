"""Threads share long loops: any number of them gives the same bits and the same errors."""

import os
import subprocess
import sys
from unittest import mock

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import Tensor, compile, nn, optim

pytest.importorskip("numba")
from autograd_lite.compiler.native import partition

NUMBERS = 1, 2, 3, 7, 64
RNG = np.random.default_rng(0)
X = RNG.normal(size=(37, 19)).astype(np.float32)
PLACES = RNG.integers(0, 37, size=50)
SHARED = {
    "elements": lambda x: np.tanh(x) * 2 + x,
    "rows": lambda x: ag.softmax(x, axis=-1),
    "rows in scratch memory": lambda x: (
        np.cos(x - x.mean(axis=1, keepdims=True)) / np.exp(x).sum(axis=1, keepdims=True)
    ),
    "standardized rows": lambda x: (x - x.mean(axis=1, keepdims=True)) / x.std(axis=1, keepdims=True),
    "columns": lambda x: np.exp(x).sum(axis=0) * np.ones((40, 1), np.float32),
    "gathered rows": lambda x: x[PLACES] * 2,
    "largest numbers": lambda x: np.argmax(np.exp(x), axis=1) + 0 * x[:, 0],
    "two axes": lambda x: np.exp(x.T) + np.ones((3, 1, 1), np.float32),
    "two results": lambda x: (np.exp(x), np.log(np.abs(x) + 1).sum(axis=1)),
    "a gradient": lambda x: ag.grad(lambda v: (ag.softmax(v, axis=1) ** 2).sum())(x),
}
NOT_SHARED = {
    "a sum": lambda x: x.sum(),
    "a sum of rows": lambda x: x.sum(axis=0),
    "a gradient of gathered rows": lambda x: ag.grad(lambda v: (v[PLACES] ** 2).sum())(x),
}


@pytest.fixture(autouse=True)
def everything_is_long():
    before = ag.get_num_threads()
    with mock.patch.object(partition, "LONG", 1):
        yield
    ag.set_num_threads(before)


def compiled(function, *args):
    made = compile(function, backend="native", verify=False, audit=False)
    made(*args)
    made(*args)
    assert made.program.backend == "native"
    return made


def bits(result):
    return [np.array(part).tobytes() for part in (result if isinstance(result, tuple) else (result,))]


@pytest.mark.parametrize("name", SHARED)
def test_any_number_of_threads_gives_the_same_bits(name):
    made = compiled(SHARED[name], X)
    assert "in_threads(" in made.program.native_source
    ag.set_num_threads(1)
    expected = bits(made(X))
    for number in NUMBERS:
        ag.set_num_threads(number)
        for _ in range(5):
            assert bits(made(X)) == expected
    for found, right in zip(*(r if isinstance(r, tuple) else (r,) for r in (made(X), SHARED[name](X))), strict=True):
        np.testing.assert_allclose(found, right, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", NOT_SHARED)
def test_iterations_that_depend_on_each_other_are_not_shared(name):
    made = compiled(NOT_SHARED[name], X)
    expected = NOT_SHARED[name](X)
    ag.set_num_threads(64)
    for _ in range(20):
        np.testing.assert_allclose(made(X), expected, rtol=1e-5, atol=1e-6)


def test_short_loops_are_not_shared():
    with mock.patch.object(partition, "LONG", X.size * 100):
        assert "in_threads(" not in compiled(SHARED["elements"], X).program.native_source


def trained(number):
    ag.set_num_threads(number)
    model = nn.Sequential(nn.Linear(19, 16, rng=0), nn.BatchNorm1d(16), nn.GELU(), nn.Linear(16, 5, rng=1))
    optimizer, loss_of = optim.Adam(model.parameters()), nn.CrossEntropyLoss()

    def step(x, y):
        optimizer.zero_grad()
        loss = loss_of(model(x), y)
        loss.backward()
        optimizer.step()
        return loss

    run = compile(step, backend="native", audit=False)
    losses = [run(X, PLACES[:37] % 5).item() for _ in range(8)]
    assert "in_threads(" in run.program.native_source
    return losses, [p.data.tobytes() for p in model.parameters()]


def test_a_training_has_the_same_bits_with_any_number_of_threads():
    expected = trained(1)
    for number in (2, 7):
        assert trained(number) == expected


def test_fused_updates_are_shared():
    def updated(number):
        ag.set_num_threads(number)
        p = Tensor(X.copy(), requires_grad=True)
        optimizer = optim.Adam([p], fused=True)
        for _ in range(4):
            p.grad = X * 0.5
            optimizer.step()
        return p.data.tobytes()

    assert len({updated(number) for number in NUMBERS}) == 1


@pytest.mark.parametrize("at", [0, 49])
def test_a_wrong_index_in_any_part_is_the_error_of_the_function(at):
    made = compiled(lambda x, places: x[places] * 2, X, PLACES)
    wrong = PLACES.copy()
    wrong[at] = 37
    for number in NUMBERS:
        ag.set_num_threads(number)
        with pytest.raises(IndexError, match="37"):
            made(X, wrong)


@pytest.mark.parametrize("at", [0, 36])
def test_an_overflow_in_any_part_warns(at):
    made = compiled(lambda x: np.exp(x) * 2, X)
    large = X.copy()
    large[at] = 1000
    for number in NUMBERS:
        ag.set_num_threads(number)
        with pytest.warns(RuntimeWarning, match="overflow"):
            made(large)
        with np.errstate(over="raise"), pytest.raises(FloatingPointError):
            made(large)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_process_has_threads_of_its_own():
    ag.set_num_threads(3)
    made = compiled(SHARED["elements"], X)
    expected = bits(made(X))
    child = os.fork()
    if not child:
        os._exit(0 if bits(made(X)) == expected else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert bits(made(X)) == expected


@pytest.mark.parametrize("wrong", [0, -1, 65, 2.0, True, "2", None])
def test_a_wrong_number_is_an_error_and_changes_nothing(wrong):
    ag.set_num_threads(5)
    with pytest.raises(ValueError, match="from 1 to 64"):
        ag.set_num_threads(wrong)
    assert ag.get_num_threads() == 5


def test_the_environment_gives_the_default():
    def default(**variables):
        env = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
        command = [sys.executable, "-c", "import autograd_lite; print(autograd_lite.get_num_threads())"]
        return int(subprocess.run(command, env=env | variables, capture_output=True, check=True).stdout)

    assert default(OMP_NUM_THREADS="3") == 3
    assert default(OMP_NUM_THREADS="4,2") == 4
    assert default() == default(OMP_NUM_THREADS="x") == default(OMP_NUM_THREADS="0") >= 1
