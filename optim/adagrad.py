"""Adagrad: steps scaled by the sum of all squared gradients so far."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_lite.optim.bucket import Run
from autograd_lite.optim.group import Params
from autograd_lite.optim.optimizer import Optimizer
from autograd_lite.support.checks import check_number


class Adagrad(Optimizer):
    """s ← s + g², then θ ← θ − lr/(1 + (t − 1)·lr_decay)·g/(√s + eps), where t counts the updates from 1.

    Weight decay adds weight_decay·θ to g.

    Parameters
    ----------
    params : iterable of Tensor, or of dict
        The parameters, or groups of parameters with options of their own.
    lr : float, default 1e-2
    lr_decay : float, default 0
    weight_decay : float, default 0
    initial_accumulator_value : float, default 0
        The initial value of s.
    eps : float, default 1e-10
    maximize : bool, default False
        Whether to step along the gradient, to a maximum.
    foreach, differentiable, fused
        See `Implementation`; ``fused=True`` updates by native code.

    Raises
    ------
    ValueError
        If an option is negative or NaN, or `params` is empty or holds a parameter twice.

    References
    ----------
    Duchi, Hazan and Singer, "Adaptive subgradient methods for online learning and stochastic optimization" (2011).

    Examples
    --------
    >>> w = Tensor([1.0, -2.0], requires_grad=True)
    >>> optimizer = Adagrad([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    Tensor([ 0.9, -1.9], requires_grad=True)
    """

    state_names = ("sum",)

    def __init__(
        self,
        params: Params,
        lr: float = 1e-2,
        lr_decay: float = 0,
        weight_decay: float = 0,
        initial_accumulator_value: float = 0,
        eps: float = 1e-10,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        options = {
            "lr": lr, "lr_decay": lr_decay, "weight_decay": weight_decay, "eps": eps,
            "initial_accumulator_value": initial_accumulator_value, "maximize": maximize,
        }  # fmt: skip
        super().__init__(params, options, fused=fused, foreach=foreach, differentiable=differentiable)

    def check(self, options: dict[str, Any]) -> None:
        for name in ("lr", "lr_decay", "weight_decay", "initial_accumulator_value", "eps"):
            check_number(name, options[name])

    def update(self, run: Run, options: dict[str, Any]) -> None:
        gradient, total, values = run.decayed_gradient(options["weight_decay"]), run.state["sum"], run.values
        if run.step == 1:
            total[...] = options["initial_accumulator_value"]
        total += gradient * gradient
        scale = np.sqrt(total)
        scale += options["eps"]
        values -= (options["lr"] / (1 + (run.step - 1) * options["lr_decay"])) * (gradient / scale)
