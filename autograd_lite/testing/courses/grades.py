"""Grades: the verdicts on many formulas for one function, as a table in text, CSV and HTML."""

from __future__ import annotations

import csv
import html
import io
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from autograd_lite.support.messages import one_line, shorten, show

_COLUMNS = ("person", "verdict", "mistake", "line")
_WIDEST = 100  # characters of a column of text; the other forms have all
_COLOURS = {"right": "#d8f0d8", "wrong": "#f8dcdc", "error": "#fbe8c8", "timeout": "#fbe8c8"}


@dataclass(frozen=True)
class Grade:
    """The verdict on one submission.

    Attributes
    ----------
    person : str
        The name of the submission.
    verdict : str
        "right", "wrong", "error" if there is no result to compare, or "timeout".
    mistake : str
        What is wrong, on one line: the simplest explanation, or the error. For a right one, what it depends on, if that
        was noticed.
    line : int, str or None
        The line of the source code, or the name of the false line of a derivation.
    report : str
        The whole message.
    """

    person: str
    verdict: str
    mistake: str = ""
    line: int | str | None = None
    report: str = field(default="", repr=False)


class Grades(Sequence[Grade]):
    """The verdicts in the order of the submissions. ``print`` shows a table, and so does a notebook.

    ``grades["Ada"]`` is the row of a person, ``grades[0]`` the first one.

    Examples
    --------
    >>> grades = Grades([Grade("Ada", "right"), Grade("Bob", "wrong", "the sign is flipped", 12)])
    >>> print(grades)
    person  verdict  mistake              line
    Ada     right
    Bob     wrong    the sign is flipped  12
    >>> grades["Bob"].line, grades.counts
    (12, Counter({'right': 1, 'wrong': 1}))
    """

    def __init__(self, rows: Sequence[Grade], heading: str = "person") -> None:
        self._rows = tuple(rows)
        self._heading = (heading, *_COLUMNS[1:])

    def __iter__(self) -> Iterator[Grade]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, key: Any) -> Any:
        if not isinstance(key, str):
            return self._rows[key]
        for row in self._rows:
            if row.person == key:
                return row
        raise KeyError(f"there is no submission of {show(key)}")

    @property
    def counts(self) -> Counter[str]:
        """How many there are of each verdict."""
        return Counter(row.verdict for row in self._rows)

    def _cells(self) -> list[list[str]]:
        return [[_on_one_line(getattr(row, column)) for column in _COLUMNS] for row in self._rows]

    def __str__(self) -> str:
        table = [list(self._heading), *([shorten(cell, _WIDEST) for cell in row] for row in self._cells())]
        widths = [max(_width(row[column]) for row in table) for column in range(len(_COLUMNS))]
        return "\n".join(
            "  ".join(cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in table
        )

    __repr__ = __str__

    def csv(self) -> str:
        """The table as comma-separated values. A cell that a spreadsheet would run as a formula starts with ``'``."""
        file = io.StringIO()
        writer = csv.writer(file, lineterminator="\n")
        writer.writerows([list(self._heading), *([_inert(cell) for cell in row] for row in self._cells())])
        return file.getvalue()

    def html(self) -> str:
        """The table as HTML; the whole message appears when the mouse is over a row."""
        head = "".join(f"<th style='text-align:left'>{column}</th>" for column in self._heading)
        rows = []
        for row, cells in zip(self._rows, self._cells(), strict=True):
            colour = _COLOURS.get(row.verdict, "transparent")
            columns = "".join(f"<td style='text-align:left'>{html.escape(cell)}</td>" for cell in cells)
            title = html.escape(encodable(row.report))
            rows.append(f'<tr title="{title}" style="background:{colour};color:#222">{columns}</tr>')
        return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"

    _repr_html_ = html


def _on_one_line(value: Any) -> str:
    """A value in a cell, without line breaks and other control characters."""
    text = "" if value is None else encodable(one_line(str(value), 300))
    return "".join(" " if unicodedata.category(character) == "Cc" else character for character in text)


def encodable(text: str) -> str:
    """Text in which lone surrogates, which no file and no terminal takes, are escaped."""
    return text.encode("utf-8", "backslashreplace").decode()


def _width(text: str) -> int:
    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in text)
    return len(text) + wide - sum(bool(unicodedata.combining(character)) for character in text)


def _inert(cell: str) -> str:
    return f"'{cell}" if cell.lstrip()[:1] in tuple("=+-@") else cell
