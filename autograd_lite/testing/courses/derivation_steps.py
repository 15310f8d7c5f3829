"""check_steps: the lines of a derivation on paper, each against the engine; the first false line is found."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from autograd_lite.support.conversion import NumberArray
from autograd_lite.testing.caveats import NotDifferentiableWarning, NotGeneralWarning
from autograd_lite.testing.closed_form import check_closed_form
from autograd_lite.testing.comparing.case import Case, Function
from autograd_lite.testing.comparing.inputs import check_functions, function_name, read_inputs
from autograd_lite.testing.courses.checked_steps import CheckedLine, CheckedSteps, StepMismatch
from autograd_lite.testing.courses.step_kinks import inputs_beside_a_kink
from autograd_lite.testing.courses.step_lines import Line, Lines, read_lines
from autograd_lite.testing.courses.step_references import Reference, References
from autograd_lite.testing.generic.constraints import Constraint
from autograd_lite.testing.mismatch import GradientMismatch


def check_steps(
    fn: Function,
    lines: Mapping[str, Function] | Sequence[tuple[str, Function]],
    *inputs: Any,
    loss: str | None = None,
    rtol: float = 1e-10,
    atol: float = 1e-12,
    constraints: Mapping[str, Constraint] | None = None,
) -> CheckedSteps:
    """Check the lines of a derivation one by one, and explain the first false one.

    A line has a name and a formula. A formula is a function of arrays; its parameters name inputs of `fn` and earlier
    lines. Each line is judged with right values for what it uses, so a line that only carries an earlier mistake on is
    not called wrong.

    **Values.** A line such as "Z" is an intermediate value. It is compared with the tensor in `fn` of this name
    (``z.name = "Z"``), else it must be one of the values that `fn` computes. A value that `fn` does not compute is a
    definition; it cannot be wrong by itself, and its verdict is "defined". A last line "L", "loss", "J", "E", "cost"
    or `loss` is compared with the result of `fn`.

    **Derivatives.** "∂L/∂Z", "dL/dZ", "∇Z" or "dZ" is the derivative of `fn` with respect to an input or to the value
    of an earlier line. In formulas it is called ``dZ`` (or ``dL_dZ``). "∂P/∂Z" with an earlier line P is the Jacobian
    of P, called ``dP_dZ``. "dZ" without a fraction is a derivative only if there is an input or an earlier value Z.
    In names of parameters, signs are left out: "Z⁽¹⁾", "Z₁" and "Z[1]" are ``Z1``. Where a step has a kink, a
    one-sided derivative is right, and a `NotDifferentiableWarning` says so.

    Parameters
    ----------
    fn : callable
        A function of tensors, usually the loss.
    lines : dict of str to callable, or sequence of pairs
        The lines in their order.
    *inputs : array, number or anything else
        As for `check_closed_form`.
    loss : str, optional
        The name of the result of `fn` in the lines, if it has another one.
    rtol, atol, constraints
        As for `check_closed_form`.

    Returns
    -------
    CheckedSteps
        The verdicts; print it for a table.

    Raises
    ------
    StepMismatch
        A `GradientMismatch` for the first false line.
    TypeError, ValueError
        As `check_closed_form`; or if a line cannot be checked: its name or a parameter has no meaning, or it is a
        derivative with respect to a value that neither `fn` nor the lines lead to the loss.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd_lite import cross_entropy, softmax
    >>> rng = np.random.default_rng(0)
    >>> X, W, b, Y = rng.normal(size=(5, 3)), rng.normal(size=(3, 2)), rng.normal(size=2), np.eye(2)[[0, 1, 1, 0, 1]]
    >>> def fn(X, W, b, Y):
    ...     return cross_entropy(X @ W + b, Y)
    >>> lines = {
    ...     "Z": lambda X, W, b: X @ W + b,
    ...     "P": lambda Z: softmax(Z),
    ...     "∂L/∂Z": lambda P, Y: (P - Y) / len(Y),
    ...     "∂L/∂W": lambda X, dZ: X.T @ dZ,
    ... }
    >>> print(check_steps(fn, lines, X, W, b, Y))
    Z      occurs   (5, 2)
    P      defined  (5, 2)
    ∂L/∂Z  right    (5, 2)
    ∂L/∂W  right    (3, 2)
    >>> try:
    ...     check_steps(fn, lines | {"∂L/∂Z": lambda P, Y: P - Y}, X, W, b, Y)
    ... except StepMismatch as mismatch:
    ...     print(mismatch.line, [line.verdict for line in mismatch.lines])
    ∂L/∂Z ['occurs', 'defined', 'wrong', 'right']
    """
    check_functions("check_steps", fn)
    steps = read_lines(fn, lines, read_inputs(fn, inputs), loss)
    check = _Check(steps, References(steps, rtol, atol), {"rtol": rtol, "atol": atol, "constraints": constraints})
    for line in steps.lines:
        check.judge(line)
    return CheckedSteps(check.verdicts, check.largest)


class _Check:
    """The verdicts so far."""

    def __init__(self, steps: Lines, references: References, options: dict[str, Any]) -> None:
        self.steps, self.references, self.options = steps, references, options
        self.corrections: dict[str, Any] = {}
        self.conditions: set[str] = set()  # that were warned of
        self.verdicts: list[CheckedLine] = []
        self.largest = 0.0

    def judge(self, line: Line) -> None:
        """Add the verdict on the next line, or raise the mismatch."""
        returned = self._value(line)
        reference = self.references.of(line)
        verdict = "right"
        if reference is None:
            verdict = self.references.verdict_on(line)
        else:
            case, inputs = self._case(line, reference)
            inputs = self._beside_a_kink(line, case, inputs) if reference.at else inputs
            try:
                error = self._checked(case, inputs)
            except GradientMismatch as mismatch:
                self._add(line, "wrong", returned, reference)
                self._judge_later(line)
                raise StepMismatch.of(mismatch, line.name.text, self.verdicts) from None
            self.largest = max(self.largest, error)
        self._add(line, verdict, returned)

    def _checked(self, case: Case, inputs: tuple[Any, ...]) -> float:
        """The check of a line. What it needs is not warned of again, if an earlier line needs it as well."""
        with warnings.catch_warnings(record=True) as noticed:
            warnings.simplefilter("always")
            error = check_closed_form(
                case.fn, case.closed_form, *inputs, wrt=case.wrt, intermediates=case.intermediates, **self.options
            )
        for item in noticed:
            if issubclass(item.category, (NotGeneralWarning, NotDifferentiableWarning)):
                _, _, condition = str(item.message).partition(", but not in general: ")
                if not condition or condition not in self.conditions:
                    warnings.warn(item.message, item.category, stacklevel=4)
                self.conditions.add(condition)
            else:
                warnings.warn_explicit(item.message, item.category, item.filename, item.lineno)
        return error

    def _beside_a_kink(self, line: Line, case: Case, values: tuple[Any, ...]) -> tuple[Any, ...]:
        """The inputs, or others beside them if the line has a one-sided derivative in place of the engine's."""
        inputs = read_inputs(case.fn, values)
        if not case.compare(inputs, case.references(inputs), case.evaluate_formula(inputs)).wrong:
            return values
        beside = inputs_beside_a_kink(case, inputs)
        if beside is None:
            return values
        message = f"the line {line.name.text!r} is one-sided: {function_name(self.steps.fn)} is not differentiable here"
        warnings.warn(message, NotDifferentiableWarning, stacklevel=4)
        return beside.values

    def _value(self, line: Line) -> Any:
        return self.steps.evaluate(line, self.steps.inputs.arrays(), self.corrections)

    def _case(self, line: Line, reference: Reference) -> tuple[Case, tuple[Any, ...]]:
        """The line as a formula of the inputs, and the inputs."""
        steps, before, corrections = self.steps, len(reference.at), self.corrections
        own, parameters, first = line.formula, line.parameters, line.positional_only()
        places = {key: before + i for i, key in enumerate(steps.known_inputs(steps.inputs.values))}

        def earlier(key: str, *arrays: Any) -> Any:
            return steps.known_for(line, arrays, corrections)[key]

        def formula(*arrays: Any) -> Any:
            known = {p: arrays[places[key]] if key in places else earlier(key, *arrays[before:])
                     for p, key in parameters.items()}  # fmt: skip
            return own(*[known.pop(p) for p in first], **known)

        def intermediates(*arrays: Any) -> dict[str, NumberArray]:
            known = steps.known_for(line, arrays[before:], corrections)
            return {e.name.text: known[e.key] for e in steps.needed_for(line) if np.ndim(known[e.key])}

        # A diagnosis records what a formula computes: this line step by step, and earlier lines as one step.
        formula.__signature__ = inspect.signature(reference.function)  # type: ignore[attr-defined]
        formula.__module__ = getattr(own, "__module__", formula.__module__)
        formula.__name__ = f"the line {line.name.text!r}"
        case = Case(
            reference.function, formula, reference.wrt, self.options["rtol"], self.options["atol"], intermediates
        )
        return case, (*reference.at, *steps.inputs.values)

    def _judge_later(self, wrong: Line) -> None:
        """The verdicts on the lines after the false one, with the right values of the lines before them."""
        for line in self.steps.lines[self.steps.lines.index(wrong) + 1 :]:
            try:
                returned = self._value(line)
                reference = self.references.of(line)
                verdict = self.references.verdict_on(line) if reference is None else self._verdict(line, reference)
                self._add(line, verdict, returned, reference if verdict == "wrong" else None)
            except Exception:  # it may depend on what is wrong in any way
                self.verdicts.append(CheckedLine(line.name.text, "not checked", None))

    def _verdict(self, line: Line, reference: Reference) -> str:
        case, values = self._case(line, reference)
        inputs = read_inputs(case.fn, values)
        comparison = case.compare(inputs, case.references(inputs), case.evaluate_formula(inputs))
        if comparison.wrong:
            return "right" if reference.at and inputs_beside_a_kink(case, inputs) else "wrong"
        return "not checked" if comparison.undecided else "right"

    def _add(self, line: Line, verdict: str, returned: Any, reference: Reference | None = None) -> None:
        """Add a verdict. Later lines get the value of the reference, if there is one, in place of that of the line."""
        self.verdicts.append(CheckedLine(line.name.text, verdict, np.shape(returned)))
        if reference is not None:
            case, before = self._case(line, reference)[0], reference.at

            def correct(values: list[Any]) -> NumberArray:
                inputs = read_inputs(case.fn, (*before, *values))
                return _in_form_of(returned, case.references(inputs)[0].values)

            self.corrections[line.key] = correct


def _in_form_of(returned: Any, expected: NumberArray) -> NumberArray:
    """The right derivative in the form that the formula uses: one number's without its axes, a diagonal as such."""
    shape, size = np.shape(returned), int(np.prod(np.shape(returned)))
    if expected.size == size:
        return expected.reshape(shape)
    if expected.size == size**2 and expected.shape == shape + shape:
        jacobian = expected.reshape(size, size)
        if np.array_equal(jacobian, np.diag(np.diagonal(jacobian))):
            return np.diagonal(jacobian).reshape(shape)
    return expected
