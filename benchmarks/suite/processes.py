"""Each engine in a process of its own for the whole run, so that none lives with the memory and threads of another.

In one process the libraries change each other's times: what one has allocated decides whether the next gets its memory
from the system, page by page, or finds it ready, which makes the step by hand up to 2.7 times slower or faster. Here
all of them find it ready.
"""

from __future__ import annotations

import gc
import importlib
import multiprocessing
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any, Self

import numpy as np

from suite.engine import Engine
from suite.timing import Contestant, start_here


class Processes:
    """The processes of a run, started as they are needed; the `start` of `contestants` and of what is built on it."""

    def __init__(self) -> None:
        self._connections: dict[str, Connection] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for connection in self._connections.values():
            connection.close()  # the processes then end by themselves

    def __call__(self, engine: Engine, case: Any) -> Distant | None:
        if engine.name not in self._connections:
            context = multiprocessing.get_context("spawn")
            self._connections[engine.name], theirs = context.Pipe()
            build = engine.network or engine.scalar
            assert build is not None
            context.Process(target=_serve, args=(theirs, build.__module__), daemon=True).start()
            theirs.close()
        contestant = Distant(engine, self._connections[engine.name])
        return contestant if contestant.ask("start", case) else None


class Distant(Contestant):
    """A contestant that lives in another process."""

    def __init__(self, engine: Engine, connection: Connection) -> None:
        self.engine, self._connection = engine, connection

    def losses(self, steps: int) -> list[float]:
        return self.ask("losses", steps)  # type: ignore[no-any-return]

    def block(self, steps: int) -> float:
        return self.ask("block", steps)  # type: ignore[no-any-return]

    def ask(self, method: str, argument: Any) -> Any:
        """What the method returns there; its errors are raised here."""
        self._connection.send((method, argument))
        result = self._connection.recv()
        if isinstance(result, Exception):
            raise result
        return result


def _serve(connection: Connection, module: str) -> None:
    """The other side: build contestants and do what is asked of the last one, until nobody is there to ask."""
    np.empty(2**25 - 2**16, np.uint8)  # glibc, which has seen this freed, keeps freed memory for the next step
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
