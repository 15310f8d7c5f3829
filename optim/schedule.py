"""What all learning-rate schedules share: the epochs, the initial learning rates, and saving.

A schedule changes the learning rates of the groups of an optimizer: to those of epoch 0 when it is made, then with each
`step`, after the step of the optimizer. An epoch is the time between two calls of `step`; for a warm-up, a batch.

Most schedules are a factor f(t): the learning rate in epoch t is eta_min + (lr − eta_min)·f(t), where lr is the
learning rate that the optimizer was made with. The factors of several schedules on one optimizer multiply, and a
learning rate that was changed by hand stays changed: a step multiplies the current one, less eta_min, by f(t)/f(t − 1).
`LambdaLR` and the schedules in cycles set the learning rate of epoch t, whatever it was before.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from autograd_lite.core.hooks import repeated
from autograd_lite.ops.composition import naming
from autograd_lite.optim.optimizer import Optimizer
from autograd_lite.support.checks import check_integer, check_number, check_state
from autograd_lite.support.messages import show
from autograd_lite.support.versions import Versioned, bump

# What the schedules of PyTorch save besides: their bookkeeping, and what follows from other values.
_OF_PYTORCH = frozenset({
    "_step_count", "_is_initial", "_get_lr_called_within_step", "lr_lambdas", "default_min_lr", "mode_worse",
    "_schedule_phases", "_anneal_func_type", "use_beta1", "_scale_fn_custom", "verbose",
})  # fmt: skip

# The attribute of an optimizer that holds the initial learning rates, so that other schedules and copies have them too.
_INITIAL = "initial_rates"


class Schedule(Versioned):
    """What schedules share, formulas of the epoch or not: the optimizer, its learning rates, and saving.

    Attributes
    ----------
    optimizer : Optimizer
    last_epoch : int
        t, the number of steps so far.
    """

    optimizer: Optimizer
    last_epoch: int
    # The attributes that have another name in the state, PyTorch's, and those that a state of PyTorch does not have.
    renamed: Mapping[str, str] = MappingProxyType({})
    optional_names: frozenset[str] = frozenset()
    reads = frozenset({"last_epoch", "learning_rate", "get_last_lr", "factor", "state_dict"})

    def versioned_parts(self) -> Iterator[tuple[Any, dict[str, Any]]]:
        """The schedule without its attributes, which change with every step and so belong to no version."""
        yield self, {}

    def read_state(self) -> list[Any]:
        """The attributes, and the options of the optimizer."""
        return [vars(self), *self.optimizer.read_state()]

    def check(self) -> None:
        """Raise ValueError if an option, passed or loaded, is out of its range."""

    def get_last_lr(self) -> list[float]:
        """The current learning rate of each group."""
        return [group["lr"] for group in self.optimizer.param_groups]

    def _set_rates(self, rates: Sequence[float]) -> None:
        for group, lr in zip(self.optimizer.param_groups, rates, strict=True):
            group["lr"] = lr

    def _refuse_too_early(self) -> None:
        """Raise RuntimeError if the optimizer has not updated anything before the first step of the schedule."""
        if self.last_epoch == 0 and not self.optimizer._has_updated():
            raise RuntimeError(
                f"{type(self).__name__}.step() before the optimizer has updated anything: call optimizer.step() first, "
                "or the first learning rate is never used; learning_rate(epoch) shows a schedule without steps"
            )

    def state_dict(self) -> dict[str, Any]:
        """All that is needed to continue, except the optimizer and functions, as numbers and lists."""
        state = {
            self.renamed.get(name, name): value
            for name, value in vars(self).items()
            if name != "optimizer" and not callable(value)
        }
        return {**state, "_last_lr": self.get_last_lr()}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Continue from what `state_dict` returned, here or in PyTorch; this also sets the learning rates.

        Raises
        ------
        ValueError
            If names are missing or unknown, the number of groups differs, or a learning rate, `last_epoch` or an option
            is out of its range. Nothing is loaded then.
        TypeError
            If it is not a dict.
        """
        state = self._known(state_dict)
        rates = {name: self._checked_rates(name, state.pop(name)) for name in ("base_lrs", "_last_lr") if name in state}
        check_integer("load_state_dict: last_epoch", state["last_epoch"], 0)
        back = {name: own for own, name in self.renamed.items()}
        state = {back.get(name, name): value for name, value in state.items()}
        changed = copy.copy(self)
        vars(changed).update(state)
        with naming("load_state_dict"):
            changed.check()
        if "base_lrs" in rates:
            vars(self.optimizer)[_INITIAL] = rates["base_lrs"]
        self._set_rates(rates["_last_lr"])
        vars(self).update(state)
        bump()

    def _known(self, given: Any) -> dict[str, Any]:
        """The state without what only PyTorch needs, and with the own values of what PyTorch does not save."""
        own = {name: value for name, value in self.state_dict().items() if name not in _OF_PYTORCH}
        state_dict = given
        if isinstance(given, Mapping) and not _OF_PYTORCH.isdisjoint(given):
            kept = {name: own[name] for name in self.optional_names}
            state_dict = kept | {name: value for name, value in given.items() if name not in _OF_PYTORCH}
            if "_step_count" in given and state_dict.get("last_epoch") == -1:  # in PyTorch, a schedule that waits
                state_dict["last_epoch"] = 0
        return check_state(state_dict, own)

    def _checked_rates(self, name: str, rates: Any) -> list[float]:
        """The learning rates to load, or ValueError unless there is one for each group."""
        groups = len(self.optimizer.param_groups)
        if not isinstance(rates, list | tuple) or len(rates) != groups:
            raise ValueError(f"load_state_dict: {name} is {show(rates)}, but there are {groups} groups of parameters")
        for rate in rates:
            check_number(f"load_state_dict: each of {name}", rate)
        return list(rates)


class LRScheduler(Schedule):
    """The base of the schedules that are a factor; a subclass defines `factor`, and checks its options in `check`.

    Parameters
    ----------
    optimizer : Optimizer
    last_epoch : int, default -1
        The epoch after which to continue; -1 begins. The learning rates of the optimizer are then those of this epoch,
        and ``group["initial_lr"]`` of each group is the initial one.

    Raises
    ------
    TypeError
        If `optimizer` is not an optimizer; make the optimizer first.
    ValueError
        If `last_epoch` is not -1, and the initial learning rates are not known.
    """

    eta_min: float = 0.0  # the floor

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        name = type(self).__name__
        self.optimizer = checked_optimizer(optimizer, name, last_epoch)
        self.last_epoch = max(last_epoch, 0)
        self.check()
        if last_epoch == -1:
            self._restart()
        else:
            self._advance()

    def factor(self, epoch: int, group: int) -> float:
        """f(t), for the parameter group of this number."""
        raise NotImplementedError(f"{type(self).__name__} does not define `factor`, the factor of the learning rate")

    def learning_rate(self, epoch: int, group: int = 0) -> float:
        """The learning rate of a group in any epoch, if nothing else changes it."""
        return self._scaled(self._base(group), self.factor(epoch, group))

    @repeated
    def step(self) -> None:
        """Continue with the next epoch.

        Raises
        ------
        RuntimeError
            If the optimizer has not made a step yet: the first learning rate would never be used.
        """
        self._refuse_too_early()
        self._advance()

    def _advance(self) -> None:
        epoch = self.last_epoch + 1
        self._set(epoch, [self._next(epoch, number, lr) for number, lr in enumerate(self.get_last_lr())])

    def _next(self, epoch: int, number: int, lr: float) -> float:
        if lr == self.learning_rate(epoch - 1, number):
            return self.learning_rate(epoch, number)
        before, now = self.factor(epoch - 1, number), self.factor(epoch, number)
        return self._scaled(lr, now / before) if before else self.learning_rate(epoch, number)

    def _restart(self) -> None:
        """Start epoch 0 from the current learning rates."""
        self._set(0, [self._scaled(lr, self.factor(0, number)) for number, lr in enumerate(self.get_last_lr())])

    def _set(self, epoch: int, rates: list[float]) -> None:
        """Takes all rates at once, so that an error in the computation of one changes nothing."""
        self.last_epoch = epoch
        self._set_rates(rates)

    def _scaled(self, lr: float, factor: float) -> float:
        return self.eta_min + (lr - self.eta_min) * factor

    def _base(self, number: int) -> float:
        return initial_rates(self.optimizer)[number]

    def state_dict(self) -> dict[str, Any]:
        return {**super().state_dict(), "base_lrs": list(initial_rates(self.optimizer))}


def checked_optimizer(optimizer: Any, name: str, last_epoch: int = -1) -> Optimizer:
    """The optimizer, whose learning rates are stored as the initial ones; or an error."""
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"{name}: the first argument must be an optimizer, not {type(optimizer).__name__}")
    check_integer(f"{name}: last_epoch", last_epoch, -1)
    known = _INITIAL in vars(optimizer) or all("initial_lr" in group for group in optimizer.param_groups)
    if last_epoch != -1 and not known:
        raise ValueError(
            f'{name}: last_epoch={last_epoch} continues a schedule, but the optimizer had none; set group["initial_lr"]'
        )
    initial_rates(optimizer)
    return optimizer


def set_initial_rates(optimizer: Optimizer, rates: list[float]) -> None:
    """Begin with other learning rates than those of the optimizer."""
    vars(optimizer)[_INITIAL] = list(rates)


def initial_rates(optimizer: Optimizer) -> list[float]:
    """The learning rates of the groups when the first schedule was made, or when a group was added later.

    As in PyTorch, a group can have another one as "initial_lr".
    """
    rates: list[float] = vars(optimizer).setdefault(_INITIAL, [])
    rates += [group.get("initial_lr", group["lr"]) for group in optimizer.param_groups[len(rates) :]]
    return rates
