"""A mismatch as HTML for notebooks: both arrays as tables, coloured by the error, the explanations, the derivation."""

from __future__ import annotations

import html
import math
import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from autograd_lite.support.conversion import NumberArray
from autograd_lite.support.messages import shorten

_EDGE = 5  # rows and columns that are shown at each end of a long axis
_CELL = "padding:1px 6px;text-align:right;font-family:monospace"
_BESIDE = "display:flex;flex-wrap:wrap;gap:24px;align-items:flex-start;overflow-x:auto"
_LONGEST = 20_000  # characters of a derivation


def mismatch_html(mismatch: Any, has_math: bool = True) -> str:
    """A `GradientMismatch`: the message and the two arrays, green where they agree, redder the more they differ.

    Where the page does not set mathematics, pass ``has_math=False``: the derivation is then text.
    """
    title = f"{mismatch.subject} disagrees with {mismatch.reference}"
    parts = [f"<p><b>{_text(title)}</b></p>"]
    if mismatch.is_shape_error:
        parts.append(f"<p>wrong shape: {mismatch.actual_shape}, expected {mismatch.expected_shape}</p>")
    else:
        at = f" at {list(mismatch.index)}" if mismatch.index else ""
        parts.append(f"<p>largest difference{at}: {mismatch.actual_value!r}, expected {mismatch.expected_value!r}</p>")
    actual = _table(str(mismatch.subject), mismatch.actual, mismatch)
    expected = _table("right", mismatch.expected, mismatch)
    parts.append(f"<div style='{_BESIDE}'>{actual}{expected}</div>")
    parts += _explanations(mismatch)
    parts += [f"<p>{_text(remark)}</p>" for remark in mismatch.remarks]
    # Names and code of users may have dollar signs; only the derivation is to be set as mathematics.
    parts = [f"<div class='tex2jax_ignore mathjax_ignore'>{''.join(parts)}</div>"]
    derivation = mismatch.derivation
    if derivation is not None and not has_math:
        parts.append(f"<p>The derivation of the right one:</p><pre>{_text(shorten(str(derivation), _LONGEST))}</pre>")
    elif derivation is not None and len(latex := derivation.latex()) <= _LONGEST:
        parts.append(f"<p>The derivation of the right one:</p><div>$$\n{_text(latex)}\n$$</div>")
    return f"<div>{''.join(parts)}</div>"


def _text(value: object) -> str:
    return html.escape(str(value))


def _explanations(mismatch: Any) -> Iterator[str]:
    if mismatch.findings:
        texts = [re.sub("`([^`]*)`", r"<code>\1</code>", _text(finding)) for finding in mismatch.findings]
        items = "".join(f"<li>{text}</li>" for text in texts)
        yield f"<p>Possible explanations, each tested on these numbers:</p><ol>{items}</ol>"
    else:
        yield "<p>No known mistake explains it.</p>"


def _table(title: str, values: NumberArray, mismatch: Any) -> str:
    """An array as a table; axes before the last one are its rows."""
    matrix = values.reshape(math.prod(values.shape[:-1]), *(values.shape[-1:] or (1,)))
    difference, largest = None, 0.0
    if not mismatch.is_shape_error:
        difference = np.abs(mismatch.actual - mismatch.expected).reshape(matrix.shape)
        largest = float(np.max(difference, initial=0.0, where=np.isfinite(difference)))
    rows, columns = _shown(matrix.shape[0]), _shown(matrix.shape[1])
    lines = []
    for row in rows:
        cells = []
        for column in columns:
            if row is None or column is None:
                cells.append(f"<td style='{_CELL}'>⋯</td>")
                continue
            index = np.unravel_index(row * matrix.shape[1] + column, values.shape) if values.ndim else ()
            place = f"[{', '.join(map(str, index))}]: {float(matrix[row, column])!r}"
            style = _CELL
            if difference is not None:
                style += _colour(float(difference[row, column]), largest, mismatch.tolerance)
            cells.append(f'<td style="{style}" title="{_text(place)}">{_text(_number(matrix[row, column]))}</td>')
        lines.append(f"<tr>{''.join(cells)}</tr>")
    caption = f"{shorten(title, 60)}, shape {values.shape}"
    return f"<table><caption style='text-align:left'>{_text(caption)}</caption><tbody>{''.join(lines)}</tbody></table>"


def _shown(length: int) -> list[int | None]:
    """The numbers of the rows or columns that are shown, with None where some are left out."""
    if length <= 2 * _EDGE + 1:
        return list(range(length))
    return [*range(_EDGE), None, *range(length - _EDGE, length)]


def _colour(difference: float, largest: float, tolerance: float) -> str:
    """The style of a cell: green within the tolerance, else the redder the larger the difference is."""
    if difference <= tolerance:
        return ";background:#e2f3e2;color:#222"
    part = difference / largest if np.isfinite(difference) and largest else 1.0
    return f";background:rgba(220,50,50,{0.2 + 0.6 * part:.2f});color:#222"


def _number(value: Any) -> str:
    return f"{float(value):.4g}".replace("-", "−")
