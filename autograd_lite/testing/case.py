"""Case: a function, a formula for its derivative, and their comparison, the basis of the checks of closed forms."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from autograd_lite.support.conversion import NumberArray
from autograd_lite.support.messages import show
from autograd_lite.testing.evaluation import array_result, as_array, derivatives, tensor_result
from autograd_lite.testing.evidence import relative_error, tolerance
from autograd_lite.testing.inputs import Inputs, Which, function_name, positions_of, refuse_non_finite, takes_several

Function = Callable[..., Any]
Intermediates = Callable[..., Mapping[str, Any]] | None


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


class Comparison(NamedTuple):
    """The result of a comparison.

    Attributes
    ----------
    largest : float
        The largest difference, relative to the tolerance and multiplied by `rtol`.
    wrong : tuple of Reference and array, or None
        The first derivative that the formula does not agree with, and what the formula returned for it.
    caveats : tuple of str
        Where the function is not differentiable and the formula returned a one-sided derivative.
    undecided : bool
        Whether these inputs say nothing: the formula is not finite where the function is not differentiable.
    """

    largest: float
    wrong: tuple[Reference, NumberArray] | None = None
    caveats: tuple[str, ...] = ()
    undecided: bool = False


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
            values = array_result(self.fn, inputs)
            return [Reference(None, (), values.shape, values)]
        positions = positions_of(inputs, self.wrt)
        result, tensors = tensor_result(self.fn, inputs, positions)
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
        """The result of the formula. A note is added to an exception of the formula."""
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

    def compare(self, inputs: Inputs, references: list[Reference], returned: Any) -> Comparison:
        """The largest relative error, and the first reference that the formula does not agree with, if there is one."""
        largest = 0.0
        for reference, claim in zip(references, self.claims(inputs, references, returned), strict=True):
            allowed = tolerance(reference.values, self.rtol, self.atol)
            if claim.shape != reference.values.shape or not (np.abs(claim - reference.values) <= allowed).all():
                return Comparison(largest, (reference, claim))
            largest = max(largest, relative_error(claim, reference.values, self.rtol, self.atol))
        return Comparison(largest)


def _shapes(inputs: Inputs) -> str:
    return ", ".join(
        f"{name} {value.shape}" if isinstance(value, np.ndarray) else f"{name}={show(value, 40)}"
        for name, value in zip(inputs.names, inputs.values, strict=True)
    )
