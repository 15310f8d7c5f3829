"""Runs the programs of docs/verify.md and writes what they print into the page.

python tests/verify_page.py
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import io
import linecache
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

PAGE = Path(__file__).parent.parent / "docs" / "verify.md"
_PROGRAM = re.compile(r"```python\n(.*?)```\n(.*?)(?=```python|\Z)", re.DOTALL)
_OUTPUT = re.compile(r"```text\n.*?```", re.DOTALL)
_PLUGIN = "autograd_lite.testing.courses.pytest_plugin"


def page_with_outputs(text: str) -> str:
    """The page with the output of each program in the first block of text that follows it."""
    names: dict[str, object] = {"__name__": "__main__"}

    def run(found: re.Match[str]) -> str:
        program, rest = found.groups()
        printed = _tested(program) if program.startswith("# test_") else _printed(program, names, found.start())
        assert bool(printed) == bool(_OUTPUT.search(rest)), f"a block for the output is missing, or needless: {program}"
        shown = f"```text\n{printed.rstrip()}\n```"
        return f"```python\n{program}```\n{_OUTPUT.sub(lambda _: shown, rest, count=1)}"

    return _PROGRAM.sub(run, text)


def _printed(program: str, names: dict[str, object], place: int) -> str:
    """What a program prints that continues the ones before it. Its source is known, as that of a script is."""
    printed, file = io.StringIO(), f"verify_{place}.py"
    linecache.cache[file] = (len(program), None, program.splitlines(keepends=True), file)
    with contextlib.redirect_stdout(printed):
        exec(compile(program, file, "exec"), names)
    return "\n".join(line.rstrip() for line in printed.getvalue().splitlines())


def _tested(program: str) -> str:
    """The failures that pytest reports for a test module."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "test_losses.py").write_text(program)
        installed = any(entry.value == _PLUGIN for entry in importlib.metadata.entry_points(group="pytest11"))
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-c", os.devnull, "--rootdir", folder]
        command += [] if installed else ["-p", _PLUGIN]
        environment = os.environ | {"PYTHONPATH": str(PAGE.parents[1]), "COLUMNS": "80"}
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert "1 failed, 1 passed" in done.stdout, done.stdout
    (failures,) = re.findall(r"^=+ FAILURES =+\n(.*?)^=+ short test summary", done.stdout, re.DOTALL | re.MULTILINE)
    return "\n".join(line.rstrip() for line in failures.splitlines())


if __name__ == "__main__":
    PAGE.write_text(page_with_outputs(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
