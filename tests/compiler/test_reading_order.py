"""The first page of the compiler lists its files, each short, in an order without circles."""

import ast
import re
from pathlib import Path

import autograd_lite.compiler as package

FOLDER = Path(package.__file__).parent
FILES = {path.stem: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.py") if path.stem != "__init__"}


def imported(source):
    """The files of the package that a file imports, also inside functions."""
    modules = [node.module for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ImportFrom)]
    return {module.rpartition(".")[2] for module in modules if module.startswith(f"{package.__name__}.")}


def test_the_first_page_lists_every_file_once():
    groups = re.findall(r"^- ([a-z_, ]+):", package.__doc__, re.MULTILINE)
    assert sorted(", ".join(groups).split(", ")) == sorted(FILES)


def test_files_are_short():
    assert {name: source.count("\n") for name, source in FILES.items() if source.count("\n") > 300} == {}


def test_imports_have_no_circles():
    remaining = {name: imported(source) for name, source in FILES.items()}
    while remaining:
        free = {name for name, needed in remaining.items() if needed.isdisjoint(remaining)}
        assert free, f"a circle among {sorted(remaining)}"
        remaining = {name: needed for name, needed in remaining.items() if name not in free}
    assert not [name for name, source in FILES.items() if "TYPE_CHECKING" in source]
