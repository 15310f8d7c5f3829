"""Adam, and Adam with decoupled weight decay."""

from __future__ import annotations

from typing import Any, Unpack

import numpy as np

from autograd_lite.optim.bucket import Run
from autograd_lite.optim.group import Params
from autograd_lite.optim.implementation import Implementation
from autograd_lite.optim.optimizer import Optimizer
from autograd_lite.support.checks import check_number, check_switch
from autograd_lite.support.conversion import NumberArray
from autograd_lite.support.messages import show


class Adam(Optimizer):
    """Steps scaled by running means of the gradient and of its square.

    m ← β₁m + (1 − β₁)g and v ← β₂v + (1 − β₂)g², both from zero; m̂ = m/(1 − β₁ᵗ) and v̂ = v/(1 − β₂ᵗ), where t counts
    the updates from 1; θ ← θ − lr·m̂/(√v̂ + eps). Weight decay adds weight_decay·θ to g.

    Parameters
    ----------
    params : iterable of Tensor, or of dict
        The parameters, or groups of parameters with options of their own.
    lr : float, default 1e-3
        The learning rate.
    betas : pair of float, default (0.9, 0.999)
        β₁ and β₂, in [0, 1).
    eps : float, default 1e-8
    weight_decay : float, default 0
    amsgrad : bool, default False
        Whether v̂ is the largest so far.
    maximize : bool, default False
        Whether to step along the gradient, to a maximum.
    decoupled_weight_decay : bool, default False
        Whether weight decay is that of `AdamW`.
    **implementation
        See `Implementation`; ``fused=True`` updates by native code.

    Raises
    ------
    ValueError
        If an option is negative or NaN, a beta outside [0, 1), or `params` is empty or holds a parameter twice.

    References
    ----------
    Kingma and Ba, "Adam: a method for stochastic optimization" (2015). Reddi, Kale and Kumar, "On the convergence of
    Adam and beyond" (2018), for `amsgrad`.

    Examples
    --------
    >>> w = Tensor([1.0, -2.0], requires_grad=True)
    >>> optimizer = Adam([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    Tensor([ 0.9, -1.9], requires_grad=True)
    """

    state_names = ("exp_avg", "exp_avg_sq", "max_exp_avg_sq")

    def __init__(
        self,
        params: Params,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        decoupled_weight_decay: bool = False,
        **implementation: Unpack[Implementation],
    ) -> None:
        options = {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "amsgrad": amsgrad,
            "maximize": maximize, "decoupled_weight_decay": decoupled_weight_decay,
        }  # fmt: skip
        super().__init__(params, options, **implementation)

    def check(self, options: dict[str, Any]) -> None:
        check_moments(options)
        check_switch("amsgrad", options["amsgrad"])
        check_switch("decoupled_weight_decay", options["decoupled_weight_decay"])

    def used_states(self, options: dict[str, Any]) -> tuple[str, ...]:
        return self.state_names if options["amsgrad"] else self.state_names[:2]

    def update(self, run: Run, options: dict[str, Any]) -> None:
        # m̂/(√v̂ + eps) = m·√(1 − β₂ᵗ)/(1 − β₁ᵗ) / (√v + eps·√(1 − β₂ᵗ)): this corrects numbers instead of arrays.
        gradient, (beta1, beta2), t = decayed(run, options), options["betas"], run.step
        mean, mean_square, values = run.state["exp_avg"], run.state["exp_avg_sq"], run.values
        root = (1 - beta2**t) ** 0.5
        mean *= beta1
        work = (1 - beta1) * gradient
        mean += work
        mean_square *= beta2
        np.multiply(gradient, gradient, out=work)
        work *= 1 - beta2
        mean_square += work
        if options["amsgrad"]:
            largest = run.state["max_exp_avg_sq"]
            np.maximum(largest, mean_square, out=largest)
            np.sqrt(largest, out=work)
        else:
            np.sqrt(mean_square, out=work)
        work += options["eps"] * root
        np.divide(mean, work, out=work)
        work *= options["lr"] * root / (1 - beta1**t)
        values -= work


def check_moments(options: dict[str, Any]) -> None:
    """Raise ValueError if an option that the relatives of Adam have in common is out of its range."""
    for name in ("lr", "eps", "weight_decay"):
        check_number(name, options[name])
    if not isinstance(options["betas"], tuple | list) or len(options["betas"]) != 2:
        raise ValueError(f"betas must be a pair, not {show(options['betas'])}")
    for beta in options["betas"]:
        check_number("each of betas", beta, below=1)


def decayed(run: Run, options: dict[str, Any]) -> NumberArray:
    """The gradient with weight decay; if it is decoupled, the values decay instead."""
    if not options["decoupled_weight_decay"]:
        return run.decayed_gradient(options["weight_decay"])
    if options["weight_decay"]:
        values = run.values
        values *= 1 - options["lr"] * options["weight_decay"]
    return run.gradient


class AdamW(Adam):
    """Adam with decoupled weight decay: θ ← θ − lr·weight_decay·θ before the step of Adam, which uses g alone.

    Parameters
    ----------
    params, lr, betas, eps
        As for `Adam`.
    weight_decay : float, default 0.01
    amsgrad, maximize, implementation
        As for `Adam`.

    References
    ----------
    Loshchilov and Hutter, "Decoupled weight decay regularization" (2019).

    Examples
    --------
    >>> w = Tensor([1.0], requires_grad=True)
    >>> optimizer = AdamW([w], lr=0.1, weight_decay=0.5)
    >>> w.sum().backward()
    >>> optimizer.step()
    >>> w
    Tensor([0.85], requires_grad=True)
    """

    def __init__(
        self,
        params: Params,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        **implementation: Unpack[Implementation],
    ) -> None:
        super().__init__(
            params, lr, betas, eps, weight_decay, amsgrad, maximize=maximize, decoupled_weight_decay=True,
            **implementation,
        )  # fmt: skip
