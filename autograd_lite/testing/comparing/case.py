"""Case: a function, a formula for its derivative, and their comparison, the basis of the checks of closed forms."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from autograd_lite.support.conversion import NumberArray
from autograd_lite.support.messages import show
from autograd_lite.testing.comparing.argument_order import noting_the_order
from autograd_lite.testing.comparing.comparison import Comparison, Reference, agree, compare
from autograd_lite.testing.comparing.evaluation import (
    array_result,
    as_array,
    derivatives,
    noted,
    refuse_difference,
    tensor_result,
)
from autograd_lite.testing.comparing.inputs import (
    Inputs,
    Which,
    function_name,
    positions_of,
    refuse_non_finite,
    takes_several,
)
from autograd_lite.testing.diagnosis.evidence import tolerance

Function = Callable[..., Any]
Intermediates = Callable[..., Mapping[str, Any]] | None


def formula_name(closed_form: Function) -> str:
    """The name of the formula in messages; "closed_form" for a lambda."""
    name = function_name(closed_form)
    return "closed_form" if name == "fn" else name


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
        with noting_the_order(self.fn, self.closed_form):
            return self._references(inputs)

    def _references(self, inputs: Inputs) -> list[Reference]:
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

    def evaluate_formula(self, inputs: Inputs, arrays: list[Any] | None = None) -> Any:
        """The result of the formula, called with copies of the inputs. A note is added to its exceptions."""
        name, order = formula_name(self.closed_form), noting_the_order(self.fn, self.closed_form)
        with np.errstate(all="ignore"), order, noted(name, inputs):
            return self.closed_form(*(inputs.arrays() if arrays is None else arrays))

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
        """The comparison with all references, up to the first that the formula does not agree with."""
        total = Comparison()
        for k, (reference, claim) in enumerate(zip(references, self.claims(inputs, references, returned), strict=True)):
            allowed = tolerance(reference.values, self.rtol, self.atol)
            if not agree(reference, claim, allowed):
                self._refuse_state(inputs, references, k, claim)
            found = compare(
                inputs, reference, claim, allowed, partial(self.derivative, k=k), partial(self.claim, references, k)
            )
            largest = max(total.largest, self.rtol * found.largest)
            caveats = (*total.caveats, *found.caveats)
            total = Comparison(largest, found.wrong, caveats, total.undecided or found.undecided)
            if found.wrong:
                break
        return total

    def _refuse_state(self, inputs: Inputs, references: list[Reference], k: int, claim: NumberArray) -> None:
        """Raise ValueError if function or formula gives another result when it is called again."""
        refuse_difference(formula_name(self.closed_form), claim, self.claim(references, k, inputs))
        refuse_difference(function_name(self.fn), references[k].values, self.derivative(inputs, k))

    def derivative(self, inputs: Inputs, k: int) -> NumberArray:
        """One of the references, as an array."""
        return self.references(inputs)[k].values

    def claim(self, references: list[Reference], k: int, inputs: Inputs) -> NumberArray:
        """What the formula claims for it."""
        return self.claims(inputs, references, self.evaluate_formula(inputs))[k]
