"""check_gradients: the engine's first and second derivatives against numerical ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from autograd_lite.core.backward import sweep
from autograd_lite.core.tensor import Tensor, backward_with_graph
from autograd_lite.support.conversion import NumberArray
from autograd_lite.support.messages import show
from autograd_lite.testing.comparing.evaluation import tensor_result
from autograd_lite.testing.comparing.inputs import (
    Inputs,
    check_functions,
    function_name,
    read_inputs,
    refuse_non_finite,
)
from autograd_lite.testing.comparing.numerical import numerical_gradient
from autograd_lite.testing.diagnosis.diagnosis import diagnose
from autograd_lite.testing.diagnosis.evidence import Evidence, relative_error, tolerance
from autograd_lite.testing.mismatch import Finding, GradientMismatch

Function = Callable[..., Any]
Mask = Any  # None, an array of booleans, a tuple with one of these for each input, or a function that returns one

# The first step suits smooth functions. The smaller ones are for points near a kink or a pole.
_STEPS = (0.02, 1e-3, 2e-5)
EXCLUDE = "leave out these elements with exclude="
_EXAMINED = 20  # the most wrong elements that are examined for kinks


def check_gradients(
    fn: Function,
    *inputs: Any,
    order: int = 1,
    rtol: float = 1e-6,
    atol: float = 1e-8,
    exclude: Mask = None,
    seed: int = 0,
) -> float:
    """Check the engine's derivatives of a function against numerical ones, in float64.

    The result y = fn(x₁, x₂, ...) may have any shape. It is contracted with a random cotangent c, and the gradients of
    L = Σ c·y with respect to every floating-point input are compared. For second derivatives the same check is done for
    M = Σ_i u_i·∂L/∂x_i with random directions u_i.

    Parameters
    ----------
    fn : callable
        A function of tensors. It must return the same result each time.
    *inputs : array, number or anything else
        Floating-point arrays, numbers and tensors are differentiated. Everything else is passed unchanged.
    order : 1 or 2, default 1
        With 2, the gradients of gradients are checked too.
    rtol, atol : float
        An element may differ by ``atol + rtol * m``, where m is the largest magnitude in the numerical gradient, plus
        the estimated error of the numerical derivative.
    exclude : array of bool, tuple of those, or callable, optional
        True for elements to leave out because the function is not differentiable there. One array applies to every
        input; a tuple holds one (or None) for each; a callable takes the inputs as arrays and returns either.
    seed : int, default 0
        The seed for the cotangent and the directions.

    Returns
    -------
    float
        The largest difference, relative to ``m + atol/rtol``: at most `rtol`, apart from errors of the numerical
        derivative.

    Raises
    ------
    GradientMismatch
        If a derivative differs.
    TypeError, ValueError
        If there is nothing to check: no input is floating-point; `fn` does not return a tensor that depends on the
        inputs; a result is NaN or infinite; `fn` is random; a mask does not fit; `order` is not 1 or 2.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd_lite import relu, tanh
    >>> check_gradients(lambda x, w: tanh(x @ w), np.ones((3, 2)), np.ones((2, 4)), order=2) < 1e-6
    True
    >>> check_gradients(relu, np.array([-1.0, 0.0, 2.0]), exclude=lambda x: x == 0) < 1e-6
    True
    """
    check_functions("check_gradients", fn)
    if order not in (1, 2):
        raise ValueError(f"check_gradients: order must be 1 or 2, not {show(order)}")
    read = read_inputs(fn, inputs)
    chosen = read.floats()
    if not chosen:
        raise TypeError(
            f"none of the inputs {', '.join(read.names)} of {function_name(fn)} holds floating-point numbers"
        )
    masks = _masks(exclude, read)
    rng = np.random.default_rng(seed)
    result, _ = tensor_result(fn, read, chosen)
    cotangent = rng.uniform(0.5, 1.5, result.shape) * rng.choice([-1.0, 1.0], result.shape)
    cotangent = _read_only(cotangent)
    first = _FirstOrder(fn, read, chosen, cotangent)
    largest = first.check(masks, rtol, atol)
    if order == 2:
        largest = max(largest, _SecondOrder(first, rng).check({**masks, len(read.values): None}, rtol, atol))
    return largest


def _masks(exclude: Mask, inputs: Inputs) -> dict[int, NumberArray | None]:
    """For each differentiated input the mask of the elements to leave out."""
    mask = exclude(*inputs.arrays()) if callable(exclude) else exclude
    masks: dict[int, NumberArray | None] = {}
    for i in inputs.floats():
        own = mask[i] if isinstance(mask, tuple) and i < len(mask) else None if isinstance(mask, tuple) else mask
        shape = np.shape(inputs.values[i])
        if own is not None:
            if np.asarray(own).dtype.kind != "b":
                raise TypeError(f"exclude: a mask must be an array of booleans, not {show(own)}")
            try:
                own = np.broadcast_to(np.asarray(own, dtype=bool), shape)
            except ValueError:
                raise ValueError(f"exclude: a mask of shape {np.shape(own)} for {inputs.names[i]!r} of shape {shape}; "
                                 "pass a tuple with one mask for each input") from None  # fmt: skip
        masks[i] = own
    return masks


class _FirstOrder:
    """L = Σ c·fn(x): its gradients by the engine, and its value for numerical gradients."""

    kind = "gradient"

    def __init__(self, fn: Function, inputs: Inputs, chosen: list[int], cotangent: NumberArray) -> None:
        self.fn, self.inputs, self.chosen, self.cotangent = fn, inputs, chosen, cotangent

    def gradients(self) -> dict[int, NumberArray]:
        result, tensors = tensor_result(self.fn, self.inputs, self.chosen)
        assert result._node is not None
        with np.errstate(all="ignore"):  # non-finite gradients are reported by `check`
            leaves = sweep({result._node: self.cotangent})
        return {i: leaves.get(tensors[i]._node, np.zeros(tensors[i].shape)) for i in self.chosen}

    def value(self, inputs: Inputs) -> float:
        with np.errstate(all="ignore"):
            return float(np.sum(self.cotangent * self.fn(*inputs.tensors(())).data))

    def _function_of(self, i: int) -> Callable[[NumberArray], float]:
        """The value as a function of input i, with the others fixed."""
        names, values = self.inputs.names, self.inputs.values
        return lambda x: self.value(Inputs(names, (*values[:i], x, *values[i + 1 :])))

    def check(self, masks: dict[int, NumberArray | None], rtol: float, atol: float) -> float:
        """Compare all gradients, and return the largest relative difference."""
        largest = 0.0
        for i, gradient in self.gradients().items():
            name = self.inputs.names[i]
            fn = function_name(self.fn)
            refuse_non_finite(gradient, f"the {self.kind} of {fn} with respect to {name!r}")
            numerical, error = _numerical(self._function_of(i), self.inputs.values[i])
            kept = np.ones(gradient.shape, bool) if masks[i] is None else ~np.asarray(masks[i])
            refuse_non_finite(numerical[kept], f"the numerical {self.kind} of {fn} with respect to {name!r}")
            numerical = np.where(kept, numerical, gradient)
            allowed = tolerance(numerical, rtol, atol)
            difference = np.abs(gradient - numerical)
            if (difference > allowed + np.where(kept, np.minimum(error, 1e3 * allowed), 0)).any():
                raise self._mismatch(i, gradient, numerical, allowed, rtol, atol)
            largest = max(largest, relative_error(gradient, numerical, rtol, atol))
        return largest

    def _mismatch(
        self, i: int, gradient: NumberArray, numerical: NumberArray, allowed: float, rtol: float, atol: float
    ) -> GradientMismatch:
        name = self.inputs.names[i]
        # The numerical gradient is the reference, and the engine's is checked.
        findings = diagnose(Evidence(self.inputs.numbers(), name, 0, rtol, atol), gradient, numerical)
        wrong = np.abs(gradient - numerical) > allowed
        kinks = _kinks(self._function_of(i), self.inputs.values[i], wrong)
        reference = f"the numerical {self.kind} of {function_name(self.fn)} with respect to {name!r}"
        return GradientMismatch("the engine", reference, name, gradient, numerical, allowed, (*kinks, *findings))


class _SecondOrder(_FirstOrder):
    """M = Σ u·∂L/∂x, a function of the same inputs and, as the last one, of the cotangent."""

    kind = "second derivative"

    def __init__(self, first: _FirstOrder, rng: np.random.Generator) -> None:
        inputs = Inputs((*first.inputs.names, "cotangent"), (*first.inputs.values, first.cotangent))
        super().__init__(first.fn, inputs, [*first.chosen, len(first.inputs.values)], first.cotangent)
        self.directions = {i: rng.uniform(0.5, 1.5, np.shape(inputs.values[i])) for i in first.chosen}

    def _combined(self, tensors: list[Any], cotangent: Tensor) -> Tensor | None:
        """M, recorded; None if no gradient depends on an input."""
        gradients = backward_with_graph(self.fn(*tensors), cotangent)
        found = {i: gradients[tensors[i]._node] for i in self.directions if tensors[i]._node in gradients}
        terms = [(self.directions[i] * gradient).sum() for i, gradient in found.items()]
        return sum(terms[1:], terms[0]) if terms else None

    def gradients(self) -> dict[int, NumberArray]:
        *tensors, cotangent = self.inputs.tensors(self.chosen)
        with np.errstate(all="ignore"):
            combined = self._combined(tensors, cotangent)
            node = combined._node if combined is not None else None
            leaves = sweep({node: np.ones(())}) if node is not None else {}
        inputs = [*tensors, cotangent]
        return {i: leaves.get(inputs[i]._node, np.zeros(inputs[i].shape)) for i in self.chosen}

    def value(self, inputs: Inputs) -> float:
        *tensors, _ = inputs.tensors(list(self.directions))
        with np.errstate(all="ignore"):
            gradients = sweep({self.fn(*tensors)._node: _read_only(inputs.values[-1])})
        found = {i: gradients[tensors[i]._node] for i in self.directions if tensors[i]._node in gradients}
        return float(sum(np.sum(self.directions[i] * gradient) for i, gradient in found.items()))


def _read_only(cotangent: Any) -> NumberArray:
    """A copy that a rule cannot modify in place: the rules called after it would get other numbers."""
    copied = np.array(cotangent)
    copied.flags.writeable = False
    return copied


def _numerical(function: Callable[[NumberArray], float], x: Any) -> tuple[NumberArray, NumberArray]:
    """The numerical gradient and its error, each element with the step of the smallest error."""
    gradient, error = numerical_gradient(function, x, _STEPS[0])
    for step in _STEPS[1:]:
        if (error <= 1e-9 * (1 + np.abs(gradient))).all():
            break
        closer = numerical_gradient(function, x, step)
        better = ~(closer.error >= error)
        gradient, error = np.where(better, closer.gradient, gradient), np.where(better, closer.error, error)
    return gradient, error


def _kinks(function: Callable[[NumberArray], float], x: Any, wrong: NumberArray) -> Iterable[Finding]:
    """A finding if the one-sided slopes differ at elements where the gradients do."""
    point, h = np.array(x, dtype=np.float64), 1e-6
    kinks = []
    for index in list(map(tuple, np.argwhere(wrong)))[:_EXAMINED]:
        slopes = []
        for side in (-h, h):
            moved = point.copy()
            moved[index] += side
            slopes.append((function(moved) - function(point)) / side)
        if abs(slopes[1] - slopes[0]) > 1e-3 * (abs(slopes[0]) + abs(slopes[1])):
            kinks.append(f"{list(map(int, index))}")
    if kinks:
        text = (
            f"fn has a kink or a jump at {', '.join(kinks)}: its slopes on both sides differ, so it has no "
            f"derivative there; {EXCLUDE}"
        )
        yield Finding("kink", text, cost=0)
