"""Verification for users' tests and ours: gradients against numerical derivatives and against closed forms."""

import importlib
from typing import TYPE_CHECKING, Any

from autograd_lite.testing.closed_form import check_closed_form
from autograd_lite.testing.gradients import check_gradients
from autograd_lite.testing.mismatch import Finding, GradientMismatch
from autograd_lite.testing.numerical import numerical_gradient
from autograd_lite.testing.primitives import check_primitive

if TYPE_CHECKING:
    from autograd_lite.testing import strategies
    from autograd_lite.testing.counterexample import Counterexample, Search, find_counterexample

__all__ = [
    "Counterexample", "Finding", "GradientMismatch", "Search", "check_closed_form", "check_gradients",
    "check_primitive", "find_counterexample", "numerical_gradient", "strategies",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    """What needs Hypothesis, imported when it is asked for: the rest works without it."""
    if name in ("Counterexample", "Search", "find_counterexample"):
        return getattr(importlib.import_module("autograd_lite.testing.counterexample"), name)
    if name == "strategies":
        return importlib.import_module("autograd_lite.testing.strategies")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
