"""Gradient descent, with momentum."""

from __future__ import annotations

from typing import Any

from autograd_lite.optim.bucket import Run
from autograd_lite.optim.group import Params
from autograd_lite.optim.optimizer import Optimizer
from autograd_lite.support.checks import check_number, check_switch


class SGD(Optimizer):
    """Gradient descent: θ ← θ − lr·g, or with momentum v ← momentum·v + (1 − dampening)·g, θ ← θ − lr·v.

    The velocity v starts at zero, so ``dampening=momentum`` gives exactly the exponential mean of gradients
    m ← βm + (1 − β)g. Nesterov's variant steps along g + momentum·v. Weight decay adds weight_decay·θ to g.

    Parameters
    ----------
    params : iterable of Tensor, or of dict
        The parameters, or groups of parameters with options of their own.
    lr : float
        The learning rate.
    momentum : float, default 0
    dampening : float, default 0
    weight_decay : float, default 0
    nesterov : bool, default False
        Needs momentum and no dampening.
    fused : bool, default False
        Whether to use the fused implementation: native code that updates all parameters in one pass, equal to the
        NumPy calls to rounding. It needs the extra `native`.

    Raises
    ------
    ValueError
        If an option is negative or NaN, or `params` is empty or holds a parameter twice.

    References
    ----------
    Sutskever, Martens, Dahl and Hinton, "On the importance of initialization and momentum in deep learning" (2013).

    Examples
    --------
    >>> w = Tensor([1.0, 2.0], requires_grad=True)
    >>> optimizer = SGD([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    Tensor([0.8, 1.6], requires_grad=True)
    """

    state_names = ("momentum_buffer",)

    def __init__(
        self,
        params: Params,
        lr: float,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: float = 0,
        nesterov: bool = False,
        *,
        fused: bool = False,
    ) -> None:
        options = {"lr": lr, "momentum": momentum, "dampening": dampening}
        super().__init__(params, {**options, "weight_decay": weight_decay, "nesterov": nesterov}, fused=fused)

    def check(self, options: dict[str, Any]) -> None:
        for name in ("lr", "momentum", "dampening", "weight_decay"):
            check_number(name, options[name])
        check_switch("nesterov", options["nesterov"])
        if options["nesterov"] and (options["momentum"] == 0 or options["dampening"] != 0):
            raise ValueError("nesterov needs a momentum above 0 and a dampening of 0")

    def update(self, run: Run, options: dict[str, Any]) -> None:
        gradient, momentum = run.decayed_gradient(options["weight_decay"]), options["momentum"]
        if momentum:
            velocity = run.state["momentum_buffer"]
            velocity *= momentum
            velocity += (1 - options["dampening"]) * gradient if options["dampening"] else gradient
            gradient = gradient + momentum * velocity if options["nesterov"] else velocity
        values = run.values
        values -= options["lr"] * gradient
