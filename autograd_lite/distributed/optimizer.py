"""Optimizer: any optimizer, which first averages the gradients over all processes."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Literal

import numpy as np

from autograd_lite import optim
from autograd_lite.core.hooks import refuse_in_program
from autograd_lite.core.tensor import Tensor
from autograd_lite.core.writes import record_change
from autograd_lite.distributed.batch_normalization import warn_of_batch_statistics
from autograd_lite.distributed.communicator import Communicator
from autograd_lite.distributed.exchange import EXTRA, hashed
from autograd_lite.distributed.flat_gradients import put, weighted
from autograd_lite.distributed.metrics import _check_communicator, mean
from autograd_lite.nn.module import Module
from autograd_lite.random import generator, get_state, set_state
from autograd_lite.support.conversion import NumberArray
from autograd_lite.support.messages import show

_CALL = "distributed.Optimizer"
_STEP_OUTSIDE = "compile the forward and backward pass, and call step() after each call of the compiled function"


class Optimizer(optim.Optimizer):
    """An optimizer whose `step` first averages the gradients over all ranks: g ← Σ nᵣ gᵣ / Σ nᵣ, nᵣ samples on rank r.

    So the ranks together make the step of one process with all samples, and their parameters stay equal, bit by bit.
    The result is `optimizer` with another `step`: of the same class, with the same groups and state; schedules take
    either. With one process `step` is that of `optimizer`.

    A parameter without a gradient on some ranks has a gradient of zeros there; one without a gradient on all ranks is
    not updated. Making it copies parameters, buffers and the common generator of rank 0 to all ranks.

    Parameters
    ----------
    optimizer : optim.Optimizer
    comm : Communicator
    model : Module, optional
        Its buffers, and parameters that are not optimized, are copied from rank 0 as well, and errors name parameters
        as it does.
    reduction : {"mean", "sum"}, default "mean"
        The reduction of the loss over the samples of a batch. Gradients of sums are added, not averaged, and only once:
        each time must follow a `zero_grad` of this optimizer.

    Raises
    ------
    TypeError
        If `optimizer` is not an optimizer, or `comm` not a communicator.
    DistributedError
        If the ranks have other options, or parameters with other names, shapes or dtypes.

    Examples
    --------
    >>> comm = distributed.communicator()
    >>> w = Tensor([1.0, -2.0], requires_grad=True)
    >>> optimizer = distributed.Optimizer(optim.SGD([w], lr=0.1), comm)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    Tensor([ 0.8, -1.6], requires_grad=True)
    """

    __slots__ = ("_averages", "_comm", "_kept", "_lines", "_names", "_reduction", "_stashed", "_unaveraged")

    def __new__(cls, optimizer: Any, comm: Any, model: Any = None, *, reduction: str = "mean") -> Any:
        if not isinstance(optimizer, optim.Optimizer) or isinstance(optimizer, Optimizer):
            found = type(optimizer).__name__
            raise TypeError(f"{_CALL}: optimizer must be an optimizer of autograd_lite.optim, not {found}")
        _check_communicator(_CALL, comm)
        if model is not None and not isinstance(model, Module):
            raise TypeError(f"{_CALL}: model must be a Module, not {type(model).__name__}")
        if reduction not in ("mean", "sum"):
            raise ValueError(f'{_CALL}: reduction must be "mean" or "sum", not {show(reduction)}')
        kind = type(optimizer)
        self: Any = object.__new__(type(kind.__name__, (cls, kind), {"__slots__": (), "__module__": kind.__module__}))
        object.__setattr__(self, "__dict__", vars(optimizer))  # all state is that of `optimizer`
        return self

    def __setattr__(self, name: str, value: Any) -> None:
        if name in Optimizer.__slots__:
            object.__setattr__(self, name, value)  # not counted as a change, so compiled programs stay valid
        else:
            super().__setattr__(name, value)

    def __init__(
        self, optimizer: optim.Optimizer, comm: Communicator, model: Module | None = None, *,
        reduction: Literal["mean", "sum"] = "mean",
    ) -> None:  # fmt: skip
        self._comm, self._reduction = comm, reduction
        self._names = {} if model is None else {id(part): name for name, part in model.named_parameters()}
        # What was accumulated: for each bucket the weighted gradients, and which parameters have one.
        self._stashed: tuple[list[NumberArray], list[NumberArray]] | None = None
        self._kept: dict[int, NumberArray] = {}  # the arrays of the last gradients, to be used again
        self._unaveraged: set[float] = set()  # the shares of earlier batches in the gradients
        self._averages: list[weakref.ref[NumberArray]] = []  # the arrays that hold the gradients after averaging
        self._lines: tuple[Any, str] = (None, "")
        warn_of_batch_statistics(model, comm)
        self._copy_from_rank_0(model)
        comm.notify(self)

    @property
    def comm(self) -> Communicator:
        """The communicator."""
        return self._comm

    def step(
        self, closure: Callable[[], Any] | None = None, *, error_if_nonfinite: bool = False, average: bool = True,
        samples: int | None = None,
    ) -> Any:  # fmt: skip
        """Average the gradients over all ranks, then update as the optimizer does.

        Parameters
        ----------
        closure : callable, optional
            Computes the gradients again and returns the loss; `step` averages both after each call and returns the
            mean loss.
        error_if_nonfinite : bool, default False
            See `optim.Optimizer.step`; it checks the averages.
        average : bool, default True
            False after `average_gradients`. A second average would change nothing; a second sum is an error.
        samples : int, optional
            The number of samples of this rank; by default that of the current batch of ``Batches(..., shard=comm)``.
        """
        if self._comm.size > 1:
            refuse_in_program("distributed.Optimizer.step() with several processes", _STEP_OUTSIDE)
            if closure is not None:
                closure = self._averaged(closure, samples)
            elif average:
                self.average_gradients(samples=samples)
        return super().step(closure, error_if_nonfinite=error_if_nonfinite)

    def _averaged(self, closure: Callable[[], Any], samples: int | None) -> Callable[[], Any]:
        def averaged() -> Any:
            loss = closure()
            self.average_gradients(samples=samples)
            if self._reduction == "mean":
                found = mean(loss, self._comm, samples=samples)
            else:
                own, _ = self._comm.share(_CALL, samples)
                found = float(self._comm.all_reduce(np.float64(loss if own else 0)))
            return Tensor(np.asarray(found, loss.dtype)) if isinstance(loss, Tensor) else found

        return averaged

    def average_gradients(self, *, samples: int | None = None) -> None:
        """Replace the gradients of the parameters by their averages over all ranks, to clip them before `step`.

        Parameters
        ----------
        samples : int, optional
            See `step`.

        Raises
        ------
        DistributedError
            If a rank is missing, is in another call, or has other parameters.
        RuntimeError
            If the gradients are sums over batches with different shares of this rank (see `accumulate`), it is not
            clear what the current batch is, `SyncBatchNorm` has counted other samples, or the gradients are sums over
            the ranks already (``reduction="sum"``).
        """
        comm, call = self._comm, f"{_CALL}.average_gradients"
        if comm.size == 1:
            return
        weight, has = self._met(call, samples)
        flats = weighted(self._work, weight, self._stashed, self._kept)
        self._stashed, self._unaveraged = None, set()
        for (_, bucket), flat, present in zip(self._work, flats, has, strict=True):
            if present.any():
                comm.add_in_place(call, flat)
                put(bucket, flat, present)
        self._averages = [weakref.ref(flat) for flat in flats]

    def accumulate(self, *, samples: int | None = None) -> None:
        """Add the gradients of the current batch, weighted by its samples, to those that the next step averages.

        For a step on several batches: call it after each backward pass but the last. The parameters have no gradient
        then; `zero_grad` here, not that of the model, discards what was added. With one process it does nothing.

        Parameters
        ----------
        samples : int, optional
            See `step`.
        """
        if self._comm.size > 1:
            weight, has = self._met(f"{_CALL}.accumulate", samples)
            stashed = weighted(self._work, weight, self._stashed, self._kept), has
            self.zero_grad()
            self._stashed = stashed

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Set the gradients to None or zeros (see `optim.Optimizer.zero_grad`), and discard what was accumulated."""
        if self._comm.size > 1:
            self._stashed, self._unaveraged, self._averages = None, set(), []
            self._comm.weights.clear()
        super().zero_grad(set_to_none)

    def _met(self, call: str, samples: int | None) -> tuple[float, list[NumberArray]]:
        """Meet the other ranks; the weight of this one, and which parameters of each bucket have a gradient on any."""
        comm = self._comm
        share = comm.share(call, samples)
        if share[1] and len(self._unaveraged | {share[0] / share[1]}) > 1:
            raise RuntimeError(
                f"{call}: the gradients are sums over batches of which this rank has different shares; "
                "call accumulate() after each backward pass but the last"
            )
        if self._averages and self._reduction == "sum":
            raise RuntimeError(f"{call}: the gradients hold sums over all ranks; call optimizer.zero_grad() before")
        has = np.array([gradient is not None for _, bucket in self._work for gradient in bucket.gradients()], np.uint8)
        if self._stashed is not None:
            has |= np.concatenate(self._stashed[1])
        headers = comm.meet(call, self._described(), share=share, extra=hashed(has.tobytes()))
        own, total = comm.counted(call, share, headers)
        if (headers[:, EXTRA] != headers[0, EXTRA]).any():
            comm.add_in_place(call, has, largest=True)
        ends = np.cumsum([len(bucket.parameters) for _, bucket in self._work])
        weight = own / total if self._reduction == "mean" else float(own > 0)
        if comm.weights - {weight}:
            used = ", ".join(f"{known:g}" for known in sorted(comm.weights))
            raise RuntimeError(
                f"{call}: SyncBatchNorm has computed gradients for a loss of this rank of weight {used}, but here it "
                f"is {weight:g}: {own} of {total} samples, reduction={show(self._reduction)}"
            )
        comm.weights.clear()
        return weight, np.split(has, ends[:-1])

    def leave_batch(self) -> None:
        """Note the share of the current batch if there are gradients of it that have not been averaged."""
        averages = [id(reference()) for reference in self._averages]
        if self._comm.size > 1 and any(
            gradient is not None and id(gradient.base) not in averages
            for _, bucket in self._work
            for gradient in bucket.gradients()
        ):
            with suppress(RuntimeError):  # then the user has to pass the number of samples
                own, total = self._comm.share("", None)
                self._unaveraged.add(own / total)

    def add_param_group(self, group: Mapping[str, Any]) -> None:
        """Add a group (see `optim.Optimizer.add_param_group`), with the values of rank 0."""
        super().add_param_group(group)
        self._copy_from_rank_0(None)

    def _described(self) -> bytes:
        """What must be the same on all ranks: the options, and a line for each parameter."""
        options = [
            f"{name}={value} in group {number}"
            for number, group in enumerate(self.param_groups)
            for name, value in group.items()
            if name != "params"
        ]
        frozen = tuple([parameter._node is None for _, bucket in self._work for parameter in bucket.parameters])
        if frozen != self._lines[0]:
            numbers = {id(parameter): number for number, parameter in enumerate(self._parameters())}
            parameters = [parameter for _, bucket in self._work for parameter in bucket.parameters]
            lines = [f"the optimizer {type(self).__name__} with reduction={self._reduction!r}"]
            for parameter, is_frozen in zip(parameters, frozen, strict=True):
                name = self._names.get(id(parameter), parameter.name)
                what = f"parameter {numbers[id(parameter)]}{f' ({name})' if name else ''} of shape {parameter.shape}"
                lines.append(f"{what} and dtype {parameter.dtype}{', frozen' if is_frozen else ''}")
            self._lines = frozen, "\n".join(lines)
        return "\n".join([self._lines[1], *options]).encode()

    def _copy_from_rank_0(self, model: Module | None) -> None:
        comm = self._comm
        if comm.size == 1:
            return
        own = {id(parameter) for parameter in self._parameters()}
        parts = [] if model is None else [*model.named_parameters(), *model.named_buffers()]
        others = [(name, part) for name, part in parts if id(part) not in own]
        lines = [f"{name} of shape {part.shape} and dtype {part.dtype}" for name, part in others]
        comm.meet(_CALL, "\n".join([self._described().decode(), *lines]).encode())
        for _, bucket in self._work:
            bucket.prepare()
            comm.copy_in_place(_CALL, bucket.values)
            record_change(bucket.values)
        for _, part in others:
            comm.copy_in_place(_CALL, part._data)
            record_change(part._data)
        state, random = comm.broadcast((self.state_dict(), generator()) if comm.rank == 0 else None)
        if comm.rank:
            self.load_state_dict(state)
            set_state(generator(), get_state(random))

    def __reduce__(self) -> Any:
        raise TypeError("a distributed optimizer belongs to its processes; copy or pickle its state_dict()")
