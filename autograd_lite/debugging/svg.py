"""A picture as SVG, the same on every machine: each text is stretched to the width that its box was made for."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from html import escape

from autograd_lite.debugging.layout import ENTRY, Layout, Point, arrange
from autograd_lite.debugging.picture import Arrow, Box, Picture

_MARGIN = 8.0
_PAD = 9.0  # between a text and the edge of its box
_SIZE, _SMALL, _LABEL = 12.0, 10.5, 10.0  # of the first line, the others, the names of arguments
_LEADING = 1.35  # the height of a line, in sizes
_LONGEST = 48  # characters of a line

# No grey has enough contrast to light and to dark pages, so the picture has a ground of its own.
_GROUND = "#ffffff"
_GREY = "#5f5f5f"  # of arrows and the names of arguments
_LOOKS = {  # fill, edge
    "operation": ("#f3f3ee", "#8a8a80"),
    "leaf": ("#d0ddea", "#4477aa"),
    "constant": ("#ffffff", "#8a8a80"),
    "module": ("#e6dff0", "#7a5fa0"),
    "released": ("#f3f3ee", "#8a8a80"),
}
_SQUARE = {"leaf", "constant"}
_DASHED = ' stroke-dasharray="4 3"'

# Widths of the letters of Helvetica in thousandths of the size; all others are taken as wide as the widest digit.
_WIDTHS = {
    letter: width
    for letters, width in {
        "ijl'": 222, "|": 260, " !,./:;I[\\]ft": 278, "()-r`": 333, '"': 355, "*": 389, "^": 469,
        "Jcksvxyz": 500, "{}": 334, "#$0123456789?L_abdeghnopqu": 556, "+<=>~": 584, "FTZ": 611,
        "&ABEKPSVXY": 667, "CDHNRUw": 722, "GOQ": 778, "Mm": 833, "%": 889, "W": 944, "@": 1015,
    }.items()
    for letter in letters
}  # fmt: skip


def svg(picture: Picture) -> str:
    """The picture as SVG."""
    numbers = {number: i for i, number in enumerate(picture.boxes)}
    boxes = list(picture.boxes.values())
    arrows = [(numbers[arrow.start], numbers[arrow.end]) for arrow in picture.arrows]
    rooms = [_width(arrow.label, _LABEL) + 10 if arrow.label else 8.0 for arrow in picture.arrows]
    sizes = [_box_size(box) for box in boxes]
    entries = [0.0] * len(boxes)
    for (_, end), room in zip(arrows, rooms, strict=True):
        entries[end] += room
    sizes = [(max(width, entry), height) for (width, height), entry in zip(sizes, entries, strict=True)]
    layout = arrange(sizes, arrows, rooms)
    width, height = layout.width + 2 * _MARGIN, layout.height + 2 * _MARGIN
    title = f"Computation graph of {len(boxes)} boxes and {len(arrows)} arrows"
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{_n(width)}" height="{_n(height)}" '
            f'viewBox="{_n(-_MARGIN)} {_n(-_MARGIN)} {_n(width)} {_n(height)}" role="img" style="max-width:100%;'
            f'height:auto" font-family="Helvetica, Arial, sans-serif">',
            f"<title>{title}</title>",
            f'<rect x="{_n(-_MARGIN)}" y="{_n(-_MARGIN)}" width="{_n(width)}" height="{_n(height)}" rx="{_n(_MARGIN)}" '
            f'fill="{_GROUND}"/>',
            *_drawn_arrows(picture.arrows, layout),
            *(line for box, corner, size in zip(boxes, layout.boxes, sizes, strict=True)
              for line in _drawn_box(box, corner, size)),
            "</svg>\n",
        ]
    )  # fmt: skip


def _texts(box: Box) -> Iterator[tuple[str, float, str]]:
    """The lines of text in a box: each with its size and its look."""
    lines = [line for text in box.lines for line in text.split("\n")]
    for i, line in enumerate([*lines, *box.values]):
        look = ' font-weight="600" fill="#111111"' if not i else ' fill="#333333"'
        if i >= len(lines):
            look = ' fill="#8a2f0a"' if line.startswith("gradient") else ' fill="#14506e"'
        shown = "".join(letter if letter.isprintable() else " " for letter in line)
        yield (shown if len(shown) <= _LONGEST else shown[: _LONGEST - 1] + "…"), _SMALL if i else _SIZE, look


def _box_size(box: Box) -> tuple[float, float]:
    texts = list(_texts(box))
    width = max(_width(text, size) for text, size, _ in texts)
    return max(width + 2 * _PAD, 40.0), sum(size * _LEADING for _, size, _ in texts) + _PAD


def _width(text: str, size: float) -> float:
    wide = sum(1000 if unicodedata.east_asian_width(letter) in "WF" else _WIDTHS.get(letter, 600) for letter in text)
    return wide * size * (1.06 if size == _SIZE else 1.0) / 1000  # the first line is bold


def _drawn_box(box: Box, corner: Point, size: tuple[float, float]) -> Iterator[str]:
    (x, y), (width, height) = corner, size
    fill, edge = _LOOKS[box.kind]
    rounded = 0 if box.kind in _SQUARE else 7
    dashed = _DASHED if box.kind in ("constant", "released") else ""
    yield (
        f'<rect x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" height="{_n(height)}" rx="{rounded}" fill="{fill}" '
        f'stroke="{edge}" stroke-width="{2.5 if box.is_result else 1}"{dashed}/>'
    )
    below = y + _PAD / 2
    for text, letters, look in _texts(box):
        below += letters * _LEADING
        yield (
            f'<text x="{_n(x + width / 2)}" y="{_n(below - letters * 0.34)}" font-size="{_n(letters)}" '
            f'text-anchor="middle" textLength="{_n(_width(text, letters))}" lengthAdjust="spacingAndGlyphs"{look}>'
            f"{escape(text)}</text>"
        )


def _drawn_arrows(arrows: list[Arrow], layout: Layout) -> Iterator[str]:
    yield f'<g fill="none" stroke="{_GREY}">'
    for points in layout.arrows:
        yield f'<path d="{_path(points)}"/>'
    yield f'</g>\n<g fill="{_GREY}" font-size="{_n(_LABEL)}">'
    for arrow, points in zip(arrows, layout.arrows, strict=True):
        x, y = points[-1]
        yield f'<path d="M{_n(x)} {_n(y)}l-3.5 -7h7z"/>'
        if arrow.label:
            yield (
                f'<text x="{_n(x + 5)}" y="{_n(y - ENTRY / 3)}" textLength="{_n(_width(arrow.label, _LABEL))}" '
                f'lengthAdjust="spacingAndGlyphs">{escape(arrow.label)}</text>'
            )
    yield "</g>"


def _path(points: list[Point]) -> str:
    """Vertical lines and curves between them in turns, see `Layout`; the head covers the end."""
    (x, y), *others = points
    parts = [f"M{_n(x)} {_n(y)}"]
    for i, (to_x, to_y) in enumerate(others):
        if i % 2:
            middle = _n((y + to_y) / 2)
            parts.append(f"C{_n(x)} {middle} {_n(to_x)} {middle} {_n(to_x)} {_n(to_y)}")
        else:
            parts.append(f"V{_n(to_y - 5 if i == len(others) - 1 else to_y)}")
        x, y = to_x, to_y
    return "".join(parts)


def _n(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")
