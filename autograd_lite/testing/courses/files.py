"""The closed forms in files, checked outside pytest: ``python -m autograd_lite check FILE.py``."""

from __future__ import annotations

import html
import importlib.util
import inspect
import sys
import traceback
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from autograd_lite.support.messages import one_line
from autograd_lite.testing.courses.declared import Declaration, declaration_of
from autograd_lite.testing.courses.grades import Grade, Grades
from autograd_lite.testing.courses.grading import grade_of
from autograd_lite.testing.mismatch import GradientMismatch
from autograd_lite.testing.mismatch_html import mismatch_html

_STYLE = (
    ":root{color-scheme:light dark}body{font-family:system-ui,sans-serif;max-width:70em;margin:2em auto;padding:0 1em}"
    "td,th{padding:3px 8px}pre{overflow-x:auto}section{border-top:1px solid #888;margin-top:2em}"
)


class UnusableFileError(Exception):
    """A file that cannot be checked: it does not exist, raises when it is imported, or has no closed form."""


@dataclass
class FileReport:
    """The verdicts on the closed forms of a file.

    Attributes
    ----------
    path : Path
    grades : Grades
        A row for each formula; its name is in the column of the person.
    mismatches : dict of str to GradientMismatch
        The errors of those that are wrong.
    """

    path: Path
    grades: Grades
    mismatches: dict[str, GradientMismatch] = field(default_factory=dict)

    def __str__(self) -> str:
        """The table, then the whole message about each formula that is not right."""
        parts = [str(self.path), str(self.grades)]
        parts += [f"-- {row.person} --\n\n{row.report.rstrip()}" for row in self.grades if row.verdict != "right"]
        return "\n\n".join(parts)

    def html(self) -> str:
        """The same for a page, with the arrays of each mismatch as coloured tables."""
        parts = [f"<h2>{html.escape(str(self.path))}</h2>", self.grades.html()]
        for row in self.grades:
            if row.verdict == "right":
                continue
            found = self.mismatches.get(row.person)
            text = f"<pre>{html.escape(row.report)}</pre>"
            if found is not None:
                notes = "\n".join(getattr(found, "__notes__", ()))
                text = mismatch_html(found, has_math=False) + f"<pre>{html.escape(notes)}</pre>"
            parts.append(f"<section><h3>{html.escape(row.person)}</h3>{text}</section>")
        return "".join(parts)


def check_file(path: Path) -> FileReport:
    """Import a file and check every function in it that `closed_form` decorates, as the plugin of pytest does.

    Raises
    ------
    UnusableFileError
        If there is nothing to check.
    """
    formulas = dict(_formulas(_imported(path)))
    if not formulas:
        raise UnusableFileError(
            f"{path} has no closed form; decorate a formula with autograd_lite.testing.closed_form(of=function)"
        )
    rows, mismatches = [], {}
    for name, (declaration, formula, owner) in formulas.items():
        try:
            with warnings.catch_warnings(record=True) as noticed:
                warnings.simplefilter("always")
                declaration.check(formula if owner is None else formula.__get__(owner()))
        except (Exception, SystemExit) as error:
            rows.append(Grade(name, **grade_of(error, formula)))
            if isinstance(error, GradientMismatch):
                mismatches[name] = error
            continue
        own = [one_line(item.message) for item in noticed if item.category.__module__.startswith("autograd_lite.")]
        rows.append(Grade(name, "right", "; ".join(own)))
    return FileReport(path, Grades(rows, "formula"), mismatches)


def page(reports: Sequence[FileReport]) -> str:
    """An HTML page on several files that needs nothing else."""
    body = "".join(report.html() for report in reports)
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content='
        f'"width=device-width"><title>Closed forms</title><style>{_STYLE}</style></head>\n'
        f"<body><h1>Closed forms</h1>{body}</body></html>\n"
    )


def _imported(path: Path) -> Any:
    """The module of a file, with the folder of the file on the path, as when Python runs it."""
    if not path.is_file():
        raise UnusableFileError(f"{path} is {'a folder' if path.is_dir() else 'not there'}; pass a Python file")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise UnusableFileError(f"{path} is no Python file: its name does not end in .py")
    module = importlib.util.module_from_spec(spec)
    with _at(path.stem, module, str(path.resolve().parent)):
        try:
            spec.loader.exec_module(module)
        except (Exception, SystemExit) as error:
            what = "".join(traceback.format_exception_only(error)).strip()
            places = [
                frame
                for frame in traceback.extract_tb(error.__traceback__)
                if Path(frame.filename).resolve() == path.resolve()
            ]
            line = f" in line {places[-1].lineno}" if places else ""
            raise UnusableFileError(f"{path} cannot be imported; it raises{line}\n{what}") from error
    return module


@contextmanager
def _at(name: str, module: Any, folder: str) -> Iterator[None]:
    """`module` among the imported ones while it runs, and a folder in front of the path."""
    before = sys.modules.get(name)
    sys.modules[name] = module
    sys.path.insert(0, folder)
    try:
        yield
    finally:
        sys.path.remove(folder)
        if before is not None:
            sys.modules[name] = before


def _formulas(module: Any) -> Iterator[tuple[str, tuple[Declaration, Any, Any]]]:
    """The decorated functions by their names: the declaration, the function, and the class if it is a method."""
    for name, value in vars(module).items():
        found = declaration_of(value)
        if found is not None:
            yield name, (found, value, None)
        elif isinstance(value, type) and value.__module__ == module.__name__:
            for method, function in vars(value).items():
                found = declaration_of(function)
                if found is not None:
                    plain = function.__func__ if isinstance(function, staticmethod) else function
                    is_bound = next(iter(inspect.signature(plain).parameters), None) == "self"
                    yield f"{name}.{method}", (found, plain, value if is_bound else None)
