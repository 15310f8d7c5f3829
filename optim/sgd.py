"""Gradient descent, with momentum."""

from __future__ import annotations

from typing import Any, Unpack

from autograd_lite.optim.bucket import Run
from autograd_lite.optim.group import Params
from autograd_lite.optim.implementation import Implementation
from autograd_lite.optim.optimizer import Optimizer
from autograd_lite.support.checks import check_number, check_switch


class SGD(Optimizer):
    """Gradient descent: θ ← θ − lr·g, or with momentum v ← momentum·v + (1 − dampening)·g, θ ← θ − lr·v.

    In the first update v is g, without dampening, as in PyTorch. Nesterov's variant steps along g + momentum·v. Weight
    decay adds weight_decay·θ to g.

    Parameters
    ----------
    params : iterable of Tensor, or of dict
        The parameters, or groups of parameters with options of their own.
    lr : float, default 1e-3
        The learning rate.
    momentum : float, default 0
    dampening : float, default 0
    weight_decay : float, default 0
    nesterov : bool, default False
        Needs momentum and no dampening.
    maximize : bool, default False
        Whether to step along the gradient, to a maximum.
    **implementation
        See `Implementation`; ``fused=True`` updates by native code.

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
    optional_names = frozenset({"step"})

    def __init__(
        self,
        params: Params,
        lr: float = 1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: float = 0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
        **implementation: Unpack[Implementation],
    ) -> None:
        options = {
            "lr": lr, "momentum": momentum, "dampening": dampening, "weight_decay": weight_decay, "nesterov": nesterov,
            "maximize": maximize,
        }  # fmt: skip
        super().__init__(params, options, **implementation)

    def check(self, options: dict[str, Any]) -> None:
        for name in ("lr", "momentum", "dampening", "weight_decay"):
            check_number(name, options[name])
        check_switch("nesterov", options["nesterov"])
        if options["nesterov"] and (options["momentum"] == 0 or options["dampening"] != 0):
            raise ValueError("nesterov needs a momentum above 0 and a dampening of 0")

    def used_states(self, options: dict[str, Any]) -> tuple[str, ...]:
        return self.state_names if options["momentum"] else ()

    def update(self, run: Run, options: dict[str, Any]) -> None:
        gradient, momentum = run.decayed_gradient(options["weight_decay"]), options["momentum"]
        if momentum:
            velocity = run.state["momentum_buffer"]
            velocity *= momentum
            if options["dampening"] and run.step > 1:
                velocity += (1 - options["dampening"]) * gradient
            else:
                velocity += gradient
            gradient = gradient + momentum * velocity if options["nesterov"] else velocity
        values = run.values
        values -= options["lr"] * gradient
