"""Random programs of exact numbers: kernels agree with NumPy, interpreted and compiled; their source runs by itself."""

import os
import sys
import threading

import numpy as np
import pytest
from compiler import random_programs

from autograd_lite import Tensor, compile, cross_entropy, nn, optim

pytest.importorskip("numba", reason="native programs are compiled by numba")

from compiler.native.interpreted import without_compiler

IS_THOROUGH = os.environ.get("HYPOTHESIS_PROFILE") == "thorough"
seeds = pytest.mark.parametrize("seed", [0, 1, *(pytest.param(seed, marks=pytest.mark.exhaustive) for seed in (2, 3))])


@pytest.fixture(autouse=True)
def _native(monkeypatch):
    monkeypatch.delenv("AUTOGRAD_LITE_BACKEND", raising=False)


@seeds
def test_interpreted_kernels_agree_exactly(seed):
    with without_compiler():
        random_programs.run(seed, 2_500 if IS_THOROUGH else 60, backend="native")


def test_compiled_kernels_agree_exactly():
    random_programs.run(4, 500 if IS_THOROUGH else 10, backend="native")


def classifier():
    model = nn.Sequential(nn.Linear(4, 8, rng=0), nn.Tanh(), nn.Linear(8, 3, rng=1))
    optimizer = optim.Adam(model.parameters(), lr=0.05)

    def step(x, labels):
        optimizer.zero_grad()
        loss = cross_entropy(model(x), labels)
        loss.backward()
        optimizer.step()
        return loss

    return step, model


def batch(seed):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(6, 4)).astype(np.float32), rng.integers(0, 3, 6)


def test_the_source_runs_by_itself():
    x, y = np.random.default_rng(0).normal(size=(2, 5, 4))
    compiled = compile(lambda x, y: (np.exp(x - x.max(axis=1, keepdims=True)).sum(axis=1), x.T @ y), audit=False,
                       backend="native")  # fmt: skip
    for _ in range(3):
        expected = compiled(x, y)
    namespace: dict = {}
    exec(compiled.program.native_source, namespace)

    def numpy_program(*args):
        raise AssertionError("a kernel has refused")

    function, _ = namespace["build"](**compiled.program.arrays, numpy_program=numpy_program)
    for ours, theirs in zip(function(x, y), expected, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_programs_and_their_results_are_the_same_in_every_run():
    sources, losses = [], []
    for _ in range(2):
        step, _ = classifier()
        compiled = compile(step, backend="native")
        losses.append([compiled(*batch(seed)).item() for seed in range(40)])
        sources.append(compiled.program.native_source)
    assert sources[0] == sources[1]
    assert losses[0] == losses[1]


def test_threads_share_programs_that_were_compiled_in_another_one():
    functions = [lambda x: (np.exp(x) * 2).sum(axis=0), lambda x: np.tanh(x) @ x.T]
    compiled = [compile(function, backend="native") for function in functions]
    inputs = [np.random.default_rng(seed).normal(size=(7, 5)) for seed in range(8)]
    first = threading.Thread(target=lambda: [one(x) for one in compiled for x in inputs[:4]])
    first.start()
    first.join()
    failures = []

    def work(number):
        for count in range(100):
            which, x = (number + count) % 2, inputs[(number * 7 + count) % 8]
            if not np.allclose(compiled[which](x), functions[which](x), rtol=1e-12):
                failures.append((number, count))

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert not failures
    assert all(one.program.backend == "native" for one in compiled)


def test_errors_of_one_thread_are_not_those_of_another():
    compiled = compile(lambda x: np.divide(1.0, x) + 1, backend="native", audit=False)
    for _ in range(3):
        compiled(np.ones(50))
    found = []

    def work(x, rule):
        with np.errstate(divide=rule):
            for _ in range(8):
                try:
                    found.append((rule, np.isinf(compiled(x)).any()))
                except FloatingPointError:
                    found.append((rule, "raised"))

    zero = np.zeros(50)
    threads = [threading.Thread(target=work, args=args) for args in ((zero, "raise"), (np.ones(50), "warn"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(found) == {("raise", "raised"), ("warn", False)}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes cannot be forked on this system")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_process_runs_and_compiles_kernels():
    compiled = compile(lambda x: np.exp(x) * 2, backend="native", audit=False)
    x = np.linspace(0, 1, 9)
    for _ in range(3):
        expected = compiled(x)
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            other = compile(lambda x: np.exp(x) * 3 - 1, backend="native", audit=False)
            for _ in range(3):
                found = other(x)
            is_right = np.array_equal(compiled(x), expected) and np.allclose(found, np.exp(x) * 3 - 1, rtol=1e-14)
            code = 0 if is_right and other.program.backend == "native" else 2
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def test_a_step_of_training_is_that_of_the_function():
    (plain, plain_model), (native, native_model) = classifier(), classifier()
    native = compile(native, backend="native")
    for seed in range(30):
        np.testing.assert_allclose(native(*batch(seed)).item(), plain(*batch(seed)).item(), rtol=1e-4)
    for ours, theirs in zip(native_model.parameters(), plain_model.parameters(), strict=True):
        np.testing.assert_allclose(Tensor(ours.data).data, theirs.data, rtol=1e-3, atol=1e-4)
    assert native.program.backend == "native"
