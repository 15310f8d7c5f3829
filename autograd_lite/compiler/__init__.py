"""`compile`: a function is recorded as a flat list of NumPy calls, which later calls replay.

The files, in reading order:

- compiled, call_arguments, backends: `Compiled` chooses the program that is valid for a call, or records the function;
- tape, calls: NumPy calls, their values, and the memory of the values;
- tracer, traced_numbers: what the function receives while it is recorded;
- writer, updates, recorder: the recorder executes NumPy calls, effects and optimizer steps, and writes the tape;
- patches, attributes, creation: what is patched meanwhile, because no NumPy call shows it;
- guards, guard_set, guard_discovery, user_code, randomness: what is compared before a replay, and how it is found;
- recording, outside_arrays, transcript: the outcome of a recording, and the comparison of two;
- passes, buffers, program_source, expressions: from a tape to source code on shared buffers;
- native: loops for numba in the place of NumPy calls, a package of its own;
- tape_parts, loop_call, step_recorder, loops: a loop of `scan`: its steps are one program, called again and again;
- guard_source, steps, program: the program with its guards, as one function; NumPy calls or kernels run in it;
- audit: program and function are compared bit by bit.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec, Protocol, Self, TypeVar, overload

from autograd_lite.core.hooks import CompileError, StaleProgramError
from autograd_lite.support.compiling import register

__all__ = ["CompileError", "StaleProgramError", "compile"]

P = ParamSpec("P")
Q = ParamSpec("Q")
R_co = TypeVar("R_co", covariant=True)


class CompiledFunction(Protocol[P, R_co]):
    """The type of a compiled function: it has the signature of the function, also as a method."""

    @property
    def program(self) -> Any: ...
    @property
    def programs(self) -> list[Any]: ...
    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R_co: ...
    @overload
    def __get__(self, instance: None, owner: Any = None) -> Self: ...
    @overload
    def __get__(
        self: CompiledFunction[Concatenate[Any, Q], R_co], instance: Any, owner: Any = None
    ) -> CompiledFunction[Q, R_co]: ...


@overload
def compile(
    function: Callable[P, R_co], *, verify: bool = True, audit: bool = True, backend: str = "auto"
) -> CompiledFunction[P, R_co]: ...
@overload
def compile(
    *, verify: bool = True, audit: bool = True, backend: str = "auto"
) -> Callable[[Callable[P, R_co]], CompiledFunction[P, R_co]]: ...
def compile(
    function: Callable[..., Any] | None = None, *, verify: bool = True, audit: bool = True, backend: str = "auto"
) -> Any:
    """Record a function at its first call, and replay it as a flat program of NumPy calls afterwards.

    A training step, with forward pass, backward pass and update, becomes one list of NumPy calls on buffers that are
    allocated once: no graph, no tensors, hardly an allocation. The results are those of the function: to the last
    bit, or to rounding if the calls are compiled to machine code (`backend`).

    Parameters
    ----------
    function : callable
        Takes arrays, tensors, numbers, and nested tuples, lists and dicts of them. Without it, `compile` returns a
        decorator.
    verify : bool, default True
        Record the second call too, and compare both recordings: a difference (due to the clock, for example) is an
        error instead of a wrong number.
    audit : bool, default True
        Execute calls 3, 4, 8, 16, 32, ... by the function as well, and compare everything that both return and leave.
        This finds changes that no comparison before a call can detect.
    backend : "auto", "numpy" or "native", default "auto"
        "native" compiles the calls to loops in machine code, which needs the extra `native`; results then agree with
        the function to rounding, and are the same bits in each run. "auto" does so from call 32 on if the extra is
        installed. The environment variable AUTOGRAD_LITE_BACKEND overrides the argument.

    Returns
    -------
    Compiled
        Called like the function, from any thread. Arguments of other shapes or dtypes are re-recorded. Float
        arguments, options of optimizers, step counts and the steps of schedules may change from call to call. All
        other arguments that are not arrays (integers, strings, switches), and the variables around the function and
        around the functions that it calls, are compared in each call. Tensors are returned without a graph: `backward`
        belongs inside. Printing happens in recorded and audited calls only. Gradients that the function leaves in
        `.grad` are overwritten by the next call.

    Raises
    ------
    ValueError, ImportError
        If `backend` is unknown, or is "native" and there is no numba from 0.62 on.
    CompileError
        At a call, if the function cannot be replayed faithfully: it branches in Python on values, changes something
        around it (a counter, a list), reads a gradient from before the call, or differs between the first two calls.
        The call has changed nothing then.
    StaleProgramError
        If an audit finds a difference; the error names the first NumPy call that differs, and the line. It is a
        CompileError, and the call has changed nothing either.

    Examples
    --------
    >>> from autograd_lite import Tensor, nn, optim
    >>> model = nn.Linear(3, 1, rng=0)
    >>> optimizer = optim.SGD(model.parameters(), lr=0.1)
    >>> @compile
    ... def step(x, y):
    ...     optimizer.zero_grad()
    ...     loss = nn.MSELoss()(model(x), y)
    ...     loss.backward()
    ...     optimizer.step()
    ...     return loss
    >>> x, y = np.ones((4, 3), np.float32), np.zeros((4, 1), np.float32)
    >>> losses = [step(x, y).item() for _ in range(20)]
    >>> losses[-1] < losses[0]
    True
    """
    if function is None:
        return functools.partial(compile, verify=verify, audit=audit, backend=backend)
    from autograd_lite.compiler.compiled import Compiled  # a tenth of the import time of the package

    return Compiled(function, verify, audit, backend)


register(compile)
