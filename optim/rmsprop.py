"""RMSprop: steps scaled by a running mean of squared gradients."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_lite.optim.bucket import Run
from autograd_lite.optim.group import Params
from autograd_lite.optim.optimizer import Optimizer
from autograd_lite.support.checks import check_number, check_switch


class RMSprop(Optimizer):
    """θ ← θ − lr·g/(√s + eps), where s ← αs + (1 − α)g² starts at zero.

    With momentum the step is lr·v, v ← momentum·v + g/(√s + eps). Centered, s is replaced by an estimate of the
    variance, s − m² with m ← αm + (1 − α)g. Weight decay adds weight_decay·θ to g.

    Parameters
    ----------
    params : iterable of Tensor, or of dict
        The parameters, or groups of parameters with options of their own.
    lr : float, default 1e-2
    alpha : float, default 0.99
        In [0, 1).
    eps : float, default 1e-8
    weight_decay : float, default 0
    momentum : float, default 0
    centered : bool, default False
    maximize : bool, default False
        Whether to step along the gradient, to a maximum.
    capturable, foreach, differentiable, fused
        See `Implementation`; ``fused=True`` updates by native code.

    Raises
    ------
    ValueError
        If an option is negative or NaN, alpha outside [0, 1), or `params` is empty or holds a parameter twice.

    References
    ----------
    Tieleman and Hinton, "Lecture 6.5: rmsprop", Neural networks for machine learning (2012); centered: Graves,
    "Generating sequences with recurrent neural networks" (2013).

    Examples
    --------
    >>> w = Tensor([1.0, -2.0], requires_grad=True)
    >>> optimizer = RMSprop([w], lr=0.1, alpha=0.75)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    Tensor([ 0.8, -1.8], requires_grad=True)
    """

    state_names = ("square_avg", "momentum_buffer", "grad_avg")

    def __init__(
        self,
        params: Params,
        lr: float = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum: float = 0,
        centered: bool = False,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
        *,
        fused: bool = False,
    ) -> None:
        options = {
            "lr": lr, "alpha": alpha, "eps": eps, "weight_decay": weight_decay, "momentum": momentum,
            "centered": centered, "maximize": maximize,
        }  # fmt: skip
        super().__init__(
            params, options, fused=fused, capturable=capturable, foreach=foreach, differentiable=differentiable
        )

    def check(self, options: dict[str, Any]) -> None:
        for name in ("lr", "eps", "weight_decay", "momentum"):
            check_number(name, options[name])
        check_number("alpha", options["alpha"], below=1)
        check_switch("centered", options["centered"])

    def used_states(self, options: dict[str, Any]) -> tuple[str, ...]:
        used = {"momentum_buffer": options["momentum"], "grad_avg": options["centered"]}
        return tuple(name for name in self.state_names if used.get(name, True))

    def update(self, run: Run, options: dict[str, Any]) -> None:
        gradient, alpha, values = run.decayed_gradient(options["weight_decay"]), options["alpha"], run.values
        mean_square = run.state["square_avg"]
        mean_square *= alpha
        mean_square += (1 - alpha) * (gradient * gradient)
        variance = mean_square
        if options["centered"]:
            mean = run.state["grad_avg"]
            mean *= alpha
            mean += (1 - alpha) * gradient
            variance = np.maximum(mean_square - mean * mean, 0)  # rounding must not make it negative
        scale = np.sqrt(variance)
        scale += options["eps"]
        change = gradient / scale
        if options["momentum"]:
            velocity = run.state["momentum_buffer"]
            velocity *= options["momentum"]
            velocity += change
            change = velocity
        values -= options["lr"] * change
