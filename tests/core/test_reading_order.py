"""The table in autograd_lite/core/README.md is true, and the core is small and on its own.

``python tests/core/test_reading_order.py`` writes the numbers of lines into the table.
"""

import ast
import re
from pathlib import Path

import pytest

import autograd_lite
from autograd_lite import multiply
from autograd_lite.core import codegen, templates
from autograd_lite.core.graph import Leaf

CORE = Path(autograd_lite.__file__).parent / "core"
PAGE = CORE / "README.md"
FILES = sorted(path.name for path in CORE.glob("*.py"))
ROW = re.compile(r"^(\| `(\w+\.py)` \| .+ \| )(\d+) \|$", re.M)


def length(name):
    return len((CORE / name).read_text().splitlines())


def page():
    return ROW.sub(lambda row: f"{row[1]}{length(row[2])} |", PAGE.read_text())


def test_every_file_is_in_the_table_with_its_number_of_lines():
    assert sorted(name for _, name, _ in ROW.findall(PAGE.read_text())) == FILES
    assert PAGE.read_text() == page(), "run: python tests/core/test_reading_order.py"


def test_the_core_can_be_read_in_an_evening():
    assert sum(map(length, FILES)) < 2000
    assert all(length(name) < 300 for name in FILES)


BELOW = ("autograd_lite.core.", "autograd_lite.support.", "autograd_lite.batching.")


def imported(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            assert not node.level
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


@pytest.mark.parametrize("name", FILES)
def test_the_core_imports_nothing_of_the_library_but_what_knows_no_tensor(name):
    own = [module for module in imported(ast.parse((CORE / name).read_text())) if module.startswith("autograd_lite")]
    assert all(module.startswith(BELOW) for module in own), own


def test_the_docstring_of_codegen_shows_what_is_generated_for_multiply():
    shown = codegen.__doc__.partition("they are::\n\n")[2]
    written = f"{templates.call_source(multiply.primitive)}\n{templates.pull_source(multiply.primitive)}"
    assert [line.split() for line in shown.splitlines() if line] == [line.split() for line in written.splitlines()]


def test_the_walk_through_the_example_is_true(capsys):
    walk, declaration = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.S)
    names = {}
    exec(walk.partition("loss.backward()")[0], names)
    w, x, y, loss = (names[name] for name in ["w", "x", "y", "loss"])
    assert isinstance(w._node, Leaf)
    assert y._node.operation is multiply.primitive
    assert y._node.parents == (w._node, None)
    assert y._node.saved[0] is x
    assert y._node.saved[1] is None
    assert loss._node.parents == (y._node,)
    assert loss._node.order > y._node.order
    assert loss._node.operation.pull(1.0, loss._node.parents, loss._node.saved)[0].tolist() == [1, 1]
    exec(walk, names)
    assert capsys.readouterr().out == "[3. 4.]\n"
    assert names["y"]._node.saved is None
    exec(declaration, names)
    assert names["cube"](2.0) == 8


if __name__ == "__main__":
    PAGE.write_text(page())
