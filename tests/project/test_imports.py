"""The layers of the package hold, and no import is circular, including those in functions and for type checkers."""

import re
import tomllib
from collections import deque
from pathlib import Path

import grimp
import pytest
from importlinter import cli

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "autograd_lite"
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]


pytestmark = pytest.mark.skipif(
    not (PACKAGE / "nn").is_dir(), reason="the graph of imports is read from folders: it needs the links of a clone"
)


@pytest.fixture(scope="module")
def imports():
    """For each module of the package the modules of the package that it imports, wherever the import is written."""
    graph = grimp.build_graph("autograd_lite", cache_dir=None)
    assert {"autograd_lite.nn.linear", "autograd_lite.optim.sgd", "autograd_lite.core.graph"} <= graph.modules
    return {module: graph.find_modules_directly_imported_by(module) for module in sorted(graph.modules)}


def circle(imports, start):
    """The shortest circle of imports through a module, or None."""
    routes = deque([[start]])
    seen = set()
    while routes:
        route = routes.popleft()
        for module in sorted(imports[route[-1]] - seen):
            if module == start:
                return [*route, start]
            seen.add(module)
            routes.append([*route, module])
    return None


def test_the_contracts_hold(monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    assert cli.lint_imports(no_cache=True) == cli.EXIT_STATUS_SUCCESS, capsys.readouterr().out


def test_the_contracts_have_no_exceptions():
    assert [contract["type"] for contract in CONTRACTS] == ["layers", "acyclic_siblings"]
    for contract in CONTRACTS:
        assert not {"ignore_imports", "skip_descendants"} & set(contract)


def test_no_module_imports_itself_in_a_circle(imports):
    circles = {module: " → ".join(found) for module in imports if (found := circle(imports, module))}
    assert circles == {}


def test_a_circle_would_be_found():
    imports = {"a": {"b"}, "b": {"c"}, "c": {"b", "d"}, "d": set()}
    assert [circle(imports, module) for module in imports] == [None, ["b", "c", "b"], ["c", "b", "c"], None]


def test_nothing_imports_the_root_package(imports):
    """It imports everything, so nothing inside can need it."""
    assert [module for module, imported in imports.items() if "autograd_lite" in imported] == []


def test_only_the_root_package_imports_modules_by_a_computed_name():
    """The graph of imports does not contain those."""
    calls = re.compile(r"\b(import_module|__import__)\(")
    found = {
        file.relative_to(PACKAGE).as_posix() for file in PACKAGE.rglob("*.py") if calls.search(file.read_text("utf-8"))
    }
    assert found == {"__init__.py"}
