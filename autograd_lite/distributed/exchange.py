"""The start of every call between processes: each rank tells all others what it calls, and waits a bounded time.

Before any data, all ranks send each other a header of fixed size: what is called, a hash of its details, and some
numbers. So ranks that call different things, or the same thing with different shapes, learn of it before MPI would
match their data; and a rank whose header does not arrive is missing, and its number is known.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from functools import partial
from hashlib import blake2b
from typing import Any

import numpy as np

from autograd_lite.support.conversion import NumberArray

_TAG, _DETAILS, _ROLL_CALL = 24301, 24302, 24303  # tags of messages between two ranks
_CALL, _DETAIL, LENGTH, SAMPLES, TOTAL, EXTRA = range(6)  # the numbers of a header
_SPIN = 0.02  # seconds of waiting without a pause
_PAUSE = 0.0005  # seconds between later looks: another rank computes meanwhile
_GRACE = 5.0  # seconds to answer after something has failed
# `time.sleep(0)` takes 60 µs on Linux, which makes a small all-reduce ten times slower; Windows has nothing else.
_give_way = getattr(os, "sched_yield", partial(time.sleep, 0))


class DistributedError(RuntimeError):
    """Processes that do not fit together: one is missing, is in another call, or has other data; it is named."""


def hashed(text: bytes) -> int:
    """A hash that is the same in all processes."""
    return int.from_bytes(blake2b(text, digest_size=8).digest(), "little", signed=True)


class Exchange:
    """The headers of one rank and of all others.

    Parameters
    ----------
    mpi : mpi4py.MPI.Comm
    timeout : float
        The longest wait in a call, in seconds.
    """

    def __init__(self, mpi: Any, timeout: float) -> None:
        from mpi4py import MPI

        self.MPI, self.mpi, self.timeout = MPI, mpi, timeout
        self.rank, self.size = mpi.Get_rank(), mpi.Get_size()
        self.others = [rank for rank in range(self.size) if rank != self.rank]
        self.calls = 0
        self.broken: str | None = None  # the error after which no call is possible
        self._own = np.zeros(EXTRA + 1, np.int64)
        self._headers = np.zeros((self.size, EXTRA + 1), np.int64)
        # Persistent requests: a call starts them all at once.
        self._receive = [mpi.Recv_init(self._headers[rank], source=rank, tag=_TAG) for rank in self.others]
        self._send = [mpi.Send_init(self._own, dest=rank, tag=_TAG) for rank in self.others]

    def meet(self, call: str, details: bytes = b"", *, length: int = 0, share: tuple[int, int] = (0, 0),
             extra: int = 0) -> NumberArray:  # fmt: skip
        """Wait until all ranks are in the same call with the same details, and return all headers, a row each.

        Parameters
        ----------
        call : str
            What is called; it must be the same on all ranks.
        details : bytes
            Lines that must be the same too.
        length : int
            The number of bytes that this rank will send.
        share : pair of int
            The samples of this rank, and of all ranks.
        extra : int
            Another number, which may differ.

        Raises
        ------
        DistributedError
            On all ranks. It names the rank that is missing, or that differs.
        """
        if self.broken is not None:
            raise DistributedError(f"{call}: no call is possible after an earlier error: {self.broken}")
        self.calls += 1
        self._own[:] = hashed(call.encode()), hashed(details), length, *share, extra
        self._headers[self.rank] = self._own
        requests = self._receive + self._send
        try:
            self.MPI.Prequest.Startall(requests)
            arrived = self._finished(requests, self.timeout, _PAUSE)
        except self.MPI.Exception as error:
            self._fail(call, f"MPI reports {error}")
        if not arrived:
            missing = [rank for rank, request in zip(self.others, self._receive, strict=True) if not request.Test()]
            self._break(f"{call} (call {self.calls}): {self._silent(missing)}")
        headers = self._headers.copy()
        if (headers[:, [_CALL, _DETAIL]] != headers[0, [_CALL, _DETAIL]]).any():
            raise DistributedError(f"{call} (call {self.calls}): {self._difference(call, details)}")
        return headers

    def close(self) -> None:
        """Free the requests of the headers, which MPI would report otherwise."""
        for request in self._receive + self._send:
            request.Free()
        self._receive, self._send, self.broken = [], [], self.broken or "the communicator was closed"

    def finish(self, call: str, request: Any) -> None:
        """Wait until `request`, a transfer that all ranks have begun, is done."""
        try:
            done = self._finished([request], self.timeout, 0.0)
        except self.MPI.Exception as error:
            self._fail(call, f"MPI reports {error}")
        if not done:
            self._fail(call, f"the transfer was not finished after {self.timeout:g} s")

    def _finished(self, requests: Sequence[Any], seconds: float, pause: float) -> bool:
        """Whether the requests were finished in time. Other processes on the same core run between the looks."""
        start = time.monotonic()
        while not self.MPI.Request.Testall(requests):
            waited = time.monotonic() - start
            if waited > seconds:
                return False
            if pause and waited > _SPIN:
                time.sleep(pause)
            else:
                _give_way()
        return True

    def _silent(self, missing: Sequence[int]) -> str:
        if not missing:
            return f"messages could not be sent within {self.timeout:g} s"
        return (
            f"nothing from {named(missing)} for {self.timeout:g} s: it has ended, hangs, or computes for longer than "
            "the timeout, which is an argument of communicator()"
        )

    def _fail(self, call: str, reason: str) -> None:
        """Find out which ranks are still there, by a message to each, and raise an error that names the others."""
        answers, here = np.zeros(self.size, np.int8), np.ones(1, np.int8)
        requests, sent = [], []
        for rank in self.others:
            try:
                requests.append((rank, self.mpi.Irecv(answers[rank : rank + 1], source=rank, tag=_ROLL_CALL)))
                sent.append(self.mpi.Isend(here, dest=rank, tag=_ROLL_CALL))
            except self.MPI.Exception:
                continue
        alive: set[int] = set()
        end = time.monotonic() + _GRACE
        while time.monotonic() < end and len(alive) < len(self.others):
            for rank, request in requests:
                try:
                    if rank not in alive and request.Test():
                        alive.add(rank)
                except self.MPI.Exception:
                    continue
            time.sleep(_PAUSE)
        missing = [rank for rank in self.others if rank not in alive]
        who = f"no answer from {named(missing)}" if missing else "all ranks answer"
        self._break(f"{call} (call {self.calls}): {reason}; {who}")

    def _break(self, message: str) -> None:
        self.broken = message
        raise DistributedError(message)

    def _difference(self, call: str, details: bytes) -> str:
        """What the ranks that differ from rank 0 call, or the first line of the details that differs."""
        texts = self._texts(call.encode() + b"\n" + details)
        if texts is None:
            return "the ranks are in different calls"
        first = texts[0]
        different = [rank for rank, text in enumerate(texts) if text != first]
        rank, count = different[0], len(different)
        more = "" if count == 1 else f" ({named(different)} differ from rank 0)"
        if texts[rank][0] != first[0]:
            return f"rank {rank} is in {texts[rank][0]}, rank 0 is in {first[0]}{more}"
        pairs = zip([*texts[rank], "nothing more"], [*first, "nothing more"], strict=False)
        other, own = next((other, own) for other, own in pairs if other != own)
        return f"rank {rank} has {other}, rank 0 has {own}{more}"

    def _texts(self, text: bytes) -> list[list[str]] | None:
        """The lines of all ranks, each with its call first. All ranks are here, because all have all headers."""
        lengths = np.zeros(self.size, np.int64)
        found: list[Any] = [bytearray(text)] * self.size
        own = np.array([len(text)], np.int64)
        sizes = [self.mpi.Irecv(lengths[rank : rank + 1], source=rank, tag=_DETAILS) for rank in self.others]
        sends = [self.mpi.Isend(data, dest=rank, tag=_DETAILS) for rank in self.others for data in (own, found[0])]
        if not self._finished(sizes, _GRACE, _PAUSE):
            return None
        for rank in self.others:
            found[rank] = bytearray(int(lengths[rank]))
        requests = [self.mpi.Irecv(found[rank], source=rank, tag=_DETAILS) for rank in self.others]
        if not self._finished(requests + sends, _GRACE, _PAUSE):
            return None
        return [bytes(lines).decode().rstrip("\n").split("\n") for lines in found]


def named(ranks: Sequence[int]) -> str:
    """Some ranks in an error, not more than eight."""
    if len(ranks) == 1:
        return f"rank {ranks[0]}"
    more = "" if len(ranks) <= 8 else f" and {len(ranks) - 8} more"
    return f"ranks {', '.join(map(str, ranks[:8]))}{more}"
