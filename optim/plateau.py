"""A learning rate that falls when there is no more progress."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd_lite.core.hooks import repeated
from autograd_lite.ops.composition import naming
from autograd_lite.optim.optimizer import Optimizer
from autograd_lite.optim.schedule import Schedule, checked_optimizer, initial_rates
from autograd_lite.support.checks import check, check_integer, check_number, is_number
from autograd_lite.support.messages import show


class ReduceLROnPlateau(Schedule):
    """lr ← max(lr·factor, min_lr) after more than `patience` epochs in a row without an improvement.

    Parameters
    ----------
    optimizer : Optimizer
    mode : "min" or "max", default "min"
        Whether the measure passed to `step` should fall or rise.
    factor : float, default 0.1
        In (0, 1).
    patience : int, default 10
    threshold : float, default 1e-4
        An improvement is a measure below best·(1 − threshold), for "max" above best·(1 + threshold).
    threshold_mode : "rel" or "abs", default "rel"
        With "abs" the bound is best − threshold, for "max" best + threshold.
    cooldown : int, default 0
        The number of epochs after a reduction that are not counted.
    min_lr : float or sequence of float, default 0
        The lower limit of all groups, or of each.
    eps : float, default 1e-8
        Changes of at most this size are not made.

    Raises
    ------
    TypeError
        If `optimizer` is not an optimizer; make the optimizer first.
    ValueError
        If an option is out of its range.

    Examples
    --------
    >>> w = Tensor([1.0], requires_grad=True)
    >>> optimizer = SGD([w], lr=1.0)
    >>> schedule = ReduceLROnPlateau(optimizer, factor=0.5, patience=1)
    >>> w.sum().backward()
    >>> for loss in [1.0, 0.8, 0.9, 0.9, 0.7]:
    ...     optimizer.step()
    ...     schedule.step(loss)
    >>> schedule.get_last_lr()
    [0.5]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        mode: str = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_mode: str = "rel",
        cooldown: int = 0,
        min_lr: float | Sequence[float] = 0,
        eps: float = 1e-8,
    ) -> None:
        self.optimizer = checked_optimizer(optimizer, "ReduceLROnPlateau")
        self.mode, self.factor, self.patience, self.cooldown = mode, factor, patience, cooldown
        self.threshold, self.threshold_mode, self.eps = threshold, threshold_mode, eps
        groups = len(optimizer.param_groups)
        self.min_lrs = [min_lr] * groups if isinstance(min_lr, int | float | np.number) else list(min_lr)
        self.best = math.inf if mode == "min" else -math.inf
        self.num_bad_epochs = self.cooldown_counter = self.last_epoch = 0
        self.check()

    def check(self) -> None:
        """Raise ValueError if an option, passed or loaded, is out of its range."""
        if self.mode not in ("min", "max") or self.threshold_mode not in ("rel", "abs"):
            raise ValueError(
                'ReduceLROnPlateau: mode must be "min" or "max", and threshold_mode "rel" or "abs", '
                f"not {show(self.mode)} and {show(self.threshold_mode)}"
            )
        check("ReduceLROnPlateau", "in (0, 1)", lambda factor: 0 < factor < 1, factor=self.factor)
        check("ReduceLROnPlateau", "a number", _is_measure, best=self.best)
        for name in ("patience", "cooldown", "num_bad_epochs", "cooldown_counter"):
            check_integer(f"ReduceLROnPlateau: {name}", getattr(self, name), 0)
        groups, limits = len(self.optimizer.param_groups), self.min_lrs
        if not isinstance(limits, list | tuple):
            raise ValueError(f"ReduceLROnPlateau: min_lr must be a number for all groups or a list, not {show(limits)}")
        if len(limits) != groups:
            raise ValueError(f"ReduceLROnPlateau: {len(limits)} values of min_lr for {groups} groups of parameters")
        for name, value in [("threshold", self.threshold), ("eps", self.eps), *(("min_lr", limit) for limit in limits)]:
            check_number(f"ReduceLROnPlateau: {name}", value)

    @repeated
    def step(self, metrics: Any) -> None:
        """Record the measure after an epoch. NaN is no improvement.

        Raises
        ------
        RuntimeError
            If the optimizer has not made a step yet, or if it has a new group and `min_lrs` differ between groups, so
            that the limit of the new group is unknown.
        """
        self._refuse_too_early()
        self._limit_new_groups()
        with naming("ReduceLROnPlateau.step: metrics is not a number"):
            measure = float(metrics.item() if hasattr(metrics, "item") else metrics)
        self.last_epoch += 1
        if self._improves(measure):
            self.best, self.num_bad_epochs = measure, 0
        else:
            self.num_bad_epochs += 1
        if self.cooldown_counter > 0:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0
        if self.num_bad_epochs > self.patience:
            self._reduce()
            self.cooldown_counter, self.num_bad_epochs = self.cooldown, 0

    def _limit_new_groups(self) -> None:
        """Give groups that were added to the optimizer the common limit of the others."""
        initial_rates(self.optimizer)  # stores those of new groups, before this schedule changes them
        missing = len(self.optimizer.param_groups) - len(self.min_lrs)
        if missing and len(set(self.min_lrs)) > 1:
            raise RuntimeError(
                f"ReduceLROnPlateau: a group was added to the optimizer since; append its limit to min_lrs, which are "
                f"{self.min_lrs}"
            )
        self.min_lrs = self.min_lrs + self.min_lrs[:1] * missing if missing else self.min_lrs

    def _improves(self, measure: float) -> bool:
        sign = 1 if self.mode == "min" else -1
        bound = self.best
        if math.isfinite(bound):
            relative = self.threshold_mode == "rel"
            bound = bound * (1 - sign * self.threshold) if relative else bound - sign * self.threshold
        return sign * measure < sign * bound

    def _reduce(self) -> None:
        for group, limit in zip(self.optimizer.param_groups, self.min_lrs, strict=True):
            lr = max(group["lr"] * self.factor, limit)
            if group["lr"] - lr > self.eps:
                group["lr"] = lr


def _is_measure(best: Any) -> Any:
    return not isinstance(best, bool) and is_number(float(best + 0))  # `+ 0` refuses strings, which `float` converts
