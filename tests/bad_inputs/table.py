"""The whole table: the families, and what they have to cover."""

from __future__ import annotations

import inspect
from types import ModuleType

from bad_inputs import (
    arrays,
    elementwise,
    functional,
    layer_modules,
    layers,
    linear_algebra,
    modules,
    reductions,
    tools,
    training,
)
from bad_inputs.rows import Row

import autograd_lite
from autograd_lite import data, distributed, nn, optim, random, testing

# One page of the appendix for each: the file, its first line as the title, its rows.
FAMILIES: dict[str, tuple[str, list[Row]]] = {
    family.__name__.rpartition(".")[2]: ((family.__doc__ or "").strip("."), family.ROWS)
    for family in (
        elementwise,
        reductions,
        arrays,
        linear_algebra,
        layers,
        functional,
        modules,
        layer_modules,
        training,
        tools,
    )
}
ROWS = [row for _, rows in FAMILIES.values() for row in rows]

# Public names that cannot be called wrongly, or not by users.
WITHOUT_ROWS = {
    "AnomalyError": "an error that `anomaly` raises",
    "BatchError": "an error that functions mapped by `vmap` raise",
    "CompileError": "an error that `compile` raises",
    "StaleProgramError": "an error that compiled functions raise",
    "distributed.Communicator": "what `communicator` returns",
    "distributed.DistributedError": "an error that calls between processes raise",
    "is_grad_enabled": "takes nothing: it is the lookup of a context variable, and nothing else, for speed",
    "testing.CheckedLine": "a part of `CheckedSteps`",
    "testing.CheckedSteps": "what `check_steps` returns",
    "testing.Counterexample": "what `find_counterexample` returns",
    "testing.Finding": "a part of a `GradientMismatch`",
    "testing.Grade": "a row of `Grades`",
    "testing.Grades": "what `grade` returns",
    "testing.GradientMismatch": "an error that the checks raise",
    "testing.NotDifferentiableWarning": "a warning of the checks",
    "testing.NotGeneralWarning": "a warning of the checks",
    "testing.Search": "what `find_counterexample` hands to `report`",
    "testing.StepMismatch": "an error that `check_steps` raises",
    "testing.Verdict": "what `verdict` returns",
}

# Where names are public, and how the rows write them; what stands further up is the same thing under another name.
_PLACES: dict[str, ModuleType] = {
    "": autograd_lite,
    "nn.": nn,
    "functional.": nn.functional,
    "init.": nn.init,
    "utils.": nn.utils,
    "optim.": optim,
    "lr_scheduler.": optim.lr_scheduler,
    "data.": data,
    "distributed.": distributed,
    "random.": random,
    "testing.": testing,
    "strategies.": testing.strategies,
}


def public_names() -> set[str]:
    """Every public function and class."""
    found: set[str] = set()
    known: set[int] = set()
    for prefix, module in _PLACES.items():
        things = {name: getattr(module, name) for name in _exported(module)}
        found |= {prefix + name for name, thing in things.items() if callable(thing) and id(thing) not in known}
        known |= set(map(id, things.values()))
    return found


def _exported(module: ModuleType) -> list[str]:
    """What a module says that it exports, or else the functions and classes that it defines."""
    if hasattr(module, "__all__"):
        return list(module.__all__)
    return [
        name
        for name, thing in vars(module).items()
        if not name.startswith("_")
        and (inspect.isfunction(thing) or inspect.isclass(thing))
        and thing.__module__ == module.__name__
    ]
