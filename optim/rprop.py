"""Rprop and ASGD: steps by the signs of gradients, and averaged stochastic descent."""

from __future__ import annotations

from typing import Any, Unpack

import numpy as np

from autograd_lite.optim.bucket import Run
from autograd_lite.optim.group import Params
from autograd_lite.optim.implementation import Implementation
from autograd_lite.optim.optimizer import Optimizer
from autograd_lite.support.checks import check_number
from autograd_lite.support.messages import show


class Rprop(Optimizer):
    """Steps by the signs of full-batch gradients: θ ← θ − Δ·sign g, where each element has a step Δ of its own.

    Where g has the sign of the gradient before, Δ grows by the factor η⁺. Where the sign has changed, Δ shrinks by η⁻
    and g counts as 0, here and as the gradient before the next one.

    Parameters
    ----------
    params : iterable of Tensor, or of dict
        The parameters, or groups of parameters with options of their own.
    lr : float, default 1e-2
        The first Δ.
    etas : pair of float, default (0.5, 1.2)
        η⁻ in (0, 1) and η⁺ above 1.
    step_sizes : pair of float, default (1e-6, 50)
        The limits of Δ.
    maximize : bool, default False
        Whether to step along the gradient, to a maximum.
    **implementation
        See `Implementation`; ``fused=True`` updates by native code.

    Raises
    ------
    ValueError
        If an option is out of its range, or `params` is empty or holds a parameter twice.

    References
    ----------
    Riedmiller and Braun, "A direct adaptive method for faster backpropagation learning: the RPROP algorithm" (1993).

    Examples
    --------
    >>> w = Tensor([1.0, -2.0], requires_grad=True)
    >>> optimizer = Rprop([w], lr=0.25)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    Tensor([ 0.75, -1.75], requires_grad=True)
    """

    state_names = ("prev", "step_size")

    def __init__(
        self,
        params: Params,
        lr: float = 1e-2,
        etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-6, 50),
        *,
        maximize: bool = False,
        **implementation: Unpack[Implementation],
    ) -> None:
        options = {"lr": lr, "etas": etas, "step_sizes": step_sizes, "maximize": maximize}
        super().__init__(params, options, **implementation)

    def check(self, options: dict[str, Any]) -> None:
        check_number("lr", options["lr"])
        for name in ("etas", "step_sizes"):
            if not isinstance(options[name], tuple | list) or len(options[name]) != 2:
                raise ValueError(f"{name} must be a pair, not {show(options[name])}")
            for value in options[name]:
                check_number(f"each of {name}", value)
        if not 0 < options["etas"][0] < 1 < options["etas"][1]:
            raise ValueError(f"etas must be below and above 1, not {show(options['etas'])}")

    def update(self, run: Run, options: dict[str, Any]) -> None:
        gradient, (shrink, grow), (least, most) = run.gradient, options["etas"], options["step_sizes"]
        before, size, values = run.state["prev"], run.state["step_size"], run.values
        if run.step == 1:
            size[...] = options["lr"]
        product = gradient * before
        changed = product < 0
        size *= np.where(changed, shrink, np.where(product > 0, grow, 1.0)).astype(size.dtype)
        size[...] = np.minimum(np.maximum(size, least), most)
        before[...] = np.where(changed, 0, gradient)
        values -= np.sign(before) * size


class ASGD(Optimizer):
    """Averaged stochastic gradient descent: θ ← (1 − lambd·η)θ − η·g, with the mean of θ as state "ax".

    η = lr in the first update, and lr/(1 + lambd·lr·t)^alpha after t of them. ax ← ax + μ(θ − ax) with
    μ = 1/max(1, t − t0), so the mean begins after t0 updates. Weight decay adds weight_decay·θ to g.

    Parameters
    ----------
    params : iterable of Tensor, or of dict
        The parameters, or groups of parameters with options of their own.
    lr : float, default 1e-2
    lambd : float, default 1e-4
    alpha : float, default 0.75
    t0 : float, default 1e6
    weight_decay : float, default 0
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
    Polyak and Juditsky, "Acceleration of stochastic approximation by averaging" (1992).

    Examples
    --------
    >>> w = Tensor([1.0, -2.0], requires_grad=True)
    >>> optimizer = ASGD([w], lr=0.1, lambd=0)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    Tensor([ 0.8, -1.6], requires_grad=True)
    """

    state_names = ("ax", "eta", "mu")
    number_names = frozenset({"eta", "mu"})

    def __init__(
        self,
        params: Params,
        lr: float = 1e-2,
        lambd: float = 1e-4,
        alpha: float = 0.75,
        t0: float = 1e6,
        weight_decay: float = 0,
        *,
        maximize: bool = False,
        **implementation: Unpack[Implementation],
    ) -> None:
        options = {
            "lr": lr, "lambd": lambd, "alpha": alpha, "t0": t0, "weight_decay": weight_decay, "maximize": maximize,
        }  # fmt: skip
        super().__init__(params, options, **implementation)

    def check(self, options: dict[str, Any]) -> None:
        for name in ("lr", "lambd", "alpha", "t0", "weight_decay"):
            check_number(name, options[name])

    def update(self, run: Run, options: dict[str, Any]) -> None:
        gradient, values, t, lr = run.decayed_gradient(options["weight_decay"]), run.values, run.step, options["lr"]
        mean, rate, share = run.state["ax"], run.state["eta"], run.state["mu"]
        if t == 1:
            rate[...] = lr
            share[...] = 1
        values *= 1 - options["lambd"] * rate
        values -= rate * gradient
        mean += share * (values - mean)
        rate[...] = lr / (1 + options["lambd"] * lr * t) ** options["alpha"]
        late = t - options["t0"]
        share[...] = 1 / late if late > 1 else 1
