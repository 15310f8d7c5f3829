"""The declaration of an operation: checks of its arguments and rules, and the names of what a node saves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_lite.support.messages import show
from autograd_lite.support.source import forward_parameters, parameter_names

Rule = Callable[..., Any]


class Declaration:
    """The declaration of an operation; `Primitive` documents the attributes."""

    add_to: Callable[..., bool] | None = None

    def __init__(
        self,
        forward: Callable[..., Any],
        rules: dict[str, Rule | None],
        residuals: dict[str, Rule | None],
        name: str | None = None,
        outputs: int = 1,
        joint: tuple[tuple[str, ...], Rule] | None = None,
    ) -> None:
        if not callable(forward):
            raise TypeError(f"primitive: a function of arrays is needed, not {show(forward)}")
        for given in (rules, residuals):
            if not isinstance(given, dict):
                raise TypeError(f"primitive: rules and residuals are dicts of names to functions, not {show(given)}")
        self.name = name or getattr(forward, "__name__", "").strip("_")
        if not (isinstance(self.name, str) and self.name.isidentifier()):
            raise TypeError(f"primitive: {show(self.name)} is not a name for an operation; pass name=")
        self.forward = forward
        self.is_ufunc = isinstance(forward, np.ufunc)
        self.is_foreign = not self.is_ufunc and _is_foreign(forward)
        self.outputs = outputs
        self.joint = joint[1] if joint else None
        rules = {**rules, **dict.fromkeys(joint[0], joint[1])} if joint else rules
        self.parameters = forward_parameters(forward, list(rules), self.name)
        self.arguments = tuple(parameter.name for parameter in self.parameters)
        self.variadic = next((p.name for p in self.parameters if p.kind is p.VAR_POSITIONAL), None)
        self.rules = {argument: rule for argument, rule in rules.items() if rule is not None}
        self.has_foreign_rules = any(map(_is_foreign, self.rules.values()))
        self.residuals = residuals
        self.needs = {argument: self._check_rule(argument, rule) for argument, rule in self.rules.items()}
        self._check_residuals()
        ordered = [argument for argument in self.arguments if argument in self.rules]
        self.differentiable = tuple(sorted(ordered, key=lambda argument: argument == self.variadic))
        if joint and self.differentiable != tuple(joint[0]):
            raise TypeError(
                f"{self.name}: a joint rule is for all arguments that have one, in the order of the signature, "
                f"{self.differentiable}, not {joint[0]}"
            )
        self.keepers = self._keepers()
        self.saved_names = tuple(self.keepers)
        others = {name: {*self.differentiable} - ({name} - {self.variadic}) for name in self.arguments}
        self.unsaved_names = tuple(name for name in others if not self.keepers.get(name, set()) >= others[name])

    def _check_rule(self, argument: str, rule: Rule) -> tuple[str, ...]:
        """The names of what a rule needs, besides the gradient."""
        if argument not in self.arguments:
            raise TypeError(
                f"{self.name}: a rule for the unknown argument {argument!r}; "
                f"the arguments are {', '.join(self.arguments)}"
            )
        if not callable(rule):
            raise TypeError(f"{self.name}: the rule for {argument!r} is a function, not {show(rule)}")
        first, *needs = parameter_names(rule) or ("nothing",)
        if first != "g":
            raise TypeError(f"{self.name}: the rule for {argument!r} must take the gradient `g` first, not {first}")
        known = (*self.arguments, "out", f"{argument}_shape", *self.residuals)
        for name in needs:
            if name not in known:
                raise TypeError(
                    f"{self.name}: the rule for {argument!r} asks for the unknown {name!r}; "
                    f"it can ask for {', '.join(known)}"
                )
        return tuple(needs)

    def _check_residuals(self) -> None:
        for residual, formula in self.residuals.items():
            if residual in ("g", "out", *self.arguments, *(f"{argument}_shape" for argument in self.arguments)):
                raise TypeError(f"{self.name}: a residual cannot be called {residual!r}, the name has another meaning")
            if formula is not None and not callable(formula):
                raise TypeError(f"{self.name}: the formula of {residual!r} is a function or None, not {show(formula)}")
            for ingredient in parameter_names(formula):
                if ingredient not in (*self.arguments, "out"):
                    raise TypeError(f"{self.name}: the formula of {residual!r} asks for the unknown {ingredient!r}")

    def _keepers(self) -> dict[str, set[str]]:
        """What a node saves, each with the arguments whose gradients need it."""
        keepers: dict[str, set[str]] = {}
        for argument in self.differentiable:
            for name in self.needs[argument]:
                if name == f"{argument}_shape" and argument != self.variadic:
                    continue  # the shape of the parent
                for kept in (name, *parameter_names(self.residuals.get(name))):
                    keepers.setdefault(kept, set()).add(argument)
        return keepers

    def numeric(self, values: tuple[Any, ...]) -> list[str]:
        """The arguments that must be numbers, without those that have their default."""
        given = [
            p for p, v in zip(self.parameters, values, strict=True) if v is not p.default and p.name != self.variadic
        ]
        return [p.name for p in given if self.is_ufunc or p.name in self.rules or type(p.default) is float]


def _is_foreign(function: Any) -> bool:
    return str(getattr(function, "__module__", "")).partition(".")[0] != "autograd_lite"
