"""Every schedule against PyTorch's, from one table: rates, momenta, and states that move there and back."""

import numpy as np
import pytest

from autograd_lite import Tensor, optim

torch = pytest.importorskip("torch", reason="PyTorch is not installed; it is not needed, only agreed with")

SLOWER = lambda epoch: 1 / (1 + epoch)  # noqa: E731
# The name of a schedule and its options; rates are one number for both groups, or one for each.
CASES = [
    ("StepLR", {"step_size": 3}),
    ("MultiStepLR", {"milestones": [2, 5], "gamma": 0.3}),
    ("MultiStepLR", {"milestones": [5, 2, 5], "gamma": 0.3}),
    ("ExponentialLR", {"gamma": 0.8}),
    ("LinearLR", {}),
    ("LinearLR", {"start_factor": 1.0, "end_factor": 0.1, "total_iters": 7}),
    ("ConstantLR", {}),
    ("ConstantLR", {"factor": 0.25, "total_iters": 3}),
    ("PolynomialLR", {}),
    ("PolynomialLR", {"total_iters": 7, "power": 2.5}),
    ("CosineAnnealingLR", {"T_max": 4, "eta_min": 0.01}),
    ("CosineAnnealingWarmRestarts", {"T_0": 3}),
    ("CosineAnnealingWarmRestarts", {"T_0": 2, "T_mult": 2, "eta_min": 0.01}),
    ("LambdaLR", {"lr_lambda": SLOWER}),
    ("LambdaLR", {"lr_lambda": [SLOWER, lambda epoch: 0.9**epoch]}),
    ("MultiplicativeLR", {"lr_lambda": SLOWER}),
    ("CyclicLR", {"base_lr": 0.1, "max_lr": 1.0, "step_size_up": 3}),
    ("CyclicLR", {"base_lr": [0.1, 0.2], "max_lr": [1.0, 2.0], "step_size_up": 3, "step_size_down": 2}),
    ("CyclicLR", {"base_lr": 0.1, "max_lr": 1.0, "step_size_up": 2, "mode": "triangular2", "max_momentum": 0.7}),
    ("CyclicLR", {"base_lr": 0.1, "max_lr": 1.0, "step_size_up": 2, "mode": "exp_range", "gamma": 0.9}),
    ("CyclicLR", {"base_lr": 0.1, "max_lr": 1.0, "step_size_up": 2, "cycle_momentum": False, "scale_fn": SLOWER}),
    ("CyclicLR", {"base_lr": 0.1, "max_lr": 1.0, "step_size_up": 2, "scale_mode": "iterations", "scale_fn": SLOWER}),
    ("OneCycleLR", {"max_lr": 1.0, "total_steps": 13}),
    ("OneCycleLR", {"max_lr": [1.0, 2.0], "epochs": 5, "steps_per_epoch": 3, "anneal_strategy": "linear"}),
    ("OneCycleLR", {"max_lr": 1.0, "total_steps": 14, "three_phase": True, "cycle_momentum": False}),
    ("OneCycleLR", {"max_lr": 1.0, "total_steps": 14, "pct_start": 0.5, "div_factor": 5.0, "final_div_factor": 10.0}),
    ("OneCycleLR", {"max_lr": 1.0, "total_steps": 14, "pct_start": 0.0, "base_momentum": 0.5, "max_momentum": 0.6}),
]
OPTIMIZERS = [("SGD", {"lr": 0.5, "momentum": 0.9}), ("Adam", {"lr": 0.5})]
each_case = pytest.mark.parametrize(
    ("name", "options"), CASES, ids=[f"{name} {number}" for number, (name, _) in enumerate(CASES)]
)
each_optimizer = pytest.mark.parametrize(("kind", "own"), OPTIMIZERS, ids=[kind for kind, _ in OPTIMIZERS])


def made(kind, own):
    """The optimizers of either library, with two groups of different learning rates."""
    tensors = [Tensor([1.0], requires_grad=True) for _ in range(2)]
    others = [torch.ones(1, dtype=torch.float64, requires_grad=True) for _ in range(2)]
    groups = [[{"params": [p]}, {"params": [q], "lr": 0.25}] for p, q in (tensors, others)]
    return getattr(optim, kind)(groups[0], **own), getattr(torch.optim, kind)(groups[1], **own)


def step(ours, theirs, *schedules):
    for group in (*ours.param_groups, *theirs.param_groups):
        for tensor in group["params"]:
            tensor.grad = np.ones(1) if isinstance(tensor, Tensor) else torch.ones_like(tensor)
    for optimizer in (ours, theirs):
        optimizer.step()
    for schedule in schedules:
        schedule.step()


def compare(ours, theirs):
    for own, other in zip(ours.param_groups, theirs.param_groups, strict=True):
        for option in ("lr", "momentum", "betas"):
            np.testing.assert_allclose(own.get(option, 0), other.get(option, 0), rtol=1e-9, atol=1e-12)


@each_optimizer
@each_case
def test_the_rates_and_momenta_are_those_of_pytorch(name, options, kind, own):
    ours, theirs = made(kind, own)
    schedule = getattr(optim.lr_scheduler, name)(ours, **options)
    expected = getattr(torch.optim.lr_scheduler, name)(theirs, **options)
    for _ in range(13):
        compare(ours, theirs)
        np.testing.assert_allclose(schedule.get_last_lr(), expected.get_last_lr(), rtol=1e-9, atol=1e-12)
        step(ours, theirs, schedule, expected)


@each_case
def test_a_state_goes_to_pytorch_and_comes_back(name, options):
    ours, theirs = made(*OPTIMIZERS[0])
    schedule = getattr(optim.lr_scheduler, name)(ours, **options)
    expected = getattr(torch.optim.lr_scheduler, name)(theirs, **options)
    for _ in range(4):
        step(ours, theirs, schedule, expected)
    new, foreign = made(*OPTIMIZERS[0])
    one = getattr(optim.lr_scheduler, name)(new, **options)
    other = getattr(torch.optim.lr_scheduler, name)(foreign, **options)
    one.load_state_dict(expected.state_dict())
    other.load_state_dict(schedule.state_dict())
    for group, rate in zip(foreign.param_groups, schedule.get_last_lr(), strict=True):
        group["lr"] = rate  # in PyTorch the state of the optimizer brings it
    for _ in range(9):
        step(new, foreign, one, other)
        compare(new, foreign)


@pytest.mark.parametrize("milestone", [1, 3])
def test_sequences_and_chains_agree_and_so_do_their_states(milestone):
    def build(module, optimizer):
        parts = [module.LinearLR(optimizer, 0.1, total_iters=3), module.CosineAnnealingLR(optimizer, 5)]
        return module.SequentialLR(optimizer, parts, milestones=[milestone])

    def chain(module, optimizer):
        return module.ChainedScheduler([module.ConstantLR(optimizer, 0.1, total_iters=3),
                                        module.ExponentialLR(optimizer, 0.9)])  # fmt: skip

    for make in (build, chain):
        ours, theirs = made(*OPTIMIZERS[0])
        schedule, expected = make(optim.lr_scheduler, ours), make(torch.optim.lr_scheduler, theirs)
        for number in range(12):
            compare(ours, theirs)
            step(ours, theirs, schedule, expected)
            if number in (0, 4):  # each continues from what the other has saved
                one, other = schedule.state_dict(), expected.state_dict()
                schedule, expected = make(optim.lr_scheduler, ours), make(torch.optim.lr_scheduler, theirs)
                schedule.load_state_dict(other)
                expected.load_state_dict(one)
                for group, rate in zip(theirs.param_groups, schedule.get_last_lr(), strict=True):
                    group["lr"] = rate


def test_of_two_lambdas_the_last_one_decides():
    ours, theirs = made(*OPTIMIZERS[0])
    schedules = [
        module.lr_scheduler.LambdaLR(optimizer, f)
        for module, optimizer in ((optim, ours), (torch.optim, theirs))
        for f in (SLOWER, lambda epoch: 0.9**epoch)
    ]
    for _ in range(4):
        compare(ours, theirs)
        step(ours, theirs, *schedules)


def test_warm_restarts_take_fractions_of_epochs():
    ours, theirs = made(*OPTIMIZERS[0])
    schedule = optim.lr_scheduler.CosineAnnealingWarmRestarts(ours, 2, 2)
    expected = torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(theirs, 2, 2)
    for epoch in np.arange(0, 9, 0.4):
        schedule.step(epoch)
        expected.step(epoch)
        compare(ours, theirs)
    step(ours, theirs, schedule, expected)
    compare(ours, theirs)


def test_a_schedule_continues_after_the_last_epoch():
    ours, theirs = made(*OPTIMIZERS[0])
    for group in (*ours.param_groups, *theirs.param_groups):
        group["initial_lr"] = group["lr"]
    schedule = optim.lr_scheduler.StepLR(ours, 3, last_epoch=2)
    expected = torch.optim.lr_scheduler.StepLR(theirs, 3, last_epoch=2)
    for _ in range(6):
        compare(ours, theirs)
        step(ours, theirs, schedule, expected)
