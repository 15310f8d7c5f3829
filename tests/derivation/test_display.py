"""A derivation as text, as LaTeX and on the page docs/derive.md."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from derivation.helpers import leaf
from matplotlib.mathtext import MathTextParser

import autograd_lite as ag
from autograd_lite import Tensor, derive
from autograd_lite.derivation.lines import Derivation

ROOT = Path(__file__).parents[2]


@pytest.fixture
def shown(rng) -> Derivation:
    hidden = Tensor(rng.normal(size=(6, 3)), name="hidden_state")
    W, v = leaf(rng, 3, 2), leaf(rng, 2)
    A = ag.sigmoid(hidden @ W + v)
    loss = ag.cross_entropy(A @ leaf(rng, 2, 2), [0, 1, 1, 0, 1, 0]) + ag.sqrt(ag.exp(v) / 3).sum() + abs(W**2).mean()
    return derive(loss)


def test_latex_is_mathematics(shown):
    notebook = shown._repr_latex_()
    assert notebook.startswith("$")
    assert notebook.endswith("$")
    body = shown.latex().removeprefix("\\begin{aligned}\n").removesuffix("\n\\end{aligned}")
    parser = MathTextParser("path")
    for line in body.split(" \\\\\n"):
        assert line.count("&") in (1, 3)
        assert line.count("{") == line.count("}")
        assert line.count(r"\left") == line.count(r"\right")
        parser.parse(f"${line.replace('&', ' ')}$")  # raises ValueError for what is no mathematics
    assert r"\frac{\partial L}{\partial W^{(1)}} &= " in body
    assert r"\frac{1}{N} {\mathrm{hidden\_state}}^{\top} \Delta^{(1)}" in body


def test_shapes_stand_below_each_other(shown):
    rows = [line for line in shown.text().splitlines() if re.search(r"\(.*\)$", line)]
    assert len({row.rindex("  ") for row in rows}) == 1
    assert [step.shape for step in shown.steps if step.left == "∂L/∂W⁽¹⁾"] == [(3, 2)]


def test_import_does_not_pay_for_it():
    program = "import sys, autograd_lite; print('autograd_lite.derivation' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True).stdout == "False\n"


def test_the_page_shows_what_is_printed():
    page = (ROOT / "docs" / "derive.md").read_text()
    programs = re.findall(r"```python\n(.*?)```\n+```text\n(.*?)```", page, re.DOTALL)
    assert len(programs) >= 3
    source = "\nprint('====')\n".join(program for program, _ in programs)
    output = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True).stdout
    assert output.split("====\n") == [printed for _, printed in programs]
