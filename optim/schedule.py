"""What all schedules of learning rates share: the epochs, the initial learning rates, and saving.

A schedule is made with an optimizer and changes the learning rate of its groups: at once to that of epoch 0, then with
each `step`, after the step of the optimizer. "Epoch" is whatever `step` is called after; a batch, for a warm-up.

Most schedules are a factor f(t): the learning rate in epoch t is floor + (lr − floor)·f(t), with the lr that the
optimizer was made with. Several of them on one optimizer multiply, and a learning rate changed by hand stays changed: a
step then multiplies what it finds, less the floor, by f(t)/f(t − 1).
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from autograd_lite.core.hooks import repeated
from autograd_lite.ops.composition import naming
from autograd_lite.optim.optimizer import Optimizer
from autograd_lite.support.checks import check_integer, check_number, check_state
from autograd_lite.support.messages import show
from autograd_lite.support.versions import Versioned, bump

# Under this name an optimizer remembers what its groups started with, so that a second schedule and a copy know it too.
_INITIAL = "initial_rates"


class LRScheduler(Versioned):
    """The base of the schedules that are a factor; a subclass states it in `factor`, and its options in `check`.

    Parameters
    ----------
    optimizer : Optimizer

    Attributes
    ----------
    optimizer : Optimizer
    last_epoch : int
        t, the number of steps so far.

    Raises
    ------
    TypeError
        If `optimizer` is not an optimizer; make that first.
    """

    floor: float = 0.0
    reads = frozenset({"last_epoch", "learning_rate", "get_last_lr", "factor", "state_dict"})

    def versioned_parts(self) -> Iterator[tuple[Any, dict[str, Any]]]:
        """The schedule; what it holds changes with its steps, so that is no part of a version."""
        yield self, {}

    def read_state(self) -> list[Any]:
        """What it holds, and the options of its optimizer."""
        return [vars(self), *self.optimizer.read_state()]

    def __init__(self, optimizer: Optimizer) -> None:
        self.optimizer = checked_optimizer(optimizer, type(self).__name__)
        self.last_epoch = 0
        self.check()
        self._restart()

    def check(self) -> None:
        """Raise ValueError if an option makes no sense, passed or loaded."""

    def factor(self, epoch: int, group: int) -> float:
        """f(t), for the parameter group of that number."""
        raise NotImplementedError(f"{type(self).__name__} does not say in `factor` what it multiplies with")

    def learning_rate(self, epoch: int, group: int = 0) -> float:
        """The learning rate of a group in any epoch, if nobody else changes it."""
        return self._scaled(self._base(group), self.factor(epoch, group))

    @repeated
    def step(self) -> None:
        """Go on to the next epoch.

        Raises
        ------
        RuntimeError
            If the optimizer has not made a step yet: the first learning rate would never be used.
        """
        refuse_too_early(self)
        epoch, groups = self.last_epoch + 1, self.optimizer.param_groups
        self._set(epoch, [self._next(epoch, number, group["lr"]) for number, group in enumerate(groups)])

    def _next(self, epoch: int, number: int, lr: float) -> float:
        if lr == self.learning_rate(epoch - 1, number):
            return self.learning_rate(epoch, number)
        before, now = self.factor(epoch - 1, number), self.factor(epoch, number)
        return self._scaled(lr, now / before) if before else self.learning_rate(epoch, number)

    def _restart(self) -> None:
        """Epoch 0, on whatever learning rates the groups have."""
        groups = self.optimizer.param_groups
        self._set(0, [self._scaled(group["lr"], self.factor(0, number)) for number, group in enumerate(groups)])

    def _set(self, epoch: int, rates: list[float]) -> None:
        """Once all of them are known, so that a factor that cannot be computed changes nothing."""
        self.last_epoch = epoch
        for group, lr in zip(self.optimizer.param_groups, rates, strict=True):
            group["lr"] = lr

    def _scaled(self, lr: float, factor: float) -> float:
        return self.floor + (lr - self.floor) * factor

    def _base(self, number: int) -> float:
        return initial_rates(self.optimizer)[number]

    def get_last_lr(self) -> list[float]:
        """The learning rate of each group now."""
        return [group["lr"] for group in self.optimizer.param_groups]

    def state_dict(self) -> dict[str, Any]:
        """All that the schedule needs to go on, but the optimizer and functions; of numbers and lists."""
        state = {name: value for name, value in vars(self).items() if name != "optimizer" and not callable(value)}
        return {**state, "base_lrs": list(initial_rates(self.optimizer)), "_last_lr": self.get_last_lr()}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Continue from what `state_dict` returned; the learning rates of the optimizer are set, too.

        Raises
        ------
        ValueError
            If names are missing or unknown, the number of groups is another one, or a learning rate, `last_epoch` or
            an option makes no sense. Nothing has been loaded then.
        TypeError
            If it is no dict.
        """
        state = check_state(state_dict, self.state_dict())
        base, last = (checked_rates(name, state.pop(name), self.optimizer) for name in ("base_lrs", "_last_lr"))
        check_loaded(self, state)
        groups = self.optimizer.param_groups
        vars(self.optimizer)[_INITIAL] = list(base)
        for group, lr in zip(groups, last, strict=True):
            group["lr"] = lr
        vars(self).update(state)
        bump()


def check_loaded(schedule: Any, state: dict[str, Any]) -> None:
    """Raise ValueError if the schedule would make no sense with the attributes that are to be loaded."""
    check_integer("load_state_dict: last_epoch", state["last_epoch"], 0)
    changed = copy.copy(schedule)
    vars(changed).update(state)
    with naming("load_state_dict"):
        changed.check()


def checked_optimizer(optimizer: Any, name: str) -> Optimizer:
    """The optimizer, or TypeError if it is none; its learning rates are noted."""
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"{name}: the optimizer comes first; {type(optimizer).__name__} is none")
    initial_rates(optimizer)
    return optimizer


def initial_rates(optimizer: Optimizer) -> list[float]:
    """The learning rates of the groups when they first met a schedule."""
    rates: list[float] = vars(optimizer).setdefault(_INITIAL, [])
    rates += [group["lr"] for group in optimizer.param_groups[len(rates) :]]  # groups can be added later
    return rates


def checked_rates(name: str, rates: Any, optimizer: Optimizer) -> list[float]:
    """The learning rates that are to be loaded, or ValueError unless there is one for each group."""
    groups = len(optimizer.param_groups)
    if not isinstance(rates, list | tuple) or len(rates) != groups:
        raise ValueError(f"load_state_dict: {name} is {show(rates)}, but there are {groups} groups of parameters")
    for rate in rates:
        check_number(f"load_state_dict: each of {name}", rate)
    return list(rates)


def refuse_too_early(schedule: Any) -> None:
    """Raise RuntimeError if the optimizer has not updated anything before the first step of the schedule."""
    if schedule.last_epoch == 0 and not schedule.optimizer.state_dict()["state"]:
        raise RuntimeError(
            f"{type(schedule).__name__}.step() before the optimizer has updated anything: call optimizer.step() first, "
            "or the first learning rate is never used; learning_rate(epoch) shows a schedule without steps"
        )
