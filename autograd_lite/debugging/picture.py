"""What a picture of a graph contains: its boxes and arrows, and both as text in the DOT language of Graphviz."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

_HEAD = """\
digraph {
  graph [ranksep=0.35, nodesep=0.3]
  node [shape=box, style="rounded,filled", fillcolor="#f3f3ee", color="#8a8a80", fontname="Helvetica", fontsize=11]
  edge [color="#5f5f5f", fontcolor="#5f5f5f", fontname="Helvetica", fontsize=9, arrowsize=0.7]"""
_LOOKS = {
    "operation": "",
    "leaf": 'style=filled, fillcolor="#d0ddea", color="#4477aa"',
    "constant": 'style="filled,dashed", fillcolor=white',
    "module": 'style="rounded,filled", fillcolor="#e6dff0", color="#7a5fa0"',
    "released": 'style="rounded,filled,dashed"',
}


@dataclass
class Box:
    """A node or a leaf of the graph, a constant, or a module with all its operations.

    Attributes
    ----------
    kind : {"operation", "leaf", "constant", "module", "released"}
    lines : list of str
        The name or the operation first, then the shape.
    values : list of str
        The lines for data and gradients.
    is_result : bool
        Whether the picture was asked for the tensor behind it.
    name : str
        The name that the user has given to a constant, if any.
    """

    kind: str
    lines: list[str]
    values: list[str] = field(default_factory=list)
    is_result: bool = False
    name: str = ""


@dataclass
class Arrow:
    """From a box to one that uses its value; the label names the argument."""

    start: int
    end: int
    label: str = ""


@dataclass
class Picture:
    """Boxes by their numbers, and the arrows between them."""

    boxes: dict[int, Box]
    arrows: list[Arrow]


def dot(picture: Picture) -> str:
    """The picture in the DOT language."""
    return "\n".join([_HEAD, *_lines(picture), "}"])


def _lines(picture: Picture) -> Iterator[str]:
    for number, box in picture.boxes.items():
        label = f"label={_quoted(chr(10).join([*box.lines, *box.values]))}"
        look = [label, _LOOKS[box.kind], "penwidth=2" * box.is_result]
        yield f"  {number} [{', '.join(filter(None, look))}]"
    for arrow in picture.arrows:
        yield f"  {arrow.start} -> {arrow.end}" + f" [label={_quoted(arrow.label)}]" * bool(arrow.label)


def _quoted(text: str) -> str:
    """A string literal of the DOT language, with quotes, backslashes and line breaks escaped."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
