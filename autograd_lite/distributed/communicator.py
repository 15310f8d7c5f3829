"""Communicator: the processes of one program, and how many samples of the current batch each has."""

from __future__ import annotations

import itertools
import pickle
import threading
from collections.abc import Callable
from typing import Any
from weakref import WeakSet

import numpy as np

from autograd_lite.distributed.exchange import LENGTH, SAMPLES, TOTAL, DistributedError, Exchange, named
from autograd_lite.support.checks import is_integer
from autograd_lite.support.conversion import NumberArray, strip
from autograd_lite.support.messages import show

_ADDED = frozenset("bBhHiIlLqQfdg")  # the dtypes that MPI adds
_HINT = "pass samples=len(x), the number of samples of this rank"


class Communicator:
    """The processes of one program, made by `communicator`. Each process has a number, its rank.

    All ranks must make the same calls in the same order. In each call they wait for each other, at most `timeout`
    seconds.

    Attributes
    ----------
    rank : int
        The number of this process, from 0.
    size : int
        The number of processes.
    timeout : float
        The longest wait in a call, in seconds.

    Examples
    --------
    >>> comm = distributed.communicator()
    >>> comm.rank, comm.size
    (0, 1)
    """

    def __init__(self, exchange: Exchange | None = None) -> None:
        self._exchange = exchange
        self.rank: int = 0 if exchange is None else exchange.rank
        self.size: int = 1 if exchange is None else exchange.size
        self.timeout = np.inf if exchange is None else exchange.timeout
        # The loops over batches that are under way: samples of this rank, of all ranks, and the thread.
        self._batches: dict[int, tuple[int, int, int]] = {}
        self._leaving: WeakSet[Any] = WeakSet()  # those to notify before the current batch changes
        self.weights: set[float] = set()  # of this rank, by which gradients were computed since the last step
        self._numbers = itertools.count()

    # -- data ------------------------------------------------------------------------------------------------------

    def broadcast(self, value: Any) -> Any:
        """The value of rank 0, on all ranks; any object that can be pickled.

        Examples
        --------
        >>> distributed.communicator().broadcast([1, 2])
        [1, 2]
        """
        return value if self.size == 1 else self.all_gather(value if self.rank == 0 else None, "broadcast")[0]

    def all_gather(self, value: Any, call: str = "all_gather") -> list[Any]:
        """The values of all ranks, in their order; any objects that can be pickled.

        Examples
        --------
        >>> distributed.communicator().all_gather("a")
        ['a']
        """
        if self._exchange is None:
            return [value]
        data = np.frombuffer(pickle.dumps(value), np.uint8)
        lengths = self._exchange.meet(f"Communicator.{call}", length=len(data))[:, LENGTH]
        ends = np.cumsum(lengths)
        found = np.empty(ends[-1], np.uint8)
        places = (found, (lengths, ends - lengths), self._exchange.MPI.BYTE)
        self._exchange.finish(call, self._exchange.mpi.Iallgatherv((data, self._exchange.MPI.BYTE), places))
        return [pickle.loads(part.tobytes()) for part in np.split(found, ends[:-1])]

    def all_reduce(self, array: Any) -> NumberArray:
        """The sum of the arrays of all ranks, which must have the same shape and dtype.

        Raises
        ------
        TypeError
            If MPI has no sum of the dtype.
        DistributedError
            If shapes or dtypes differ.

        Examples
        --------
        >>> distributed.communicator().all_reduce(np.array([1.0, 2.0]))
        array([1., 2.])
        """
        total = np.array(strip(array), order="C")
        if total.dtype.char not in _ADDED:
            raise TypeError(f"all_reduce: MPI does not add arrays of dtype {total.dtype}")
        if self.size > 1:
            self.meet("Communicator.all_reduce", lambda: [f"an array of shape {total.shape} and dtype {total.dtype}"])
            self.add_in_place("all_reduce", total)
        return total

    def barrier(self) -> None:
        """Wait until all ranks are here."""
        self.meet("Communicator.barrier")

    def on_rank_0(self, call: str, details: str, function: Callable[[], Any]) -> Any:
        """Call a function on rank 0; all ranks return what it returns there, or raise what it raises."""
        if self.size == 1:
            return function()
        self.meet(call, lambda: [details])
        result: Any = None
        error: Exception | None = None
        if self.rank == 0:
            try:
                result = function()
            except Exception as failure:
                error = failure
        result, sent = self.broadcast((result, error and _portable(error, call)))
        if sent is not None:
            raise error or sent
        return result

    # -- for the library -------------------------------------------------------------------------------------------

    def meet(self, call: str, details: Callable[[], list[str]] | bytes = b"", **numbers: Any) -> Any:
        """Wait until all ranks are in the same call with the same details; see `Exchange.meet`."""
        if self._exchange is None:
            return None
        lines = details if isinstance(details, bytes) else "\n".join(details()).encode()
        return self._exchange.meet(call, lines, **numbers)

    def add_in_place(self, call: str, array: NumberArray, *, largest: bool = False) -> None:
        """Replace a contiguous array by the sum (or the largest elements) of all ranks; they have met before."""
        if self._exchange is not None and array.size:
            mpi = self._exchange.MPI
            operation = mpi.MAX if largest else mpi.SUM
            self._exchange.finish(call, self._exchange.mpi.Iallreduce(mpi.IN_PLACE, array, op=operation))

    def copy_in_place(self, call: str, array: NumberArray) -> None:
        """Replace an array by that of rank 0; the ranks have met before."""
        if self._exchange is not None and array.size:
            data = array if array.flags.c_contiguous else array.copy()
            buffer = (data.reshape(-1).view(np.uint8), self._exchange.MPI.BYTE)
            self._exchange.finish(call, self._exchange.mpi.Ibcast(buffer, root=0))
            if data is not array:
                array[...] = data

    # -- the current batch -----------------------------------------------------------------------------------------

    def begin_batch(self, loop: object, samples: int, total: int) -> None:
        """Note that a loop over batches is at a batch of which this rank has `samples` of `total` samples."""
        self._leave_batch()
        self._batches[id(loop)] = samples, total, threading.get_ident()

    def end_batches(self, loop: object) -> None:
        """Note that a loop over batches has ended."""
        self._leave_batch()
        self._batches.pop(id(loop), None)

    def _leave_batch(self) -> None:
        for part in [*self._leaving]:
            part.leave_batch()

    def notify(self, part: Any) -> None:
        """Call ``part.leave_batch()`` before the current batch changes."""
        self._leaving.add(part)

    @property
    def has_batch(self) -> bool:
        """Whether a loop over batches is under way."""
        return bool(self._batches)

    def note_weight(self, weight: float) -> None:
        """Note that gradients were computed for a loss of this rank that has this weight."""
        self.weights.add(weight)

    def next_number(self) -> int:
        """0, 1, 2, ...: the same on all ranks for parts that are made in the same order."""
        return next(self._numbers)

    def share(self, call: str, samples: int | None) -> tuple[int, int]:
        """The samples of this rank in the current batch, and of all ranks (0 if only the headers will tell).

        Raises
        ------
        RuntimeError
            If `samples` is None, and no loop over batches is under way or several with different shares.
        """
        if samples is not None:
            if not is_integer(samples) or samples < 0:
                raise ValueError(f"{call}: samples must be an integer, at least 0, not {show(samples)}")
            return int(samples), 0
        here = threading.get_ident()
        known = [(own, total) for own, total, thread in self._batches.values() if thread == here]
        if len(known) < len(self._batches):
            raise RuntimeError(f"{call}: a batch was drawn in another thread, so the current one is not known; {_HINT}")
        if not known:
            raise RuntimeError(f"{call}: no loop over Batches(..., shard=comm) is under way; {_HINT}")
        if len({own * known[0][1] - known[0][0] * total for own, total in known}) > 1:
            raise RuntimeError(f"{call}: {len(known)} loops over batches are under way, with different shares; {_HINT}")
        return known[-1]

    def counted(self, call: str, share: tuple[int, int], headers: NumberArray) -> tuple[int, int]:
        """The share, with the total that the headers of all ranks tell."""
        counts, total = headers[:, SAMPLES], int(headers[:, SAMPLES].sum())
        wrong = [rank for rank, said in enumerate(headers[:, TOTAL]) if said not in (0, total)]
        if wrong or not total:
            said = f"the batch of {named(wrong)} has {headers[wrong[0], TOTAL]}" if wrong else "at least 1 is needed"
            raise DistributedError(f"{call}: the ranks have {counts.tolist()} samples, {total} together; {said}")
        return share[0], total

    def __repr__(self) -> str:
        return f"Communicator(rank={self.rank}, size={self.size})"

    def __deepcopy__(self, memo: Any) -> Communicator:
        return self  # a copy of a model that holds it belongs to the same processes

    def __reduce__(self) -> Any:
        if self.size == 1:
            return Communicator, ()
        raise TypeError("a Communicator belongs to its process: it cannot be pickled")


def _portable(error: Exception, call: str) -> Exception:
    """The error, or one that other processes can read."""
    try:
        same = pickle.loads(pickle.dumps(error))
    except Exception:
        same = None
    if type(same) is type(error) and str(same) == str(error):
        return error
    return RuntimeError(f"{call}: rank 0 has raised {type(error).__name__}: {error}")
