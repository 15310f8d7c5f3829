"""One cycle of the learning rate for a whole training."""

from __future__ import annotations

import math
from collections.abc import Sequence

from autograd_lite.optim.cyclic import Cycle, for_each_group
from autograd_lite.optim.optimizer import Optimizer
from autograd_lite.optim.schedule import checked_optimizer, set_initial_rates
from autograd_lite.support.checks import check, check_integer, check_switch
from autograd_lite.support.messages import show


class OneCycleLR(Cycle):
    """The learning rate rises from max_lr/div_factor to `max_lr`, then falls to max_lr/(div_factor·final_div_factor).

    The first phase takes `pct_start` of the steps. The momentum moves the other way, from `max_momentum` to
    `base_momentum` and back. With `three_phase` the second phase mirrors the first, and a third one follows it.

    Parameters
    ----------
    optimizer : Optimizer
    max_lr : float, or sequence of float
    total_steps : int, optional
        The number of steps; by default epochs·steps_per_epoch.
    epochs, steps_per_epoch : int, optional
    pct_start : float, default 0.3
        In [0, 1].
    anneal_strategy : "cos" or "linear", default "cos"
        The curve of each phase.
    cycle_momentum : bool, default True
    base_momentum, max_momentum : float, or sequence of float, default 0.85 and 0.95
    div_factor : float, default 25
    final_div_factor : float, default 1e4
    three_phase : bool, default False

    Raises
    ------
    ValueError
        If an option is out of its range, the optimizer has no momentum and `cycle_momentum`, or at a step after the
        last one.

    References
    ----------
    Smith and Topin, "Super-convergence: very fast training of neural networks using large learning rates" (2019).

    Examples
    --------
    >>> optimizer = SGD([Tensor([1.0], requires_grad=True)], lr=1.0)
    >>> schedule = OneCycleLR(optimizer, 1.0, total_steps=6, pct_start=0.5, anneal_strategy="linear", div_factor=4)
    >>> print(*[f"{schedule.learning_rate(epoch):.3f}" for epoch in range(6)])
    0.250 0.625 1.000 0.667 0.333 0.000
    """

    optional_names = frozenset({
        "max_lrs", "base_momentums", "max_momentums", "pct_start", "anneal_strategy", "three_phase", "final_div_factor",
    })  # fmt: skip

    def __init__(
        self,
        optimizer: Optimizer,
        max_lr: float | Sequence[float],
        total_steps: int | None = None,
        epochs: int | None = None,
        steps_per_epoch: int | None = None,
        pct_start: float = 0.3,
        anneal_strategy: str = "cos",
        cycle_momentum: bool = True,
        base_momentum: float | Sequence[float] = 0.85,
        max_momentum: float | Sequence[float] = 0.95,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
        three_phase: bool = False,
        last_epoch: int = -1,
    ) -> None:
        self.optimizer = checked_optimizer(optimizer, "OneCycleLR", last_epoch)
        if total_steps is None:
            if epochs is None or steps_per_epoch is None:
                raise ValueError("OneCycleLR: pass total_steps, or both epochs and steps_per_epoch")
            check_integer("OneCycleLR: epochs", epochs)
            check_integer("OneCycleLR: steps_per_epoch", steps_per_epoch)
            total_steps = epochs * steps_per_epoch
        check("OneCycleLR", "positive", lambda factor: factor > 0, div_factor=div_factor)
        self.total_steps, self.pct_start, self.anneal_strategy = total_steps, pct_start, anneal_strategy
        self.cycle_momentum, self.three_phase, self.final_div_factor = cycle_momentum, three_phase, final_div_factor
        self.max_lrs = for_each_group("OneCycleLR", "max_lr", max_lr, optimizer)
        self.base_momentums = for_each_group("OneCycleLR", "base_momentum", base_momentum, optimizer)
        self.max_momentums = for_each_group("OneCycleLR", "max_momentum", max_momentum, optimizer)
        self.check()
        set_initial_rates(optimizer, [most / div_factor for most in self.max_lrs])
        super().__init__(optimizer, last_epoch)

    def check(self) -> None:
        super().check()
        check_integer("OneCycleLR: total_steps", self.total_steps)
        check("OneCycleLR", "in [0, 1]", lambda share: 0 <= share <= 1, pct_start=self.pct_start)
        check("OneCycleLR", "positive", lambda factor: factor > 0, final_div_factor=self.final_div_factor)
        check_switch("OneCycleLR: three_phase", self.three_phase)
        if self.anneal_strategy not in ("cos", "linear"):
            raise ValueError(f'OneCycleLR: anneal_strategy must be "cos" or "linear", not {show(self.anneal_strategy)}')

    def _at(self, epoch: int, first: float, top: float, last: float) -> float:
        """The value in an epoch of what goes from `first` to `top`, and on to `last`."""
        if epoch > self.total_steps:
            raise ValueError(f"OneCycleLR: step {epoch} of {self.total_steps}; pass a larger total_steps")
        turn = self.pct_start * self.total_steps - 1
        phases = [(turn, first, top), (self.total_steps - 1.0, top, last)]
        if self.three_phase:
            phases[1:] = [(2 * turn, top, first), (self.total_steps - 1.0, first, last)]
        start, end, before, after = 0.0, *phases[0]
        for phase in phases[1:]:
            if epoch <= end:
                break
            start, (end, before, after) = end, phase
        share = (epoch - start) / (end - start) if end != start else 1.0
        if self.anneal_strategy == "linear":
            return before + (after - before) * share
        return after + (before - after) / 2 * (1 + math.cos(math.pi * share))

    def learning_rate(self, epoch: int, group: int = 0) -> float:
        first = self._base(group)
        return self._at(epoch, first, self.max_lrs[group], first / self.final_div_factor)

    def momentum(self, epoch: int, group: int) -> float:
        most = self.max_momentums[group]
        return self._at(epoch, most, self.base_momentums[group], most)
