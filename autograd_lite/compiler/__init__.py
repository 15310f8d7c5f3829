"""Programs: a function is recorded as a flat list of NumPy calls, and replayed."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec, Protocol, Self, TypeVar, overload

from autograd_lite.core.hooks import CompileError, StaleProgramError

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
def compile(function: Callable[P, R_co], *, verify: bool = True, audit: bool = True) -> CompiledFunction[P, R_co]: ...
@overload
def compile(*, verify: bool = True, audit: bool = True) -> Callable[[Callable[P, R_co]], CompiledFunction[P, R_co]]: ...
def compile(function: Callable[..., Any] | None = None, *, verify: bool = True, audit: bool = True) -> Any:
    """A function that records itself at its first call, and is replayed as a flat program of NumPy calls afterwards.

    A training step, with forward pass, backward pass and update, becomes one list of NumPy calls on buffers that are
    made once: no graph, no tensors, hardly an allocation. The numbers are those of the function itself.

    Parameters
    ----------
    function : callable
        Takes arrays, tensors, numbers, and nested tuples, lists and dicts of them. Left out, `compile` is a decorator.
    verify : bool, default True
        Record the second call too, and compare: what differs between the two (the clock, for instance) is an error
        instead of a wrong number.
    audit : bool, default True
        Carry out calls 3, 4, 8, 16, 32, ... by the function as well, and compare all that both return and leave: what
        no comparison before a call can see is found.

    Returns
    -------
    Compiled
        Called like the function, from any thread. Arguments of other shapes or dtypes are recorded anew. Floats among
        the arguments, options of optimizers, step counts and the steps of schedules may change from call to call;
        anything else that is not an array (integers, strings, switches), and what is around the function and around
        the functions that it calls, is compared in each call. Tensors come back without a graph: `backward` belongs
        inside. Printing happens in recorded and audited calls only. Gradients that the function leaves in `.grad` are
        overwritten by the next call.

    Raises
    ------
    CompileError
        When it is called, if the function does something that could not be replayed faithfully: a branch of Python
        on values, a change of something around it (a counter, a list), a gradient from before the call, something that
        differs between the first two calls. The call has changed nothing then.
    StaleProgramError
        When an audit finds a difference; it names the first NumPy call that differs, and the line. It is a
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
        return functools.partial(compile, verify=verify, audit=audit)
    from autograd_lite.compiler.compiled import Compiled  # takes a tenth of the import, for what many never need

    return Compiled(function, verify, audit)
