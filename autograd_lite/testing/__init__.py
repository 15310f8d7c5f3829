"""Checks of derivatives for tests: against numerical derivatives and against closed forms, with explanations.

Reading order:

    comparing/              the user's function, formula and inputs; values and derivatives; rounding errors and kinks
    gradients, primitives   `check_gradients`: against numerical derivatives; `check_primitive`, for a new operation
    closed_form             `check_closed_form`, a formula against the engine
    generic/, generality    other inputs than the given ones, and whether a formula that is right here is right there
    refutation, mismatch    the error for a formula that is wrong: `GradientMismatch` with its findings
    counterexample          `find_counterexample`, with `strategies` for Hypothesis; simplest: the search itself;
                            script: its result as NumPy code

The explanations of a mismatch, in packages that each have one source of them:

    diagnosis/              the arrays: signs, factors, transposes, sums, terms; places that are right
    chain_rule/             the function: steps of the chain rule that may be wrong
    formulas/               the formula: its NumPy calls, in the words of the user's code, and edits of them
    explaining/             all of them together with conditions on the inputs, each tested at other inputs

    courses/                `check_steps`, `verdict`, `grade`, `closed_form` and the plugin for pytest

`find_counterexample` and `strategies` need Hypothesis. Everything else works without it.
"""

from typing import TYPE_CHECKING

from autograd_lite.testing.caveats import NotDifferentiableWarning, NotGeneralWarning
from autograd_lite.testing.closed_form import check_closed_form
from autograd_lite.testing.comparing.numerical import numerical_gradient
from autograd_lite.testing.courses.checked_steps import CheckedLine, CheckedSteps, StepMismatch
from autograd_lite.testing.courses.declared import closed_form
from autograd_lite.testing.courses.derivation_steps import check_steps
from autograd_lite.testing.courses.grades import Grade, Grades
from autograd_lite.testing.courses.grading import grade
from autograd_lite.testing.courses.verdicts import Verdict, verdict
from autograd_lite.testing.gradients import check_gradients
from autograd_lite.testing.mismatch import Finding, GradientMismatch
from autograd_lite.testing.primitives import check_primitive

if TYPE_CHECKING:
    from autograd_lite.testing import strategies
    from autograd_lite.testing.counterexample import Counterexample, Search, find_counterexample

_WITH_HYPOTHESIS = {"Counterexample", "Search", "find_counterexample", "strategies"}


def __getattr__(name: str) -> object:
    """What needs Hypothesis is imported when it is used: Hypothesis may be missing, and its import takes time."""
    if name not in _WITH_HYPOTHESIS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        if name == "strategies":
            import autograd_lite.testing.strategies as drawn

            return drawn
        import autograd_lite.testing.counterexample as search
    except ModuleNotFoundError as error:
        if error.name != "hypothesis":
            raise
        message = f"autograd_lite.testing.{name} needs Hypothesis: pip install hypothesis"
        raise ModuleNotFoundError(message, name="hypothesis") from None
    found: object = getattr(search, name)
    return found


__all__ = [
    "CheckedLine", "CheckedSteps", "Counterexample", "Finding", "Grade", "Grades", "GradientMismatch",
    "NotDifferentiableWarning", "NotGeneralWarning", "Search", "StepMismatch", "Verdict", "check_closed_form",
    "check_gradients", "check_primitive", "check_steps", "closed_form", "find_counterexample", "grade",
    "numerical_gradient", "strategies", "verdict",
]  # fmt: skip
