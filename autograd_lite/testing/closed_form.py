"""check_closed_form: a formula for a derivative, worked out on paper, against the engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from autograd_lite.support.conversion import NumberArray
from autograd_lite.support.messages import show
from autograd_lite.testing.diagnosis import diagnose
from autograd_lite.testing.evaluation import as_array, call, derivatives, value_of
from autograd_lite.testing.evidence import Evidence, relative_error, tolerance
from autograd_lite.testing.inputs import (
    Inputs,
    Which,
    check_functions,
    function_name,
    positions_of,
    read_inputs,
    refuse_non_finite,
    takes_several,
)
from autograd_lite.testing.mismatch import GradientMismatch
from autograd_lite.testing.wrong_steps import mistaken_gradients

Function = Callable[..., Any]
Intermediates = Callable[..., Mapping[str, Any]] | None


def check_closed_form(
    fn: Function,
    closed_form: Function,
    *inputs: Any,
    wrt: Which = 0,
    rtol: float = 1e-10,
    atol: float = 1e-12,
    intermediates: Intermediates = None,
) -> float:
    """Check a formula for the derivative of a function against the engine, and explain a mismatch.

    With y = fn(x): if y is a scalar, the formula returns the gradient ∂y/∂x, with the shape of x. Otherwise it returns
    the Jacobian ∂y_i/∂x_j, with the shape of y followed by that of x. If x and y have the same shape, an array of this
    shape is the diagonal of the Jacobian of an elementwise function.

    Parameters
    ----------
    fn : callable
        A function of tensors. It must return the same result each time.
    closed_form : callable
        The formula: a function of the same inputs as plain arrays that returns an array.
    *inputs : array, number or anything else
        Floating-point arrays are converted to float64, and to tensors for `fn`. Everything else is passed unchanged.
    wrt : int, str, tuple of those or None, default 0
        The inputs to differentiate, by position or by the name of the parameter of `fn`; the name of ``*arguments``
        means all of them. For a tuple, and for ``*arguments``, the closed form returns a tuple. With None the formula
        is compared with the value of `fn`.
    rtol, atol : float
        An element may differ by ``atol + rtol * m``, where m is the largest magnitude in the engine's derivative:
        smaller elements may be the result of cancellation, with the rounding errors of larger terms.
    intermediates : callable, optional
        Called like the formula, it returns a dict of further arrays, such as pre-activations. The diagnosis tries each
        of them, and h' of each, as a missing or extra factor.

    Returns
    -------
    float
        The largest difference, relative to ``m + atol/rtol``: a number from 0 to `rtol`.

    Raises
    ------
    GradientMismatch
        If the two differ, in shape or in numbers.
    TypeError, ValueError
        If there is nothing to check: an input that `wrt` names does not exist or is not floating-point; `fn` does not
        return a tensor that depends on the inputs; a result is NaN or infinite; `fn` is random; the formula does not
        return an array.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd_lite import sigmoid
    >>> x = np.array([-1.0, 0.5, 2.0])
    >>> check_closed_form(sigmoid, lambda x: sigmoid(x) * (1 - sigmoid(x)), x) < 1e-10
    True
    >>> check_closed_form(lambda x: (x**2).mean(), lambda x: 2 * x, x)
    Traceback (most recent call last):
        ...
    autograd_lite.testing.mismatch.GradientMismatch: closed_form disagrees with the derivative of fn with respect to 'x'
    <BLANKLINE>
      largest difference at [2]: 4.0, expected 1.3333333333333333
      absolute error 2.67, relative error 0.667
      3 of 3 elements differ, shape (3,)
    <BLANKLINE>
    Possible explanations, each tested on these numbers:
      1. it is 3 times too large, which is the length of axis 0 of 'x': a sum where the function has a mean
    """
    check_functions("check_closed_form", fn, closed_form)
    case = Case(fn, closed_form, wrt, rtol, atol, intermediates)
    read = read_inputs(fn, inputs)
    references = case.references(read)
    claims = case.claims(read, references, case.evaluate_formula(read))
    largest = 0.0
    for reference, claim in zip(references, claims, strict=True):
        refuse_non_finite(claim, f"what {formula_name(closed_form)} returned")
        if not case.holds(reference, claim):
            raise case.mismatch(read, reference, claim)
        largest = max(largest, relative_error(claim, reference.values, rtol, atol))
    return largest


def formula_name(closed_form: Function) -> str:
    """The name of the formula in messages; "closed_form" for a lambda."""
    name = function_name(closed_form)
    return "closed_form" if name == "fn" else name


class Reference(NamedTuple):
    """What the formula must agree with: the derivative with respect to one input, or the value (position None)."""

    position: int | None
    output_shape: tuple[int, ...]
    input_shape: tuple[int, ...]
    values: NumberArray

    @property
    def may_be_diagonal(self) -> bool:
        return bool(self.output_shape) and self.output_shape == self.input_shape


class Case(NamedTuple):
    """A function, a formula for its derivative, and how to compare them; with the parts of the check as methods."""

    fn: Function
    closed_form: Function
    wrt: Which
    rtol: float = 1e-10
    atol: float = 1e-12
    intermediates: Intermediates = None

    def references(self, inputs: Inputs) -> list[Reference]:
        """The derivatives by the engine, one for each input that `wrt` names."""
        if self.wrt is None:
            values = value_of(self.fn, inputs)
            return [Reference(None, (), values.shape, values)]
        positions = positions_of(inputs, self.wrt)
        result, tensors = call(self.fn, inputs, positions)
        jacobians = derivatives(result, tensors, positions)
        references = []
        for i in positions:
            if i not in jacobians and result.size:
                raise ValueError(f"the result of {function_name(self.fn)} does not depend on {inputs.names[i]!r}")
            jacobian = jacobians.get(i, np.zeros(result.shape + tensors[i].shape))
            refuse_non_finite(
                jacobian, f"the derivative of {function_name(self.fn)} with respect to {inputs.names[i]!r}"
            )
            references.append(Reference(i, result.shape, tensors[i].shape, jacobian))
        return references

    def evaluate_formula(self, inputs: Inputs) -> Any:
        """Whatever the formula returns. A note is added to an exception of the formula."""
        try:
            with np.errstate(all="ignore"):
                return self.closed_form(*inputs.arrays())
        except Exception as error:
            error.add_note(f"raised by {formula_name(self.closed_form)}, for inputs {_shapes(inputs)}")
            raise

    def claims(self, inputs: Inputs, references: list[Reference], returned: Any) -> list[NumberArray]:
        """What the formula returned, as arrays with the shapes of the references where possible."""
        name = formula_name(self.closed_form)
        if self.wrt is None or not takes_several(inputs, self.wrt):
            returned = (returned,)
        elif not isinstance(returned, tuple | list) or len(returned) != len(references):
            what = f"{len(returned)} arrays" if isinstance(returned, tuple | list) else type(returned).__name__
            raise TypeError(f"{name} returned {what}; wrt={show(self.wrt)} needs a tuple of {len(references)}")
        return [self._claim(name, item, reference) for item, reference in zip(returned, references, strict=True)]

    @staticmethod
    def _claim(name: str, item: Any, reference: Reference) -> NumberArray:
        if hasattr(item, "_node"):
            raise TypeError(f"{name} returned a Tensor; a closed form is a formula of arrays and returns an array")
        claim = as_array(item, f"{name} returned")
        if reference.may_be_diagonal and claim.shape == reference.input_shape:
            size = claim.size
            return (np.eye(size) * claim.ravel()).reshape(reference.values.shape)
        if claim.shape == reference.input_shape and reference.values.size == claim.size:
            return claim.reshape(reference.values.shape)  # the result of the function is one number, of any shape
        return claim

    def holds(self, reference: Reference, claim: NumberArray) -> bool:
        """Whether the formula agrees with the reference."""
        allowed = tolerance(reference.values, self.rtol, self.atol)
        return claim.shape == reference.values.shape and bool((np.abs(claim - reference.values) <= allowed).all())

    def mismatch(self, inputs: Inputs, reference: Reference, claim: NumberArray) -> GradientMismatch:
        """The mismatch, with its diagnosis."""
        fn, argument = function_name(self.fn), None
        what = f"the value of {fn}"
        if reference.position is not None:
            argument = inputs.names[reference.position]
            kind = "Jacobian" if reference.output_shape else "derivative"
            what = f"the {kind} of {fn} with respect to {argument!r}"
        evidence = self._evidence(inputs, reference, argument)
        findings = diagnose(evidence, claim, reference.values)
        allowed = tolerance(reference.values, self.rtol, self.atol)
        subject = formula_name(self.closed_form)
        return GradientMismatch(subject, what, argument, claim, reference.values, allowed, findings)

    def _evidence(self, inputs: Inputs, reference: Reference, argument: str | None) -> Evidence:
        named = self.intermediates(*inputs.arrays()) if self.intermediates else {}
        intermediates = {name: as_array(value, f"intermediates: {name!r} is") for name, value in named.items()}
        size, position = len(reference.output_shape), reference.position
        evidence = Evidence(inputs.numbers(), argument, size, self.rtol, self.atol, intermediates)
        if position is None:
            return evidence
        return replace(
            evidence,
            other_gradients=cache(lambda: self._other_gradients(inputs, position)),
            mistaken_gradients=cache(lambda: tuple(self._mistaken_gradients(inputs, position))),
        )

    def _other_gradients(self, inputs: Inputs, position: int) -> dict[str, NumberArray]:
        others = [i for i in inputs.floats() if i != position]
        try:
            result, tensors = call(self.fn, inputs, inputs.floats())
            return {inputs.names[i]: jacobian for i, jacobian in derivatives(result, tensors, others).items()}
        except Exception:  # they are only evidence, and fn need not have these gradients
            return {}

    def _mistaken_gradients(self, inputs: Inputs, position: int) -> Iterator[tuple[str, str, int, NumberArray]]:
        result, tensors = call(self.fn, inputs, [position])
        return mistaken_gradients(result, tensors[position])


def _shapes(inputs: Inputs) -> str:
    return ", ".join(
        f"{name} {value.shape}" if isinstance(value, np.ndarray) else f"{name}={show(value, 40)}"
        for name, value in zip(inputs.names, inputs.values, strict=True)
    )
