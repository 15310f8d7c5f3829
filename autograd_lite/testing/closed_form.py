"""check_closed_form: a derivative that somebody worked out on paper, against the engine's."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from autograd_lite.support.messages import show
from autograd_lite.testing.diagnosis import diagnose
from autograd_lite.testing.evaluation import (
    Inputs,
    NumberArray,
    Which,
    as_array,
    call,
    check_functions,
    derivatives,
    function_name,
    positions_of,
    read_inputs,
    refuse_non_finite,
    takes_several,
    value_of,
)
from autograd_lite.testing.evidence import Evidence, relative_error, tolerance
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
    """Check a formula for the derivative of a function, and explain what is wrong with it.

    With y = fn(x): if y is a scalar the formula gives the gradient ∂y/∂x, of the shape of x. Otherwise it gives the
    Jacobian ∂y_i/∂x_j, of the shape of y followed by that of x; an array of the shape of x, if y has that shape too,
    states that fn is elementwise: the Jacobian is diagonal, with these entries.

    Parameters
    ----------
    fn : callable
        The function, written with tensors. It must give the same result each time.
    closed_form : callable
        The formula. It is called with the same inputs as plain arrays and returns an array.
    *inputs : array, number or anything else
        Floating-point arrays become float64, and tensors for `fn`; everything else is passed as it is.
    wrt : int, str, tuple of those or None, default 0
        The inputs to differentiate, by position or by the name of the parameter of `fn`; the name of ``*arguments``
        means all of them. For a tuple, and for ``*arguments``, the closed form returns a tuple. None compares the
        values of `fn` itself with the formula.
    rtol, atol : float
        An element may differ by ``atol + rtol * m``, where m is the largest magnitude in the engine's derivative:
        smaller elements are what the cancellation of larger terms has left, with their rounding errors.
    intermediates : callable, optional
        Called as the formula is, it returns a dict of further arrays that a factor in the formula may be mistaken
        about, such as pre-activations. The diagnosis tries them, and h' of them.

    Returns
    -------
    float
        The largest difference, relative to ``m + atol/rtol``: a number from 0 to `rtol`.

    Raises
    ------
    GradientMismatch
        If the two differ, in shape or in numbers.
    TypeError, ValueError
        If there is nothing to check: an input that `wrt` names is not floating-point, or there is no such input; `fn`
        returns no tensor, or one that does not depend on the inputs; a result is NaN or infinite; `fn` is random; the
        formula does not return an array.

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
    What explains it (each line was tested on these numbers):
      1. it is 3 times too large: that is the length of axis 0 of 'x' (a sum where a mean belongs)
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
    """How messages call the formula."""
    name = function_name(closed_form)
    return "closed_form" if name == "fn" else name


class Reference(NamedTuple):
    """What the engine says: a derivative with respect to one input, or the value."""

    position: int | None
    output_shape: tuple[int, ...]
    input_shape: tuple[int, ...]
    values: NumberArray

    @property
    def may_be_diagonal(self) -> bool:
        return bool(self.output_shape) and self.output_shape == self.input_shape


class Case(NamedTuple):
    """A function, a formula for its derivative, and how to compare them; the steps that all checks are made of."""

    fn: Function
    closed_form: Function
    wrt: Which
    rtol: float = 1e-10
    atol: float = 1e-12
    intermediates: Intermediates = None

    def references(self, inputs: Inputs) -> list[Reference]:
        """What the formula has to agree with, one for each input that `wrt` names."""
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
        """What the formula returns, whatever that is. An exception of the formula goes through, with a note."""
        try:
            with np.errstate(all="ignore"):
                return self.closed_form(*inputs.arrays())
        except Exception as error:
            error.add_note(f"raised by {formula_name(self.closed_form)}, for inputs {_shapes(inputs)}")
            raise

    def claims(self, inputs: Inputs, references: list[Reference], returned: Any) -> list[NumberArray]:
        """What the formula says, in the shapes of the references where that is possible."""
        name = formula_name(self.closed_form)
        if self.wrt is None or not takes_several(inputs, self.wrt):
            returned = (returned,)
        elif not isinstance(returned, tuple | list) or len(returned) != len(references):
            what = f"{len(returned)} arrays" if isinstance(returned, tuple | list) else type(returned).__name__
            raise TypeError(f"{name} returned {what}; wrt={show(self.wrt)} asks for a tuple of {len(references)}")
        return [self._claim(name, item, reference) for item, reference in zip(returned, references, strict=True)]

    @staticmethod
    def _claim(name: str, item: Any, reference: Reference) -> NumberArray:
        if hasattr(item, "_node"):
            raise TypeError(f"{name} returned a Tensor; it is called with arrays and returns one, without the engine")
        claim = as_array(item, f"{name} returned")
        if reference.may_be_diagonal and claim.shape == reference.input_shape:
            size = claim.size
            return (np.eye(size) * claim.ravel()).reshape(reference.values.shape)
        if claim.shape == reference.input_shape and reference.values.size == claim.size:
            return claim.reshape(reference.values.shape)  # the result is one number, in whatever shape
        return claim

    def holds(self, reference: Reference, claim: NumberArray) -> bool:
        """Whether the formula agrees with the engine here."""
        allowed = tolerance(reference.values, self.rtol, self.atol)
        return claim.shape == reference.values.shape and bool((np.abs(claim - reference.values) <= allowed).all())

    def mismatch(self, inputs: Inputs, reference: Reference, claim: NumberArray) -> GradientMismatch:
        """The disagreement, with its diagnosis."""
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
        except Exception:  # nobody asked for these gradients; fn need not have them
            return {}

    def _mistaken_gradients(self, inputs: Inputs, position: int) -> Iterator[tuple[str, str, int, NumberArray]]:
        result, tensors = call(self.fn, inputs, [position])
        return mistaken_gradients(result, tensors[position])


def _shapes(inputs: Inputs) -> str:
    return ", ".join(
        f"{name} {value.shape}" if isinstance(value, np.ndarray) else f"{name}={value!r:.40}"
        for name, value in zip(inputs.names, inputs.values, strict=True)
    )
