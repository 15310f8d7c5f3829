"""Learning rates against the formulas of their schedules, written as plain loops."""

import math

import numpy as np
import pytest

from autograd_lite import Tensor, optim
from autograd_lite.optim import lr_scheduler as schedules


def optimizer(*rates):
    """An optimizer with a group for each learning rate, after a step."""
    tensors = [Tensor([1.0], requires_grad=True) for _ in rates]
    made = optim.SGD([{"params": [t], "lr": lr} for t, lr in zip(tensors, rates, strict=True)], lr=0.0)
    for tensor in tensors:
        tensor.grad = [0.0]
    made.step()
    return made


def rates(schedule, steps, *arguments):
    """The learning rates of the first group from epoch 0 on."""
    found = [schedule.get_last_lr()[0]]
    for _ in range(steps):
        schedule.step(*arguments)
        found.append(schedule.get_last_lr()[0])
    return found


STEPS = 12
CASES = {
    "lambda": (lambda o: schedules.LambdaLR(o, lambda t: 0.9**t / (1 + t)), lambda t: 0.9**t / (1 + t)),
    "step": (lambda o: schedules.StepLR(o, 3), lambda t: 0.1 ** (t // 3)),
    "step 0.5": (lambda o: schedules.StepLR(o, 5, gamma=0.5), lambda t: 0.5 ** (t // 5)),
    "multi": (lambda o: schedules.MultiStepLR(o, [7, 2, 7], gamma=0.3), lambda t: 0.3 ** ((t >= 2) + 2 * (t >= 7))),
    "exponential": (lambda o: schedules.ExponentialLR(o, 0.8), lambda t: 0.8**t),
    "linear": (lambda o: schedules.LinearLR(o), lambda t: 1 / 3 + 2 / 3 * min(t, 5) / 5),
    "linear down": (lambda o: schedules.LinearLR(o, 1.0, 0.2, 4), lambda t: 1 - 0.8 * min(t, 4) / 4),
    "cosine": (lambda o: schedules.CosineAnnealingLR(o, 5), lambda t: (1 + math.cos(math.pi * t / 5)) / 2),
}
each = pytest.mark.parametrize("name", CASES)


@each
def test_schedules_follow_their_formulas_in_every_group(name):
    make, factor = CASES[name]
    made = optimizer(0.5, 2.0)
    schedule = make(made)
    for t in range(STEPS):
        np.testing.assert_allclose(schedule.get_last_lr(), [0.5 * factor(t), 2.0 * factor(t)], rtol=1e-12, atol=1e-15)
        np.testing.assert_allclose([schedule.learning_rate(t, group) for group in (0, 1)], schedule.get_last_lr())
        assert schedule.last_epoch == t
        schedule.step()


def test_the_learning_rate_in_the_optimizer_is_the_one_that_it_uses():
    w = Tensor([0.0], requires_grad=True)
    made = optim.SGD([w], lr=1.0)
    schedule, expected = schedules.ExponentialLR(made, 0.5), 0.0
    for t in range(5):
        w.grad = [1.0]
        made.step()
        schedule.step()
        expected -= 0.5**t
        assert w.item() == expected


def test_the_cosine_ends_at_its_minimum():
    schedule = schedules.CosineAnnealingLR(optimizer(1.0), T_max=4, eta_min=0.2)
    expected = [0.2 + 0.8 * (1 + math.cos(math.pi * t / 4)) / 2 for t in range(9)]
    np.testing.assert_allclose(rates(schedule, 8), expected, rtol=1e-12)


def test_lambdas_can_differ_between_groups():
    made = optimizer(1.0, 1.0)
    schedule = schedules.LambdaLR(made, [lambda t: 1 / (1 + t), lambda t: 0.5**t])
    schedule.step()
    schedule.step()
    assert schedule.get_last_lr() == [1 / 3, 0.25]
    with pytest.raises(ValueError, match="1 functions for 2 groups"):
        schedules.LambdaLR(optimizer(1.0, 1.0), [lambda t: 1.0])


def test_two_schedules_multiply_whichever_steps_first():
    for order in (1, -1):
        made = optimizer(1.0)
        both = [schedules.ExponentialLR(made, 0.9), schedules.LinearLR(made, 0.5, total_iters=4)]
        for t in range(8):
            assert made.param_groups[0]["lr"] == pytest.approx(0.9**t * (0.5 + 0.5 * min(t, 4) / 4), rel=1e-12)
            for schedule in both[::order]:
                schedule.step()


def test_a_learning_rate_changed_by_hand_stays_changed():
    made = optimizer(1.0)
    schedule = schedules.ExponentialLR(made, 0.5)
    schedule.step()
    made.param_groups[0]["lr"] = 10.0
    schedule.step()
    assert schedule.get_last_lr() == [5.0]
    made = optimizer(1.0)
    schedule = schedules.CosineAnnealingLR(made, 2, eta_min=0.5)
    made.param_groups[0]["lr"] = 2.5
    schedule.step()
    assert schedule.get_last_lr() == [0.5 + 2.0 * 0.5]


def test_a_group_that_is_added_later_starts_from_its_own_learning_rate():
    made = optimizer(1.0)
    schedule = schedules.ExponentialLR(made, 0.5)
    schedule.step()
    made.add_param_group({"params": [Tensor([1.0], requires_grad=True)], "lr": 8.0})
    schedule.step()
    assert schedule.get_last_lr() == [0.25, 4.0]


# -- one after the other ---------------------------------------------------------------------------------------------


def sequence(made):
    parts = [schedules.LinearLR(made, 0.25, total_iters=3), schedules.ExponentialLR(made, 0.5),
             schedules.CosineAnnealingLR(made, 4)]  # fmt: skip
    return schedules.SequentialLR(made, parts, milestones=[3, 6])


def test_sequential_schedules_begin_where_the_milestones_are():
    expected = [2 * f for f in (0.25, 0.5, 0.75, 1, 0.5, 0.25)]
    expected += [1 + math.cos(math.pi * t / 4) for t in range(4)]
    schedule = sequence(optimizer(2.0))
    np.testing.assert_allclose([schedule.learning_rate(t) for t in range(10)], expected, rtol=1e-12)
    np.testing.assert_allclose(rates(schedule, 9), expected, rtol=1e-12)


@pytest.mark.parametrize("milestones", [[3], [6, 3], [3, 3], [0, 3], [3.0, 6]])
def test_milestones_ascend_and_are_one_less_than_schedules(milestones):
    made = optimizer(1.0)
    with pytest.raises(ValueError, match="milestone"):
        schedules.SequentialLR(made, sequence(made).schedulers, milestones)


def test_sequential_schedules_share_an_optimizer_and_are_formulas():
    made = optimizer(1.0)
    with pytest.raises(ValueError, match="same optimizer"):
        schedules.SequentialLR(made, [schedules.StepLR(made, 1), schedules.StepLR(optimizer(1.0), 1)], [1])
    with pytest.raises(TypeError, match="ReduceLROnPlateau"):
        schedules.SequentialLR(made, [schedules.ReduceLROnPlateau(made)], [])


# -- no progress -----------------------------------------------------------------------------------------------------


def on_plateau(measures, lr, mode, factor, patience, threshold, threshold_mode, cooldown, min_lr):
    """The rule, as its docstring describes it."""
    best, bad, cooling, found = None, 0, 0, []
    for measure in measures:
        margin = threshold * (abs(best) if threshold_mode == "rel" else 1) if best is not None else 0
        better = best is None or (measure < best - margin if mode == "min" else measure > best + margin)
        best, bad = (measure, 0) if better else (best, bad + 1)
        if cooling:
            cooling, bad = cooling - 1, 0
        if bad > patience:
            lr, bad, cooling = max(lr * factor, min_lr), 0, cooldown
        found.append(lr)
    return found


@pytest.mark.parametrize("mode", ["min", "max"])
@pytest.mark.parametrize("threshold_mode", ["rel", "abs"])
@pytest.mark.parametrize(("patience", "cooldown", "min_lr"), [(0, 0, 0.0), (2, 0, 0.1), (1, 3, 0.0)])
def test_the_learning_rate_falls_when_there_is_no_progress(mode, threshold_mode, patience, cooldown, min_lr):
    options = {"mode": mode, "factor": 0.5, "patience": patience, "threshold": 0.05, "threshold_mode": threshold_mode,
               "cooldown": cooldown, "min_lr": min_lr}  # fmt: skip
    measures = np.random.default_rng(0).uniform(1, 2, 40).round(2)
    schedule, found = schedules.ReduceLROnPlateau(optimizer(1.0), **options, eps=0), []
    for measure in measures:
        schedule.step(measure)
        found.append(schedule.get_last_lr()[0])
    assert found == on_plateau(measures, 1.0, **options)
    assert found[-1] < 1


def test_measures_can_be_tensors_and_nan_is_no_progress():
    schedule = schedules.ReduceLROnPlateau(optimizer(1.0), patience=1)
    for measure in (Tensor(1.0), float("nan"), np.float32("nan")):
        schedule.step(measure)
    assert schedule.get_last_lr() == [0.1]
    assert schedule.best == 1.0


def test_groups_can_have_their_own_limits_and_tiny_changes_are_not_made():
    schedule = schedules.ReduceLROnPlateau(optimizer(1.0, 1.0), patience=0, factor=0.5, min_lr=[0.4, 0.0], eps=0.2)
    for _ in range(6):
        schedule.step(1.0)
    assert schedule.get_last_lr() == [0.5, 0.25]  # the next changes would be 0.1 and 0.125


# -- order and saving ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [*(make for make, _ in CASES.values()), schedules.ReduceLROnPlateau, sequence])
def test_a_schedule_before_its_optimizer_is_refused(make):
    w = Tensor([1.0], requires_grad=True)
    with pytest.raises(TypeError, match="the first argument must be an optimizer, not list"):
        make([w])
    made = optim.SGD([w], lr=1.0)
    schedule = make(made)
    before = schedule.get_last_lr()
    arguments = [1.0] if isinstance(schedule, schedules.ReduceLROnPlateau) else []
    with pytest.raises(RuntimeError, match=r"call optimizer.step\(\) first"):
        schedule.step(*arguments)
    assert (schedule.get_last_lr(), schedule.last_epoch) == (before, 0)
    w.grad = [0.0]
    made.step()
    schedule.step(*arguments)
    assert schedule.last_epoch == 1


@pytest.mark.parametrize("make", [*(make for make, _ in CASES.values()), sequence])
def test_a_saved_schedule_goes_on_where_it_was(make):
    schedule = make(optimizer(1.0))
    rates(schedule, 4)
    state = schedule.state_dict()
    rest = rates(schedule, 5)
    fresh = make(optimizer(7.0))
    fresh.load_state_dict(state)
    assert rates(fresh, 5) == rest


def test_a_saved_plateau_goes_on_where_it_was():
    schedule, fresh = (schedules.ReduceLROnPlateau(optimizer(1.0), patience=2) for _ in range(2))
    rates(schedule, 2, 1.0)
    fresh.load_state_dict(schedule.state_dict())
    assert rates(fresh, 3, 1.0) == rates(schedule, 3, 1.0)
    assert fresh.state_dict() == schedule.state_dict()


@pytest.mark.parametrize("make", [CASES["step"][0], sequence, schedules.ReduceLROnPlateau])
def test_a_state_that_does_not_fit_is_refused_and_nothing_is_loaded(make):
    schedule = make(optimizer(1.0))
    before = schedule.state_dict()
    other = make(optimizer(1.0, 2.0)).state_dict()
    for wrong in ({**before, "more": 1}, {"last_epoch": 3}, other):
        with pytest.raises(ValueError, match="load_state_dict"):
            schedule.load_state_dict(wrong)
    assert schedule.state_dict() == before


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda o: schedules.StepLR(o, 0), "step_size"),
        (lambda o: schedules.StepLR(o, 1.5), "step_size"),
        (lambda o: schedules.StepLR(o, 1, gamma=-1), "gamma"),
        (lambda o: schedules.MultiStepLR(o, [0]), "milestones"),
        (lambda o: schedules.MultiStepLR(o, [1], gamma=math.nan), "gamma"),
        (lambda o: schedules.ExponentialLR(o, -0.1), "gamma"),
        (lambda o: schedules.LinearLR(o, 0.0), "start_factor"),
        (lambda o: schedules.LinearLR(o, 1.5), "start_factor"),
        (lambda o: schedules.LinearLR(o, end_factor=2), "end_factor"),
        (lambda o: schedules.LinearLR(o, total_iters=0), "total_iters"),
        (lambda o: schedules.CosineAnnealingLR(o, 0), "T_max"),
        (lambda o: schedules.CosineAnnealingLR(o, 1, eta_min=-1), "eta_min"),
        (lambda o: schedules.ReduceLROnPlateau(o, mode="low"), "mode"),
        (lambda o: schedules.ReduceLROnPlateau(o, threshold_mode="x"), "threshold_mode"),
        (lambda o: schedules.ReduceLROnPlateau(o, factor=1.0), "factor"),
        (lambda o: schedules.ReduceLROnPlateau(o, patience=-1), "patience"),
        (lambda o: schedules.ReduceLROnPlateau(o, cooldown=True), "cooldown"),
        (lambda o: schedules.ReduceLROnPlateau(o, min_lr=[0, 0]), "min_lr"),
        (lambda o: schedules.ReduceLROnPlateau(o, min_lr=-1.0), "min_lr"),
        (lambda o: schedules.ReduceLROnPlateau(o, threshold=-1.0), "threshold"),
    ],
)
def test_options_that_make_no_sense_are_named(make, message):
    made = optimizer(1.0)
    with pytest.raises(ValueError, match=message):
        make(made)
    assert made.param_groups[0]["lr"] == 1.0


@pytest.mark.parametrize("epoch", range(4))
def test_last_epoch_continues_with_the_rates_of_an_uninterrupted_schedule(epoch):
    whole = optim.SGD([Tensor([1.0], requires_grad=True)], lr=0.5)
    schedule = schedules.CosineAnnealingLR(whole, 6, 0.1)
    expected = [schedule.learning_rate(t) for t in range(6)]
    optimizer = optim.SGD([{"params": [Tensor([1.0], requires_grad=True)], "initial_lr": 0.5}], lr=expected[epoch])
    later = schedules.CosineAnnealingLR(optimizer, 6, 0.1, last_epoch=epoch)
    np.testing.assert_allclose(later.get_last_lr(), expected[epoch + 1], rtol=1e-12)
    assert later.last_epoch == epoch + 1


def test_a_cycle_changes_momentum_or_the_first_beta_against_the_rate():
    for optimizer in (optim.SGD([Tensor([1.0], requires_grad=True)], lr=1, momentum=0.5),
                      optim.Adam([Tensor([1.0], requires_grad=True)])):  # fmt: skip
        schedule = schedules.CyclicLR(optimizer, 1.0, 3.0, 2, base_momentum=0.4, max_momentum=0.8)
        found = []
        for _ in range(5):
            (group,) = optimizer.param_groups
            found.append((group["lr"], group["momentum"] if "momentum" in group else group["betas"][0]))
            group["params"][0].grad = [1.0]
            optimizer.step()
            schedule.step()
        np.testing.assert_allclose(found, [(1, 0.8), (2, 0.6), (3, 0.4), (2, 0.6), (1, 0.8)])
        assert "momentum" in group or group["betas"][1] == 0.999
