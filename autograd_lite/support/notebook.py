"""HTML for notebooks: arrays and lists of lines as small tables that are legible on light and dark pages.

Colours are transparent layers over the page's own, and the text has the colour of the page. Nothing is computed from
more numbers than are shown.
"""

from __future__ import annotations

import html
import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

EDGE = 5  # rows and columns that are shown at each end of a long axis
_CELL = "padding:1px 6px;text-align:right;font-family:monospace"
_BLUE, _RED = "68,119,170", "204,102,119"


def array_html(title: str, values: Any) -> str:
    """An array as a table, blue where it is positive and red where it is negative; axes before the last are rows."""
    values = np.asarray(values)
    rows, columns = math.prod(values.shape[:-1]), (values.shape[-1:] or (1,))[0]
    shown_rows, shown_columns = shown(rows), shown(columns)
    cells: dict[Any, Any] = {
        (i, j): values[(*np.unravel_index(i, values.shape[:-1]), j) if values.ndim else ()]
        for i in shown_rows
        for j in shown_columns
        if i is not None and j is not None
    }
    sizes = [abs(float(value)) for value in cells.values()]
    largest = max((size for size in sizes if math.isfinite(size)), default=0.0)
    lines = []
    for i in shown_rows:
        line = [_cell(cells.get((i, j)), largest) for j in shown_columns]
        lines.append(f"<tr>{''.join(line)}</tr>")
    return (
        f"<div style='overflow-x:auto'><div>{html.escape(title)}</div>"
        f"<table style='border-collapse:collapse;color:inherit'><tbody>{''.join(lines)}</tbody></table></div>"
    )


def shown(length: int) -> list[int | None]:
    """The numbers of the rows or columns that are shown, with None where some are left out."""
    if length <= 2 * EDGE + 1:
        return list(range(length))
    return [*range(EDGE), None, *range(length - EDGE, length)]


def _cell(value: Any, largest: float) -> str:
    if value is None:
        return f"<td style='{_CELL}'>⋯</td>"
    number = float(value)
    text = str(value) if value.dtype.kind != "f" else f"{number:.4g}"
    part = min(abs(number) / largest, 1.0) if largest and math.isfinite(number) else 0.0
    colour = f";background:rgba({_BLUE if number > 0 else _RED},{0.45 * part:.2f})" if part else ""
    return f"<td style='{_CELL}{colour}'>{text.replace('-', '−')}</td>"


def table_html(title: str, headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of texts, the first column on the left, where the spaces that a cell begins with are kept."""
    style = "padding:1px 10px 1px 0;white-space:pre;text-align:"
    lines = []
    for row in rows:
        cells = [
            f"<td style='{style}{'right' if i else 'left'}'>{html.escape(cell)}</td>" for i, cell in enumerate(row)
        ]
        lines.append(f"<tr>{''.join(cells)}</tr>")
    head = "".join(f"<th style='{style}left'>{html.escape(heading)}</th>" for heading in headings)
    return (
        f"<div style='overflow-x:auto'><div>{html.escape(title)}</div>"
        f"<table style='font-family:monospace;color:inherit'><thead><tr>{head}</tr></thead>"
        f"<tbody>{''.join(lines)}</tbody></table></div>"
    )


def lines_html(text: str) -> str:
    """A text as it is."""
    return f"<div>{html.escape(text)}</div>"


def details_html(summary: str, text: str) -> str:
    """A long text that is hidden until the reader opens it."""
    pre = f"<pre style='overflow-x:auto'>{html.escape(text)}</pre>"
    return f"<details><summary>{html.escape(summary)}</summary>{pre}</details>"
