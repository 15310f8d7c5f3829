"""L-BFGS: steps along an estimate of Newton's direction, made of the latest changes of the gradient."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import partial
from typing import Any

import numpy as np

from autograd_lite.core.grad_mode import enable_grad
from autograd_lite.core.writes import overwrite
from autograd_lite.optim.group import Group, Params
from autograd_lite.optim.lbfgs_memory import Memory, loaded
from autograd_lite.optim.line_search import Point, strong_wolfe
from autograd_lite.optim.optimizer import Optimizer
from autograd_lite.optim.state import checked_groups, numbered
from autograd_lite.support.checks import check_integer, check_number, check_state
from autograd_lite.support.conversion import NumberArray
from autograd_lite.support.half_precision import HALF
from autograd_lite.support.messages import show
from autograd_lite.support.recorder_interface import refuse_in_program
from autograd_lite.support.versions import bump


class LBFGS(Optimizer):
    """θ ← θ + t·d with d = −H g, where H estimates the inverse of the Hessian from the latest `history_size` steps.

    It is for functions without noise: each step makes several iterations and evaluates the function several times.
    ``step(closure)`` needs a function that sets the gradients to zero, computes the loss, calls `backward` and returns
    the loss.

    Parameters
    ----------
    params : iterable of Tensor
        The parameters. There is one group.
    lr : float, default 1
        The step t along d, or the first one that the line search tries.
    max_iter : int, default 20
        The largest number of iterations in a step.
    max_eval : int, optional
        The largest number of evaluations in a step; by default 5/4 of `max_iter`.
    tolerance_grad : float, default 1e-7
        A step ends if no derivative is larger.
    tolerance_change : float, default 1e-9
        A step ends if the loss, or no parameter, changes by more.
    history_size : int, default 100
    line_search_fn : "strong_wolfe" or None, default None
        Whether t is searched for (see `strong_wolfe`) or is `lr`.

    Raises
    ------
    ValueError
        If an option is out of its range, or there are several groups.

    References
    ----------
    Liu and Nocedal, "On the limited memory BFGS method for large scale optimization" (1989); Nocedal and Wright,
    "Numerical optimization" (2006), chapter 7.

    Examples
    --------
    >>> w = Tensor([-1.0, 2.0], requires_grad=True)
    >>> optimizer = LBFGS([w], line_search_fn="strong_wolfe")
    >>> def closure():  # Rosenbrock's function; its minimum is at (1, 1)
    ...     optimizer.zero_grad()
    ...     loss = (1 - w[0]) ** 2 + 100 * (w[1] - w[0] ** 2) ** 2
    ...     loss.backward()
    ...     return loss
    >>> for _ in range(4):
    ...     _ = optimizer.step(closure)
    >>> w.data.round(4)
    array([1., 1.])
    """

    def __init__(
        self,
        params: Params,
        lr: float = 1,
        max_iter: int = 20,
        max_eval: int | None = None,
        tolerance_grad: float = 1e-7,
        tolerance_change: float = 1e-9,
        history_size: int = 100,
        line_search_fn: str | None = None,
    ) -> None:
        if max_eval is None:
            check_integer("LBFGS: max_iter", max_iter)
            max_eval = max_iter * 5 // 4
        options = {
            "lr": lr, "max_iter": max_iter, "max_eval": max_eval, "tolerance_grad": tolerance_grad,
            "tolerance_change": tolerance_change, "history_size": history_size, "line_search_fn": line_search_fn,
        }  # fmt: skip
        self._memory = Memory()
        super().__init__(params, options)

    def check(self, options: dict[str, Any]) -> None:
        for name in ("lr", "tolerance_grad", "tolerance_change"):
            check_number(name, options[name])
        for name in ("max_iter", "max_eval", "history_size"):
            check_integer(name, options[name])
        if options["line_search_fn"] not in (None, "strong_wolfe"):
            raise ValueError(f'line_search_fn must be "strong_wolfe" or None, not {show(options["line_search_fn"])}')

    def _add(self, group: Group) -> None:
        if self.param_groups:
            raise ValueError("LBFGS: there can be one group only, because a direction is one for all parameters")
        super()._add(group)

    def _has_updated(self) -> bool:
        return self._memory.func_evals > 0

    # -- steps -----------------------------------------------------------------------------------------------------

    def step(self, closure: Callable[[], Any] | None = None, *, error_if_nonfinite: bool = False) -> Any:
        """Make up to `max_iter` iterations, and return the loss before them.

        Parameters
        ----------
        closure : callable
            Computes the gradients again and returns the loss.
        error_if_nonfinite : bool, default False
            Whether a NaN or an infinity in the first gradient is an error.

        Raises
        ------
        TypeError
            If there is no closure.
        ValueError
            If an option was set to a value out of its range. Nothing is updated then.
        """
        refuse_in_program("LBFGS.step()")
        if closure is None:
            raise TypeError("LBFGS.step: pass a closure, which computes the gradients and returns the loss")
        self.prepare()
        with enable_grad():
            loss = closure()
        if error_if_nonfinite:
            self._refuse_nonfinite(*(parameter.grad for parameter in self._parameters()))
        self._memory.func_evals += 1
        self._iterate(closure, _number(loss), self._gradient())
        return loss

    def _iterate(self, closure: Callable[[], Any], loss: float, gradient: NumberArray) -> None:
        options, memory, evaluations = self.param_groups[0], self._memory, 1
        if _largest(gradient) <= options["tolerance_grad"]:
            return
        for iteration in range(1, options["max_iter"] + 1):
            memory.n_iter += 1
            if memory.n_iter > 1:
                memory.remember(gradient, options["history_size"])
            direction = memory.direction(gradient)
            slope = float(gradient @ direction)
            step = options["lr"]
            if memory.n_iter == 1:
                step *= min(1.0, 1.0 / float(np.abs(gradient).sum()))
            memory.d, memory.t, memory.prev_flat_grad, memory.prev_loss = direction, step, gradient, loss
            if slope > -options["tolerance_change"]:
                return
            here = Point(0.0, loss, gradient, slope)
            if options["line_search_fn"]:
                here, count = strong_wolfe(
                    partial(self._at, closure, direction), here, step, scale=_largest(direction),
                    tolerance=options["tolerance_change"], most=options["max_eval"] - evaluations,
                )  # fmt: skip
                memory.t = here.step
                self._move(here.step, direction)
            else:
                self._move(step, direction)
                count = iteration < options["max_iter"]  # the last value would not be used
                if count:
                    here = self._evaluated(closure, step, direction)
            loss, gradient = here.loss, here.gradient
            evaluations += count
            memory.func_evals += count
            is_at_rest = _largest(direction * memory.t) <= options["tolerance_change"]
            has_converged = abs(loss - memory.prev_loss) < options["tolerance_change"]
            is_flat = _largest(gradient) <= options["tolerance_grad"]
            if evaluations >= options["max_eval"] or is_flat or is_at_rest or has_converged:
                return

    def _at(self, closure: Callable[[], Any], direction: NumberArray, step: float) -> Point:
        """The point at a step along a direction; the parameters stay as they are."""
        before = [parameter.data.copy() for parameter in self._parameters()]
        try:
            self._move(step, direction)
            return self._evaluated(closure, step, direction)
        finally:
            for parameter, values in zip(self._parameters(), before, strict=True):
                overwrite(parameter.data, values, "LBFGS.step")

    def _evaluated(self, closure: Callable[[], Any], step: float, direction: NumberArray) -> Point:
        with enable_grad():
            loss = _number(closure())
        gradient = self._gradient()
        return Point(step, loss, gradient, float(gradient @ direction))

    def _gradient(self) -> NumberArray:
        """The gradients of all parameters end to end, zeros for those that have none."""
        found = []
        for parameter in self._parameters():
            gradient: Any = parameter.grad
            gradient = np.zeros(parameter.shape, parameter.dtype) if gradient is None else gradient
            found.append(np.ravel(getattr(gradient, "_data", gradient)))
        flat: NumberArray = np.concatenate(found)
        return flat.astype(np.float32) if flat.dtype == HALF else flat

    def _move(self, step: float, direction: NumberArray) -> None:
        start = 0
        for parameter in self._parameters():
            part = direction[start : start + parameter.size].reshape(parameter.shape)
            overwrite(parameter.data, (parameter.data + step * part).astype(parameter.dtype), "LBFGS.step")
            start += parameter.size

    # -- state -----------------------------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """A copy of the state, in PyTorch's form: what is known of all parameters is the entry of the first.

        Returns
        -------
        dict
            "state": the vectors and numbers of `Memory`. "param_groups": the options, with the numbers of the
            parameters.
        """
        self._refuse_edits()
        entry = {name: value for name, value in asdict(self._memory).items() if value is not None}
        if not self._memory.n_iter:
            entry = {"func_evals": entry["func_evals"], "n_iter": 0}
        return {"state": {0: entry} if self._has_updated() else {}, "param_groups": numbered(self.param_groups)}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Continue from what `state_dict` returned, here or in PyTorch, all or nothing.

        Raises
        ------
        ValueError
            If the options or the state do not match the parameters of this optimizer.
        """
        self._refuse_edits()
        new = check_state(state_dict, ["param_groups", "state"])
        (options,) = checked_groups(new["param_groups"], [len(self._parameters())], self.defaults)
        self.check(options)
        self._memory = loaded(new["state"], self._gradient())
        self.param_groups[0].update(options)
        bump()


def _number(loss: Any) -> float:
    return float(loss.item() if hasattr(loss, "item") else loss)


def _largest(values: NumberArray) -> float:
    return float(np.abs(values).max(initial=0))
