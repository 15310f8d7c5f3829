"""grade: one row for each submission, whatever the submission does, and none changes another."""

import csv
import html.parser
import io
import os
import re
import signal
import sys
import time

import numpy as np
import pytest

import autograd_lite as al
from autograd_lite.testing import Grade, Grades, grade, strategies

RNG = np.random.default_rng(3)
W, X, Y = RNG.normal(size=3), RNG.normal(size=(5, 3)), RNG.normal(size=5)
needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="the system cannot fork processes")


def loss(w, X, y):
    return ((X @ w - y) ** 2).mean()


def right(w, X, y):
    return 2 * X.T @ (X @ w - y) / len(y)


def wrong(w, X, y):
    return 2 * X.T @ (X @ w - y)


def graded(submissions, **options):
    return grade(loss, submissions, W, X, Y, **{"timeout": 20.0, "workers": 2} | options)


def verdicts(grades):
    return {row.person: row.verdict for row in grades}


# -- verdicts ------------------------------------------------------------------------------------------------------


def test_right_and_wrong_formulas_in_every_form():
    lines = {"r": lambda w, X, y: X @ w - y, "∂L/∂r": lambda r: 2 * r / len(r), "∂L/∂w": lambda X, dr: X.T @ dr}
    source = "def helper(X):\n    return X.T\ndef gradient(w, X, y):\n    return {} * helper(X) @ (X @ w - y) / 5\n"
    grades = graded(
        {
            "function": right,
            "wrong function": wrong,
            "source": source.format(2),
            "wrong source": source.format(3),
            "lines": lines,
            "wrong lines": lines | {"∂L/∂r": lambda r: 2 * r},
            "source of lines": "gradient = {'r': lambda w, X, y: X @ w - y, 'dw': lambda X, r: X.T @ r * 2 / 5}",
        }
    )
    assert verdicts(grades) == {row.person: "wrong" if "wrong" in row.person else "right" for row in grades}
    assert grades.counts == {"right": 4, "wrong": 3}
    assert "5 times too large" in grades["wrong function"].mistake
    assert "5 times too large" in grades["wrong lines"].mistake
    assert grades["wrong lines"].line == "∂L/∂r"
    assert grades["wrong function"].line == wrong.__code__.co_firstlineno
    assert grades["wrong source"].line == 3
    assert grades["wrong function"].report.startswith("wrong disagrees with the derivative of loss with respect to 'w'")


@pytest.mark.parametrize("line", ["G = 2 * A", "D = G * A * (1 + A)", "return X.T @ D"])
def test_the_line_is_that_of_the_code_that_the_explanation_quotes(line):
    right = ["def gradient(W, X):", "A = sigmoid(X @ W)", "G = 2 * A", "D = G * A * (1 - A)", "return X.T @ D"]
    wrong = {
        "G = 2 * A": "G = 3 * A",
        "D = G * A * (1 + A)": "D = G * A * (1 + A)",
        "return X.T @ D": "return X.T @ D / 2",
    }
    lines = [wrong[line] if line.split()[0] == other.split()[0] else other for other in right]
    source = "from autograd_lite import sigmoid\n" + "\n    ".join(lines)
    (row,) = grade(lambda W, X: (al.sigmoid(X @ W) ** 2).sum(), {"a": source}, RNG.normal(size=(3, 2)), X)
    assert row.verdict == "wrong"
    quoted = re.search("in `(.*)`", row.mistake)
    code = source.splitlines()[row.line - 1]
    assert quoted[1].replace(" ", "") in code.replace(" ", "") if quoted and row.line > 2 else row.line == 2


def test_parameters_may_have_another_order():
    def reordered(y, X, w):
        return 2 * X.T @ (X @ w - y) / len(y)

    grades = graded(
        {"right": reordered, "wrong": lambda X, y, w: X.T @ (X @ w - y) / len(y), "other": lambda a, b, c: a}
    )
    assert verdicts(grades) == {"right": "right", "wrong": "wrong", "other": "wrong"}
    assert "2 times too small" in grades["wrong"].mistake


def test_the_files_of_a_folder(tmp_path):
    (tmp_path / "ada.py").write_text("import tools\n\ndef gradient(w, X, y):\n    return tools.slope(w, X, y)\n")
    (tmp_path / "tools.py").write_text("def slope(w, X, y):\n    return 2 * X.T @ (X @ w - y) / len(y)\n")
    (tmp_path / "bob.py").write_text("import numpy as np\nprint('hello')\n\ndef mine(w, X, y):\n    return undefined\n")
    (tmp_path / "cy.py").write_text("def f(x): return x\ndef g(x): return x\n")
    (tmp_path / "di.py").write_bytes(b"# -*- coding: latin-1 -*-\n# \xe9\ndef gradient(w, X, y):\n    return w\n")
    (tmp_path / "notes.txt").write_text("no submission")
    grades = graded(tmp_path)
    assert [(row.person, row.verdict, row.line) for row in grades] == [
        ("ada", "right", None), ("bob", "error", 5), ("cy", "error", None), ("di", "wrong", 3), ("tools", "right", None)
    ]  # fmt: skip
    assert grades["bob"].mistake == "NameError: name 'undefined' is not defined"
    assert grades["cy"].mistake == "LookupError: it defines 2 functions, f, g, but none called gradient"
    assert verdicts(graded(str(tmp_path), function="slope"))["ada"] == "right"


def test_inputs_that_are_drawn():
    drawn = strategies.datasets("real", outputs=1).map(lambda pair: (pair[0][0], pair[0], pair[1][:, 0]))
    lines = {"r": lambda w, X, y: X @ w - y, "dw": lambda X, r: 2 * X.T @ r / len(r)}
    submissions = {"right": right, "wrong": wrong, "raises": lambda w, X, y: w / None, "lines": lines}
    grades = grade(loss, submissions, drawn, max_examples=20, timeout=60)
    assert verdicts(grades) == {"right": "right", "wrong": "wrong", "raises": "error", "lines": "right"}
    assert grades["raises"].line == submissions["raises"].__code__.co_firstlineno


# -- what submissions do -------------------------------------------------------------------------------------------


def changes_everything(w, X, y):
    np.random.seed(0)
    np.seterr(all="raise")
    np.set_printoptions(precision=1)
    os.environ["SUBMISSION"] = "was here"
    sys.modules.pop("autograd_lite", None)
    SHARED.append(len(SHARED))
    globals()["loss"] = None
    X[:], w[:], y[:] = 0, 0, 0
    wrong.__code__ = right.__code__
    np.exp = np.cos
    os.chdir("/")
    return w


SHARED = []
HANGS = "def gradient(w, X, y):\n    while True:\n        pass\n"
MISCHIEF = {
    "raises": (lambda w, X, y: 1 / 0, "error", "ZeroDivisionError: division by zero"),
    "exits": (lambda w, X, y: sys.exit("bye"), "error", "SystemExit: bye"),
    "exits at once": (lambda w, X, y: os._exit(0), "error", "it ended its process with exit code 0"),
    "is killed": (lambda w, X, y: os.kill(os.getpid(), signal.SIGKILL), "error", "its process was ended by SIGKILL"),
    "is interrupted": ("raise KeyboardInterrupt", "error", "KeyboardInterrupt"),
    "hangs": (HANGS, "timeout", "no result after 6 seconds"),
    "hangs when it is read": ("import time\ntime.sleep(1000)", "timeout", "no result after 6 seconds"),
    "recurses": ("def gradient(w, X, y):\n    return gradient(w, X, y)", "error", "RecursionError: maximum recursion"),
    "allocates": (lambda w, X, y: np.ones(10**10), "error", "MemoryError: Unable to allocate"),
    "prints": ("def gradient(w, X, y):\n    print('x' * 10**5)\n    return 2 * X.T @ (X @ w - y) / 5", "right", ""),
    "asks": (lambda w, X, y: input("number? "), "error", "EOFError"),
    "writes to every file": (
        "import os\n"
        "def gradient(w, X, y):\n"
        "    for number in range(3, 50):\n"
        "        try: os.write(number, b'{\"verdict\": 1}')\n"
        "        except OSError: pass\n"
        "    return w\n",
        "error", "it wrote into the answer of its process",
    ),
    "forks": ("import os\nos.fork()\ndef gradient(w, X, y):\n    return w", "wrong", ""),
    "leaves a process": (
        "import os, time\ndef gradient(w, X, y):\n    if os.fork() == 0: time.sleep(1000)\n    os._exit(7)",
        "error", "it ended its process with exit code 7",
    ),
    "has a mistake of syntax": ("\n\ndef gradient(:", "error", "SyntaxError: invalid syntax"),
    "is empty": ("", "error", "LookupError: it defines no function called gradient"),
    "returns nothing": (lambda w, X, y: None, "error", "TypeError: "),
    "returns text": (lambda w, X, y: "zero", "error", "TypeError: "),
    "returns NaN": (lambda w, X, y: w * np.nan, "wrong", ""),
    "returns another shape": (lambda w, X, y: np.ones((7, 7)), "wrong", ""),
    "has other arguments": (lambda w: w, "error", "TypeError: "),
    "changes everything": (changes_everything, "wrong", ""),
}  # fmt: skip


@pytest.mark.exhaustive
@needs_fork
def test_a_submission_may_do_anything(capfd):
    """Right and wrong ones in between have the same verdict and explanation as alone."""
    names = {f"{place} {name}" for place in ("before", "after") for name in ("right", "wrong")}
    submissions = {"before right": right, "before wrong": wrong}
    submissions |= {name: formula for name, (formula, _, _) in MISCHIEF.items()}
    submissions |= {"after right": right, "after wrong": wrong}
    state, before = np.random.get_state()[1].copy(), (W.copy(), X.copy(), Y.copy(), os.getcwd(), dict(os.environ))
    grades = graded(submissions, timeout=6.0, memory=1 << 30, workers=4)
    expected = {name: verdict for name, (_, verdict, _) in MISCHIEF.items()}
    assert verdicts(grades) == {"before right": "right", "before wrong": "wrong", **expected,
                                "after right": "right", "after wrong": "wrong"}  # fmt: skip
    for name, (_, _, text) in MISCHIEF.items():
        assert text in grades[name].mistake, name
    assert grades["before wrong"].mistake == grades["after wrong"].mistake
    assert grades["has a mistake of syntax"].line == 3
    assert len(names) == 4
    assert capfd.readouterr() == ("", "")
    assert SHARED == []
    np.testing.assert_array_equal(np.random.get_state()[1], state)
    for now, then in zip((W, X, Y), before, strict=False):
        np.testing.assert_array_equal(now, then)
    assert (os.getcwd(), dict(os.environ)) == before[3:]
    assert np.exp(0.0) == 1


@needs_fork
def test_a_hanging_submission_takes_its_time_only(tmp_path):
    start = time.monotonic()
    grades = graded({"hangs": HANGS, "right": right}, timeout=1.0, workers=1)
    assert verdicts(grades) == {"hangs": "timeout", "right": "right"}
    assert time.monotonic() - start < 10


@needs_fork
def test_no_process_and_no_file_is_left(monkeypatch):
    fork, started = os.fork, []
    monkeypatch.setattr(os, "fork", lambda: started.append(fork()) or started[-1])
    files = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
    graded({"hangs": HANGS, "right": right, "exits": lambda w, X, y: os._exit(1)}, timeout=1.0)
    assert not os.path.isdir("/proc/self/fd") or len(os.listdir("/proc/self/fd")) == files
    assert len(started) == 3
    for process in started:
        with pytest.raises(ChildProcessError):
            os.waitpid(process, os.WNOHANG)


def test_where_processes_cannot_be_forked_there_are_threads(monkeypatch):
    monkeypatch.delattr(os, "fork", raising=False)
    submissions = {
        "right": right,
        "wrong": wrong,
        "hangs": lambda w, X, y: time.sleep(5),
        "exits": lambda *_: sys.exit(),
    }
    with pytest.warns(UserWarning, match="cannot fork processes, so submissions are run in threads"):
        grades = graded(submissions, timeout=1.0)
    assert list(verdicts(grades).values()) == ["right", "wrong", "timeout", "error"]


# -- errors that are no submission's -------------------------------------------------------------------------------


def test_an_error_of_the_function_is_raised():
    with pytest.raises(ZeroDivisionError):
        grade(lambda x: 1 / 0, {"a": right}, X)
    with pytest.raises(ValueError, match="there is no such input"):
        graded({"a": right}, wrt="v")
    with pytest.raises(ValueError, match="was not finite on any"):
        grade(lambda x: np.log(-(x**2) - 1).sum(), {"a": right}, strategies.arrays((2,)))


@pytest.mark.parametrize(
    ("submissions", "options", "error", "message"),
    [
        (3, {}, TypeError, "the submissions must be a dict of names to formulas or a folder, not 3"),
        ({}, {}, ValueError, "there are no submissions"),
        ({1: right}, {}, TypeError, "the name of a submission must be a string, not 1"),
        ({"a": 3}, {}, TypeError, "the submission of 'a' must be a function, its source, or a dict of lines, not 3"),
        ("no folder", {}, FileNotFoundError, "there is no folder 'no folder'"),
        ({"a": right}, {"timeout": 0}, ValueError, "timeout must be a positive number of seconds, not 0"),
        ({"a": right}, {"timeout": "1"}, ValueError, "timeout must be a positive number of seconds, not '1'"),
        ({"a": right}, {"workers": -1}, ValueError, "workers must be a positive integer, not -1"),
    ],
)
def test_calls_without_meaning(submissions, options, error, message):
    with pytest.raises(error, match=f"grade: {message}"):
        graded(submissions, **options)


def test_strategies_and_arrays_are_not_mixed():
    with pytest.raises(TypeError, match="either all strategies of Hypothesis or none"):
        grade(loss, {"a": right}, strategies.arrays((3,)), X, Y)


# -- the table -----------------------------------------------------------------------------------------------------

NASTY = Grades(
    [
        Grade("=HYPERLINK(1)", "right"),
        Grade("+1", "wrong", "-2 <b>&'\"", 3, "report <script>"),
        Grade(" @sum", "error", "a,b\n\tc;\x00\x1b[31m", "∂L/∂Z"),
        Grade("李", "timeout", "x" * 500),
    ]
)


def test_rows_by_number_and_name():
    assert NASTY[0].person == "=HYPERLINK(1)"
    assert NASTY["李"].verdict == "timeout"
    assert len(NASTY) == 4
    assert NASTY.counts["wrong"] == 1
    with pytest.raises(KeyError, match="there is no submission of 'Bob'"):
        NASTY["Bob"]


def test_the_table_is_aligned_and_has_one_line_for_each_row():
    head, *rows = str(NASTY).splitlines()
    assert len(rows) == 4
    assert head.split() == ["person", "verdict", "mistake", "line"]
    start = head.index("verdict")
    assert [row[start : start + 5] for row in rows[:3]] == ["right", "wrong", "error"]
    assert rows[3][start - 1 :].startswith("timeout")  # 李 is as wide as two letters
    assert "\x1b" not in str(NASTY)
    assert max(map(len, rows)) < 150


def test_csv_can_be_read_and_holds_no_formula_of_a_spreadsheet():
    head, *rows = csv.reader(io.StringIO(NASTY.csv()))
    assert head == ["person", "verdict", "mistake", "line"]
    assert [len(row) for row in rows] == [4] * 4
    for row in rows:
        assert not any(cell.strip()[:1] in ("=", "+", "-", "@") for cell in row if cell)
    assert rows[0][0] == "'=HYPERLINK(1)"
    assert rows[3][0] == "李"


class _Texts(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.texts, self.titles = [], [], []

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.titles += [value for name, value in attributes if name == "title"]

    def handle_data(self, data):
        self.texts.append(data)


def test_html_is_escaped():
    parser = _Texts()
    parser.feed(NASTY.html())
    assert set(parser.tags) == {"table", "thead", "tbody", "tr", "th", "td"}
    assert parser.tags.count("tr") == 5
    assert "-2 <b>&'\"" in parser.texts
    assert "report <script>" in parser.titles
    assert NASTY._repr_html_() == NASTY.html()


def test_every_form_of_the_table_can_be_written_to_a_file():
    grades = graded({"Ada": "def gradient(w, X, y):\n    raise ValueError('\\udc80')"}, timeout=10.0)
    grades = Grades([*grades, Grade("\udc81", "error", "\udc82", None, "\udc83")])
    for text in (str(grades), grades.csv(), grades.html(), grades["Ada"].report):
        assert "\\udc80" in text
        text.encode("utf-8")
