"""Docstrings and tables as reStructuredText. Formulas in docstrings are Unicode: `|x|` and `p_k` are no markup."""

import inspect
import re
from typing import Any

_LITERAL = re.compile(r"(``.+?``|`[^`]+`|\*\*(?:\\\*)*\w[^*]*\*\*|\\\\\*|\\[|*])")
_INDEX = re.compile(r"(?<![\w_])([A-Za-zΑ-ωΣΠ∂][ᵀ′'̂]?)_(?:[{(]([^})]+)[})]|([A-Za-z0-9]{1,2})(?![\w(]))")


def legible(line: str) -> str:
    """A line of a docstring with its bars and indices as markup. Literals and examples stay as they are."""
    parts = _LITERAL.split(line)
    for i in range(0, len(parts), 2):
        part = re.sub(r"([|*])", r"\\\1", parts[i])
        part = _INDEX.sub(lambda found: f"{found[1]}\\ :sub:`{found[2] or found[3]}`\\ ", part)
        parts[i] = re.sub(r"(?<=\w)_(?![\w`])", r"\\_", part)
    return "".join(parts)


def first_line(thing: Any) -> str:
    """The summary of what has a docstring."""
    return legible((inspect.getdoc(thing) or "").partition("\n")[0])


def heading(text: str, line: str = "-") -> str:
    return f"{text}\n{line * len(text)}\n\n"


def table(rows: list[tuple[str, str]]) -> str:
    """Names, and what they are."""
    cells = [f"   * - {name}\n     - {text}\n" for name, text in rows]
    return "".join([".. list-table::\n   :widths: 30 70\n   :class: names\n\n", *cells, "\n"])
