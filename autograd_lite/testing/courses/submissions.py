"""Submissions: formulas of many people, as functions, as source text, or as the files of a folder."""

from __future__ import annotations

import linecache
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import FunctionType
from typing import Any, NamedTuple

import numpy as np

from autograd_lite.support.messages import show

Formula = Callable[..., Any] | Mapping[str, Any]


class Submission(NamedTuple):
    """What a person has handed in: a formula or the lines of a derivation, or the source of one."""

    person: str
    formula: Any
    source: str | bytes | None = None
    filename: str = ""

    def load(self, function: str) -> Formula:
        """The formula. Source is compiled and run in a namespace of its own, which has ``np``.

        Raises
        ------
        LookupError
            If the source defines no such function, and not exactly one function of another name.
        """
        if self.source is None:
            return self.formula  # type: ignore[no-any-return]
        if os.path.exists(self.filename):
            sys.path.insert(0, os.path.dirname(self.filename))
        else:
            text = self.source if isinstance(self.source, str) else self.source.decode()
            linecache.cache[self.filename] = (len(text), None, text.splitlines(keepends=True), self.filename)
        namespace: dict[str, Any] = {"__name__": "submission", "np": np}
        exec(compile(self.source, self.filename, "exec"), namespace)
        own = {
            name: value
            for name, value in namespace.items()
            if isinstance(value, FunctionType) and value.__code__.co_filename == self.filename
        }
        if function in namespace:
            return namespace[function]  # type: ignore[no-any-return]
        if len(own) == 1:
            return next(iter(own.values()))
        found = f"{len(own)} functions, {', '.join(own)}, but none" if own else "no function"
        raise LookupError(f"it defines {found} called {function}")


def read_submissions(given: Any) -> list[Submission]:
    """The submissions of a mapping or of a folder.

    Raises
    ------
    TypeError, ValueError, FileNotFoundError
        If they are neither, or there is none.
    """
    if isinstance(given, str | os.PathLike):
        if not os.path.isdir(given):
            raise FileNotFoundError(f"grade: there is no folder {show(os.fspath(given))}")
        folder = Path(given)
        files = sorted(folder.glob("*.py"))
        found = [Submission(file.stem, None, file.read_bytes(), str(file.resolve())) for file in files]
    elif isinstance(given, Mapping):
        found = [_read(person, formula) for person, formula in given.items()]
    else:
        raise TypeError(f"grade: the submissions must be a dict of names to formulas or a folder, not {show(given)}")
    if not found:
        raise ValueError("grade: there are no submissions")
    return found


def _read(person: Any, formula: Any) -> Submission:
    if not isinstance(person, str):
        raise TypeError(f"grade: the name of a submission must be a string, not {show(person)}")
    if isinstance(formula, str):
        return Submission(person, None, formula, f"<submission of {person}>")
    if not callable(formula) and not isinstance(formula, Mapping):
        raise TypeError(f"grade: the submission of {show(person)} must be a function, its source, or a dict of lines, "
                        f"not {show(formula)}")  # fmt: skip
    return Submission(person, formula)
