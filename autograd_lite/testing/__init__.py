"""Checks of derivatives for tests: against numerical derivatives and against closed forms, with a diagnosis.

Reading order:

    inputs, evaluation      the user's function and inputs; its result and its derivatives by the engine
    numerical, gradients    numerical derivatives, and `check_gradients` against them
    primitives              `check_primitive`: all requirements for a new operation
    case, closed_form       a formula and the engine compared; `check_closed_form`
    comparison              differences that are no mistakes: `rounding` errors, and one-sided derivatives at `kinks`
    properties,             what the given inputs visibly are, and other inputs of the same kind
    generic_inputs
    generality              whether a formula that is right here is right in general, tested at draws `elsewhere`:
                            `accidents` of the inputs, properties that it needs (relaxations, longer_axes; constraints:
                            those that are stated); caveats: the warnings
    refutation              the error for a formula that is wrong
    derivation_steps        `check_steps`: the lines of a derivation (line_names, step_lines: as they are given;
                            step_references, recorded_values: what they are compared with; step_kinks;
                            checked_steps: the verdicts)
    declared                `closed_form`: a decorator, by which pytest_plugin collects formulas as tests
    grading                 `grade`: many submissions for one function (submissions, isolation: how they are read and
                            run; grades: the table; drawn_inputs, argument_order)
    counterexample          `find_counterexample`, with `strategies` for Hypothesis; script: its result as NumPy code;
                            counterexample_error: its findings also hold for larger inputs
    mismatch                `GradientMismatch`, the error of these checks, with its findings
    source_places           the place in the user's code where an operation was recorded
    evidence, diagnosis     how a diagnosis tests possible explanations on the numbers
    mistakes, places        the possible explanations: common mistakes, and places that are right
    wrong_steps             further ones: wrong steps of the chain rule, in the function as it was `recorded`
    wrong_derivatives       tables of what may be wrong: in one step, in any and in those of certain operations
                            (.._by_name, wrong_matrix_derivatives; activations: derivatives that are confused), in all
                            contributions of one operation (wrong_operations), in the values that steps use
                            (wrong_values), in whole expressions (wrong_expressions), by a factor (scalar_quantities)
    step_names              how sentences name the steps

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
    "NotDifferentiableWarning", "NotGeneralWarning", "Search", "StepMismatch", "check_closed_form", "check_gradients",
    "check_primitive", "check_steps", "closed_form", "find_counterexample", "grade", "numerical_gradient", "strategies",
]  # fmt: skip
