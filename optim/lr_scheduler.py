"""Learning-rate schedules, with PyTorch's names. Those that are formulas of the epoch are defined here."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from autograd_lite.optim.cyclic import CosineAnnealingWarmRestarts, CyclicLR
from autograd_lite.optim.lambda_lr import LambdaLR, MultiplicativeLR
from autograd_lite.optim.one_cycle import OneCycleLR
from autograd_lite.optim.optimizer import Optimizer
from autograd_lite.optim.plateau import ReduceLROnPlateau
from autograd_lite.optim.schedule import LRScheduler
from autograd_lite.optim.sequential_lr import ChainedScheduler, SequentialLR
from autograd_lite.support.checks import check, check_integer, check_integers, check_number

__all__ = [
    "ChainedScheduler", "ConstantLR", "CosineAnnealingLR", "CosineAnnealingWarmRestarts", "CyclicLR", "ExponentialLR",
    "LRScheduler", "LambdaLR", "LinearLR", "MultiStepLR", "MultiplicativeLR", "OneCycleLR", "PolynomialLR",
    "ReduceLROnPlateau", "SequentialLR", "StepLR",
]  # fmt: skip


class StepLR(LRScheduler):
    """lr·γ^⌊t/step_size⌋: the learning rate falls by the factor γ every `step_size` steps.

    Raises
    ------
    ValueError
        If step_size is not a positive integer, or gamma is negative.

    Examples
    --------
    >>> optimizer = SGD([Tensor([1.0], requires_grad=True)], lr=1.0)
    >>> schedule = StepLR(optimizer, 2, gamma=0.5)
    >>> [schedule.learning_rate(epoch) for epoch in range(5)]
    [1.0, 1.0, 0.5, 0.5, 0.25]
    """

    def __init__(self, optimizer: Optimizer, step_size: int, gamma: float = 0.1, last_epoch: int = -1) -> None:
        self.step_size, self.gamma = step_size, gamma
        super().__init__(optimizer, last_epoch)

    def check(self) -> None:
        check_integer("StepLR: step_size", self.step_size)
        check_number("StepLR: gamma", self.gamma)

    def factor(self, epoch: int, group: int) -> float:
        return self.gamma ** (epoch // self.step_size)


class MultiStepLR(LRScheduler):
    """lr·γⁿ, where n is the number of milestones that t has reached.

    Raises
    ------
    ValueError
        If a milestone is not a positive integer, or gamma is negative.

    Examples
    --------
    >>> optimizer = SGD([Tensor([1.0], requires_grad=True)], lr=1.0)
    >>> schedule = MultiStepLR(optimizer, [1, 3], gamma=0.5)
    >>> [schedule.learning_rate(epoch) for epoch in range(5)]
    [1.0, 0.5, 0.5, 0.25, 0.25]
    """

    def __init__(
        self, optimizer: Optimizer, milestones: Sequence[int], gamma: float = 0.1, last_epoch: int = -1
    ) -> None:
        self.milestones, self.gamma = sorted(milestones), gamma
        super().__init__(optimizer, last_epoch)

    def check(self) -> None:
        check_number("MultiStepLR: gamma", self.gamma)
        check_integers("MultiStepLR: each of milestones", self.milestones)

    def factor(self, epoch: int, group: int) -> float:
        return self.gamma ** sum(milestone <= epoch for milestone in self.milestones)

    def state_dict(self) -> dict[str, Any]:
        """As for other schedules. As in PyTorch, the milestones are counted, ``{milestone: how often}``."""
        return {**super().state_dict(), "milestones": {m: self.milestones.count(m) for m in self.milestones}}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        if isinstance(state_dict, Mapping) and isinstance(counts := state_dict.get("milestones"), Mapping):
            check_integers("load_state_dict: each count of milestones", list(counts.values()))
            listed = [milestone for milestone, count in counts.items() for _ in range(count)]
            state_dict = {**state_dict, "milestones": listed}
        super().load_state_dict(state_dict)


class ExponentialLR(LRScheduler):
    """lr·γᵗ.

    Raises
    ------
    ValueError
        If gamma is negative.

    Examples
    --------
    >>> optimizer = SGD([Tensor([1.0], requires_grad=True)], lr=1.0)
    >>> ExponentialLR(optimizer, 0.5).learning_rate(3)
    0.125
    """

    def __init__(self, optimizer: Optimizer, gamma: float, last_epoch: int = -1) -> None:
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def check(self) -> None:
        check_number("ExponentialLR: gamma", self.gamma)

    def factor(self, epoch: int, group: int) -> float:
        return self.gamma**epoch


class LinearLR(LRScheduler):
    """A warm-up: the factor changes linearly from `start_factor` to `end_factor` over `total_iters` steps.

    f(t) = start_factor + (end_factor − start_factor)·min(t/total_iters, 1).

    Parameters
    ----------
    optimizer : Optimizer
    start_factor : float, default 1/3
        In (0, 1].
    end_factor : float, default 1
        In [0, 1].
    total_iters : int, default 5

    Raises
    ------
    ValueError
        If a factor is out of its range, or total_iters is not a positive integer.

    Examples
    --------
    >>> optimizer = SGD([Tensor([1.0], requires_grad=True)], lr=1.0)
    >>> schedule = LinearLR(optimizer, 0.25, total_iters=3)
    >>> [schedule.learning_rate(epoch) for epoch in range(5)]
    [0.25, 0.5, 0.75, 1.0, 1.0]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        start_factor: float = 1 / 3,
        end_factor: float = 1.0,
        total_iters: int = 5,
        last_epoch: int = -1,
    ) -> None:
        self.start_factor, self.end_factor, self.total_iters = start_factor, end_factor, total_iters
        super().__init__(optimizer, last_epoch)

    def check(self) -> None:
        check("LinearLR", "in (0, 1]", lambda factor: _is_share(factor) and factor > 0, start_factor=self.start_factor)
        check("LinearLR", "in [0, 1]", _is_share, end_factor=self.end_factor)
        check_integer("LinearLR: total_iters", self.total_iters)

    def factor(self, epoch: int, group: int) -> float:
        return self.start_factor + (self.end_factor - self.start_factor) * min(epoch / self.total_iters, 1)


class ConstantLR(LRScheduler):
    """lr·factor for the first `total_iters` steps, then lr.

    Raises
    ------
    ValueError
        If factor is not in [0, 1], or total_iters is not a positive integer.

    Examples
    --------
    >>> optimizer = SGD([Tensor([1.0], requires_grad=True)], lr=1.0)
    >>> schedule = ConstantLR(optimizer, 0.5, total_iters=2)
    >>> [schedule.learning_rate(epoch) for epoch in range(4)]
    [0.5, 0.5, 1.0, 1.0]
    """

    def __init__(self, optimizer: Optimizer, factor: float = 1 / 3, total_iters: int = 5, last_epoch: int = -1) -> None:
        self.share, self.total_iters = factor, total_iters
        super().__init__(optimizer, last_epoch)

    def check(self) -> None:
        check("ConstantLR", "in [0, 1]", _is_share, factor=self.share)
        check_integer("ConstantLR: total_iters", self.total_iters)

    def factor(self, epoch: int, group: int) -> float:
        return self.share if epoch < self.total_iters else 1.0

    renamed = MappingProxyType({"share": "factor"})  # `factor` is the method here, and the number in PyTorch


class PolynomialLR(LRScheduler):
    """lr·(1 − t/total_iters)^power, and 0 from t = total_iters on.

    Raises
    ------
    ValueError
        If total_iters is not a positive integer, or power is negative.

    Examples
    --------
    >>> optimizer = SGD([Tensor([1.0], requires_grad=True)], lr=1.0)
    >>> schedule = PolynomialLR(optimizer, 4, power=2)
    >>> [schedule.learning_rate(epoch) for epoch in range(6)]
    [1.0, 0.5625, 0.25, 0.0625, 0.0, 0.0]
    """

    def __init__(self, optimizer: Optimizer, total_iters: int = 5, power: float = 1.0, last_epoch: int = -1) -> None:
        self.total_iters, self.power = total_iters, power
        super().__init__(optimizer, last_epoch)

    def check(self) -> None:
        check_integer("PolynomialLR: total_iters", self.total_iters)
        check_number("PolynomialLR: power", self.power)

    def factor(self, epoch: int, group: int) -> float:
        return math.pow(1 - min(epoch, self.total_iters) / self.total_iters, self.power)


def _is_share(factor: Any) -> bool:
    return not isinstance(factor, bool) and 0 <= factor <= 1


class CosineAnnealingLR(LRScheduler):
    """Half a period of the cosine, from lr down to `eta_min` in `T_max` steps, and up again after that.

    eta_min + (lr − eta_min)(1 + cos(πt/T_max))/2. Source: Loshchilov and Hutter, "SGDR: stochastic gradient descent
    with warm restarts" (2017), without the restarts.

    Raises
    ------
    ValueError
        If T_max is not a positive integer, or eta_min is negative.

    Examples
    --------
    >>> optimizer = SGD([Tensor([1.0], requires_grad=True)], lr=1.0)
    >>> schedule = CosineAnnealingLR(optimizer, 4)
    >>> print(*[f"{schedule.learning_rate(epoch):.3f}" for epoch in range(5)])
    1.000 0.854 0.500 0.146 0.000
    """

    def __init__(self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0, last_epoch: int = -1) -> None:
        self.T_max, self.eta_min = T_max, eta_min
        super().__init__(optimizer, last_epoch)

    def check(self) -> None:
        check_integer("CosineAnnealingLR: T_max", self.T_max)
        check_number("CosineAnnealingLR: eta_min", self.eta_min)

    def factor(self, epoch: int, group: int) -> float:
        return (1 + math.cos(math.pi * epoch / self.T_max)) / 2
