"""What a line of a derivation is compared with: a value that the function computes, or a derivative by the engine.

A derivative with respect to an intermediate value is taken from the lines, if they lead from the inputs to the loss,
else from the graph of the function. In both cases the value is replaced by a leaf with the same numbers.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from autograd_lite.core.grad_mode import enable_grad
from autograd_lite.core.tensor import Tensor, _wrap
from autograd_lite.support.messages import show
from autograd_lite.testing.comparing.evaluation import array_result, as_array, derivatives, tensor_result
from autograd_lite.testing.comparing.inputs import Which, function_name
from autograd_lite.testing.courses.line_names import identifier
from autograd_lite.testing.courses.recorded_values import (
    Value,
    differentiate_at,
    equal_to,
    first_places,
    gradient_at,
    last_places,
    named,
    run_recorded,
)
from autograd_lite.testing.courses.step_lines import Line, Lines
from autograd_lite.testing.diagnosis.evidence import tolerance


class Reference(NamedTuple):
    """A function whose value (`wrt` None) or derivative a line must agree with.

    It is called with the inputs; before them comes `at`, the value of an intermediate that is differentiated.
    """

    function: Callable[..., Any]
    wrt: Which
    at: tuple[Any, ...] = ()


class References:
    """The references for the lines of a derivation."""

    def __init__(self, lines: Lines, rtol: float, atol: float) -> None:
        self.lines, self.rtol, self.atol = lines, rtol, atol
        self.inputs = lines.inputs
        self.names = [identifier(name) for name in self.inputs.names]
        self.loss = lines.line(lines.loss) if lines.loss else None
        if self.loss is not None and not lines.loss_is_certain and not self._has_the_shape_of_the_result(self.loss):
            self.loss = None  # a value whose Jacobian is a line
        with enable_grad(), np.errstate(all="ignore"):
            self.result, self.values = run_recorded(lines.fn, self.inputs.tensors(self.inputs.floats()))
        self.leads_to_the_result = self.loss is not None and self._lines_are_the_function()

    def of(self, line: Line) -> Reference | None:
        """The reference for a line; None for a value that the function does not name and that is not its result."""
        if line.is_value:
            return self._of_value(line)
        of, to = line.name.of, line.name.to
        assert to is not None
        differentiated = self.loss if of is None or (self.loss and of == self.loss.key) else self.lines.line(of)
        is_loss = differentiated is None or differentiated is self.loss
        if to in self.names:
            function = self._function() if differentiated is None or is_loss else self._of_inputs(differentiated)
            return Reference(function, self.names.index(to))
        value = self.lines.line(to)
        assert value is not None
        at = as_array(self.lines.evaluate(value, self.inputs.arrays()), f"the line {value.name.text!r} returned")
        if differentiated is not None and (not is_loss or self.leads_to_the_result):
            return Reference(self._of_value_in_lines(differentiated, value), 0, (at,))
        self._places(self.result, self.values, value, at)
        return Reference(self._of_value_in_graph(value), 0, (at,))

    def verdict_on(self, line: Line) -> str:
        """The verdict on a value without a reference."""
        if self.leads_to_the_result and self.loss is not None and line in self.lines.needed_for(self.loss):
            return "right"
        numbers = as_array(self.lines.evaluate(line, self.inputs.arrays()), f"the line {line.name.text!r} returned")
        return "occurs" if equal_to(self.values, numbers) else "defined"

    # -- values ----------------------------------------------------------------------------------------------------

    def _of_value(self, line: Line) -> Reference | None:
        if line is self.loss:
            return Reference(self._function(), None)
        found = named(self.values, line.key)
        if len(found) > 1:
            raise ValueError(f"check_steps: {function_name(self.lines.fn)} calls {len(found)} tensors {show(line.key)}")
        if not found:
            return None

        def value(*tensors: Any) -> Any:
            return named(run_recorded(self.lines.fn, tensors)[1], line.key)[0].numbers

        return Reference(self._with_names(value, f"{line.name.text} in {function_name(self.lines.fn)}"), None)

    def _has_the_shape_of_the_result(self, line: Line) -> bool:
        shape = np.shape(self.lines.evaluate(line, self.inputs.arrays()))
        result = array_result(self.lines.fn, self.inputs).shape
        return bool(shape == result or np.prod(shape) == np.prod(result) == 1)

    def _lines_are_the_function(self) -> bool:
        """Whether the lines, run on tensors, give the result of the function and its derivatives."""
        assert self.loss is not None
        floats = self.inputs.floats()
        try:
            pairs = []
            for function in (self.lines.fn, self._of_inputs(self.loss)):
                result, tensors = tensor_result(function, self.inputs, floats)
                pairs.append((result.data, derivatives(result, tensors, floats)))
        except Exception:  # then derivatives are taken from the graph of the function
            return False
        (wanted, gradients), (given, others) = pairs
        return (
            gradients.keys() == others.keys()
            and self._agree(given.reshape(wanted.shape), wanted)
            and all(self._agree(others[i].reshape(gradients[i].shape), gradients[i]) for i in gradients)
        )

    def _agree(self, actual: Any, expected: Any) -> bool:
        return bool((np.abs(actual - expected) <= tolerance(expected, self.rtol, self.atol)).all())

    # -- functions that are differentiated -------------------------------------------------------------------------

    def _function(self) -> Callable[..., Any]:
        fn = self.lines.fn
        function = self._with_names(lambda *tensors: fn(*tensors), function_name(fn))
        function.__module__ = getattr(fn, "__module__", function.__module__)  # for a diagnosis it is the user's code
        return function

    def _of_inputs(self, line: Line) -> Callable[..., Any]:
        """The value of a line as a function of the inputs."""
        return self._with_names(lambda *tensors: self.lines.evaluate(line, tensors), line.name.text)

    def _of_value_in_lines(self, line: Line, value: Line) -> Callable[..., Any]:
        """The value of a line as a function of the value of an earlier one."""

        def function(at: Any, *tensors: Any) -> Any:
            known = self.lines.known_inputs(tensors)
            for earlier in (*self.lines.needed_for(line), line):
                result = earlier.evaluate(known)
                if earlier is value:
                    numbers = result.data if isinstance(result, Tensor) else np.asarray(result, dtype=np.float64)
                    result = _wrap(numbers, at._node)
                known[earlier.key] = result
            return known[line.key]

        return self._with_names(function, line.name.text, value.key)

    def _of_value_in_graph(self, value: Line) -> Callable[..., Any]:
        """The result of the function as a function of a value that it computes."""

        def function(at: Any, *given: Any) -> Any:
            arrays = [a.data.copy() if isinstance(a, Tensor) else a for a in given]
            tensors = [
                Tensor(a.data, requires_grad=True, name=name) if isinstance(a, Tensor) else a
                for a, name in zip(given, self.inputs.names, strict=True)
            ]
            result, values = run_recorded(self.lines.fn, tensors)
            numbers = as_array(self.lines.evaluate(value, arrays), f"the line {value.name.text!r} returned")
            return differentiate_at(result, self._places(result, values, value, numbers), at._node)

        return self._with_names(function, function_name(self.lines.fn), value.key)

    def _places(self, result: Any, values: list[Value], line: Line, numbers: Any) -> list[Any]:
        """Where the function computes the value of a line."""
        name, fn = line.name.text, function_name(self.lines.fn)
        found = [value for value in named(values, line.key) if value.place is not None]
        found = found or [value for value in equal_to(values, numbers) if value.place is not None]
        if not found:
            raise ValueError(
                f"check_steps: the derivative with respect to {name!r} cannot be checked, because {fn} does not "
                f"compute this value. If {fn} computes it in one step with others, add the lines from it to the loss; "
                f"else this line, or one before it, is not what {fn} computes"
            )
        first = first_places(found)
        if len(found) > 1 and not _same_gradient(result, first, last_places(found)):
            raise ValueError(
                f"check_steps: {fn} computes several values with the numbers of {name!r}; name the one that is meant "
                f"({line.key}.name = {show(line.key)})"
            )
        return first

    def _with_names(self, function: Callable[..., Any], name: str, *leading: str) -> Callable[..., Any]:
        """The function with a name for messages, and with parameters that are called like the inputs."""
        kind = inspect.Parameter.POSITIONAL_ONLY
        signature = inspect.Signature([inspect.Parameter(n, kind) for n in (*leading, *self.names)])
        function.__name__ = name
        function.__signature__ = signature  # type: ignore[attr-defined]
        return function


def _same_gradient(result: Any, first: list[Any], last: list[Any]) -> bool:
    one, other = gradient_at(result, first), gradient_at(result, last)
    return bool(np.allclose(one, other, rtol=1e-9, atol=0))
