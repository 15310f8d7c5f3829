"""Schedules of optimizers with several groups, some added later, and of states with values out of range."""

import numpy as np
import pytest

from autograd_lite import Tensor, optim
from autograd_lite.optim import lr_scheduler


def two_groups(kind):
    """An optimizer of two groups, after a step."""
    tensors = [Tensor(value, requires_grad=True) for value in ([1.0], [2.0, 3.0], 4.0)]
    optimizer = kind([{"params": tensors[:2]}, {"params": tensors[2:]}], lr=0.125)
    for tensor in tensors:
        tensor.grad = np.full(tensor.shape, 0.5)
    optimizer.step()
    return optimizer


FLOOR = 0.01
SCHEDULES = {
    "lambda": (lambda o: lr_scheduler.LambdaLR(o, lambda t: 1 / (1 + t)), lambda t: 1 / (1 + t), 0.0),
    "step": (lambda o: lr_scheduler.StepLR(o, 2), lambda t: 0.1 ** (t // 2), 0.0),
    "multi": (lambda o: lr_scheduler.MultiStepLR(o, [3, 1], 0.5), lambda t: 0.5 ** ((t >= 1) + (t >= 3)), 0.0),
    "exponential": (lambda o: lr_scheduler.ExponentialLR(o, 0.8), lambda t: 0.8**t, 0.0),
    "linear": (lambda o: lr_scheduler.LinearLR(o, 0.25, total_iters=3), lambda t: 0.25 + 0.25 * min(t, 3), 0.0),
    "cosine": (lambda o: lr_scheduler.CosineAnnealingLR(o, 7, FLOOR), lambda t: (1 + np.cos(np.pi * t / 7)) / 2, FLOOR),
}


def grow(schedule, optimizer, epoch, steps=6, advance=lambda schedule: schedule.step()):
    """The learning rates in each epoch, with a group added at the end of one, before the step of the schedule."""
    tensors, found = [parameter for group in optimizer.param_groups for parameter in group["params"]], []
    for t in range(steps):
        found.append([group["lr"] for group in optimizer.param_groups])
        if t == epoch:
            optimizer.add_param_group({"params": [Tensor([1.0], requires_grad=True)], "lr": 8.0})
            tensors = [parameter for group in optimizer.param_groups for parameter in group["params"]]
        for tensor in tensors:
            tensor.grad = np.ones(tensor.shape)
        optimizer.step()
        advance(schedule)
    return found


@pytest.mark.parametrize("epoch", range(6))
@pytest.mark.parametrize("name", SCHEDULES)
def test_a_group_that_is_added_in_any_epoch_follows_the_schedule_from_there(name, epoch):
    make, factor, floor = SCHEDULES[name]
    optimizer = two_groups(optim.Adam)
    for t, rates in enumerate(grow(make(optimizer), optimizer, epoch)):
        expected = [floor + (0.125 - floor) * factor(t)] * 2
        if t > epoch:
            before = 1 if name == "lambda" else factor(epoch)  # there lr is that of epoch 0, as in PyTorch
            expected.append(floor + (8.0 - floor) * factor(t) / before)
        np.testing.assert_allclose(rates, expected, rtol=1e-12)


@pytest.mark.parametrize("epoch", range(6))
def test_a_group_that_is_added_to_a_sequence_starts_the_next_schedule_with_its_own_rate(epoch):
    optimizer = two_groups(optim.Adam)
    parts = [lr_scheduler.LinearLR(optimizer, 0.5, total_iters=2), lr_scheduler.ExponentialLR(optimizer, 0.5)]
    schedule = lr_scheduler.SequentialLR(optimizer, parts, [3])
    factor = [0.5, 0.75, 1.0, 1.0, 0.5, 0.25]
    for t, rates in enumerate(grow(schedule, optimizer, epoch)):
        expected = [0.125 * factor[t]] * 2
        if t > epoch:
            expected.append(8.0 * factor[t] / (factor[epoch] if epoch >= 3 or t < 3 else 1.0))
        np.testing.assert_allclose(rates, expected, rtol=1e-12)


@pytest.mark.parametrize("epoch", range(6))
@pytest.mark.parametrize("limit", [0, 0.001, [0.001, 0.001], [0.0, 0.001]])
def test_a_group_that_is_added_to_a_plateau_gets_the_limit_of_all_others(epoch, limit):
    optimizer = two_groups(optim.Adam)
    schedule = lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.5, patience=0, min_lr=limit)
    if limit == [0.0, 0.001]:
        with pytest.raises(RuntimeError, match=r"append its limit to min_lrs, which are \[0.0, 0.001\]"):
            grow(schedule, optimizer, epoch, advance=lambda schedule: schedule.step(1.0))
        assert schedule.last_epoch == epoch  # nothing has changed
        schedule.min_lrs.append(0.5)
        schedule.step(1.0)
        return
    rates = grow(schedule, optimizer, epoch, advance=lambda schedule: schedule.step(1.0))
    for t, found in enumerate(rates):  # only the first measure is an improvement
        expected = [0.125 * 0.5 ** max(t - 1, 0)] * 2
        if t > epoch:
            expected.append(8.0 * 0.5 ** (t - max(epoch, 1)))
        np.testing.assert_allclose(found, expected, rtol=1e-12)
    fresh = lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.5, patience=0, min_lr=limit if limit == 0 else 0.001)
    fresh.load_state_dict(schedule.state_dict())
    assert fresh.state_dict() == schedule.state_dict()


def test_a_list_of_functions_does_not_cover_a_group_that_is_added():
    optimizer = two_groups(optim.SGD)
    schedule = lr_scheduler.LambdaLR(optimizer, [lambda t: 0.5**t] * 2)
    with pytest.raises(RuntimeError, match="2 functions, but a group was added to the optimizer since"):
        grow(schedule, optimizer, 2)
    assert schedule.last_epoch == 2


ALL_SCHEDULES = {
    **{name: make for name, (make, _, _) in SCHEDULES.items()},
    "plateau": lr_scheduler.ReduceLROnPlateau,
    "sequence": lambda o: lr_scheduler.SequentialLR(
        o, [lr_scheduler.LinearLR(o), lr_scheduler.ExponentialLR(o, 0.5)], [3]
    ),
}


@pytest.mark.parametrize("name", ALL_SCHEDULES)
def test_absurd_numbers_in_the_state_of_a_schedule_are_refused(name):
    for absurd in (10**400, 1e308 * 10, -1, np.nan, True, "3", None, [], Tensor(1.0, requires_grad=True)):
        optimizer = two_groups(optim.SGD)
        schedule = ALL_SCHEDULES[name](optimizer)
        before = schedule.state_dict()
        for key, value in before.items():
            is_list = isinstance(value, list) and not isinstance(absurd, list)
            if (name, key) == ("multi", "milestones") and not is_list:
                continue  # an empty list of milestones is valid
            if key == "lr_lambdas":
                continue  # for PyTorch; not read here
            if key == "best" and (isinstance(absurd, int | float) and absurd in (np.inf, -1)):
                continue  # a measure can have these values
            wrong = {**before, key: [absurd] * len(value) if is_list else absurd}
            with pytest.raises((TypeError, ValueError), match="load_state_dict"):
                schedule.load_state_dict(wrong)
            assert schedule.state_dict() == before
