"""Audits: what no guard covers is found by comparing the program with the function, bit by bit."""

import os

import numpy as np
import pytest
from compiler.agreement import assert_agree

from autograd_lite import StaleProgramError, Tensor, compile, optim

X = np.arange(1.0, 5.0)


def test_a_change_of_an_array_that_python_reads_too_is_audited():
    weights = np.ones(4)

    def weighted(x):
        return x * weights if weights.max() < 5 else -x

    compiled = compile(weighted)
    for number in range(12):  # read where it is: one program
        weights[1] = number / 4
        assert_agree(compiled(X), weighted(X))
    assert len(compiled.programs) == 1
    weights[1] = 9
    with pytest.raises(StaleProgramError, match="negative"):
        compiled(X)
    assert_agree(compiled(X), -X)


def test_what_no_guard_covers_is_found_by_an_audit(monkeypatch):
    monkeypatch.setenv("AUTOGRAD_LITE_TEST", "1.0")

    def function(x):
        return np.sin(x) * float(os.environ["AUTOGRAD_LITE_TEST"])

    compiled, trusting = compile(function), compile(function, audit=False)
    for _ in range(3):  # the next call is audited
        compiled(X), trusting(X)
    monkeypatch.setenv("AUTOGRAD_LITE_TEST", "2.0")
    with pytest.raises(StaleProgramError, match=r"(?s)call 4.*first: .*multiply.*second: .*test_audits"):
        compiled(X)
    assert_agree(compiled(X), 2 * np.sin(X))  # re-recorded
    for _ in range(20):
        assert_agree(trusting(X), np.sin(X))


@pytest.mark.parametrize(("dtype", "factor"), [(np.float32, 1 + 1e-6), (np.float64, 1 + 1e-12), (np.float16, 1.01)])
def test_an_audit_finds_the_smallest_change(monkeypatch, dtype, factor):
    """A regression: results that were merely close passed, so a stale constant could stay."""
    monkeypatch.setenv("AUTOGRAD_LITE_TEST", "1.0")
    compiled, x = compile(lambda x: np.sin(x) * float(os.environ["AUTOGRAD_LITE_TEST"])), X.astype(dtype)
    for _ in range(3):
        compiled(x)
    monkeypatch.setenv("AUTOGRAD_LITE_TEST", repr(factor))
    with pytest.raises(StaleProgramError, match="first: "):
        compiled(x)


def test_rounding_alone_is_no_difference(monkeypatch):
    """Such as from a linear algebra library that adds in another order at another address: the calls are the same."""
    w = Tensor(np.ones(4), requires_grad=True)
    optimizer = optim.SGD([w], lr=0.1)

    def step(x):
        optimizer.zero_grad()
        loss = (w * x).sum()
        loss.backward()
        optimizer.step()
        return loss

    monkeypatch.setenv("AUTOGRAD_LITE_BACKEND", "numpy")
    compiled = compile(step)
    compiled(X), compiled(X)
    program, rounded = compiled.program, compiled.program.steps._numpy
    entry = program.replay
    name = next(name for name, thing in entry.__globals__.items() if thing is rounded)
    entry.__globals__[name] = lambda *values: tuple(np.nextafter(result, 9) for result in rounded(*values))
    before = w.data.copy()
    assert compiled(X).item() == pytest.approx((before * X).sum())  # audited
    assert_agree(w.data, before - 0.1 * X)  # and done once
    assert compiled.programs == [program]


def test_calls_3_4_8_16_and_so_on_are_audited():
    runs, audited = [], []
    compiled = compile(lambda x: x * 2)
    compiled(X), compiled(X)
    function = compiled.function
    compiled.function = lambda x: (runs.append(None), function(x))[1]  # which audits call
    for number in range(3, 130):
        compiled(X)
        audited += [number] * len(runs)
        runs.clear()
    assert audited == [3, 4, 8, 16, 32, 64, 128]


def test_an_audit_while_another_thread_is_in_the_program_finds_no_difference():
    f = compile(lambda v: np.tanh(v) * 2)
    x = np.linspace(0, 1, 5)
    for _ in range(4):
        f(x)
    program = f.program
    program.state.until_audit = 1
    with program.lock:  # as the other thread has it
        assert_agree(f(x), np.tanh(x) * 2)
    assert f.programs == [program]


def test_an_audit_with_a_gradient_that_is_not_finite():
    w = Tensor(np.ones(3), requires_grad=True)
    optimizer = optim.SGD([w], lr=0.1)

    @compile
    def step(x):
        optimizer.zero_grad()
        (w * x).sum().backward()
        optimizer.step(error_if_nonfinite=True)

    for _ in range(6):
        step(np.ones(3))
    before = w.data.copy()
    with pytest.raises(RuntimeError, match="holds 1 inf"):
        step(np.array([1.0, np.inf, 1.0]))
    assert_agree(w.data, before)
