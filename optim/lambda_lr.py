"""Schedules that are functions of the user: LambdaLR and MultiplicativeLR."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeAlias

from autograd_lite.optim.optimizer import Optimizer
from autograd_lite.optim.schedule import LRScheduler, checked_optimizer
from autograd_lite.support.checks import check_number
from autograd_lite.support.messages import show

Functions: TypeAlias = Callable[[int], float] | Sequence[Callable[[int], float]]  # for all groups, or for each


class _OfFunctions(LRScheduler):
    """What both share: a function for all groups, or one for each. Functions are not part of the state."""

    _of_group: Callable[[int], Callable[[int], float]]

    def __init__(self, optimizer: Optimizer, lr_lambda: Functions, last_epoch: int = -1) -> None:
        self._of_group = _by_group(type(self).__name__, optimizer, lr_lambda)
        super().__init__(optimizer, last_epoch)

    def _one_factor(self, epoch: int, group: int) -> float:
        factor = self._of_group(group)(epoch)
        check_number(f"{type(self).__name__}: the factor of epoch {epoch}", factor)
        return factor

    def state_dict(self) -> dict[str, Any]:
        return {**super().state_dict(), "lr_lambdas": [None] * len(self.get_last_lr())}  # which PyTorch expects


class LambdaLR(_OfFunctions):
    """lr·f(t) with a function f of the number of steps t, or one function for each group.

    lr is the learning rate that the optimizer was made with, whatever it is now: of two such schedules the last one to
    step decides, as in PyTorch.

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

    def factor(self, epoch: int, group: int) -> float:
        return self._one_factor(epoch, group)

    def _next(self, epoch: int, number: int, lr: float) -> float:
        return self.learning_rate(epoch, number)

    def _restart(self) -> None:
        self._set(0, [self.learning_rate(0, number) for number in range(len(self.get_last_lr()))])


class MultiplicativeLR(_OfFunctions):
    """The learning rate times f(t) in every step t = 1, 2, ..., with a function f or one for each group.

    Raises
    ------
    ValueError
        If the number of functions is not the number of groups, or a factor is negative or NaN.

    Examples
    --------
    >>> optimizer = SGD([Tensor([1.0], requires_grad=True)], lr=1.0)
    >>> schedule = MultiplicativeLR(optimizer, lambda epoch: 0.5)
    >>> [schedule.learning_rate(epoch) for epoch in range(4)]
    [1.0, 0.5, 0.25, 0.125]
    """

    def factor(self, epoch: int, group: int) -> float:
        return math.prod(self._one_factor(t, group) for t in range(1, epoch + 1))

    def _next(self, epoch: int, number: int, lr: float) -> float:
        return lr * self._one_factor(epoch, number)


def _by_group(name: str, optimizer: Any, functions: Any) -> Callable[[int], Callable[[int], float]]:
    """The function of each group, given its number."""
    if not (callable(functions) or (isinstance(functions, Sequence) and all(map(callable, functions)))):
        raise TypeError(f"{name}: lr_lambda must be a function or a list of functions, not {show(functions)}")
    groups = len(checked_optimizer(optimizer, name).param_groups)
    if not callable(functions) and len(functions) != groups:
        raise ValueError(f"{name}: {len(functions)} functions for {groups} groups of parameters")
    return partial(_of_group, name, functions if callable(functions) else list(functions))


def _of_group(name: str, functions: Any, group: int) -> Callable[[int], float]:
    if callable(functions):
        return functions  # type: ignore[no-any-return]
    if group >= len(functions):
        raise RuntimeError(
            f"{name}: {len(functions)} functions, but a group was added to the optimizer since; "
            "pass one function for all groups, or make the schedule after all groups were added"
        )
    return functions[group]  # type: ignore[no-any-return]
