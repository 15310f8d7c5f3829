"""Learning-rate schedules, with PyTorch's names. Those that are formulas of the epoch are defined here."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from autograd_lite.optim.optimizer import Optimizer
from autograd_lite.optim.plateau import ReduceLROnPlateau
from autograd_lite.optim.schedule import LRScheduler, checked_optimizer
from autograd_lite.optim.sequential_lr import SequentialLR
from autograd_lite.support.checks import check, check_integer, check_integers, check_number
from autograd_lite.support.messages import show

__all__ = [
    "CosineAnnealingLR", "ExponentialLR", "LRScheduler", "LambdaLR", "LinearLR", "MultiStepLR", "ReduceLROnPlateau",
    "SequentialLR", "StepLR",
]  # fmt: skip


class LambdaLR(LRScheduler):
    """lr·f(t) with a function f of the number of steps t, or one function for each group.

    Raises
    ------
    ValueError
        If the number of functions is not the number of groups.

    Examples
    --------
    >>> optimizer = SGD([Tensor([1.0], requires_grad=True)], lr=0.5)
    >>> schedule = LambdaLR(optimizer, lambda epoch: 1 / (1 + epoch))
    >>> [schedule.learning_rate(epoch) for epoch in range(3)]
    [0.5, 0.25, 0.16666666666666666]
    """

    def __init__(
        self, optimizer: Optimizer, lr_lambda: Callable[[int], float] | Sequence[Callable[[int], float]]
    ) -> None:
        if not (callable(lr_lambda) or (isinstance(lr_lambda, Sequence) and all(map(callable, lr_lambda)))):
            raise TypeError(f"LambdaLR: lr_lambda must be a function or a list of functions, not {show(lr_lambda)}")
        groups = len(checked_optimizer(optimizer, "LambdaLR").param_groups)
        if not callable(lr_lambda) and len(lr_lambda) != groups:
            raise ValueError(f"LambdaLR: {len(lr_lambda)} functions for {groups} groups of parameters")
        self._of_group = partial(_of_group, lr_lambda if callable(lr_lambda) else list(lr_lambda))
        super().__init__(optimizer)

    def factor(self, epoch: int, group: int) -> float:
        factor = self._of_group(group)(epoch)
        check_number(f"LambdaLR: the factor of epoch {epoch}", factor)
        return factor


def _of_group(functions: Any, group: int) -> Callable[[int], float]:
    if callable(functions):
        return functions  # type: ignore[no-any-return]
    if group >= len(functions):
        raise RuntimeError(
            f"LambdaLR: {len(functions)} functions, but a group was added to the optimizer since; "
            "pass one function for all groups, or make the schedule after all groups were added"
        )
    return functions[group]  # type: ignore[no-any-return]


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

    def __init__(self, optimizer: Optimizer, step_size: int, gamma: float = 0.1) -> None:
        self.step_size, self.gamma = step_size, gamma
        super().__init__(optimizer)

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

    def __init__(self, optimizer: Optimizer, milestones: Sequence[int], gamma: float = 0.1) -> None:
        self.milestones, self.gamma = list(milestones), gamma
        super().__init__(optimizer)

    def check(self) -> None:
        check_number("MultiStepLR: gamma", self.gamma)
        check_integers("MultiStepLR: each of milestones", self.milestones)

    def factor(self, epoch: int, group: int) -> float:
        return self.gamma ** sum(milestone <= epoch for milestone in self.milestones)


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

    def __init__(self, optimizer: Optimizer, gamma: float) -> None:
        self.gamma = gamma
        super().__init__(optimizer)

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
        self, optimizer: Optimizer, start_factor: float = 1 / 3, end_factor: float = 1.0, total_iters: int = 5
    ) -> None:
        self.start_factor, self.end_factor, self.total_iters = start_factor, end_factor, total_iters
        super().__init__(optimizer)

    def check(self) -> None:
        check("LinearLR", "in (0, 1]", lambda factor: _is_share(factor) and factor > 0, start_factor=self.start_factor)
        check("LinearLR", "in [0, 1]", _is_share, end_factor=self.end_factor)
        check_integer("LinearLR: total_iters", self.total_iters)

    def factor(self, epoch: int, group: int) -> float:
        return self.start_factor + (self.end_factor - self.start_factor) * min(epoch / self.total_iters, 1)


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

    def __init__(self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0) -> None:
        self.T_max, self.floor = T_max, eta_min
        super().__init__(optimizer)

    def check(self) -> None:
        check_integer("CosineAnnealingLR: T_max", self.T_max)
        check_number("CosineAnnealingLR: eta_min", self.floor)

    def factor(self, epoch: int, group: int) -> float:
        return (1 + math.cos(math.pi * epoch / self.T_max)) / 2
