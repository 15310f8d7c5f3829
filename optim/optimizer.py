"""What all optimizers share: parameter groups, their storage, the step, and saving."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from autograd_lite.backward import Leaf
from autograd_lite.conversion import as_numbers
from autograd_lite.optim.blocks import in_blocks
from autograd_lite.optim.bucket import Bucket, Run
from autograd_lite.recording import enable_grad
from autograd_lite.tensor import Tensor
from autograd_lite.tracing import current_recorder


class Optimizer:
    """The base of all optimizers.

    A subclass names what it remembers of each parameter (`state_names`), checks its options (`check`), and states its
    rule on one-dimensional arrays (`update`); the rule is elementwise, so it never needs to know the shapes.

    The parameters are laid end to end in one array when the optimizer is made. A tensor stays the same object, but
    arrays taken from it before (`w.data`) are no longer its memory.

    Parameters
    ----------
    params : iterable of Tensor, or of dict
        What to optimize; or groups of it, dicts with the key "params" and the options that differ for the group.
    defaults : dict
        The options of groups that do not say otherwise.

    Raises
    ------
    ValueError
        If there are no parameters, one comes twice, or one is the result of an operation.
    TypeError
        If one is not a tensor.
    """

    state_names: tuple[str, ...] = ()

    def __init__(self, params: Iterable[Any], defaults: dict[str, Any]) -> None:
        if isinstance(params, Tensor):
            raise TypeError("params is an iterable of tensors, not a tensor; write [tensor]")
        given = list(params)
        groups = given if given and isinstance(given[0], Mapping) else [{"params": given}]
        self.defaults = defaults
        self.param_groups: list[dict[str, Any]] = []
        self._checked: list[dict[str, Any]] = []  # the options as they were when they were last found good
        self._work: list[tuple[dict[str, Any], Bucket]] = []
        checked = [self._checked_group(group) for group in groups]
        if not sum(len(group["params"]) for group in checked):
            raise ValueError("there are no parameters to optimize")
        self._refuse_twice([parameter for group in checked for parameter in group["params"]])
        for group in checked:
            self._add(group)

    # -- for subclasses --------------------------------------------------------------------------------------------

    def check(self, options: dict[str, Any]) -> None:
        """Raise ValueError if an option of a group makes no sense."""
        raise NotImplementedError

    def update(self, run: Run, options: dict[str, Any]) -> None:
        """Change ``run.values`` and ``run.state`` in place, given ``run.gradient`` and ``run.step``, counted from 1.

        Called for any stretches of the parameters, large ones in blocks and by several threads at a time.
        """
        raise NotImplementedError

    # -- groups ----------------------------------------------------------------------------------------------------

    def add_param_group(self, group: Mapping[str, Any]) -> None:
        """Optimize more parameters, with the options in `group` and the defaults for the rest."""
        checked = self._checked_group(group)
        self._refuse_twice([p for known in self.param_groups for p in known["params"]] + checked["params"])
        self._add(checked)

    def _checked_group(self, group: Mapping[str, Any]) -> dict[str, Any]:
        if not isinstance(group, Mapping):
            raise TypeError(f"params holds tensors, or dicts, not both: {type(group).__name__} after a dict")
        options = {**self.defaults, **group}
        unknown = set(options) - set(self.defaults) - {"params"}
        if unknown or "params" not in options:
            raise ValueError(
                f"a parameter group has params and {', '.join(self.defaults)}; "
                f"this one has {', '.join(map(str, group))}"
            )
        parameters = [options["params"]] if isinstance(options["params"], Tensor) else list(options["params"])
        for parameter in parameters:
            if not isinstance(parameter, Tensor):
                raise TypeError(f"params holds tensors, not {type(parameter).__name__}")
            if not parameter.is_leaf or parameter.dtype.kind != "f":
                raise ValueError(
                    f"a tensor of shape {parameter.shape} and dtype {parameter.dtype} cannot be optimized: "
                    "it must be floating-point and not the result of an operation"
                )
        options["params"] = parameters
        self.check(options)
        return options

    def _refuse_twice(self, parameters: list[Tensor]) -> None:
        if len({id(parameter) for parameter in parameters}) < len(parameters):
            raise ValueError("the same parameter comes twice; it would be updated twice in each step")

    def _add(self, group: dict[str, Any]) -> None:
        by_dtype: dict[Any, list[Tensor]] = {}
        for parameter in group["params"]:
            by_dtype.setdefault(parameter.dtype, []).append(parameter)
        self.param_groups.append(group)
        self._work += [(group, Bucket(parameters, self.state_names)) for parameters in by_dtype.values()]

    # -- steps -----------------------------------------------------------------------------------------------------

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update every parameter that has a gradient.

        Parameters
        ----------
        closure : callable, optional
            Computes the gradients anew and returns the loss, which `step` then returns.

        Raises
        ------
        ValueError
            If an option was set to something that makes no sense. Nothing has been updated then.
        """
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        recorder = current_recorder()
        if recorder is not None:
            recorder.update(self)
            return loss
        self.prepare()
        for group, bucket in self._work:
            run = bucket.run_of_all()
            if run is None:
                in_blocks(self.update, bucket.runs(), group)
            else:
                self.update(run, group)
        return loss

    def prepare(self) -> None:
        """What comes before an update: options that were set are checked, parameters are brought to their storage."""
        if self.param_groups != self._checked:
            for group in self.param_groups:
                self.check(group)
            # Lists can change inside, so they are remembered as something that no list equals.
            self._checked = [
                {
                    name: tuple(value) if isinstance(value, list) and name != "params" else value
                    for name, value in group.items()
                }
                for group in self.param_groups
            ]
        for _, bucket in self._work:
            bucket.prepare()

    def zero_grad(self) -> None:
        """Forget the gradients of all parameters."""
        for _, bucket in self._work:
            for parameter in bucket.parameters:
                leaf = parameter._node
                if leaf.__class__ is Leaf:  # as below, without two calls
                    leaf.grad = None
                else:
                    parameter.zero_grad()

    # -- state -----------------------------------------------------------------------------------------------------

    def _places(self) -> list[tuple[Bucket, int]]:
        """For every parameter, in the order of the groups, its bucket and its number there."""
        places = {id(p): (bucket, i) for _, bucket in self._work for i, p in enumerate(bucket.parameters)}
        return [places[id(parameter)] for group in self.param_groups for parameter in group["params"]]

    def state_dict(self) -> dict[str, Any]:
        """A copy of all that the optimizer remembers, parameters numbered in the order of the groups.

        Returns
        -------
        dict
            "state": for each number the step count and the arrays that are remembered; "param_groups": the options of
            each group, with the numbers of its parameters.
        """
        state = {
            number: bucket.parameter_state(i) for number, (bucket, i) in enumerate(self._places()) if bucket.steps[i]
        }
        groups, start = [], 0
        for group in self.param_groups:
            stop = start + len(group["params"])
            options = {name: copy.copy(value) for name, value in group.items() if name != "params"}
            groups.append({**options, "params": list(range(start, stop))})
            start = stop
        return {"state": state, "param_groups": groups}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Continue from what `state_dict` returned; all or nothing.

        Raises
        ------
        ValueError
            If groups, parameters, shapes or options do not match those of this optimizer.
        """
        groups, state = state_dict["param_groups"], state_dict["state"]
        sizes = [len(group["params"]) for group in self.param_groups]
        if [len(group["params"]) for group in groups] != sizes:
            raise ValueError(
                f"load_state_dict: groups of {[len(g['params']) for g in groups]} parameters, "
                f"this optimizer has groups of {sizes}"
            )
        for group in groups:
            if set(group) != {*self.defaults, "params"}:
                raise ValueError(
                    f"load_state_dict: the options {sorted(set(group) - {'params'})}, expected {sorted(self.defaults)}"
                )
            self.check(group)
        places = self._places()
        for number, entry in state.items():
            if number not in range(len(places)) or set(entry) != {"step", *self.state_names}:
                raise ValueError(
                    f"load_state_dict: entry {number!r} holds {sorted(entry)}, expected {['step', *self.state_names]}"
                )
            bucket, i = places[number]
            shape, step = bucket.parameters[i].shape, entry["step"]
            if not isinstance(step, int | float | np.number) or step != int(step) or step < 0:
                raise ValueError(f"load_state_dict: step of parameter {number} is a number of updates, not {step!r}")
            for name in self.state_names:
                if as_numbers(entry[name]).shape != shape:
                    raise ValueError(
                        f"load_state_dict: {name} of parameter {number} has shape "
                        f"{np.shape(entry[name])}, expected {shape}"
                    )
        for own, group in zip(self.param_groups, groups, strict=True):
            own.update({name: copy.copy(value) for name, value in group.items() if name != "params"})
        for number, (bucket, i) in enumerate(places):
            blank = {"step": 0, **dict.fromkeys(self.state_names, np.zeros(bucket.parameters[i].size))}
            bucket.load_parameter_state(i, state.get(number, blank))

    def __repr__(self) -> str:
        lines = [
            f"  {len(group['params'])} parameters: "
            + ", ".join(f"{name}={value}" for name, value in group.items() if name != "params")
            for group in self.param_groups
        ]
        return f"{type(self).__name__}(\n" + "\n".join(lines) + "\n)"


def check_number(name: str, value: Any, below: float = math.inf) -> None:
    """Raise ValueError unless ``0 <= value < below``; NaN and infinity never are."""
    if not (isinstance(value, int | float | np.number) and 0 <= value < below):
        limit = "a number, at least 0" if below == math.inf else f"a number in [0, {below:g})"
        raise ValueError(f"{name} is {limit}, not {value!r}")
