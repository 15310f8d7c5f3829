"""What all optimizers share: parameter groups, their storage, the step, and saving."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from autograd_lite.backward import Leaf
from autograd_lite.checks import check_state
from autograd_lite.composition import naming
from autograd_lite.conversion import as_numbers
from autograd_lite.messages import show
from autograd_lite.optim.blocks import in_blocks
from autograd_lite.optim.bucket import Bucket, Run
from autograd_lite.recording import enable_grad
from autograd_lite.tensor import Tensor
from autograd_lite.tracing import CompileError, current_recorder


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
        self.defaults = defaults
        self.param_groups: list[dict[str, Any]] = []
        self._checked: list[dict[str, Any]] = []  # the options as they were when they were last found good
        self._work: list[tuple[dict[str, Any], Bucket]] = []
        with naming(type(self).__name__):
            checked = self._checked_groups(params)
        for group in checked:
            self._add(group)

    # -- for subclasses --------------------------------------------------------------------------------------------

    def check(self, options: dict[str, Any]) -> None:
        """Raise ValueError if an option of a group makes no sense."""
        raise NotImplementedError(f"{type(self).__name__} does not say in `check` what its options can be")

    def update(self, run: Run, options: dict[str, Any]) -> None:
        """Change ``run.values`` and ``run.state`` in place, given ``run.gradient`` and ``run.step``, counted from 1.

        Called for any stretches of the parameters, large ones in blocks and by several threads at a time.
        """
        raise NotImplementedError(f"{type(self).__name__} does not say in `update` how parameters change")

    # -- groups ----------------------------------------------------------------------------------------------------

    def add_param_group(self, group: Mapping[str, Any]) -> None:
        """Optimize more parameters, with the options in `group` and the defaults for the rest."""
        with naming(f"{type(self).__name__}.add_param_group"):
            checked = self._checked_group(group)
            self._refuse_twice([p for known in self.param_groups for p in known["params"]] + checked["params"])
        self._add(checked)

    def _checked_groups(self, params: Any) -> list[dict[str, Any]]:
        if isinstance(params, Tensor) or not isinstance(params, Iterable) or hasattr(params, "parameters"):
            what = "a tensor; write [tensor]" if isinstance(params, Tensor) else type(params).__name__
            hint = "; write .parameters()" if hasattr(params, "parameters") else ""
            raise TypeError(f"params is an iterable of tensors, not {what}{hint}")
        given = list(params)
        groups = given if given and isinstance(given[0], Mapping) else [{"params": given}]
        checked = [self._checked_group(group) for group in groups]
        if not sum(len(group["params"]) for group in checked):
            raise ValueError("there are no parameters to optimize")
        self._refuse_twice([parameter for group in checked for parameter in group["params"]])
        return checked

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

    def step(self, closure: Callable[[], Any] | None = None, *, error_if_nonfinite: bool = False) -> Any:
        """Update every parameter that has a gradient.

        Parameters
        ----------
        closure : callable, optional
            Computes the gradients anew and returns the loss, which `step` then returns.
        error_if_nonfinite : bool, default False
            Whether a gradient that holds a NaN or an infinity is an error; otherwise its parameter becomes NaN, and so
            does what the optimizer remembers of it, for good.

        Raises
        ------
        ValueError
            If an option was set to something that makes no sense. Nothing has been updated then.
        RuntimeError
            If a gradient is not finite, and `error_if_nonfinite`; it says which, in the order of the groups. Nothing
            has been updated then.
        CompileError
            If `error_if_nonfinite` is set within `compile`, whose programs do not look at numbers.

        Examples
        --------
        >>> w = Tensor([1.0, 4.0], requires_grad=True)
        >>> w.grad = [0.5, np.inf]
        >>> optim.SGD([w], lr=0.1).step(error_if_nonfinite=True)
        Traceback (most recent call last):
            ...
        RuntimeError: SGD.step: the gradient of parameter 0 of shape (2,) holds 1 inf; nothing was updated
        """
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        recorder = current_recorder()
        if recorder is not None:
            if error_if_nonfinite:
                raise CompileError(
                    "compile: step(error_if_nonfinite=True) would have to look at numbers in each replay"
                )
            recorder.update(self)
            return loss
        if error_if_nonfinite:
            self._refuse_nonfinite()
        self.prepare()
        for group, bucket in self._work:
            run = bucket.run_of_all()
            if run is None:
                in_blocks(self.update, bucket.runs(), group)
            else:
                self.update(run, group)
        return loss

    def _refuse_nonfinite(self) -> None:
        parameters = [parameter for group in self.param_groups for parameter in group["params"]]
        found = []
        for number, parameter in enumerate(parameters):
            gradient = getattr(parameter.grad, "_data", parameter.grad)  # a tensor after create_graph=True
            if gradient is not None and not np.isfinite(gradient).all():
                counts = {"nan": np.isnan(gradient).sum(), "inf": np.isinf(gradient).sum()}
                name = "" if parameter.name is None else f" ({parameter.name})"
                holds = " and ".join(f"{count} {kind}" for kind, count in counts.items() if count)
                found.append(f"parameter {number}{name} of shape {parameter.shape} holds {holds}")
        if found:
            more = f", and those of {len(found) - 3} more" if len(found) > 3 else ""
            raise RuntimeError(
                f"{type(self).__name__}.step: the gradient of {', of '.join(found[:3])}{more}; nothing was updated"
            )

    def prepare(self) -> None:
        """What comes before an update: options that were set are checked, parameters are brought to their storage."""
        if self.param_groups != self._checked:
            with naming(f"{type(self).__name__}.step"):
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
        new = check_state(state_dict, ["param_groups", "state"])
        groups, state = new["param_groups"], new["state"]
        if not isinstance(state, Mapping):
            raise ValueError(f"load_state_dict: state is a dict by parameter, not {type(state).__name__}")
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
        if [number for group in groups for number in group["params"]] != [*range(len(places))]:
            raise ValueError("load_state_dict: the parameters are not numbered in the order of the groups")
        for number, entry in state.items():
            names = sorted(entry) if isinstance(entry, Mapping) else entry
            if number not in range(len(places)) or names != sorted(["step", *self.state_names]):
                raise ValueError(
                    f"load_state_dict: entry {show(number)} holds {names}, expected {['step', *self.state_names]}"
                )
            bucket, i = places[number]
            shape, step = bucket.parameters[i].shape, entry["step"]
            if not isinstance(step, int | float | np.number) or not 0 <= step < math.inf or step != int(step):
                raise ValueError(
                    f"load_state_dict: step of parameter {number} is a number of updates, not {show(step)}"
                )
            for name in self.state_names:
                with naming(f"load_state_dict: {name} of parameter {number}"):
                    found = as_numbers(entry[name]).shape
                if found != shape:
                    raise ValueError(
                        f"load_state_dict: {name} of parameter {number} has shape {found}, expected {shape}"
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
