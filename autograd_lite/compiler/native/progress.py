"""A line on stderr that counts compiled kernels, if compiling takes more than a second."""

from __future__ import annotations

import os
import sys
import time
from contextlib import suppress
from typing import Self

_SILENT_SECONDS = 1.0


class Progress:
    """Count what is done: ``compiling step: 3 of 12 kernels``.

    A terminal shows one line, which is updated. Anything else gets one line after a second and one at the end.
    AUTOGRAD_LITE_PROGRESS=0 silences both.

    Parameters
    ----------
    title : str
        What is compiled, for the reader.
    total : int
        How many kernels there are.

    Examples
    --------
    >>> with Progress("step", 2) as progress:
    ...     for _ in range(2):
    ...         progress.advance()
    """

    def __init__(self, title: str, total: int) -> None:
        self._title, self._total, self._done = f"compiling {title}".rstrip(), total, 0
        self._silent = sys.stderr is None or os.environ.get("AUTOGRAD_LITE_PROGRESS") == "0"
        self._in_place = not self._silent and sys.stderr.isatty()
        self._shown = False

    def __enter__(self) -> Self:
        self._start = time.perf_counter()
        return self

    def advance(self) -> None:
        """Count one more, and show it."""
        self._done += 1
        if self._done < self._total and (self._in_place or not self._shown):
            self._show("" if self._in_place else "\n")

    def __exit__(self, *error: object) -> None:
        self._show(f", {time.perf_counter() - self._start:.1f} s\n")

    def _show(self, end: str) -> None:
        if self._silent or time.perf_counter() - self._start <= _SILENT_SECONDS:
            return
        start = "\r" if self._in_place and self._shown else ""
        self._shown = True
        with suppress(OSError, ValueError):  # stderr is closed: no reason to stop
            sys.stderr.write(f"{start}{self._title}: {self._done} of {self._total} kernels{end}")
            sys.stderr.flush()
