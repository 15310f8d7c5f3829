"""What all optimizers share: parameter groups, their storage, the step, and saving."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import islice
from typing import Any, Unpack

from autograd_lite.batching.axes import refuse_write_while_mapping
from autograd_lite.core.grad_mode import enable_grad
from autograd_lite.core.graph import Leaf
from autograd_lite.core.hooks import check_in_each_call, current_recorder
from autograd_lite.core.tensor import Tensor
from autograd_lite.ops.composition import naming
from autograd_lite.optim.bucket import Bucket, Run, fill_with_zeros
from autograd_lite.optim.group import EDITED, Group, Params, described, made_group, made_groups, refuse_twice
from autograd_lite.optim.implementation import Implementation, chosen
from autograd_lite.optim.nonfinite import refuse_nonfinite
from autograd_lite.optim.state import StateNames, checked_entries, checked_groups, numbered, used_by
from autograd_lite.support.checks import check_state
from autograd_lite.support.compiling import native
from autograd_lite.support.versions import Versioned, bump

# The attributes of every optimizer; the last one belongs to its schedules.
_COMMON = {"defaults", "param_groups", "_groups", "_work", "_fused", "initial_rates"}


class Optimizer(Versioned):
    """The base of all optimizers.

    A subclass names the arrays that it keeps for each parameter (`state_names`), checks its options (`check`), and
    defines its update (`update`) on one-dimensional arrays. The update is elementwise, so it is independent of shapes.

    Making the optimizer stores the parameters end to end in one array. A tensor stays the same object, but arrays taken
    from it before (`w.data`) are no longer its memory.

    `param_groups` holds the options of each group, which can be set there (``group["lr"] = 0.1``). Parameters are added
    by `add_param_group` only.

    Parameters
    ----------
    params : iterable of Tensor, of (str, Tensor), or of dict
        The parameters, or pairs of their names and them; or groups, dicts with the key "params" and the options in
        which the group differs.
    defaults : dict
        The options, with the values for groups that do not set them. With an option "maximize" that is True, `update`
        gets the negative gradient.
    **implementation
        See `Implementation`. With ``fused=True`` `update` runs as native code. States move between fused and other
        optimizers.

    Raises
    ------
    ValueError
        If there are no parameters, one comes twice, or one is the result of an operation.
    TypeError
        If one is not a tensor.
    ImportError
        If `fused` is True and numba is not installed.
    """

    reads = frozenset({"defaults"})
    patched_attributes = frozenset({"param_groups"})
    state_names: tuple[str, ...] = ()
    number_names: frozenset[str] = frozenset()  # those of `state_names` that are one number for each parameter
    optional_names: frozenset[str] = frozenset()  # those that a state may lack, because PyTorch's does
    param_groups: list[Group] = []  # noqa: RUF012 - set by each optimizer; defined here so that it can be patched

    def __init__(self, params: Params, defaults: dict[str, Any], **implementation: Unpack[Implementation]) -> None:
        fused = chosen(type(self).__name__, implementation)
        self.defaults = defaults
        self.param_groups = []
        self._groups: list[Group] = []  # the same groups, to detect edits of param_groups
        self._work: list[tuple[Group, Bucket]] = []
        with naming(type(self).__name__):
            groups = made_groups(params, self._made)
        self._fused = native(self._update_all, f"{type(self).__name__}: fused=True") if fused else None
        for group in groups:
            self._add(group)

    def versioned_parts(self) -> Iterator[tuple[Any, dict[str, Any]]]:
        """The optimizer, with the parameters of its groups and what its class keeps besides them."""
        own = {name: value for name, value in vars(self).items() if name not in _COMMON}
        yield self, {**own, "params": tuple(tuple(map(id, group["params"])) for group in self.param_groups)}

    def read_state(self) -> list[Any]:
        """The groups, and their options."""
        return [self.param_groups, *self.param_groups]

    # -- for subclasses --------------------------------------------------------------------------------------------

    def check(self, options: dict[str, Any]) -> None:
        """Raise ValueError if an option of a group is out of its range."""
        raise NotImplementedError(f"{type(self).__name__} does not define `check`, the check of its options")

    def update(self, run: Run, options: dict[str, Any]) -> None:
        """Change ``run.values`` and ``run.state`` in place, given ``run.gradient`` and ``run.step``, counted from 1.

        Called once for each run, which holds one parameter or several.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define `update`, the change of the parameters")

    def used_states(self, options: dict[str, Any]) -> tuple[str, ...]:
        """Those of `state_names` that `update` uses with these options; the others are not saved."""
        return self.state_names

    def apply(self, run: Run, options: dict[str, Any]) -> None:
        """`update`, to a minimum or a maximum."""
        self.update(replace(run, gradient=-run.gradient) if options.get("maximize") else run, options)

    # -- groups ----------------------------------------------------------------------------------------------------

    def add_param_group(self, group: Mapping[str, Any]) -> None:
        """Add a group: parameters under "params", options of its own, and the defaults for the rest."""
        with naming(f"{type(self).__name__}.add_param_group"):
            self._refuse_edits()
            made = self._made(group)
            refuse_twice([*self.param_groups, made])
        self._add(made)
        bump()

    def _made(self, group: Mapping[str, Any]) -> Group:
        made = made_group(group, self.defaults)
        made.check(self.check)
        return made

    def _add(self, group: Group) -> None:
        by_dtype: dict[Any, list[Tensor]] = {}
        for parameter in group.members:
            by_dtype.setdefault(parameter.dtype, []).append(parameter)
        self.param_groups.append(group)
        self._groups.append(group)
        self._work += [(group, Bucket(parameters, self.state_names)) for parameters in by_dtype.values()]

    def _refuse_edits(self) -> None:
        """Raise RuntimeError if `param_groups` does not hold the groups that were added."""
        if [*map(id, self.param_groups)] != [*map(id, self._groups)]:  # by identity: equal dicts can change later
            raise RuntimeError(EDITED)
        for group in self._groups:
            group.check_members()

    # -- steps -----------------------------------------------------------------------------------------------------

    def step(self, closure: Callable[[], Any] | None = None, *, error_if_nonfinite: bool = False) -> Any:
        """Update every parameter that has a gradient.

        Parameters
        ----------
        closure : callable, optional
            Computes the gradients again and returns the loss, which `step` then returns.
        error_if_nonfinite : bool, default False
            Whether a gradient that holds a NaN or an infinity is an error. If not, its parameter and the optimizer's
            state of it become NaN and stay so.

        Raises
        ------
        ValueError
            If an option was set to a value out of its range. Nothing is updated then.
        RuntimeError
            If a gradient is not finite, and `error_if_nonfinite`. It names the parameters, numbered in the order of the
            groups. Nothing is updated then.

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
        refuse_write_while_mapping("step: a parameter")
        if closure is not None:
            with enable_grad():
                loss = closure()
        if error_if_nonfinite:
            check_in_each_call(self._refuse_nonfinite, *(parameter.grad for parameter in self._parameters()))
        recorder = current_recorder()
        if recorder is not None:
            recorder.update(self, ())
        elif self._fused is None:
            self._update_all()
        else:
            self.prepare()  # the program writes into the storage of the parameters
            self._fused(*(gradient for _, bucket in self._work for gradient in bucket.gradients()))
        return loss

    def _update_all(self, *gradients: Any) -> None:
        """Update all runs; a program, which cannot read gradients from before its call, gets them as arguments."""
        recorder = current_recorder()
        if recorder is not None:
            recorder.update(self, gradients)
            return
        self.prepare()
        for group, bucket in self._work:
            for run in bucket.runs():
                self.apply(run, group)

    def _refuse_nonfinite(self, *gradients: Any) -> None:
        refuse_nonfinite(type(self).__name__, self._parameters(), gradients)

    def _parameters(self) -> list[Tensor]:
        return [parameter for group in self.param_groups for parameter in group["params"]]

    def prepare(self) -> None:
        """Prepare an update: check options that were set, and make sure that the parameters are in their storage."""
        changed = self.param_groups != self._groups
        for group in self._groups:
            changed |= not group.is_checked
        if changed:
            with naming(f"{type(self).__name__}.step"):
                self._refuse_edits()
                for group in self._groups:
                    group.check(self.check)
        for _, bucket in self._work:
            bucket.prepare()

    def updates(self, gradients: tuple[Any, ...] = ()) -> list[tuple[Group, Bucket, list[Any] | None]]:
        """Prepare a step, and return each bucket of parameters with its group and, if given, its gradients.

        `compile` records a step from these: ``apply(run, group)`` for each of ``bucket.runs(given)``.
        """
        self.prepare()
        rest = iter(gradients)
        return [(group, bucket, [*islice(rest, len(bucket.parameters))] or None) for group, bucket in self._work]

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Set the gradients of all parameters to None; with ``set_to_none=False`` those that exist to zeros."""
        for _, bucket in self._work:
            if not set_to_none:
                fill_with_zeros(bucket.parameters)
                continue
            for parameter in bucket.parameters:
                leaf = parameter._node
                if leaf.__class__ is Leaf:  # the same as below, without two calls
                    leaf.grad = None
                else:
                    parameter.zero_grad()

    # -- state -----------------------------------------------------------------------------------------------------

    def _has_updated(self) -> bool:
        return any(any(bucket.steps) for _, bucket in self._work)

    def _places(self) -> list[tuple[Bucket, int]]:
        """The bucket of every parameter and its number there, in the order of the groups."""
        self._refuse_edits()
        places = {id(p): (bucket, i) for _, bucket in self._work for i, p in enumerate(bucket.parameters)}
        return [places[id(parameter)] for group in self.param_groups for parameter in group["params"]]

    def state_dict(self) -> dict[str, Any]:
        """A copy of the state of the optimizer; parameters are numbered in the order of the groups.

        Returns
        -------
        dict
            "state": for each number, the step count and the arrays named in `state_names`. "param_groups": the options
            of each group, with the numbers of its parameters.
        """
        places = self._places()
        used = used_by(self.used_states, self.param_groups, self.param_groups)
        state = {
            number: bucket.parameter_state(i, used[number], self.number_names)
            for number, (bucket, i) in enumerate(places)
            if bucket.steps[i]
        }
        return {"state": state, "param_groups": numbered(self.param_groups)}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Continue from what `state_dict` returned, all or nothing.

        Raises
        ------
        ValueError
            If groups, parameters, shapes or options do not match those of this optimizer, or if the dtype of its state
            cannot hold the numbers exactly.
        """
        new = check_state(state_dict, ["param_groups", "state"])
        sizes, places = [len(group.members) for group in self.param_groups], self._places()
        if not isinstance(new["state"], Mapping):
            raise ValueError(f"load_state_dict: state must be a dict by parameter, not {type(new['state']).__name__}")
        groups = checked_groups(new["param_groups"], sizes, self.defaults)
        for group in groups:
            self.check(group)
        used = used_by(self.used_states, self.param_groups, groups)
        names = StateNames(self.state_names, self.number_names, self.optional_names, used)
        state = checked_entries(new["state"], places, names)
        for own, group in zip(self.param_groups, groups, strict=True):
            own.update(group)
        for number, (bucket, i) in enumerate(places):
            bucket.load_parameter_state(i, state.get(number, {"step": 0}))
        bump()

    def __repr__(self) -> str:
        return "\n".join([f"{type(self).__name__}(", *map(described, self.param_groups), ")"])
