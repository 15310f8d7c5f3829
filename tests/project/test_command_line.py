"""``python -m autograd_lite``: what is installed, and the check of the closed forms in files."""

import os
import subprocess
import sys
from html.parser import HTMLParser

import numpy as np
import pytest

import autograd_lite
from autograd_lite.__main__ import main

HEAD = """
import numpy as np
from autograd_lite.testing import closed_form

def loss(w, X):
    return ((X @ w) ** 2).sum()

INPUTS = (np.ones(2), np.array([[1.0, 2.0], [3.0, -1.0]]))
"""
RIGHT = """
@closed_form(of=loss, inputs=INPUTS)
def right(w, X):
    return 2 * X.T @ X @ w
"""
WRONG = """
class Group:
    @closed_form(of=loss, inputs=INPUTS)
    def flipped(self, w, X):
        return -2 * X.T @ X @ w

    @staticmethod
    @closed_form(of=loss, inputs=INPUTS)
    def broken(w, X):
        return missing
"""


@pytest.fixture
def write(tmp_path):
    def write_file(text, name="formulas.py"):
        (tmp_path / name).write_text(text)
        return str(tmp_path / name)

    return write_file


def test_what_is_installed():
    done = subprocess.run([sys.executable, "-m", "autograd_lite"], capture_output=True, text=True, check=True)
    lines = dict(line.split(None, 1) for line in done.stdout.splitlines())
    assert lines["autograd_lite"].startswith(autograd_lite.__version__)
    assert lines["NumPy"] == np.__version__
    assert f"pytest {pytest.__version__}" in lines["extras"]
    assert {"Python", "BLAS", "threads", "kernel"} <= set(lines)


def test_without_a_cache_the_reason_is_shown(monkeypatch, capsys):
    monkeypatch.setenv("AUTOGRAD_LITE_CACHE", "0")
    assert main([]) == 0
    assert 'none: AUTOGRAD_LITE_CACHE is "0"' in capsys.readouterr().out


def test_right_formulas(write, capsys):
    assert main(["check", write(HEAD + RIGHT)]) == 0
    assert capsys.readouterr().out.endswith("formula  verdict  mistake  line\nright    right\n\n1 of 1 right\n")


def test_wrong_formulas_have_their_diagnosis(write, capsys):
    assert main(["check", write(HEAD + RIGHT + WRONG)]) == 1
    printed = capsys.readouterr().out
    assert "1 of 3 right" in printed
    assert "-- Group.flipped --\n\nflipped disagrees with the derivative of loss" in printed
    assert "1. the sign is flipped" in printed
    assert "NameError: name 'missing' is not defined" in printed


def test_drawn_inputs_are_shown(write, capsys):
    pytest.importorskip("hypothesis")
    text = (
        HEAD + "import hypothesis.strategies as st\n@closed_form(of=lambda x: x * x, inputs=st.tuples(st.floats(1, 2)))"
    )
    assert main(["check", write(f"{text}\ndef wrong(x):\n    return x\n")]) == 1
    assert "for the inputs\n  x = 1" in capsys.readouterr().out


def test_the_page_needs_nothing_else(write, tmp_path):
    page = tmp_path / "report.html"
    assert main(["check", write(HEAD + RIGHT + WRONG), "--html", str(page)]) == 1
    text = page.read_text(encoding="utf-8")
    tags = []
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, attributes: tags.append((tag, dict(attributes)))
    parser.feed(text)
    assert not any({"src", "href"} & set(attributes) for _, attributes in tags)
    assert [tag for tag, _ in tags].count("table") == 3  # the verdicts; the two arrays of the wrong one
    assert "The derivation of the right one" in text
    assert "$$" not in text


def test_a_formula_sees_the_folder_of_its_file(write):
    write("def loss(w):\n    return (w**2).sum()\n", "beside.py")
    text = "import numpy as np\nfrom beside import loss\nfrom autograd_lite.testing import closed_form\n"
    before = list(sys.path)
    formula = "@closed_form(of=loss, inputs=[np.ones(2)])\ndef g(w):\n    return 2 * w\n"
    try:
        assert main(["check", write(text + formula)]) == 0
    finally:
        sys.modules.pop("beside", None)
    assert sys.path == before


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = 1\n", "has no closed form; decorate a formula with"),
        ("\nraise ValueError('no')\n", "cannot be imported; it raises in line 2\nValueError: no"),
        ("import sys\nsys.exit(3)\n", "cannot be imported; it raises in line 2\nSystemExit: 3"),
        ("def f(:\n", "cannot be imported; it raises"),
    ],
)
def test_files_that_cannot_be_checked(write, capsys, text, message):
    assert main(["check", write(text)]) == 2
    assert message in capsys.readouterr().err


def test_paths_that_are_no_python_files(tmp_path, write, capsys):
    assert main(["check", str(tmp_path / "nothing.py"), str(tmp_path), write("", "notes.txt")]) == 2
    errors = capsys.readouterr().err
    assert "nothing.py is not there" in errors
    assert "is a folder" in errors
    assert "its name does not end in .py" in errors


def test_the_other_files_are_checked_all_the_same(write, capsys):
    assert main(["check", write("", "empty.py"), write(HEAD + RIGHT)]) == 2
    assert "1 of 1 right" in capsys.readouterr().out


def test_a_page_that_cannot_be_written(write, tmp_path, capsys):
    assert main(["check", write(HEAD + RIGHT), "--html", str(tmp_path / "no" / "page.html")]) == 2
    assert "the page cannot be written" in capsys.readouterr().err


def test_no_file_is_an_error_of_usage(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["check"])
    assert ended.value.code == 2
    assert "FILE.py" in capsys.readouterr().err


def test_the_help_shows_that_a_command_is_optional(capsys):
    with pytest.raises(SystemExit) as caught:
        main(["-h"])
    printed = capsys.readouterr().out
    assert caught.value.code == 0
    assert printed.startswith("usage: python -m autograd_lite [-h] [check ...]\n")
    with pytest.raises(SystemExit):
        main(["check", "-h"])
    assert capsys.readouterr().out.startswith("usage: python -m autograd_lite check [-h] [--html PAGE.html]")


@pytest.mark.skipif(os.name == "nt", reason="a closed pipe is another error there")
@pytest.mark.parametrize("formulas", [None, 1, 300], ids=["installed", "short output", "longer than a buffer"])
def test_a_reader_that_closes_the_output_causes_no_traceback(write, formulas):
    names = [f"right{i}" for i in range(formulas or 0)]
    arguments = ["check", write(HEAD + "".join(RIGHT.replace("right", name) for name in names))] if formulas else []
    read, written = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-m", "autograd_lite", *arguments], stdout=written, stderr=subprocess.PIPE, text=True
    )
    os.close(written)
    os.close(read)  # before anything is written, or while it is
    _, errors = process.communicate(timeout=120)
    assert (process.returncode, errors) == (141, "")
