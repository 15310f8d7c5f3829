"""The first pages of the compiler and of its native code list their files, each short, in an order without circles."""

import ast
import re
from pathlib import Path

import pytest

import autograd_lite.compiler
import autograd_lite.compiler.native


@pytest.fixture(params=[autograd_lite.compiler, autograd_lite.compiler.native], ids=lambda package: package.__name__)
def package(request):
    return request.param


@pytest.fixture
def folder(package):
    return Path(package.__file__).parent


@pytest.fixture
def files(folder):
    return {path.stem: path.read_text(encoding="utf-8") for path in folder.glob("*.py") if path.stem != "__init__"}


def imported(package, source):
    """The files of the package that a file imports, also inside functions."""
    modules = [node.module for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ImportFrom)]
    inside = [module.removeprefix(f"{package.__name__}.") for module in modules if module.startswith(package.__name__)]
    return {module for module in inside if "." not in module}


def test_the_first_page_lists_every_file_once(package, folder, files):
    groups = re.findall(r"^- ([a-z_, ]+):", package.__doc__, re.MULTILINE)
    packages = [path.parent.name for path in folder.glob("*/__init__.py")]
    assert sorted(", ".join(groups).split(", ")) == sorted([*files, *packages])


def test_files_are_short(files):
    assert {name: source.count("\n") for name, source in files.items() if source.count("\n") > 300} == {}


def test_imports_have_no_circles(package, files):
    remaining = {name: imported(package, source) for name, source in files.items()}
    while remaining:
        free = {name for name, needed in remaining.items() if needed.isdisjoint(remaining)}
        assert free, f"a circle among {sorted(remaining)}"
        remaining = {name: needed for name, needed in remaining.items() if name not in free}
    assert not [name for name, source in files.items() if "TYPE_CHECKING" in source]
