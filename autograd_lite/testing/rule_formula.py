"""The rule of an operation as a formula, so that its mistakes are explained like those of the formulas of users."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_lite.core.primitive import Primitive, primitive
from autograd_lite.support.broadcasting import unbroadcast
from autograd_lite.support.conversion import NumberArray
from autograd_lite.testing.comparing.case import Case
from autograd_lite.testing.comparing.inputs import Inputs
from autograd_lite.testing.comparing.numerical import numerical_gradient
from autograd_lite.testing.explaining.explanations import mismatch
from autograd_lite.testing.mismatch import Finding, GradientMismatch

_GRADIENTS = 3  # with which a rule is called to see whether it ignores them
_MISSING = "the factor g is missing: it is the same for every g"


def explained_rule(
    error: GradientMismatch, operation: Primitive, inputs: Inputs, options: dict[str, Any]
) -> GradientMismatch:
    """The mismatch of a first derivative, with what may be wrong in the rule of the operation.

    The rule is a formula for the derivative of Σ g·y, where y is the result of the operation. So its explanations are
    those of `check_closed_form`: they hold for several inputs, options and `g`. Where the forward function or the rule
    fails at other inputs, the mismatch is returned as it is.
    """
    given = Inputs((*inputs.names, *options), (*inputs.values, *options.values()))
    try:
        findings = _findings(_Rule(operation, inputs.names, tuple(options), error.argument or ""), given)
    except Exception:  # the forward function and the rule may fail in any way
        return error
    kinks = [finding for finding in error.findings if finding.kind == "kink"]
    subject, reference, argument, actual, expected, tolerance, _ = error.args
    return GradientMismatch(subject, reference, argument, actual, expected, tolerance, (*kinks, *findings))


def _findings(rule: _Rule, inputs: Inputs) -> tuple[Finding, ...]:
    shape, rng = np.shape(rule.forward(inputs.values)[0]), np.random.default_rng(0)

    def with_g(g: NumberArray) -> Inputs:
        return Inputs((*inputs.names, "g"), (*inputs.values, g))

    given = [with_g(rng.uniform(0.5, 1.5, shape)) for _ in range(_GRADIENTS)]
    case = Case(_contraction(rule, given[0]), rule, rule.position, rtol=1e-6, atol=1e-8)
    returned = [case.evaluate_formula(each) for each in given]
    if all(np.array_equal(returned[0], other) for other in returned) and np.any(returned[0]):
        ones = with_g(np.ones(shape))
        is_right = case.compare(ones, case.references(ones), returned[0]).wrong is None
        return (Finding("missing factor", _MISSING + ", and right for g = 1" * is_right),)
    wrong = case.compare(given[0], case.references(given[0]), returned[0]).wrong
    if wrong is None:
        return ()
    findings = mismatch(case, given[0], *wrong).findings
    return tuple(dict.fromkeys((*_of_another_argument(case, rule, given[0]), *findings)))


def _of_another_argument(case: Case, rule: _Rule, inputs: Inputs) -> tuple[Finding, ...]:
    """That a rule is the one of another argument, which shows only while both have one shape."""
    try:
        spread = _broadcast(rule, inputs)
        if spread is None:
            return ()
        wrong = case.compare(spread, case.references(spread), case.evaluate_formula(spread)).wrong
        found = mismatch(case, spread, *wrong).findings if wrong is not None else ()
    except Exception:  # the forward function and the rule may fail for these shapes
        return ()
    return tuple(finding for finding in found if finding.kind == "wrong argument")


def _broadcast(rule: _Rule, inputs: Inputs) -> Inputs | None:
    """The inputs with all operands broadcast, if some were not and the operation is elementwise: of the same values."""
    *_, g = inputs.values
    operands, rest = inputs.values[: rule.operands], inputs.values[rule.operands :]
    floats = [i for i in inputs.floats() if i < rule.operands]
    if all(np.shape(operands[i]) == g.shape for i in floats):
        return None
    spread = [np.broadcast_to(a, g.shape).copy() if i in floats else a for i, a in enumerate(operands)]
    values, (expected, *_) = (*spread, *rest), rule.forward(inputs.values[:-1])
    return Inputs(inputs.names, values) if np.array_equal(rule.forward(values[:-1])[0], expected) else None


class _Rule:
    """The rule for one operand, as a function of all operands, all options and `g`."""

    __name__ = "the rule"

    def __init__(self, operation: Primitive, names: tuple[str, ...], options: tuple[str, ...], argument: str) -> None:
        self.operation, self.operands, self.options = operation, len(names), options
        self.position = names.index(argument)
        self.name = argument.partition("[")[0]  # of ``*operands`` the names are "operands[0]", "operands[1]", ...

    def __call__(self, *given: Any) -> Any:
        """What the rule returns, summed to the shape of the operand as the engine does it."""
        operation, name, g = self.operation, self.name, given[-1]
        bound = inspect.Signature(operation.parameters).bind(*given[: self.operands], **self._options(given))
        bound.apply_defaults()
        known, own = dict(bound.arguments), bound.arguments[name]
        known[f"{name}_shape"] = tuple(map(np.shape, own)) if name == operation.variadic else np.shape(own)
        known["out"], *residuals = self.forward(given[:-1])
        known |= dict(zip(operation.residuals, residuals, strict=True))
        gradient = operation.rules[name](g, *(known[need] for need in operation.needs[name]))
        if operation.joint:
            gradient = gradient[operation.differentiable.index(name)]
        elif name == operation.variadic:
            gradient = gradient[self.position - operation.arguments.index(name)]
        shape = np.shape(given[self.position])
        return gradient if np.shape(gradient) == shape else unbroadcast(np.asarray(gradient), shape)

    def forward(self, given: Any) -> Any:
        """The results of the forward function: that of the operation, and the residuals."""
        out = self.operation.forward(*given[: self.operands], **self._options(given))
        return out if self.operation.residuals else (out,)

    def _options(self, given: Any) -> dict[str, Any]:
        return dict(zip(self.options, given[self.operands :], strict=False))


def _contraction(rule: _Rule, inputs: Inputs) -> Callable[..., Any]:
    """Σ g·y with derivatives: those of the NumPy functions that the forward function calls, or numerical ones."""

    def contraction(*given: Any) -> Any:
        return np.sum(given[-1] * rule.forward(given[:-1])[0])

    def gradients(g: Any, operands: tuple[Any, ...]) -> list[Any]:
        return [g * _numerical(contraction, operands, i) for i in range(len(operands))]

    try:
        found = Case(contraction, rule, rule.position).references(inputs)[0].values
        if np.allclose(found, _numerical(contraction, inputs.values, rule.position), rtol=1e-4, atol=1e-6):
            return contraction
    except Exception:  # it may call what takes no tensors
        pass
    return primitive(lambda *operands: contraction(*operands), name="contraction", operands=gradients)


def _numerical(function: Callable[..., Any], operands: tuple[Any, ...], i: int) -> NumberArray:
    if np.asarray(operands[i]).dtype.kind != "f":
        return np.zeros(np.shape(operands[i]))
    return numerical_gradient(lambda x: float(function(*operands[:i], x, *operands[i + 1 :])), operands[i]).gradient
