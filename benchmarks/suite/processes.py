"""Each engine runs in a separate process for the whole run, so engines share neither memory nor threads.

In one process the libraries change each other's times. What one of them has allocated decides whether the next one gets
its memory from the system, page by page, or reuses freed memory; this makes the step by hand up to 2.7 times slower or
faster. Here all engines reuse freed memory.
"""

from __future__ import annotations

import gc
import importlib
import multiprocessing
import os
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any, Self

import numpy as np

from suite.engine import Engine
from suite.timing import Contestant, start_here

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS", "NPROC")
"""The environment variables that set numbers of threads. JAX reads NPROC."""


@contextmanager
def limited(threads: int | None) -> Iterator[None]:
    """Processes that are started inside have so many threads per library; None leaves the default of each library."""
    before = {name: os.environ.get(name) for name in THREADS}
    if threads is not None:
        os.environ.update(dict.fromkeys(THREADS, str(threads)))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


class Processes:
    """The processes of a run, started on demand. An instance is the `start` argument of `contestants`."""

    def __init__(self) -> None:
        self._connections: dict[str, Connection] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for connection in self._connections.values():
            connection.close()  # which ends the processes

    def __call__(self, engine: Engine, case: Any) -> RemoteContestant | None:
        if engine.name not in self._connections:
            context = multiprocessing.get_context("spawn")
            self._connections[engine.name], theirs = context.Pipe()
            context.Process(target=_serve, args=(theirs, engine.module), daemon=True).start()
            theirs.close()
        contestant = RemoteContestant(engine, self._connections[engine.name])
        return contestant if contestant.call("start", case) else None


class RemoteContestant(Contestant):
    """A contestant in another process."""

    def __init__(self, engine: Engine, connection: Connection) -> None:
        self.engine, self._connection = engine, connection

    def losses(self, steps: int) -> list[float]:
        return self.call("losses", steps)  # type: ignore[no-any-return]

    def block(self, steps: int) -> float:
        return self.call("block", steps)  # type: ignore[no-any-return]

    def call(self, method: str, argument: Any) -> Any:
        """Call a method in the other process. Return its result or raise its error."""
        self._connection.send((method, argument))
        result = self._connection.recv()
        if isinstance(result, Exception):
            raise result
        return result


def keep_freed_memory() -> None:
    """The same as `autograd_lite.keep_freed_memory`, for processes that do not import autograd_lite."""
    np.empty(2**25 - 2**16, np.uint8)


def _serve(connection: Connection, module: str) -> None:
    """The loop of a process: build contestants and call methods of the latest one, until the connection is closed."""
    keep_freed_memory()
    engine, contestant = None, None
    while True:
        try:
            method, argument = connection.recv()
        except EOFError:
            return
        try:
            if method == "start":
                contestant = None
                engine = engine or importlib.import_module(module).ENGINE
                contestant = start_here(engine, argument)
                gc.collect()
                result: Any = contestant is not None
            else:
                result = getattr(contestant, method)(argument)
        except Exception as error:
            result = RuntimeError(f"{type(error).__name__}: {error}")
        connection.send(result)
