"""Programs of pages run when the site is built: in one namespace, with warnings as errors, and errors name the line."""

import sys
from pathlib import Path

import pytest

pytest.importorskip("sphinx", reason="the site is built with the extra docs")
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "docs" / "_ext"))
import run_programs


def test_programs_continue_each_other_and_outputs_are_kept(tmp_path):
    programs = [(3, "x = 2"), (9, "print(x + 1)")]
    assert run_programs.outputs_of(programs, "docs/page.md", tmp_path) == ["", "3"]
    (kept,) = tmp_path.iterdir()
    kept.write_text('["", "from the file"]')
    assert run_programs.outputs_of(programs, "docs/page.md", tmp_path) == ["", "from the file"]
    assert run_programs.outputs_of([(3, "x = 3"), programs[1]], "docs/page.md", tmp_path) == ["", "4"]


@pytest.mark.parametrize("program", ["\n1 / 0", "\nimport warnings; warnings.warn('careful')"])
def test_errors_and_warnings_name_the_line_of_the_page(tmp_path, program):
    with pytest.raises(RuntimeError, match=r'File "docs/page.md", line 12'):
        run_programs.outputs_of([(11, program)], "docs/page.md", tmp_path)
    assert not list(tmp_path.iterdir())
