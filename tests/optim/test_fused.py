"""Fused optimizers: native code of an update gives the numbers of its NumPy calls."""

import numpy as np
import pytest
from fused_training import OPTIMIZERS, ROUNDING, assert_close, made, numbers, train

pytest.importorskip("numba", reason="fused updates are compiled by numba")

from autograd_lite import Tensor, nn, optim
from autograd_lite.optim import bucket

every_optimizer = pytest.mark.parametrize("kind", OPTIMIZERS)


@pytest.fixture(autouse=True)
def _native(monkeypatch):
    monkeypatch.delenv("AUTOGRAD_LITE_BACKEND", raising=False)  # which would decide for fused optimizers too


# Each dtype is a kernel of its own, which differs between optimizers as that for float32 does.
OTHER_TYPES = [(kind, dtype) for kind in OPTIMIZERS for dtype in ROUNDING if dtype != np.float32]


@pytest.mark.parametrize(
    ("kind", "dtype"),
    [*((kind, np.float32) for kind in OPTIMIZERS), *((kind, dtype) for kind, dtype in OTHER_TYPES if kind == "adam"),
     *(pytest.param(*other, marks=pytest.mark.exhaustive) for other in OTHER_TYPES if other[0] != "adam")],
)  # fmt: skip
def test_fifty_steps_agree_to_rounding(kind, dtype, monkeypatch):
    monkeypatch.setattr(bucket, "SMALL", 100)  # bytes: some parameters are updated together, some alone
    (plain, unfused), (native, fused) = made(kind, dtype), made(kind, dtype, fused=True)
    train(plain, unfused, 50)
    train(native, fused, 50)
    assert fused._fused.program.backend == "native"
    assert_close(numbers(native, fused), numbers(plain, unfused), dtype)


@every_optimizer
def test_an_update_is_one_loop(kind, monkeypatch):
    monkeypatch.setattr(bucket, "SMALL", -1)  # gradients are read where they are
    parameters, optimizer = made(kind, shapes=[(40, 3)], fused=True)
    train(parameters, optimizer, 3)
    assert optimizer._fused.program.native_source.count("for i in") == 1


@every_optimizer
def test_the_same_steps_give_the_same_bits(kind):
    runs = []
    for _ in range(2):
        parameters, optimizer = made(kind, fused=True)
        train(parameters, optimizer, 10)
        runs.append(numbers(parameters, optimizer))
    for one, other in zip(*runs, strict=True):
        np.testing.assert_array_equal(one, other)


def test_options_that_change_between_steps():
    def changes(optimizer):
        def change(step):
            (group,) = optimizer.param_groups
            group["lr"] = 0.1 / (1 + step)
            if step == 4:
                group["weight_decay"] = 0.1  # was the integer 0: another branch of the rule
            if step == 7:
                group["weight_decay"], group["betas"] = 0, [0.5, 0.6]

        return change

    (plain, unfused), (native, fused) = made("adam"), made("adam", fused=True)
    train(plain, unfused, 12, change=changes(unfused))
    train(native, fused, 12, change=changes(fused))
    assert_close(numbers(native, fused), numbers(plain, unfused))


def test_a_schedule_and_clipping_need_no_other_program():
    results = []
    for fused in (False, True):
        parameters, optimizer = made("momentum", fused=fused)
        schedule = optim.lr_scheduler.CosineAnnealingLR(optimizer, 10)
        for step in range(12):
            rng = np.random.default_rng(step)
            for parameter in parameters:
                parameter.grad = rng.normal(size=parameter.shape).astype(np.float32)
            nn.utils.clip_grad_norm_(parameters, 1.0)
            optimizer.step()
            schedule.step()
        results.append(numbers(parameters, optimizer))
    assert_close(*results)
    assert len(optimizer._fused.programs) == 1


def test_missing_gradients_and_groups_of_their_own():
    results = []
    for fused in (False, True):
        rng = np.random.default_rng(0)
        w, b, late = [Tensor(rng.normal(size=n), requires_grad=True) for n in (4, 5, 6)]
        optimizer = optim.Adam([{"params": [w], "lr": 0.1}, {"params": [b], "weight_decay": 0.1}], fused=fused)
        for step in range(20):
            if step == 10:
                optimizer.add_param_group({"params": [late], "betas": (0.5, 0.5)})
            for i, parameter in enumerate((w, b, late)):
                parameter.grad = None if (step + i) % 3 == 0 else rng.normal(size=parameter.shape)
            optimizer.step()
        results.append(numbers((w, b, late), optimizer))
    assert_close(*results, np.float64)


@every_optimizer
def test_states_move_between_fused_and_other_optimizers(kind):
    whole, optimizer = made(kind)
    train(whole, optimizer, 12)
    expected = numbers(whole, optimizer)
    for first, second in ((False, True), (True, False)):
        parameters, before = made(kind, fused=first)
        train(parameters, before, 6)
        others, after = made(kind, fused=second)
        for other, parameter in zip(others, parameters, strict=True):
            other.data = parameter.data
        after.load_state_dict(before.state_dict())
        for step in range(6, 12):
            rng = np.random.default_rng([1, step])
            for other in others:
                other.grad = rng.normal(size=other.shape).astype(other.dtype)
            after.step()
        assert_close(numbers(others, after), expected)


def test_loading_a_state_between_steps():
    parameters, optimizer = made("adam", fused=True)
    train(parameters, optimizer, 4)
    values, state = [p.data.copy() for p in parameters], optimizer.state_dict()
    train(parameters, optimizer, 3, seed=2)
    expected = numbers(parameters, optimizer)
    for parameter, value in zip(parameters, values, strict=True):
        parameter.data = value
    optimizer.load_state_dict(state)
    train(parameters, optimizer, 3, seed=2)
    assert_close(numbers(parameters, optimizer), expected)


def test_gradients_with_a_graph_and_closures():
    results = []
    for fused in (False, True):
        w = Tensor(np.arange(4.0), requires_grad=True)
        optimizer = optim.SGD([w], lr=0.1, momentum=0.5, fused=fused)

        def closure(w=w, optimizer=optimizer):
            optimizer.zero_grad()
            loss = (w**3).sum()
            loss.backward(create_graph=True)
            return loss

        losses = [optimizer.step(closure).item() for _ in range(6)]
        results.append([np.array(losses), w.data])
    assert_close(*results, np.float64)


def test_parameters_that_two_optimizers_share():
    results = []
    for fused in (False, True):
        parameters, first = made("adam", fused=fused)
        second = optim.SGD(parameters[:2], lr=0.1, momentum=0.5, fused=fused)
        for seed in range(4):
            train(parameters, first, 2, seed)
            train(parameters, second, 2, seed)
        results.append(numbers(parameters, first) + numbers(parameters, second))
    assert_close(*results)
