"""communicator(): the processes that mpiexec has started, and the end of all when one fails."""

from __future__ import annotations

import atexit
import os
import sys
import time
import traceback
from types import TracebackType
from typing import Any

from autograd_lite.distributed.communicator import Communicator
from autograd_lite.distributed.exchange import Exchange
from autograd_lite.support.checks import check
from autograd_lite.support.messages import show

# What the launchers of MPICH and Intel MPI, Open MPI, MVAPICH, and Slurm set to the number of processes.
_SIZES = ("PMI_SIZE", "OMPI_COMM_WORLD_SIZE", "MV2_COMM_WORLD_SIZE")
_LAUNCHED = (*_SIZES, "PMIX_RANK", "PMI_RANK")
_LAST_WORDS = 1.0  # seconds for mpiexec to pass on what was printed, here and on the other ranks


def communicator(comm: Any = None, *, timeout: float = 300.0) -> Communicator:
    """The processes of this program: those that ``mpiexec -n 4 python train.py`` has started, or this one alone.

    With several processes, an exception that is not caught on one rank is printed with its rank and ends all of them.

    Parameters
    ----------
    comm : mpi4py.MPI.Comm, optional
        Some of the processes; by default all.
    timeout : float, default 300
        The longest wait for the other ranks in one call, in seconds. It must be longer than what one rank may do alone,
        such as writing a checkpoint.

    Raises
    ------
    ImportError
        If mpiexec has started several processes, and mpi4py is not installed.
    RuntimeError
        If mpiexec has started several processes, but mpi4py uses another MPI library, for which each is alone.
    DistributedError
        If not all ranks make this call in time; the others are named.

    Examples
    --------
    >>> communicator()  # started without mpiexec
    Communicator(rank=0, size=1)
    """
    check("communicator", "positive and finite", lambda value: 0 < value < float("inf"), timeout=timeout)
    if comm is None:
        comm = _world()
    elif not all(hasattr(comm, name) for name in ("Iallreduce", "Idup", "Get_rank")):
        raise TypeError(f"communicator: comm must be a communicator of mpi4py, not {show(comm)}")
    if comm is None or comm.Get_size() == 1:
        return Communicator()
    _end_all_after_an_error(comm)
    first = Exchange(comm, timeout)
    first.meet("communicator", f"the timeout {timeout:g}".encode())
    # A communicator of its own: messages of the user cannot be mistaken for those of the library.
    own, request = comm.Idup()
    first.finish("communicator", request)
    first.close()
    exchange = Exchange(own, timeout)
    atexit.register(_end, exchange)
    return Communicator(exchange)


def _world() -> Any:
    """MPI's communicator of all processes; None if mpiexec has not started this one."""
    started = max((int(os.environ[name]) for name in _SIZES if os.environ.get(name, "").isdigit()), default=1)
    if "mpi4py.MPI" not in sys.modules and not any(name in os.environ for name in _LAUNCHED):
        return None
    try:
        from mpi4py import MPI
    except ImportError as error:
        if started == 1:
            return None
        raise ImportError(
            f"communicator: mpiexec has started {started} processes, but mpi4py cannot be imported ({error}); "
            'pip install "autograd-lite[mpi]"'
        ) from error
    if MPI.COMM_WORLD.Get_size() == 1 and started > 1:
        raise RuntimeError(
            f"communicator: the launcher has started {started} processes, but for mpi4py each is alone: it uses "
            f"{MPI.Get_library_version().splitlines()[0].strip()}; start the program by the mpiexec of that library"
        )
    return MPI.COMM_WORLD


class _Hook:
    """The function that Python calls with an exception that is not caught: it ends all ranks."""

    def __init__(self, mpi: Any) -> None:
        self.mpi = mpi

    def __call__(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        lines = "".join(traceback.format_exception(kind, error, trace))
        sys.stdout.flush()
        sys.stderr.write(f"rank {self.mpi.Get_rank()} of {self.mpi.Get_size()} ends all ranks:\n{lines}")
        sys.stderr.flush()
        time.sleep(_LAST_WORDS)
        self.mpi.Abort(1)


def _end_all_after_an_error(mpi: Any) -> None:
    if not isinstance(sys.excepthook, _Hook):
        sys.excepthook = _Hook(mpi)


def _end(exchange: Exchange) -> None:
    """At the end of a program. After an error that was caught, all ranks end: MPI would wait for those missing."""
    if exchange.broken is None:
        exchange.close()
    else:
        sys.stdout.flush()
        sys.stderr.flush()
        exchange.mpi.Abort(1)
