"""Generates docs/package_description.md, which a package index shows: README.md without pictures and relative links.

python tests/package_page.py

A package index does not have the files of the repository, and its pages have another address: relative links would lead
nowhere, and pictures would be missing. The text beside them says what they show; links become the paths of their files.
"""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "package_description.md"
_PICTURE = re.compile(r"^!\[[^\]]*\]\((?!https?:)[^)]*\)\n\n", re.MULTILINE)
_LINK = re.compile(r"(?<!!)\[([^\]]*)\]\(((?!https?:)[^)]*)\)")


def page() -> str:
    text = _PICTURE.sub("", (ROOT / "README.md").read_text(encoding="utf-8"))
    return _LINK.sub(_path, text)


def _path(found: re.Match[str]) -> str:
    """A link as the path of its file; the text stays, unless it is the path."""
    text, path = found.groups()
    return f"`{path}`" if path.startswith(text) else f"{text} (`{path}`)"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
