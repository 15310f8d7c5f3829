"""Adamax and Adadelta: steps scaled by the largest gradients, and by the sizes of earlier steps."""

from __future__ import annotations

from typing import Any, Unpack

import numpy as np

from autograd_lite.optim.adam import check_moments
from autograd_lite.optim.bucket import Run
from autograd_lite.optim.group import Params
from autograd_lite.optim.implementation import Implementation
from autograd_lite.optim.optimizer import Optimizer
from autograd_lite.support.checks import check_number


class Adamax(Optimizer):
    """Adam with a maximum in place of v: u ← max(β₂u, |g| + eps) and θ ← θ − lr/(1 − β₁ᵗ)·m/u.

    m ← β₁m + (1 − β₁)g, and t counts the updates from 1. Weight decay adds weight_decay·θ to g.

    Parameters
    ----------
    params : iterable of Tensor, or of dict
        The parameters, or groups of parameters with options of their own.
    lr : float, default 2e-3
    betas : pair of float, default (0.9, 0.999)
    eps : float, default 1e-8
    weight_decay : float, default 0
    maximize : bool, default False
        Whether to step along the gradient, to a maximum.
    **implementation
        See `Implementation`; ``fused=True`` updates by native code.

    Raises
    ------
    ValueError
        If an option is negative or NaN, a beta outside [0, 1), or `params` is empty or holds a parameter twice.

    References
    ----------
    Kingma and Ba, "Adam: a method for stochastic optimization" (2015), section 7.

    Examples
    --------
    >>> w = Tensor([1.0, -2.0], requires_grad=True)
    >>> optimizer = Adamax([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    Tensor([ 0.9, -1.9], requires_grad=True)
    """

    state_names = ("exp_avg", "exp_inf")

    def __init__(
        self,
        params: Params,
        lr: float = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        *,
        maximize: bool = False,
        **implementation: Unpack[Implementation],
    ) -> None:
        options = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "maximize": maximize}
        super().__init__(params, options, **implementation)

    def check(self, options: dict[str, Any]) -> None:
        check_moments(options)

    def update(self, run: Run, options: dict[str, Any]) -> None:
        gradient, (beta1, beta2), values = run.decayed_gradient(options["weight_decay"]), options["betas"], run.values
        mean, largest = run.state["exp_avg"], run.state["exp_inf"]
        mean *= beta1
        mean += (1 - beta1) * gradient
        largest *= beta2
        np.maximum(largest, np.abs(gradient) + options["eps"], out=largest)
        values -= (options["lr"] / (1 - beta1**run.step)) * (mean / largest)


class Adadelta(Optimizer):
    """Steps that have the unit of the parameters: θ ← θ − lr·Δ with Δ = √(d + eps)/√(s + eps)·g.

    s ← ρs + (1 − ρ)g² before, and d ← ρd + (1 − ρ)Δ² after Δ is computed, both from zero. Weight decay adds
    weight_decay·θ to g.

    Parameters
    ----------
    params : iterable of Tensor, or of dict
        The parameters, or groups of parameters with options of their own.
    lr : float, default 1
    rho : float, default 0.9
        In [0, 1].
    eps : float, default 1e-6
    weight_decay : float, default 0
    maximize : bool, default False
        Whether to step along the gradient, to a maximum.
    **implementation
        See `Implementation`; ``fused=True`` updates by native code.

    Raises
    ------
    ValueError
        If an option is negative or NaN, rho above 1, or `params` is empty or holds a parameter twice.

    References
    ----------
    Zeiler, "ADADELTA: an adaptive learning rate method" (2012).

    Examples
    --------
    >>> w = Tensor([1.0], requires_grad=True)
    >>> optimizer = Adadelta([w], eps=1e-2)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w.round(4)
    Tensor([0.6877], operation=round)
    """

    state_names = ("square_avg", "acc_delta")

    def __init__(
        self,
        params: Params,
        lr: float = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0,
        *,
        maximize: bool = False,
        **implementation: Unpack[Implementation],
    ) -> None:
        options = {"lr": lr, "rho": rho, "eps": eps, "weight_decay": weight_decay, "maximize": maximize}
        super().__init__(params, options, **implementation)

    def check(self, options: dict[str, Any]) -> None:
        for name in ("lr", "rho", "eps", "weight_decay"):
            check_number(name, options[name])
        if options["rho"] > 1:
            raise ValueError(f"rho must be a number in [0, 1], not {options['rho']}")

    def update(self, run: Run, options: dict[str, Any]) -> None:
        gradient, rho, eps = run.decayed_gradient(options["weight_decay"]), options["rho"], options["eps"]
        mean_square, mean_change, values = run.state["square_avg"], run.state["acc_delta"], run.values
        mean_square *= rho
        mean_square += (1 - rho) * (gradient * gradient)
        change = np.sqrt(mean_change + eps) / np.sqrt(mean_square + eps) * gradient
        mean_change *= rho
        mean_change += (1 - rho) * (change * change)
        values -= options["lr"] * change
