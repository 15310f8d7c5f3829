"""Schedules in cycles: warm restarts of the cosine, triangles, and one cycle for a whole training."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from autograd_lite.core.hooks import repeated
from autograd_lite.optim.optimizer import Optimizer
from autograd_lite.optim.schedule import LRScheduler, checked_optimizer, set_initial_rates
from autograd_lite.support.checks import check, check_integer, check_number, check_switch
from autograd_lite.support.messages import show


class CosineAnnealingWarmRestarts(LRScheduler):
    """Half a period of the cosine from lr down to `eta_min`, again and again.

    eta_min + (lr − eta_min)(1 + cos(πs/T))/2, where s is the number of epochs since the last restart. The first period
    T is `T_0`; each restart multiplies it by `T_mult`.

    Raises
    ------
    ValueError
        If T_0 or T_mult is not a positive integer, or eta_min is negative.

    References
    ----------
    Loshchilov and Hutter, "SGDR: stochastic gradient descent with warm restarts" (2017).

    Examples
    --------
    >>> optimizer = SGD([Tensor([1.0], requires_grad=True)], lr=1.0)
    >>> schedule = CosineAnnealingWarmRestarts(optimizer, 2, T_mult=2)
    >>> print(*[f"{schedule.learning_rate(epoch):.3f}" for epoch in range(7)])
    1.000 0.500 1.000 0.854 0.500 0.146 1.000
    """

    def __init__(
        self, optimizer: Optimizer, T_0: int, T_mult: int = 1, eta_min: float = 0.0, last_epoch: int = -1
    ) -> None:
        self.T_0, self.T_mult, self.eta_min = T_0, T_mult, eta_min
        self.T_i, self.T_cur = T_0, 0.0
        super().__init__(optimizer, last_epoch)

    def check(self) -> None:
        check_integer("CosineAnnealingWarmRestarts: T_0", self.T_0)
        check_integer("CosineAnnealingWarmRestarts: T_mult", self.T_mult)
        check_integer("CosineAnnealingWarmRestarts: T_i", self.T_i)
        check_number("CosineAnnealingWarmRestarts: eta_min", self.eta_min)
        check_number("CosineAnnealingWarmRestarts: T_cur", self.T_cur)

    def _place(self, epoch: float) -> tuple[float, int]:
        """The epochs since the last restart, and the period."""
        if self.T_mult == 1:
            return epoch % self.T_0, self.T_0
        period, start = self.T_0, 0
        while epoch >= start + period:
            start, period = start + period, period * self.T_mult
        return epoch - start, period

    def factor(self, epoch: float, group: int) -> float:
        since, period = self._place(epoch)
        return (1 + math.cos(math.pi * since / period)) / 2

    @repeated
    def step(self, epoch: float | None = None) -> None:
        """Continue with the next epoch, or with any one, which may be a fraction: ``epoch + batch / batches``.

        Raises
        ------
        ValueError
            If `epoch` is negative.
        RuntimeError
            If the optimizer has not made a step yet, and no epoch is passed.
        """
        if epoch is None:
            self._refuse_too_early()
            # A period that was loaded goes on, whatever T_0 is.
            self.T_cur += 1
            if self.T_cur >= self.T_i:
                self.T_cur, self.T_i = self.T_cur - self.T_i, self.T_i * self.T_mult
            self._set_rates_at(self.last_epoch + 1)
        else:
            check_number("CosineAnnealingWarmRestarts.step: epoch", epoch)
            self.T_cur, self.T_i = self._place(epoch)
            self._set_rates_at(math.floor(epoch))

    def _set_rates_at(self, epoch: int) -> None:
        factor = (1 + math.cos(math.pi * self.T_cur / self.T_i)) / 2
        self._set(epoch, [self._scaled(self._base(number), factor) for number in range(len(self.get_last_lr()))])

    def _advance(self) -> None:
        self.T_cur, self.T_i = self._place(self.last_epoch + 1)
        self._set_rates_at(self.last_epoch + 1)

    def _restart(self) -> None:
        self.T_cur, self.T_i = 0.0, self.T_0
        self._set_rates_at(0)


class Cycle(LRScheduler):
    """What schedules share that set the learning rate, and also the momentum if `cycle_momentum`, by a formula.

    The momentum is the option "momentum", or else the first of "betas".
    """

    cycle_momentum: bool

    def momentum(self, epoch: int, group: int) -> float:
        """The momentum of a group in any epoch."""
        raise NotImplementedError(f"{type(self).__name__} does not define `momentum`")

    def _next(self, epoch: int, number: int, lr: float) -> float:
        return self.learning_rate(epoch, number)

    def _restart(self) -> None:
        self._set(0, [self.learning_rate(0, number) for number in range(len(self.get_last_lr()))])

    def _set(self, epoch: int, rates: list[float]) -> None:
        groups = self.optimizer.param_groups
        momenta = [self.momentum(epoch, number) for number in range(len(groups))] if self.cycle_momentum else []
        super()._set(epoch, rates)
        for group, momentum in zip(groups, momenta, strict=False):
            if "momentum" in group:
                group["momentum"] = momentum
            else:
                group["betas"] = (momentum, *group["betas"][1:])

    def check(self) -> None:
        name = type(self).__name__
        check_switch(f"{name}: cycle_momentum", self.cycle_momentum)
        if self.cycle_momentum and not {"momentum", "betas"} & self.optimizer.defaults.keys():
            raise ValueError(f"{name}: the optimizer has neither momentum nor betas; pass cycle_momentum=False")


def for_each_group(name: str, option: str, value: Any, optimizer: Optimizer) -> list[float]:
    """A number for all groups, or one for each, as a list."""
    groups = len(optimizer.param_groups)
    values = list(value) if isinstance(value, Sequence) and not isinstance(value, str) else [value] * groups
    for number in values:
        check_number(f"{name}: {option}", number)
    if len(values) != groups:
        raise ValueError(f"{name}: {len(values)} values of {option} for {groups} groups of parameters")
    return values


class CyclicLR(Cycle):
    """Triangles between `base_lr` and `max_lr`, up in `step_size_up` steps and down in `step_size_down`.

    The learning rate is base_lr + (max_lr − base_lr)·h·a, where h rises from 0 to 1 and falls again, and a is the
    height of the cycle c = 1, 2, ...: 1 for "triangular", 2^(1 − c) for "triangular2", gammaᵗ for "exp_range". The
    momentum moves the other way, between `max_momentum` and `base_momentum`.

    Parameters
    ----------
    optimizer : Optimizer
    base_lr, max_lr : float, or sequence of float
    step_size_up : int, default 2000
    step_size_down : int, optional
        By default `step_size_up`.
    mode : "triangular", "triangular2" or "exp_range", default "triangular"
    gamma : float, default 1
    scale_fn : function, optional
        a, in place of that of `mode`: of the cycle, or of the step, as `scale_mode` says.
    scale_mode : "cycle" or "iterations", default "cycle"
    cycle_momentum : bool, default True
    base_momentum, max_momentum : float, or sequence of float, default 0.8 and 0.9

    Raises
    ------
    ValueError
        If an option is out of its range, or the optimizer has no momentum and `cycle_momentum`.

    References
    ----------
    Smith, "Cyclical learning rates for training neural networks" (2017).

    Examples
    --------
    >>> optimizer = SGD([Tensor([1.0], requires_grad=True)], lr=1.0)
    >>> schedule = CyclicLR(optimizer, 0.0, 1.0, step_size_up=2, cycle_momentum=False)
    >>> [schedule.learning_rate(epoch) for epoch in range(6)]
    [0.0, 0.5, 1.0, 0.5, 0.0, 0.5]
    """

    optional_names = frozenset({"base_momentums", "max_momentums"})

    def __init__(
        self,
        optimizer: Optimizer,
        base_lr: float | Sequence[float],
        max_lr: float | Sequence[float],
        step_size_up: int = 2000,
        step_size_down: int | None = None,
        mode: str = "triangular",
        gamma: float = 1.0,
        scale_fn: Callable[[float], float] | None = None,
        scale_mode: str = "cycle",
        cycle_momentum: bool = True,
        base_momentum: float | Sequence[float] = 0.8,
        max_momentum: float | Sequence[float] = 0.9,
        last_epoch: int = -1,
    ) -> None:
        self.optimizer = checked_optimizer(optimizer, "CyclicLR", last_epoch)
        check("CyclicLR", "positive", lambda size: size > 0, step_size_up=step_size_up)
        check("CyclicLR", "positive", lambda size: size is None or size > 0, step_size_down=step_size_down)
        base_lrs = for_each_group("CyclicLR", "base_lr", base_lr, optimizer)
        self.max_lrs = for_each_group("CyclicLR", "max_lr", max_lr, optimizer)
        self.base_momentums = for_each_group("CyclicLR", "base_momentum", base_momentum, optimizer)
        self.max_momentums = for_each_group("CyclicLR", "max_momentum", max_momentum, optimizer)
        self.total_size = float(step_size_up + (step_size_up if step_size_down is None else step_size_down))
        self.step_ratio = step_size_up / self.total_size
        self.mode, self.gamma, self.cycle_momentum = mode, gamma, cycle_momentum
        self.scale_mode = "iterations" if mode == "exp_range" and scale_fn is None else scale_mode
        self._scale = scale_fn
        self.check()
        set_initial_rates(optimizer, base_lrs)
        super().__init__(optimizer, last_epoch)

    def check(self) -> None:
        super().check()
        if self.mode not in ("triangular", "triangular2", "exp_range") or self.scale_mode not in (
            "cycle",
            "iterations",
        ):
            raise ValueError(
                'CyclicLR: mode must be "triangular", "triangular2" or "exp_range", and scale_mode "cycle" or '
                f'"iterations", not {show(self.mode)} and {show(self.scale_mode)}'
            )
        check_number("CyclicLR: gamma", self.gamma)
        check("CyclicLR", "positive", lambda size: 0 < size < math.inf, total_size=self.total_size)
        check("CyclicLR", "in (0, 1)", lambda ratio: 0 < ratio < 1, step_ratio=self.step_ratio)

    def state_dict(self) -> dict[str, Any]:
        state = super().state_dict()
        state.pop("_scale", None)
        return {**state, "_scale_fn_custom": None}  # which PyTorch expects

    def _height(self, epoch: int) -> float:
        cycle = math.floor(1 + epoch / self.total_size)
        x = 1 + epoch / self.total_size - cycle
        height = x / self.step_ratio if x <= self.step_ratio else (x - 1) / (self.step_ratio - 1)
        at = cycle if self.scale_mode == "cycle" else epoch
        if self._scale is not None:
            return height * self._scale(at)
        return height * {"triangular": 1, "triangular2": 0.5 ** (cycle - 1), "exp_range": self.gamma**at}[self.mode]

    def learning_rate(self, epoch: int, group: int = 0) -> float:
        base = self._base(group)
        return base + (self.max_lrs[group] - base) * self._height(epoch)

    def momentum(self, epoch: int, group: int) -> float:
        most = self.max_momentums[group]
        return most - (most - self.base_momentums[group]) * self._height(epoch)
