"""Mutants that compute the same as the original: `equivalents.txt` lists them below the reason that they share.

`open.txt` lists those that no test notices yet.
"""

from pathlib import Path


def _read(text: str) -> dict[str, str]:
    found, reason = {}, ""
    for line in text.splitlines():
        if line.startswith("# "):
            reason = line.removeprefix("# ")
        elif line:
            found[line] = reason
    return found


EQUIVALENT = _read(Path(__file__).with_suffix(".txt").read_text(encoding="utf-8"))
OPEN = _read(Path(__file__).with_name("open.txt").read_text(encoding="utf-8"))
