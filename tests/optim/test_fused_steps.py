"""What a fused step does besides computing numbers: errors, warnings, copies, graphs, programs around it."""

import copy
import pickle

import numpy as np
import pytest
from fused_training import assert_close, made, numbers, train

pytest.importorskip("numba", reason="fused updates are compiled by numba")

from autograd_lite import Tensor, anomaly, compile, nn, optim
from autograd_lite.compiler import backends


@pytest.fixture(autouse=True)
def _native(monkeypatch):
    monkeypatch.delenv("AUTOGRAD_LITE_BACKEND", raising=False)  # which would decide for fused optimizers too


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda pair: pickle.loads(pickle.dumps(pair))])
@pytest.mark.parametrize("before", [0, 5])
def test_copies_continue_by_themselves(copied, before):
    parameters, optimizer = made("adamw", fused=True)
    train(parameters, optimizer, before)
    others, other = copied((parameters, optimizer))
    start = numbers(parameters, optimizer)
    train(others, other, 5, seed=2)
    for one, same in zip(numbers(parameters, optimizer), start, strict=True):
        np.testing.assert_array_equal(one, same)
    train(parameters, optimizer, 5, seed=2)
    assert_close(numbers(others, other), numbers(parameters, optimizer))


@pytest.mark.parametrize("steps", [0, 1, 5])
def test_errors_change_nothing(steps):
    parameters, optimizer = made("adam", fused=True)
    train(parameters, optimizer, steps)
    for parameter in parameters:
        parameter.grad = np.ones(parameter.shape, np.float32)
    before = numbers(parameters, optimizer)
    optimizer.param_groups[0]["lr"] = -1.0
    with pytest.raises(ValueError, match="lr"):
        optimizer.step()
    optimizer.param_groups[0]["lr"] = 0.1
    parameters[0].grad[3, 4] = np.inf
    with pytest.raises(RuntimeError, match=r"parameter 0 of shape \(33, 31\) holds 1 inf"):
        optimizer.step(error_if_nonfinite=True)
    for one, same in zip(numbers(parameters, optimizer), before, strict=True):
        np.testing.assert_array_equal(one, same)


def test_overflow_warns_as_the_numpy_calls_do():
    for steps in (0, 5):
        parameters, optimizer = made("adam", fused=True)
        train(parameters, optimizer, steps)
        parameters[0].grad = np.full((33, 31), 1e30, np.float32)
        with pytest.warns(RuntimeWarning, match="overflow"):
            optimizer.step()


def test_a_graph_that_needs_an_updated_value_refuses_its_backward_pass():
    w = Tensor(np.ones(3), requires_grad=True)
    optimizer = optim.SGD([w], lr=0.1, fused=True)
    for _ in range(5):
        loss = (w * w).sum()
        loss.backward(retain_graph=True)
        optimizer.step()
        with pytest.raises(RuntimeError, match="changed in place"):
            loss.backward()
        optimizer.zero_grad()


def test_what_a_rule_reads_besides_its_arguments_can_change():
    class Scaled(optim.Optimizer):
        state_names = ()

        def __init__(self, params, fused):
            super().__init__(params, {"lr": 0.1}, fused=fused)
            self.scale = 1.0

        def check(self, options):
            pass

        def update(self, run, options):
            run.values -= options["lr"] * self.scale * run.gradient

    results = []
    for fused in (False, True):
        parameters = [Tensor(np.ones(3), requires_grad=True)]
        optimizer = Scaled(parameters, fused)
        train(parameters, optimizer, 8, change=lambda step, made=optimizer: setattr(made, "scale", 1.0 + step // 3))
        results.append(numbers(parameters, optimizer))
    assert_close(*results, np.float64)


@pytest.mark.parametrize("backend", ["numpy", "native"])
def test_a_program_decides_by_its_own_backend(backend):
    results = []
    for fused in (False, True):
        model = nn.Linear(3, 2, rng=0)
        optimizer = optim.AdamW(model.parameters(), lr=0.1, fused=fused)

        @compile(backend=backend)
        def step(x, model=model, optimizer=optimizer):
            optimizer.zero_grad()
            loss = (model(x) ** 2).sum()
            loss.backward()
            optimizer.step()
            return loss

        x = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)
        losses = [step(x).item() for _ in range(10)]
        assert step.program.backend == backend
        results.append([*losses, *numbers(list(model.parameters()), optimizer)])
    for one, other in zip(*results, strict=True):
        np.testing.assert_array_equal(one, other)


def test_anomaly_sees_a_fused_step():
    parameters, optimizer = made("adam", fused=True)
    others, unfused = made("adam")
    with anomaly():
        train(parameters, optimizer, 4)
    train(others, unfused, 4)
    for one, other in zip(numbers(parameters, optimizer), numbers(others, unfused), strict=True):
        np.testing.assert_array_equal(one, other)  # observed, the NumPy calls run


def test_without_numba_the_error_names_the_extra(monkeypatch):
    monkeypatch.setattr(backends, "available", lambda: False)
    with pytest.raises(
        ImportError, match=r'Adam: fused=True needs numba 0\.62 or later: pip install "autograd-lite\[native\]"'
    ):
        made("adam", fused=True)
    made("adam")


def test_fused_is_a_switch():
    with pytest.raises(ValueError, match="Adam: fused must be True or False, not 'yes'"):
        made("adam", fused="yes")
