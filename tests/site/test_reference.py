"""Every public name has a page of the reference, made from the package's own lists; formulas in docstrings stay legible."""

import importlib
import inspect
import sys
from pathlib import Path

import pytest

import autograd_lite

pytest.importorskip("sphinx", reason="the site is built with the extra docs")
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "docs" / "_ext"))
import public_names
import reference_pages

PLACES = ["", ".nn", ".nn.functional", ".nn.utils", ".optim", ".optim.lr_scheduler", ".testing", ".distributed"]


class App:
    def __init__(self, folder):
        self.srcdir = folder


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """The pages that the build writes, by their files."""
    folder = tmp_path_factory.mktemp("docs")
    reference_pages.write_pages(App(folder))
    return {path.relative_to(folder / "reference").as_posix(): path.read_text() for path in folder.rglob("*.rst")}


@pytest.mark.parametrize("place", PLACES)
def test_every_name_that_a_package_exports_has_one_page(pages, place):
    module = importlib.import_module(f"autograd_lite{place}")
    for name in module.__all__:
        if not inspect.ismodule(getattr(module, name)):
            here = [text for text in pages.values() if f"currentmodule:: {module.__name__}\n" in text]
            assert sum(f":: {name}\n" in text or f":: {name}()\n" in text for text in here) == 1, name


def test_every_page_of_a_name_is_in_the_table_of_its_group(pages):
    groups = "".join(text for file, text in pages.items() if "/" not in file)
    for file in pages:
        if file.startswith("api/"):
            assert groups.count(f"<{file.removesuffix('.rst')}>") == 1


def test_files_differ_by_more_than_the_case_of_letters(pages):
    assert len({file.lower() for file in pages}) == len(pages)


def test_the_index_lists_every_group():
    text = (Path(__file__).resolve().parents[2] / "docs" / "reference" / "index.md").read_text(encoding="utf-8")
    for page, *_ in public_names.PAGES:
        assert f"\n{page}\n" in text


def test_operations_and_classes_link_to_the_lines_that_declare_them(monkeypatch):
    monkeypatch.setenv("GITHUB_REPOSITORY", "owner/name")
    monkeypatch.setenv("GITHUB_SHA", "main")
    root = Path(autograd_lite.__file__).resolve().parents[1]
    for module, name in (
        ("autograd_lite", "exp"),
        ("autograd_lite", "Tensor"),
        ("autograd_lite", "Tensor.backward"),
        ("autograd_lite.nn", "Linear"),
        ("autograd_lite.special", "gammaln"),
        ("autograd_lite.nn.functional", "cross_entropy"),
    ):
        url = reference_pages.linkcode_resolve("py", {"module": module, "fullname": name})
        path, line = url.removeprefix("https://github.com/owner/name/blob/main/").split("#L")
        lines = (root / path).read_text(encoding="utf-8").splitlines()[int(line) - 1 :][:3]  # decorators first
        assert any(name.rpartition(".")[2] in code for code in lines)


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("ln p_k", r"ln p\ :sub:`k`\ "),
        ("Σ_(c, k) w", r"Σ\ :sub:`c, k`\  w"),
        ("|x| and a*b", r"\|x\| and a\*b"),
        ("``|x|``, `a_b`, in_features", "``|x|``, `a_b`, in_features"),
        ("**x_i** : array", "**x_i** : array"),
    ],
)
def test_formulas_of_docstrings_become_markup(line, shown):
    assert reference_pages.legible(line) == shown
