"""Several schedules, one after the other, or all at once."""

from __future__ import annotations

import bisect
from collections.abc import Callable, Sequence
from types import MappingProxyType
from typing import Any

from autograd_lite.core.hooks import repeated
from autograd_lite.optim.optimizer import Optimizer
from autograd_lite.optim.schedule import LRScheduler, Schedule, checked_optimizer, initial_rates
from autograd_lite.support.checks import check, check_integers, check_state
from autograd_lite.support.messages import show


class SequentialLR(LRScheduler):
    """Several schedules, one after the other: the next one starts, at its own epoch 0, when t reaches its milestone.

    Parameters
    ----------
    optimizer : Optimizer
    schedulers : sequence of LRScheduler
        All made with this optimizer.
    milestones : sequence of int
        The epochs in which the second, the third, ... schedule starts, in ascending order.

    Raises
    ------
    ValueError
        If the milestones do not ascend or are not one fewer than the schedules, or a schedule has another optimizer.
    TypeError
        If one is not a schedule that is a formula of the epoch.

    Examples
    --------
    >>> from autograd_lite.optim.lr_scheduler import ExponentialLR, LinearLR
    >>> optimizer = SGD([Tensor([1.0], requires_grad=True)], lr=1.0)
    >>> parts = [LinearLR(optimizer, 0.5, total_iters=2), ExponentialLR(optimizer, 0.5)]
    >>> schedule = SequentialLR(optimizer, parts, milestones=[2])
    >>> [schedule.learning_rate(epoch) for epoch in range(5)]
    [0.5, 0.75, 1.0, 0.5, 0.25]
    """

    renamed = MappingProxyType({"schedulers": "_schedulers", "milestones": "_milestones"})

    def __init__(
        self,
        optimizer: Optimizer,
        schedulers: Sequence[LRScheduler],
        milestones: Sequence[int],
        last_epoch: int = -1,
    ) -> None:
        check("SequentialLR", "-1", lambda epoch: epoch == -1, last_epoch=last_epoch)
        checked_optimizer(optimizer, "SequentialLR")
        for schedule in schedulers:
            if not isinstance(schedule, LRScheduler):
                raise TypeError(f"SequentialLR: {type(schedule).__name__} is not a formula of the epoch")
            if schedule.optimizer is not optimizer:
                raise ValueError("SequentialLR: all schedules must be made with the same optimizer")
        self.schedulers, self.milestones = list(schedulers), list(milestones)
        super().__init__(optimizer)

    def check(self) -> None:
        count, milestones = len(self.schedulers), self.milestones
        check_integers("SequentialLR: each of milestones", milestones)
        if count != len(milestones) + 1 or list(milestones) != sorted(set(milestones)):
            raise ValueError(
                f"SequentialLR: milestones must be {count - 1} ascending integers for {count} schedules, "
                f"not {show(milestones)}"
            )

    def learning_rate(self, epoch: int, group: int = 0) -> float:
        number, start = self._place(epoch)
        return self.schedulers[number].learning_rate(epoch - start, group)

    def read_state(self) -> list[Any]:
        return [*super().read_state(), *map(vars, self.schedulers)]

    @repeated
    def step(self) -> None:
        self._refuse_too_early()
        epoch = self.last_epoch + 1
        number, start = self._place(epoch)
        if epoch == start:
            self._begin(number)
        else:
            self.schedulers[number].step()
        self.last_epoch = epoch

    def _place(self, epoch: int) -> tuple[int, int]:
        """The number of the schedule in an epoch, and the epoch in which it starts."""
        number = bisect.bisect_right(self.milestones, epoch)
        return number, self.milestones[number - 1] if number else 0

    def _restart(self) -> None:
        self.last_epoch = 0
        self._begin(0)

    def _begin(self, number: int) -> None:
        """Start a schedule from the initial learning rates, which other schedules have changed, when made or later."""
        self._set_rates(initial_rates(self.optimizer))
        self.schedulers[number]._restart()

    def state_dict(self) -> dict[str, Any]:
        return {**super().state_dict(), "_schedulers": [schedule.state_dict() for schedule in self.schedulers]}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        state = check_state(state_dict, self.state_dict().keys() - ({"base_lrs"} - {*state_dict}))
        _load_all(self.schedulers, state["_schedulers"], lambda: self._load(state))

    def _load(self, state: dict[str, Any]) -> None:
        base_lrs = list(initial_rates(self.optimizer))  # which PyTorch does not save
        super().load_state_dict({"base_lrs": base_lrs, **state, "_schedulers": self.schedulers})


def _load_all(schedules: list[Any], states: Any, then: Callable[[], None]) -> None:
    """Load the states of all schedules, then what else there is to load; or nothing."""
    if not isinstance(states, list | tuple) or len(states) != len(schedules):
        raise ValueError(f"load_state_dict: schedulers must be a list of {len(schedules)} states, not {show(states)}")
    before = [schedule.state_dict() for schedule in schedules]
    try:
        for schedule, state in zip(schedules, states, strict=True):
            schedule.load_state_dict(state)
        then()
    except (TypeError, ValueError):
        for schedule, state in zip(schedules, before, strict=True):
            schedule.load_state_dict(state)
        raise


class ChainedScheduler(Schedule):
    """Several schedules at once: each step is a step of all of them, in order.

    Parameters
    ----------
    schedulers : sequence of LRScheduler
        All made with the same optimizer.
    optimizer : Optimizer, optional
        Theirs.

    Raises
    ------
    ValueError
        If there are none, or they have different optimizers.
    TypeError
        If one is not a schedule that is a formula of the epoch.

    Examples
    --------
    >>> from autograd_lite.optim.lr_scheduler import ConstantLR, ExponentialLR
    >>> w = Tensor([1.0], requires_grad=True)
    >>> optimizer = SGD([w], lr=1.0)
    >>> schedule = ChainedScheduler([ConstantLR(optimizer, 0.5, total_iters=2), ExponentialLR(optimizer, 0.5)])
    >>> w.sum().backward()
    >>> for _ in range(3):
    ...     optimizer.step()
    ...     schedule.step()
    ...     print(schedule.get_last_lr())
    [0.25]
    [0.25]
    [0.125]
    """

    def __init__(self, schedulers: Sequence[LRScheduler], optimizer: Optimizer | None = None) -> None:
        self.schedulers = list(schedulers)
        if not self.schedulers:
            raise ValueError("ChainedScheduler: there are no schedules")
        for schedule in self.schedulers:
            if not isinstance(schedule, LRScheduler):
                raise TypeError(f"ChainedScheduler: {type(schedule).__name__} is not a formula of the epoch")
        own = self.schedulers[0].optimizer if optimizer is None else optimizer
        self.optimizer = checked_optimizer(own, "ChainedScheduler")
        if any(schedule.optimizer is not self.optimizer for schedule in self.schedulers):
            raise ValueError("ChainedScheduler: all schedules must be made with the same optimizer")

    @property
    def last_epoch(self) -> int:  # type: ignore[override]
        """The number of steps so far, of the last schedule."""
        return self.schedulers[-1].last_epoch

    def read_state(self) -> list[Any]:
        return [*super().read_state(), *map(vars, self.schedulers)]

    @repeated
    def step(self) -> None:
        """Continue with the next epoch."""
        self._refuse_too_early()
        for schedule in self.schedulers:
            schedule.step()

    def state_dict(self) -> dict[str, Any]:
        return {"_schedulers": [schedule.state_dict() for schedule in self.schedulers], "_last_lr": self.get_last_lr()}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        state = check_state(state_dict, ["_last_lr", "_schedulers"])
        rates = self._checked_rates("_last_lr", state["_last_lr"])
        _load_all(self.schedulers, state["_schedulers"], lambda: self._set_rates(rates))
