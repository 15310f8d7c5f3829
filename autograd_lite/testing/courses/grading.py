"""grade: many formulas for the derivative of one function, each checked in a process of its own."""

from __future__ import annotations

import inspect
import os
import re
import sys
import traceback
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from autograd_lite.support.checks import check_positive_integer
from autograd_lite.support.messages import one_line, show
from autograd_lite.testing.closed_form import check_closed_form
from autograd_lite.testing.comparing.argument_order import in_order_of
from autograd_lite.testing.comparing.case import Case, Function
from autograd_lite.testing.comparing.inputs import NotFiniteError, Which, check_functions, read_inputs
from autograd_lite.testing.courses.checked_steps import StepMismatch
from autograd_lite.testing.courses.derivation_steps import check_steps
from autograd_lite.testing.courses.grades import Grade, Grades, encodable
from autograd_lite.testing.courses.isolation import Outcome, run_isolated
from autograd_lite.testing.courses.submissions import Formula, Submission, read_submissions
from autograd_lite.testing.generic.constraints import Constraint
from autograd_lite.testing.mismatch import GradientMismatch

_LONGEST_REPORT = 20_000  # characters


def grade(
    fn: Function,
    submissions: Mapping[str, Any] | str | Path,
    *inputs: Any,
    wrt: Which = 0,
    rtol: float = 1e-10,
    atol: float = 1e-12,
    constraints: Mapping[str, Constraint] | None = None,
    timeout: float = 10.0,
    memory: int | None = 4 << 30,
    workers: int | None = None,
    function: str = "gradient",
    max_examples: int = 100,
) -> Grades:
    """Check the formulas of many people for the derivative of one function.

    Each submission is checked in a process of its own. One that raises, hangs, prints, exits the interpreter, uses up
    memory or changes global state is one row of the table and does not change any other row. This protects from
    mistakes; it is no sandbox for hostile code: it reads the files that you read, and one that replaces functions of
    NumPy or of this library decides its own verdict. Where processes cannot be forked (on Windows), threads are used
    instead, with a warning.

    Parameters
    ----------
    fn : callable
        The function, as for `check_closed_form`.
    submissions : dict of str, or path of a folder
        For each person a formula, its source text, or the lines of a derivation for `check_steps`; or a folder with a
        file ``person.py`` for each person. Sources define a function called `function`, or only one function; or a dict
        of lines called `function`. They may use ``np`` without importing it. A formula that has the parameters of `fn`
        in another order is called by their names.
    *inputs : arrays and numbers, or Hypothesis strategies
        With inputs as for `check_closed_form`; with strategies as for `find_counterexample`.
    wrt, rtol, atol, constraints
        As for `check_closed_form`. Derivations say themselves what they differentiate; strategies, what is meant to
        hold for the inputs.
    timeout : float, default 10
        The most seconds for one submission.
    memory : int or None, default 4 GiB
        The most bytes of address space that one submission may add, where the system can limit it; None for no limit.
    workers : int, optional
        The most submissions that are checked at the same time; by default the number of processors.
    function : str, default "gradient"
        The name of the formula in source texts and files.
    max_examples : int, default 100
        The number of examples to try, with strategies.

    Returns
    -------
    Grades
        A row for each submission: person, verdict, mistake, line. ``print(grades)``, ``grades.csv()``,
        ``grades.html()``.

    Raises
    ------
    TypeError, ValueError
        As `check_closed_form`, if `fn`, the inputs or `wrt` cannot be used; if there are no submissions.

    Examples
    --------
    >>> import numpy as np
    >>> submissions = {
    ...     "Ada": lambda x: 2 * x,
    ...     "Bob": lambda x: -2 * x,
    ...     "Cy": "def gradient(x):\\n    return 2 / (x - x)",
    ... }
    >>> grades = grade(lambda x: (x**2).sum(), submissions, np.array([1.0, 2.0, 3.0]))
    >>> [(row.person, row.verdict) for row in grades]
    [('Ada', 'right'), ('Bob', 'wrong'), ('Cy', 'wrong')]
    >>> grades["Bob"].mistake
    'the sign is flipped'
    """
    check_functions("grade", fn)
    read = read_submissions(submissions)
    workers = (os.cpu_count() or 1) if workers is None else workers
    check_positive_integer("grade", workers=workers, max_examples=max_examples)
    if not isinstance(timeout, int | float) or not 0 < timeout < float("inf"):
        raise ValueError(f"grade: timeout must be a positive number of seconds, not {show(timeout)}")
    strategies = _are_strategies(inputs)
    examples = _examples(Case(fn, _no_formula, wrt, rtol, atol), inputs, strategies)

    def check(formula: Formula) -> None:
        options: dict[str, Any] = {"rtol": rtol, "atol": atol, "constraints": constraints}
        if isinstance(formula, Mapping):
            for example in examples:
                check_steps(fn, formula, *example, **options)
        elif strategies:
            _search(fn, in_order_of(fn, formula), inputs, wrt, max_examples, {"rtol": rtol, "atol": atol})
        else:
            check_closed_form(fn, in_order_of(fn, formula), *inputs, wrt=wrt, **options)

    calls = [_call(submission, function, check) for submission in read]
    outcomes = run_isolated(calls, timeout, memory, workers)
    return Grades([_row(submission, outcome, timeout) for submission, outcome in zip(read, outcomes, strict=True)])


def _no_formula(*inputs: Any) -> None:
    """The formula of a case of which only the references are used."""


# -- inputs that are drawn -----------------------------------------------------------------------------------------


def _are_strategies(inputs: tuple[Any, ...]) -> bool:
    """Whether the inputs are Hypothesis strategies; if Hypothesis was not imported, there are none."""
    strategies = sys.modules.get("hypothesis.strategies")
    found = [strategies is not None and isinstance(item, strategies.SearchStrategy) for item in inputs]
    if any(found) and not all(found):
        raise TypeError("grade: the inputs must be either all strategies of Hypothesis or none; hypothesis.strategies."
                        "just(...) makes a strategy of a value")  # fmt: skip
    return bool(found) and all(found)


def _examples(case: Case, inputs: tuple[Any, ...], strategies: bool) -> list[tuple[Any, ...]]:
    """Inputs with which the function can be compared; its own errors are raised, because they are no submission's."""
    if strategies:
        from autograd_lite.testing.courses.drawn_inputs import varied_inputs

        return varied_inputs(case, inputs)
    case.references(read_inputs(case.fn, inputs))
    return [inputs]


def _search(
    fn: Function, formula: Any, strategies: tuple[Any, ...], wrt: Which, max_examples: int, options: dict[str, Any]
) -> None:
    """Raise the error of a counterexample, if one is found."""
    from autograd_lite.testing.counterexample import find_counterexample

    found = find_counterexample(fn, formula, *strategies, wrt=wrt, max_examples=max_examples, **options)
    if found is None:
        return
    if found.mismatch is None:
        check_closed_form(fn, formula, *found.inputs, wrt=wrt, **options)  # raises with a traceback
    raise found.error


# -- one submission ------------------------------------------------------------------------------------------------


def _call(submission: Submission, function: str, check: Callable[[Formula], None]) -> Callable[[], dict[str, Any]]:
    def call() -> dict[str, Any]:
        formula: Any = submission.formula
        try:
            with warnings.catch_warnings(record=True) as noticed:
                warnings.simplefilter("always")
                formula = submission.load(function)
                check(formula)
        except BaseException as error:  # sys.exit() and KeyboardInterrupt too
            return _answer(error, submission, formula)
        own = [str(item.message) for item in noticed if item.category.__module__.startswith("autograd_lite.")]
        return {"verdict": "right", "mistake": own[0] if own else "", "line": None, "report": "\n".join(own)}

    return call


def _answer(error: BaseException, submission: Submission, formula: Any) -> dict[str, Any]:
    """The verdict on a submission whose check has raised an error."""
    return grade_of(error, formula, submission.filename)


def grade_of(error: BaseException, formula: Any, filename: str | None = None) -> dict[str, Any]:
    """The fields of the grade, but the name, of a formula whose check has raised an error."""
    is_wrong = isinstance(error, GradientMismatch | NotFiniteError)
    line: int | str | None = error.line if isinstance(error, StepMismatch) else _line(error, filename, formula)
    mistake = _mistake(error) if is_wrong else f"{type(error).__name__}: {one_line(error)}".rstrip(": ")
    traceback.clear_frames(error.__traceback__)  # what a submission has allocated is freed
    notes = "".join(f"\n\n{note}" for note in getattr(error, "__notes__", ()))
    report = f"{error}{notes}" if is_wrong else "".join(traceback.format_exception(error, limit=-10))
    return {
        "verdict": "wrong" if is_wrong else "error",
        "mistake": mistake,
        "line": line,
        "report": encodable(report)[:_LONGEST_REPORT],
    }


def _mistake(error: BaseException) -> str:
    if not isinstance(error, GradientMismatch):
        return one_line(error)
    if error.findings:
        return one_line(error.findings[0])
    if error.is_shape_error:
        return f"wrong shape: {error.actual_shape}, expected {error.expected_shape}"
    at = f" at {list(error.index)}" if error.index else ""
    return f"largest difference{at}: {error.actual_value:.6g}, expected {error.expected_value:.6g}"


def _line(error: BaseException, filename: str | None, formula: Any) -> int | None:
    """The line of the submission that raised the error, else the first line of the formula."""
    if isinstance(error, SyntaxError):
        return error.lineno
    code = getattr(formula, "__code__", None)
    filename = filename or getattr(code, "co_filename", None)
    places = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == filename]
    if isinstance(error, GradientMismatch) and error.findings:
        places = _lines_with(str(error.findings[0]), formula)
    return places[-1] if places else getattr(code, "co_firstlineno", None)


def _lines_with(explanation: str, formula: Any) -> list[int | None]:
    """The line of the formula with the code that an explanation quotes, if it is the only one."""
    quoted = re.search(r"in `([^`]+)`", explanation)
    try:
        lines, first = inspect.getsourcelines(formula)
    except (OSError, TypeError):
        return []
    code = "".join(quoted[1].split()) if quoted else "\n"
    found = [number for number, line in enumerate(lines, start=first) if code in "".join(line.split())]
    return list(found) if len(found) == 1 else []


def _row(submission: Submission, outcome: Outcome, timeout: float) -> Grade:
    if outcome.answer is not None:
        return Grade(person=submission.person, **outcome.answer)
    if outcome.ended == "timeout":
        text = f"no result after {timeout:g} seconds"
        return Grade(submission.person, "timeout", text, None, text)
    return Grade(submission.person, "error", outcome.ended, None, outcome.ended)
