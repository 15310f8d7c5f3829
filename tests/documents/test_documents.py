"""The page and the program generated from the catalogue, and the example of a derivation of your own."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from derivations import DOCUMENT_ERRORS, STATEMENTS
from derivations.page import page

ROOT = Path(__file__).parents[2]


def _run(tmp_path: Path, script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error", str(ROOT / "examples" / script), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)


def test_page_is_the_one_that_the_catalogue_gives():
    written = (ROOT / "docs" / "derivations.md").read_text()
    assert written == page(), "run `python -m derivations.page > ../docs/derivations.md` in examples/"


def test_page_names_every_row_and_its_test():
    text = page()
    for row in (*STATEMENTS, *DOCUMENT_ERRORS):
        assert f"### {row.id} ·" in text
        assert f"`{row.test_name}`" in text


def test_code_on_the_page_is_code():
    for block in re.findall(r"```python\n(.*?)```", page(), re.DOTALL):
        ast.parse(block)
        assert "check_closed_form(" in block


@pytest.mark.exhaustive
def test_verify_shows_all_rows(tmp_path):
    finished = _run(tmp_path, "verify.py", "--quick")
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert "22 of 22 statements verified, 11 of 11 errors in the documents refuted and corrected" in finished.stdout
    lines = finished.stdout.splitlines()
    for row in (*STATEMENTS, *DOCUMENT_ERRORS):
        assert any(line.startswith(f"{row.id}  {row.title}") and "✓" in line for line in lines)


def test_verify_has_help(tmp_path):
    finished = _run(tmp_path, "verify.py", "--help")
    assert finished.returncode == 0
    assert "--quick" in finished.stdout


def test_a_derivation_of_your_own(tmp_path):
    finished = _run(tmp_path, "your_derivation.py")
    assert finished.returncode == 0, finished.stderr
    assert "it is 5 times too large, which is the length of axis 0 of 'X'" in finished.stdout
    assert ": a sum where the function has a mean" in finished.stdout
    assert "the term 0.1·w is missing" in finished.stdout
    assert "no counterexample in" in finished.stdout
