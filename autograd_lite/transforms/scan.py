"""scan: a loop as one operation. Its derivative is a loop over the same steps in the opposite direction."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_lite.core.grad_mode import enable_grad
from autograd_lite.core.primitive import primitive
from autograd_lite.core.tensor import Tensor, _wrap
from autograd_lite.support.recorder_interface import current_recorder
from autograd_lite.support.tree import rebuild
from autograd_lite.transforms.differentiated_call import Function, check_function
from autograd_lite.transforms.loop_steps import Step
from autograd_lite.transforms.loops import Loop, Unrolled


def scan(function: Function, init: Any, xs: Any = None, length: int | None = None, reverse: bool = False) -> Any:
    """A loop over the leading axis of arrays: ``carry, y = function(carry, x)`` for each x, from `init` on.

    It computes the same as::

        carry, ys = init, []
        for x in xs:
            carry, y = function(carry, x)
            ys.append(y)
        return carry, np.stack(ys)

    and all of its derivatives, also with respect to what the function uses from around it. `compile` records one step
    in place of all, so neither the time of recording nor the program grows with the number of steps.

    Parameters
    ----------
    function : callable
        Takes the carry and one element of `xs`, and returns the next carry and y, a pair. The carry has the structure,
        the shapes and the dtypes of `init` in all steps, y those of the first step.
    init : array, number, or nested tuples, lists and dicts of them
        The carry before the first step.
    xs : arrays of the same length, or nested tuples, lists and dicts of them, optional
        What is iterated over: x has the structure of `xs`, and holds one element of each array.
    length : int, optional
        The number of steps, which is needed only without arrays in `xs`.
    reverse : bool, default False
        Begin with the last element. The elements of `ys` remain in the order of `xs`.

    Returns
    -------
    carry, ys : pair
        The last carry, in the structure of `init`, and the y of all steps, stacked along a new leading axis, in the
        structure of y. They are tensors if an argument or a result of the function is one, else arrays.

    Raises
    ------
    TypeError
        If the function returns no pair, or if the structure, a shape or a dtype of the carry or of y changes from step
        to step. The error names the array.
    ValueError
        If the arrays in `xs` have different lengths, or no axis; if there are none and `length` is not given. Also if
        the function writes to its arguments, which are read-only.
    RuntimeError
        If a tensor that was computed in one step gets out of it otherwise than by the carry and y, and is then used
        for a gradient.

    Notes
    -----
    The function must depend on nothing that changes from step to step, besides its arguments: it may be called once
    for several steps (by `compile`) or more than once for one (for derivatives of second order). Of no steps the ys
    have the form of a step on zeros. The contract is that of JAX's `lax.scan`.

    Examples
    --------
    >>> scan(lambda total, x: (total + x, total * x), 0.0, np.array([1.0, 2.0, 3.0]))
    (np.float64(6.0), array([0., 2., 9.]))
    >>> from autograd_lite import grad
    >>> power = lambda x, n: scan(lambda product, _: (product * x, None), 1.0, length=n)[0]
    >>> power(2.0, 5), grad(power)(2.0, 5)
    (np.float64(32.0), array(80.))
    """
    check_function("scan", function)
    loop = Loop(function, init, xs, length, reverse)
    run = _run(loop)
    results = [*run.carry, *run.ys]
    if loop.is_recorded and loop.length and results:
        closures = [_wrap(np.broadcast_to(np.zeros((), n.dtype), n.shape), n) for n in run.closures]
        operation = _operation(len(results))
        found = operation(_Run(loop, run, results), *loop.carry, *loop.inputs, *closures)
        results = [found] if len(results) == 1 else list(found)
    elif not loop.length:
        results[: len(run.carry)] = loop.carry
    if loop.has_tensors:
        results = [value if isinstance(value, Tensor) else _wrap(value) for value in results]
    count = len(loop.carry)
    return rebuild(init, results[:count]), rebuild(loop.y, results[count:])


def _run(loop: Loop) -> Any:
    recorder = current_recorder()
    found = recorder.loop(loop) if recorder is not None and loop.length else None
    return Unrolled(loop) if found is None else found


class _Run:
    """The steps of a loop, as the operation receives them."""

    def __init__(self, loop: Loop, steps: Any, results: list[Any]) -> None:
        self.loop, self.steps, self.results = loop, steps, results

    def __repr__(self) -> str:
        return str(getattr(self.loop.function, "__name__", "function"))

    def gradients(self, g: list[Any]) -> list[Any]:
        """The gradients of the operands."""
        count = len(self.loop.carry)
        pulled = self.steps.pull(g[:count], g[count:])
        if pulled is None:  # the program does it step by step
            self.steps = Unrolled(self.loop)
            pulled = self.steps.pull(g[:count], g[count:])
        g_carry, g_inputs, found = pulled
        return [*g_carry, *g_inputs, *(found.get(n, np.zeros(n.shape, n.dtype)) for n in self.steps.closures)]

    def recorded_gradients(self, g: list[Any], operands: list[Any]) -> list[Any]:
        """The same, recorded: a loop in the opposite direction, with a sweep through the function in each step."""
        loop, closures = self.loop, list(self.steps.closures)
        count, end = len(loop.carry), len(loop.carry) + len(loop.inputs)
        variables = [i for i in range(end) if loop.forms[i] == 2]
        seeded = [i for i, value in enumerate(self.results) if value.dtype.kind == "f"]
        in_carry = [i for i in variables if i < count]

        def forward(carry: list[Any], x: list[Any]) -> tuple[list[Any], list[Any]]:
            return loop.call([*carry, *x])[:count], carry

        def backward(state: Any, given: Any) -> Any:
            g_carry, totals = state
            values, g_ys = given
            with enable_grad():
                step = Step(loop.call, [loop.argument(v, i) for i, v in enumerate(values)], math.inf)
                seeds = dict(zip(in_carry, g_carry, strict=True)) | dict(g_ys)
                found, new = step.pull([seeds.get(i) for i in range(len(self.results))], create_graph=True)
            totals = [t + new[n] if n in new else t for n, t in zip(closures, totals, strict=True)]
            return ([found[i] for i in in_carry], totals), [found[i] for i in variables if i >= count]

        init, inputs = list(operands[:count]), list(operands[count:end])
        _, carries = scan(forward, init, inputs, loop.length, loop.reverse)
        zeros = [np.zeros(n.shape, n.dtype) for n in closures]
        g_ys = {i: g[i] for i in seeded if i >= count}
        state = ([g[i] for i in in_carry], zeros)
        (g_carry, totals), g_inputs = scan(backward, state, ([*carries, *inputs], g_ys), loop.length, not loop.reverse)
        found = dict(zip(variables, [*g_carry, *g_inputs], strict=True))
        return [*(found.get(i) for i in range(end)), *totals]


def _rule(g: Any, run: _Run, operands: tuple[Any, ...]) -> list[Any]:
    g = [g] if len(run.results) == 1 else list(g)
    is_recorded = any(isinstance(part, Tensor) for part in g)
    return run.recorded_gradients(g, list(operands)) if is_recorded else run.gradients(g)


@functools.cache
def _operation(outputs: int) -> Callable[..., Any]:
    """The operation for a number of results."""

    def forward(run: _Run, *operands: Any) -> Any:
        return run.results[0] if outputs == 1 else tuple(run.results)

    return primitive(forward, name="scan", outputs=outputs, operands=_rule)
