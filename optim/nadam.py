"""NAdam and RAdam: Adam with Nesterov's momentum, and Adam that waits until it knows the variance."""

from __future__ import annotations

from typing import Any, Unpack

import numpy as np

from autograd_lite.optim.adam import check_moments, decayed
from autograd_lite.optim.bucket import Run
from autograd_lite.optim.group import Params
from autograd_lite.optim.implementation import Implementation
from autograd_lite.optim.optimizer import Optimizer
from autograd_lite.support.checks import check_number, check_switch


def _moments(run: Run, options: dict[str, Any]) -> tuple[Any, Any]:
    """m ← β₁m + (1 − β₁)g and v ← β₂v + (1 − β₂)g²; and the gradient with weight decay."""
    gradient, (beta1, beta2) = decayed(run, options), options["betas"]
    mean, mean_square = run.state["exp_avg"], run.state["exp_avg_sq"]
    mean *= beta1
    mean += (1 - beta1) * gradient
    mean_square *= beta2
    mean_square += (1 - beta2) * (gradient * gradient)
    return gradient, mean_square


class NAdam(Optimizer):
    """Adam with Nesterov's momentum, whose coefficient grows with the steps.

    m and v as in `Adam`; μₜ = β₁(1 − 0.96^(t·momentum_decay)/2) and Πₜ = μ₁ ⋯ μₜ, where t counts the updates from 1;
    θ ← θ − lr·[(1 − μₜ)/(1 − Πₜ)·g + μₜ₊₁/(1 − Πₜ₊₁)·m]/(√(v/(1 − β₂ᵗ)) + eps).

    Parameters
    ----------
    params : iterable of Tensor, or of dict
        The parameters, or groups of parameters with options of their own.
    lr : float, default 2e-3
    betas : pair of float, default (0.9, 0.999)
    eps : float, default 1e-8
    weight_decay : float, default 0
    momentum_decay : float, default 4e-3
    decoupled_weight_decay : bool, default False
        Whether weight decay is that of `AdamW`.
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
    Dozat, "Incorporating Nesterov momentum into Adam" (2016).

    Examples
    --------
    >>> w = Tensor([1.0, -2.0], requires_grad=True)
    >>> optimizer = NAdam([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w.round(4)
    Tensor([ 0.8944, -1.8944], operation=round)
    """

    state_names = ("exp_avg", "exp_avg_sq", "mu_product")
    number_names = frozenset({"mu_product"})

    def __init__(
        self,
        params: Params,
        lr: float = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum_decay: float = 4e-3,
        decoupled_weight_decay: bool = False,
        *,
        maximize: bool = False,
        **implementation: Unpack[Implementation],
    ) -> None:
        options = {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "momentum_decay": momentum_decay,
            "decoupled_weight_decay": decoupled_weight_decay, "maximize": maximize,
        }  # fmt: skip
        super().__init__(params, options, **implementation)

    def check(self, options: dict[str, Any]) -> None:
        check_moments(options)
        check_number("momentum_decay", options["momentum_decay"])
        check_switch("decoupled_weight_decay", options["decoupled_weight_decay"])

    def update(self, run: Run, options: dict[str, Any]) -> None:
        gradient, mean_square = _moments(run, options)
        (beta1, beta2), t, decay, lr = options["betas"], run.step, options["momentum_decay"], options["lr"]
        now, following = beta1 * (1 - 0.5 * 0.96 ** (t * decay)), beta1 * (1 - 0.5 * 0.96 ** ((t + 1) * decay))
        product, values = run.state["mu_product"], run.values
        if t == 1:
            product[...] = 1
        product *= now
        scale = np.sqrt(mean_square / (1 - beta2**t))
        scale += options["eps"]
        change = (lr * (1 - now)) / (1 - product) * gradient
        change += (lr * following) / (1 - product * following) * run.state["exp_avg"]
        values -= change / scale


class RAdam(Optimizer):
    """Adam whose scaling starts when the variance of v is finite; until then a step is lr·m̂.

    m̂ and v̂ as in `Adam`; ρ∞ = 2/(1 − β₂) − 1 and ρₜ = ρ∞ − 2tβ₂ᵗ/(1 − β₂ᵗ), where t counts the updates from 1. From
    ρₜ > 5 on θ ← θ − lr·rₜ·m̂/√v̂ with rₜ² = (ρₜ − 4)(ρₜ − 2)ρ∞/((ρ∞ − 4)(ρ∞ − 2)ρₜ); eps is added to √v.

    Parameters
    ----------
    params : iterable of Tensor, or of dict
        The parameters, or groups of parameters with options of their own.
    lr : float, default 1e-3
    betas : pair of float, default (0.9, 0.999)
    eps : float, default 1e-8
    weight_decay : float, default 0
    decoupled_weight_decay : bool, default False
        Whether weight decay is that of `AdamW`.
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
    Liu et al., "On the variance of the adaptive learning rate and beyond" (2020).

    Examples
    --------
    >>> w = Tensor([1.0, -2.0], requires_grad=True)
    >>> optimizer = RAdam([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    Tensor([ 0.8, -1.6], requires_grad=True)
    """

    state_names = ("exp_avg", "exp_avg_sq")

    def __init__(
        self,
        params: Params,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        decoupled_weight_decay: bool = False,
        *,
        maximize: bool = False,
        **implementation: Unpack[Implementation],
    ) -> None:
        options = {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay,
            "decoupled_weight_decay": decoupled_weight_decay, "maximize": maximize,
        }  # fmt: skip
        super().__init__(params, options, **implementation)

    def check(self, options: dict[str, Any]) -> None:
        check_moments(options)
        check_switch("decoupled_weight_decay", options["decoupled_weight_decay"])

    def update(self, run: Run, options: dict[str, Any]) -> None:
        _, mean_square = _moments(run, options)
        (beta1, beta2), t, values = options["betas"], run.step, run.values
        step = (options["lr"] / (1 - beta1**t)) * run.state["exp_avg"]
        correction = 1 - beta2**t
        most = 2 / (1 - beta2) - 1
        length = most - 2 * t * beta2**t / correction
        if length > 5:
            rest = (length - 4) * (length - 2) * most / ((most - 4) * (most - 2) * length)
            step = (rest**0.5 * correction**0.5) * step / (np.sqrt(mean_square) + options["eps"])
        values -= step
